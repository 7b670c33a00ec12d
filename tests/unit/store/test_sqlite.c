/* What SQLite keeps, and how (data-store.md 9.2 to 9.4). */
#include "harness.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static void what_is_written_is_read_back_by_the_next_process(void **state)
{
    struct world w;
    struct heard h;
    (void)state;
    world_begin(&w);
    world_open(&w);
    heard_open(&h, &w, "prod");
    assert_logged("INFO: Using SQLite data store: ");
    assert_dataset(read_back(&h), "");
    assert_false(h.initialized);
    write_all(&h, dataset_text("f3 g1 s:2"));
    assert_logged("INFO: [env: ...test] SQLiteDataStore: Initialized with 3 items");
    write_item(&h, flag("g", 2));
    write_item(&h, item_tombstone(ITEM_SEGMENT, view_of("s"), 7));
    heard_close(&h);
    heard_forget(&h);
    world_close(&w);
    assert_int_equal(folder_count(&w, "", ""), 3); /* ".", "..", the file alone */
    world_open(&w);
    heard_open(&h, &w, "prod");
    assert_dataset(read_back(&h), "f3 g2 s:-7");
    assert_true(h.initialized);
    heard_close(&h);
    heard_forget(&h);
    world_end(&w);
}

/* data-store.md 9.2: "Content after sequence A", and the settings of 9.2. */
static void the_layout_is_that_of_the_specification(void **state)
{
    static const struct {
        const char *query;
        int64_t answer;
    } rows[] = {
        {"SELECT count(*) FROM item WHERE prefix = 'prod' AND kind = 'features' AND key = 'f' AND "
         "version = 3 AND deleted = 0 AND data LIKE "
         "'{\"key\":\"f\",%\"version\":3,\"deleted\":false}'",
         1},
        {"SELECT count(*) FROM item WHERE kind = 'segments' AND deleted = 1 AND length(data) = 156",
         1},
        {"SELECT value FROM marker WHERE prefix = 'prod' AND name = '$inited'", 1700000000000},
        {"PRAGMA application_id", 1718383225},
        {"PRAGMA user_version", 1},
        {"PRAGMA auto_vacuum", 2},
        {"SELECT count(*) FROM pragma_journal_mode WHERE journal_mode = 'wal'", 1},
        {"SELECT count(*) FROM sqlite_schema WHERE type = 'table'", 6},
        {"SELECT count(*) FROM pragma_table_list WHERE name IN ('item', 'marker', 'autoconfig') "
         "AND "
         "strict",
         3},
    };
    struct world w;
    struct heard h;
    struct stat file;
    (void)state;
    world_begin(&w);
    world_open(&w);
    heard_open(&h, &w, "prod");
    write_all(&h, dataset_text("f3"));
    write_item(&h, item_tombstone(ITEM_SEGMENT, view_of("s"), 3));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (sql_int(w.path, rows[i].query) != rows[i].answer)
            fail_msg("%s", rows[i].query);
    }
    assert_int_equal(stat(w.path, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0600);
    assert_string_equal(store_database_name(w.db), "sqlite");
    assert_string_equal(store_database_server(w.db), w.path);
    heard_close(&h);
    heard_forget(&h);
    world_end(&w);
}

/* Versions decide (data-store.md 1): each row is one write on top of f5. */
static void an_upsert_writes_strictly_newer_versions_only(void **state)
{
    static const struct {
        bool deleted;
        int64_t version;
        const char *after;
        const char *why;
    } rows[] = {
        {false, 4, "f5", "older"},          {false, 5, "f5", "equal"},
        {true, 5, "f5", "tombstone equal"}, {false, 6, "f6", "newer"},
        {true, 6, "f-6", "tombstone"},      {false, INT64_MAX, "f9223372036854775807", "largest"},
    };
    struct world w;
    struct heard h;
    (void)state;
    world_begin(&w);
    world_open(&w);
    heard_open(&h, &w, "prod");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        write_all(&h, dataset_text("f5"));
        write_item(&h, rows[i].deleted ? item_tombstone(ITEM_FLAG, view_of("f"), rows[i].version)
                                       : flag("f", rows[i].version));
        print_message("%s\n", rows[i].why);
        assert_dataset(read_back(&h), rows[i].after);
    }
    assert_int_equal(h.failed_writes, 0);
    heard_close(&h);
    heard_forget(&h);
    world_end(&w);
}

/* Versions do not matter; 82: tombstones and what is not in it go. */
static void an_init_replaces_everything(void **state)
{
    struct world w;
    struct heard h;
    (void)state;
    world_begin(&w);
    world_open(&w);
    heard_open(&h, &w, "prod");
    write_all(&h, dataset_text("f5 g5 h-9 s:4 t:1"));
    write_all(&h, dataset_text("f2 i1 t:1"));
    assert_dataset(read_back(&h), "f2 i1 t:1");
    assert_int_equal(sql_int(w.path, "SELECT count(*) FROM item"), 3);
    write_all(&h, dataset_text(""));
    assert_dataset(read_back(&h), "");
    assert_true(h.initialized);
    heard_close(&h);
    heard_forget(&h);
    world_end(&w);
}

/* "Unchanged rows are not written": the rows keep their numbers, the file does not grow. */
static void an_equal_init_leaves_the_rows_alone(void **state)
{
    struct world w;
    struct heard h;
    (void)state;
    world_begin(&w);
    world_open(&w);
    heard_open(&h, &w, "prod");
    struct dataset_builder *b = dataset_builder_new();
    for (unsigned i = 0; i < 300; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "f%u", i);
        dataset_builder_add_take(b, flag_sized(key, 1, 1000));
    }
    struct dataset *data = dataset_builder_finish_take(b);
    write_all(&h, dataset_ref(data));
    sql(w.path, "PRAGMA wal_checkpoint(TRUNCATE)");
    char wal[128];
    struct stat file;
    (void)snprintf(wal, sizeof wal, "%s-wal", w.path);
    fake_clock_advance(&w.clock, 1000);
    write_all(&h, data);
    assert_int_equal(stat(wal, &file), 0);
    assert_in_range(file.st_size, 1, 20000);
    assert_int_equal(sql_int(w.path, "SELECT value FROM marker"), 1700000001000);
    heard_close(&h);
    heard_forget(&h);
    world_end(&w);
}

/* 72 */
static void two_environments_in_one_file_do_not_see_each_other(void **state)
{
    struct world w;
    struct heard one;
    struct heard two;
    (void)state;
    world_begin(&w);
    world_open(&w);
    heard_open(&one, &w, "one");
    heard_open(&two, &w, "two");
    write_all(&one, dataset_text("f1 s:1"));
    assert_dataset(read_back(&two), "");
    assert_false(two.initialized);
    write_all(&two, dataset_text("f9 g9"));
    write_all(&one, dataset_text("g1"));
    assert_dataset(read_back(&one), "g1");
    assert_dataset(read_back(&two), "f9 g9");
    heard_close(&one);
    heard_close(&two);
    heard_forget(&one);
    heard_forget(&two);
    world_end(&w);
}

/* Keys and prefixes are whatever the world sends. */
static void odd_keys_and_big_items_survive(void **state)
{
    static const struct {
        const char *key;
        size_t len;
    } rows[] = {{"", 0}, {"a'b\"c", 5}, {"nul\0inside", 10}, {"\xff\xfe", 2}, {"\xe2\x82\xac", 3}};
    struct world w;
    struct heard h;
    (void)state;
    world_begin(&w);
    world_open(&w);
    heard_open(&h, &w, "it's; DROP TABLE item; --");
    write_all(&h, dataset_text(""));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        write_item(&h, item_tombstone(ITEM_FLAG, view_make(rows[i].key, rows[i].len), 3));
    write_item(&h, flag_sized("big", 1, 3000000));
    const struct dataset *d = read_back(&h);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_non_null(dataset_find(d, ITEM_FLAG, view_make(rows[i].key, rows[i].len)));
    const struct item *big = dataset_find(d, ITEM_FLAG, view_of("big"));
    assert_non_null(big);
    assert_true(big->text->len > 3000000);
    heard_close(&h);
    heard_forget(&h);
    world_end(&w);
}

/* 8: a row that is no item is left out and named; everything else is there, and no outage begins.
 */
static void a_row_that_does_not_parse_is_left_out(void **state)
{
    struct world w;
    struct heard h;
    (void)state;
    world_begin(&w);
    world_open(&w);
    heard_open(&h, &w, "prod");
    write_all(&h, dataset_text("f3 g1 h1 s:2"));
    sql(w.path, "UPDATE item SET data = '{\"key\":' WHERE key = 'g'");
    sql(w.path, "UPDATE item SET version = 8 WHERE key = 'h'");
    assert_dataset(read_back(&h), "f3 s:2");
    assert_logged(
        "ERROR: [env: ...test] Data store item \"g\" in \"features\" cannot be read and is "
        "left out: ");
    assert_logged(
        "Data store item \"h\" in \"features\" cannot be read and is left out: it is stored "
        "as version 8 but says 1");
    assert_int_equal(h.state_changes, 0);
    write_all(&h, dataset_text("g1"));
    assert_dataset(read_back(&h), "g1");
    heard_close(&h);
    heard_forget(&h);
    world_end(&w);
}

/* 7: as other SDKs write it. */
static void tombstones_of_other_writers_are_read(void **state)
{
    struct world w;
    struct heard h;
    (void)state;
    world_begin(&w);
    world_open(&w);
    heard_open(&h, &w, "prod");
    write_all(&h, dataset_text("f3"));
    sql(w.path, "INSERT INTO item (prefix, kind, key, version, deleted, data) VALUES "
                "('prod', 'features', 'n', 5, 0, '{\"version\":5,\"deleted\":true}'),"
                "('prod', 'features', 'p', 5, 0, '{\"key\":\"p\",\"version\":5,\"deleted\":true}'),"
                "('prod', 'segments', 'q', 6, 1, 'whatever')");
    assert_dataset(read_back(&h), "f3 n-5 p-5 q:-6");
    heard_close(&h);
    heard_forget(&h);
    world_end(&w);
}

static void memory_keeps_nothing_and_never_fails(void **state)
{
    struct world w;
    struct heard h;
    (void)state;
    world_begin(&w);
    w.settings = (struct store_settings){.kind = STORE_MEMORY, .health_check_interval_ms = 1};
    world_open(&w);
    heard_open(&h, &w, "prod");
    assert_false(store_writes_first(h.store));
    write_all(&h, dataset_text("f3"));
    write_item(&h, flag("g", 1));
    assert_dataset(read_back(&h), "");
    assert_false(h.initialized);
    assert_null(store_database_name(w.db));
    assert_string_equal(store_database_server(w.db), "");
    assert_int_equal(log_count("\n"), 0);
    heard_close(&h);
    heard_forget(&h);
    world_end(&w);
}

/* Closing carries out what was posted, however much. */
static void closing_finishes_what_was_posted(void **state)
{
    struct world w;
    struct heard h;
    (void)state;
    world_begin(&w);
    world_open(&w);
    heard_open(&h, &w, "prod");
    struct dataset *data = dataset_text("f1");
    (void)store_init_post(h.store, data);
    dataset_unref(data);
    for (unsigned i = 2; i <= 500; i++) {
        struct item *it = flag("f", i);
        (void)store_upsert_post(h.store, it);
        item_unref(it);
    }
    heard_close(&h);
    assert_int_equal(h.released_calls, 0);
    world_close(&w);
    assert_int_equal(sql_int(w.path, "SELECT version FROM item"), 500);
    heard_forget(&h);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_back_by_the_next_process),
        cmocka_unit_test(the_layout_is_that_of_the_specification),
        cmocka_unit_test(an_upsert_writes_strictly_newer_versions_only),
        cmocka_unit_test(an_init_replaces_everything),
        cmocka_unit_test(an_equal_init_leaves_the_rows_alone),
        cmocka_unit_test(two_environments_in_one_file_do_not_see_each_other),
        cmocka_unit_test(odd_keys_and_big_items_survive),
        cmocka_unit_test(a_row_that_does_not_parse_is_left_out),
        cmocka_unit_test(tombstones_of_other_writers_are_read),
        cmocka_unit_test(memory_keeps_nothing_and_never_fails),
        cmocka_unit_test(closing_finishes_what_was_posted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
