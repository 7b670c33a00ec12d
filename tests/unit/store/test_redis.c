/* What Redis keeps, and how (data-store.md 3.1), with a real server. */
#include "redis_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FLAG_F3                                                                                    \
    "{\"key\":\"f\",\"on\":false,\"prerequisites\":[],\"targets\":[],\"contextTargets\":[],"       \
    "\"rules\":[],\"fallthrough\":{},\"offVariation\":null,\"variations\":[],\"clientSide\":"      \
    "false,"                                                                                       \
    "\"salt\":\"\",\"trackEvents\":false,\"trackEventsFallthrough\":false,"                        \
    "\"debugEventsUntilDate\":null,\"version\":3,\"deleted\":false}"

/* Checklist 1-4, 7, 82. */
static void what_is_written_has_the_layout_that_sdks_read(void **state)
{
    struct redis_world r;
    (void)state;
    redis_begin(&r);
    redis_open(&r);
    assert_logged("INFO: Using Redis data store: redis://127.0.0.1:");
    assert_dataset(read_back(&r.h), "");
    assert_false(r.h.initialized);
    write_all(&r.h, dataset_text("f3 g1"));
    assert_logged("INFO: [env: ...test] RedisDataStore: Initialized with 2 items");
    assert_string_equal(redis_cli(&r.server, "--raw hget prod:features f"), FLAG_F3);
    assert_string_equal(redis_cli(&r.server, "exists prod:segments 'prod:$inited'"), "1");
    assert_string_equal(redis_cli(&r.server, "--raw get 'prod:$inited'"), "");
    write_item(&r.h, flag("g", 2));
    write_item(&r.h, flag("f", 3));
    write_item(&r.h, flag("f", 2));
    write_item(&r.h, item_tombstone(ITEM_SEGMENT, view_of("s"), 7));
    assert_string_equal(redis_cli(&r.server, "--raw hget prod:features f"), FLAG_F3);
    assert_dataset(read_back(&r.h), "f3 g2 s:-7");
    assert_true(r.h.initialized);
    assert_string_equal(redis_cli(&r.server, "--raw hstrlen prod:segments s"), "156");
    write_all(&r.h, dataset_text("f3"));
    assert_dataset(read_back(&r.h), "f3");
    assert_string_equal(redis_cli(&r.server, "exists prod:segments"), "0");
    redis_end(&r);
}

/* data-store.md 2.1: what other writers store; checklist 8. */
static void items_of_other_writers_are_read(void **state)
{
    static const char *const rows[] = {
        "hset prod:features node '{\"version\":5,\"deleted\":true}'",
        "hset prod:features python '{\"key\":\"x\",\"version\":6,\"deleted\":true}'",
        "hset prod:features other '{\"key\":\"elsewhere\",\"version\":7}'",
        "hset prod:features broken '{sorry'",
        "hset prod:segments s '{\"version\":2}'",
        "set 'prod:$inited' 'prod:$inited'",
    };
    struct redis_world r;
    (void)state;
    redis_begin(&r);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        (void)redis_cli(&r.server, rows[i]);
    redis_open(&r);
    assert_dataset(read_back(&r.h), "node-5 python-6 other7 s:2");
    assert_true(r.h.initialized);
    assert_int_equal(r.h.state, STORE_VALID);
    assert_logged("\"broken\" in \"features\"");
    redis_end(&r);
}

/* Checklist 5: the same hash changes under the WATCH of another process, again and again. */
static void two_writers_disturb_each_other_and_both_arrive(void **state)
{
    struct redis_world r;
    char command[256];
    (void)state;
    for (int atomic = 0; atomic < 2; atomic++) {
        redis_begin(&r);
        r.w.settings.redis.atomic_upsert = atomic != 0;
        redis_open(&r);
        write_all(&r.h, dataset_text("f1 g1"));
        for (int version = 2; version < 40; version++) {
            (void)snprintf(command, sizeof command,
                           "hset prod:features g '{\"version\":%d}' >/dev/null &", version);
            (void)redis_cli(&r.server, command);
            write_item(&r.h, flag("f", version));
        }
        write_item(&r.h, flag("g", 20));
        (void)redis_cli(&r.server, "wait 0 0");
        const struct item *f = dataset_find(read_back(&r.h), ITEM_FLAG, view_of("f"));
        assert_int_equal(f->version, 39);
        assert_int_equal(r.h.failed_writes, 0);
        redis_end(&r);
    }
}

/* data-store.md 4.6, 7.3: dead, then back and empty. */
static void a_killed_server_is_noticed_and_filled_again_when_it_is_back(void **state)
{
    struct redis_world r;
    (void)state;
    redis_begin(&r);
    redis_open(&r);
    write_all(&r.h, dataset_text("f1"));
    server_kill(&r.server);
    r.h.snapshot = dataset_text("f2 s:1");
    r.h.current = true;
    (void)store_upsert_post(r.h.store, dataset_find(r.h.snapshot, ITEM_FLAG, view_of("f")));
    run_until_state(&r.h, STORE_INTERRUPTED);
    assert_int_equal(r.h.failed_writes, 1);
    assert_logged("WARN: [env: ...test] Detected persistent store unavailability");
    redis_start(&r.server, r.server.port);
    run_until_state(&r.h, STORE_VALID);
    run_until_idle(&r.h);
    assert_dataset(read_back(&r.h), "f2 s:1");
    redis_end(&r);
}

/* Checklist 59: a replica answers every read and refuses every write. */
static void a_server_that_became_a_replica_is_not_available(void **state)
{
    struct redis_world r;
    char command[64];
    (void)state;
    redis_begin(&r);
    redis_open(&r);
    write_all(&r.h, dataset_text("f1"));
    (void)snprintf(command, sizeof command, "replicaof 127.0.0.1 %u", free_port());
    (void)redis_cli(&r.server, command);
    struct item *f2 = flag("f", 2);
    (void)store_upsert_post(r.h.store, f2);
    item_unref(f2);
    run_until_state(&r.h, STORE_INTERRUPTED);
    run_until_line(&r.w, "READONLY");
    run_turns(&r.w, 200);
    assert_int_equal(r.h.state, STORE_INTERRUPTED);
    (void)redis_cli(&r.server, "replicaof no one");
    run_until_state(&r.h, STORE_VALID);
    redis_end(&r);
}

/* Bhang of data-store.md 6.2: it accepts, and never answers. */
static void a_silent_server_costs_the_reply_limit_and_no_more(void **state)
{
    struct redis_world r;
    (void)state;
    redis_begin(&r);
    redis_open(&r);
    write_all(&r.h, dataset_text("f1"));
    server_freeze(&r.server);
    store_read_post(r.h.store, STORE_ALL_KINDS);
    run_until_state(&r.h, STORE_INTERRUPTED);
    assert_false(r.h.read_ok);
    assert_logged("Redis gave no answer within 500 ms");
    server_thaw(&r.server);
    run_until_state(&r.h, STORE_VALID);
    redis_end(&r);
}

/* Big data goes out in pieces and comes back whole. */
static void ten_thousand_items_go_through(void **state)
{
    struct redis_world r;
    char key[32];
    (void)state;
    redis_begin(&r);
    redis_open(&r);
    struct dataset_builder *b = dataset_builder_new();
    for (int i = 0; i < 10000; i++) {
        (void)snprintf(key, sizeof key, "flag-%d", i);
        dataset_builder_add_take(b, flag_sized(key, i + 1, 1000));
    }
    write_all(&r.h, dataset_builder_finish_take(b));
    assert_int_equal(dataset_count(read_back(&r.h), ITEM_FLAG), 10000);
    assert_string_equal(redis_cli(&r.server, "hlen prod:features"), "10000");
    redis_end(&r);
}

/* Errors of every kind that a server gives: an outage with the server's text, then recovery. */
static void what_the_server_refuses_is_an_outage(void **state)
{
    static const struct {
        const char *spoil;
        const char *repair;
        const char *text;
    } rows[] = {
        {"config set maxmemory 1", "config set maxmemory 0", "OOM"},
        {"config set requirepass secret", "-a secret --no-auth-warning config set requirepass ''",
         "NOAUTH"},
        {"eval \"redis.call('del',KEYS[1]) redis.call('set',KEYS[1],'x')\" 1 prod:features",
         "del prod:features", "WRONGTYPE"},
    };
    struct redis_world r;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        redis_begin(&r);
        redis_open(&r);
        write_all(&r.h, dataset_text("f1"));
        (void)redis_cli(&r.server, rows[i].spoil);
        (void)redis_cli(&r.server, "-a secret --no-auth-warning client kill type normal");
        r.h.snapshot = dataset_text("f2");
        (void)store_upsert_post(r.h.store, dataset_find(r.h.snapshot, ITEM_FLAG, view_of("f")));
        run_until_state(&r.h, STORE_INTERRUPTED);
        assert_true(log_count(rows[i].text) > 0);
        (void)redis_cli(&r.server, rows[i].repair);
        run_until_state(&r.h, STORE_VALID);
        redis_end(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_has_the_layout_that_sdks_read),
        cmocka_unit_test(items_of_other_writers_are_read),
        cmocka_unit_test(two_writers_disturb_each_other_and_both_arrive),
        cmocka_unit_test(a_killed_server_is_noticed_and_filled_again_when_it_is_back),
        cmocka_unit_test(a_server_that_became_a_replica_is_not_available),
        cmocka_unit_test(a_silent_server_costs_the_reply_limit_and_no_more),
        cmocka_unit_test(ten_thousand_items_go_through),
        cmocka_unit_test(what_the_server_refuses_is_an_outage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
