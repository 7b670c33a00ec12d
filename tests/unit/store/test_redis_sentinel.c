/* Redis Sentinel: who is the master, and who is it after a fail-over (data-store.md 8.1). */
#include "redis_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SENTINELS 3
#define AGREED_NS 5000000000 /* checklist 64 */

/* One master, one replica, three sentinels. */
struct sentinels {
    struct redis_world r; /* r.server: the master at the beginning */
    struct server replica;
    struct server watchers[SENTINELS];
    char names[SENTINELS][32];
    const char *nodes[SENTINELS + 1];
};

static void begin(struct sentinels *t)
{
    memset(t, 0, sizeof *t);
    world_begin(&t->r.w);
    redis_start(&t->r.server, 0);
    redis_replica_start(&t->replica, t->r.server.port);
    for (size_t i = 0; i < SENTINELS; i++) {
        redis_sentinel_start(&t->watchers[i], t->r.server.port, 2, 500);
        (void)snprintf(t->names[i], sizeof t->names[i], "127.0.0.1:%u", t->watchers[i].port);
        t->nodes[i] = t->names[i];
    }
    redis_settings(&t->r);
    (void)snprintf(t->r.address, sizeof t->r.address, "redis-sentinel://%s,%s,%s/flags",
                   t->names[0], t->names[1], t->names[2]);
    t->r.w.settings.redis.mode = STORE_REDIS_SENTINEL;
    t->r.w.settings.redis.nodes = t->nodes;
    t->r.w.settings.redis.sentinel_master = "flags";
}

/* The sentinels know each other and the replica, so that they can agree on a fail-over. */
static void await_agreement(const struct sentinels *t)
{
    for (size_t i = 0; i < SENTINELS; i++) {
        redis_await(&t->watchers[i], "sentinel master flags", "num-other-sentinels\n2");
        redis_await(&t->watchers[i], "sentinel replicas flags", "master-link-status\nok");
    }
}

static void end(struct sentinels *t)
{
    for (size_t i = 0; i < SENTINELS; i++)
        server_end(&t->watchers[i]);
    server_end(&t->replica);
    redis_end(&t->r);
}

static bool named_master(const struct sentinels *t, uint16_t port)
{
    char text[16];
    (void)snprintf(text, sizeof text, "\n%u", port);
    return strstr(redis_cli(&t->watchers[0], "sentinel get-master-addr-by-name flags"), text) !=
           NULL;
}

/* The newest update, known to the store and as its snapshot. */
static void update(struct heard *h, int64_t version)
{
    char text[32];
    (void)snprintf(text, sizeof text, "f%lld g1", (long long)version);
    dataset_unref(h->snapshot);
    h->snapshot = dataset_text(text);
    h->current = true;
    (void)store_upsert_post(h->store, dataset_find(h->snapshot, ITEM_FLAG, view_of("f")));
}

static int64_t version_at(const struct server *s)
{
    const char *answer = redis_cli(s, "--raw hget prod:features f");
    const char *at = strstr(answer, "\"version\":");
    return at != NULL ? strtoll(at + 10, NULL, 10) : -1;
}

/* Updates go on while the fail-over happens; ends when the new master has one that was made after
 * it was named. */
static int64_t update_until_there(struct sentinels *t, int64_t version)
{
    uint64_t named_ns = 0;
    int64_t wanted = INT64_MAX;
    uint64_t start_ns = uv_hrtime();
    while (version_at(&t->replica) < wanted) {
        update(&t->r.h, ++version);
        run_turns(&t->r.w, 10);
        if (named_ns == 0 && named_master(t, t->replica.port)) {
            named_ns = uv_hrtime();
            wanted = version;
        }
        if (uv_hrtime() - start_ns > 30000000000)
            fail_msg("the new master got nothing");
    }
    print_message("named after %.1f s, written to %.1f s later\n",
                  (double)(named_ns - start_ns) / 1e9, (double)(uv_hrtime() - named_ns) / 1e9);
    assert_true(uv_hrtime() - named_ns < AGREED_NS);
    return version;
}

static void check_at_the_end(struct sentinels *t, int64_t version)
{
    char text[32];
    (void)snprintf(text, sizeof text, "f%lld g1", (long long)version);
    run_until_state(&t->r.h, STORE_VALID);
    run_until_idle(&t->r.h);
    assert_dataset(read_back(&t->r.h), text);
    assert_true(t->r.h.initialized);
    assert_int_equal(version_at(&t->replica), version);
}

/* Checklist 64. */
static void a_killed_master_is_succeeded_within_seconds(void **state)
{
    struct sentinels t;
    (void)state;
    begin(&t);
    await_agreement(&t);
    redis_open(&t.r);
    assert_logged("INFO: Using Redis data store: redis-sentinel://127.0.0.1:");
    write_all(&t.r.h, dataset_text("f1 g1"));
    assert_dataset(read_back(&t.r.h), "f1 g1");
    assert_int_equal(version_at(&t.r.server), 1);
    server_kill(&t.r.server);
    int64_t version = update_until_there(&t, 1);
    check_at_the_end(&t, version);
    end(&t);
}

/* The old master lives on as a replica, and what it alone had is written again. */
static void a_commanded_fail_over_loses_no_update(void **state)
{
    struct sentinels t;
    (void)state;
    begin(&t);
    await_agreement(&t);
    redis_open(&t.r);
    write_all(&t.r.h, dataset_text("f1 g1"));
    assert_string_equal(redis_cli(&t.watchers[1], "sentinel failover flags"), "OK");
    int64_t version = update_until_there(&t, 1);
    check_at_the_end(&t, version);
    redis_await(&t.r.server, "role", "slave");
    end(&t);
}

/* The sentinels have not noticed yet; the replica would even take the write. */
static void an_unconfirmed_master_is_never_written_to(void **state)
{
    struct sentinels t;
    char words[64];
    (void)state;
    begin(&t);
    for (size_t i = 0; i < SENTINELS; i++)
        (void)redis_cli(&t.watchers[i], "sentinel set flags down-after-milliseconds 60000");
    for (size_t i = 1; i < SENTINELS; i++)
        server_kill(&t.watchers[i]);
    (void)redis_cli(&t.replica, "config set replica-read-only no");
    (void)redis_cli(&t.r.server, "config set replica-read-only no");
    (void)snprintf(words, sizeof words, "replicaof 127.0.0.1 %u", free_port());
    (void)redis_cli(&t.r.server, words);
    redis_open(&t.r);
    update(&t.r.h, 7);
    run_until_state(&t.r.h, STORE_INTERRUPTED);
    assert_true(log_count("the server is not the master") > 0);
    assert_string_equal(redis_cli(&t.r.server, "dbsize"), "0");
    (void)redis_cli(&t.r.server, "replicaof no one");
    run_until_state(&t.r.h, STORE_VALID);
    run_until_idle(&t.r.h);
    assert_dataset(read_back(&t.r.h), "f7 g1");
    assert_int_equal(version_at(&t.r.server), 7);
    end(&t);
}

/* The fail-over is over before the connect limit is: nobody notices. */
static void a_master_that_is_not_one_yet_is_waited_for(void **state)
{
    struct sentinels t;
    char words[64];
    (void)state;
    begin(&t);
    for (size_t i = 0; i < SENTINELS; i++)
        (void)redis_cli(&t.watchers[i], "sentinel set flags down-after-milliseconds 60000");
    (void)snprintf(words, sizeof words, "replicaof 127.0.0.1 %u", free_port());
    (void)redis_cli(&t.r.server, words);
    redis_open(&t.r);
    update(&t.r.h, 7);
    run_turns(&t.r.w, 60);
    (void)redis_cli(&t.r.server, "replicaof no one");
    run_until_idle(&t.r.h);
    assert_int_equal(version_at(&t.r.server), 7);
    assert_int_equal(t.r.h.failed_writes + t.r.h.state_changes, 0);
    end(&t);
}

/* Sentinels in turn; a name that none of them knows. */
static void dead_sentinels_are_passed_over(void **state)
{
    struct sentinels t;
    (void)state;
    begin(&t);
    server_kill(&t.watchers[0]);
    server_kill(&t.watchers[1]);
    redis_open(&t.r);
    write_all(&t.r.h, dataset_text("f1"));
    assert_dataset(read_back(&t.r.h), "f1");
    heard_close(&t.r.h);
    heard_forget(&t.r.h);
    world_close(&t.r.w);
    t.r.w.settings.redis.sentinel_master = "nobody";
    redis_open(&t.r);
    store_read_post(t.r.h.store, STORE_ALL_KINDS);
    run_until_state(&t.r.h, STORE_INTERRUPTED);
    assert_logged("Data store returned error: no Redis Sentinel knows master \"nobody\"");
    end(&t);
}

/* The sentinels have a password of their own. */
static void sentinels_may_want_a_password(void **state)
{
    struct sentinels t;
    (void)state;
    begin(&t);
    for (size_t i = 0; i < SENTINELS; i++)
        (void)redis_cli(&t.watchers[i], "acl setuser default resetpass '>sesame'");
    t.r.w.settings.redis.sentinel_password = "sesame";
    redis_open(&t.r);
    write_all(&t.r.h, dataset_text("f1"));
    assert_dataset(read_back(&t.r.h), "f1");
    heard_close(&t.r.h);
    heard_forget(&t.r.h);
    world_close(&t.r.w);
    t.r.w.settings.redis.sentinel_password = "";
    redis_open(&t.r);
    store_read_post(t.r.h.store, STORE_ALL_KINDS);
    run_until_state(&t.r.h, STORE_INTERRUPTED);
    assert_logged("Data store returned error: no Redis Sentinel knows master \"flags\"");
    assert_int_equal(log_count("sesame"), 0);
    end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_killed_master_is_succeeded_within_seconds),
        cmocka_unit_test(a_commanded_fail_over_loses_no_update),
        cmocka_unit_test(an_unconfirmed_master_is_never_written_to),
        cmocka_unit_test(a_master_that_is_not_one_yet_is_waited_for),
        cmocka_unit_test(dead_sentinels_are_passed_over),
        cmocka_unit_test(sentinels_may_want_a_password),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
