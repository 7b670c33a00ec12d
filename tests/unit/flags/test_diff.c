/* What a new full data set means for connected SDKs (streaming.md 13.6). */
#include "flags_test.h"

/* Five flags and two segments "k:version" each, so that one changed item is less than half of the
 * text; an "x" before the version makes it a tombstone, a "+" behind it another text. */
#define BASE "f a:1 b:1 c:1 d:1 e:1 s y:1 z:1"

static struct item *item_of(enum item_kind kind, const char *word)
{
    char key[2] = {word[0], '\0'};
    bool deleted = word[2] == 'x';
    int64_t version = strtoll(word + (deleted ? 3 : 2), NULL, 10);
    const char *needs = strchr(word, '+') != NULL ? "n" : "";
    if (deleted)
        return item_tombstone(kind, view_of(key), version);
    return kind == ITEM_FLAG ? test_flag(key, version, needs) : test_segment(key, version, needs);
}

static struct dataset *dataset_of(const char *text)
{
    struct dataset_builder *b = dataset_builder_new();
    enum item_kind kind = ITEM_FLAG;
    char copy[128];
    char *rest = NULL;
    (void)snprintf(copy, sizeof copy, "%s", text);
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        if (word[1] == '\0')
            kind = word[0] == 'f' ? ITEM_FLAG : ITEM_SEGMENT;
        else
            dataset_builder_add_take(b, item_of(kind, word));
    }
    return dataset_builder_finish_take(b);
}

static const struct {
    const char *old;
    const char *new;
    enum dataset_change change;
    const char *changed;
    const char *why;
} rows[] = {
    {BASE, BASE, DATASET_EQUAL, "", "nothing changed"},
    {BASE, "s z:1 y:1 f e:1 d:1 c:1 b:1 a:1", DATASET_EQUAL, "", "the order does not matter"},
    {"", "", DATASET_EQUAL, "", "both empty"},
    {BASE, "f a:1 b:2 c:1 d:1 e:1 s y:1 z:1", DATASET_PATCHES, "b", "one newer flag"},
    {BASE, "f a:1 b:1 c:1 d:1 e:2 s y:1 z:2", DATASET_PATCHES, "z e", "segments come first"},
    {BASE, BASE " f n:1", DATASET_PATCHES, "n", "a new flag"},
    {BASE, "f a:2+ b:1 c:1 d:1 e:1 s y:1 z:1 f n:1", DATASET_PATCHES, "n a", "dependencies first"},
    {BASE, "f a:x2 b:1 c:1 d:1 e:1 s y:1 z:1", DATASET_PATCHES, "a", "a flag became a tombstone"},
    {BASE " f n:x4", BASE " f n:x4", DATASET_EQUAL, "", "tombstones are compared"},
    {BASE " f n:x4", BASE " f n:5", DATASET_PATCHES, "n", "a flag came back"},
    {BASE " f n:x4", BASE " f n:4", DATASET_REPLACED, "", "it came back with the same version"},
    {BASE " f n:x4", BASE, DATASET_REPLACED, "", "a tombstone was forgotten"},
    {BASE, "f a:1 b:1 c:1 d:1 e:1 s y:1", DATASET_REPLACED, "", "a key disappeared"},
    {BASE, "f a:0 b:1 c:1 d:1 e:1 s y:1 z:1", DATASET_REPLACED, "", "a version went down"},
    {BASE, "f a:1+ b:1 c:1 d:1 e:1 s y:1 z:1", DATASET_REPLACED, "", "same version, other text"},
    {BASE, "f a:2 b:2 c:2 d:2 e:1 s y:1 z:1", DATASET_REPLACED, "", "more than half changed"},
    {"f a:1 b:1", "f a:1 b:2", DATASET_REPLACED, "", "exactly half is not less than half"},
    {"", BASE, DATASET_REPLACED, "", "everything is new"},
    {BASE, "", DATASET_REPLACED, "", "everything is gone"},
};

static void differences(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct dataset *old = dataset_of(rows[i].old);
        struct dataset *new = dataset_of(rows[i].new);
        struct dataset_diff diff;
        struct str changed = {0};
        dataset_diff(old, new, &diff);
        for (size_t n = 0; n < diff.changed_count; n++)
            str_append_format(&changed, "%s%.*s", n == 0 ? "" : " ",
                              VIEW_ARGS(diff.changed[n]->key));
        test_assert_int(diff.change, rows[i].change, rows[i].why);
        test_assert_text(view_of(str_text(&changed)), rows[i].changed, rows[i].why);
        dataset_diff_free(&diff);
        str_free(&changed);
        dataset_unref(old);
        dataset_unref(new);
    }
}

static void data_sets_that_share_items_are_compared_by_reference(void **state)
{
    (void)state;
    struct dataset *old = dataset_of(BASE);
    struct dataset *new = dataset_with_item_take(old, test_flag("c", 2, ""));
    struct dataset_diff diff;
    dataset_diff(old, new, &diff);
    assert_int_equal(diff.change, DATASET_PATCHES);
    assert_int_equal(diff.changed_count, 1);
    assert_ptr_equal(diff.changed[0], dataset_find(new, ITEM_FLAG, view_of("c")));
    dataset_diff_free(&diff);
    dataset_unref(old);
    dataset_unref(new);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(differences),
        cmocka_unit_test(data_sets_that_share_items_are_compared_by_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
