/* The state of the connection and what /status makes of it (streaming.md 6.1, status.md 4, 5).
 * Checklist of status.md: 19-33; of streaming.md: 31-34. */
#include "bench.h"

static const struct {
    const char *steps;
    const char *want;
    const char *why;
} rows[] = {
    {"", "INITIALIZING", "19: no client yet"},
    {"put a:1", "VALID", "20: data"},
    {"alive", "INITIALIZING", "only a put leaves INITIALIZING"},
    {"patch a:1", "INITIALIZING", "a patch before any put does not either"},
    {"lost", "INITIALIZING NETWORK_ERROR", "25: failures before the first success"},
    {"503", "INITIALIZING ERROR_RESPONSE(503)", "29"},
    {"invalid", "INITIALIZING INVALID_DATA", "25"},
    {"write-fails", "INITIALIZING STORE_ERROR", "a store error is no state of the connection"},
    {"put a:1; lost", "INTERRUPTED NETWORK_ERROR", "21: lost"},
    {"put a:1; 503", "INTERRUPTED ERROR_RESPONSE(503)", "29"},
    {"put a:1; lost; 503", "INTERRUPTED ERROR_RESPONSE(503)", "the latest error counts"},
    {"put a:1; 503; lost", "INTERRUPTED NETWORK_ERROR", "and its code goes with it"},
    {"put a:1; lost; alive", "VALID NETWORK_ERROR", "23: back with any event, the error stays"},
    {"put a:1; lost; patch a:2", "VALID NETWORK_ERROR", "a patch is an event"},
    {"put a:1; lost; patch a:1", "VALID NETWORK_ERROR", "also an old one"},
    {"put a:1; lost; put a:1", "VALID NETWORK_ERROR", "also an equal put"},
    {"put a:1; invalid; put a:1", "VALID INVALID_DATA", "30"},
    {"put a:1; write-fails", "VALID STORE_ERROR", "a refused write is a matter of the store"},
    {"401", "OFF ERROR_RESPONSE(401)", "27"},
    {"put a:1; 401", "OFF ERROR_RESPONSE(401)", "28"},
    {"put a:1; 401; lost", "OFF NETWORK_ERROR", "OFF until something good comes"},
    {"put a:1; 401; put a:1", "VALID ERROR_RESPONSE(401)", "which ends it"},
    {"put a:1; store-down", "VALID", "32: the database has no influence"},
};

static void the_state_is_that_of_its_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct bench b;
        bench_setup(&b);
        bench_add(&b, &(struct env_settings){0});
        bench_start(&b);
        bench_script(&b, rows[i].steps);
        bench_expect_connection(&b, 0, rows[i].want, rows[i].why);
        bench_teardown(&b);
    }
}

static const struct {
    const char *steps;
    int64_t limit_ms;
    bool connected;
    const char *why;
} connected_rows[] = {
    {"", 60000, false, "no client yet"},
    {"put a:1", 60000, true, "data"},
    {"put a:1; advance 999999999", 60000, true, "for good while VALID"},
    {"put a:1; lost; advance 59999", 60000, true, "lost for less than the limit"},
    {"put a:1; lost; advance 60000", 60000, false, "exactly the limit"},
    {"put a:1; lost; advance 59000; lost; advance 1000", 60000, false,
     "26: repeated failures do not move stateSince"},
    {"put a:1; lost; advance 60000; alive", 60000, true, "back"},
    {"put a:1; 401; advance 59999", 60000, true, "28: refused while running"},
    {"put a:1; 401; advance 60000", 60000, false, "28: and later"},
    {"put a:1; lost", 0, false, "22: 0 counts every interruption"},
    {"put a:1; lost", -5, false, "a negative limit is as 0"},
    {"lost; stored a:1; timeout", 60000, false, "31: serving stored data"},
    {"put a:1; store-down", 60000, true, "32"},
    {"401", 60000, false, "27"},
};

static void connected_is_what_its_row_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(connected_rows); i++) {
        struct bench b;
        bench_setup(&b);
        b.settings.init_timeout_ms = 20;
        b.settings.disconnected_status_ms = connected_rows[i].limit_ms;
        bench_add(&b, &(struct env_settings){0});
        bench_start(&b);
        bench_script(&b, connected_rows[i].steps);
        int64_t until =
            env_snapshot_connected_until(bench_snapshot(&b, 0), connected_rows[i].limit_ms);
        if ((b.clock.now_ms < until) != connected_rows[i].connected)
            fail_msg("%s", connected_rows[i].why);
        bench_teardown(&b);
    }
}

static void times_are_those_of_the_changes(void **state)
{
    struct bench b;
    (void)state;
    bench_setup(&b);
    bench_add(&b, &(struct env_settings){0});
    bench_start(&b);
    const int64_t start = b.clock.wall_ms;
    assert_int_equal(bench_snapshot(&b, 0)->state.connection_since_ms, start);
    assert_int_equal(bench_snapshot(&b, 0)->facts->created_wall_ms, start);
    bench_script(&b, "advance 420; put a:1");
    assert_int_equal(bench_snapshot(&b, 0)->state.connection_since_ms, start + 420);
    assert_int_equal(bench_snapshot(&b, 0)->state.store_since_ms, start + 420);
    bench_script(&b, "advance 1000; lost; advance 1000; lost");
    assert_int_equal(bench_snapshot(&b, 0)->state.connection_since_ms, start + 1420);
    assert_int_equal(bench_snapshot(&b, 0)->state.error_ms, start + 2420);
    bench_script(&b, "advance 1000; store-down");
    assert_true(bench_snapshot(&b, 0)->state.store_failing);
    assert_int_equal(bench_snapshot(&b, 0)->state.store_since_ms, start + 3420);
    bench_script(&b, "advance 1000; store-up");
    assert_false(bench_snapshot(&b, 0)->state.store_failing);
    assert_int_equal(bench_snapshot(&b, 0)->state.store_since_ms, start + 4420);
    bench_teardown(&b);
}

/* 34: once per outage, with counts per kind and status. */
static void an_outage_is_reported_once(void **state)
{
    struct bench b;
    (void)state;
    bench_setup(&b);
    b.settings.disconnected_status_ms = 30;
    bench_add(&b, &(struct env_settings){0});
    bench_start(&b);
    bench_script(&b, "put a:1; lost; alive; lost; lost; 503; lost");
    while (!bench_log_has(&b, "outage"))
        (void)uv_run(&b.loop, UV_RUN_ONCE);
    assert_true(bench_log_has(
        &b,
        "ERROR: [env: ...0001] LaunchDarkly data source outage - updates have been unavailable for "
        "at least "
        "30ms with the following errors: NETWORK_ERROR (3 times), ERROR_RESPONSE(503) (1 time)\n"));
    str_clear(&b.log);
    bench_script(&b, "lost; lost");
    assert_false(uv_is_active((uv_handle_t *)&b.loop) && bench_log_has(&b, "outage"));
    bench_script(&b, "put a:1; lost");
    while (!bench_log_has(&b, "NETWORK_ERROR (1 time)"))
        (void)uv_run(&b.loop, UV_RUN_ONCE);
    bench_teardown(&b);
}

static void a_database_that_is_back_is_given_what_it_missed(void **state)
{
    struct bench b;
    (void)state;
    bench_setup(&b);
    bench_add(&b, &(struct env_settings){0});
    bench_start(&b);
    bench_script(&b, "refill; put a:1; store-down; refill; lost; refill; store-up");
    bench_expect(&b.stores[0].log, "init 1;refill 1 current;refill 1 old;", "nothing without data");
    assert_int_equal(b.sources[0].restarts, 0);
    bench_teardown(&b);
}

static void with_a_ttl_launchdarkly_is_asked_again_after_an_outage(void **state)
{
    struct bench b;
    (void)state;
    bench_setup(&b);
    b.settings.local_ttl_ms = 30000;
    bench_add(&b, &(struct env_settings){0});
    bench_start(&b);
    bench_script(&b, "store-down; store-up");
    assert_int_equal(b.sources[0].restarts, 0); /* there is nothing to refresh yet */
    bench_script(&b, "put a:1; store-up; store-down; store-up");
    assert_int_equal(b.sources[0].restarts, 1);
    assert_true(bench_log_has(
        &b, "WARN: [env: ...0001] Restarting stream to refresh data after data store outage"));
    bench_teardown(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_state_is_that_of_its_row),
        cmocka_unit_test(connected_is_what_its_row_says),
        cmocka_unit_test(times_are_those_of_the_changes),
        cmocka_unit_test(an_outage_is_reported_once),
        cmocka_unit_test(a_database_that_is_back_is_given_what_it_missed),
        cmocka_unit_test(with_a_ttl_launchdarkly_is_asked_again_after_an_outage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
