/* Streams and time: slow clients, heartbeats, connection time
 * (streaming.md 10.1, 10.2, 13.2, 13.3).
 *
 * Nothing waits: the servers' clock is turned. */
#include "server_support.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SLOW_STEP 450000 /* bytes */

/* ---- slow clients --------------------------------------------------------------------------- */

static char warning[300];

static void keep_warning(enum log_level level, struct view line, void *arg)
{
    (void)arg;
    if (level == LOG_WARN)
        (void)snprintf(warning, sizeof warning, "%.*s", VIEW_ARGS(line));
}

static void assert_warned(const char *text)
{
    if (strstr(warning, text) == NULL)
        fail_msg("\"%s\" was not logged, but \"%s\"", text, warning);
}

static void a_client_that_takes_nothing_is_dropped(void **state)
{
    struct test_server *s = *state;
    log_capture(keep_warning, NULL);
    int fd = test_open_stream(s, GET_STREAM);
    test_push_one_take(s, 0, test_much(FRAME_PUT));
    test_turn_clock_until(s, 10000, &s->streams_closed, 1);
    log_capture(NULL, NULL);
    assert_warned("Disconnected a stream client that took longer than maxClientWriteTime (10s) to "
                  "accept a write");
    struct http_counts counts;
    http_server_counts(s->http, &counts);
    assert_int_equal(counts.dropped_stall, 1);
    (void)close(fd);
}

static void push_many(void *arg)
{
    struct test_server *s = arg;
    for (int i = 0; i < 10000 && s->streams[0].subscriber != NULL; i++)
        sse_subscriber_push_take(s->streams[0].subscriber, test_change("0123456789"));
}

/* It reads little by little: long before the socket asks for more, the kernel's buffer shrinks. The
 * client's own buffer is small, so that each step is one that the server sees. */
static void a_slow_client_that_makes_progress_stays(void **state)
{
    struct test_server *s = *state;
    int fd = test_open_stream(s, GET_STREAM);
    int small = 64 << 10;
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
    test_push_one_take(s, 0, test_much(FRAME_PUT));
    char *bytes = mem_alloc(SLOW_STEP);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(recv(fd, bytes, SLOW_STEP, MSG_WAITALL), SLOW_STEP);
        test_settle(s);
        test_clock_advance(6000);
        test_settle(s);
    }
    mem_free(bytes);
    assert_int_equal(test_number(s, &s->streams_closed), 0);
    (void)close(fd);
}

static void a_backlog_is_replaced_by_one_current_put(void **state)
{
    struct test_server *s = *state;
    int fd = test_open_stream(s, GET_FLAGS);
    test_push_one_take(s, 0, test_much(FRAME_CHANGE));
    struct http_counts counts;
    test_on_thread(s->stream_thread, push_many,
                   s); /* 10000 * 37 bytes: over the limit repeatedly */
    test_wait_for(s, &s->streams_closed, 1);
    http_server_counts(s->http, &counts);
    assert_int_equal(counts.dropped_backlog, 1);
    (void)close(fd);
}

static void push_some(void *arg)
{
    struct test_server *s = arg;
    for (int i = 0; i < 2000; i++) /* 2000 * 37 bytes: over the limit of 64 KiB once */
        sse_subscriber_push_take(s->streams[0].subscriber, test_change("0123456789"));
}

static void a_client_that_catches_up_gets_the_put_and_what_came_after(void **state)
{
    struct test_server *s = *state;
    int fd = test_open_stream(s, GET_FLAGS);
    test_push_one_take(s, 0, test_much(FRAME_CHANGE));
    test_on_thread(s->stream_thread, push_some, s);
    test_close_stream(s, 0, SSE_CLOSE_END);
    struct str got = {0};
    test_read_all(fd, &got);
    str_free(&got);
    (void)close(fd);

    fd = test_open_stream(s, GET_FLAGS);
    struct frame *const first[] = {test_much(FRAME_CHANGE)};
    test_push_take(s, 1, first, 1);
    s->streams[0] = s->streams[1];
    test_on_thread(s->stream_thread, push_some, s);
    char *bytes = mem_alloc(MUCH);
    test_expect(fd, "1312d13\r\nevent: put\ndata: ");
    assert_int_equal(recv(fd, bytes, MUCH, MSG_WAITALL), MUCH);
    mem_free(bytes);
    test_expect(fd, "\n\n\r\n16\r\nevent: put\ndata: now\n\n\r\n");
    for (int i = 0; i < 2000 - 1771 - 1; i++)
        test_expect(fd, "1f\r\nevent: patch\ndata: 0123456789\n\n\r\n");
    test_push_one_take(s, 1, test_change("last"));
    test_expect(fd, "19\r\nevent: patch\ndata: last\n\n\r\n");
    (void)close(fd);
}

static void without_a_current_put_the_backlog_ends_the_stream(void **state)
{
    struct test_server *s = *state;
    log_capture(keep_warning, NULL);
    int fd = test_open_stream(s, GET_STREAM);
    test_push_one_take(s, 0, test_much(FRAME_CHANGE));
    test_on_thread(s->stream_thread, push_many, s);
    test_wait_for(s, &s->streams_closed, 1);
    log_capture(NULL, NULL);
    assert_warned("Disconnected a stream client with more than maxClientBacklog (64KiB) of unsent "
                  "data");
    (void)close(fd);
}

/* ---- the wheel ------------------------------------------------------------------------------ */

static void heartbeats_come_at_their_interval(void **state)
{
    struct test_server *s = *state;
    int fd = test_open_stream(s, GET_STREAM);
    for (int i = 0; i < 3; i++) {
        test_clock_advance(60000);
        test_expect(fd, BEAT);
    }
    test_push_one_take(s, 0, frame_ping());
    test_expect(fd, "15\r\nevent: ping\ndata:  \n\n\r\n");
    (void)close(fd);
}

static void a_client_that_sends_too_much_is_dropped(void **state)
{
    struct test_server *s = *state;
    int fd = test_open_stream(s, GET_STREAM);
    char bytes[10000];
    memset(bytes, 'x', sizeof bytes);
    for (int i = 0; i < 10; i++)
        assert_int_equal(send(fd, bytes, sizeof bytes, MSG_NOSIGNAL), sizeof bytes);
    test_turn_clock_until(s, 60000, &s->streams_closed, 1);
    (void)close(fd);
}

/* Checklist of streaming.md 10.2: exactly the time below 60 s, and the connection ends with it. */
static void a_stream_ends_when_its_time_is_over(void **state)
{
    struct test_server *s = *state;
    int fd = test_open_stream(s, GET_STREAM);
    test_clock_advance(50000);
    test_expect(fd, LAST_CHUNK);
    test_expect_end(fd);
    (void)close(fd);
}

static void a_stuck_client_is_dropped_when_its_time_is_over(void **state)
{
    struct test_server *s = *state;
    int fd = test_open_stream(s, GET_STREAM);
    test_push_one_take(s, 0, test_much(FRAME_PUT));
    test_turn_clock_until(s, 50000, &s->streams_closed, 1);
    (void)close(fd);
}

/* The chance of 0 gives the shortest time, 90 %. */
static void long_times_are_spread(void **state)
{
    struct test_server *s = *state;
    int fd = test_open_stream(s, GET_STREAM);
    test_clock_advance(901000);
    test_expect(fd, LAST_CHUNK);
    test_expect_end(fd);
    (void)close(fd);
}

/* ---- servers -------------------------------------------------------------------------------- */

/* The shortest interval decides how often the wheel turns, in real time. */
static struct http_server_settings quick_settings(void)
{
    struct http_server_settings settings = test_settings();
    settings.idle_timeout_ms = 160;
    return settings;
}

static int open_server(void **state)
{
    const struct http_server_settings settings = quick_settings();
    *state = test_server_open(&settings);
    return 0;
}

static int open_server_with_beats(void **state)
{
    struct http_server_settings settings = quick_settings();
    settings.heartbeat_ms = 60000;
    *state = test_server_open(&settings);
    return 0;
}

static int open_server_with_time(void **state)
{
    struct http_server_settings settings = quick_settings();
    settings.max_stream_time_ms = 50000;
    settings.max_write_time_ms = 0;
    *state = test_server_open(&settings);
    return 0;
}

static double no_chance(struct random *r)
{
    (void)r;
    return 0.0;
}

static int open_server_with_long_time(void **state)
{
    static struct random chance = {no_chance};
    struct http_server_settings settings = quick_settings();
    settings.max_stream_time_ms = 1000000;
    settings.random = &chance;
    *state = test_server_open(&settings);
    return 0;
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, open_server, test_server_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(a_client_that_takes_nothing_is_dropped),
        WITH_SERVER(a_slow_client_that_makes_progress_stays),
        WITH_SERVER(a_backlog_is_replaced_by_one_current_put),
        WITH_SERVER(a_client_that_catches_up_gets_the_put_and_what_came_after),
        WITH_SERVER(without_a_current_put_the_backlog_ends_the_stream),
        cmocka_unit_test_setup_teardown(heartbeats_come_at_their_interval, open_server_with_beats,
                                        test_server_teardown),
        cmocka_unit_test_setup_teardown(a_client_that_sends_too_much_is_dropped,
                                        open_server_with_beats, test_server_teardown),
        cmocka_unit_test_setup_teardown(a_stream_ends_when_its_time_is_over, open_server_with_time,
                                        test_server_teardown),
        cmocka_unit_test_setup_teardown(a_stuck_client_is_dropped_when_its_time_is_over,
                                        open_server_with_time, test_server_teardown),
        cmocka_unit_test_setup_teardown(long_times_are_spread, open_server_with_long_time,
                                        test_server_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
