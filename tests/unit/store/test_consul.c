/* What Consul keeps, and how (data-store.md 3.3), with a real server. */
#include "consul_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FLAG_F3                                                                                    \
    "{\"key\":\"f\",\"on\":false,\"prerequisites\":[],\"targets\":[],\"contextTargets\":[],"       \
    "\"rules\":[],\"fallthrough\":{},\"offVariation\":null,\"variations\":[],\"clientSide\":"      \
    "false,"                                                                                       \
    "\"salt\":\"\",\"trackEvents\":false,\"trackEventsFallthrough\":false,"                        \
    "\"debugEventsUntilDate\":null,\"version\":3,\"deleted\":false}"

/* Checklist 1, 4, 7, 16, 82. */
static void what_is_written_has_the_layout_that_sdks_read(void **state)
{
    struct consul_world c;
    (void)state;
    consul_begin(&c);
    assert_logged("INFO: ConsulDataStore: Using Consul server at 127.0.0.1:");
    assert_logged("INFO: Using Consul data store: 127.0.0.1:");
    assert_dataset(read_back(&c.h), "");
    assert_false(c.h.initialized);
    write_all(&c.h, dataset_text("f3 g1"));
    assert_logged("INFO: [env: ...test] ConsulDataStore: Initialized with 2 items");
    assert_string_equal(consul_value(&c, "prod/features/f"), FLAG_F3);
    assert_string_equal(consul_value(&c, "prod/$inited"), "");
    assert_int_equal(consul_status(), 200);
    write_item(&c.h, flag("g", 2));
    write_item(&c.h, flag("f", 3));
    write_item(&c.h, flag("f", 2));
    write_item(&c.h, item_tombstone(ITEM_SEGMENT, view_of("s"), 7));
    assert_string_equal(consul_value(&c, "prod/features/f"), FLAG_F3);
    assert_int_equal(strlen(consul_value(&c, "prod/segments/s")), 156);
    assert_dataset(read_back(&c.h), "f3 g2 s:-7");
    assert_true(c.h.initialized);
    write_all(&c.h, dataset_text("f3 t:4"));
    assert_dataset(read_back(&c.h), "f3 t:4");
    assert_string_equal(consul_say(&c, "GET", "/v1/kv/?keys=&separator=%00", NULL),
                        "[\n    \"prod/$inited\",\n    \"prod/features/f\",\n    "
                        "\"prod/segments/t\"\n]");
    assert_int_equal(c.h.state_changes, 0);
    consul_end(&c);
}

/* data-store.md 2.1: what other writers store; checklist 7, 8. */
static void items_of_other_writers_are_read(void **state)
{
    static const char *const rows[][2] = {
        {"/v1/kv/prod/features/node", "{\"version\":5,\"deleted\":true}"},
        {"/v1/kv/prod/features/python", "{\"key\":\"x\",\"version\":6,\"deleted\":true}"},
        {"/v1/kv/prod/features/other", "{\"key\":\"elsewhere\",\"version\":7}"},
        {"/v1/kv/prod/features/broken", "{sorry"},
        {"/v1/kv/prod/features/empty", ""},
        {"/v1/kv/prod/features/", ""},
        {"/v1/kv/prod/features2/not-ours", "{\"key\":\"not-ours\",\"version\":7}"},
        {"/v1/kv/prod/segments/s", "{\"version\":2}"},
        {"/v1/kv/prod/$inited", "any value"},
    };
    struct consul_world c;
    (void)state;
    consul_begin(&c);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_string_equal(consul_say(&c, "PUT", rows[i][0], rows[i][1]), "true");
    assert_dataset(read_back(&c.h), "node-5 python-6 other7 s:2");
    assert_true(c.h.initialized);
    assert_int_equal(c.h.state, STORE_VALID);
    assert_logged("\"broken\" in \"features\"");
    assert_logged("\"empty\" in \"features\"");
    write_item(&c.h, flag("broken", 1));
    write_item(&c.h, flag("empty", 1));
    write_item(&c.h, flag("node", 4));
    assert_dataset(read_back(&c.h), "node-5 python-6 other7 broken1 empty1 s:2");
    write_all(&c.h, dataset_text("f1"));
    assert_dataset(read_back(&c.h), "f1");
    consul_end(&c);
}

/* Checklist 15. */
static void init_leaves_what_is_not_its_own_alone(void **state)
{
    static const char *const others[] = {
        "prod2/$inited",        "prod2/features/f",      "prod/web/features/f", "prod/web/$inited",
        "prod/features2/f",     "prod/features",         "prod/segments.old/s", "prod/notes",
        "prod.other/features/", "production/segments/s",
    };
    struct consul_world c;
    char target[128];
    (void)state;
    consul_begin(&c);
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        (void)snprintf(target, sizeof target, "/v1/kv/%s", others[i]);
        assert_string_equal(consul_say(&c, "PUT", target, "keep me"), "true");
    }
    (void)consul_say(&c, "PUT", "/v1/kv/prod/features/old", "x");
    (void)consul_say(&c, "PUT", "/v1/kv/prod/segments/sub/old", "x");
    write_all(&c.h, dataset_text("f1"));
    assert_dataset(read_back(&c.h), "f1");
    assert_null(strstr(consul_say(&c, "GET", "/v1/kv/prod?keys=", NULL), "old\""));
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        assert_string_equal(consul_value(&c, others[i]), "keep me");
    consul_end(&c);
}

/* A flag whose canonical text has this many bytes. */
static struct item *flag_of_length(const char *key, int64_t version, size_t len)
{
    struct item *empty = flag(key, version);
    size_t frame = empty->text->len;
    item_unref(empty);
    struct item *it = flag_sized(key, version, len - frame);
    assert_int_equal(it->text->len, len);
    return it;
}

/* Checklist 14; data-store.md 12. */
static void big_items_are_stored_and_those_beyond_the_limit_dropped(void **state)
{
    struct consul_world c;
    (void)state;
    consul_begin(&c);
    for (int round = 0; round < 2; round++) {
        struct dataset_builder *b = dataset_builder_new();
        dataset_builder_add_take(b, flag("small", 1));
        dataset_builder_add_take(b, flag_of_length("large", 1, 500000));
        dataset_builder_add_take(b, flag_of_length("largest", 1, 524288));
        dataset_builder_add_take(b, flag_of_length("beyond", 1, 524289));
        dataset_builder_add_take(b, flag("last", 1));
        write_all(&c.h, dataset_builder_finish_take(b));
        assert_dataset(read_back(&c.h), "small1 large1 largest1 last1");
    }
    assert_logged("ERROR: [env: ...test] ConsulDataStore: The item \"beyond\" in \"features\" was "
                  "too large to store in Consul and was dropped");
    struct item *beyond = flag_of_length("beyond", 1, 524289);
    struct item *large = flag_of_length("large", 2, 500000);
    assert_false(store_keeps(c.h.store, beyond));
    assert_true(store_keeps(c.h.store, large));
    write_item(&c.h, beyond);
    write_item(&c.h, large);
    assert_logged("too large");
    write_item(&c.h, flag_of_length("beyond", 2, 600000));
    assert_int_equal(log_count("too large"), 2);
    write_item(&c.h, flag("beyond", 3));
    assert_dataset(read_back(&c.h), "small1 large2 largest1 last1 beyond3");
    assert_int_equal(c.h.failed_writes + c.h.state_changes, 0);
    consul_end(&c);
}

/* data-store.md 14: test data may contain anything. */
static void keys_may_hold_anything(void **state)
{
    static const char *const keys[] = {
        "a b", "a/b",  "a//b",  "..", "a/../b",   "./a", "100%", "%2F",
        "a?b", "a#b",  "a&b=c", "\"", "\xC3\xBC", "a/",  "/a",   "\xF0\x9F\x98\x80",
        "$x",  "~.-_", "..."};
    struct consul_world c;
    (void)state;
    consul_begin(&c);
    for (int init = 0; init < 2; init++) {
        struct dataset_builder *b = dataset_builder_new();
        for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
            struct item *it = item_tombstone(ITEM_FLAG, view_of(keys[i]), 1 + init);
            if (init == 0)
                write_item(&c.h, it);
            else
                dataset_builder_add_take(b, it);
        }
        struct dataset *d = dataset_builder_finish_take(b);
        if (init == 1)
            write_all(&c.h, dataset_ref(d));
        dataset_unref(d);
        const struct dataset *read = read_back(&c.h);
        for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
            const struct item *it = dataset_find(read, ITEM_FLAG, view_of(keys[i]));
            if (it == NULL)
                fail_msg("\"%s\" is missing", keys[i]);
            else
                assert_int_equal(it->version, 1 + init);
        }
    }
    write_item(&c.h, item_tombstone(ITEM_FLAG, view_of("a\nb"), 1));
    assert_logged("in \"features\" has a key that Consul does not take and was dropped");
    assert_int_equal(c.h.failed_writes + c.h.state_changes, 0);
    consul_end(&c);
}

/* Checklist 16, 80: the same keys change under the hands of two relays and a third writer. */
static void writers_that_disturb_each_other_lose_no_update(void **state)
{
    struct consul_world c;
    struct heard other;
    char key[8];
    (void)state;
    consul_begin(&c);
    heard_open(&other, &c.w, "prod");
    write_all(&c.h, dataset_text("f1 g1"));
    for (int version = 2; version <= 101; version++) {
        (void)snprintf(key, sizeof key, "%c", version % 3 == 0 ? 'g' : 'f');
        struct item *it = flag(key, version);
        (void)store_upsert_post(c.h.store, it);
        (void)store_upsert_post(other.store, it);
        item_unref(it);
        if (version % 10 == 0)
            (void)consul_say(&c, "PUT", "/v1/kv/prod/features/g", "{\"version\":1}");
        run_turns(&c.w, 2);
    }
    write_item(&c.h, flag("g", 102));
    run_until_idle(&c.h);
    run_until_idle(&other);
    assert_dataset(read_back(&c.h), "f101 g102");
    assert_int_equal(c.h.failed_writes + other.failed_writes, 0);
    heard_close(&other);
    heard_forget(&other);
    consul_end(&c);
}

/* data-store.md 4.6, 7.3: dead, then back and empty. */
static void a_killed_server_is_noticed_and_filled_again_when_it_is_back(void **state)
{
    struct consul_world c;
    (void)state;
    consul_begin(&c);
    write_all(&c.h, dataset_text("f1"));
    server_kill(&c.server);
    c.h.snapshot = dataset_text("f2 s:1");
    c.h.current = true;
    (void)store_upsert_post(c.h.store, dataset_find(c.h.snapshot, ITEM_FLAG, view_of("f")));
    run_until_state(&c.h, STORE_INTERRUPTED);
    assert_int_equal(c.h.failed_writes, 1);
    assert_logged("WARN: [env: ...test] Detected persistent store unavailability");
    assert_true(log_count("Data store returned error: Consul at 127.0.0.1:") > 0);
    consul_start(&c, c.server.port, NULL);
    run_until_state(&c.h, STORE_VALID);
    run_until_idle(&c.h);
    assert_dataset(read_back(&c.h), "f2 s:1");
    assert_true(c.h.initialized);
    consul_end(&c);
}

/* Killed and back with its data, some of them newer than ours: checklist 60. */
static void a_repair_with_old_data_lowers_no_version(void **state)
{
    static const char *const options[] = {"-data-dir={folder}/data", NULL};
    struct consul_world c;
    (void)state;
    memset(&c, 0, sizeof c);
    world_begin(&c.w);
    consul_start(&c, 0, options);
    consul_settings(&c);
    consul_open(&c);
    write_all(&c.h, dataset_text("f5 g1 h1"));
    server_kill(&c.server);
    c.h.snapshot = dataset_text("f4 g2 s:1");
    c.h.current = false;
    (void)store_upsert_post(c.h.store, dataset_find(c.h.snapshot, ITEM_FLAG, view_of("g")));
    run_until_state(&c.h, STORE_INTERRUPTED);
    consul_start(&c, c.server.port, options);
    run_until_state(&c.h, STORE_VALID);
    run_until_idle(&c.h);
    assert_dataset(read_back(&c.h), "f5 g2 h1 s:1");
    consul_end(&c);
}

/* Checklist 63, in small. */
static void a_server_that_comes_and_goes_costs_nothing(void **state)
{
    struct consul_world c;
    (void)state;
    consul_begin(&c);
    for (int i = 0; i < 4; i++) {
        write_all(&c.h, dataset_text("f1"));
        server_kill(&c.server);
        store_read_post(c.h.store, STORE_ALL_KINDS);
        run_until_state(&c.h, STORE_INTERRUPTED);
        assert_false(c.h.read_ok);
        consul_start(&c, c.server.port, NULL);
        run_until_state(&c.h, STORE_VALID);
    }
    consul_end(&c);
}

/* Bhang of data-store.md 6.2: it accepts, and never answers. Other environments wait for themselves
 * only. */
static void a_silent_server_costs_the_time_limit_and_no_more(void **state)
{
    struct consul_world c;
    (void)state;
    consul_begin(&c);
    heard_close(&c.h);
    world_close(&c.w);
    c.w.settings.consul.timeout_ms = 1500; /* enough for a write on a busy machine */
    consul_open(&c);
    write_all(&c.h, dataset_text("f1"));
    server_freeze(&c.server);
    uint64_t start_ns = uv_hrtime();
    store_read_post(c.h.store, STORE_ALL_KINDS);
    run_until_state(&c.h, STORE_INTERRUPTED);
    assert_true(uv_hrtime() - start_ns >= 1400000000);
    assert_false(c.h.read_ok);
    assert_true(log_count("list failed for features: Consul at 127.0.0.1:") > 0);
    assert_true(log_count("no answer in time") > 0);
    server_thaw(&c.server);
    run_until_state(&c.h, STORE_VALID);
    assert_dataset(read_back(&c.h), "f1");
    consul_end(&c);
}

/* The data go while the server stays: checklist 57 with Consul. */
static void lost_data_are_noticed_by_the_health_check(void **state)
{
    struct consul_world c;
    (void)state;
    consul_begin(&c);
    heard_close(&c.h);
    world_close(&c.w);
    c.w.settings.health_check_interval_ms = 50;
    consul_open(&c);
    c.h.snapshot = dataset_text("f3 s:1");
    c.h.current = true;
    write_all(&c.h, dataset_ref(c.h.snapshot));
    (void)consul_say(&c, "DELETE", "/v1/kv/prod?recurse=", NULL);
    run_until_line(&c.w, "INFO: [env: ...test] Successfully repopulated data store from snapshot");
    assert_dataset(read_back(&c.h), "f3 s:1");
    assert_logged("Data store lost initialization data, possible store restart detected");
    consul_end(&c);
}

/* The end comes in the middle of a big write: it is finished, or given up, and nothing hangs. */
static void the_end_waits_for_no_silent_server(void **state)
{
    struct consul_world c;
    (void)state;
    consul_begin(&c);
    write_all(&c.h, dataset_text("f1"));
    server_freeze(&c.server);
    struct item *f2 = flag("f", 2);
    (void)store_upsert_post(c.h.store, f2);
    item_unref(f2);
    run_turns(&c.w, 5);
    uint64_t start_ns = uv_hrtime();
    heard_close(&c.h);
    assert_true(uv_hrtime() - start_ns < 4500000000);
    heard_forget(&c.h);
    world_end(&c.w);
    server_thaw(&c.server);
    server_end(&c.server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_has_the_layout_that_sdks_read),
        cmocka_unit_test(items_of_other_writers_are_read),
        cmocka_unit_test(init_leaves_what_is_not_its_own_alone),
        cmocka_unit_test(big_items_are_stored_and_those_beyond_the_limit_dropped),
        cmocka_unit_test(keys_may_hold_anything),
        cmocka_unit_test(writers_that_disturb_each_other_lose_no_update),
        cmocka_unit_test(a_killed_server_is_noticed_and_filled_again_when_it_is_back),
        cmocka_unit_test(a_repair_with_old_data_lowers_no_version),
        cmocka_unit_test(a_server_that_comes_and_goes_costs_nothing),
        cmocka_unit_test(a_silent_server_costs_the_time_limit_and_no_more),
        cmocka_unit_test(lost_data_are_noticed_by_the_health_check),
        cmocka_unit_test(the_end_waits_for_no_silent_server),
    };
    return cmocka_run_group_tests(tests, consul_build, NULL);
}
