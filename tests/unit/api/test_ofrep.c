/* Flags for OpenFeature's providers (http-api.md 9, evaluation.md 12). Checklist of http-api.md:
 * 70-75; of evaluation.md: 91-97. */
#include "ask.h"

#define ONE "/ofrep/v1/evaluate/flags/"
#define ALL "/ofrep/v1/evaluate/flags"
#define JSON_TYPE "Content-Type: application/json"
#define SDK JSON_TYPE "\nAuthorization: Bearer sdk-secret"
#define MOB JSON_TYPE "\nX-API-Key: mob-1"
#define ENV JSON_TYPE "\nAuthorization: id-1"
#define ME "{\"context\":{\"targetingKey\":\"me\"}}"
#define ME_HASH "f03941727e3eff44d5fa70e69c791c8e26ec549930e4a87619eb028a3d63731f"
#define ALPHA                                                                                      \
    "{\"key\":\"alpha\",\"value\":true,\"reason\":\"STATIC\",\"variant\":\"0\",\"metadata\":{"     \
    "\"ldReason\":\"FALLTHROUGH\",\"version\":3}}"
#define BETA                                                                                       \
    "{\"key\":\"beta\",\"reason\":\"DISABLED\",\"metadata\":{\"ldReason\":\"OFF\",\"version\":7}}"
#define DELTA                                                                                      \
    "{\"key\":\"delta\",\"errorCode\":\"PARSE_ERROR\",\"errorDetails\":\"MALFORMED_FLAG\"}"
#define EPSILON(value, variant, kind, more)                                                        \
    "{\"key\":\"epsilon\",\"value\":" value                                                        \
    ",\"reason\":\"TARGETING_MATCH\",\"variant\":\"" variant                                       \
    "\",\"metadata\":{\"ldReason\":\"" kind "\",\"version\":2" more "}}"
#define FOR_ANYBODY EPSILON("\"no\"", "0", "FALLTHROUGH", "")
#define FOR_GOLD EPSILON("{\"a\":[1]}", "1", "RULE_MATCH", ",\"ruleIndex\":0,\"ruleId\":\"r1\"")
#define VERSION ",\"metadata\":{\"version\":\"e2642551d6cc252\"}}"
#define FLAGS(list) "{\"flags\":[" list "]" VERSION
#define FAIL(code, details) "{\"errorCode\":\"" code "\",\"errorDetails\":\"" details "\"}"
#define FAIL_KEY(key, code, details)                                                               \
    "{\"key\":\"" key "\",\"errorCode\":\"" code "\",\"errorDetails\":\"" details "\"}"
#define DETAILS(details) "{\"errorDetails\":\"" details "\"}"
#define NOT_FOUND(key) FAIL_KEY(key, "FLAG_NOT_FOUND", "Flag '" key "' was not found")
#define NO_KEY                                                                                     \
    "The context must contain either a 'targetingKey' or a 'key' and the type must be a string."
#define NO_CONTEXT "The body must have a \\\"context\\\" that is an object"
#define BAD_HASH DETAILS("Environment is in secure mode, and context hash does not match.")
#define WHO DETAILS("missing or unknown credential")

static const char *const flags[][2] = {
    {"alpha", "{\"key\":\"alpha\",\"version\":3,\"on\":true,\"fallthrough\":{\"variation\":0},"
              "\"variations\":[true,false],\"clientSide\":true}"},
    {"beta", "{\"key\":\"beta\",\"version\":7,\"on\":false,\"variations\":[\"x\"],"
             "\"clientSideAvailability\":{\"usingMobileKey\":false,\"usingEnvironmentId\":true}}"},
    {"delta", "{\"key\":\"delta\",\"version\":1,\"on\":true,\"fallthrough\":{\"variation\":5},"
              "\"variations\":[1]}"},
    {"epsilon",
     "{\"key\":\"epsilon\",\"version\":2,\"on\":true,\"rules\":[{\"id\":\"r1\",\"variation\":1,"
     "\"clauses\":[{\"attribute\":\"plan\",\"op\":\"in\",\"values\":[\"gold\"]}]}],"
     "\"fallthrough\":{\"variation\":0},\"variations\":[\"no\",{\"a\":[1]}],"
     "\"clientSideAvailability\":{\"usingMobileKey\":false,\"usingEnvironmentId\":false}}"},
};

/* silent: no data anywhere; prod, safe: with data, the latter in secure mode; new: starting. */
static void setup(struct asking *a)
{
    static const char *const headers[] = {"X-Shop", NULL};
    static const char *const origins[] = {"https://shop.example", NULL};
    ask_setup(a);
    a->bench.settings.init_timeout_ms = 1;
    a->bench.settings.local_ttl_ms = -1;
    bench_add(&a->bench, &(struct env_settings){.name = "silent", .sdk_key = "sdk-silent"});
    bench_add(&a->bench, &(struct env_settings){.sdk_key = "sdk-secret",
                                                .mobile_key = "mob-1",
                                                .env_id = "id-1",
                                                .allowed_origins = origins,
                                                .allowed_headers = headers});
    bench_add(&a->bench,
              &(struct env_settings){
                  .name = "safe", .sdk_key = "sdk-safe", .env_id = "safe", .secure_mode = true});
    ask_start(a, NULL, 0);
    bench_put_flags(&a->bench, 1, flags, ARRAY_LEN(flags));
    bench_put_flags(&a->bench, 2, flags, ARRAY_LEN(flags));
    bench_stored(&a->bench, 0, NULL);
    bench_time_out(&a->bench);
}

static const struct {
    const char *target;
    const char *headers;
    const char *body;
    int status;
    const char *answer;
    const char *why;
} rows[] = {
    {ONE "alpha", SDK, ME, 200, ALPHA, "evaluation 12.4"},
    {ONE "alpha", SDK "\nX-API-Key: nonsense", ME, 200, ALPHA, "71: Authorization wins"},
    {ONE "alpha", JSON_TYPE "\nAuthorization: sdk-secret", ME, 200, ALPHA, "71"},
    {ONE "alpha", JSON_TYPE "\nAuthorization: bEARER   sdk-secret", ME, 200, ALPHA, "9.2"},
    {ONE "alpha", JSON_TYPE "\nAuthorization: api_key sdk-secret", ME, 200, ALPHA, "9.2"},
    {ONE "alpha", JSON_TYPE "\nX-API-Key: sdk-secret", ME, 200, ALPHA, "71"},
    {ONE "alpha", MOB, ME, 200, ALPHA, "71: a mobile key"},
    {ONE "alpha", ENV, ME, 200, ALPHA, "71: a client-side ID"},
    {ONE "al%70ha", SDK, ME, 200, ALPHA, "the key is decoded"},
    {ONE "beta", SDK, ME, 200, BETA, "no value: the default in the code"},
    {ONE "beta", ENV, ME, 200, BETA, "for browsers"},
    {ONE "beta", MOB, ME, 404, NOT_FOUND("beta"), "72: not for phones"},
    {ONE "epsilon", ENV, ME, 404, NOT_FOUND("epsilon"), "72: not for browsers"},
    {ONE "nope", ENV, ME, 404, NOT_FOUND("nope"), "72: the same for what is not there"},
    {ONE "gone", SDK, ME, 404, NOT_FOUND("gone"), "91: deleted"},
    {ONE "a%22b", SDK, ME, 404, NOT_FOUND("a\\\"b"), "a key with a quote"},
    {ONE "delta", SDK, ME, 400, DELTA, "93: malformed"},
    {ONE "epsilon", SDK, "{\"context\":{\"targetingKey\":\"me\",\"plan\":\"gold\"},\"x\":1}", 200,
     FOR_GOLD, "targeted; other members are ignored"},
    {ONE "epsilon?flagConfigEtag=x&flagConfigLastModified=1", SDK, ME, 200, FOR_ANYBODY, "97"},
    {ALL, SDK, ME, 200, FLAGS(ALPHA "," BETA "," DELTA "," FOR_ANYBODY), "93: bulk, all flags"},
    {ALL, MOB, ME, 200, FLAGS(ALPHA "," DELTA), "for phones"},
    {ALL, ENV, ME, 200, FLAGS(ALPHA "," BETA), "for browsers"},
    {ALL "?flagConfigEtag=x&flagConfigLastModified=1", ENV, ME, 200, FLAGS(ALPHA "," BETA), "97"},

    {ONE "alpha", JSON_TYPE, ME, 401, WHO, "72"},
    {ALL, JSON_TYPE, ME, 401, WHO, "72"},
    {ALL, JSON_TYPE "\nAuthorization: Bearer a b", ME, 401, WHO, "9.2: a blank"},
    {ALL, JSON_TYPE "\nAuthorization: Bearer", ME, 401, WHO, "a scheme alone"},
    {ALL, JSON_TYPE "\nX-API-Key: a\tb", ME, 401, WHO, "9.2: a tab"},
    {ALL, JSON_TYPE "\nAuthorization: nope", ME, 401, WHO, "72: unknown"},
    {ALL "?filter=x", JSON_TYPE "\nAuthorization: nope", ME, 401, WHO, "19"},
    {ALL "?filter=x", SDK, ME, 404,
     DETAILS("Relay Proxy recognizes the provided credential, but the payload filter was not "
             "found"),
     "9.2"},
    {ONE "alpha?filter=x", MOB, ME, 404,
     FAIL_KEY("alpha", "FLAG_NOT_FOUND",
              "Relay Proxy recognizes the provided credential, but the payload filter was not "
              "found"),
     "9.2"},

    {ONE "alpha", "Authorization: sdk-secret", ME, 415,
     DETAILS("Content-Type must be application/json."), "9.3, 1"},
    {ALL, "Authorization: sdk-secret\nContent-Type: text/plain", ME, 415,
     DETAILS("Content-Type must be application/json."), "9.3, 1"},
    {ALL, "Authorization: mob-1\nContent-Type: Application/JSON; charset=utf-8", ME, 200,
     FLAGS(ALPHA "," DELTA), "parameters and case are ignored"},
    {ONE "alpha", SDK, "", 400,
     FAIL_KEY("alpha", "PARSE_ERROR", "invalid JSON at position 0: unexpected end of data"), "73"},
    {ALL, SDK, "[]", 400,
     FAIL("PARSE_ERROR", "invalid JSON at position 2: The body must be a JSON object"), "73"},
    {ALL, SDK, ME " x", 400,
     FAIL("PARSE_ERROR", "invalid JSON at position 34: unexpected text after the value"), "73"},
    {ONE "alpha", SDK, "{}", 400, FAIL_KEY("alpha", "INVALID_CONTEXT", NO_CONTEXT), "73"},
    {ALL, SDK, "{\"context\":null}", 400, FAIL("INVALID_CONTEXT", NO_CONTEXT), "73"},
    {ALL, SDK, "{\"context\":{\"targetingKey\":\"me\"},\"context\":7}", 400,
     FAIL("INVALID_CONTEXT", NO_CONTEXT), "the last one counts"},
    {ALL, SDK, "{\"context\":{\"kind\":\"o g\",\"targetingKey\":\"x\"}}", 400,
     FAIL("INVALID_CONTEXT", "context kind contains disallowed characters"), "92"},
    {ALL, SDK, "{\"context\":{\"targetingKey\":\"\"}}", 400,
     FAIL("INVALID_CONTEXT", "context key must not be empty"), "12.2"},
    {ONE "alpha", SDK, "{\"context\":{}}", 400, FAIL_KEY("alpha", "TARGETING_KEY_MISSING", NO_KEY),
     "73"},
    {ALL, SDK, "{\"context\":{\"targetingKey\":null}}", 400, FAIL("TARGETING_KEY_MISSING", NO_KEY),
     "73"},

    {ONE "alpha", JSON_TYPE "\nX-API-Key: safe", ME, 403, BAD_HASH, "96: missing"},
    {ALL "?h=" ME_HASH, JSON_TYPE "\nX-API-Key: safe", ME, 403, BAD_HASH, "96: of another key"},
    {ALL, JSON_TYPE "\nX-API-Key: safe", "{}", 400, FAIL("INVALID_CONTEXT", NO_CONTEXT),
     "the context comes before the hash"},
    {ALL, JSON_TYPE "\nX-API-Key: sdk-safe", ME, 200,
     FLAGS(ALPHA "," BETA "," DELTA "," FOR_ANYBODY), "servers need no hash"},
    {ONE "alpha", JSON_TYPE "\nX-API-Key: sdk-silent", ME, 503,
     FAIL_KEY("alpha", "PROVIDER_NOT_READY", "Service not initialized"), "9.3, 7"},
    {ALL, JSON_TYPE "\nX-API-Key: sdk-silent", ME, 503,
     FAIL("PROVIDER_NOT_READY", "Service not initialized"), "9.3, 7"},
};

static void a_post_is_answered_as_its_row_says(void **state)
{
    struct asking a;
    (void)state;
    setup(&a);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ask_with(&a, "POST", rows[i].target, rows[i].headers, rows[i].body);
        if (a.answer.status != rows[i].status)
            fail_msg("%s: status %d, %s", rows[i].why, a.answer.status, str_text(&a.answer.body));
        bench_expect(&a.answer.body, rows[i].answer, rows[i].why);
        assert_string_equal(answer_header(&a, "Content-Type"), "application/json");
        assert_string_equal(answer_header(&a, "Access-Control-Allow-Methods"), "POST,OPTIONS");
    }
    ask_teardown(&a);
}

/* 9.2: rules 2 and 6 of section 3. */
static void who_starts_is_not_ready(void **state)
{
    struct asking a;
    (void)state;
    ask_setup(&a);
    bench_add(&a.bench, &(struct env_settings){.sdk_key = "sdk-1"});
    ask_start(&a, NULL, 0);
    ask_with(&a, "POST", ONE "alpha", JSON_TYPE "\nX-API-Key: sdk-1\nOrigin: https://o", ME);
    assert_int_equal(a.answer.status, 503);
    bench_expect(&a.answer.body,
                 FAIL_KEY("alpha", "PROVIDER_NOT_READY", "client was not initialized"), "rule 6");
    assert_string_equal(answer_header(&a, "Retry-After"), "1");
    assert_string_equal(answer_header(&a, "Access-Control-Allow-Origin"), "https://o");
    ask(&a, "OPTIONS", ALL, "");
    assert_int_equal(a.answer.status, 200);
    ask_teardown(&a);
}

/* 70 */
static void it_can_be_switched_off(void **state)
{
    struct asking a;
    (void)state;
    ask_setup(&a);
    a.settings.ofrep = false;
    bench_add(&a.bench, &(struct env_settings){.sdk_key = "sdk-1"});
    ask_start(&a, NULL, 0);
    bench_put(&a.bench, 0, "a:1");
    ask_with(&a, "POST", ONE "a", JSON_TYPE "\nX-API-Key: sdk-1", ME);
    assert_int_equal(a.answer.status, 404);
    ask(&a, "OPTIONS", ALL, "");
    assert_int_equal(a.answer.status, 404);
    ask(&a, "GET", "/sdk/latest-all", "Authorization: sdk-1"); /* a row behind the two */
    assert_int_equal(a.answer.status, 200);
    ask(&a, "GET", "/startupz", "");
    assert_int_equal(a.answer.status, 200);
    ask_teardown(&a);
}

static void a_body_over_the_limit_is_refused(void **state)
{
    struct asking a;
    (void)state;
    setup(&a);
    a.api->settings.max_body = sizeof ME - 1;
    ask_with(&a, "POST", ALL, SDK, ME);
    assert_int_equal(a.answer.status, 200);
    ask_with(&a, "POST", ALL, SDK, ME " ");
    assert_int_equal(a.answer.status, 413);
    bench_expect(&a.answer.body, DETAILS("Request body exceeds maximum allowed size."), "9.3, 2");
    ask_teardown(&a);
}

/* 96: over the mapped context, with the SDK key of http-api.md 5.5. */
static void a_right_hash_opens_secure_mode(void **state)
{
    struct asking a;
    (void)state;
    ask_setup(&a);
    bench_add(&a.bench, &(struct env_settings){
                            .sdk_key = "sdk-secret", .env_id = "id-1", .secure_mode = true});
    ask_start(&a, NULL, 0);
    bench_put_flags(&a.bench, 0, flags, ARRAY_LEN(flags));
    ask_with(&a, "POST", ONE "alpha?h=" ME_HASH, ENV, ME);
    assert_int_equal(a.answer.status, 200);
    bench_expect(&a.answer.body, ALPHA, "96");
    ask_teardown(&a);
}

/* ---- tags ------------------------------------------------------------------------------------ */

static void ask_all(struct asking *a, const char *headers, const char *if_none_match,
                    const char *body)
{
    struct str text = {0};
    str_append_text(&text, headers);
    if (if_none_match != NULL)
        str_append_format(&text, "\nIf-None-Match: %s", if_none_match);
    ask_with(a, "POST", ALL, str_text(&text), body);
    str_free(&text);
}

static void tag_of(struct asking *a, const char *headers, const char *body, char out[static 64])
{
    ask_all(a, headers, NULL, body);
    assert_int_equal(a->answer.status, 200);
    (void)snprintf(out, 64, "%s", answer_header(a, "ETag"));
    assert_int_equal(strlen(out), 34);
    assert_string_equal(answer_header(a, "Cache-Control"), "private, no-cache");
    assert_non_null(strstr(str_text(&a->answer.headers), "Vary: Authorization, X-API-Key\n"));
}

/* 74, 94, 95: `%s` stands for the 32 digits. */
static void who_has_the_answer_is_told_so(void **state)
{
    static const struct {
        const char *header;
        int status;
    } tags[] = {{"\"%s\"", 304},    {"W/\"%s\"", 304}, {"%s", 304},       {"W/%s", 304},
                {"\"x\", %s", 304}, {"*", 304},        {"\"x\"", 200},    {"", 200},
                {"relay-%s", 200},  {"\"%s", 200},     {"\"%s\" x", 200}, {"x, *", 200}};
    struct asking a;
    char tag[64];
    char header[128];
    (void)state;
    setup(&a);
    tag_of(&a, ENV, ME, tag);
    for (size_t i = 0; i < ARRAY_LEN(tags); i++) {
        struct view digits = view_make(tag + 1, 32);
        const char *hole = strstr(tags[i].header, "%s");
        size_t before = hole != NULL ? (size_t)(hole - tags[i].header) : strlen(tags[i].header);
        (void)snprintf(header, sizeof header, "%.*s%.*s%s", (int)before, tags[i].header,
                       hole != NULL ? (int)digits.len : 0, digits.data,
                       hole != NULL ? hole + 2 : "");
        ask_all(&a, ENV, header, ME);
        if (a.answer.status != tags[i].status)
            fail_msg("%s: %d", header, a.answer.status);
        assert_string_equal(answer_header(&a, "ETag"), tag);
        assert_string_equal(answer_header(&a, "Cache-Control"), "private, no-cache");
        assert_int_equal(a.answer.body.len == 0, tags[i].status == 304);
    }
    ask_teardown(&a);
}

/* delta is malformed, of which its first evaluation complains. */
static atomic_bool *complained(struct asking *a)
{
    struct dataset *data = bench_snapshot(&a->bench, 1)->data;
    return &dataset_find(data, ITEM_FLAG, view_of("delta"))->complained;
}

/* 74: the first answer has to be made, because its tag is that of its bytes; who asks the same
 * again is compared with the tag alone. The text of an answer is written into the thread's scratch.
 */
static void who_asks_again_is_told_without_rendering(void **state)
{
    struct asking a;
    char tag[64];
    (void)state;
    setup(&a);
    tag_of(&a, SDK, ME, tag);
    assert_true(atomic_exchange(complained(&a), false));
    assert_int_not_equal(a.thread->scratch.room, 0);
    str_free(&a.thread->scratch);
    for (int i = 0; i < 3; i++) {
        ask_all(&a, SDK, tag, ME);
        assert_int_equal(a.answer.status, 304);
        assert_false(atomic_load(complained(&a)));
        assert_int_equal(a.thread->scratch.room, 0);
    }
    ask_all(&a, SDK, "\"x\"", ME);
    assert_int_equal(a.answer.status, 200);
    assert_true(atomic_load(complained(&a)));
    assert_int_not_equal(a.thread->scratch.room, 0);
    ask_teardown(&a);
}

/* 74, 94 */
static void another_question_has_another_tag(void **state)
{
    struct asking a;
    char browser[64];
    char phone[64];
    char server[64];
    char gold[64];
    char changed[64];
    (void)state;
    setup(&a);
    tag_of(&a, ENV, ME, browser);
    tag_of(&a, MOB, ME, phone);
    tag_of(&a, SDK, ME, server);
    tag_of(&a, SDK, "{\"context\":{\"targetingKey\":\"me\",\"plan\":\"gold\"}}", gold);
    assert_string_not_equal(browser, phone);
    assert_string_not_equal(phone, server);
    assert_string_not_equal(server, gold);
    ask_all(&a, SDK, gold, ME);
    assert_int_equal(a.answer.status, 200);
    bench_patch(&a.bench, 1, "a:1");
    ask_all(&a, SDK, server, ME);
    assert_int_equal(a.answer.status, 200);
    tag_of(&a, SDK, ME, changed);
    assert_string_not_equal(server, changed);
    ask_all(&a, SDK, changed, ME);
    assert_int_equal(a.answer.status, 304);
    ask_teardown(&a);
}

/* 94: another relay, or this one after a restart, has the same tag for the same data. */
static void the_same_data_has_the_same_tag_everywhere(void **state)
{
    struct asking a;
    char tags[2][64];
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        setup(&a);
        if (i == 1)
            bench_script(&a.bench, "lost; advance 1000; alive");
        tag_of(&a, ENV, ME, tags[i]);
        ask_teardown(&a);
    }
    assert_string_equal(tags[0], tags[1]);
}

/* ---- browsers -------------------------------------------------------------------------------- */

/* 75 */
static void a_preflight_needs_no_credential(void **state)
{
    static const struct {
        const char *name;
        const char *value;
    } headers[] = {
        {"Access-Control-Allow-Methods", "POST,OPTIONS"},
        {"Access-Control-Allow-Origin", "https://o"},
        {"Access-Control-Allow-Credentials", "false"},
        {"Access-Control-Max-Age", "300"},
        {"Access-Control-Allow-Headers", "Authorization,X-API-Key,Content-Type,If-None-Match"},
        {"Access-Control-Expose-Headers", "Date,ETag,Retry-After"},
        {"Vary", "Origin"}};
    struct asking a;
    (void)state;
    setup(&a);
    ask(&a, "OPTIONS", ONE "alpha", "Origin: https://o");
    assert_int_equal(a.answer.status, 200);
    assert_int_equal(a.answer.body.len, 0);
    for (size_t i = 0; i < ARRAY_LEN(headers); i++)
        assert_string_equal(answer_header(&a, headers[i].name), headers[i].value);
    ask(&a, "OPTIONS", ALL, "");
    assert_string_equal(answer_header(&a, "Access-Control-Allow-Origin"), "*");
    ask_teardown(&a);
}

static const struct {
    const char *headers;
    int status;
    const char *origin;
    const char *why;
} pages[] = {
    {ENV "\nOrigin: https://o", 200, "https://shop.example", "allowedOrigin"},
    {ENV, 200, "https://shop.example", "allowedOrigin"},
    {SDK "\nOrigin: https://o", 200, "", "the key of a server"},
    {MOB "\nOrigin: https://o", 200, "", "the key of a phone"},
    {JSON_TYPE "\nX-API-Key: nope\nOrigin: https://o", 401, "https://o", "nobody knows the kind"},
    {JSON_TYPE "\nX-API-Key: safe\nOrigin: https://o", 403, "https://o", "errors, too"},
};

static void pages_may_read_what_is_for_them(void **state)
{
    struct asking a;
    (void)state;
    setup(&a);
    for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
        ask_with(&a, "POST", ALL, pages[i].headers, ME);
        assert_int_equal(a.answer.status, pages[i].status);
        if (strcmp(answer_header(&a, "Access-Control-Allow-Origin"), pages[i].origin) != 0)
            fail_msg("%s: %s", pages[i].why, answer_header(&a, "Access-Control-Allow-Origin"));
        assert_string_equal(answer_header(&a, "Access-Control-Expose-Headers"),
                            "Date,ETag,Retry-After");
    }
    ask_with(&a, "POST", ALL, ENV, ME);
    assert_string_equal(answer_header(&a, "Access-Control-Allow-Headers"),
                        "Authorization,X-API-Key,Content-Type,If-None-Match,X-Shop");
    assert_string_equal(answer_header(&a, "X-LD-EnvId"), "id-1");
    ask_with(&a, "POST", ALL "?filter=x", SDK "\nOrigin: https://o", ME);
    assert_int_equal(a.answer.status, 404);
    assert_string_equal(answer_header(&a, "Access-Control-Allow-Origin"), "");
    ask_teardown(&a);
}

/* The database cannot be asked. */
static void without_database(struct http_request *req, struct api_passage *p)
{
    ofrep_unavailable(req, p, "disk error");
}

/* 9.3, 8 */
static void expired_data_without_database_is_500(void **state)
{
    static const struct api_route row[] = {
        {1u << HTTP_POST, false, "/x", API_ANY_CREDENTIAL, .handler = without_database}};
    struct asking a;
    (void)state;
    ask_setup(&a);
    bench_add(&a.bench, &(struct env_settings){.sdk_key = "sdk-1"});
    ask_start(&a, row, 1);
    bench_put(&a.bench, 0, "a:1");
    ask(&a, "POST", "/x", "X-API-Key: sdk-1");
    assert_int_equal(a.answer.status, 500);
    bench_expect(&a.answer.body, DETAILS("Error fetching flags from feature store: disk error"),
                 "9.3, 8");
    ask_teardown(&a);
    for (size_t i = 0; i < api_route_count; i++)
        assert_int_equal(api_routes[i].ofrep, api_routes[i].unavailable == ofrep_unavailable);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_post_is_answered_as_its_row_says),
        cmocka_unit_test(who_starts_is_not_ready),
        cmocka_unit_test(it_can_be_switched_off),
        cmocka_unit_test(a_body_over_the_limit_is_refused),
        cmocka_unit_test(a_right_hash_opens_secure_mode),
        cmocka_unit_test(who_has_the_answer_is_told_so),
        cmocka_unit_test(who_asks_again_is_told_without_rendering),
        cmocka_unit_test(another_question_has_another_tag),
        cmocka_unit_test(the_same_data_has_the_same_tag_everywhere),
        cmocka_unit_test(a_preflight_needs_no_credential),
        cmocka_unit_test(pages_may_read_what_is_for_them),
        cmocka_unit_test(expired_data_without_database_is_500),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
