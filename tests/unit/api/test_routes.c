/* The table of routes (http-api.md 2). Checklist of http-api.md: 1-5, 7-9, 11; of streaming.md: 43;
 * of status.md: 4-6. */
#include "ask.h"

static const struct {
    const char *method;
    const char *target;
    int status; /* with the good SDK key */
} rows[] = {
    {"GET", "/status", 200},
    {"HEAD", "/status", 200},
    {"GET", "/status?x=%zz", 200},
    {"GET", "http://elsewhere/status", 200},
    {"GET", "//status", 200},
    {"GET", "/x/../status", 200},
    {"GET", "/%73tatus", 200},
    {"PUT", "/status", 405},
    {"POST", "/status", 405},
    {"DELETE", "/status", 405},
    {"OPTIONS", "/status", 405},
    {"REPORT", "/status", 405},
    {"GET", "/status/", 404},
    {"GET", "/Status", 404},
    {"GET", "/statusx", 404},
    {"GET", "/sdk/flags", 200},
    {"HEAD", "/sdk/flags", 200},
    {"PUT", "/sdk/flags", 405},
    {"OPTIONS", "/sdk/flags", 405},
    {"GET", "/sdk/flags/", 404},
    {"GET", "/SDK/flags", 404},
    {"GET", "//sdk/flags", 200},
    {"GET", "/%73dk/flags", 200},
    {"GET", "/sdk/flags/nope/", 404},
    {"PUT", "/sdk/flags/nope", 405},
    {"PUT", "/sdk/segments/nope", 405},
    {"GET", "/sdk/segments", 404},
    {"GET", "/sdk/latest-all", 200},
    {"HEAD", "/sdk/latest-all", 200},
    {"PUT", "/sdk/latest-all", 405},
    {"GET", "/sdk/latest-flags", 200},
    {"PUT", "/sdk/latest-flags", 405},
    {"GET", "/sdk/latest-flags/nope", 404},
    {"GET", "/all", 200},
    {"GET", "//all", 200},
    {"GET", "/all?filter=", 200},
    {"HEAD", "/all", 405},
    {"POST", "/all", 405},
    {"OPTIONS", "/all", 405},
    {"PUT", "/all", 405},
    {"GET", "/all/", 404},
    {"GET", "/ALL", 404},
    {"GET", "/flags", 200},
    {"HEAD", "/flags", 405},
    {"PUT", "/flags", 405},
    {"REPORT", "/flags", 405},
    {"GET", "/flags/", 404},
    {"GET", "/status/prod", 200},
    {"HEAD", "/status/prod", 200},
    {"PUT", "/status/prod", 405},
    {"GET", "/status/prod/", 404},
    {"GET", "/status/a/b", 404},
    {"PUT", "/status/a/b", 405},
    {"GET", "/status/prod/filters/web", 404},
    {"PUT", "/status/prod/filters/web", 405},
    {"GET", "/status/a/b/filters/web", 404},
    {"PUT", "/status/a/b/filters/web", 405},
    {"GET", "/status.html", 404},
    {"PUT", "/status.html", 405},
    {"GET", "/livez", 200},
    {"HEAD", "/livez", 200},
    {"PUT", "/livez", 405},
    {"GET", "/readyz", 200},
    {"HEAD", "/readyz", 200},
    {"PUT", "/readyz", 405},
    {"GET", "/startupz", 200},
    {"HEAD", "/startupz", 200},
    {"PUT", "/startupz", 405},
    {"POST", "/bulk", 503}, /* events are off */
    {"POST", "//bulk", 503},
    {"PUT", "/bulk", 405},
    {"GET", "/bulk", 405},
    {"POST", "/bulk/", 404},
    {"POST", "/diagnostic", 503},
    {"PUT", "/mobile", 405},
    {"PUT", "/mobile/events", 405},
    {"PUT", "/mobile/events/bulk", 405},
    {"PUT", "/mobile/events/diagnostic", 405},
    {"POST", "/mobile/events/nope", 404},
    {"PUT", "/events/bulk/id", 405},
    {"POST", "/events/bulk", 404},
    {"PUT", "/events/diagnostic/id", 405},
    {"PUT", "/a/id.gif", 405},
    {"GET", "/a/id.png", 404},
    {"GET", "/", 404},
    {"GET", "/nope", 404},
    {"GET", "/robots.txt", 404},
    {"GET", "/sdk/eval/x", 404},
    {"GET", "/sdk/goals", 404},
    {"GET", "/sdk/goals/nope", 404},
    {"GET", "/sdk/goals/", 404},
    {"HEAD", "/sdk/goals/nope", 405},
    {"PUT", "/sdk/goals/nope", 405},
    {"POST", "/ofrep/v1/evaluate/flags", 415},
    {"POST", "/ofrep/v1/evaluate/flags/a", 415},
    {"OPTIONS", "/ofrep/v1/evaluate/flags", 200},
    {"GET", "/ofrep/v1/evaluate/flags", 405},
    {"GET", "/ofrep/v1/evaluate/flags/a", 405},
    {"PUT", "/ofrep/v1/evaluate/flags/a", 405},
    {"POST", "/ofrep/v1/evaluate/flags/", 404},
    {"POST", "/ofrep/v1/evaluate/flags/a/b", 404},
    {"GET", "/ofrep/v1/configuration", 404},
};

static void a_request_gets_the_answer_of_its_row(void **state)
{
    struct asking a;
    (void)state;
    ask_setup(&a);
    bench_add(&a.bench, &(struct env_settings){0});
    ask_start(&a, NULL, 0);
    bench_script(&a.bench, "put a:1");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ask(&a, rows[i].method, rows[i].target, "Authorization: sdk-prod-0001");
        if (a.answer.status != rows[i].status)
            fail_msg("%s %s: %d", rows[i].method, rows[i].target, a.answer.status);
    }
    ask_teardown(&a);
}

static const char *method_of(const struct api_route *row)
{
    if ((row->methods & 1u << HTTP_REPORT) != 0)
        return "REPORT";
    return (row->methods & 1u << HTTP_POST) != 0 ? "POST" : "GET";
}

/* 3: unknown paths and methods need no credential; what is behind one does. */
static void a_credential_is_asked_for_after_the_route(void **state)
{
    struct asking a;
    (void)state;
    ask_setup(&a);
    bench_add(&a.bench, &(struct env_settings){0});
    ask_start(&a, NULL, 0);
    for (size_t i = 0; i < api_route_count; i++) {
        const struct api_route *row = &api_routes[i];
        if (strchr(row->pattern, '{') != NULL)
            continue;
        ask(&a, "PUT", row->pattern, "");
        assert_int_equal(a.answer.status, 405);
        ask(&a, method_of(row), row->pattern, "");
        if (row->credential != API_NO_CREDENTIAL)
            assert_int_equal(a.answer.status, 401);
        else
            assert_int_not_equal(a.answer.status, 401);
    }
    ask_teardown(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_gets_the_answer_of_its_row),
        cmocka_unit_test(a_credential_is_asked_for_after_the_route),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
