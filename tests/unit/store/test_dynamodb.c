/* What DynamoDB keeps, and how (data-store.md 3.2), with AWS's DynamoDB Local. */
#include "dynamodb_world.h"

#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct server server;

static void begin(struct dynamodb_world *d, const char *prefix)
{
    (void)dynamodb_say(&server, "DeleteTable", "{\"TableName\":\"flags\"}");
    dynamodb_table(&server, "flags");
    dynamodb_begin(d, server.port);
    dynamodb_open(d, prefix);
}

/* Checklist 9, 11, 17: the bytes that SDKs of any kind find. */
static void what_is_written_has_the_layout_that_sdks_read(void **state)
{
    struct dynamodb_world d;
    (void)state;
    begin(&d, "");
    assert_logged("INFO: Using DynamoDB data store: flags with prefix: \n");
    assert_dataset(read_back(&d.h), "");
    assert_false(d.h.initialized);
    assert_logged("INFO: [env: ...test] DynamoDBDataStore: Using DynamoDB table flags\n");
    write_all(&d.h, dataset_text("f3 g1"));
    assert_logged(
        "INFO: [env: ...test] DynamoDBDataStore: Initialized table \"flags\" with 2 item(s)\n");
    const char *row = dynamodb_row(&server, "features", "f");
    assert_non_null(strstr(row, "\"namespace\":{\"S\":\"features\"}"));
    assert_non_null(strstr(row, "\"version\":{\"N\":\"3\"}"));
    assert_non_null(
        strstr(row, "\"item\":{\"S\":\"{\\\"key\\\":\\\"f\\\",\\\"on\\\":false,\\\"prerequisites"));
    row = dynamodb_row(&server, "$inited", "$inited");
    assert_non_null(strstr(row, "\"namespace\":{\"S\":\"$inited\"}"));
    assert_null(strstr(row, "version"));
    assert_null(strstr(row, "item\""));
    write_item(&d.h, flag("g", 2));
    write_item(&d.h, flag("f", 3));
    write_item(&d.h, flag("f", 2));
    assert_logged("DEBUG: [env: ...test] DynamoDBDataStore: Not updating item due to condition "
                  "(namespace=features key=f version=3)");
    write_item(&d.h, item_tombstone(ITEM_SEGMENT, view_of("s"), 7));
    assert_dataset(read_back(&d.h), "f3 g2 s:-7");
    assert_true(d.h.initialized);
    write_all(&d.h, dataset_text("f3"));
    assert_dataset(read_back(&d.h), "f3");
    assert_int_equal(dynamodb_count(&server, "segments"), 0);
    assert_int_equal(d.h.failed_writes, 0);
    dynamodb_end(&d);
}

/* Rows of other environments and of Big Segments are not ours. */
static void a_prefix_keeps_environments_apart(void **state)
{
    struct dynamodb_world d;
    (void)state;
    begin(&d, "prod");
    dynamodb_put(&server, "features", "f", ",\"item\":{\"S\":\"{}\"}");
    dynamodb_put(&server, "prod:big_segments_user", "f", "");
    write_all(&d.h, dataset_text("f3"));
    write_all(&d.h, dataset_text("g1"));
    assert_dataset(read_back(&d.h), "g1");
    assert_int_equal(dynamodb_count(&server, "features"), 1);
    assert_int_equal(dynamodb_count(&server, "prod:features"), 1);
    assert_int_equal(dynamodb_count(&server, "prod:big_segments_user"), 1);
    assert_non_null(strstr(dynamodb_row(&server, "prod:$inited", "prod:$inited"), "Item"));
    dynamodb_end(&d);
}

/* Checklist 7, 8 and data-store.md 2.1. */
static void items_of_other_writers_are_read(void **state)
{
    static const struct {
        const char *name;
        const char *key;
        const char *attributes;
    } rows[] = {
        {"features", "node", ",\"item\":{\"S\":\"{\\\"version\\\":5,\\\"deleted\\\":true}\"}"},
        {"features", "python",
         ",\"version\":{\"N\":\"6\"},\"item\":{\"S\":\"{\\\"key\\\":\\\"x\\\",\\\"version\\\":6,"
         "\\\"deleted\\\":true}\"}"},
        {"features", "other",
         ",\"version\":{\"N\":\"9\"},\"item\":{\"S\":\"{\\\"key\\\":\\\"elsewhere\\\","
         "\\\"version\\\":7}\"}"},
        {"features", "gone",
         ",\"version\":{\"N\":\"8\"},\"item\":{\"S\":\"{\\\"version\\\":7,\\\"deleted\\\":true}"
         "\"}"},
        {"features", "zero", ",\"version\":{\"N\":\"0\"},\"item\":{\"S\":\"{\\\"version\\\":4}\"}"},
        {"features", "broken", ",\"item\":{\"S\":\"{sorry\"}"},
        {"features", "bare", ",\"version\":{\"N\":\"1\"}"},
        {"segments", "s",
         ",\"more\":{\"L\":[{\"S\":\"x\"}]},\"item\":{\"S\":\"{\\\"version\\\":2}\"}"},
        {"$inited", "$inited", ""},
    };
    struct dynamodb_world d;
    (void)state;
    begin(&d, "");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        dynamodb_put(&server, rows[i].name, rows[i].key, rows[i].attributes);
    assert_dataset(read_back(&d.h), "node-5 python-6 other9 gone-8 zero4 s:2");
    assert_true(d.h.initialized);
    assert_int_equal(d.h.state, STORE_VALID);
    assert_logged("\"broken\" in \"features\", which is unreadable");
    assert_logged("\"bare\" in \"features\", which is unreadable");
    const struct item *other = dataset_find(d.h.data, ITEM_FLAG, view_of("other"));
    assert_non_null(strstr(other->text->data, "\"version\":9,\"deleted\":false}"));
    write_all(&d.h, dataset_text("broken2"));
    assert_dataset(read_back(&d.h), "broken2");
    dynamodb_end(&d);
}

/* A flag whose row has exactly `json` bytes of text; the key is "my-flag-key", the version 12. */
static struct item *flag_with_text(size_t json)
{
    struct item *probe = flag_sized("my-flag-key", 12, 0);
    size_t bytes = json - probe->text->len;
    item_unref(probe);
    struct item *it = flag_sized("my-flag-key", 12, bytes);
    assert_int_equal(it->text->len, json);
    return it;
}

/* What was read last has this version of it; -1: it is not there. */
static int64_t version_read(const struct dynamodb_world *d, const char *key)
{
    const struct item *it = dataset_find(d->h.data, ITEM_FLAG, view_of(key));
    return it != NULL ? it->version : -1;
}

static size_t lines_about_size(void)
{
    return log_count("ERROR: [env: ...test] DynamoDBDataStore: The item \"my-flag-key\" in "
                     "\"features\" was too large to store in DynamoDB and was dropped\n");
}

static struct dataset *dataset_with(const char *text, struct item *it)
{
    struct dataset *base = dataset_text(text);
    struct dataset *data = dataset_with_item_take(base, item_ref(it));
    dataset_unref(base);
    return data;
}

/* Checklist 13. */
static void an_item_of_400000_bytes_is_stored_and_a_bigger_one_is_dropped(void **state)
{
    struct dynamodb_world d;
    struct item *fits = flag_with_text(399856);
    struct item *large = flag_with_text(399857);
    (void)state;
    begin(&d, "");
    assert_true(store_keeps(d.h.store, fits));
    assert_false(store_keeps(d.h.store, large));
    write_all(&d.h, dataset_with("f3", fits));
    (void)read_back(&d.h);
    assert_int_equal(version_read(&d, "my-flag-key"), 12);
    assert_int_equal(lines_about_size(), 0);
    write_all(&d.h, dataset_with("f3 g1", large));
    assert_dataset(read_back(&d.h), "f3 g1");
    assert_int_equal(lines_about_size(), 1);
    assert_int_equal(log_count("with 2 item(s)\n"), 2);
    write_item(&d.h, item_ref(large));
    assert_int_equal(lines_about_size(), 1);
    assert_int_equal(d.h.failed_writes, 0);
    item_unref(fits);
    item_unref(large);
    dynamodb_end(&d);
}

/* No older version may stay, and no newer one may go. */
static void an_update_that_is_too_large_takes_the_older_row_away(void **state)
{
    static const struct {
        int64_t stored;
        int64_t left;
    } rows[] = {{11, -1}, {13, 13}};
    struct dynamodb_world d;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct item *large = flag_with_text(399857);
        begin(&d, "");
        write_all(&d.h, dataset_text("f1"));
        write_item(&d.h, flag("my-flag-key", rows[i].stored));
        write_item(&d.h, large);
        (void)read_back(&d.h);
        assert_int_equal(version_read(&d, "f"), 1);
        assert_int_equal(version_read(&d, "my-flag-key"), rows[i].left);
        assert_int_equal(lines_about_size(), 1);
        assert_int_equal(d.h.failed_writes, 0);
        dynamodb_end(&d);
    }
}

/* One flag that no row can hold must not keep all others out of the table. */
static void a_key_that_dynamodb_refuses_harms_nobody_else(void **state)
{
    struct dynamodb_world d;
    char longest[1026];
    (void)state;
    memset(longest, 'k', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    const char *const keys[] = {"", longest, longest + 1};
    begin(&d, "");
    struct dataset *data = dataset_text("f1");
    for (size_t i = 0; i < 3; i++) {
        struct item *it = flag(keys[i], 2);
        assert_int_equal(store_keeps(d.h.store, it), i == 2);
        struct dataset *next = dataset_with_item_take(data, it);
        dataset_unref(data);
        data = next;
    }
    write_all(&d.h, dataset_ref(data));
    (void)read_back(&d.h);
    assert_int_equal(dataset_count(d.h.data, ITEM_FLAG), 2);
    assert_int_equal(version_read(&d, longest + 1), 2);
    assert_int_equal(log_count("was dropped; keys in DynamoDB have 1 to 1024 bytes"), 2);
    write_item(&d.h, item_ref(dataset_find(data, ITEM_FLAG, view_of(""))));
    assert_int_equal(d.h.failed_writes, 0);
    dataset_unref(data);
    dynamodb_end(&d);
}

/* data-store.md 4.6, 7.3: dead, then back and empty, even without its table. */
static void a_killed_server_is_noticed_and_filled_again_when_it_is_back(void **state)
{
    struct dynamodb_world d;
    (void)state;
    begin(&d, "prod");
    write_all(&d.h, dataset_text("f1"));
    server_kill(&server);
    d.h.snapshot = dataset_text("f2 s:1");
    d.h.current = true;
    (void)store_upsert_post(d.h.store, dataset_find(d.h.snapshot, ITEM_FLAG, view_of("f")));
    run_until_state(&d.h, STORE_INTERRUPTED);
    assert_int_equal(d.h.failed_writes, 1);
    assert_logged("WARN: [env: ...test] Detected persistent store unavailability");
    assert_logged("ERROR: [env: ...test] Data store returned error: failed to put features key f: "
                  "DynamoDB at http://127.0.0.1:");
    dynamodb_start(&server, server.port);
    run_turns(&d.w, 200);
    assert_int_equal(d.h.state, STORE_INTERRUPTED);
    dynamodb_table(&server, "flags");
    run_until_state(&d.h, STORE_VALID);
    run_until_idle(&d.h);
    assert_dataset(read_back(&d.h), "f2 s:1");
    dynamodb_end(&d);
}

static void a_missing_table_is_one_clear_line_with_the_remedy(void **state)
{
    struct dynamodb_world d;
    (void)state;
    dynamodb_begin(&d, server.port);
    d.w.table = "nowhere";
    dynamodb_open(&d, "");
    store_read_post(d.h.store, STORE_ALL_KINDS);
    run_until_state(&d.h, STORE_INTERRUPTED);
    assert_logged("DynamoDB table \"nowhere\": ResourceNotFoundException: ");
    assert_logged(
        "create it with the partition key \"namespace\" (S) and the sort key \"key\" (S)");
    dynamodb_end(&d);
}

/* The stream is away and the table has newer rows: nothing older replaces them (7.3). */
static void many_items_are_written_only_where_they_are_newer(void **state)
{
    struct dynamodb_world d;
    char text[64];
    (void)state;
    begin(&d, "");
    struct dataset_builder *stored = dataset_builder_new();
    struct dataset_builder *ours = dataset_builder_new();
    for (int i = 0; i < 300; i++) {
        (void)snprintf(text, sizeof text, "k%d", i);
        dataset_builder_add_take(stored, flag(text, i < 30 ? 5 : 1));
        dataset_builder_add_take(ours, flag(text, 3));
    }
    dataset_builder_add_take(ours, segment("s", 1));
    write_all(&d.h, dataset_builder_finish_take(stored));
    struct dataset *data = dataset_builder_finish_take(ours);
    for (int kind = 0; kind < ITEM_KIND_COUNT; kind++) {
        size_t count;
        struct item *const *items = dataset_ordered(data, (enum item_kind)kind, &count);
        for (size_t i = 0; i < count; i++)
            (void)store_upsert_post(d.h.store, items[i]);
    }
    run_until_idle(&d.h);
    dataset_unref(data);
    (void)read_back(&d.h);
    assert_int_equal(dataset_count(d.h.data, ITEM_FLAG), 300);
    assert_int_equal(dataset_find(d.h.data, ITEM_FLAG, view_of("k0"))->version, 5);
    assert_int_equal(dataset_find(d.h.data, ITEM_FLAG, view_of("k299"))->version, 3);
    assert_int_equal(dataset_count(d.h.data, ITEM_SEGMENT), 1);
    dynamodb_end(&d);
}

/* Checklist 12: 10 MB is more than ten pages. Any text survives. */
static void everything_is_read_page_by_page(void **state)
{
    struct dynamodb_world d;
    char key[32];
    (void)state;
    begin(&d, "prod");
    struct dataset_builder *b = dataset_builder_new();
    for (int i = 0; i < 100; i++) {
        (void)snprintf(key, sizeof key, "\"\\\\\xC3\xA9 %d", i);
        dataset_builder_add_take(b, flag_sized(key + 1, i + 1, 100000));
    }
    struct dataset *data = dataset_builder_finish_take(b);
    write_all(&d.h, dataset_ref(data));
    (void)read_back(&d.h);
    struct dataset_diff diff;
    dataset_diff(data, d.h.data, &diff);
    assert_int_equal(diff.change, DATASET_EQUAL);
    dataset_diff_free(&diff);
    dataset_unref(data);
    dynamodb_end(&d);
}

static int start_server(void **state)
{
    (void)state;
    dynamodb_start(&server, 0);
    return 0;
}

static int stop_server(void **state)
{
    (void)state;
    server_end(&server);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_has_the_layout_that_sdks_read),
        cmocka_unit_test(a_prefix_keeps_environments_apart),
        cmocka_unit_test(items_of_other_writers_are_read),
        cmocka_unit_test(an_item_of_400000_bytes_is_stored_and_a_bigger_one_is_dropped),
        cmocka_unit_test(an_update_that_is_too_large_takes_the_older_row_away),
        cmocka_unit_test(a_key_that_dynamodb_refuses_harms_nobody_else),
        cmocka_unit_test(a_killed_server_is_noticed_and_filled_again_when_it_is_back),
        cmocka_unit_test(a_missing_table_is_one_clear_line_with_the_remedy),
        cmocka_unit_test(many_items_are_written_only_where_they_are_newer),
        cmocka_unit_test(everything_is_read_page_by_page),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
