/* http/transport.c - see transport.h.
 *
 *   CONNECTING -> [TLS] -> OPEN [-> TLS -> OPEN] -> ENDED
 *
 *   socket -> received(0) -> TLS of a proxy -> received(1) -> TLS of the server -> on_data
 *
 * Everything ends in transport_end_because(): it lets go of the socket and closes the timer, whose
 * close callback is on_end. One timer is the deadline of whatever comes next.
 */
#include "http/transport.h"

#include "base/error.h"
#include "http/client_connect.h"
#include "http/client_tls.h"

#include <assert.h>
#include <sys/socket.h>

/* libuv reads up to 32 times before other handles have their turn: half a MiB in all. */
#define TRANSPORT_READ_BYTES ((size_t)16 << 10)
#define TRANSPORT_TLS_READ_BYTES ((size_t)16 << 10)

enum transport_state { TRANSPORT_CONNECTING, TRANSPORT_TLS, TRANSPORT_OPEN, TRANSPORT_ENDED };

struct transport {
    const struct transport_listener *listener;
    void *owner;
    uv_loop_t *loop;
    enum transport_state state;
    char *host;
    struct client_tls_trust *trust;
    struct client_tls *layers[2]; /* outermost first; plain without */
    unsigned layer_count;
    int64_t tls_timeout_ms;
    struct client_connector *connector;
    uv_stream_t *stream; /* NULL: not connected */
    unsigned writes;     /* that the kernel has not taken */
    uv_timer_t timer;
    const char *deadline_problem;
    enum transport_cause cause;
    struct error problem;
};

struct transport_write {
    uv_write_t request;
    struct str bytes;
};

static void transport_free(uv_handle_t *timer)
{
    struct transport *t = timer->data;
    for (unsigned i = 0; i < t->layer_count; i++)
        client_tls_free(t->layers[i]);
    mem_free(t->host);
    t->listener->on_end(t->owner, t->problem.text); /* redis_link_on_end() and others */
    mem_free(t);
}

static void stream_free(uv_handle_t *stream)
{
    mem_free(stream);
}

static void transport_end_because(struct transport *t, enum transport_cause cause,
                                  const char *problem)
{
    if (t->state == TRANSPORT_ENDED)
        return;
    t->state = TRANSPORT_ENDED;
    t->cause = cause;
    if (problem != t->problem.text)
        error_set(&t->problem, "%s", problem);
    if (t->connector != NULL)
        client_connector_cancel(t->connector);
    if (t->stream != NULL) {
        t->stream->data = NULL;
        uv_close((uv_handle_t *)t->stream, stream_free);
    }
    t->connector = NULL;
    t->stream = NULL;
    uv_close((uv_handle_t *)&t->timer, transport_free);
}

static void transport_end(struct transport *t, const char *problem)
{
    transport_end_because(t, TRANSPORT_BROKEN, problem);
}

void transport_close(struct transport *t)
{
    transport_end_because(t, TRANSPORT_CLOSED, "closed");
}

enum transport_cause transport_cause(const struct transport *t)
{
    return t->cause;
}

static void transport_on_timer(uv_timer_t *timer)
{
    struct transport *t = timer->data;
    transport_end_because(t, TRANSPORT_LATE, t->deadline_problem);
}

static void deadline_set(struct transport *t, int64_t ms, const char *problem)
{
    t->deadline_problem = problem;
    (void)uv_timer_start(&t->timer, transport_on_timer, ms > 0 ? (uint64_t)ms : 1, 0);
}

void transport_deadline_set(struct transport *t, int64_t ms, const char *problem)
{
    if (t->state == TRANSPORT_OPEN && ms > 0)
        deadline_set(t, ms, problem);
    else if (t->state == TRANSPORT_OPEN)
        (void)uv_timer_stop(&t->timer);
}

void transport_hold_loop(struct transport *t, bool hold)
{
    if (t->stream != NULL && hold)
        uv_ref((uv_handle_t *)t->stream);
    else if (t->stream != NULL)
        uv_unref((uv_handle_t *)t->stream);
}

/* ---- writing ---- */

static void transport_on_write(uv_write_t *request, int status)
{
    struct transport_write *w = CONTAINER_OF(request, struct transport_write, request);
    struct transport *t = request->handle->data;
    str_free(&w->bytes);
    mem_free(w);
    if (t == NULL)
        return;
    t->writes--;
    /* When a write fails, reading tells why. */
    if (status == 0 && t->writes == 0 && t->state == TRANSPORT_OPEN)
        t->listener->on_drained(t->owner);
}

/* Takes the text. */
static void socket_write(struct transport *t, struct str *bytes)
{
    if (bytes->len == 0 || t->stream == NULL) {
        str_free(bytes);
        return;
    }
    struct transport_write *w = mem_zalloc(sizeof *w);
    w->bytes = *bytes;
    *bytes = (struct str){0};
    uv_buf_t buffer = uv_buf_init(w->bytes.data, (unsigned)w->bytes.len);
    int status = uv_write(&w->request, t->stream, &buffer, 1, transport_on_write);
    if (status == 0) {
        t->writes++;
        return;
    }
    str_free(&w->bytes);
    mem_free(w);
    transport_end(t, uv_strerror(status));
}

/* Sends what a layer wants to send, through the layers around it. */
static void layer_flush(struct transport *t, unsigned layer)
{
    for (unsigned i = layer; i > 0; i--) {
        struct str *output = client_tls_output(t->layers[i]);
        if (!client_tls_write(t->layers[i - 1], str_view(output), &t->problem)) {
            transport_end(t, t->problem.text);
            return;
        }
        str_clear(output);
    }
    socket_write(t, client_tls_output(t->layers[0]));
}

void transport_write_take(struct transport *t, struct str *bytes)
{
    if (t->state == TRANSPORT_OPEN && t->layer_count == 0) {
        socket_write(t, bytes);
        return;
    }
    if (t->state == TRANSPORT_OPEN) {
        unsigned top = t->layer_count - 1;
        if (client_tls_write(t->layers[top], str_view(bytes), &t->problem))
            layer_flush(t, top);
        else
            transport_end(t, t->problem.text);
    }
    str_free(bytes);
}

/* ---- reading ---- */

static void transport_opened(struct transport *t)
{
    (void)uv_timer_stop(&t->timer);
    t->state = TRANSPORT_OPEN;
    t->listener->on_open(t->owner);
}

static void received(struct transport *t, unsigned layer, struct view bytes);

/* What a layer makes of the bytes it was given, until it wants more. */
static void layer_read(struct transport *t, unsigned layer)
{
    char plain[TRANSPORT_TLS_READ_BYTES];
    size_t len;
    while (t->state != TRANSPORT_ENDED) {
        enum client_tls_state state =
            client_tls_read(t->layers[layer], plain, sizeof plain, &len, &t->problem);
        if (state == CLIENT_TLS_READY) {
            received(t, layer + 1, view_make(plain, len));
            continue;
        }
        if (state == CLIENT_TLS_CLOSED)
            transport_end_because(t, TRANSPORT_EOF, "EOF");
        else if (state == CLIENT_TLS_FAILED)
            transport_end(t, t->problem.text);
        else
            layer_flush(t, layer);
        return;
    }
}

/* True when the layer's handshake is over. */
static bool layer_shake_hands(struct transport *t, unsigned layer)
{
    enum client_tls_state state = client_tls_handshake(t->layers[layer], &t->problem);
    struct error problem = t->problem;
    layer_flush(t, layer); /* also the alert that says why it failed */
    if (state == CLIENT_TLS_FAILED)
        transport_end(t, problem.text);
    else if (state == CLIENT_TLS_READY && t->state == TRANSPORT_TLS)
        transport_opened(t);
    return state == CLIENT_TLS_READY;
}

/* Bytes that arrived at a layer: 0 is the socket's side. */
static void received(struct transport *t, unsigned layer, struct view bytes)
{
    if (layer == t->layer_count) {
        if (t->state == TRANSPORT_OPEN)
            t->listener->on_data(t->owner, bytes);
        return;
    }
    bool handshake = t->state == TRANSPORT_TLS && layer + 1 == t->layer_count;
    client_tls_input(t->layers[layer], bytes);
    if (!handshake || layer_shake_hands(t, layer))
        layer_read(t, layer);
}

static void transport_on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    (void)handle;
    (void)suggested;
    *out = uv_buf_init(mem_alloc(TRANSPORT_READ_BYTES), (unsigned)TRANSPORT_READ_BYTES);
}

/* libuv reports a reset as an end when nothing is left to read; the socket knows better. */
static int end_or_error(uv_stream_t *stream, ssize_t len)
{
    int descriptor;
    int error = 0;
    socklen_t size = sizeof error;
    if (len == UV_EOF && uv_fileno((uv_handle_t *)stream, &descriptor) == 0 &&
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error != 0)
        return uv_translate_sys_error(error);
    return (int)len;
}

static void transport_read_failed(struct transport *t, int status)
{
    if (status != UV_EOF)
        transport_end(t, uv_strerror(status));
    else if (t->layer_count == 0)
        transport_end_because(t, TRANSPORT_EOF, "EOF");
    else
        transport_end(t, "unexpected EOF"); /* in TLS an end has to be announced */
}

/* The buffer lives for this call only: an idle stream has none. */
static void transport_on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buffer)
{
    struct transport *t = stream->data;
    if (t != NULL && len > 0)
        received(t, 0, view_make(buffer->base, (size_t)len));
    else if (t != NULL && len < 0)
        transport_read_failed(t, end_or_error(stream, len));
    mem_free(buffer->base);
}

static int read_start(struct transport *t)
{
    return uv_read_start(t->stream, transport_on_alloc, transport_on_read);
}

void transport_pause_set(struct transport *t, bool pause)
{
    if (t->state != TRANSPORT_OPEN)
        return;
    if (pause)
        (void)uv_read_stop(t->stream);
    else
        (void)read_start(t); /* UV_EALREADY when it is reading anyway */
}

/* ---- connecting ---- */

static void tls_begin(struct transport *t, struct client_tls_trust *trust, const char *host,
                      int64_t timeout_ms)
{
    t->state = TRANSPORT_TLS;
    deadline_set(t, timeout_ms, "TLS handshake timeout");
    struct client_tls *tls = client_tls_new(trust, host, &t->problem);
    if (tls == NULL) {
        transport_end(t, t->problem.text);
        return;
    }
    t->layers[t->layer_count++] = tls;
    (void)layer_shake_hands(t, t->layer_count - 1);
}

void transport_tls_start(struct transport *t, struct client_tls_trust *trust, const char *host,
                         int64_t timeout_ms)
{
    assert(t->layer_count < ARRAY_LEN(t->layers) && "TLS within TLS is enough");
    if (t->state == TRANSPORT_OPEN)
        tls_begin(t, trust, host, timeout_ms);
}

static void transport_connected(struct transport *t, uv_stream_t *stream)
{
    t->stream = stream;
    stream->data = t;
    int status = read_start(t);
    if (status != 0)
        transport_end(t, uv_strerror(status));
    else if (t->trust != NULL)
        tls_begin(t, t->trust, t->host, t->tls_timeout_ms);
    else
        transport_opened(t);
}

static void tcp_on_connected(void *owner, uv_tcp_t *tcp, const char *problem)
{
    struct transport *t = owner;
    t->connector = NULL;
    if (tcp != NULL)
        transport_connected(t, (uv_stream_t *)tcp);
    else
        transport_end(t, problem);
}

static void unix_on_connected(uv_connect_t *request, int status)
{
    uv_stream_t *stream = request->handle;
    struct transport *t = stream->data;
    mem_free(request);
    if (t == NULL)
        return;
    if (status == 0) {
        transport_connected(t, stream);
        return;
    }
    error_set(&t->problem, "connect to %s: %s", t->host, uv_strerror(status));
    transport_end(t, t->problem.text);
}

static void unix_connect(struct transport *t)
{
    uv_pipe_t *pipe = mem_zalloc(sizeof *pipe);
    uv_connect_t *request = mem_zalloc(sizeof *request);
    (void)uv_pipe_init(t->loop, pipe, 0);
    pipe->data = t;
    t->stream = (uv_stream_t *)pipe;
    uv_pipe_connect(request, pipe, t->host, unix_on_connected);
}

struct transport *transport_open(const struct transport_settings *settings, uv_loop_t *loop,
                                 const struct transport_listener *listener, void *owner)
{
    struct transport *t = mem_zalloc(sizeof *t);
    const char *host = settings->unix_path != NULL ? settings->unix_path : settings->host;
    t->listener = listener;
    t->owner = owner;
    t->loop = loop;
    t->host = mem_copy_text(host, strlen(host));
    t->trust = settings->trust;
    t->tls_timeout_ms = settings->tls_timeout_ms;
    (void)uv_timer_init(loop, &t->timer);
    t->timer.data = t;
    deadline_set(t, settings->connect_timeout_ms, "connection timed out");
    if (settings->unix_path != NULL)
        unix_connect(t);
    else
        t->connector = client_connector_start(loop, settings->lookups, host, settings->port,
                                              tcp_on_connected, t);
    return t;
}
