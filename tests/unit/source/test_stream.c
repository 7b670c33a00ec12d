/* The connection to /all: streaming.md 3, 4; with a scripted server and a real loop. */
#include "test_stream_bench.h"

#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\n"
#define PUT "event: put\ndata: {\"data\":{\"flags\":{\"a\":{\"version\":1}}}}\n\n"

/* ---- the request (checklist 1-3) ---- */

static const struct {
    const char *path;
    const char *filter;
    const char *line;
} urls[] = {
    {"", "", "GET /all HTTP/1.1\r\n"},
    {"/", "", "GET /all HTTP/1.1\r\n"},
    {"///", "", "GET /all HTTP/1.1\r\n"},
    {"/ld/", "", "GET /ld/all HTTP/1.1\r\n"},
    {"/a/b", "", "GET /a/b/all HTTP/1.1\r\n"},
    {"", "plain-1_.~", "GET /all?filter=plain-1_.~ HTTP/1.1\r\n"},
    {"", "a b&c/\xC3\xA4+", "GET /all?filter=a+b%26c%2F%C3%A4%2B HTTP/1.1\r\n"},
};

static void the_request_has_path_filter_and_headers(void **state)
{
    (void)state;
    static const struct peer_answer answer = {OK_HEAD PUT};
    static const char *const headers[] = {
        "\r\nAuthorization: sdk-key\r\n",  "\r\nAccept: text/event-stream\r\n",
        "\r\nCache-Control: no-cache\r\n", "\r\nUser-Agent: flagrelay/1 LDRelay/8.10.1\r\n",
        "\r\nAccept-Encoding: gzip\r\n",   "\r\nX-LaunchDarkly-Instance-Id: ",
    };
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        struct bench b;
        struct source_stream_settings settings = {.filter_key = urls[i].filter};
        bench_open(&b, &answer, 1);
        bench_start(&b, urls[i].path, &settings);
        wait_said(&b, "put 1;", urls[i].line);
        const char *sent = str_text(&b.peer.requests);
        if (strncmp(sent, urls[i].line, strlen(urls[i].line)) != 0)
            fail_msg("%s%s: %s", urls[i].path, urls[i].filter, sent);
        for (size_t k = 0; k < ARRAY_LEN(headers); k++)
            assert_non_null(strstr(sent, headers[k]));
        assert_null(strstr(sent, "Last-Event-ID"));
        assert_null(strstr(sent, "X-LaunchDarkly-Tags"));
        bench_close(&b);
    }
}

/* ---- what comes back ---- */

static const struct {
    const char *why;
    struct peer_answer answer;
    const char *said;
    const char *log[3];
} rows[] = {
    {"events",
     {OK_HEAD PUT "event: patch\ndata: {\"path\":\"/flags/a/b\",\"data\":{\"version\":2}}\n\n"
                  "event: delete\ndata: {\"path\":\"/flags/a\",\"version\":3}\n\n"},
     "put 1;patch a/b;delete a;",
     {"INFO: [env: ...e-01] Starting LaunchDarkly streaming connection",
      "INFO: [env: ...e-01] Connecting to LaunchDarkly stream",
      "DEBUG: [env: ...e-01] Received flags \"a/b\" version 2 from the stream"}},
    {"what nobody knows",
     {OK_HEAD "event: indirect/put\ndata: x\n\ndata: y\n\nevent: patch\ndata: "
              "{\"path\":\"/cats/Jack\",\"data\":{}}\n\n" PUT},
     "alive;alive;alive;put 1;",
     {"INFO: [env: ...e-01] Unexpected event found in stream: indirect/put",
      "INFO: [env: ...e-01] Unexpected event found in stream: "}},
    {"another content type",
     {"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" PUT},
     "put 1;",
     {"WARN: [env: ...e-01] Unexpected content type \"text/plain\" of the stream; expected "
      "\"text/event-stream\""}},
    {"gzip is asked for, not needed",
     {"HTTP/1.1 200 OK\r\nContent-Type: TEXT/EVENT-STREAM\r\n\r\n" PUT},
     "put 1;",
     {"Connecting"}},
    {"an end between events",
     {OK_HEAD PUT, 0, 0, PEER_CLOSE},
     "put 1;network: EOF;",
     {"WARN: [env: ...e-01] Error in stream connection (will retry): EOF",
      "INFO: [env: ...e-01] Reconnecting in 0.5000 secs"}},
    {"an end within an event",
     {OK_HEAD PUT "event: patch\ndata: {", 0, 0, PEER_CLOSE},
     "put 1;network: unexpected EOF;",
     {"(will retry): unexpected EOF"}},
    {"an end before an answer",
     {"", 0, 0, PEER_CLOSE},
     "network: EOF;",
     {"WARN: [env: ...e-01] Error in stream connection (will retry): EOF",
      "INFO: [env: ...e-01] Connection failed (EOF), retrying in 0.5000 secs"}},
    {"a reset",
     {OK_HEAD PUT, 0, 0, PEER_RESET},
     "put 1;network: connection reset by peer;",
     {"(will retry): connection reset by peer"}},
    {"no HTTP", {"hello\r\n\r\n"}, "network: malformed HTTP status line;", {"(will retry)"}},
    {"15: 503",
     {"HTTP/1.1 503 No\r\nContent-Length: 4\r\n\r\nbusy"},
     "response 503: HTTP error 503;",
     {"WARN: [env: ...e-01] Error in stream connection (will retry): HTTP error 503",
      "INFO: [env: ...e-01] Connection failed (HTTP error 503), retrying in 0.5000 secs"}},
    {"15: 400",
     {"HTTP/1.1 400 No\r\n\r\n"},
     "response 400: HTTP error 400;",
     {"(will retry): HTTP error 400"}},
    {"15: 204",
     {"HTTP/1.1 204 No\r\n\r\n"},
     "response 204: HTTP error 204;",
     {"(will retry): HTTP error 204"}},
    {"206",
     {"HTTP/1.1 206 Part\r\n\r\n"},
     "response 206: HTTP error 206;",
     {"(will retry): HTTP error 206"}},
    {"a redirect to nowhere",
     {"HTTP/1.1 302 Found\r\n\r\n"},
     "response 302: HTTP error 302;",
     {"(will retry)"}},
    {"429 with Retry-After",
     {"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\n\r\n"},
     "response 429: HTTP error 429;",
     {"retrying in 7.0000 secs"}},
    {"503 with Retry-After",
     {"HTTP/1.1 503 Slow\r\nretry-after: 9999\r\n\r\n"},
     "response 503: HTTP error 503;",
     {"retrying in 300.0000 secs"}},
    {"500 with Retry-After",
     {"HTTP/1.1 500 No\r\nRetry-After: 7\r\n\r\n"},
     "response 500: HTTP error 500;",
     {"retrying in 0.5000 secs"}},
    {"16, 17: 401",
     {"HTTP/1.1 401 No\r\n\r\n"},
     "final response 401: HTTP error 401 (invalid SDK key);",
     {"ERROR: [env: ...e-01] Error in stream connection (giving up permanently): HTTP error 401 "
      "(invalid SDK key)",
      "retrying in 150.0000 secs"}},
    {"16, 17: 403",
     {"HTTP/1.1 403 No\r\n\r\n"},
     "final response 403: HTTP error 403 (invalid SDK key);",
     {"(giving up permanently): HTTP error 403 (invalid SDK key)"}},
    {"16, 17: 404",
     {"HTTP/1.1 404 No\r\n\r\n"},
     "final response 404: HTTP error 404;",
     {"(giving up permanently): HTTP error 404\n", "retrying in 150.0000 secs"}},
    {"22: malformed",
     {OK_HEAD PUT "event: put\ndata: {sorry\n\n" PUT},
     "put 1;invalid: expected a property name in quotes at offset 2;",
     {"ERROR: [env: ...e-01] Received streaming \"put\" event with malformed JSON data (expected a "
      "property name "
      "in quotes "
      "at offset 2); will restart stream",
      "INFO: [env: ...e-01] Reconnecting in 0.5000 secs"}},
    {"22: malformed, byte by byte",
     {OK_HEAD "event: patch\ndata: {\"path\":\"/flags/x\"}\n\n" PUT, 0, 1, PEER_KEEP},
     "invalid: missing \"data\";",
     {"Received streaming \"patch\" event with malformed JSON data"}},
};

static void answers_are_told_and_logged(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct bench b;
        struct source_stream_settings settings = {0};
        bench_open(&b, &rows[i].answer, 1);
        bench_start(&b, "", &settings);
        wait_said(&b, rows[i].said, rows[i].why);
        for (size_t k = 0; k < ARRAY_LEN(rows[i].log) && rows[i].log[k] != NULL; k++)
            check_log(&b, rows[i].log[k], rows[i].why);
        bench_close(&b);
    }
}

/* 9 and 18 in small. */
static void silence_ends_a_connection(void **state)
{
    (void)state;
    static const struct peer_answer answer = {OK_HEAD PUT};
    struct bench b;
    struct source_stream_settings head = {.head_timeout_ms = 60};
    struct source_stream_settings silence = {.silence_timeout_ms = 60};
    bench_open(&b, NULL, 0);
    bench_start(&b, "", &head);
    wait_said(&b, "network: timeout while waiting for the answer;", "no answer");
    bench_close(&b);
    bench_open(&b, &answer, 1);
    bench_start(&b, "", &silence);
    wait_said(&b, "put 1;network: Read timeout on stream;", "no byte");
    check_log(
        &b, "WARN: [env: ...e-01] Error in stream connection (will retry): Read timeout on stream",
        "no byte");
    bench_close(&b);
}

/* 4, 13 and 14: what is remembered from one connection to the next. */
static void a_lost_connection_is_made_again(void **state)
{
    (void)state;
    static const struct peer_answer answers[] = {
        {OK_HEAD "id: 7\n" PUT, 0, 0, PEER_CLOSE},
        {OK_HEAD "id: 8\n\nid\n\n" PUT, 0, 0, PEER_CLOSE},
        {OK_HEAD "retry: 1000\n\n" PUT, 0, 0, PEER_KEEP},
    };
    struct bench b;
    struct source_stream_settings settings = {0};
    bench_open(&b, answers, ARRAY_LEN(answers));
    bench_start(&b, "", &settings);
    wait_requests(&b, 2);
    size_t second = b.peer.requests.len;
    const char *sent = strstr(str_text(&b.peer.requests) + 1, "GET /all");
    assert_non_null(strstr(sent, "\r\nLast-Event-ID: 7\r\n"));
    fake_clock_advance(&b.clock, 60001);
    wait_said(&b, "put 1;network: EOF;put 1;network: EOF;", "second");
    wait_requests(&b, 3);
    const char *third = str_text(&b.peer.requests) + second;
    assert_null(strstr(third, "Last-Event-ID"));
    static const char id[] = "\r\nX-LaunchDarkly-Instance-Id: ";
    assert_memory_equal(strstr(str_text(&b.peer.requests), id), strstr(third, id),
                        sizeof id - 1 + 36);
    check_log(&b, "Reconnecting in 0.5000 secs", "first wait");
    check_log(&b, "Reconnecting in 1.0000 secs", "second wait");
    wait_said(&b, "put 1;network: EOF;put 1;network: EOF;put 1;", "third");
    /* `retry` sets the count back. */
    peer_drop_all(&b.peer);
    wait_said(&b, "put 1;network: EOF;put 1;network: EOF;put 1;network: EOF;", "end");
    assert_null(strstr(str_text(&b.log), "Reconnecting in 2.0000 secs"));
    bench_close(&b);
}

static void a_restart_makes_a_new_connection(void **state)
{
    (void)state;
    static const struct peer_answer answers[] = {{OK_HEAD PUT}, {OK_HEAD PUT}};
    struct bench b;
    struct source_stream_settings settings = {0};
    bench_open(&b, answers, ARRAY_LEN(answers));
    bench_start(&b, "", &settings);
    wait_said(&b, "put 1;", "first");
    source_restart(b.source);
    source_restart(b.source); /* one is under way */
    check_log(&b, "INFO: [env: ...e-01] Reconnecting in 0.5000 secs", "restart");
    wait_said(&b, "put 1;put 1;", "second");
    assert_null(strstr(str_text(&b.log), "Error in stream connection"));
    assert_null(strstr(str_text(&b.log), "1.0000"));
    bench_close(&b);
}

static void an_unusable_url_is_final(void **state)
{
    (void)state;
    struct bench b;
    struct source_stream_settings settings = {.stream_uri = "nonsense://host"};
    bench_open(&b, NULL, 0);
    bench_start(&b, "", &settings);
    wait_said(&b, "final unknown: URL with scheme \"nonsense\"; use http or https;", "scheme");
    check_log(
        &b,
        "ERROR: [env: ...e-01] Error in stream connection (giving up permanently): URL with scheme",
        "log");
    source_restart(b.source);
    bench_close(&b);
}

static void nobody_there_is_tried_again(void **state)
{
    (void)state;
    struct bench b;
    struct source_stream_settings settings = {.stream_uri = "http://127.0.0.1:1"};
    bench_open(&b, NULL, 0);
    bench_start(&b, "", &settings);
    wait_said(&b, "network: connect to 127.0.0.1 port 1: connection refused;", "refused");
    check_log(&b,
              "Connection failed (connect to 127.0.0.1 port 1: connection refused), retrying in",
              "log");
    bench_close(&b);
}

static void a_source_can_be_closed_at_any_moment(void **state)
{
    (void)state;
    static const struct peer_answer answer = {OK_HEAD PUT "event: patch\ndata: {", 0, 20,
                                              PEER_CLOSE};
    for (int turns = 0; turns < 40; turns++) {
        struct bench b;
        struct source_stream_settings settings = {0};
        bench_open(&b, &answer, 1);
        bench_start(&b, "", &settings);
        for (int i = 0; i < turns; i++)
            uv_run(&b.loop, UV_RUN_NOWAIT);
        size_t said = b.said.len;
        source_close(b.source);
        source_close(b.source); /* twice is once */
        source_restart(b.source);
        while (!b.closed && !b.late)
            uv_run(&b.loop, UV_RUN_ONCE);
        assert_int_equal(b.said.len, said);
        bench_close(&b);
    }
    struct bench b;
    struct source_stream_settings settings = {0};
    bench_open(&b, &rows[4].answer, 1);
    b.close_at_failure = true;
    bench_start(&b, "", &settings);
    wait_said(&b, "put 1;network: EOF;", "closed by its sink");
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_request_has_path_filter_and_headers),
        cmocka_unit_test(answers_are_told_and_logged),
        cmocka_unit_test(silence_ends_a_connection),
        cmocka_unit_test(a_lost_connection_is_made_again),
        cmocka_unit_test(a_restart_makes_a_new_connection),
        cmocka_unit_test(an_unusable_url_is_final),
        cmocka_unit_test(nobody_there_is_tried_again),
        cmocka_unit_test(a_source_can_be_closed_at_any_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
