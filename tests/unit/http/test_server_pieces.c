/* Bodies that the service takes in pieces, pauses and stops (http/server.h; events.md 3.3, 13.2).
 */
#include "server_support.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define HEAD "POST /pieces HTTP/1.1\r\nHost: x\r\n"
#define CHUNKED HEAD "Transfer-Encoding: chunked\r\n\r\n"

static void expect_answer(int fd, const char *text, bool stays)
{
    char answer[256];
    (void)snprintf(answer, sizeof answer,
                   "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n" DATE
                   "Content-Length: %zu\r\n%s\r\n%s",
                   strlen(text), stays ? "" : "Connection: close\r\n", text);
    test_expect(fd, answer);
}

static const struct {
    const char *request;
    const char *answer;
    bool stays;
    const char *why;
} dialogues[] = {
    {HEAD "Content-Length: 5\r\n\r\nhello", "whole:hello", true, "a body with a length"},
    {HEAD "\r\n", "whole:", true, "no body"},
    {CHUNKED "3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", "whole:hello", true, "chunks"},
    {HEAD "Content-Length: 5\r\n\r\nheSlo", "stopped:heS", true, "the rest is thrown away"},
    {CHUNKED "3\r\nheS\r\n2\r\nlo\r\n0\r\n\r\n", "stopped:heS", true, "so are chunks"},
    {HEAD "Content-Length: 300000\r\n\r\nheS", "stopped:heS", false, "too much is left"},
    {HEAD "Content-Length: 262145\r\n\r\nS", "stopped:S", true, "what is left counts"},
    {CHUNKED "3\r\nhel\r\nzz\r\n", "broken:hel", false, "chunks that are none"},
};

static void a_body_in_pieces_is_answered_as_its_row_says(void **state)
{
    const struct test_server *s = *state;
    for (size_t i = 0; i < ARRAY_LEN(dialogues); i++) {
        print_message("%s\n", dialogues[i].why);
        int fd = test_connect(s);
        test_send(fd, dialogues[i].request);
        expect_answer(fd, dialogues[i].answer, dialogues[i].stays);
        if (!dialogues[i].stays)
            test_expect_end(fd);
        (void)close(fd);
    }
}

/* What was behind the pause in the same packet, and what comes later, is there afterwards. */
static void a_paused_body_goes_on(void **state)
{
    static const char *const requests[] = {
        HEAD "Content-Length: 8\r\n\r\nabPcdPef",
        CHUNKED "4\r\nabPc\r\n4\r\ndPef\r\n0\r\n\r\n",
        CHUNKED "3\r\nabP\r\n5\r\ncdPef\r\n0\r\n\r\n",
    };
    struct test_server *s = *state;
    for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
        int fd = test_connect(s);
        unsigned before = s->pauses;
        test_send(fd, requests[i]);
        test_resume(s, before + 1);
        test_send(fd, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
        test_resume(s, before + 2);
        expect_answer(fd, "whole:abPcdPef", true);
        test_expect(fd, HELLO_ANSWER); /* what was pipelined behind it */
        (void)close(fd);
    }
}

static void a_body_may_be_paused_at_its_end(void **state)
{
    struct test_server *s = *state;
    int fd = test_connect(s);
    unsigned before = s->pauses;
    test_send(fd, HEAD "Content-Length: 3\r\n\r\nabP");
    test_resume(s, before + 1);
    expect_answer(fd, "whole:abP", true);
    test_send(fd, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
    test_expect(fd, HELLO_ANSWER);
    (void)close(fd);
}

/* The socket fills up and nothing is read; then the rest arrives. */
static void nothing_is_read_while_a_body_is_paused(void **state)
{
    struct test_server *s = *state;
    enum { LEN = MUCH };
    int fd = test_connect(s);
    unsigned before = s->pauses;
    char head[100];
    (void)snprintf(head, sizeof head, HEAD "Content-Length: %d\r\n\r\nP", LEN);
    test_send(fd, head);
    test_wait_for(s, &s->pauses, before + 1);
    char *bytes = mem_alloc(LEN);
    memset(bytes, 'x', LEN);
    bytes[LEN - 2] = 'S';
    ssize_t sent = 0;
    for (ssize_t n = 0; n >= 0 && sent<LEN - 1; sent += n> 0 ? n : 0)
        n = send(fd, bytes + sent, (size_t)(LEN - 1 - sent), MSG_DONTWAIT | MSG_NOSIGNAL);
    assert_true(sent < LEN - 1);
    test_resume(s, before + 1);
    while (sent < LEN - 1) {
        ssize_t n = send(fd, bytes + sent, (size_t)(LEN - 1 - sent), MSG_NOSIGNAL);
        assert_true(n > 0);
        sent += n;
    }
    test_expect(fd, "HTTP/1.1 200 OK\r\n");
    mem_free(bytes);
    (void)close(fd);
}

static void a_pause_that_does_not_end_is_told_and_the_connection_ends(void **state)
{
    struct test_server *s = *state;
    int fd = test_connect(s);
    unsigned before = s->pauses;
    test_send(fd, HEAD "Content-Length: 5\r\n\r\nabPcd");
    test_wait_for(s, &s->pauses, before + 1);
    test_settle(s);
    test_clock_advance(HTTP_BODY_STALL_MS + 1000);
    expect_answer(fd, "stalled:abP", false);
    test_expect_end(fd);
    (void)close(fd);
}

/* The client shuts down its sending side in the middle of the body, and hears what came of it. */
static void a_body_that_is_cut_off_is_broken(void **state)
{
    const struct test_server *s = *state;
    int fd = test_connect(s);
    test_send(fd, HEAD "Content-Length: 5\r\n\r\nabc");
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    expect_answer(fd, "broken:abc", false);
    test_expect_end(fd);
    (void)close(fd);
}

static void a_client_that_goes_away_while_paused_is_noticed(void **state)
{
    struct test_server *s = *state;
    unsigned abandoned = s->abandoned;
    unsigned pauses = s->pauses;
    int fd = test_connect(s);
    test_send(fd, HEAD "Content-Length: 5\r\n\r\nabPcd");
    test_wait_for(s, &s->pauses, pauses + 1);
    test_reset(fd);
    test_wait_for(s, &s->abandoned, abandoned + 1);
}

static void continue_is_sent_for_pieces_too(void **state)
{
    const struct test_server *s = *state;
    int fd = test_connect(s);
    test_send(fd, HEAD "Content-Length: 4\r\nExpect: 100-continue\r\n\r\n");
    test_expect(fd, "HTTP/1.1 100 Continue\r\n\r\n");
    test_send(fd, "body");
    expect_answer(fd, "whole:body", true);
    (void)close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_body_in_pieces_is_answered_as_its_row_says),
        cmocka_unit_test(a_paused_body_goes_on),
        cmocka_unit_test(a_body_may_be_paused_at_its_end),
        cmocka_unit_test(nothing_is_read_while_a_body_is_paused),
        cmocka_unit_test(a_pause_that_does_not_end_is_told_and_the_connection_ends),
        cmocka_unit_test(a_body_that_is_cut_off_is_broken),
        cmocka_unit_test(a_client_that_goes_away_while_paused_is_noticed),
        cmocka_unit_test(continue_is_sent_for_pieces_too),
    };
    return cmocka_run_group_tests(tests, test_server_setup, test_server_teardown);
}
