/* Lines about requests (telemetry.md 8.6), and what is hidden in them (8.4). */
#include "ask.h"

static void pass(struct http_request *req, struct api_passage *p)
{
    struct api *a = p->thread->api;
    request_log(a, req, 200, 512, p->route->stream, false);
    request_log(a, req, 200, 70213, p->route->stream, true);
    api_answer_text(req, p, 200, "");
}

#define GET (1u << HTTP_GET)

static const struct api_route routes[] = {
    {GET, false, "/sdk/flags", API_NO_CREDENTIAL, .handler = pass},
    {GET, false, "/all", API_NO_CREDENTIAL, .stream = true, .handler = pass},
    {GET, false, "/sdk/evalx/{envId}/contexts/{context}", API_NO_CREDENTIAL, .handler = pass},
    {GET, false, "/a/{envId}.gif", API_NO_CREDENTIAL, .handler = pass},
};

static const struct {
    const char *target;
    const char *headers;
    const char *line;
} rows[] = {
    {"/sdk/flags", "Authorization: sdk-test-9abcd",
     "method=GET url=/sdk/flags auth=*9abcd status=200 bytes=512 time=1.234"},
    {"/sdk/flags?filter=web&withReasons=true", "",
     "url=/sdk/flags?filter=web&withReasons=true auth=n/a"},
    {"/sdk/flags", "Authorization: abcde", "auth=* status"},
    {"/sdk/flags?auth=sdk-secret", "", "url=/sdk/flags?auth=REDACTED auth=n/a"},
    {"/all", "Authorization: sdk-test-9abcd",
     "Request: method=GET url=/all auth=*9abcd status=200 (streaming)\n"},
    {"/all", "Authorization: sdk-test-9abcd", "Stream closed: url=/all auth=*9abcd bytes=70213\n"},
    {"/sdk/evalx/id-1/contexts/eyJrZXkiOiJtZSJ9?h=abcdef&withReasons=true", "",
     "url=/sdk/evalx/id-1/contexts/REDACTED?h=REDACTED&withReasons=true auth=n/a"},
    {"//sdk/evalx/id-1/./contexts/eyJrZXkiOiJtZSJ9", "",
     "url=//sdk/evalx/id-1/./contexts/REDACTED auth=n/a"},
    {"http://relay/sdk/evalx/id-1/contexts/eyJrZXkiOiJtZSJ9", "",
     "url=http://relay/sdk/evalx/id-1/contexts/REDACTED auth=n/a"},
    {"/a/id-1.gif?d=W3sia2luZCI6", "", "url=/a/id-1.gif?d=REDACTED auth=n/a"},
};

static void debug_line_seen(enum log_level level, struct view line, void *arg)
{
    if (level == LOG_DEBUG)
        str_append_format(arg, "%.*s\n", VIEW_ARGS(line));
}

static void a_request_is_logged_as_its_row_says(void **state)
{
    struct asking a;
    (void)state;
    ask_setup(&a);
    ask_start(&a, routes, ARRAY_LEN(routes));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str lines = {0};
        log_capture(debug_line_seen, &lines);
        log_scope_set_level(log_global(), LOG_DEBUG);
        ask(&a, "GET", rows[i].target, rows[i].headers);
        log_scope_set_level(log_global(), LOG_INFO);
        if (strstr(str_text(&lines), rows[i].line) == NULL)
            fail_msg("%s\n%s", rows[i].target, str_text(&lines));
        assert_null(strstr(str_text(&lines), "eyJ"));
        str_free(&lines);
    }
    ask_teardown(&a);
}

static void nothing_is_prepared_when_nobody_reads_it(void **state)
{
    struct str lines = {0};
    struct asking a;
    (void)state;
    ask_setup(&a);
    ask_start(&a, routes, ARRAY_LEN(routes));
    log_capture(debug_line_seen, &lines);
    ask(&a, "GET", "/sdk/flags", "");
    assert_int_equal(lines.len, 0);
    ask_teardown(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_logged_as_its_row_says),
        cmocka_unit_test(nothing_is_prepared_when_nobody_reads_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
