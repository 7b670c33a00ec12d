/* Streams that only say that something has changed (streaming.md 7-9, 12.1, 14.4). Checklist of
 * http-api.md: 25, 30-32. */
#include "ask.h"

#define ME "eyJraW5kIjoidXNlciIsImtleSI6Im1lIn0"
#define ME_JSON "{\"kind\":\"user\",\"key\":\"me\"}"
#define ME_HASH "f03941727e3eff44d5fa70e69c791c8e26ec549930e4a87619eb028a3d63731f"
#define NO_KEY "eyJrZXkiOiIifQ" /* {"key":""} */
#define MOB "Authorization: mob-1"
#define JSON_TYPE "Content-Type: application/json"
#define PING "event: ping\ndata:  \n\n"

static double half(struct random *r)
{
    (void)r;
    return 0.5;
}

static void setup(struct asking *a)
{
    ask_setup(a);
    a->bench.settings.init_timeout_ms = 1;
    bench_add(&a->bench, &(struct env_settings){.name = "silent",
                                                .sdk_key = "sdk-silent",
                                                .mobile_key = "mob-silent",
                                                .env_id = "silent"});
    bench_add(&a->bench,
              &(struct env_settings){.sdk_key = "sdk-1", .mobile_key = "mob-1", .env_id = "id-1"});
    bench_add(&a->bench, &(struct env_settings){.name = "safe",
                                                .sdk_key = "sdk-secret",
                                                .mobile_key = "mob-safe",
                                                .env_id = "safe",
                                                .secure_mode = true});
    ask_start(a, NULL, 0);
    bench_put(&a->bench, 1, "a:1");
    bench_put(&a->bench, 2, "a:1");
    bench_time_out(&a->bench);
}

static const struct {
    const char *method;
    const char *target;
    const char *headers;
    int status;
    const char *answer; /* events of a stream, or the body */
    const char *why;
} rows[] = {
    {"GET", "/mping", MOB, 200, PING, "phones"},
    {"GET", "/meval/" ME, MOB, 200, PING, "phones with a context"},
    {"REPORT", "/meval", JSON_TYPE "\n" MOB, 200, PING, "and in a body"},
    {"GET", "/ping/id-1", "", 200, PING, "browsers"},
    {"GET", "/eval/id-1/" ME, "", 200, PING, "browsers with a context"},
    {"REPORT", "/eval/id-1", JSON_TYPE, 200, PING, "and in a body"},
    {"GET", "/eval/id-1/" NO_KEY, "", 200, PING, "an empty key is accepted here"},
    {"GET", "/mping", "Authorization: mob-silent", 200, "", "no data: nothing yet"},
    {"GET", "/ping/silent", "", 200, "", "no data: nothing yet"},
    {"GET", "/ping/safe", "", 200, PING, "secure mode needs a context"},
    {"GET", "/eval/safe/" ME "?h=" ME_HASH, "", 200, PING, "secure mode, right hash"},
    {"GET", "/eval/safe/" ME, "", 400,
     "{\"message\":\"Environment is in secure mode, and context hash does not match.\"}",
     "no hash"},
    {"GET", "/meval/" ME, "Authorization: mob-safe", 200, PING, "phones need no hash"},
    {"GET", "/meval/!!!", MOB, 400,
     "{\"message\":\"context part of URL path did not decode as valid base64\"}", "14.5"},
    {"GET", "/eval/id-1/e30", "", 400,
     "{\"message\":\"context part of URL path did not decode to valid evaluation context as "
     "JSON\"}",
     "no context"},
    {"REPORT", "/eval/id-1", "", 415, "Content-Type must be application/json.", "no type"},
    {"GET", "/mping", "", 401, "", "no key"},
    {"GET", "/ping/nope", "", 404, "URL did not contain an environment ID", "14.5"},
    {"HEAD", "/mping", MOB, 405, "", "HEAD opens no stream"},
    {"HEAD", "/ping/id-1", "", 405, "", "HEAD opens no stream"},
    {"PUT", "/meval/" ME, MOB, 405, "", "method"},
    {"POST", "/mping", MOB, 405, "", "method"},
    {"GET", "/meval", MOB, 405, "", "method"},
    {"GET", "/eval/id-1", "", 405, "", "method"},
    {"OPTIONS", "/mping", MOB, 405, "", "no CORS"},
    {"OPTIONS", "/eval/id-1", "", 200, "", "preflight"},
    {"OPTIONS", "/eval/safe/!!!", "", 200, "", "a preflight checks nothing"},
    {"OPTIONS", "/ping/id-1", "", 200, "", "preflight"},
};

static void check_headers(const struct asking *a, size_t i)
{
    bool passed = rows[i].status == 200 || rows[i].status == 400 || rows[i].status == 415;
    bool browser = rows[i].target[1] != 'm' && rows[i].status != 405;
    bool stream = a->answer.stream;
    if ((answer_header(a, "Access-Control-Max-Age")[0] != '\0') != (passed && browser))
        fail_msg("%s: Access-Control-Max-Age", rows[i].why);
    if (stream)
        assert_string_equal(answer_header(a, "Access-Control-Allow-Origin"), "*");
    bool refused_late = rows[i].status == 400 || rows[i].status == 415;
    if (strcmp(answer_header(a, "X-Accel-Buffering"), refused_late ? "no" : "") != 0)
        fail_msg("%s: X-Accel-Buffering", rows[i].why); /* streams: http/sse.c */
}

static void a_request_is_answered_as_its_row_says(void **state)
{
    struct asking a;
    (void)state;
    setup(&a);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ask_with(&a, rows[i].method, rows[i].target, rows[i].headers, ME_JSON);
        if (a.answer.status != rows[i].status)
            fail_msg("%s: status %d", rows[i].why, a.answer.status);
        bool stream = rows[i].status == 200 && strcmp(rows[i].method, "OPTIONS") != 0;
        assert_int_equal(a.answer.stream, stream);
        check_headers(&a, i);
        bench_expect(stream ? &a.answer.events : &a.answer.body, rows[i].answer, rows[i].why);
    }
    ask_teardown(&a);
}

static void a_change_is_told(void **state)
{
    struct asking a;
    (void)state;
    setup(&a);
    ask(&a, "GET", "/mping", "Authorization: mob-silent");
    bench_put(&a.bench, 0, "a:1");
    bench_expect(&a.answer.events, PING, "the first data");
    assert_int_equal(atomic_load(&bench_snapshot(&a.bench, 0)->facts->streams[FANOUT_MOBILE_PING]),
                     1);
    ask_close_stream(&a);
    assert_int_equal(atomic_load(&bench_snapshot(&a.bench, 0)->facts->streams[FANOUT_MOBILE_PING]),
                     0);
    ask_teardown(&a);
}

/* 12.1: the ping of the beginning is not delayed, those of changes are, and only one waits. */
static void pings_are_spread(void **state)
{
    struct asking a;
    struct random random = {half};
    (void)state;
    setup(&a);
    a.api->settings.random = &random;
    a.api->settings.ping_jitter_ms = 20;
    ask(&a, "GET", "/mping", MOB);
    bench_expect(&a.answer.events, PING, "at once");
    bench_put(&a.bench, 1, "a:2");
    while (a.answer.events.len == 0) {
        bench_expect(&a.answer.events, "", "not yet");
        (void)uv_run(&a.bench.loop, UV_RUN_ONCE);
    }
    bench_expect(&a.answer.events, PING, "later");
    ask_teardown(&a);
}

static void a_ping_that_waits_ends_with_its_stream(void **state)
{
    struct asking a;
    struct random random = {half};
    (void)state;
    setup(&a);
    a.api->settings.random = &random;
    a.api->settings.ping_jitter_ms = 60000;
    ask(&a, "GET", "/mping", "Authorization: mob-silent");
    bench_put(&a.bench, 0, "a:2");
    assert_int_equal(a.answer.events.len, 0);
    ask_close_stream(&a);
    ask_teardown(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_answered_as_its_row_says),
        cmocka_unit_test(a_change_is_told),
        cmocka_unit_test(pings_are_spread),
        cmocka_unit_test(a_ping_that_waits_ends_with_its_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
