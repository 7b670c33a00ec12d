/* Assertions about the status (status.md 14). Checklist of status.md: 62-70. */
#include "ask.h"

static void setup(struct asking *a)
{
    ask_setup(a);
    bench_add(&a->bench, &(struct env_settings){.env_id = "id-1"});
    bench_add(&a->bench, &(struct env_settings){.name = "a.b",
                                                .sdk_key = "sdk-ab-000000001",
                                                .mobile_key = "mob-ab-00000001"});
    ask_start(a, NULL, 0);
    bench_put(&a->bench, 0, "a:1");
    bench_put(&a->bench, 1, "a:1");
}

static const struct {
    const char *target;
    int code;
    const char *part; /* of the body */
} rows[] = {
    /* the table of 14.3 */
    {"/status?expect=status=healthy", 200,
     "{\"satisfied\":true,\"results\":[{\"expr\":\"status=healthy\",\"expected\":\"healthy\","
     "\"actual\":\"healthy\",\"ok\":true}]}"},
    {"/status?expect=status!=degraded", 200,
     "{\"satisfied\":true,\"results\":[{\"expr\":\"status!=degraded\",\"expected\":\"degraded\","
     "\"actual\":\"healthy\",\"ok\":true}]}"},
    {"/status?expect=", 400,
     "{\"satisfied\":false,\"results\":[{\"expr\":\"\",\"problem\":\"missing \\\"=\\\" or "
     "\\\"!=\\\" operator\",\"ok\":false}]}"},
    {"/status?expect", 400, "{\"expr\":\"\",\"problem\":\"missing"},
    {"/status?expect=status", 400, "missing \\\"=\\\" or \\\"!=\\\" operator"},
    {"/status?expect=environments.prod.status=connected", 200, "\"actual\":\"connected\""},
    {"/status?expect=environments.prod.status=disconnected", 412,
     "{\"expr\":\"environments.prod.status=disconnected\",\"expected\":\"disconnected\",\"actual\":"
     "\"connected\",\"ok\":false}"},
    {"/status?expect=environments.none.status!=connected", 412,
     "{\"expr\":\"environments.none.status!=connected\",\"expected\":\"connected\",\"ok\":false}"},
    {"/status?expect=environments%5B%22a.b%22%5D.status=connected", 200, "\"ok\":true"},
    {"/status?expect=environments%5B'a.b'%5D.status=connected", 200, "\"ok\":true"},
    {"/status?expect=environments.a.b.status=connected", 422, "unknown field \\\"b\\\""},
    {"/status/prod?expect=environments.prod.status=connected", 422,
     "unknown field \\\"environments\\\""},
    {"/status/prod?expect=status=connected", 200, "\"ok\":true"},
    {"/status/prod?expect=bigSegmentStatus.available=true", 412, "\"ok\":false"},
    {"/status?expect=autoConfigStatus.state=VALID", 412, "\"ok\":false"},
    {"/status?expect=autoConfigStatus.lastError.statusCode=401", 412, "\"ok\":false"},
    {"/status/prod?expect=sdkKeys[0].expiry=1700003600000", 412, "\"ok\":false"},
    {"/status?foo=%zz", 200, "{\"environments\":"},
    {"/status?expect=status=healthy&foo=%zz", 400,
     "{\"satisfied\":false,\"error\":\"could not parse the query string\"}"},
    {"/status?expect=status=healthy&foo=a;b", 400, "could not parse the query string"},
    {"/status?expect=%zz", 400, "could not parse the query string"},
    {"/status?%65xpect=status=healthy", 200, "\"satisfied\":true"},
    {"/status?EXPECT=nonsense", 200, "{\"environments\":"},
    {"/status/none?expect=", 404, "unknown environment"},
    /* the clause of 14.2 */
    {"/status?expect==healthy", 400, "missing path before the \\\"=\\\" operator"},
    {"/status?expect=status%3E=healthy", 422,
     "operator \\\"\\u003e=\\\" is not supported; use \\\"=\\\" or \\\"!=\\\""},
    {"/status?expect=status==healthy", 422, "operator \\\"==\\\" is not supported"},
    {"/status?expect=status~healthy", 422, "operator \\\"~\\\" is not supported"},
    {"/status?expect=a[=1", 400, "unterminated '[' in path"},
    {"/status?expect=a[]=1", 400, "empty '[]' in path"},
    {"/status?expect=a[=x]=1", 400, "missing field name in filter"},
    {"/status?expect=a[-1]=1", 400, "negative array index -1"},
    {"/status?expect=a[abc]=1", 400, "unrecognized '[abc]' in path"},
    {"/status?expect=a[%22]=1", 400, "unrecognized '[\\\"]' in path"},
    {"/status?expect=...=1", 400, "empty path"},
    {"/status?expect=connexionStatus.state=VALID", 422,
     "{\"expr\":\"connexionStatus.state=VALID\",\"problem\":\"unknown field "
     "\\\"connexionStatus\\\"\",\"ok\":false}"},
    {"/status?expect=status[0]=1", 422, "\\\"[0]\\\" addresses a field of a value that has none"},
    {"/status/prod?expect=connectionStatus[0]=1", 422,
     "\\\"[0]\\\" addresses an array, but that part of the status is an object"},
    {"/status/prod?expect=connectionStatus[a=b]=1", 422,
     "\\\"[a=b]\\\" addresses an array, but that part of the status is an object"},
    {"/status?expect=environments[0]=1", 422,
     "\\\"[0]\\\" addresses an array, but that part of the status is a map"},
    {"/status/prod?expect=sdkKeys.value=1", 422,
     "\\\"value\\\" addresses a field, but that part of the status is an array"},
    {"/status?expect=status.x=1", 422, "\\\"x\\\" addresses a field of a value that has none"},
    {"/status?expect=environments=1", 422,
     "\\\"environments\\\" is not a single value, so it cannot be compared"},
    {"/status/prod?expect=sdkKeys[0]=1", 422,
     "\\\"sdkKeys[0]\\\" is not a single value, so it cannot be compared"},
    {"/status?expect=environments.x%01%22=1", 422,
     "\\\"environments.x\\\\x01\\\\\\\"\\\" is not a single value"},
    {"/status?expect=.environments..prod.status.=connected", 200, "\"ok\":true"},
    /* values */
    {"/status/prod?expect=connectionStatus.stateSince=1700000000000", 200,
     "\"actual\":\"1700000000000\""},
    {"/status/prod?expect=sdkKeys[0].value=sdk-****-****0001", 412, "\"actual\":\"sdk-"},
    {"/status/a.b?expect=mobileKeys[0].value!=x", 200, "\"ok\":true"},
    {"/status/a.b?expect=mobileKeys[1].value!=x", 412, "\"ok\":false"},
    {"/status/a.b?expect=mobileKeys[99999999999999999999999].value!=x", 412, "\"ok\":false"},
    {"/status/a.b?expect=mobileKeys[value=x].value=x", 412, "\"ok\":false"},
    {"/status/a.b?expect=mobileKeys[nope=x].value=x", 422, "unknown field \\\"nope\\\""},
    {"/status/a.b?expect=mobileKeys[value=%22mob-**-***00001%22].value!=", 200, "\"ok\":true"},
    {"/status/prod?expect=connectionStatus.lastError.kind!=NETWORK_ERROR", 412, "\"ok\":false"},
    {"/status?expect=version=1.2.3&expect=status=degraded", 412,
     "\"ok\":true},{\"expr\":\"status=degraded\""},
    {"/status?expect=status=degraded&expect=nope=1&expect=x", 400,
     "\"ok\":false},{\"expr\":\"nope=1\""},
    {"/status?expect=status=degraded&expect=nope=1", 422, "\"satisfied\":false"},
    {"/status/prod?expect=envId=id+1", 412, "\"expected\":\"id 1\""},
    {"/status/prod?expect=envId=id%2D1", 200, "\"expected\":\"id-1\""},
};

static void an_assertion_has_the_verdict_of_its_row(void **state)
{
    struct asking a;
    (void)state;
    setup(&a);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ask(&a, "GET", rows[i].target, "");
        if (a.answer.status != rows[i].code ||
            strstr(str_text(&a.answer.body), rows[i].part) == NULL)
            fail_msg("%s\n%d %s", rows[i].target, a.answer.status, str_text(&a.answer.body));
        assert_string_equal(answer_header(&a, "Content-Type"), "application/json");
    }
    ask_teardown(&a);
}

/* 65: whatever is cut off, the answer is a verdict. */
static void every_beginning_of_every_clause_is_answered(void **state)
{
    struct asking a;
    (void)state;
    setup(&a);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char target[256];
        const char *clause = strstr(rows[i].target, "expect=");
        for (size_t len = 0; clause != NULL && len <= strlen(clause + 7); len++) {
            (void)snprintf(target, sizeof target, "/status?expect=%.*s", (int)len, clause + 7);
            ask(&a, "GET", target, "");
            assert_true(a.answer.status == 200 || a.answer.status == 400 ||
                        a.answer.status == 412 || a.answer.status == 422);
        }
    }
    ask_teardown(&a);
}

/* 70 */
static void there_are_limits(void **state)
{
    struct str target = {0};
    struct asking a;
    (void)state;
    setup(&a);
    str_append_text(&target, "/status?x=1");
    for (int i = 0; i < 100; i++)
        str_append_text(&target, "&expect=status=healthy");
    ask(&a, "GET", str_text(&target), "");
    assert_int_equal(a.answer.status, 200);
    str_append_text(&target, "&expect=status=healthy");
    ask(&a, "GET", str_text(&target), "");
    assert_int_equal(a.answer.status, 400);
    bench_expect(&a.answer.body, "{\"satisfied\":false,\"error\":\"too many expect clauses\"}",
                 "101");
    str_clear(&target);
    str_append_text(&target, "/status?expect=status=");
    while (target.len < sizeof "/status?expect=" - 1 + 1024)
        str_append_char(&target, 'x');
    ask(&a, "GET", str_text(&target), "");
    assert_int_equal(a.answer.status, 412);
    str_append_char(&target, 'x');
    ask(&a, "GET", str_text(&target), "");
    assert_int_equal(a.answer.status, 400);
    bench_expect(&a.answer.body, "{\"satisfied\":false,\"error\":\"expect clause too long\"}",
                 "1025 bytes");
    str_free(&target);
    ask_teardown(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_assertion_has_the_verdict_of_its_row),
        cmocka_unit_test(every_beginning_of_every_clause_is_answered),
        cmocka_unit_test(there_are_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
