/* http/server_connection.c - see server_connection.h. */
#include "http/server_connection.h"

#include "http/server_request.h"
#include "http/server_socket.h"
#include "http/sse_private.h"

#include <assert.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define HANDSHAKE_MS 10000
#define ANSWER_STALL_MS 60000
#define LINGER_MS 1000
#define READS_PER_TURN 16 /* of READ_BUFFER_BYTES; then it is the others' turn */

/* ---- states --------------------------------------------------------------------------------- */

static void take_idle(struct connection *c, struct view *bytes);
static void take_head(struct connection *c, struct view *bytes);

static void take_nothing(struct connection *c, struct view *bytes)
{
    (void)c;
    *bytes = view_make(NULL, 0);
}

/* What a state does with bytes from the client (NULL: it does not read), and how long it may last:
 * in all, or without progress. */
static const struct {
    void (*take)(struct connection *c, struct view *bytes);
    bool deadline_moves; /* with each progress */
} state_rules[CONN_STATE_COUNT] = {
    [CONN_HEAD] = {take_head, false}, [CONN_IDLE] = {take_idle, false},
    [CONN_BODY] = {body_feed, true},  [CONN_ANSWER] = {NULL, true},
    [CONN_DRAIN] = {body_feed, true}, [CONN_LINGER] = {take_nothing, false},
};

static bool is_reading(const struct connection *c)
{
    return state_rules[c->state].take != NULL;
}

/* How long the state may last; 0: for ever, or somebody else watches. */
static int64_t allowed_ms(const struct connection *c)
{
    const struct http_server_settings *settings = &c->thread->server->settings;
    switch (c->state) {
    case CONN_HANDSHAKE:
        return HANDSHAKE_MS;
    case CONN_HEAD:
        return settings->header_timeout_ms;
    case CONN_IDLE:
        return settings->idle_timeout_ms;
    case CONN_BODY:
    case CONN_PAUSED:
    case CONN_DRAIN:
        return HTTP_BODY_STALL_MS;
    case CONN_ANSWER:
        return ANSWER_STALL_MS;
    case CONN_LINGER:
        return LINGER_MS;
    default:
        return 0;
    }
}

void connection_enter(struct connection *c, enum connection_state next)
{
    assert(c->state != CONN_CLOSED && next != CONN_CLOSED);
    struct http_thread *t = c->thread;
    bool was_reading = is_reading(c);
    c->state = next;
    c->progress_ms = t->now_ms;
    int64_t allowed = allowed_ms(c);
    if (allowed > 0)
        http_thread_set_deadline(t, &c->deadline, t->now_ms + allowed);
    else
        wheel_clear(&t->wheel, &c->deadline);
    if (is_reading(c) && !was_reading && !c->feeding)
        connection_wake(c); /* what arrived meanwhile made no event that counted */
}

void connection_deadline(struct connection *c)
{
    if (c->state == CONN_STREAM) {
        sse_subscriber_visit(c->stream);
        return;
    }
    int64_t allowed = allowed_ms(c);
    int64_t due = c->progress_ms + allowed;
    if (state_rules[c->state].deadline_moves && due > c->thread->now_ms)
        http_thread_set_deadline(c->thread, &c->deadline, due);
    else if (c->state == CONN_PAUSED)
        body_stalled(c);
    else
        connection_close(c);
}

void connection_wake(struct connection *c)
{
    struct http_thread *t = c->thread;
    if (!list_empty(&c->work))
        return;
    if (list_empty(&t->work))
        (void)uv_idle_start(&t->idle, http_thread_stay_awake);
    list_append(&t->work, &c->work);
}

/* ---- reading -------------------------------------------------------------------------------- */

static void take_idle(struct connection *c, struct view *bytes)
{
    (void)bytes;
    connection_enter(c, CONN_HEAD);
}

static void take_head(struct connection *c, struct view *bytes)
{
    if (c->request == NULL)
        c->request = request_new(c);
    switch (head_push(&c->request->head, bytes)) {
    case HEAD_MORE:
        break;
    case HEAD_DONE:
        request_dispatch(c->request);
        break;
    case HEAD_BAD:
        answer_refuse(c, c->request->head.fault);
        break;
    }
}

/* Hands bytes to one state after the other. What nobody takes now is kept for later. */
static void connection_feed(struct connection *c, struct view bytes)
{
    c->feeding = true;
    while (bytes.len != 0 && is_reading(c))
        state_rules[c->state].take(c, &bytes);
    c->feeding = false;
    bool later = c->state == CONN_HANDLER || c->state == CONN_PAUSED || c->state == CONN_ANSWER;
    if (bytes.len != 0 && later)
        c->rest = buf_copy(bytes);
}

static void feed_rest(struct connection *c)
{
    struct buf *rest = c->rest;
    if (rest == NULL || !is_reading(c))
        return;
    c->rest = NULL;
    connection_feed(c, buf_view(rest));
    buf_unref(rest);
}

/* Reads until the socket has no more: another event comes only for bytes that arrive after that. */
static void connection_read(struct connection *c)
{
    struct http_thread *t = c->thread;
    feed_rest(c);
    for (int reads = 0; is_reading(c); reads++) {
        if (reads == READS_PER_TURN) {
            connection_wake(c);
            return;
        }
        ssize_t n = socket_read(c->fd, c->tls, t->read_buffer, READ_BUFFER_BYTES);
        if (n == SOCKET_AGAIN)
            return;
        if (n == 0 && c->state == CONN_BODY && body_cut_off(c))
            return;
        if (n <= 0) {
            connection_close(c);
            return;
        }
        c->progress_ms = t->now_ms;
        connection_feed(c, view_make(t->read_buffer, (size_t)n));
        if (n < READ_BUFFER_BYTES && c->tls == NULL && !c->peer_done)
            return; /* the socket is empty now */
    }
}

/* ---- TLS ------------------------------------------------------------------------------------ */

static void refuse_plain_http(struct connection *c)
{
    static const char words[] = "HTTP/1.0 400 Bad Request\r\n\r\n"
                                "Client sent an HTTP request to an HTTPS server.\n";
    struct iovec part = {(char *)(uintptr_t)words, sizeof words - 1};
    SSL_free(c->tls);
    c->tls = NULL;
    (void)socket_write(c->fd, NULL, &part, 1);
    connection_linger(c);
}

static void connection_handshake(struct connection *c)
{
    enum server_tls_step step = server_tls_handshake(c->tls);
    if (step == SERVER_TLS_AGAIN)
        return;
    if (step == SERVER_TLS_DONE) {
        connection_enter(c, CONN_HEAD);
        return;
    }
    (void)atomic_fetch_add(&c->thread->server->refused_tls, 1);
    if (step == SERVER_TLS_PLAIN_HTTP)
        refuse_plain_http(c);
    else
        connection_close(c);
}

/* ---- events --------------------------------------------------------------------------------- */

static void connection_register(struct connection *c)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = c};
    c->registered = true;
    if (epoll_ctl(c->thread->epoll, EPOLL_CTL_ADD, c->fd, &event) != 0)
        connection_close(c); /* out of kernel memory */
}

static void connection_write(struct connection *c)
{
    if (c->state == CONN_ANSWER)
        answer_continue(c);
    else if (c->state == CONN_STREAM)
        sse_subscriber_writable(c->stream);
}

void connection_event(struct connection *c, uint32_t events)
{
    if (c->state == CONN_CLOSED)
        return; /* by something else in the same turn */
    if ((events & (EPOLLHUP | EPOLLERR)) != 0) {
        connection_close(c);
        return;
    }
    if ((events & EPOLLRDHUP) != 0)
        c->peer_done = true;
    if (c->state == CONN_HANDSHAKE)
        connection_handshake(c);
    if ((events & EPOLLOUT) != 0 || c->tls != NULL)
        connection_write(c); /* TLS may have to read before it can write, and the reverse */
    if ((events & (EPOLLIN | EPOLLRDHUP)) != 0 || c->tls != NULL)
        connection_read(c);
    if (c->state == CONN_STREAM && c->peer_done)
        connection_close(c);
}

void connection_open(struct http_thread *t, int fd, struct limits_address *address)
{
    struct connection *c = mem_zalloc(sizeof *c);
    c->thread = t;
    c->fd = fd;
    c->address = address;
    list_init(&c->work);
    wheel_entry_init(&c->deadline);
    list_append(&t->connections, &c->link);
    t->connection_count++;
    struct server_tls *tls = t->server->tls;
    if (tls != NULL)
        c->tls = server_tls_session(tls, fd);
    if (tls != NULL && c->tls == NULL) {
        connection_close(c);
        return;
    }
    c->feeding = true; /* this function itself reads */
    connection_enter(c, tls != NULL ? CONN_HANDSHAKE : CONN_HEAD);
    c->feeding = false;
    if (tls == NULL)
        connection_read(c); /* the request is often here already: one event less */
    if (c->state != CONN_CLOSED)
        connection_register(c);
}

static void connection_release(struct connection *c)
{
    struct http_thread *t = c->thread;
    list_remove(&c->link);
    t->connection_count--;
    sse_subscriber_release(c->stream);
    buf_unref(c->rest);
    mem_free(c);
    farewell_check(t);
}

void connection_work(struct connection *c)
{
    if (c->state == CONN_CLOSED) {
        connection_release(c);
        return;
    }
    if (c->state != CONN_STREAM && c->stream != NULL) {
        sse_subscriber_release(c->stream);
        c->stream = NULL;
    }
    if (c->state == CONN_STREAM)
        sse_subscriber_flush(c->stream);
    else if (c->request != NULL && body_is_due(c->request))
        body_deliver(c->request);
    else
        connection_read(c);
}

/* ---- the end -------------------------------------------------------------------------------- */

/* The service's part is over, whether it knows or not. */
static void forget_service(struct connection *c)
{
    request_free(c->request);
    c->request = NULL;
    if (c->state != CONN_STREAM)
        return;
    sse_subscriber_lost(c->stream);
    list_remove(&c->link);
    list_append(&c->thread->connections, &c->link);
    connection_wake(c); /* to release the subscriber */
}

void connection_linger(struct connection *c)
{
    if (c->state == CONN_CLOSED)
        return;
    forget_service(c);
    if (c->tls != NULL)
        server_tls_shutdown(c->tls);
    (void)shutdown(c->fd, SHUT_WR);
    connection_enter(c, CONN_LINGER);
}

void connection_abort(struct connection *c)
{
    (void)shutdown(c->fd, SHUT_RDWR);
}

void connection_close(struct connection *c)
{
    if (c->state == CONN_CLOSED)
        return;
    struct http_thread *t = c->thread;
    forget_service(c);
    wheel_clear(&t->wheel, &c->deadline);
    c->state = CONN_CLOSED;
    if (c->tls != NULL)
        server_tls_shutdown(c->tls);
    SSL_free(c->tls);
    c->tls = NULL;
    (void)close(c->fd);
    limits_release(&t->server->limits, c->address);
    connection_wake(c);
}
