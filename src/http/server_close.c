/* http/server_close.c - the server ends (streaming.md 10.5).
 *
 *   control: http_server_close() --letter--> each thread: stop accepting, close idle connections,
 *                                            end streams one after the other over the spread
 *   thread:  no connection left  --async---> control: when all have said so: stop, join, `closed`
 *
 * A thread that has no connection left still takes letters until all are stopped together.
 */
#include "http/server_connection.h"
#include "http/sse_private.h"

#include <stdatomic.h>

#define STEP_MS 20 /* between two looks at how many streams should have ended by now */

/* ---- a thread's side ------------------------------------------------------------------------ */

void farewell_check(struct http_thread *t)
{
    struct farewell *f = &t->farewell;
    if (!f->started || f->drained || t->connection_count != 0)
        return;
    f->drained = true;
    (void)uv_timer_stop(&f->timer);
    (void)atomic_fetch_add(&t->server->drained_reports, 1);
    (void)uv_async_send(&t->server->thread_drained);
}

/* Requests that are under way are finished; their answers say that the connection ends. */
static void close_idle(struct http_thread *t)
{
    LIST_EACH_SAFE (node, &t->connections) {
        struct connection *c = CONTAINER_OF(node, struct connection, link);
        bool waiting = c->state == CONN_HEAD && c->request == NULL;
        if (c->state == CONN_IDLE || c->state == CONN_HANDSHAKE || waiting)
            connection_close(c);
    }
}

static size_t streams_due(const struct farewell *f, int64_t elapsed_ms)
{
    if (elapsed_ms >= f->spread_ms)
        return SIZE_MAX;
    return (size_t)((double)f->streams * (double)elapsed_ms / (double)f->spread_ms);
}

static void end_streams(struct http_thread *t, size_t due)
{
    struct farewell *f = &t->farewell;
    LIST_EACH_SAFE (node, &t->streams) {
        if (f->ended >= due)
            break;
        struct connection *c = CONTAINER_OF(node, struct connection, link);
        if (c->state == CONN_STREAM && sse_subscriber_end(c->stream))
            f->ended++;
    }
}

void farewell_close_everything(struct http_thread *t)
{
    struct list *const lists[] = {&t->streams, &t->connections};
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        LIST_EACH_SAFE (node, lists[i])
            connection_close(CONTAINER_OF(node, struct connection, link));
    }
}

static void on_step(uv_timer_t *timer)
{
    struct http_thread *t = timer->data;
    struct farewell *f = &t->farewell;
    t->now_ms = clock_now_ms(t->server->clock);
    int64_t elapsed_ms = t->now_ms - f->began_ms;
    end_streams(t, streams_due(f, elapsed_ms));
    if (elapsed_ms >= f->limit_ms)
        farewell_close_everything(t);
}

struct close_letter {
    struct letter base;
    struct http_thread *to;
    int64_t spread_ms;
    int64_t limit_ms;
};

static void close_arrived(struct letter *l)
{
    struct close_letter *letter = CONTAINER_OF(l, struct close_letter, base);
    struct http_thread *t = letter->to;
    struct farewell *f = &t->farewell;
    t->now_ms = clock_now_ms(t->server->clock);
    http_thread_stop_accepting(t);
    f->started = true;
    f->began_ms = t->now_ms;
    f->spread_ms = letter->spread_ms;
    f->limit_ms = letter->limit_ms;
    LIST_EACH (node, &t->streams)
        f->streams++;
    mem_free(letter);
    close_idle(t);
    (void)uv_timer_start(&f->timer, on_step, 0, STEP_MS);
    farewell_check(t);
}

/* ---- the control thread's side -------------------------------------------------------------- */

static void on_async_closed(uv_handle_t *handle)
{
    struct http_server *s = handle->data;
    void (*closed)(void *arg) = s->closed;
    void *arg = s->closed_arg;
    http_server_free(s);
    closed(arg);
}

static void on_thread_drained(uv_async_t *async)
{
    struct http_server *s = async->data;
    if (atomic_load(&s->drained_reports) < s->thread_count || uv_is_closing((uv_handle_t *)async))
        return;
    for (size_t i = 0; i < s->thread_count; i++)
        http_thread_stop(&s->threads[i]);
    uv_close((uv_handle_t *)async, on_async_closed);
}

void http_server_close(struct http_server *s, int64_t spread_ms, int64_t limit_ms, uv_loop_t *loop,
                       void (*closed)(void *arg), void *arg)
{
    s->closed = closed;
    s->closed_arg = arg;
    (void)uv_async_init(loop, &s->thread_drained, on_thread_drained);
    s->thread_drained.data = s;
    for (size_t i = 0; i < s->thread_count; i++) {
        struct close_letter *letter = mem_alloc(sizeof *letter);
        *letter = (struct close_letter){{NULL, close_arrived}, &s->threads[i], spread_ms, limit_ms};
        http_thread_post(&s->threads[i], &letter->base);
    }
}
