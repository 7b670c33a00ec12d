/* Diagnostic events (events.md 9). */
#include "world.h"

#include <string.h>

static const char *const sdk_headers[] = {"Authorization",
                                          "api_key sdk-old",
                                          "User-Agent",
                                          "PythonClient/9.0",
                                          "X-Custom",
                                          "a b",
                                          "content-type",
                                          "text/plain",
                                          "Content-Encoding",
                                          "gzip",
                                          NULL};
static const char *const no_headers[] = {NULL};

static void run_until_done(struct world *w)
{
    while (!events_diagnostics_are_done(&w->events->diagnostics))
        world_turn(w);
}

/* 67, 68, 69 */
static void each_is_one_request_with_the_headers_of_the_sdk(void **state)
{
    static const struct {
        enum event_family family;
        const char *start;
    } rows[] = {{EVENT_SERVER, "POST /diagnostic HTTP"},
                {EVENT_MOBILE, "POST /mobile/events/diagnostic HTTP"},
                {EVENT_BROWSER, "POST /events/diagnostic/" WORLD_ENV_ID " HTTP"}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct world w;
        struct str body = {0};
        world_start(&w, NULL);
        world_diagnostic(&w, rows[i].family, sdk_headers, "{ \"kind\" : \"diagnostic\" }\n");
        run_until_done(&w);
        assert_int_equal(w.upstream.request_count, 1);
        assert_int_equal(fake_http_count(&w.upstream, rows[i].start), 1);
        assert_string_equal(world_body(&w, 0, &body), "{ \"kind\" : \"diagnostic\" }\n");
        assert_string_equal(world_header(&w, 0, "authorization"), "api_key sdk-old");
        assert_string_equal(world_header(&w, 0, "user-agent"), "PythonClient/9.0");
        assert_string_equal(world_header(&w, 0, "x-custom"), "a b");
        assert_string_equal(world_header(&w, 0, "content-type"), "application/json");
        assert_string_equal(world_header(&w, 0, "content-encoding"), "gzip");
        assert_string_equal(world_header(&w, 0, "x-launchdarkly-event-schema"), "");
        assert_string_equal(world_header(&w, 0, "x-launchdarkly-payload-id"), "");
        assert_int_equal(world_logged(&w, "Received diagnostic event to be proxied to http://127."),
                         1);
        str_free(&body);
        world_close(&w);
    }
}

/* 8.1: one that says nothing of itself is not given a name of ours. */
static void without_a_user_agent_there_is_none(void **state)
{
    struct world w;
    (void)state;
    world_start(&w, NULL);
    world_diagnostic(&w, EVENT_SERVER, no_headers, "x");
    run_until_done(&w);
    assert_null(strstr(w.upstream.requests[0].head, "User-Agent"));
    world_close(&w);
}

/* 70 */
static void answers_lead_to_one_retry_at_the_most(void **state)
{
    static const struct {
        int status;
        size_t requests;
    } rows[] = {{202, 1}, {503, 2}, {400, 2}, {401, 1}, {413, 1}, {404, 1}, {302, 2}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct fake_rule rules[] = {{.status = rows[i].status}, END};
        struct world w;
        world_start(&w, rules);
        world_diagnostic(&w, EVENT_SERVER, no_headers, "x");
        run_until_done(&w);
        assert_int_equal(w.upstream.request_count, rows[i].requests);
        world_diagnostic(&w, EVENT_SERVER, no_headers, "y"); /* never switched off */
        world_requests(&w, rows[i].requests + 1);
        world_close(&w);
    }
}

/* 9: 64 are under way and 1 MiB waits; what is above that is dropped, with a line a minute. */
static void a_flood_is_bounded(void **state)
{
    static const struct fake_rule silent[] = {{.status = 1, .manner = FAKE_SILENT}, END};
    struct world w;
    char body[10001];
    (void)state;
    memset(body, 'x', 10000);
    body[10000] = '\0';
    world_init(&w, silent);
    /* Never so many connections as the fake has: nothing is connected before the loop runs. */
    world_open(&w);
    for (int i = 0; i < 300; i++)
        world_diagnostic(&w, EVENT_SERVER, no_headers, body);
    assert_int_equal(w.events->diagnostics.flying_count, 64);
    assert_true(w.events->diagnostics.waiting_bytes <= 1 << 20);
    assert_true(w.events->diagnostics.waiting_bytes > (1 << 20) - 11000);
    assert_int_equal(world_logged(&w, "Too many diagnostic events are waiting"), 1);
    fake_clock_advance(&w.clock, 60000);
    world_diagnostic(&w, EVENT_SERVER, no_headers, body);
    assert_int_equal(world_logged(&w, "Too many diagnostic events are waiting"), 2);
    events_diagnostics_abandon(w.events);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_one_request_with_the_headers_of_the_sdk),
        cmocka_unit_test(without_a_user_agent_there_is_none),
        cmocka_unit_test(answers_lead_to_one_retry_at_the_most),
        cmocka_unit_test(a_flood_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
