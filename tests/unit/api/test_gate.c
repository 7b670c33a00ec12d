/* Who passes the gate, and what the others are told (http-api.md 2.4, 3; streaming.md 7.2, 14.5).
 * Checklist of http-api.md: 12-24; of streaming.md: 35-39, 44-46. */
#include "ask.h"

static void pass(struct http_request *req, struct api_passage *p)
{
    api_answer_text(req, p, 200, p->snapshot != NULL ? p->snapshot->facts->name : "no environment");
}

#define GET (1u << HTTP_GET)
#define OPTIONS (1u << HTTP_OPTIONS)
#define POST (1u << HTTP_POST)

/* A row for each kind of credential. */
static const struct api_route routes[] = {
    {GET, false, "/none", API_NO_CREDENTIAL, .handler = pass},
    {GET, false, "/sdk", API_SDK_KEY, .handler = pass},
    {GET, false, "/mobile", API_MOBILE_KEY, .handler = pass},
    {GET | OPTIONS, false, "/js/{envId}", API_ENVIRONMENT_ID, .handler = pass},
    {POST, false, "/events", API_SDK_KEY, .while_starting = true, .handler = pass},
};

#define A "Relay Proxy is not yet fully initialized, does not have list of environments yet"
#define B "client was not initialized"
#define C                                                                                          \
    "Relay Proxy does not recognize the client credential (missing or invalid Authorization "      \
    "header)"
#define D "URL did not contain an environment ID"
#define F "Relay Proxy recognizes the provided credential, but the payload filter was not found"

/* prod serves; prod/web is its filtered variant; starting waits for data; refused was answered 401.
 */
static void environments_add(struct asking *a)
{
    bench_add(&a->bench,
              &(struct env_settings){.sdk_key = "sdk-1", .mobile_key = "mob-1", .env_id = "id-1"});
    bench_add(&a->bench,
              &(struct env_settings){
                  .name = "prod/web", .sdk_key = "sdk-1", .env_id = "id-1", .filter_key = "web"});
    bench_add(&a->bench,
              &(struct env_settings){
                  .name = "starting", .sdk_key = "sdk-2", .mobile_key = "mob-2", .env_id = "id-2"});
    bench_add(&a->bench,
              &(struct env_settings){
                  .name = "refused", .sdk_key = "sdk-3", .mobile_key = "mob-3", .env_id = "id-3"});
}

static void setup(struct asking *a)
{
    ask_setup(a);
    environments_add(a);
    ask_start(a, routes, ARRAY_LEN(routes));
    bench_put(&a->bench, 0, "a:1");
    bench_put(&a->bench, 1, "a:1");
    bench_fail(&a->bench, 3, SOURCE_ERROR_RESPONSE, 401, false);
}

static const struct {
    const char *method;
    const char *target;
    const char *authorization; /* NULL: absent */
    int status;
    const char *body;
    const char *why;
} rows[] = {
    {"GET", "/none", NULL, 200, "no environment", "a route without credential"},
    {"GET", "/sdk", NULL, 401, "", "12: absent"},
    {"GET", "/sdk", "", 401, "", "empty"},
    {"GET", "/sdk", "sdk-1", 200, "prod", "SDK key"},
    {"GET", "/sdk", "api_key sdk-1", 200, "prod", "14"},
    {"GET", "/sdk", "api_key    sdk-1", 200, "prod", "blanks behind api_key"},
    {"GET", "/sdk", "api_key \tsdk-1", 200, "prod", "a tab too, once the word was taken off"},
    {"GET", "/sdk", "Bearer sdk-1", 401, "", "14"},
    {"GET", "/sdk", "API_KEY sdk-1", 401, "", "14: case matters"},
    {"GET", "/sdk", "api_key a b", 401, "", "14: a blank inside"},
    {"GET", "/sdk", "a b", 401, "", "14"},
    {"GET", "/sdk", "api_key api_key sdk-1", 401, "", "14"},
    {"GET", "/sdk", "api_key\tsdk-1", 401, C, "a key with a tab in it"},
    {"GET", "/sdk", "api_key", 401, C, "the word alone is a key"},
    {"GET", "/sdk", "sdk-x", 401, C, "13"},
    {"GET", "/sdk", "SDK-1", 401, C, "keys are compared byte for byte"},
    {"GET", "/sdk", "mob-1", 401, C, "15"},
    {"GET", "/mobile", "sdk-1", 401, C, "15"},
    {"GET", "/mobile", "mob-1", 200, "prod", "mobile key"},
    {"GET", "/mobile", NULL, 401, "", "12"},
    {"GET", "/js/id-1", NULL, 200, "prod", "client-side ID"},
    {"GET", "/js/id-1", "nonsense here", 200, "prod", "Authorization is not looked at"},
    {"GET", "/js/id-x", NULL, 404, D, "17"},
    {"GET", "/js/sdk-1", NULL, 404, D, "an SDK key is no client-side ID"},
    {"GET", "/sdk?filter=web", "sdk-1", 200, "prod/web", "18"},
    {"GET", "/sdk?filter=", "sdk-1", 200, "prod", "18: an empty one is none"},
    {"GET", "/sdk?filter=web&filter=nope", "sdk-1", 200, "prod/web", "18: the first counts"},
    {"GET", "/sdk?filter=nope", "sdk-1", 404, F, "18"},
    {"GET", "/sdk?filter=WEB", "sdk-1", 404, F, "filters are compared exactly"},
    {"GET", "/mobile?filter=web", "mob-1", 404, F, "this variant has no mobile key"},
    {"GET", "/js/id-1?filter=web", NULL, 200, "prod/web", "on every kind of route"},
    {"GET", "/js/id-1?filter=nope", NULL, 404, F, "18"},
    {"GET", "/sdk?filter=nope", "sdk-x", 401, C, "19"},
    {"GET", "/js/id-x?filter=nope", NULL, 404, D, "19"},
    {"GET", "/sdk", "sdk-2", 503, B, "21"},
    {"GET", "/mobile", "mob-2", 503, B, "21"},
    {"GET", "/js/id-2", NULL, 503, B, "21"},
    {"POST", "/events", "sdk-2", 200, "starting", "events are taken while starting"},
    {"POST", "/events", "sdk-3", 401, C, "but not for a refused one"},
    {"GET", "/sdk", "sdk-3", 401, C, "22"},
    {"GET", "/mobile", "mob-3", 401, C, "22"},
    {"GET", "/js/id-3", NULL, 404, D, "22"},
    {"GET", "/sdk?filter=nope", "sdk-3", 404, F, "the filter comes before the refusal"},
};

static void one(struct asking *a, const char *method, const char *target, const char *authorization)
{
    char headers[128] = "";
    if (authorization != NULL)
        (void)snprintf(headers, sizeof headers, "Authorization: %s", authorization);
    ask(a, method, target, headers);
}

static void a_request_is_answered_as_its_row_says(void **state)
{
    struct asking a;
    (void)state;
    setup(&a);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        one(&a, rows[i].method, rows[i].target, rows[i].authorization);
        if (a.answer.status != rows[i].status)
            fail_msg("%s: status %d", rows[i].why, a.answer.status);
        bench_expect(&a.answer.body, rows[i].body, rows[i].why);
        const char *type = rows[i].body[0] != '\0' ? "text/plain; charset=utf-8" : "";
        assert_string_equal(answer_header(&a, "Content-Type"), type);
        assert_string_equal(answer_header(&a, "Retry-After"), rows[i].status == 503 ? "1" : "");
        assert_string_equal(answer_header(&a, "WWW-Authenticate"), ""); /* 24 */
        const char *id =
            rows[i].status == 200 && strcmp(rows[i].body, "no environment") != 0 ? "id" : "";
        if (strncmp(answer_header(&a, "X-LD-EnvId"), id, 2) != 0)
            fail_msg("%s: X-LD-EnvId %s", rows[i].why, answer_header(&a, "X-LD-EnvId")); /* 23 */
    }
    ask_teardown(&a);
}

static void the_texts_have_their_lengths(void **state)
{
    (void)state;
    assert_int_equal(strlen(A), 80);
    assert_int_equal(strlen(B), 26);
    assert_int_equal(strlen(C), 94);
    assert_int_equal(strlen(D), 37);
    assert_int_equal(strlen(F), 84);
}

/* 20: automatic configuration before its first list. */
static void without_a_list_of_environments(void **state)
{
    static const struct {
        const char *method;
        const char *target;
        const char *authorization;
        int status;
        const char *body;
    } cases[] = {
        {"GET", "/sdk", "sdk-1", 503, A},    {"GET", "/mobile", "x", 503, A},
        {"GET", "/js/x", NULL, 503, A},      {"GET", "/sdk", NULL, 401, ""},
        {"OPTIONS", "/js/x", NULL, 200, ""}, {"GET", "/none", NULL, 200, "no environment"},
    };
    struct asking a;
    (void)state;
    ask_setup(&a);
    ask_start(&a, routes, ARRAY_LEN(routes));
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        one(&a, cases[i].method, cases[i].target, cases[i].authorization);
        assert_int_equal(a.answer.status, cases[i].status);
        bench_expect(&a.answer.body, cases[i].body, cases[i].target);
    }
    ask_teardown(&a);
}

/* The environment's readiness changes under the same request. */
static void readiness_decides(void **state)
{
    static const struct {
        const char *steps;
        int status;
        const char *body;
    } cases[] = {
        {"lost", 503, B},         {"timeout", 200, "prod"}, {"401", 401, C},
        {"put a:1", 200, "prod"}, {"401", 200, "prod"},
    };
    struct asking a;
    (void)state;
    ask_setup(&a);
    a.bench.settings.init_timeout_ms = 20;
    bench_add(&a.bench, &(struct env_settings){0});
    ask_start(&a, routes, ARRAY_LEN(routes));
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        bench_script(&a.bench, cases[i].steps);
        one(&a, "GET", "/sdk", "sdk-prod-0001");
        assert_int_equal(a.answer.status, cases[i].status);
        bench_expect(&a.answer.body, cases[i].body, cases[i].steps);
    }
    ask_teardown(&a);
}

/* 16: the first Authorization header counts. */
static void the_first_header_counts(void **state)
{
    struct asking a;
    (void)state;
    setup(&a);
    ask(&a, "GET", "/sdk", "Authorization: sdk-1\nAuthorization: sdk-x");
    assert_int_equal(a.answer.status, 200);
    ask(&a, "GET", "/sdk", "Authorization: sdk-x\nAuthorization: sdk-1");
    assert_int_equal(a.answer.status, 401);
    ask_teardown(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_answered_as_its_row_says),
        cmocka_unit_test(the_texts_have_their_lengths),
        cmocka_unit_test(without_a_list_of_environments),
        cmocka_unit_test(readiness_decides),
        cmocka_unit_test(the_first_header_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
