/* A real server on a loopback port, with a small service, and raw clients that wait with a
 * deadline.
 *
 * The service's routes:
 *   GET, HEAD /hello      "hello"
 *   GET /big              BIG_BYTES of 'x'
 *   GET /lent             the same in memory that is overwritten after the call
 *   POST, PUT /echo       the body back, at most ECHO_LIMIT bytes, else 413
 *   POST /refuse          401 without looking at the body
 *   POST /pieces          how the body ended and what was taken of it, "whole:..."; it pauses
 *                         behind each 'P' and stops behind an 'S'
 *   GET /park             the request waits until test_unpark()
 *   GET /stream, /flags   a stream; /flags has a current put "now"
 */
#ifndef TEST_HTTP_SERVER_SUPPORT_H
#define TEST_HTTP_SERVER_SUPPORT_H

#include "base/log.h"
#include "http/server.h"
#include "http/sse.h"

#define BIG_BYTES 8000000
#define ECHO_LIMIT 100
#define STREAMS_MAX 64
#define MUCH 20000000 /* bytes; more than socket buffers take */
#define GET_STREAM "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n"
#define GET_FLAGS "GET /flags HTTP/1.1\r\nHost: x\r\n\r\n"
#define LAST_CHUNK "0\r\n\r\n"
#define BEAT "2\r\n:\n\r\n"

#define DATE "Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n"

struct test_stream {
    struct test_server *server;
    struct sse_subscriber *subscriber; /* NULL once closed */
};

struct test_server {
    struct http_server *http;
    uv_loop_t control;
    bool closed;
    uv_mutex_t lock; /* guards what follows */
    uv_cond_t changed;
    struct http_request *parked;
    unsigned parkings;
    unsigned abandoned;
    struct http_request *paused; /* the body that was paused last */
    unsigned pauses;
    unsigned streams_opened;
    unsigned streams_closed;
    struct test_stream streams[STREAMS_MAX];
    struct http_thread *stream_thread; /* of the stream that was opened last */
    struct str log;                    /* what log_request was told */
};

/* Defaults: one thread, a free port of 127.0.0.1, no limits but generous ones. */
struct http_server_settings test_settings(void);

struct test_server *test_server_open(const struct http_server_settings *settings);

/* Closes gracefully, waits until it is closed and frees. */
void test_server_close(struct test_server *s, int64_t spread_ms, int64_t limit_ms);

/* For cmocka: *state is a server with test_settings(). */
int test_server_setup(void **state);
int test_server_teardown(void **state);

/* The other two halves of test_server_close(). */
void test_server_begin_close(struct test_server *s, int64_t spread_ms, int64_t limit_ms);
void test_server_end_close(struct test_server *s);

/* The servers' clock jumps. */
void test_clock_advance(int64_t ms);

/* What clients sent before has been read, and the wheel has turned at the present time. */
void test_settle(struct test_server *s);

/* Runs on the serving thread; returns when it has run. */
void test_on_thread(struct http_thread *t, void (*run)(void *arg), void *arg);

/* For test_on_thread(): the thread has taken all letters before this one. */
void test_nothing(void *arg);

/* *number as it is now, guarded by the server's lock. */
unsigned test_number(struct test_server *s, const unsigned *number);

/* Waits until *number, guarded by the server's lock, is at least `wanted`. */
void test_wait_for(struct test_server *s, const unsigned *number, unsigned wanted);

/* The same, while the servers' clock is turned by `step_ms` again and again. */
void test_turn_clock_until(struct test_server *s, int64_t step_ms, const unsigned *number,
                           unsigned wanted);

/* Waits for the n-th pause and ends it. */
void test_resume(struct test_server *s, unsigned pauses);

/* Answers the parked request with "done", from a letter. */
void test_unpark(struct test_server *s);

/* Queues frames on the index-th stream, in one turn of its loop. Takes the references. */
void test_push_take(struct test_server *s, unsigned index, struct frame *const *frames,
                    size_t count);
void test_close_stream(struct test_server *s, unsigned index, enum sse_close how);

/* A stream whose head has arrived and which the service knows. */
int test_open_stream(struct test_server *s, const char *request);

/* test_push_take() of one frame. */
void test_push_one_take(struct test_server *s, unsigned index, struct frame *f);

/* An event "patch" with this data, and a put with MUCH bytes of data: "01234567890123..." */
struct frame *test_change(const char *data);
struct frame *test_much(enum frame_kind kind);

/* ---- clients -------------------------------------------------------------------------------- */

/* A blocking socket whose reads fail after some seconds. */
int test_connect(const struct test_server *s);
void test_connect_socket(const struct test_server *s, int fd);
int test_try_connect(const struct test_server *s, int fd); /* as connect(2) */
void test_send(int fd, const char *text);

/* The next bytes are exactly these. */
void test_expect(int fd, const char *text);

/* Closes it so that the server gets a reset. */
void test_reset(int fd);

/* The peer closes, and sends nothing before. */
void test_expect_end(int fd);

/* Everything until the peer closes. */
void test_read_all(int fd, struct str *out);

/* test_connect(), test_send(), test_expect(), and the connection stays (true) or ends. Closes it.
 */
void test_dialogue(const struct test_server *s, const char *request, const char *answer,
                   bool stays);

/* Answer to GET /hello on a connection that stays. */
#define HELLO_ANSWER                                                                               \
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n" DATE                          \
    "Content-Length: 5\r\n\r\nhello"

#define STREAM_HEAD                                                                                \
    "HTTP/1.1 200 OK\r\nX-Test: yes\r\n" DATE "Content-Type: text/event-stream; charset=utf-8\r\n" \
    "Cache-Control: no-cache, no-store, must-revalidate\r\nX-Accel-Buffering: no\r\n"              \
    "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n"

#endif
