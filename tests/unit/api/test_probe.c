/* Probes for orchestrators (status.md 15.2). Checklist of status.md: 73-75. */
#include "ask.h"

static const struct {
    const char *steps;
    const char *target;
    int status;
    const char *body;
    const char *why;
} rows[] = {
    {"", "/livez", 200, "ok", "lives"},
    {"advance 5000", "/livez", 200, "ok", "within 5 s"},
    {"advance 7001", "/livez", 500, "not live: control thread has not answered for 7 s", "74"},
    {"", "/readyz", 503, "not ready: environment \"prod\" is waiting for data", "73: no data"},
    {"", "/readyz?verbose", 503,
     "not ready: environment \"prod\" is waiting for data\n[-]prod waiting for data",
     "with a line each"},
    {"put a:1", "/readyz", 200, "ok", "73: data"},
    {"put a:1", "/readyz?verbose", 200, "ok\n[+]prod ready", "with a line each"},
    {"put a:1; lost; advance 999999", "/readyz", 200, "ok", "an outage does not matter"},
    {"timeout", "/readyz", 503, "not ready: environment \"prod\" is waiting for data",
     "time over without data"},
    {"timeout; stored a:1", "/readyz", 200, "ok", "73: stored data is enough"},
    {"401", "/readyz", 503, "not ready: no environment can serve", "a refused one does not count"},
    {"401", "/readyz?verbose", 503,
     "not ready: no environment can serve\n[!]prod refused by LaunchDarkly", "but is named"},
    {"", "/startupz", 503, "starting: 0 of 1 environments initialized", "waiting"},
    {"put a:1", "/startupz", 200, "ok", "ended well"},
    {"timeout", "/startupz", 200, "ok", "ended badly"},
    {"401", "/startupz", 200, "ok", "75: a refusal is an end"},
    {"401", "/startupz?verbose=1", 200, "ok\n[!]prod refused by LaunchDarkly", "with a line each"},
};

static void a_probe_is_answered_as_its_row_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct asking a;
        ask_setup(&a);
        a.bench.settings.init_timeout_ms = 20;
        bench_add(&a.bench, &(struct env_settings){0});
        ask_start(&a, NULL, 0);
        bench_script(&a.bench, rows[i].steps);
        ask(&a, "GET", rows[i].target, "");
        if (a.answer.status != rows[i].status)
            fail_msg("%s: %d", rows[i].why, a.answer.status);
        bench_expect(&a.answer.body, rows[i].body, rows[i].why);
        bench_expect(&a.answer.headers,
                     "Content-Type: text/plain; charset=utf-8\nCache-Control: no-store\n",
                     rows[i].why);
        ask_teardown(&a);
    }
}

static void one_refused_environment_does_not_hold_up_the_others(void **state)
{
    struct asking a;
    (void)state;
    ask_setup(&a);
    bench_add(&a.bench, &(struct env_settings){0});
    bench_add(&a.bench, &(struct env_settings){.name = "bad", .sdk_key = "sdk-bad-000002"});
    ask_start(&a, NULL, 0);
    bench_put(&a.bench, 0, "a:1");
    bench_fail(&a.bench, 1, SOURCE_ERROR_RESPONSE, 401, false);
    ask(&a, "GET", "/readyz?verbose", "");
    bench_expect(&a.answer.body, "ok\n[!]bad refused by LaunchDarkly\n[+]prod ready",
                 "ready all the same");
    ask_teardown(&a);
}

static void a_beat_keeps_it_alive_and_a_stop_makes_it_not_ready(void **state)
{
    struct asking a;
    (void)state;
    ask_setup(&a);
    bench_add(&a.bench, &(struct env_settings){0});
    ask_start(&a, NULL, 0);
    bench_script(&a.bench, "put a:1; advance 4000");
    api_beat(a.api);
    bench_script(&a.bench, "advance 4000");
    ask(&a, "GET", "/livez", "");
    assert_int_equal(a.answer.status, 200);
    api_set_stopping(a.api);
    ask(&a, "GET", "/readyz", "");
    bench_expect(&a.answer.body, "not ready: shutting down", "73: SIGTERM");
    assert_int_equal(a.answer.status, 503);
    ask_teardown(&a);
}

static void before_the_list_of_environments_nothing_is_ready(void **state)
{
    struct asking a;
    (void)state;
    ask_setup(&a);
    ask_start(&a, NULL, 0);
    ask(&a, "GET", "/readyz", "");
    bench_expect(&a.answer.body, "not ready: the list of environments has not arrived yet",
                 "no list");
    ask(&a, "GET", "/startupz", "");
    assert_int_equal(a.answer.status, 503);
    ask_teardown(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_probe_is_answered_as_its_row_says),
        cmocka_unit_test(one_refused_environment_does_not_hold_up_the_others),
        cmocka_unit_test(a_beat_keeps_it_alive_and_a_stop_makes_it_not_ready),
        cmocka_unit_test(before_the_list_of_environments_nothing_is_ready),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
