/* The end of a server: streams end properly and spread, requests finish, time is limited
 * (streaming.md 10.5). */
#include "server_support.h"

#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define GET_HELLO "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"
#define STREAMS 40

static struct test_server *server(int threads)
{
    struct http_server_settings settings = test_settings();
    settings.threads = threads;
    return test_server_open(&settings);
}

static void a_server_without_connections_ends_at_once(void **state)
{
    (void)state;
    struct test_server *s = server(3);
    int64_t before = clock_now_ms(clock_system());
    test_server_close(s, 60000, 60000);
    assert_true(clock_now_ms(clock_system()) - before < 30000);
}

static void idle_connections_are_closed(void **state)
{
    (void)state;
    struct test_server *s = server(1);
    int silent = test_connect(s);
    int idle = test_connect(s);
    test_send(idle, GET_HELLO);
    test_expect(idle, HELLO_ANSWER);
    test_server_begin_close(s, 60000, 60000);
    test_expect_end(idle);
    test_expect_end(silent);
    test_server_end_close(s);
    (void)close(idle);
    (void)close(silent);
}

static void a_request_under_way_is_finished(void **state)
{
    (void)state;
    struct test_server *s = server(1);
    int fd = test_connect(s);
    test_send(fd, "GET /park HTTP/1.1\r\nHost: x\r\n\r\n");
    test_wait_for(s, &s->parkings, 1);
    test_server_begin_close(s, 0, 60000);
    test_settle(s);
    test_unpark(s);
    test_expect(fd, "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n" DATE
                    "Content-Length: 4\r\nConnection: close\r\n\r\ndone");
    test_expect_end(fd);
    (void)close(fd);
    test_server_end_close(s);
}

static void new_connections_are_refused(void **state)
{
    (void)state;
    struct test_server *s = server(2);
    int fd = test_open_stream(s, GET_STREAM);
    test_server_begin_close(s, 60000, 60000);
    for (unsigned i = 0; i < 2; i++) /* both threads have read their letters */
        test_on_thread(http_server_thread(s->http, i), test_nothing, NULL);
    int late = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(test_try_connect(s, late), -1);
    (void)close(late);
    (void)close(fd);
    test_server_end_close(s);
}

/* A quarter of the time has passed: a quarter of the streams has ended, and so on to the last. */
static void streams_end_evenly_spread(void **state)
{
    (void)state;
    struct test_server *s = server(1);
    struct pollfd fds[STREAMS];
    for (int i = 0; i < STREAMS; i++)
        fds[i] = (struct pollfd){test_open_stream(s, GET_STREAM), POLLIN, 0};
    test_server_begin_close(s, 4000000, 60000000);
    test_settle(s);
    for (int quarter = 1; quarter <= 4; quarter++) {
        test_clock_advance(1000000);
        test_wait_for(s, &s->streams_closed, (unsigned)(STREAMS / 4 * quarter));
        (void)poll(fds, STREAMS, 0);
        int ended = 0;
        for (int i = 0; i < STREAMS; i++)
            ended += fds[i].revents != 0;
        assert_in_range(ended, STREAMS / 4 * quarter, STREAMS / 4 * quarter + 2);
    }
    for (int i = 0; i < STREAMS; i++) {
        test_expect(fds[i].fd, LAST_CHUNK);
        test_expect_end(fds[i].fd);
        (void)close(fds[i].fd);
    }
    test_server_end_close(s);
}

/* A stream that cannot be finished, and a request that nobody answers. */
static void what_is_left_is_closed_at_the_limit(void **state)
{
    (void)state;
    struct test_server *s = server(1);
    int stuck = test_open_stream(s, GET_STREAM);
    test_push_one_take(s, 0, test_much(FRAME_PUT));
    int parked = test_connect(s);
    test_send(parked, "GET /park HTTP/1.1\r\nHost: x\r\n\r\n");
    test_wait_for(s, &s->parkings, 1);
    test_server_begin_close(s, 0, 1000000);
    test_settle(s);
    test_clock_advance(1000000);
    test_server_end_close(s);
    test_expect_end(parked);
    (void)close(parked);
    (void)close(stuck);
}

/* Letters may be posted until the server is closed, also to threads that have no connection left.
 */
static void letters_are_taken_until_the_end(void **state)
{
    (void)state;
    struct test_server *s = server(2);
    int fd = test_open_stream(s, GET_STREAM);
    test_server_begin_close(s, 60000, 60000);
    for (unsigned i = 0; i < 100; i++)
        test_on_thread(http_server_thread(s->http, i % 2), test_nothing, NULL);
    (void)close(fd);
    test_server_end_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_without_connections_ends_at_once),
        cmocka_unit_test(idle_connections_are_closed),
        cmocka_unit_test(a_request_under_way_is_finished),
        cmocka_unit_test(new_connections_are_refused),
        cmocka_unit_test(streams_end_evenly_spread),
        cmocka_unit_test(what_is_left_is_closed_at_the_limit),
        cmocka_unit_test(letters_are_taken_until_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
