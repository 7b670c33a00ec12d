/* Edits of a data set, three bytes each: what, which key, which version or need.
 *
 * Laws: count, order and renderings of a data set made edit by edit are those of one that was built
 * at once from the same items; a data set is equal to itself; patches lead from the old to the new.
 */
#include "flags/dataset.h"

#include <stdio.h>
#include <stdlib.h>

static void must(bool holds)
{
    if (!holds)
        abort();
}

static struct item *edit_item(const uint8_t *edit)
{
    enum item_kind kind = (edit[0] & 1) != 0 ? ITEM_SEGMENT : ITEM_FLAG;
    struct error err;
    char key[8];
    char json[256];
    (void)snprintf(key, sizeof key, "%d", edit[1]);
    if ((edit[0] & 6) == 0)
        return item_tombstone(kind, view_of(key), edit[2]);
    (void)snprintf(
        json, sizeof json,
        "{\"version\":%d,\"prerequisites\":[{\"key\":\"%d\"},{\"key\":\"%d\"}],\"rules\":["
        "{\"clauses\":[{\"op\":\"segmentMatch\",\"values\":[\"%d\",\"%d\"]}]}]}",
        edit[2], edit[2], edit[1] ^ edit[0], edit[2], edit[1] ^ edit[0]);
    struct item *it = item_parse(kind, view_of(key), view_of(json), &err);
    must(it != NULL);
    return it;
}

static void compare(struct dataset *a, struct dataset *b)
{
    must(view_equal(dataset_put_all(a)->wire, dataset_put_all(b)->wire));
    must(view_equal(dataset_put_flags(a)->data, dataset_put_flags(b)->data));
    for (int kind = 0; kind < ITEM_KIND_COUNT; kind++) {
        size_t a_count;
        size_t b_count;
        struct item *const *as = dataset_ordered(a, (enum item_kind)kind, &a_count);
        struct item *const *bs = dataset_ordered(b, (enum item_kind)kind, &b_count);
        must(a_count == b_count);
        must(dataset_count(a, (enum item_kind)kind) == dataset_count(b, (enum item_kind)kind));
        for (size_t i = 0; i < a_count; i++)
            must(as[i] == bs[i] && dataset_find(a, (enum item_kind)kind, as[i]->key) == bs[i]);
    }
}

static void compare_over_patches(struct dataset *old, struct dataset *new)
{
    struct dataset_diff diff;
    dataset_diff(old, new, &diff);
    struct dataset *patched = dataset_ref(old);
    for (size_t i = 0; i < diff.changed_count; i++) {
        struct dataset *next = dataset_with_item_take(patched, item_ref(diff.changed[i]));
        dataset_unref(patched);
        patched = next;
    }
    if (diff.change != DATASET_REPLACED)
        must(dataset_put_all(patched)->wire.len == dataset_put_all(new)->wire.len);
    dataset_diff_free(&diff);
    dataset_diff(new, new, &diff);
    must(diff.change == DATASET_EQUAL);
    dataset_diff_free(&diff);
    dataset_unref(patched);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dataset *edited = dataset_empty();
    struct dataset_builder *b = dataset_builder_new();
    struct dataset *middle = NULL;
    for (size_t at = 0; at + 3 <= size; at += 3) {
        struct item *it = edit_item(data + at);
        dataset_builder_add_take(b, item_ref(it));
        struct dataset *next = dataset_with_item_take(edited, it);
        dataset_unref(edited);
        edited = next;
        if (at / 3 == size / 6)
            middle = dataset_ref(edited);
    }
    struct dataset *built = dataset_builder_finish_take(b);
    compare(edited, built);
    if (middle != NULL)
        compare_over_patches(middle, edited);
    dataset_unref(middle);
    dataset_unref(edited);
    dataset_unref(built);
    return 0;
}
