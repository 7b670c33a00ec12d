/* Requests over real sockets: answers, bodies, keep-alive, pipelining (http-api.md 2.3, 10.1). */
#include "server_support.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define OK_HEAD "HTTP/1.1 200 OK\r\n" DATE
#define TEXT "Content-Type: text/plain; charset=utf-8\r\n"

static const struct {
    const char *request;
    const char *answer;
    bool stays;
    const char *why;
} dialogues[] = {
    {"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n", HELLO_ANSWER, true, "plain"},
    {"GET http://y/hello HTTP/1.1\r\nHost: x\r\n\r\n", HELLO_ANSWER, true, "absolute form"},
    {"GET //x/..//hello HTTP/1.1\r\nHost: x\r\n\r\n", HELLO_ANSWER, true, "checklist 7"},
    {"GET /%68ello HTTP/1.1\r\nHost: x\r\n\r\n", HELLO_ANSWER, true, "checklist 8"},
    {"HEAD /hello HTTP/1.1\r\nHost: x\r\n\r\n",
     "HTTP/1.1 200 OK\r\n" TEXT DATE "Content-Length: 5\r\n\r\n", true, "checklist 9: HEAD"},
    {"HEAD /stream HTTP/1.1\r\nHost: x\r\n\r\n",
     "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET\r\n" DATE "\r\n", true,
     "checklist 9: HEAD does not open a stream"},
    {"PUT /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
     "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET\r\n" DATE "Content-Length: 0\r\n\r\n", true,
     "checklist 1, 3: wrong method"},
    {"BREW /echo HTTP/1.1\r\nHost: x\r\n\r\n",
     "HTTP/1.1 405 Method Not Allowed\r\nAllow: POST, PUT\r\n" DATE "Content-Length: 0\r\n\r\n",
     true, "unknown method"},
    {"GET /hello/ HTTP/1.1\r\nHost: x\r\n\r\n",
     "HTTP/1.1 404 Not Found\r\n" TEXT "X-Content-Type-Options: nosniff\r\n" DATE
     "Content-Length: 19\r\n\r\n404 page not found\n",
     true, "checklist 2, 4: unknown path"},
    {"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", OK_HEAD "Content-Length: 0\r\n\r\n", true,
     "checklist 6"},
    {"CONNECT y:443 HTTP/1.1\r\nHost: x\r\n\r\n",
     "HTTP/1.1 404 Not Found\r\n" TEXT "X-Content-Type-Options: nosniff\r\n" DATE
     "Content-Length: 19\r\n\r\n404 page not found\n",
     true, "authority form"},
    {"GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
     "HTTP/1.1 200 OK\r\n" TEXT DATE "Content-Length: 5\r\nConnection: close\r\n\r\nhello", false,
     "close is echoed and obeyed"},
    {"GET /hello HTTP/1.0\r\n\r\n",
     "HTTP/1.0 200 OK\r\n" TEXT DATE "Content-Length: 5\r\nConnection: close\r\n\r\nhello", false,
     "HTTP/1.0 closes"},
    {"GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
     "HTTP/1.0 200 OK\r\n" TEXT DATE "Content-Length: 5\r\nConnection: keep-alive\r\n\r\nhello",
     true, "HTTP/1.0 stays when asked to"},

    {"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody",
     OK_HEAD "Content-Length: 4\r\n\r\nbody", true, "body with a length"},
    {"POST /echo HTTP/1.1\r\nHost: x\r\n\r\n", OK_HEAD "Content-Length: 0\r\n\r\n", true,
     "no body"},
    {"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
     "2;x\r\nbo\r\n2\r\ndy\r\n0\r\nTrailer: 1\r\n\r\n",
     OK_HEAD "Content-Length: 4\r\n\r\nbody", true, "checklist 40: chunks"},
    {"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
     "HTTP/1.1 400 Bad Request\r\n" TEXT "Connection: close\r\nContent-Length: 15\r\n\r\n"
     "400 Bad Request",
     false, "chunks that are none"},
    {"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\n\r\n"
     "12345678901234567890123456789012345678901234567890"
     "123456789012345678901234567890123456789012345678901",
     "HTTP/1.1 413 Request Entity Too Large\r\n" TEXT DATE "Content-Length: 9\r\n\r\ntoo large",
     true, "a body over the limit is thrown away"},
    {"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
     "32\r\n12345678901234567890123456789012345678901234567890\r\n"
     "33\r\n123456789012345678901234567890123456789012345678901\r\n0\r\n\r\n",
     "HTTP/1.1 413 Request Entity Too Large\r\n" TEXT DATE "Content-Length: 9\r\n\r\ntoo large",
     true, "chunks over the limit"},
    {"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n",
     "HTTP/1.1 413 Request Entity Too Large\r\n" TEXT DATE
     "Content-Length: 9\r\nConnection: close\r\n\r\ntoo large",
     false, "more than 256 KiB is not thrown away"},
    {"POST /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody",
     "HTTP/1.1 401 Unauthorized\r\n" DATE "Content-Length: 0\r\n\r\n", true,
     "an unread body is thrown away"},
    {"POST /refuse HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n",
     "HTTP/1.1 401 Unauthorized\r\n" DATE "Content-Length: 0\r\nConnection: close\r\n\r\n", false,
     "checklist 40: no 100 for a request that is refused"},
    {"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\nExpect: 100-continue\r\n\r\n",
     "HTTP/1.1 413 Request Entity Too Large\r\n" TEXT DATE
     "Content-Length: 9\r\nConnection: close\r\n\r\ntoo large",
     false, "checklist 40: no 100 for a body that is too large"},

    {"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
     "HTTP/1.1 400 Bad Request\r\n" TEXT "Connection: close\r\nContent-Length: 15\r\n\r\n"
     "400 Bad Request",
     false, "checklist 8: broken escape"},
    {"GET / HTTP/1.1\r\n\r\n",
     "HTTP/1.1 400 Bad Request: missing required Host header\r\n" TEXT
     "Connection: close\r\nContent-Length: 45\r\n\r\n"
     "400 Bad Request: missing required Host header",
     false, "no Host"},
    {"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
     "HTTP/1.1 400 Bad Request: invalid header name\r\n" TEXT
     "Connection: close\r\nContent-Length: 36\r\n\r\n400 Bad Request: invalid header name",
     false, "header name"},
    {"GET / HTTP/1.1\r\nHost: x\r\nExpect: x\r\n\r\n",
     "HTTP/1.1 417 Expectation Failed\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", false,
     "expectation"},
    {"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
     "HTTP/1.1 501 Not Implemented\r\n" TEXT "Connection: close\r\nContent-Length: 29\r\n\r\n"
     "Unsupported transfer encoding",
     false, "transfer encoding"},
    {"GET / HTTP/3.0\r\nHost: x\r\n\r\n",
     "HTTP/1.1 505 HTTP Version Not Supported: unsupported protocol version\r\n" TEXT
     "Connection: close\r\nContent-Length: 60\r\n\r\n"
     "505 HTTP Version Not Supported: unsupported protocol version",
     false, "version"},
};

static void requests_have_their_answers(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(dialogues); i++) {
        print_message("%s\n", dialogues[i].why);
        test_dialogue(*state, dialogues[i].request, dialogues[i].answer, dialogues[i].stays);
    }
}

/* The law behind the parser, at the whole server: one byte at a time changes nothing. */
static void requests_in_single_bytes_have_the_same_answers(void **state)
{
    const struct test_server *s = *state;
    for (size_t i = 0; i < ARRAY_LEN(dialogues); i++) {
        int fd = test_connect(s);
        for (const char *at = dialogues[i].request; *at != '\0'; at++) {
            if (send(fd, at, 1, MSG_NOSIGNAL) != 1)
                break; /* refused before its end */
        }
        struct str got = {0};
        (void)shutdown(fd, SHUT_WR);
        test_read_all(fd, &got);
        if (!view_starts(str_view(&got), "HTTP/1."))
            fail_msg("%s: \"%s\"", dialogues[i].why, str_text(&got));
        if (memcmp(str_text(&got), dialogues[i].answer, got.len < 12 ? got.len : 12) != 0)
            fail_msg("%s: \"%s\"", dialogues[i].why, str_text(&got));
        str_free(&got);
        (void)close(fd);
    }
}

static void a_head_over_the_limit_is_431(void **state)
{
    const struct test_server *s = *state;
    struct str request = {0};
    str_append_text(&request, "GET /hello HTTP/1.1\r\nHost: x\r\nA: ");
    while (request.len < 16384 + 4096 + 1)
        str_append_char(&request, 'a');
    test_dialogue(s, str_text(&request),
                  "HTTP/1.1 431 Request Header Fields Too Large\r\n" TEXT
                  "Connection: close\r\nContent-Length: 35\r\n\r\n"
                  "431 Request Header Fields Too Large",
                  false);
    str_free(&request);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    const struct test_server *s = *state;
    int fd = test_connect(s);
    enum { COUNT = 500 };
    struct str requests = {0};
    for (int i = 0; i < COUNT; i++)
        str_append_format(&requests,
                          "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n%03d"
                          "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n",
                          i);
    test_send(fd, str_text(&requests));
    for (int i = 0; i < COUNT; i++) {
        char answer[200];
        (void)snprintf(answer, sizeof answer, OK_HEAD "Content-Length: 3\r\n\r\n%03d", i);
        test_expect(fd, answer);
        test_expect(fd, HELLO_ANSWER);
    }
    str_free(&requests);
    (void)close(fd);
}

/* Checklist 40. */
static void continue_is_sent_when_the_body_is_wanted(void **state)
{
    const struct test_server *s = *state;
    int fd = test_connect(s);
    test_send(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"
                  "Expect: 100-continue\r\n\r\n");
    test_expect(fd, "HTTP/1.1 100 Continue\r\n\r\n");
    test_send(fd, "body");
    test_expect(fd, OK_HEAD "Content-Length: 4\r\n\r\nbody");
    test_send(fd, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    test_expect(fd, HELLO_ANSWER);
    (void)close(fd);
}

static void check_large_answer(const struct test_server *s, const char *request)
{
    int fd = test_connect(s);
    test_send(fd, request);
    test_send(fd, "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    struct str got = {0};
    test_read_all(fd, &got);
    static const char head[] = OK_HEAD "Content-Length: 8000000\r\n\r\n";
    static const char next[] =
        "HTTP/1.1 200 OK\r\n" TEXT DATE "Content-Length: 5\r\nConnection: close\r\n\r\nhello";
    assert_int_equal(got.len, sizeof head - 1 + BIG_BYTES + sizeof next - 1);
    assert_memory_equal(got.data, head, sizeof head - 1);
    for (size_t i = 0; i < BIG_BYTES; i++) {
        if (got.data[sizeof head - 1 + i] != 'x')
            fail_msg("byte %zu", i);
    }
    assert_string_equal(got.data + sizeof head - 1 + BIG_BYTES, next);
    str_free(&got);
    (void)close(fd);
}

static void a_large_answer_arrives_whole(void **state)
{
    check_large_answer(*state, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
    check_large_answer(*state, "GET /lent HTTP/1.1\r\nHost: x\r\n\r\n");
}

static void a_parked_request_is_answered_later(void **state)
{
    struct test_server *s = *state;
    int fd = test_connect(s);
    test_send(fd, "GET /park HTTP/1.1\r\nHost: x\r\n\r\nGET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    test_unpark(s);
    test_expect(fd, "HTTP/1.1 200 OK\r\n" TEXT DATE "Content-Length: 4\r\n\r\ndone");
    test_expect(fd, HELLO_ANSWER); /* what was pipelined behind it */
    (void)close(fd);
}

/* A client may shut down its sending side and still wait for the answer. */
static void a_half_closed_client_gets_its_answer(void **state)
{
    struct test_server *s = *state;
    int fd = test_connect(s);
    test_send(fd, "GET /park HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    test_unpark(s);
    test_expect(fd, "HTTP/1.1 200 OK\r\n" TEXT DATE "Content-Length: 4\r\n\r\ndone");
    test_expect_end(fd);
    (void)close(fd);
}

static void a_client_that_goes_away_abandons_its_request(void **state)
{
    struct test_server *s = *state;
    unsigned before = s->abandoned;
    int fd = test_connect(s);
    test_send(fd, "GET /park HTTP/1.1\r\nHost: x\r\n\r\n");
    uv_mutex_lock(&s->lock);
    while (s->parked == NULL)
        uv_cond_wait(&s->changed, &s->lock);
    uv_mutex_unlock(&s->lock);
    test_reset(fd);
    test_wait_for(s, &s->abandoned, before + 1);
}

/* What the debug log is told (telemetry.md 8.6); 404, 405 and refusals are not in it. */
static void requests_of_routes_are_logged(void **state)
{
    struct test_server *s = *state;
    uv_mutex_lock(&s->lock);
    str_clear(&s->log);
    uv_mutex_unlock(&s->lock);
    test_dialogue(s, "HEAD /hello?a=1 HTTP/1.1\r\nHost: x\r\n\r\n",
                  "HTTP/1.1 200 OK\r\n" TEXT DATE "Content-Length: 5\r\n\r\n", true);
    int fd = test_connect(s);
    test_send(fd, "PUT /none HTTP/1.1\r\nHost: x\r\n\r\n");
    test_expect(fd, "HTTP/1.1 404");
    (void)close(fd);
    uv_mutex_lock(&s->lock);
    assert_string_equal(str_text(&s->log),
                        "GET /hello?a=1 200 0 closed\nGET /hello 200 5 closed\n");
    uv_mutex_unlock(&s->lock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_have_their_answers),
        cmocka_unit_test(requests_in_single_bytes_have_the_same_answers),
        cmocka_unit_test(a_head_over_the_limit_is_431),
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(continue_is_sent_when_the_body_is_wanted),
        cmocka_unit_test(a_large_answer_arrives_whole),
        cmocka_unit_test(a_parked_request_is_answered_later),
        cmocka_unit_test(a_half_closed_client_gets_its_answer),
        cmocka_unit_test(a_client_that_goes_away_abandons_its_request),
        cmocka_unit_test(requests_of_routes_are_logged),
    };
    return cmocka_run_group_tests(tests, test_server_setup, test_server_teardown);
}
