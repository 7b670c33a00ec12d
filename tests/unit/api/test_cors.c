/* What browsers are told (http-api.md 4, streaming.md 7.3). Checklist of http-api.md: 17, 25-32; of
 * streaming.md: 64, 65. */
#include "ask.h"

static void pass(struct http_request *req, struct api_passage *p)
{
    api_answer_text(req, p, 400, "an error of the handler");
}

#define GET (1u << HTTP_GET)
#define REPORT (1u << HTTP_REPORT)
#define OPTIONS (1u << HTTP_OPTIONS)

static const struct api_route routes[] = {
    {GET | OPTIONS, false, "/poll/{envId}/{context}", API_ENVIRONMENT_ID, .handler = pass},
    {REPORT | OPTIONS, false, "/poll/{envId}", API_ENVIRONMENT_ID, .handler = pass},
    {GET | OPTIONS, false, "/ping/{envId}", API_ENVIRONMENT_ID, .stream = true,
     .kind = FANOUT_FLAGS, .handler = stream_open},
    {GET, false, "/all", API_SDK_KEY, .stream = true, .kind = FANOUT_ALL, .handler = stream_open},
    {GET, false, "/sdk", API_SDK_KEY, .handler = pass},
};

#define DEFAULT_HEADERS                                                                            \
    "Cache-Control,Content-Type,Content-Length,Accept-Encoding,X-LaunchDarkly-User-Agent,X-"       \
    "LaunchDarkly-Payload-ID,"                                                                     \
    "X-LaunchDarkly-Wrapper,X-LaunchDarkly-Event-Schema,X-LaunchDarkly-Tags"

static const char *const two[] = {"https://a.example", "https://b.example", NULL};
static const char *const only_one[] = {"https://a.example", NULL};
static const char *const extra[] = {"X-A", "X-B", NULL};

static void setup(struct asking *a)
{
    ask_setup(a);
    bench_add(&a->bench, &(struct env_settings){.sdk_key = "sdk-1", .env_id = "any"});
    bench_add(&a->bench, &(struct env_settings){.name = "two",
                                                .sdk_key = "sdk-2",
                                                .env_id = "two",
                                                .allowed_origins = two,
                                                .allowed_headers = extra});
    bench_add(&a->bench,
              &(struct env_settings){
                  .name = "one", .sdk_key = "sdk-3", .env_id = "one", .allowed_origins = only_one});
    bench_add(&a->bench,
              &(struct env_settings){.name = "late", .sdk_key = "sdk-4", .env_id = "late"});
    ask_start(a, routes, ARRAY_LEN(routes));
    for (size_t i = 0; i < 3; i++)
        bench_put(&a->bench, i, "a:1");
}

static const struct {
    const char *method;
    const char *target;
    const char *origin; /* NULL: absent */
    int status;
    const char *methods;
    const char *allowed; /* "" : no such header */
    const char *vary;
    bool all_headers;
    const char *why;
} rows[] = {
    {"GET", "/poll/any/x", NULL, 400, "GET,OPTIONS", "*", "", true,
     "28, 30: handler errors carry them too"},
    {"GET", "/poll/any/x", "https://shop.example", 400, "GET,OPTIONS", "https://shop.example",
     "Origin", true, "28"},
    {"REPORT", "/poll/any", "https://shop.example", 400, "REPORT,OPTIONS", "https://shop.example",
     "Origin", true, "26"},
    {"OPTIONS", "/poll/any/x", NULL, 200, "GET,OPTIONS", "*", "", true, "25, 31"},
    {"OPTIONS", "/poll/any", "https://shop.example", 200, "REPORT,OPTIONS", "https://shop.example",
     "Origin", true, "25"},
    {"GET", "/poll/two/x", "https://b.example", 400, "GET,OPTIONS", "https://b.example", "Origin",
     true, "29"},
    {"GET", "/poll/two/x", "https://c.example", 400, "GET,OPTIONS", "https://a.example", "Origin",
     true, "29"},
    {"GET", "/poll/two/x", "https://b.example/", 400, "GET,OPTIONS", "https://a.example", "Origin",
     true, "entries are compared exactly"},
    {"GET", "/poll/two/x", NULL, 400, "GET,OPTIONS", "https://a.example", "Origin", true, "29"},
    {"GET", "/poll/one/x", "https://c.example", 400, "GET,OPTIONS", "https://a.example", "", true,
     "one entry does not vary"},
    {"OPTIONS", "/poll/two/x", "https://b.example", 200, "GET,OPTIONS", "https://b.example",
     "Origin", true, "25"},
    {"GET", "/poll/none/x", NULL, 404, "GET,OPTIONS", "*", "", false,
     "17: errors of the gate show themselves"},
    {"GET", "/poll/none/x", "https://shop.example", 404, "GET,OPTIONS", "https://shop.example",
     "Origin", false, "17"},
    {"OPTIONS", "/poll/none/x", "https://shop.example", 404, "GET,OPTIONS", "https://shop.example",
     "Origin", false, "an unknown ID"},
    {"GET", "/poll/any/x?filter=nope", NULL, 404, "GET,OPTIONS", "*", "", false,
     "an unknown filter"},
    {"GET", "/poll/late/x", "https://shop.example", 503, "GET,OPTIONS", "https://shop.example",
     "Origin", false, "starting"},
    {"OPTIONS", "/poll/late/x", "https://shop.example", 200, "GET,OPTIONS", "https://shop.example",
     "Origin", true, "a preflight does not wait"},
    {"GET", "/ping/any", "https://shop.example", 200, "GET,OPTIONS", "*", "", true,
     "65: streams say * ..."},
    {"GET", "/ping/two", "https://b.example", 200, "GET,OPTIONS", "https://b.example", "Origin",
     true, "65: ... unless there is a list"},
    {"GET", "/ping/one", "https://c.example", 200, "GET,OPTIONS", "https://a.example", "Origin",
     true, "65"},
    {"OPTIONS", "/ping/any", NULL, 200, "GET,OPTIONS", "*", "", true, "64"},
    {"OPTIONS", "/ping/any", "https://shop.example", 200, "GET,OPTIONS", "https://shop.example",
     "Origin", true, "streaming.md 14.4"},
};

static void check(struct asking *a, const char *name, const char *want, const char *why)
{
    const char *got = answer_header(a, name);
    if (strcmp(got, want) != 0)
        fail_msg("%s\n%s: got \"%s\", want \"%s\"", why, name, got, want);
}

static void headers_are_those_of_the_row(void **state)
{
    struct asking a;
    (void)state;
    setup(&a);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char headers[128] = "";
        if (rows[i].origin != NULL)
            (void)snprintf(headers, sizeof headers, "Origin: %s", rows[i].origin);
        ask(&a, rows[i].method, rows[i].target, headers);
        if (a.answer.status != rows[i].status)
            fail_msg("%s: status %d", rows[i].why, a.answer.status);
        check(&a, "Access-Control-Allow-Methods", rows[i].methods, rows[i].why);
        check(&a, "Access-Control-Allow-Origin", rows[i].allowed, rows[i].why);
        check(&a, "Vary", rows[i].vary, rows[i].why);
        check(&a, "Access-Control-Allow-Credentials", rows[i].all_headers ? "false" : "",
              rows[i].why);
        check(&a, "Access-Control-Max-Age", rows[i].all_headers ? "300" : "", rows[i].why);
        check(&a, "Access-Control-Expose-Headers", rows[i].all_headers ? "Date" : "", rows[i].why);
    }
    ask_teardown(&a);
}

/* 27 */
static void allowed_headers_are_the_usual_ones_and_the_configured(void **state)
{
    struct asking a;
    (void)state;
    setup(&a);
    ask(&a, "OPTIONS", "/poll/any", "Access-Control-Request-Headers: X-Other");
    assert_string_equal(answer_header(&a, "Access-Control-Allow-Headers"), DEFAULT_HEADERS);
    ask(&a, "OPTIONS", "/poll/two", "");
    assert_string_equal(answer_header(&a, "Access-Control-Allow-Headers"),
                        DEFAULT_HEADERS ",X-A,X-B");
    assert_int_equal(a.answer.body.len, 0);
    ask_teardown(&a);
}

/* 32 */
static void server_routes_have_no_cors_but_their_streams_an_origin(void **state)
{
    struct asking a;
    (void)state;
    setup(&a);
    ask(&a, "GET", "/sdk", "Authorization: sdk-2\nOrigin: https://b.example");
    assert_null(strstr(str_text(&a.answer.headers), "Access-Control"));
    ask(&a, "GET", "/sdk", "Origin: https://b.example");
    assert_null(strstr(str_text(&a.answer.headers), "Access-Control"));
    ask(&a, "GET", "/all", "Authorization: sdk-2\nOrigin: https://b.example");
    bench_expect(&a.answer.headers, "X-LD-EnvId: two\nAccess-Control-Allow-Origin: *\n",
                 "a stream");
    ask_teardown(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_are_those_of_the_row),
        cmocka_unit_test(allowed_headers_are_the_usual_ones_and_the_configured),
        cmocka_unit_test(server_routes_have_no_cors_but_their_streams_an_origin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
