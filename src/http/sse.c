/* http/sse.c - see sse.h. Hop 5 of a changed flag: one more reference on its queue, then the
 * socket.
 *
 *   push  -> queue -> connection_wake()                       during the turn, no system call
 *   flush -> parts -> socket_write() -> socket             at the end of the turn, so that all
 *                                                             frames of one broadcast are one write
 *   visit: by the wheel, for the next of heartbeat, end of its time, stall
 */
#include "http/sse_private.h"

#include "base/random.h"
#include "http/server_request.h"
#include "http/server_socket.h"
#include "http/sse_queue.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define PARTS_MAX 64
#define KEEPALIVE_S 60
#define UNREAD_MAX 65536     /* bytes that a client may send on an open stream */
#define JITTER_FROM_MS 60000 /* shorter connection times are exact */
#define USER_TIMEOUT_MARGIN_MS 2000
#define TLS_BYTES_PER_TURN 1048576
#define NEVER INT64_MAX

struct sse_subscriber {
    struct connection *connection;
    const struct sse_listener *listener;
    void *owner;
    struct log_scope *log;
    struct http_request *request; /* kept for the closing log line only; NULL otherwise */
    struct sse_queue queue;
    int64_t ends_ms;    /* when its connection time is over, or NEVER */
    int64_t beat_ms;    /* when the next heartbeat is due, or NEVER */
    int unacknowledged; /* bytes the kernel held for the peer at the last look at the stall clock */
    bool blocked : 1;   /* the socket took less than it was given: epoll will tell */
    bool ending : 1;    /* sse_subscriber_close() was called */
    bool last_queued : 1; /* the last chunk is in the queue */
};

_Static_assert(sizeof(struct sse_subscriber) <= 192, "idle streams: DESIGN.md, budget in rule 4");

/* ---- opening -------------------------------------------------------------------------------- */

static struct buf *compose_head(const struct http_request *req, const struct http_headers *headers)
{
    struct str *out = &req->connection->thread->scratch;
    bool http_1_0 = req->head.http_1_0;
    str_clear(out);
    answer_compose_head(req, 200, headers, out);
    str_append_text(out, "Content-Type: text/event-stream; charset=utf-8\r\n"
                         "Cache-Control: no-cache, no-store, must-revalidate\r\n"
                         "X-Accel-Buffering: no\r\n");
    str_append_text(out, http_1_0 ? "Connection: close\r\n\r\n"
                                  : "Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n");
    return str_to_buf(out);
}

/* The kernel gives a vanished client up by itself, but later than the stall clock: what has bytes
 * waiting here must end in the log and in the counter. */
static void set_socket_options(const struct connection *c, int64_t max_write_time_ms)
{
    int idle = KEEPALIVE_S;
    (void)setsockopt(c->fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    if (max_write_time_ms > 0) {
        int64_t most = INT32_MAX - USER_TIMEOUT_MARGIN_MS;
        unsigned timeout = (unsigned)(max_write_time_ms < most ? max_write_time_ms : most);
        timeout += USER_TIMEOUT_MARGIN_MS;
        (void)setsockopt(c->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof timeout);
    }
}

/* The last 10 % of long connection times are left to chance, so that clients that came together do
 * not come back together (streaming.md 10.2). */
static int64_t connection_time(const struct http_server_settings *settings)
{
    int64_t most = settings->max_stream_time_ms;
    if (most < JITTER_FROM_MS || settings->random == NULL)
        return most;
    double part = 0.9 + 0.1 * settings->random->unit(settings->random);
    return (int64_t)((double)most * part);
}

static void schedule(struct sse_subscriber *s)
{
    struct connection *c = s->connection;
    int64_t write_time = c->thread->server->settings.max_write_time_ms;
    int64_t due = s->ends_ms < s->beat_ms ? s->ends_ms : s->beat_ms;
    if (write_time > 0 && !sse_queue_is_empty(&s->queue) && c->progress_ms + write_time < due)
        due = c->progress_ms + write_time;
    if (due != NEVER)
        http_thread_set_deadline(c->thread, &c->deadline, due);
}

static void start_clocks(struct sse_subscriber *s)
{
    const struct http_thread *t = s->connection->thread;
    const struct http_server_settings *settings = &t->server->settings;
    s->ends_ms = settings->max_stream_time_ms > 0 ? t->now_ms + connection_time(settings) : NEVER;
    s->beat_ms = settings->heartbeat_ms > 0 ? t->now_ms + settings->heartbeat_ms : NEVER;
    schedule(s);
}

/* The request's memory goes, unless its end will be logged. */
static void take_request(struct sse_subscriber *s, struct http_request *req)
{
    req->abandoned = NULL;
    s->connection->request = NULL;
    if (request_log_stream(req))
        s->request = req;
    else
        request_free(req);
}

struct sse_subscriber *sse_subscriber_open(struct http_request *req,
                                           const struct http_headers *headers,
                                           struct log_scope *log,
                                           const struct sse_listener *listener, void *owner)
{
    struct connection *c = req->connection;
    struct http_thread *t = c->thread;
    struct sse_subscriber *s = mem_zalloc(sizeof *s);
    s->connection = c;
    s->listener = listener;
    s->owner = owner;
    s->log = log_scope_ref(log);
    sse_queue_init(&s->queue, !req->head.http_1_0);
    sse_queue_raw_take(&s->queue, compose_head(req, headers));
    connection_enter(c, CONN_STREAM);
    c->stream = s;
    list_remove(&c->link);
    list_append(&t->streams, &c->link);
    (void)atomic_fetch_add(&t->server->streams, 1);
    take_request(s, req);
    set_socket_options(c, t->server->settings.max_write_time_ms);
    start_clocks(s);
    if (c->peer_done)
        connection_abort(c);
    connection_wake(c);
    return s;
}

/* ---- writing -------------------------------------------------------------------------------- */

static void queue_last_chunk(struct sse_subscriber *s)
{
    s->last_queued = true;
    if (s->queue.chunked)
        sse_queue_raw_take(&s->queue, buf_copy(VIEW_LITERAL("0\r\n\r\n")));
}

static int unacknowledged_bytes(const struct sse_subscriber *s)
{
    int bytes = 0;
    return ioctl(s->connection->fd, SIOCOUTQ, &bytes) == 0 ? bytes : 0;
}

/* Something waits until the socket takes more: the stall clock runs from the last progress. */
static void block(struct sse_subscriber *s)
{
    struct connection *c = s->connection;
    int64_t write_time = c->thread->server->settings.max_write_time_ms;
    s->blocked = true;
    if (c->tls != NULL)
        sse_queue_hold(&s->queue);
    if (write_time > 0) {
        s->unacknowledged = unacknowledged_bytes(s);
        http_thread_set_deadline_earlier(c->thread, &c->deadline, c->progress_ms + write_time);
    }
}

/* As many parts as may be written at once. A socket itself takes only what its buffer holds, but
 * TLS would go on for as long as the client reads: then it is the others' turn after a while. */
static int parts_for_turn(const struct sse_subscriber *s, struct iovec parts[PARTS_MAX],
                          size_t *bytes)
{
    size_t most = s->connection->tls != NULL ? TLS_BYTES_PER_TURN : SIZE_MAX;
    int count = sse_queue_parts(&s->queue, parts, PARTS_MAX);
    *bytes = 0;
    for (int i = 0; i < count; i++) {
        if (parts[i].iov_len >= most - *bytes) {
            parts[i].iov_len = most - *bytes;
            *bytes = most;
            return i + 1;
        }
        *bytes += parts[i].iov_len;
    }
    return count;
}

/* Writes until nothing waits (true); or the socket takes no more, or is lost, or the turn is over.
 */
static bool write_queue(struct sse_subscriber *s)
{
    struct connection *c = s->connection;
    while (!sse_queue_is_empty(&s->queue)) {
        struct iovec parts[PARTS_MAX];
        size_t wanted;
        int count = parts_for_turn(s, parts, &wanted);
        ssize_t n = socket_write(c->fd, c->tls, parts, count);
        if (n == SOCKET_LOST) {
            connection_close(c);
            return false;
        }
        if (n > 0) {
            c->progress_ms = c->thread->now_ms;
            sse_queue_advance(&s->queue, (size_t)n);
        }
        if (n < 0 || (size_t)n < wanted) {
            block(s);
            return false;
        }
        if (wanted == TLS_BYTES_PER_TURN && c->tls != NULL) {
            connection_wake(c);
            return false;
        }
    }
    return true;
}

void sse_subscriber_writable(struct sse_subscriber *s)
{
    s->blocked = false;
    sse_subscriber_flush(s);
}

void sse_subscriber_flush(struct sse_subscriber *s)
{
    if (s->blocked || !write_queue(s) || !s->ending)
        return;
    if (!s->last_queued) {
        queue_last_chunk(s);
        if (!write_queue(s))
            return;
    }
    connection_linger(s->connection);
}

/* ---- frames --------------------------------------------------------------------------------- */

static void drop(struct sse_subscriber *s, _Atomic int64_t *counter)
{
    (void)atomic_fetch_add(counter, 1);
    s->ending = true;
    connection_close(s->connection);
}

static void replace_backlog(struct sse_subscriber *s)
{
    struct http_server *server = s->connection->thread->server;
    struct frame *put =
        s->listener->current_put != NULL ? s->listener->current_put(s->owner) : NULL;
    if (put != NULL && sse_queue_replace_take(&s->queue, put))
        return;
    log_line(s->log, LOG_WARN,
             "Disconnected a stream client with more than maxClientBacklog (%s) of unsent data",
             server->max_backlog_text);
    drop(s, &server->dropped_backlog);
}

void sse_subscriber_push_take(struct sse_subscriber *s, struct frame *f)
{
    struct connection *c = s->connection;
    if (s->ending || c->state != CONN_STREAM) {
        frame_unref(f);
        return;
    }
    if (sse_queue_is_empty(&s->queue))
        c->progress_ms = c->thread->now_ms;
    size_t limit = c->thread->server->settings.max_backlog;
    if (sse_queue_push_take(&s->queue, f, limit) == SSE_OVER_LIMIT)
        replace_backlog(s);
    if (!s->blocked)
        connection_wake(c);
}

/* ---- the wheel ------------------------------------------------------------------------------ */

/* A slow peer empties the kernel's buffer for a while before that asks for more: while it shrinks,
 * there is progress. */
static bool is_stalled(struct sse_subscriber *s)
{
    struct connection *c = s->connection;
    int64_t write_time = c->thread->server->settings.max_write_time_ms;
    if (write_time <= 0 || sse_queue_is_empty(&s->queue) ||
        c->thread->now_ms - c->progress_ms < write_time)
        return false;
    int before = s->unacknowledged;
    s->unacknowledged = unacknowledged_bytes(s);
    if (s->unacknowledged >= before)
        return true;
    c->progress_ms = c->thread->now_ms;
    return false;
}

static bool sends_too_much(const struct sse_subscriber *s)
{
    int unread = 0;
    return ioctl(s->connection->fd, FIONREAD, &unread) == 0 && unread > UNREAD_MAX;
}

static void beat(struct sse_subscriber *s)
{
    struct http_thread *t = s->connection->thread;
    int64_t interval = t->server->settings.heartbeat_ms;
    s->beat_ms += interval * ((t->now_ms - s->beat_ms) / interval + 1);
    sse_subscriber_push_take(s, frame_ref(t->comment));
}

/* A client that takes nothing cannot be told good-bye either. */
static void time_is_over(struct sse_subscriber *s)
{
    s->ends_ms = NEVER;
    bool waiting = !sse_queue_is_empty(&s->queue);
    sse_subscriber_close(s, waiting ? SSE_CLOSE_DROP : SSE_CLOSE_END);
}

void sse_subscriber_visit(struct sse_subscriber *s)
{
    struct http_thread *t = s->connection->thread;
    struct http_server *server = t->server;
    if (is_stalled(s)) {
        log_line(s->log, LOG_WARN,
                 "Disconnected a stream client that took longer than maxClientWriteTime (%s) to "
                 "accept a write",
                 server->max_write_time_text);
        drop(s, &server->dropped_stall);
        return;
    }
    if (t->now_ms >= s->ends_ms)
        time_is_over(s);
    if (t->now_ms >= s->beat_ms) {
        if (sends_too_much(s))
            sse_subscriber_close(s, SSE_CLOSE_DROP);
        beat(s);
    }
    if (s->connection->state == CONN_STREAM)
        schedule(s);
}

/* ---- the end -------------------------------------------------------------------------------- */

void sse_subscriber_close(struct sse_subscriber *s, enum sse_close how)
{
    struct connection *c = s->connection;
    if (c->state != CONN_STREAM)
        return;
    s->ending = true;
    if (how == SSE_CLOSE_DROP) {
        connection_close(c);
        return;
    }
    sse_queue_drop_waiting(&s->queue);
    connection_wake(c);
}

bool sse_subscriber_end(struct sse_subscriber *s)
{
    if (s->ending)
        return false;
    sse_subscriber_close(s, SSE_CLOSE_END);
    return true;
}

void sse_subscriber_lost(struct sse_subscriber *s)
{
    (void)atomic_fetch_sub(&s->connection->thread->server->streams, 1);
    if (s->request != NULL)
        request_log_stream_end(s->request, s->queue.finished_bytes);
    sse_queue_free(&s->queue);
    request_free(s->request);
    s->request = NULL;
}

void sse_subscriber_release(struct sse_subscriber *s)
{
    if (s == NULL)
        return;
    s->listener->on_closed(s->owner);
    log_scope_unref(s->log);
    mem_free(s);
}
