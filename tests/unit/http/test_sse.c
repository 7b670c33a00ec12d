/* Streams over real sockets: heads, frames and ends (streaming.md 7.3, 10.4, 15.3). */
#include "server_support.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* ---- frames --------------------------------------------------------------------------------- */

/* Checklist 42, 47 of streaming.md: exactly these headers, before any event exists. */
static void the_head_comes_before_any_event(void **state)
{
    struct test_server *s = *state;
    int fd = test_open_stream(s, GET_STREAM);
    struct http_counts counts;
    http_server_counts(s->http, &counts);
    assert_int_equal(counts.streams, 1);
    assert_int_equal(counts.connections, 1);
    (void)close(fd);
}

static void frames_arrive_in_order_with_their_framing(void **state)
{
    struct test_server *s = *state;
    int fd = test_open_stream(s, GET_STREAM);
    struct frame *const frames[] = {test_change("1"), test_change("22"), frame_ping(),
                                    test_change("3")};
    test_push_take(s, 0, frames, ARRAY_LEN(frames));
    test_expect(fd, "16\r\nevent: patch\ndata: 1\n\n\r\n"
                    "17\r\nevent: patch\ndata: 22\n\n\r\n"
                    "15\r\nevent: ping\ndata:  \n\n\r\n"
                    "16\r\nevent: patch\ndata: 3\n\n\r\n");
    test_push_one_take(s, 0, frame_comment());
    test_expect(fd, BEAT);
    (void)close(fd);
}

static void http_1_0_gets_an_unchunked_stream(void **state)
{
    struct test_server *s = *state;
    int fd = test_connect(s);
    test_send(fd, "GET /stream HTTP/1.0\r\n\r\n");
    test_expect(fd, "HTTP/1.0 200 OK\r\nX-Test: yes\r\n" DATE
                    "Content-Type: text/event-stream; charset=utf-8\r\n"
                    "Cache-Control: no-cache, no-store, must-revalidate\r\n"
                    "X-Accel-Buffering: no\r\nConnection: close\r\n\r\n");
    test_push_one_take(s, 0, test_change("1"));
    test_expect(fd, "event: patch\ndata: 1\n\n");
    test_close_stream(s, 0, SSE_CLOSE_END);
    test_expect_end(fd);
    (void)close(fd);
}

static void a_large_put_arrives_whole_with_what_follows(void **state)
{
    struct test_server *s = *state;
    int fd = test_open_stream(s, GET_STREAM);
    struct frame *const frames[] = {test_much(FRAME_PUT), test_change("1")};
    test_push_take(s, 0, frames, ARRAY_LEN(frames));
    test_expect(fd, "1312d13\r\nevent: put\ndata: ");
    char *bytes = mem_alloc(MUCH);
    assert_int_equal(recv(fd, bytes, MUCH, MSG_WAITALL), MUCH);
    for (int i = 0; i < MUCH; i++) {
        if (bytes[i] != '0' + i % 10)
            fail_msg("byte %d", i);
    }
    mem_free(bytes);
    test_expect(fd, "\n\n\r\n16\r\nevent: patch\ndata: 1\n\n\r\n");
    (void)close(fd);
}

/* What a client sends behind its request is nobody's business. */
static void pipelined_requests_are_left_alone(void **state)
{
    struct test_server *s = *state;
    int fd = test_open_stream(s, GET_STREAM GET_STREAM);
    test_send(fd, GET_STREAM);
    test_push_one_take(s, 0, frame_ping());
    test_expect(fd, "15\r\nevent: ping\ndata:  \n\n\r\n");
    test_close_stream(s, 0, SSE_CLOSE_END);
    test_expect(fd, LAST_CHUNK);
    test_expect_end(fd);
    assert_int_equal(test_number(s, &s->streams_opened), 1);
    (void)close(fd);
}

/* ---- ends ----------------------------------------------------------------------------------- */

static void an_end_is_proper_and_closes_the_connection(void **state)
{
    struct test_server *s = *state;
    int fd = test_open_stream(s, GET_STREAM);
    test_close_stream(s, 0, SSE_CLOSE_END);
    test_expect(fd, LAST_CHUNK);
    test_expect_end(fd);
    test_wait_for(s, &s->streams_closed, 1);
    (void)close(fd);
}

static void push_and_close(void *arg)
{
    struct test_server *s = arg;
    sse_subscriber_push_take(s->streams[0].subscriber, test_change("1"));
    sse_subscriber_close(s->streams[0].subscriber, SSE_CLOSE_END);
    sse_subscriber_push_take(s->streams[0].subscriber, test_change("2"));
}

/* streaming.md 10.2: queued events are not written first. */
static void an_end_does_not_wait_for_what_is_queued(void **state)
{
    struct test_server *s = *state;
    int fd = test_open_stream(s, GET_STREAM);
    test_on_thread(s->stream_thread, push_and_close, s);
    test_expect(fd, LAST_CHUNK);
    test_expect_end(fd);
    (void)close(fd);
}

/* A frame that has begun is always finished. */
static void an_end_finishes_the_frame_that_has_begun(void **state)
{
    struct test_server *s = *state;
    int fd = test_open_stream(s, GET_STREAM);
    test_push_one_take(s, 0, test_much(FRAME_PUT));
    test_push_one_take(s, 0, test_change("never"));
    test_close_stream(s, 0, SSE_CLOSE_END);
    struct str got = {0};
    test_read_all(fd, &got);
    assert_int_equal(got.len, strlen("1312d13\r\nevent: put\ndata: ") + MUCH +
                                  strlen("\n\n\r\n" LAST_CHUNK));
    assert_string_equal(got.data + got.len - 9, "\n\n\r\n" LAST_CHUNK);
    str_free(&got);
    (void)close(fd);
}

static void a_drop_says_nothing(void **state)
{
    struct test_server *s = *state;
    int fd = test_open_stream(s, GET_STREAM);
    test_close_stream(s, 0, SSE_CLOSE_DROP);
    test_expect_end(fd);
    test_wait_for(s, &s->streams_closed, 1);
    (void)close(fd);
}

static void a_client_that_leaves_is_noticed(void **state)
{
    struct test_server *s = *state;
    int fd = test_open_stream(s, GET_STREAM);
    (void)close(fd);
    test_wait_for(s, &s->streams_closed, 1);
    fd = test_open_stream(s, GET_STREAM);
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    test_wait_for(s, &s->streams_closed, 2);
    (void)close(fd);
    fd = test_open_stream(s, GET_STREAM);
    test_reset(fd);
    test_wait_for(s, &s->streams_closed, 3);
    struct http_counts counts;
    http_server_counts(s->http, &counts);
    assert_int_equal(counts.streams, 0);
}

/* The request and the end of its client may arrive in one piece. */
static void a_client_that_has_left_before_its_stream_begins_is_noticed(void **state)
{
    struct test_server *s = *state;
    for (unsigned i = 1; i <= 20; i++) {
        int fd = test_connect(s);
        test_send(fd, GET_STREAM);
        (void)shutdown(fd, SHUT_WR);
        test_wait_for(s, &s->streams_closed, i);
        (void)close(fd);
    }
}

/* ---- the request log ------------------------------------------------------------------------ */

static void streams_are_logged_at_both_ends_when_debugging(void **state)
{
    struct test_server *s = *state;
    log_level_override(true);
    int fd = test_open_stream(s, GET_STREAM);
    log_level_override(false);
    test_push_one_take(s, 0, frame_ping());
    test_expect(fd, "15\r\nevent: ping\ndata:  \n\n\r\n");
    test_close_stream(s, 0, SSE_CLOSE_END);
    test_expect(fd, LAST_CHUNK);
    test_wait_for(s, &s->streams_closed, 1);
    (void)close(fd);
    fd = test_open_stream(s, GET_STREAM); /* not debugging: nothing */
    (void)close(fd);
    test_wait_for(s, &s->streams_closed, 2);
    assert_string_equal(str_text(&s->log), "GET /stream 200 0 streaming\n"
                                           "GET /stream 200 21 streaming closed\n");
}

/* ---- the server
 * --------------------------------------------------------------------------------*/

#define WITH_SERVER(test)                                                                          \
    cmocka_unit_test_setup_teardown(test, test_server_setup, test_server_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(the_head_comes_before_any_event),
        WITH_SERVER(frames_arrive_in_order_with_their_framing),
        WITH_SERVER(http_1_0_gets_an_unchunked_stream),
        WITH_SERVER(a_large_put_arrives_whole_with_what_follows),
        WITH_SERVER(pipelined_requests_are_left_alone),
        WITH_SERVER(an_end_is_proper_and_closes_the_connection),
        WITH_SERVER(an_end_does_not_wait_for_what_is_queued),
        WITH_SERVER(an_end_finishes_the_frame_that_has_begun),
        WITH_SERVER(a_drop_says_nothing),
        WITH_SERVER(a_client_that_leaves_is_noticed),
        WITH_SERVER(a_client_that_has_left_before_its_stream_begins_is_noticed),
        WITH_SERVER(streams_are_logged_at_both_ends_when_debugging),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
