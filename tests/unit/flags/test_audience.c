/* Who may get another value when the members of a segment change (big-segments.md 8). */
#include "flags_test.h"

struct row {
    /* key, who may see it ("b": browsers, "p": phones), prerequisites, segments in its rule */
    const char *flags[3][4];
    const char *segments[3][2]; /* key, segments in its rule */
    unsigned audience;          /* of s */
    const char *why;
};

enum { NOBODY, B = DATASET_BROWSERS, P = DATASET_PHONES };

static const struct row rows[] = {
    {{{"f", "bp", "", "s"}}, {{"s", ""}}, B | P, "a flag asks for it"},
    {{{"f", "b", "", "s"}}, {{"s", ""}}, B, "a flag for browsers does"},
    {{{"f", "p", "", "t s"}}, {{"s", ""}}, P, "a flag for phones does"},
    {{{"f", "", "", "s"}}, {{"s", ""}}, NOBODY, "a flag that nobody may see does"},
    {{{"f", "bp", "", "t"}}, {{"s", ""}, {"t", ""}}, NOBODY, "a flag asks for another one"},
    {{{"f", "bp", "", ""}}, {{"s", ""}}, NOBODY, "a flag asks for nothing"},
    {{{"f", "b", "", "s"}, {"g", "p", "", "s"}}, {{"s", ""}}, B | P, "two flags ask for it"},
    {{{"f", "b", "g", ""}, {"g", "", "", "s"}}, {{"s", ""}}, B, "a prerequisite does"},
    {{{"g", "", "", "s"}, {"f", "b", "h", ""}, {"h", "p", "g", ""}},
     {{"s", ""}},
     B | P,
     "a prerequisite of a prerequisite does"},
    {{{"f", "", "g", ""}, {"g", "b", "", "t"}}, {{"s", ""}, {"t", ""}}, NOBODY, "only a dependent"},
    {{{"f", "b", "g", ""}, {"g", "", "f", "s"}}, {{"s", ""}}, B, "a cycle of flags does"},
    {{{"f", "b", "", "t"}}, {{"s", ""}, {"t", "s"}}, B, "a segment asks for it"},
    {{{"f", "p", "", "u"}}, {{"t", "s"}, {"u", "t"}, {"s", ""}}, P, "a segment of a segment does"},
    {{{"f", "p", "", "t"}}, {{"s", "t"}, {"t", "u"}, {"u", "s t"}}, P, "a cycle of segments does"},
    {{{"f", "b", "", "t"}}, {{"s", "t"}, {"t", ""}}, NOBODY, "it asks for another one itself"},
    {{{"f", "b", "g", ""}, {"g", "", "", "t"}}, {{"t", "s"}, {"s", ""}}, B, "by way of both kinds"},
    {{{"f", "b", "s", ""}}, {{"s", ""}}, NOBODY, "its key is that of a prerequisite"},
    {{{"f", "b", "nope", "nope s"}}, {{"s", ""}}, B, "beside what does not exist"},
    {{{"f", "b", "", "s"}}, {{"t", ""}}, NOBODY, "it does not exist"},
};

/* "a b" becomes BEFORE a AFTER,BEFORE b AFTER. */
static void print_list(struct str *out, const char *keys, const char *before, const char *after)
{
    for (const char *comma = ""; *keys != '\0'; comma = ",") {
        int len = (int)strcspn(keys, " ");
        str_append_format(out, "%s%s%.*s%s", comma, before, len, keys, after);
        keys += len + (keys[len] == ' ');
    }
}

static struct item *flag(const char *const row[4])
{
    struct str json = {0};
    str_append_format(&json,
                      "{\"clientSideAvailability\":{\"usingMobileKey\":%s,"
                      "\"usingEnvironmentId\":%s},\"prerequisites\":[",
                      strchr(row[1], 'p') != NULL ? "true" : "false",
                      strchr(row[1], 'b') != NULL ? "true" : "false");
    print_list(&json, row[2], "{\"key\":\"", "\"}");
    str_append_text(&json, "],\"rules\":[{\"clauses\":[{\"op\":\"segmentMatch\",\"values\":[");
    print_list(&json, row[3], "\"", "\"");
    str_append_text(&json, "]}]}]}");
    struct item *it = test_item(ITEM_FLAG, row[0], str_text(&json));
    str_free(&json);
    return it;
}

static struct dataset *dataset_of(const struct row *row)
{
    struct dataset_builder *b = dataset_builder_new();
    for (size_t i = 0; i < ARRAY_LEN(row->flags) && row->flags[i][0] != NULL; i++)
        dataset_builder_add_take(b, flag(row->flags[i]));
    for (size_t i = 0; i < ARRAY_LEN(row->segments) && row->segments[i][0] != NULL; i++)
        dataset_builder_add_take(b, test_segment(row->segments[i][0], 1, row->segments[i][1]));
    return dataset_builder_finish_take(b);
}

static unsigned audience(struct dataset *d)
{
    return dataset_segment_audience(d, view_of("s"));
}

static void those_whose_flags_ask_for_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct dataset *d = dataset_of(&rows[i]);
        test_assert_int(audience(d), rows[i].audience, rows[i].why);
        test_assert_int(audience(d), rows[i].audience, "again");
        dataset_unref(d);
    }
}

/* A flag that comes, changes or is deleted makes another data set. */
static void each_data_set_has_its_own(void **state)
{
    (void)state;
    struct dataset *before = dataset_of(&rows[0]);
    assert_int_equal(audience(before), B | P);
    struct dataset *changed =
        dataset_with_item_take(before, flag((const char *const[4]){"f", "b", "", "s"}));
    struct dataset *deleted =
        dataset_with_item_take(changed, item_tombstone(ITEM_FLAG, view_of("f"), 2));
    struct dataset *more =
        dataset_with_item_take(deleted, flag((const char *const[4]){"g", "p", "", "s"}));
    assert_int_equal(audience(changed), B);
    assert_int_equal(audience(deleted), NOBODY);
    assert_int_equal(audience(more), P);
    assert_int_equal(audience(before), B | P);
    dataset_unref(before);
    dataset_unref(changed);
    dataset_unref(deleted);
    dataset_unref(more);
}

static void a_long_chain_needs_no_stack(void **state)
{
    (void)state;
    struct dataset_builder *b = dataset_builder_new();
    dataset_builder_add_take(b, flag((const char *const[4]){"f", "b", "", "t0"}));
    for (int i = 0; i < 100000; i++) {
        char key[16];
        char other[16];
        (void)snprintf(key, sizeof key, "t%d", i);
        (void)snprintf(other, sizeof other, "t%d", i + 1);
        dataset_builder_add_take(b, test_segment(key, 1, i == 99999 ? "s" : other));
    }
    dataset_builder_add_take(b, test_segment("s", 1, ""));
    struct dataset *d = dataset_builder_finish_take(b);
    assert_int_equal(audience(d), B);
    dataset_unref(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_whose_flags_ask_for_it),
        cmocka_unit_test(each_data_set_has_its_own),
        cmocka_unit_test(a_long_chain_needs_no_stack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
