/* All flags for one context (http-api.md 5, evaluation.md 9). Checklist of http-api.md: 5, 10, 30,
 * 33-53. */
#include "ask.h"

#define ME "eyJraW5kIjoidXNlciIsImtleSI6Im1lIn0"
#define ME_JSON "{\"kind\":\"user\",\"key\":\"me\"}"
#define ME_HASH "f03941727e3eff44d5fa70e69c791c8e26ec549930e4a87619eb028a3d63731f"
#define MULTI_JSON "{\"kind\":\"multi\",\"user\":{\"key\":\"me\"},\"org\":{\"key\":\"o\"}}"
#define NO_KEY "eyJrZXkiOiIifQ" /* {"key":""} */
#define MESSAGE(text) "{\"message\":\"" text "\"}"
#define NO_BASE64 MESSAGE("context part of URL path did not decode as valid base64")
#define NO_CONTEXT                                                                                 \
    MESSAGE("context part of URL path did not decode to valid evaluation context as JSON")
#define BAD_HASH MESSAGE("Environment is in secure mode, and context hash does not match.")
#define NOT_READY MESSAGE("Service not initialized")
#define NO_USER_KEY MESSAGE("User must have a 'key' attribute")

#define JSON_TYPE "Content-Type: application/json"
#define SDK "Authorization: sdk-secret"
#define MOB "Authorization: mob-1"

/* Of evaluation.md 9.4. */
static const char *const flags[][2] = {
    {"alpha", "{\"key\":\"alpha\",\"version\":3,\"on\":true,\"fallthrough\":{\"variation\":0},"
              "\"variations\":[true,false],\"clientSide\":true}"},
    {"beta", "{\"key\":\"beta\",\"version\":7,\"on\":false,\"variations\":[\"x\"],"
             "\"clientSideAvailability\":{\"usingMobileKey\":false,\"usingEnvironmentId\":true}}"},
    {"gamma",
     "{\"key\":\"gamma\",\"version\":12,\"on\":true,\"prerequisites\":[{\"key\":\"alpha\","
     "\"variation\":0}],\"rules\":[{\"id\":\"r1\",\"variation\":1,\"trackEvents\":true,"
     "\"clauses\":[{\"contextKind\":\"user\",\"attribute\":\"key\",\"op\":\"in\",\"values\":["
     "\"me\"]}]}],\"fallthrough\":{\"variation\":0},\"variations\":[\"no\",{\"a\":[1,2.5,\"x\"]}],"
     "\"debugEventsUntilDate\":1700000000000,\"clientSide\":true}"},
    {"delta", "{\"key\":\"delta\",\"version\":1,\"on\":true,\"fallthrough\":{\"variation\":5},"
              "\"variations\":[1]}"},
};

#define ALPHA "\"alpha\":{\"value\":true,\"variation\":0,\"version\":3}"
#define BETA "\"beta\":{\"value\":null,\"variation\":null,\"version\":7}"
#define GAMMA                                                                                      \
    "\"gamma\":{\"value\":{\"a\":[1,2.5,\"x\"]},\"variation\":1,\"version\":12,\"trackEvents\":"   \
    "true,\"trackReason\":true,\"reason\":{\"kind\":\"RULE_MATCH\",\"ruleIndex\":0,\"ruleId\":"    \
    "\"r1\"},\"debugEventsUntilDate\":1700000000000,\"prerequisites\":[\"alpha\"]}"
#define DELTA "\"delta\":{\"value\":null,\"variation\":null,\"version\":1}"
#define REASON(kind) ",\"reason\":{\"kind\":\"" kind "\"}}"

#define FOR_BROWSER "{" ALPHA "," BETA "," GAMMA "}"
#define FOR_PHONE "{" ALPHA "," DELTA "," GAMMA "}"
#define FOR_SERVER "{" ALPHA "," BETA "," DELTA "," GAMMA "}"
#define FOR_BROWSER_WITH_REASONS                                                                   \
    "{\"alpha\":{\"value\":true,\"variation\":0,\"version\":3" REASON(                             \
        "FALLTHROUGH") ",\"beta\":{"                                                               \
                       "\"value\":"                                                                \
                       "null,"                                                                     \
                       "\"variation"                                                               \
                       "\":null,"                                                                  \
                       "\"version\""                                                               \
                       ":7" REASON("OFF") "," GAMMA "}"

static void setup(struct asking *a)
{
    ask_setup(a);
    a->bench.settings.init_timeout_ms = 1;
    a->bench.settings.local_ttl_ms = -1;
    bench_add(&a->bench, &(struct env_settings){.name = "silent",
                                                .sdk_key = "sdk-silent",
                                                .env_id = "silent",
                                                .secure_mode = true});
    bench_add(&a->bench, &(struct env_settings){
                             .sdk_key = "sdk-secret", .mobile_key = "mob-1", .env_id = "id-1"});
    bench_add(&a->bench, &(struct env_settings){.name = "safe",
                                                .sdk_key = "sdk-safe",
                                                .mobile_key = "mob-safe",
                                                .env_id = "safe",
                                                .secure_mode = true});
    bench_add(&a->bench, &(struct env_settings){.name = "late", .sdk_key = "sdk-late"});
    ask_start(a, NULL, 0);
    bench_put_flags(&a->bench, 1, flags, ARRAY_LEN(flags));
    bench_put_flags(&a->bench, 2, flags, ARRAY_LEN(flags));
    bench_stored(&a->bench, 0, NULL);
    bench_stored(&a->bench, 3, "kept:5");
    bench_time_out(&a->bench);
}

static const struct {
    const char *target;
    const char *headers;
    int status;
    const char *body;
    const char *why;
} gets[] = {
    {"/sdk/evalx/id-1/contexts/" ME, "", 200, FOR_BROWSER, "33, 43, 46"},
    {"/sdk/evalx/id-1/users/" ME, "", 200, FOR_BROWSER, "33: two names of the same"},
    {"/sdk/evalx/id-1/contexts/" ME "?withReasons=true", "", 200, FOR_BROWSER_WITH_REASONS,
     "44, 45"},
    {"/sdk/evalx/id-1/contexts/" ME "?withReasons=1", "", 200, FOR_BROWSER, "45"},
    {"/sdk/evalx/id-1/contexts/" ME "?withReasons=TRUE", "", 200, FOR_BROWSER, "45"},
    {"/sdk/evalx/id-1/contexts/" ME "?withReasons=no&withReasons=true", "", 200, FOR_BROWSER,
     "the first counts"},
    {"/sdk/evalx/id-1/contexts/" ME "=", "", 200, FOR_BROWSER, "34"},
    {"/sdk/evalx/id-1/contexts/" ME "%3D", "", 200, FOR_BROWSER, "34"},
    {"/sdk/evalx/id-1/contexts/" ME, "If-None-Match: *", 200, FOR_BROWSER, "53"},
    {"/msdk/evalx/contexts/" ME, MOB, 200, FOR_PHONE, "33, 43"},
    {"/msdk/evalx/users/" ME, MOB, 200, FOR_PHONE, "33"},
    {"/sdk/evalx/contexts/" ME, SDK, 200, FOR_SERVER, "33, 43"},
    {"/sdk/evalx/users/" ME, SDK, 200, FOR_SERVER, "33"},
    {"/sdk/evalx/id-1/contexts/a*c", "", 400, NO_BASE64, "35"},
    {"/msdk/evalx/contexts/" ME "==", MOB, 400, NO_BASE64, "35: padding that is not due"},
    {"/sdk/evalx/id-1/contexts/e30", "", 400, NO_CONTEXT, "35: {}"},
    {"/sdk/evalx/id-1/contexts/abc", "", 400, NO_CONTEXT, "35"},
    {"/sdk/evalx/contexts/context", SDK, 400, NO_CONTEXT, "10"},
    {"/sdk/evalx/id-1/users/" NO_KEY, "", 400, NO_USER_KEY, "41"},
    {"/msdk/evalx/users/" NO_KEY, MOB, 400, NO_USER_KEY, "41"},
    {"/sdk/evalx/safe/contexts/" ME "?h=" ME_HASH, "", 400, BAD_HASH, "47: of another SDK key"},
    {"/sdk/evalx/safe/contexts/" ME, "", 400, BAD_HASH, "47: missing"},
    {"/sdk/evalx/safe/contexts/" ME "?h=", "", 400, BAD_HASH, "47: empty"},
    {"/sdk/evalx/safe/contexts/e30", "", 400, NO_CONTEXT, "the context comes before the hash"},
    {"/sdk/evalx/contexts/" ME, "Authorization: sdk-safe", 200, FOR_SERVER,
     "47: servers need none"},
    {"/msdk/evalx/contexts/" ME, "Authorization: mob-safe", 200, FOR_PHONE, "47: nor phones"},
    {"/sdk/evalx/contexts/" ME, "Authorization: sdk-silent", 503, NOT_READY, "50"},
    {"/sdk/evalx/users/" NO_KEY, "Authorization: sdk-silent", 503, NOT_READY, "before the key"},
    {"/sdk/evalx/contexts/e30", "Authorization: sdk-silent", 400, NO_CONTEXT, "after the context"},
    {"/sdk/evalx/silent/contexts/" ME, "", 400, BAD_HASH, "49"},
    {"/sdk/evalx/contexts/" ME, "Authorization: sdk-late", 200,
     "{\"kept\":{\"value\":null,\"variation\":null,\"version\":5}}", "51"},
};

static void check(const struct asking *a, int status, const char *why)
{
    const char *type = status == 415 ? "text/plain; charset=utf-8" : "application/json";
    if (a->answer.status != status)
        fail_msg("%s: status %d, %s", why, a->answer.status, str_text(&a->answer.body));
    assert_string_equal(answer_header(a, "Content-Type"), type);
    assert_string_equal(answer_header(a, "Etag"), ""); /* 53 */
    assert_string_equal(answer_header(a, "Cache-Control"), "");
}

static void a_get_is_answered_as_its_row_says(void **state)
{
    struct asking a;
    (void)state;
    setup(&a);
    for (size_t i = 0; i < ARRAY_LEN(gets); i++) {
        ask(&a, "GET", gets[i].target, gets[i].headers);
        check(&a, gets[i].status, gets[i].why);
        bench_expect(&a.answer.body, gets[i].body, gets[i].why);
        bool js = strstr(gets[i].target, "/sdk/evalx/id-1/") != NULL;
        assert_string_equal(answer_header(&a, "Access-Control-Expose-Headers"),
                            js                                     ? "Date"
                            : strchr(gets[i].headers, ':') != NULL ? ""
                                                                   : "Date"); /* 30, 32 */
    }
    ask_teardown(&a);
}

static const struct {
    const char *target;
    const char *headers;
    const char *body;
    int status;
    const char *answer;
    const char *why;
} reports[] = {
    {"/sdk/evalx/id-1/context", JSON_TYPE, ME_JSON, 200, FOR_BROWSER, "33"},
    {"/sdk/evalx/id-1/user", JSON_TYPE, "{\"key\":\"me\"}", 200, FOR_BROWSER, "33: a legacy user"},
    {"/sdk/evalx/id-1/user", JSON_TYPE, MULTI_JSON, 200, FOR_BROWSER, "33: several kinds"},
    {"/msdk/evalx/context", JSON_TYPE "\n" MOB, ME_JSON, 200, FOR_PHONE, "33"},
    {"/msdk/evalx/user", JSON_TYPE "\n" MOB, ME_JSON, 200, FOR_PHONE, "33"},
    {"/sdk/evalx/context", JSON_TYPE "\n" SDK, ME_JSON, 200, FOR_SERVER, "33"},
    {"/sdk/evalx/user?withReasons=no", JSON_TYPE "\n" SDK, ME_JSON, 200, FOR_SERVER, "33"},
    {"/sdk/evalx/id-1/context?withReasons=true", JSON_TYPE, ME_JSON, 200, FOR_BROWSER_WITH_REASONS,
     "45"},
    {"/sdk/evalx/id-1/context", "Content-Type: Application/JSON ; charset=utf-8", ME_JSON, 200,
     FOR_BROWSER, "37"},
    {"/sdk/evalx/id-1/context", "", ME_JSON, 415, "Content-Type must be application/json.", "36"},
    {"/sdk/evalx/id-1/context", "Content-Type: text/plain", ME_JSON, 415,
     "Content-Type must be application/json.", "36"},
    {"/sdk/evalx/id-1/context", "Content-Type: application/jsonp", ME_JSON, 415,
     "Content-Type must be application/json.", "36"},
    {"/sdk/evalx/id-1/context", "Content-Type: application/json,text/plain", ME_JSON, 415,
     "Content-Type must be application/json.", "36"},
    {"/sdk/evalx/id-1/context", JSON_TYPE, "", 400, MESSAGE("unexpected end of JSON input"), "38"},
    {"/sdk/evalx/id-1/context", JSON_TYPE, "null", 400,
     MESSAGE("expected object, got null at position 0"), "5.3"},
    {"/sdk/evalx/id-1/context", JSON_TYPE, "{\"kind\":\"org\",\"key\":\"\"}", 400,
     MESSAGE("context key must not be empty"), "41"},
    {"/sdk/evalx/id-1/context", JSON_TYPE, "{\"kind\":\"a<b\",\"key\":\"x\"}", 400,
     MESSAGE("context kind contains disallowed characters"), "5.3"},
    {"/sdk/evalx/id-1/user", JSON_TYPE, "{\"key\":\"\"}", 400, NO_USER_KEY, "41"},
    {"/sdk/evalx/safe/context", JSON_TYPE, ME_JSON, 400, BAD_HASH, "47"},
    {"/sdk/evalx/context", JSON_TYPE "\nAuthorization: sdk-silent", ME_JSON, 503, NOT_READY, "50"},
};

static void a_report_is_answered_as_its_row_says(void **state)
{
    struct asking a;
    (void)state;
    setup(&a);
    for (size_t i = 0; i < ARRAY_LEN(reports); i++) {
        ask_with(&a, "REPORT", reports[i].target, reports[i].headers, reports[i].body);
        check(&a, reports[i].status, reports[i].why);
        bench_expect(&a.answer.body, reports[i].answer, reports[i].why);
        assert_int_equal(a.answer.read_body, reports[i].status != 415); /* 40 */
    }
    ask_teardown(&a);
}

/* 47, 48: with the SDK key of http-api.md 5.5. */
static void a_right_hash_opens_secure_mode(void **state)
{
    struct asking a;
    char upper[sizeof ME_HASH];
    char target[256];
    (void)state;
    ask_setup(&a);
    bench_add(&a.bench, &(struct env_settings){
                            .sdk_key = "sdk-secret", .env_id = "id-1", .secure_mode = true});
    ask_start(&a, NULL, 0);
    bench_put_flags(&a.bench, 0, flags, ARRAY_LEN(flags));
    ask(&a, "GET", "/sdk/evalx/id-1/contexts/" ME "?h=" ME_HASH, "");
    check(&a, 200, "right");
    ask_with(&a, "REPORT", "/sdk/evalx/id-1/context?h=" ME_HASH, JSON_TYPE, ME_JSON);
    check(&a, 200, "right");
    for (size_t i = 0; i < sizeof ME_HASH; i++)
        upper[i] = (char)(ME_HASH[i] >= 'a' && ME_HASH[i] <= 'z' ? ME_HASH[i] - 32 : ME_HASH[i]);
    const char *const wrong[] = {upper, ME_HASH "0", "00", "%20" ME_HASH};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        (void)snprintf(target, sizeof target, "/sdk/evalx/id-1/contexts/" ME "?h=%s", wrong[i]);
        ask(&a, "GET", target, "");
        check(&a, 400, wrong[i]);
    }
    ask_teardown(&a);
}

/* 39 */
static void a_body_over_the_limit_is_refused(void **state)
{
    struct asking a;
    (void)state;
    setup(&a);
    a.api->settings.max_body = sizeof ME_JSON - 1;
    ask_with(&a, "REPORT", "/sdk/evalx/id-1/context", JSON_TYPE, ME_JSON);
    check(&a, 200, "exactly the limit");
    ask_with(&a, "REPORT", "/sdk/evalx/id-1/context", JSON_TYPE, ME_JSON " ");
    check(&a, 413, "one byte more");
    bench_expect(&a.answer.body, MESSAGE("Request body exceeds maximum allowed size."), "39");
    assert_string_equal(answer_header(&a, "Access-Control-Allow-Origin"), "*");
    ask_teardown(&a);
}

/* 50, 51 */
static void data_from_elsewhere_is_warned_of(void **state)
{
    struct asking a;
    (void)state;
    setup(&a);
    ask(&a, "GET", "/sdk/evalx/contexts/" ME, "Authorization: sdk-late");
    assert_true(bench_log_has(
        &a.bench,
        "Called before client initialization; using last known values from feature store"));
    ask(&a, "GET", "/sdk/evalx/contexts/" ME, "Authorization: sdk-silent");
    assert_true(bench_log_has(&a.bench,
                              "Called before client initialization. Feature store not available"));
    ask_teardown(&a);
}

/* The database cannot be asked. */
static void without_database(struct http_request *req, struct api_passage *p)
{
    evaluate_unavailable(req, p, "disk <I/O> error");
}

/* 52 */
static void expired_data_without_database_is_500(void **state)
{
    static const struct api_route row[] = {
        {1u << HTTP_GET, false, "/x", API_SDK_KEY, .handler = without_database}};
    struct asking a;
    (void)state;
    ask_setup(&a);
    bench_add(&a.bench, &(struct env_settings){.sdk_key = "sdk-1"});
    ask_start(&a, row, 1);
    bench_put(&a.bench, 0, "a:1");
    ask(&a, "GET", "/x", "Authorization: sdk-1");
    check(&a, 500, "52");
    bench_expect(&a.answer.body,
                 MESSAGE("Error fetching flags from feature store: disk \\u003cI/O\\u003e error"),
                 "52");
    assert_true(bench_log_has(&a.bench, "Unable to fetch flags from feature store. Returning nil "
                                        "map. Error: disk <I/O> error"));
    ask_teardown(&a);
    size_t rows = 0;
    for (size_t i = 0; i < api_route_count; i++)
        rows += api_routes[i].unavailable == evaluate_unavailable && api_routes[i].data != 0;
    assert_int_equal(rows, 12); /* 33 */
}

static const struct {
    const char *method;
    const char *target;
    int status;
    const char *methods;
    const char *why;
} others[] = {
    {"OPTIONS", "/sdk/evalx/id-1/contexts/" ME, 200, "GET,OPTIONS", "25"},
    {"OPTIONS", "/sdk/evalx/id-1/contexts/!!!", 200, "GET,OPTIONS", "31"},
    {"OPTIONS", "/sdk/evalx/safe/contexts/" ME, 200, "GET,OPTIONS", "no hash is needed"},
    {"OPTIONS", "/sdk/evalx/id-1/context", 200, "REPORT,OPTIONS", "25"},
    {"OPTIONS", "/sdk/evalx/contexts/context", 404, "REPORT,OPTIONS", "2.1: an unknown ID"},
    {"REPORT", "/sdk/evalx/contexts/context", 404, "REPORT,OPTIONS", "10"},
    {"OPTIONS", "/msdk/evalx/context", 405, "", "5"},
    {"OPTIONS", "/sdk/evalx/context", 405, "", "5"},
    {"POST", "/sdk/evalx/id-1/context", 405, "", "42"},
    {"PUT", "/sdk/evalx/id-1/context", 405, "", "42"},
    {"GET", "/sdk/evalx/id-1/context", 405, "", "42"},
    {"HEAD", "/sdk/evalx/id-1/contexts/" ME, 405, "", "2.3"},
    {"PUT", "/sdk/evalx/users/x", 405, "", "1"},
    {"PUT", "/msdk/evalx/user", 405, "", "1"},
    {"PUT", "/msdk/evalx/contexts/x", 405, "", "1"},
    {"GET", "/sdk/evalx/id-1", 404, "", "8"},
    {"GET", "/sdk/eval/id-1/contexts/" ME, 404, "", "11"},
    {"GET", "/sdk/evalx/id-1/contexts/", 404, "", "nothing is no context"},
    {"GET", "/sdk/evalx/nope/contexts/" ME, 404, "GET,OPTIONS", "17"},
    {"GET", "/msdk/evalx/contexts/" ME, 401, "", "12"},
};

static void other_methods_are_answered_as_their_rows_say(void **state)
{
    struct asking a;
    (void)state;
    setup(&a);
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        ask(&a, others[i].method, others[i].target, "");
        if (a.answer.status != others[i].status)
            fail_msg("%s %s: status %d", others[i].method, others[i].target, a.answer.status);
        if (strcmp(answer_header(&a, "Access-Control-Allow-Methods"), others[i].methods) != 0)
            fail_msg("%s: %s", others[i].why, answer_header(&a, "Access-Control-Allow-Methods"));
    }
    ask_teardown(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_get_is_answered_as_its_row_says),
        cmocka_unit_test(a_report_is_answered_as_its_row_says),
        cmocka_unit_test(a_right_hash_opens_secure_mode),
        cmocka_unit_test(a_body_over_the_limit_is_refused),
        cmocka_unit_test(data_from_elsewhere_is_warned_of),
        cmocka_unit_test(expired_data_without_database_is_500),
        cmocka_unit_test(other_methods_are_answered_as_their_rows_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
