/* Memberships in Redis: what SDKs read, and what a Redis may say (big-segments.md 6.1; checklist
 * 29-31, 35). */
#include "fake_redis.h"
#include "members_world.h"

#include "../store/redis_world.h"

#include <string.h>

#define HASH "K9gGyX8OAK8aH8Myj6djqSaXI8jbj6xPk69x2xhtbpA="

/* ---- a real one ------------------------------------------------------------------------------ */

/* 30, 31, 33, 35. */
static void what_is_written_has_the_layout_that_sdks_read(void **state)
{
    static const struct {
        const char *ask;
        const char *answer;
    } rows[] = {
        {"dbsize", "5"},
        {"--raw get prod:big_segments_cursor", "65a0c0de"},
        {"--raw get prod:big_segments_synchronized_on", "1760000000000"},
        {"--raw strlen prod:big_segments_lock", "0"},
        {"--raw type prod:big_segments_lock", "string"},
        {"--raw smembers prod:big_segment_include:" HASH, "vip.g2"},
        {"--raw smembers prod:big_segment_exclude:other", "vip.g2"},
        {"ttl prod:big_segments_cursor", "-1"},
        {"ttl prod:big_segments_synchronized_on", "-1"},
        {"ttl prod:big_segment_include:" HASH, "-1"},
    };
    struct redis_world r;
    struct members m;
    (void)state;
    redis_begin(&r);
    redis_open(&r);
    members_open(&m, &r.w);
    assert_logged("INFO: [env: ...test] RedisBigSegmentStore: Using Redis big segment store: "
                  "redis://127.0.0.1:");
    assert_string_equal(members_apply(m.store, &r.w, "vip.g2 >"), "applied");
    assert_string_equal(redis_cli(&r.server, "exists prod:big_segments_cursor"), "1");
    assert_string_equal(members_apply(m.store, &r.w, "vip.g2 >65a0c0de +" HASH " *other"),
                        "applied");
    assert_string_equal(members_time_set(m.store, &r.w, INT64_C(1760000000000)), "ok");
    for (unsigned init = 0; init < 2; init++) {
        for (size_t i = init; i < ARRAY_LEN(rows); i++) {
            const char *answer = redis_cli(&r.server, rows[i].ask);
            if (strcmp(answer, rows[i].answer) != 0)
                fail_msg("%s: %s", rows[i].ask, answer);
        }
        write_all(&r.h, dataset_text("f3 g1")); /* an Init leaves them alone */
    }
    members_close(&m);
    redis_end(&r);
}

/* 29, and values of another type than ours. */
static void what_cannot_be_done_is_an_error(void **state)
{
    struct redis_world r;
    struct members m;
    (void)state;
    redis_begin(&r);
    redis_open(&r);
    members_open(&m, &r.w);
    (void)redis_cli(&r.server, "set prod:big_segments_synchronized_on yesterday");
    assert_string_equal(members_time(m.store, &r.w),
                        "the time of synchronization in Redis is no number");
    (void)redis_cli(&r.server, "set prod:big_segment_include:h x");
    assert_non_null(strstr(members_of(m.store, &r.w, "h"), "WRONGTYPE"));
    assert_non_null(strstr(members_apply(m.store, &r.w, "vip.g1 > +h"), "WRONGTYPE"));
    (void)redis_cli(&r.server, "replicaof 127.0.0.1 1");
    assert_string_equal(members_apply(m.store, &r.w, "vip.g1 > +i"),
                        "READONLY You can't write against a read only replica.");
    assert_string_equal(members_time_set(m.store, &r.w, 1),
                        "READONLY You can't write against a read only replica.");
    (void)redis_cli(&r.server, "replicaof no one");
    assert_string_equal(members_apply(m.store, &r.w, "vip.g1 > +i"), "applied");
    assert_string_equal(members_of(m.store, &r.w, "i"), "vip.g1+");
    members_close(&m);
    redis_end(&r);
}

/* Connections that a restart has made useless are replaced without anybody noticing. */
static void a_restart_between_two_operations_is_not_noticed(void **state)
{
    struct redis_world r;
    struct members m;
    (void)state;
    redis_begin(&r);
    redis_open(&r);
    members_open(&m, &r.w);
    assert_string_equal(members_apply(m.store, &r.w, "vip.g1 >1 +h"), "applied");
    assert_string_equal(members_of(m.store, &r.w, "h"), "vip.g1+");
    uint16_t port = r.server.port;
    server_kill(&r.server);
    assert_non_null(strstr(members_of(m.store, &r.w, "h"), "connection refused"));
    assert_non_null(strstr(members_cursor(m.store, &r.w), "connection refused"));
    redis_start(&r.server, port);
    assert_string_equal(members_cursor(m.store, &r.w), "");
    assert_string_equal(members_of(m.store, &r.w, "h"), "");
    members_close(&m);
    redis_end(&r);
}

/* A server that has stopped answering costs the time limit, and closing costs nothing. */
static void a_frozen_server_ends_in_an_error(void **state)
{
    struct redis_world r;
    struct members m;
    (void)state;
    redis_begin(&r);
    redis_open(&r);
    members_open(&m, &r.w);
    assert_string_equal(members_of(m.store, &r.w, "h"), "");
    server_freeze(&r.server);
    assert_non_null(strstr(members_of(m.store, &r.w, "h"), "Redis gave no answer within 500 ms"));
    members_close(&m);
    server_thaw(&r.server);
    redis_end(&r);
}

/* data-store.md 8.1: after a fail-over the new master is asked, at the latest with the next
 * operation but one. */
static void a_fail_over_is_followed(void **state)
{
    struct redis_world r = {0};
    struct server replica = {0};
    struct server watcher = {0};
    struct members m;
    char text[16];
    char node[32];
    const char *const nodes[] = {node, NULL};
    (void)state;
    world_begin(&r.w);
    redis_start(&r.server, 0);
    redis_replica_start(&replica, r.server.port);
    redis_sentinel_start(&watcher, r.server.port, 1, 30000);
    redis_await(&watcher, "sentinel replicas flags", "master-link-status\nok");
    (void)snprintf(node, sizeof node, "127.0.0.1:%u", watcher.port);
    (void)snprintf(r.address, sizeof r.address, "redis-sentinel://%s/flags", node);
    redis_settings(&r);
    r.w.settings.redis.mode = STORE_REDIS_SENTINEL;
    r.w.settings.redis.nodes = nodes;
    r.w.settings.redis.sentinel_master = "flags";
    redis_open(&r);
    members_open(&m, &r.w);
    assert_string_equal(members_apply(m.store, &r.w, "vip.g1 >1 +h"), "applied");
    assert_string_equal(members_of(m.store, &r.w, "h"), "vip.g1+");
    assert_string_equal(redis_cli(&watcher, "sentinel failover flags"), "OK");
    redis_await(&replica, "info replication", "role:master");
    (void)snprintf(text, sizeof text, "\n%u", replica.port);
    redis_await(&watcher, "sentinel get-master-addr-by-name flags", text);
    server_kill(&r.server);
    const char *result = members_apply(m.store, &r.w, "vip.g1 1>2 +i");
    if (strcmp(result, "applied") != 0)
        result = members_apply(m.store, &r.w, "vip.g1 1>2 +i");
    assert_string_equal(result, "applied");
    assert_string_equal(redis_cli(&replica, "--raw get prod:big_segments_cursor"), "2");
    members_close(&m);
    server_end(&watcher);
    server_end(&replica);
    redis_end(&r);
}

/* data-store.md 8.2: keys with a hash tag lie at one place; without one the transaction is refused.
 */
static void a_cluster_needs_a_hash_tag(void **state)
{
    struct redis_world r = {0};
    struct members m;
    char node[32];
    const char *const nodes[] = {node, NULL};
    (void)state;
    world_begin(&r.w);
    redis_cluster_master_start(&r.server, 0);
    assert_string_equal(redis_cli(&r.server, "cluster addslotsrange 0 16383"), "OK");
    redis_await(&r.server, "cluster info", "cluster_state:ok");
    (void)snprintf(node, sizeof node, "127.0.0.1:%u", r.server.port);
    (void)snprintf(r.address, sizeof r.address, "redis-cluster://%s", node);
    redis_settings(&r);
    r.w.settings.redis.mode = STORE_REDIS_CLUSTER;
    r.w.settings.redis.nodes = nodes;
    redis_open(&r);
    members_open(&m, &r.w);
    assert_non_null(strstr(members_apply(m.store, &r.w, "vip.g1 >1 +h"), "CROSSSLOT"));
    assert_string_equal(members_cursor(m.store, &r.w), "");
    struct membership_store *tagged = members_store(&m, "{ld}.prod");
    assert_string_equal(members_apply(tagged, &r.w, "vip.g1 >1 +h"), "applied");
    assert_string_equal(members_of(tagged, &r.w, "h"), "vip.g1+");
    members_store_close(&m, tagged);
    members_close(&m);
    redis_end(&r);
}

/* ---- a scripted one -------------------------------------------------------------------------- */

#define LOOK "GET\r\n$24\r\nprod:big_segments_cursor\r\n"
#define EXEC "EXEC\r\n"
#define QUEUED "+OK\r\n+QUEUED\r\n+QUEUED\r\n+QUEUED\r\n"

static const struct {
    const char *why;
    const char *patch;
    const char *result;
    struct fake_line lines[6];
} scripts[] = {
    {"another has written since the WATCH",
     "vip.g1 >1 +h",
     "mismatch",
     {{LOOK, "+OK\r\n$-1\r\n"}, {EXEC, QUEUED "*-1\r\n"}}},
    {"the answer to EXEC is lost, and it was carried out",
     "vip.g1 >1 +h",
     "applied",
     {{LOOK, "+OK\r\n$-1\r\n"}, {EXEC, NULL}, {LOOK, "$1\r\n1\r\n"}}},
    {"the answer to EXEC is lost, and it was not",
     "vip.g1 >1 +h",
     "EOF",
     {{LOOK, "+OK\r\n$-1\r\n"}, {EXEC, NULL}, {LOOK, "$-1\r\n"}}},
    {"the same, and nobody can be reached then",
     "vip.g1 >1 +h",
     "EOF",
     {{LOOK, "+OK\r\n$-1\r\n"}, {EXEC, NULL}, {LOOK, NULL}}},
    {"where the version stays the same the cursor tells nothing",
     "vip.g1 > +h",
     "EOF",
     {{LOOK, "+OK\r\n$-1\r\n"}, {EXEC, NULL}}},
    {"a command is refused while it is queued",
     "vip.g1 >1 +h",
     "OOM command not allowed when used memory > 'maxmemory'.",
     {{LOOK, "+OK\r\n$-1\r\n"},
      {EXEC, "+OK\r\n-OOM command not allowed when used memory > 'maxmemory'.\r\n+QUEUED\r\n"
             "+QUEUED\r\n-EXECABORT Transaction discarded because of previous errors.\r\n"}}},
    {"another cursor",
     "vip.g1 >1 +h",
     "mismatch",
     {{LOOK, "+OK\r\n$1\r\n7\r\n"}, {"UNWATCH\r\n", "+OK\r\n"}}},
    {"an answer that nobody asked for comes too late to matter",
     "vip.g1 >1 +h",
     "applied",
     {{LOOK, "+OK\r\n$-1\r\n"}, {EXEC, QUEUED "*0\r\n+OK\r\n"}}},
    {"no Redis", "vip.g1 >1 +h", "", {{LOOK, "HTTP/1.1 400 Bad Request\r\n\r\n"}}},
};

struct script {
    struct redis_world r;
    struct fake_redis fake;
    struct members m;
};

static void script_begin(struct script *s, const struct fake_line *lines)
{
    memset(s, 0, sizeof *s);
    world_begin(&s->r.w);
    fake_redis_open(&s->fake, &s->r.w.loop, lines);
    (void)snprintf(s->r.address, sizeof s->r.address, "redis://127.0.0.1:%u", s->fake.port);
    redis_settings(&s->r);
    world_open(&s->r.w);
    members_open(&s->m, &s->r.w);
}

static void script_end(struct script *s)
{
    members_close(&s->m);
    fake_redis_close(&s->fake);
    world_end(&s->r.w);
}

static void what_a_redis_may_say_to_a_patch(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
        struct script s;
        script_begin(&s, scripts[i].lines);
        const char *result = members_apply(s.m.store, &s.r.w, scripts[i].patch);
        if (strstr(result, scripts[i].result) == NULL)
            fail_msg("%s: %s\n%s", scripts[i].why, result, str_text(&s.fake.all));
        script_end(&s);
    }
}

/* 6.1, byte for byte. */
static void what_is_said_to_a_redis(void **state)
{
    static const struct fake_line lines[] = {
        {LOOK, "+OK\r\n$8\r\n65a0c0dd\r\n"},
        {EXEC, QUEUED "+QUEUED\r\n*4\r\n+OK\r\n+OK\r\n:1\r\n:0\r\n"},
        {NULL, NULL}};
    struct script s;
    (void)state;
    script_begin(&s, lines);
    assert_string_equal(
        members_apply(s.m.store, &s.r.w, "vip.g2 65a0c0dd>65a0c0de +" HASH " /wkeHp1yzY+S8M4cc="),
        "applied");
    assert_string_equal(
        str_text(&s.fake.all),
        "*2\r\n$5\r\nWATCH\r\n$22\r\nprod:big_segments_lock\r\n"
        "*2\r\n$3\r\nGET\r\n$24\r\nprod:big_segments_cursor\r\n"
        "*1\r\n$5\r\nMULTI\r\n"
        "*3\r\n$3\r\nSET\r\n$22\r\nprod:big_segments_lock\r\n$0\r\n\r\n"
        "*3\r\n$3\r\nSET\r\n$24\r\nprod:big_segments_cursor\r\n$8\r\n65a0c0de\r\n"
        "*3\r\n$4\r\nSADD\r\n$69\r\nprod:big_segment_include:" HASH "\r\n$6\r\nvip.g2\r\n"
        "*3\r\n$4\r\nSREM\r\n$42\r\nprod:big_segment_exclude:wkeHp1yzY+S8M4cc=\r\n$6\r\nvip.g2\r\n"
        "*1\r\n$4\r\nEXEC\r\n");
    script_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_has_the_layout_that_sdks_read),
        cmocka_unit_test(what_cannot_be_done_is_an_error),
        cmocka_unit_test(a_restart_between_two_operations_is_not_noticed),
        cmocka_unit_test(a_frozen_server_ends_in_an_error),
        cmocka_unit_test(a_fail_over_is_followed),
        cmocka_unit_test(a_cluster_needs_a_hash_tag),
        cmocka_unit_test(what_a_redis_may_say_to_a_patch),
        cmocka_unit_test(what_is_said_to_a_redis),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
