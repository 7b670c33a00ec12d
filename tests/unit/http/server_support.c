/* See server_support.h. */
#include "server_support.h"

#include <stdatomic.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define PATIENCE_S ((uint64_t)10)
#define SETTLE_TICK_MS ((int64_t)10) /* of the wheel: a sixteenth of the shortest interval */

/* ---- the clock: real time plus what the test adds, but always the same date ----------------- */

static _Atomic int64_t added_ms;

void test_clock_advance(int64_t ms)
{
    (void)atomic_fetch_add(&added_ms, ms);
}

static int64_t real_now_ms(const struct clock *c)
{
    (void)c;
    return clock_now_ms(clock_system()) + atomic_load(&added_ms);
}

static int64_t fixed_wall_ms(const struct clock *c)
{
    (void)c;
    return 1700000000000;
}

static const struct clock test_clock = {real_now_ms, fixed_wall_ms};

/* ---- the service ---------------------------------------------------------------------------- */

static struct test_server *server_of(struct http_request *req)
{
    return http_thread_state(http_request_thread(req));
}

static void on_hello(struct http_request *req)
{
    http_respond_text(req, 200, "hello");
}

static void on_big(struct http_request *req)
{
    struct buf *body = buf_new(BIG_BYTES);
    memset(body->data, 'x', BIG_BYTES);
    http_respond(req, 200, NULL, body);
    buf_unref(body);
}

static void on_lent(struct http_request *req)
{
    char *body = mem_alloc(BIG_BYTES);
    memset(body, 'x', BIG_BYTES);
    http_respond_borrowed(req, 200, NULL, view_make(body, BIG_BYTES));
    memset(body, 'y', BIG_BYTES);
    mem_free(body);
}

static void echo_body(struct http_request *req, struct view body, bool too_large)
{
    if (too_large) {
        http_respond_text(req, 413, "too large");
        return;
    }
    struct buf *copy = buf_copy(body);
    http_respond(req, 200, NULL, copy);
    buf_unref(copy);
}

static void on_echo(struct http_request *req)
{
    http_request_read_body(req, ECHO_LIMIT, echo_body);
}

static void on_refuse(struct http_request *req)
{
    http_respond(req, 401, NULL, NULL);
}

static void park_abandoned(void *state)
{
    struct test_server *s = state;
    uv_mutex_lock(&s->lock);
    s->parked = NULL;
    s->abandoned++;
    uv_cond_broadcast(&s->changed);
    uv_mutex_unlock(&s->lock);
}

static void on_park(struct http_request *req)
{
    struct test_server *s = server_of(req);
    http_request_set_state(req, s, park_abandoned);
    uv_mutex_lock(&s->lock);
    s->parked = req;
    s->parkings++;
    uv_cond_broadcast(&s->changed);
    uv_mutex_unlock(&s->lock);
}

static void stream_closed(void *owner)
{
    struct test_stream *stream = owner;
    struct test_server *s = stream->server;
    uv_mutex_lock(&s->lock);
    stream->subscriber = NULL;
    s->streams_closed++;
    uv_cond_broadcast(&s->changed);
    uv_mutex_unlock(&s->lock);
}

static struct frame *stream_put(void *owner)
{
    (void)owner;
    return frame_new(FRAME_PUT, "put", VIEW_LITERAL("now"));
}

static const struct sse_listener without_put = {.on_closed = stream_closed};
static const struct sse_listener with_put = {.on_closed = stream_closed, .current_put = stream_put};

static void open_stream(struct http_request *req, const struct sse_listener *listener)
{
    struct test_server *s = server_of(req);
    struct http_headers headers = {0};
    http_header_add_text(&headers, "X-Test", "yes");
    uv_mutex_lock(&s->lock);
    assert_true(s->streams_opened < STREAMS_MAX);
    struct test_stream *stream = &s->streams[s->streams_opened++];
    stream->server = s;
    s->stream_thread = http_request_thread(req);
    stream->subscriber = sse_subscriber_open(req, &headers, log_global(), listener, stream);
    uv_cond_broadcast(&s->changed);
    uv_mutex_unlock(&s->lock);
}

static void on_stream(struct http_request *req)
{
    open_stream(req, &without_put);
}

static void on_flags(struct http_request *req)
{
    open_stream(req, &with_put);
}

/* ---- a body in pieces ------------------------------------------------------------------------ */

struct test_pieces {
    struct http_request *req;
    struct test_server *server;
    struct str text;
    bool paused;
};

static void pieces_free(struct test_pieces *p)
{
    str_free(&p->text);
    mem_free(p);
}

static void pieces_abandoned(void *state)
{
    struct test_pieces *p = state;
    struct test_server *s = p->server;
    pieces_free(p);
    uv_mutex_lock(&s->lock);
    s->paused = NULL;
    s->abandoned++;
    uv_cond_broadcast(&s->changed);
    uv_mutex_unlock(&s->lock);
}

static void note_pause(struct test_pieces *p)
{
    struct test_server *s = p->server;
    p->paused = true;
    uv_mutex_lock(&s->lock);
    s->paused = p->req;
    s->pauses++;
    uv_cond_broadcast(&s->changed);
    uv_mutex_unlock(&s->lock);
}

/* Up to and including a 'P', where it pauses, or an 'S', where it stops. */
static enum http_body_step pieces_take(struct http_request *req, struct view *piece)
{
    struct test_pieces *p = http_request_state(req);
    assert_true(piece->len != 0 && !p->paused);
    struct view taken = view_take_until(piece, "PS");
    str_append(&p->text, taken);
    if (piece->len == 0)
        return HTTP_BODY_MORE;
    char mark = piece->data[0];
    str_append_char(&p->text, mark);
    *piece = view_from(*piece, 1);
    if (mark == 'S')
        return HTTP_BODY_STOP;
    note_pause(p);
    return HTTP_BODY_PAUSE;
}

static void pieces_ended(struct http_request *req, enum http_body_end how)
{
    static const char *const names[] = {"whole:", "stopped:", "broken:", "stalled:"};
    struct test_pieces *p = http_request_state(req);
    struct str answer = {0};
    str_append_text(&answer, names[how]);
    str_append(&answer, str_view(&p->text));
    http_request_set_state(req, NULL, NULL);
    pieces_free(p);
    http_respond_text(req, 200, str_text(&answer));
    str_free(&answer);
}

static void on_pieces(struct http_request *req)
{
    static const struct http_body_reader reader = {pieces_take, pieces_ended};
    struct test_pieces *p = mem_zalloc(sizeof *p);
    p->req = req;
    p->server = server_of(req);
    http_request_set_state(req, p, pieces_abandoned);
    http_request_read_pieces(req, &reader);
}

static void resume(void *arg)
{
    struct test_pieces *p = http_request_state(arg);
    p->paused = false;
    http_request_resume_body(arg);
}

void test_resume(struct test_server *s, unsigned pauses)
{
    test_wait_for(s, &s->pauses, pauses);
    uv_mutex_lock(&s->lock);
    struct http_request *req = s->paused;
    uv_mutex_unlock(&s->lock);
    test_on_thread(http_server_thread(s->http, 0), resume, req);
}

static const struct http_route routes[] = {
    {.methods = 1u << HTTP_GET, .head = true, .pattern = "/hello", .handler = on_hello},
    {.methods = 1u << HTTP_GET, .pattern = "/big", .handler = on_big},
    {.methods = 1u << HTTP_GET, .pattern = "/lent", .handler = on_lent},
    {.methods = 1u << HTTP_POST | 1u << HTTP_PUT, .pattern = "/echo", .handler = on_echo},
    {.methods = 1u << HTTP_POST, .pattern = "/refuse", .handler = on_refuse},
    {.methods = 1u << HTTP_POST, .pattern = "/pieces", .handler = on_pieces},
    {.methods = 1u << HTTP_GET, .pattern = "/park", .handler = on_park},
    {.methods = 1u << HTTP_GET, .pattern = "/stream", .handler = on_stream},
    {.methods = 1u << HTTP_GET, .pattern = "/flags", .handler = on_flags},
};

static void *thread_open(void *arg, struct http_thread *t)
{
    assert_non_null(http_thread_loop(t));
    assert_ptr_equal(http_thread_clock(t), &test_clock);
    return arg;
}

static void thread_close(void *arg, void *state)
{
    assert_ptr_equal(arg, state);
}

static void log_request(void *arg, const struct http_request *req, int status, uint64_t bytes,
                        bool streaming, bool closed)
{
    struct test_server *s = arg;
    uv_mutex_lock(&s->lock);
    struct view target = http_request_target(req);
    str_append_format(&s->log, "%s %.*s %d %d%s%s\n", http_method_name(http_request_method(req)),
                      VIEW_ARGS(target), status, (int)bytes, streaming ? " streaming" : "",
                      closed ? " closed" : "");
    uv_mutex_unlock(&s->lock);
}

/* ---- the server ----------------------------------------------------------------------------- */

struct http_server_settings test_settings(void)
{
    return (struct http_server_settings){
        .listen_address = "127.0.0.1",
        .threads = 1,
        .max_connections = 1000,
        .max_header_size = 16384,
        .header_timeout_ms = 10000,
        .idle_timeout_ms = 10000,
        .max_write_time_ms = 10000,
        .max_backlog = 65536,
    };
}

struct test_server *test_server_open(const struct http_server_settings *settings)
{
    struct test_server *s = mem_zalloc(sizeof *s);
    assert_int_equal(uv_loop_init(&s->control), 0);
    (void)uv_mutex_init_recursive(&s->lock); /* a stream is logged while it is opened */
    (void)uv_cond_init(&s->changed);
    const struct http_service service = {.arg = s,
                                         .routes = routes,
                                         .route_count = ARRAY_LEN(routes),
                                         .thread_open = thread_open,
                                         .thread_close = thread_close,
                                         .log_request = log_request};
    struct error err;
    if (!http_server_open(settings, &service, &test_clock, &s->http, &err))
        fail_msg("%s", err.text);
    assert_int_equal(http_server_thread_count(s->http), settings->threads);
    return s;
}

static void on_closed(void *arg)
{
    struct test_server *s = arg;
    s->closed = true;
}

void test_server_begin_close(struct test_server *s, int64_t spread_ms, int64_t limit_ms)
{
    http_server_close(s->http, spread_ms, limit_ms, &s->control, on_closed, s);
}

void test_server_end_close(struct test_server *s)
{
    assert_int_equal(uv_run(&s->control, UV_RUN_DEFAULT), 0);
    assert_true(s->closed);
    assert_int_equal(s->streams_closed, s->streams_opened);
    assert_int_equal(uv_loop_close(&s->control), 0);
    uv_cond_destroy(&s->changed);
    uv_mutex_destroy(&s->lock);
    str_free(&s->log);
    mem_free(s);
}

void test_server_close(struct test_server *s, int64_t spread_ms, int64_t limit_ms)
{
    test_server_begin_close(s, spread_ms, limit_ms);
    test_server_end_close(s);
}

int test_server_setup(void **state)
{
    const struct http_server_settings settings = test_settings();
    *state = test_server_open(&settings);
    return 0;
}

int test_server_teardown(void **state)
{
    test_server_close(*state, 0, 5000);
    return 0;
}

/* ---- on the serving thread ------------------------------------------------------------------ */

struct errand {
    struct letter letter;
    void (*run)(void *arg);
    void *arg;
    uv_sem_t done;
};

static void errand_arrived(struct letter *l)
{
    struct errand *e = CONTAINER_OF(l, struct errand, letter);
    e->run(e->arg);
    uv_sem_post(&e->done);
}

void test_on_thread(struct http_thread *t, void (*run)(void *arg), void *arg)
{
    struct errand e = {.letter = {.deliver = errand_arrived}, .run = run, .arg = arg};
    (void)uv_sem_init(&e.done, 0);
    http_thread_post(t, &e.letter);
    uv_sem_wait(&e.done);
    uv_sem_destroy(&e.done);
}

void test_nothing(void *arg)
{
    (void)arg;
}

/* True when *number is at least `wanted` before the time is up. */
static bool reached(struct test_server *s, const unsigned *number, unsigned wanted, uint64_t ms)
{
    uv_mutex_lock(&s->lock);
    int result = 0;
    while (*number < wanted && result == 0)
        result = uv_cond_timedwait(&s->changed, &s->lock, ms * 1000000);
    bool done = *number >= wanted;
    uv_mutex_unlock(&s->lock);
    return done;
}

/* A timer that fires after the wheel's, which began to tick before: both have the same loop. */
struct settling {
    uv_timer_t timer;
    uv_loop_t *loop;
    uv_sem_t done;
    int64_t ms;
};

static void settling_timer_closed(uv_handle_t *handle)
{
    struct settling *x = handle->data;
    uv_sem_post(&x->done);
}

static void settling_timer_fired(uv_timer_t *timer)
{
    uv_close((uv_handle_t *)timer, settling_timer_closed);
}

static void settling_begins(void *arg)
{
    struct settling *x = arg;
    (void)uv_timer_init(x->loop, &x->timer);
    x->timer.data = x;
    (void)uv_timer_start(&x->timer, settling_timer_fired, (uint64_t)x->ms, 0);
}

void test_settle(struct test_server *s)
{
    struct http_thread *t = http_server_thread(s->http, 0);
    struct settling x = {.ms = 2 * SETTLE_TICK_MS};
    (void)uv_sem_init(&x.done, 0);
    x.loop = http_thread_loop(t);
    test_on_thread(t, settling_begins, &x);
    uv_sem_wait(&x.done);
    uv_sem_destroy(&x.done);
}

unsigned test_number(struct test_server *s, const unsigned *number)
{
    uv_mutex_lock(&s->lock);
    unsigned now = *number;
    uv_mutex_unlock(&s->lock);
    return now;
}

void test_wait_for(struct test_server *s, const unsigned *number, unsigned wanted)
{
    if (!reached(s, number, wanted, PATIENCE_S * 1000))
        fail_msg("waited in vain for %u", wanted);
}

void test_turn_clock_until(struct test_server *s, int64_t step_ms, const unsigned *number,
                           unsigned wanted)
{
    for (uint64_t i = 0; i < PATIENCE_S * 50; i++) {
        test_clock_advance(step_ms);
        if (reached(s, number, wanted, 20))
            return;
    }
    fail_msg("waited in vain for %u", wanted);
}

static void unpark(void *arg)
{
    struct test_server *s = arg;
    uv_mutex_lock(&s->lock);
    struct http_request *req = s->parked;
    s->parked = NULL;
    uv_mutex_unlock(&s->lock);
    http_respond_text(req, 200, "done");
}

void test_unpark(struct test_server *s)
{
    uv_mutex_lock(&s->lock);
    while (s->parked == NULL)
        uv_cond_wait(&s->changed, &s->lock);
    uv_mutex_unlock(&s->lock);
    test_on_thread(http_server_thread(s->http, 0), unpark, s);
}

struct stream_errand {
    struct test_stream *stream;
    struct frame *const *frames;
    size_t count;
    enum sse_close how;
};

static void push_frames(void *arg)
{
    const struct stream_errand *e = arg;
    for (size_t i = 0; i < e->count; i++) {
        if (e->stream->subscriber != NULL)
            sse_subscriber_push_take(e->stream->subscriber, e->frames[i]);
        else
            frame_unref(e->frames[i]);
    }
}

void test_push_take(struct test_server *s, unsigned index, struct frame *const *frames,
                    size_t count)
{
    test_wait_for(s, &s->streams_opened, index + 1);
    struct stream_errand e = {.stream = &s->streams[index], .frames = frames, .count = count};
    test_on_thread(s->stream_thread, push_frames, &e);
}

static void close_stream(void *arg)
{
    const struct stream_errand *e = arg;
    sse_subscriber_close(e->stream->subscriber, e->how);
    sse_subscriber_close(e->stream->subscriber, e->how); /* may be called twice */
}

void test_close_stream(struct test_server *s, unsigned index, enum sse_close how)
{
    test_wait_for(s, &s->streams_opened, index + 1);
    struct stream_errand e = {.stream = &s->streams[index], .how = how};
    test_on_thread(s->stream_thread, close_stream, &e);
}
