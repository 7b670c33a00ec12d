/* Data sets: building, one item more, order, renderings (data-store.md 2.2, streaming.md 5.6, 8).
 */
#include "flags_test.h"

/* What FLAG and SEGMENT of streaming.md 14 are. */
static const char flag_text[] =
    "{\"key\":\"f\",\"on\":true,\"prerequisites\":[],\"targets\":[],\"contextTargets\":[],"
    "\"rules\":[],\"fallthrough\":{\"variation\":0},\"offVariation\":null,\"variations\":[true],"
    "\"clientSide\":true,\"salt\":\"\",\"trackEvents\":false,\"trackEventsFallthrough\":false,"
    "\"debugEventsUntilDate\":null,\"version\":3,\"deleted\":false}";
static const char segment_text[] =
    "{\"key\":\"s\",\"included\":[\"u1\"],\"excluded\":[],\"includedContexts\":[],"
    "\"excludedContexts\":[],\"salt\":\"\",\"rules\":[],\"version\":2,\"generation\":null,"
    "\"deleted\":false}";

static struct dataset *dataset_of(struct item *const *items)
{
    struct dataset_builder *b = dataset_builder_new();
    for (; *items != NULL; items++)
        dataset_builder_add_take(b, *items);
    return dataset_builder_finish_take(b);
}

#define DATASET(...) dataset_of((struct item *[]){__VA_ARGS__, NULL})

static void a_put_has_the_bytes_of_the_specification(void **state)
{
    (void)state;
    struct dataset *d =
        DATASET(test_item(ITEM_SEGMENT, "s", segment_text), test_item(ITEM_FLAG, "f", flag_text));
    struct str want = {0};
    str_append_format(&want,
                      "204\r\nevent: put\ndata: {\"path\":\"/\",\"data\":{\"flags\":{\"f\":%s},"
                      "\"segments\":{\"s\":%s}}}\n\n\r\n",
                      flag_text, segment_text);
    test_assert_text(dataset_put_all(d)->wire, str_text(&want), "streaming.md 14.2");
    assert_int_equal(dataset_put_all(d)->event.len, 516);
    assert_int_equal(dataset_put_all(d)->data.len, 497);
    assert_int_equal(dataset_put_all(d)->kind, FRAME_PUT);
    str_clear(&want);
    str_append_format(&want, "event: put\ndata: {\"f\":%s}\n\n", flag_text);
    test_assert_text(dataset_put_flags(d)->event, str_text(&want), "streaming.md 14.3");
    assert_int_equal(dataset_put_flags(d)->event.len, 314);
    assert_ptr_equal(dataset_put_all(d), dataset_put_all(d));
    assert_ptr_equal(dataset_put_flags(d), dataset_put_flags(d));
    str_free(&want);
    dataset_unref(d);
}

static void an_empty_put_has_both_maps(void **state)
{
    (void)state;
    struct dataset *d = dataset_empty();
    test_assert_text(
        dataset_put_all(d)->event,
        "event: put\ndata: {\"path\":\"/\",\"data\":{\"flags\":{},\"segments\":{}}}\n\n",
        "streaming.md 14.2");
    test_assert_text(dataset_put_flags(d)->data, "{}", "flags");
    size_t count = 1;
    assert_null(dataset_ordered(d, ITEM_FLAG, &count));
    assert_int_equal(count, 0);
    assert_null(dataset_find(d, ITEM_FLAG, view_of("f")));
    dataset_unref(d);
}

static void a_put_leaves_tombstones_out(void **state)
{
    (void)state;
    struct dataset *d =
        DATASET(item_tombstone(ITEM_FLAG, view_of("first"), 9),
                test_item(ITEM_FLAG, "f", flag_text), item_tombstone(ITEM_FLAG, view_of("last"), 9),
                item_tombstone(ITEM_SEGMENT, view_of("s"), 9));
    struct str want = {0};
    str_append_format(&want, "{\"path\":\"/\",\"data\":{\"flags\":{\"f\":%s},\"segments\":{}}}",
                      flag_text);
    test_assert_text(dataset_put_all(d)->data, str_text(&want), "tombstones");
    assert_int_equal(dataset_count(d, ITEM_FLAG), 1);
    assert_int_equal(dataset_count(d, ITEM_SEGMENT), 0);
    assert_true(dataset_find(d, ITEM_FLAG, view_of("last"))->deleted);
    str_free(&want);
    dataset_unref(d);
}

static void keys_are_quoted(void **state)
{
    (void)state;
    struct dataset *d = DATASET(test_item(ITEM_FLAG, "a\"b", flag_text));
    struct str want = {0};
    str_append_format(&want, "{\"a\\\"b\":%s}", flag_text);
    test_assert_text(dataset_put_flags(d)->data, str_text(&want), "quotes in a key");
    str_free(&want);
    dataset_unref(d);
}

static void a_later_item_replaces_an_earlier_one(void **state)
{
    (void)state;
    struct dataset *d = DATASET(test_flag("a", 5, ""), test_flag("b", 1, ""), test_flag("a", 2, ""),
                                test_segment("a", 7, ""));
    struct str order = {0};
    test_order(d, ITEM_FLAG, &order);
    assert_string_equal(str_text(&order), "a b");
    assert_int_equal(dataset_find(d, ITEM_FLAG, view_of("a"))->version, 2);
    assert_int_equal(dataset_find(d, ITEM_SEGMENT, view_of("a"))->version, 7);
    assert_int_equal(dataset_count(d, ITEM_FLAG), 2);
    str_free(&order);
    dataset_unref(d);
}

static void one_item_more_leaves_the_old_data_set_alone(void **state)
{
    (void)state;
    struct dataset *v1 = DATASET(test_flag("a", 1, ""), test_flag("b", 1, ""));
    struct dataset *v2 = dataset_with_item_take(v1, test_flag("a", 2, ""));
    struct dataset *v3 = dataset_with_item_take(v2, item_tombstone(ITEM_FLAG, view_of("b"), 5));
    struct dataset *v4 = dataset_with_item_take(v3, test_segment("c", 1, ""));
    assert_int_equal(dataset_find(v1, ITEM_FLAG, view_of("a"))->version, 1);
    assert_int_equal(dataset_find(v2, ITEM_FLAG, view_of("a"))->version, 2);
    assert_ptr_equal(dataset_find(v1, ITEM_FLAG, view_of("b")),
                     dataset_find(v2, ITEM_FLAG, view_of("b")));
    assert_int_equal(dataset_count(v2, ITEM_FLAG), 2);
    assert_int_equal(dataset_count(v3, ITEM_FLAG), 1);
    assert_true(dataset_find(v3, ITEM_FLAG, view_of("b"))->deleted);
    assert_null(dataset_find(v3, ITEM_SEGMENT, view_of("c")));
    dataset_unref(v1);
    dataset_unref(v3);
    assert_int_equal(dataset_find(v4, ITEM_SEGMENT, view_of("c"))->version, 1);
    assert_int_equal(dataset_find(v4, ITEM_FLAG, view_of("a"))->version, 2);
    dataset_unref(v2);
    dataset_unref(v4);
}

static void a_builder_may_be_dropped(void **state)
{
    (void)state;
    struct dataset_builder *b = dataset_builder_new();
    dataset_builder_add_take(b, test_flag("a", 1, ""));
    dataset_builder_free(b);
    dataset_builder_free(NULL);
    dataset_unref(NULL);
    item_unref(NULL);
}

/* Flags and segments alike; each key is followed by what it needs. */
static const struct {
    const char *items[8][2];
    const char *order;
    const char *why;
} orders[] = {
    {{{"a", ""}, {"b", ""}, {"c", ""}}, "a b c", "received order without needs"},
    {{{"c", ""}, {"a", "b"}, {"b", ""}}, "c b a", "a need comes first"},
    {{{"a", "b c"}, {"c", ""}, {"b", "c"}}, "c b a", "needs of needs"},
    {{{"a", "c b"}, {"b", ""}, {"c", ""}}, "c b a", "needs in the order in which they are named"},
    {{{"a", "nope"}, {"b", "nope a"}}, "a b", "unknown needs do not matter"},
    {{{"a", "a"}, {"b", ""}}, "a b", "a flag that needs itself"},
    {{{"a", "b"}, {"b", "a"}}, "b a", "a cycle of two"},
    {{{"x", ""}, {"a", "b"}, {"b", "c"}, {"c", "a"}}, "x c b a", "a cycle of three"},
    {{{"a", "b"}, {"b", "c x"}, {"c", "b"}, {"x", ""}}, "c x b a", "a cycle below the top"},
    {{{"a", "b c"}, {"b", "d"}, {"c", "d"}, {"d", ""}}, "d b c a", "a diamond"},
};

static void dependencies_come_first(void **state)
{
    (void)state;
    struct str order = {0};
    for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
        struct dataset_builder *b = dataset_builder_new();
        for (size_t n = 0; n < 8 && orders[i].items[n][0] != NULL; n++) {
            const char *const *row = orders[i].items[n];
            dataset_builder_add_take(b, test_flag(row[0], 1, row[1]));
            dataset_builder_add_take(b, test_segment(row[0], 1, row[1]));
        }
        struct dataset *d = dataset_builder_finish_take(b);
        test_order(d, ITEM_FLAG, &order);
        test_assert_text(str_view(&order), orders[i].order, orders[i].why);
        test_order(d, ITEM_SEGMENT, &order);
        test_assert_text(str_view(&order), orders[i].order, orders[i].why);
        dataset_unref(d);
    }
    str_free(&order);
}

/* Checklist 98: a chain of 100,000 prerequisites, received the wrong way round, closed to a cycle.
 */
static void a_long_chain_needs_no_stack(void **state)
{
    (void)state;
    const int length = 100000;
    struct dataset_builder *b = dataset_builder_new();
    for (int i = 0; i < length; i++) {
        char key[16];
        char need[16];
        (void)snprintf(key, sizeof key, "f%d", i);
        (void)snprintf(need, sizeof need, "f%d", (i + 1) % length);
        dataset_builder_add_take(b, test_flag(key, 1, need));
    }
    struct dataset *d = dataset_builder_finish_take(b);
    size_t count;
    struct item *const *items = dataset_ordered(d, ITEM_FLAG, &count);
    assert_int_equal(count, length);
    test_assert_text(items[0]->key, "f99999", "the end of the chain");
    test_assert_text(items[length - 1]->key, "f0", "its beginning");
    dataset_unref(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_put_has_the_bytes_of_the_specification),
        cmocka_unit_test(an_empty_put_has_both_maps),
        cmocka_unit_test(a_put_leaves_tombstones_out),
        cmocka_unit_test(keys_are_quoted),
        cmocka_unit_test(a_later_item_replaces_an_earlier_one),
        cmocka_unit_test(one_item_more_leaves_the_old_data_set_alone),
        cmocka_unit_test(a_builder_may_be_dropped),
        cmocka_unit_test(dependencies_come_first),
        cmocka_unit_test(a_long_chain_needs_no_stack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
