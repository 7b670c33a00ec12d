/* http/client_exchange.c - one request and its answer, from the first look-up to on_end.
 *
 *   WAITING -> CONNECTING -> [PROXY_TLS] -> [PROXY_HEAD] -> [TLS] -> HEAD -> BODY -> ENDED
 *      ^                                                              |
 *      +------------------------------ a redirect --------------------+
 *
 *   socket -> exchange_received() -> TLS of the proxy -> TLS of the target ->
 * exchange_plain_received()
 *
 * Every phase has a deadline; one timer serves them all.
 */
#include "http/client_body.h"
#include "http/client_connect.h"
#include "http/client_head.h"
#include "http/client_private.h"
#include "http/client_request.h"

#define EXCHANGE_MAX_REDIRECTS 10
#define EXCHANGE_WRITE_BYTES ((size_t)64 << 10)
#define EXCHANGE_TLS_READ_BYTES ((size_t)16 << 10)

enum exchange_state {
    EXCHANGE_WAITING, /* for the next turn of the loop, in which it (re)starts */
    EXCHANGE_CONNECTING,
    EXCHANGE_PROXY_TLS,
    EXCHANGE_PROXY_HEAD,
    EXCHANGE_TLS,
    EXCHANGE_HEAD,
    EXCHANGE_BODY,
    EXCHANGE_ENDED /* only on_end is still to come */
};

struct http_exchange {
    struct http_client *client;
    const struct http_exchange_listener *listener;
    void *owner;
    enum exchange_state state;
    struct client_request request;
    struct client_url url;
    char *first_host; /* Authorization stays within it */
    bool first_tls;
    unsigned redirects;
    const struct client_proxy *proxy;

    struct client_connector *connector;
    uv_tcp_t *tcp;
    struct client_tls *layers[2]; /* outermost first: the proxy's, then the target's */
    unsigned layer_count;
    struct str outgoing; /* plain bytes of the request; those up to `sent` are gone */
    size_t sent;
    bool writing;

    struct client_head head;
    struct client_body body;
    struct error problem;
    bool complete;

    uv_timer_t timer;
    int64_t deadline_ms;
    const char *deadline_problem;
    int64_t connect_timeout_ms;
    int64_t tls_timeout_ms;
    int64_t head_timeout_ms;
    int64_t silence_timeout_ms;
};

struct exchange_write {
    uv_write_t request;
    struct str bytes;
};

/* Lets go of the connection; the heads and layers are kept until exchange_transport_free(). */
static void exchange_disconnect(struct http_exchange *x)
{
    if (x->connector != NULL)
        client_connector_cancel(x->connector);
    if (x->tcp != NULL)
        client_tcp_close(x->tcp);
    x->connector = NULL;
    x->tcp = NULL;
}

/* Not from within a callback that still reads from one of these. */
static void exchange_transport_free(struct http_exchange *x)
{
    for (unsigned i = 0; i < x->layer_count; i++)
        client_tls_free(x->layers[i]);
    x->layer_count = 0;
    client_head_free(&x->head);
    client_body_free(&x->body);
    str_free(&x->outgoing);
    x->sent = 0;
    x->writing = false;
}

static void exchange_on_close(uv_handle_t *handle)
{
    struct http_exchange *x = handle->data;
    struct http_exchange_result result = {.complete = x->complete, .message = x->problem.text};
    exchange_transport_free(x);
    client_request_free(&x->request);
    client_url_free(&x->url);
    mem_free(x->first_host);
    x->listener->on_end(x->owner, &result); /* source_stream_on_end() and others */
    mem_free(x);
}

/* The message is in x->problem. */
static void exchange_end(struct http_exchange *x, bool complete)
{
    if (x->state == EXCHANGE_ENDED)
        return;
    x->state = EXCHANGE_ENDED;
    x->complete = complete;
    client_body_stop(&x->body);
    exchange_disconnect(x);
    uv_close((uv_handle_t *)&x->timer, exchange_on_close);
}

static void exchange_fail(struct http_exchange *x, const char *problem)
{
    error_set(&x->problem, "%s", problem);
    exchange_end(x, false);
}

static bool exchange_stopped(const struct http_exchange *x)
{
    return x->state == EXCHANGE_ENDED || x->state == EXCHANGE_WAITING;
}

static void exchange_on_timer(uv_timer_t *timer);

static void exchange_deadline_set(struct http_exchange *x, int64_t ms, const char *problem)
{
    x->deadline_ms = clock_now_ms(x->client->clock) + ms;
    x->deadline_problem = problem;
    uv_timer_start(&x->timer, exchange_on_timer, ms > 0 ? (uint64_t)ms : 1, 0);
}

/* Later than before: the timer finds out when it fires. */
static void exchange_deadline_move(struct http_exchange *x, int64_t ms)
{
    x->deadline_ms = clock_now_ms(x->client->clock) + ms;
}

static void exchange_write_next(struct http_exchange *x);

static void exchange_on_write(uv_write_t *request, int status)
{
    struct exchange_write *w = (struct exchange_write *)request;
    struct http_exchange *x = request->handle->data;
    str_free(&w->bytes);
    mem_free(w);
    if (x == NULL)
        return;
    x->writing = false;
    /* When a write fails, reading tells why - or an answer that was sent before all was read. */
    if (status == 0 && !exchange_stopped(x))
        exchange_write_next(x);
}

/* Takes the text. */
static void exchange_socket_write(struct http_exchange *x, struct str *bytes)
{
    if (bytes->len == 0 || x->tcp == NULL) {
        str_free(bytes);
        return;
    }
    struct exchange_write *w = mem_zalloc(sizeof *w);
    w->bytes = *bytes;
    *bytes = (struct str){0};
    uv_buf_t buffer = uv_buf_init(w->bytes.data, (unsigned)w->bytes.len);
    int status = uv_write(&w->request, (uv_stream_t *)x->tcp, &buffer, 1, exchange_on_write);
    if (status != 0) {
        str_free(&w->bytes);
        mem_free(w);
        exchange_fail(x, uv_strerror(status));
    }
}

/* Sends what a layer wants to send, through the layers outside of it. */
static void exchange_layer_flush(struct http_exchange *x, unsigned layer)
{
    for (unsigned i = layer; i > 0; i--) {
        struct str *output = client_tls_output(x->layers[i]);
        if (!client_tls_write(x->layers[i - 1], str_view(output), &x->problem)) {
            exchange_end(x, false);
            return;
        }
        str_clear(output);
    }
    exchange_socket_write(x, client_tls_output(x->layers[0]));
}

static void exchange_plain_write(struct http_exchange *x, struct view plain)
{
    if (x->layer_count == 0) {
        struct str copy = {0};
        str_append(&copy, plain);
        exchange_socket_write(x, &copy);
    } else if (!client_tls_write(x->layers[x->layer_count - 1], plain, &x->problem)) {
        exchange_end(x, false);
    } else {
        exchange_layer_flush(x, x->layer_count - 1);
    }
}

/* The next part of the request, one at a time: a slow link does not double a big body in memory. */
static void exchange_write_next(struct http_exchange *x)
{
    if (x->writing || x->sent == x->outgoing.len)
        return;
    struct view rest = view_from(str_view(&x->outgoing), x->sent);
    if (rest.len > EXCHANGE_WRITE_BYTES)
        rest.len = EXCHANGE_WRITE_BYTES;
    x->sent += rest.len;
    x->writing = true;
    exchange_deadline_move(x, x->state == EXCHANGE_PROXY_HEAD ? x->tls_timeout_ms
                                                              : x->head_timeout_ms);
    exchange_plain_write(x, rest);
}

static void exchange_request_send(struct http_exchange *x)
{
    const struct client_proxy *absolute_for = x->url.tls ? NULL : x->proxy;
    x->state = EXCHANGE_HEAD;
    str_clear(&x->outgoing);
    x->sent = 0;
    client_request_print(&x->request, &x->url, x->client->user_agent, absolute_for, &x->outgoing);
    exchange_deadline_set(x, x->head_timeout_ms, "timeout while waiting for the answer");
    exchange_write_next(x);
}

static void exchange_proxy_connect_send(struct http_exchange *x)
{
    x->state = EXCHANGE_PROXY_HEAD;
    str_clear(&x->outgoing);
    x->sent = 0;
    client_request_print_connect(&x->url, x->client->user_agent, x->proxy, &x->outgoing);
    exchange_deadline_set(x, x->tls_timeout_ms, "timeout while waiting for the proxy's answer");
    exchange_write_next(x);
}

/* A further layer of TLS begins: the handshake's first message goes out. */
static void exchange_tls_start(struct http_exchange *x, enum exchange_state state, const char *host)
{
    x->state = state;
    struct client_tls *tls = client_tls_new(x->client->trust, host, &x->problem);
    if (tls == NULL) {
        exchange_end(x, false);
        return;
    }
    x->layers[x->layer_count++] = tls;
    exchange_deadline_set(x, x->tls_timeout_ms, "TLS handshake timeout");
    if (client_tls_handshake(tls, &x->problem) == CLIENT_TLS_FAILED)
        exchange_end(x, false);
    else
        exchange_layer_flush(x, x->layer_count - 1);
}

/* The connection to the proxy or target stands, in plain or in TLS: what comes next? */
static void exchange_next_stage(struct http_exchange *x)
{
    bool proxy_tls = x->proxy != NULL && x->proxy->url.tls;
    if (x->state == EXCHANGE_CONNECTING && proxy_tls)
        exchange_tls_start(x, EXCHANGE_PROXY_TLS, x->proxy->url.host);
    else if (x->state <= EXCHANGE_PROXY_TLS && x->proxy != NULL && x->url.tls)
        exchange_proxy_connect_send(x);
    else if (x->state <= EXCHANGE_PROXY_HEAD && x->url.tls)
        exchange_tls_start(x, EXCHANGE_TLS, x->url.host);
    else
        exchange_request_send(x);
}

static void exchange_proxy_head_received(struct http_exchange *x)
{
    if (x->head.status >= 200 && x->head.status < 300) {
        client_head_free(&x->head);
        exchange_next_stage(x);
    } else if (x->head.status >= 200) {
        error_set(&x->problem, "the proxy refused the connection: HTTP status %d %.*s",
                  x->head.status, VIEW_ARGS(x->head.reason));
        exchange_end(x, false);
    } else {
        client_head_free(&x->head);
    }
}

/* Prepares the next request; false when the answer is final. */
static bool exchange_redirect(struct http_exchange *x)
{
    int status = x->head.status;
    bool redirect =
        status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
    struct client_url next;
    struct error ignored; /* an unusable location: the status itself is the answer */
    if (!redirect || x->head.location.len == 0 || x->redirects == EXCHANGE_MAX_REDIRECTS ||
        !client_url_resolve(&x->url, x->head.location, &next, &ignored))
        return false;
    x->redirects++;
    client_url_free(&x->url);
    x->url = next;
    if (!client_url_host_within(next.host, x->first_host) || (x->first_tls && !next.tls)) {
        mem_free(x->request.authorization);
        x->request.authorization = NULL;
    }
    client_request_redirect(&x->request, status);
    exchange_disconnect(x);
    x->state = EXCHANGE_WAITING;
    uv_timer_start(&x->timer, exchange_on_timer, 0, 0);
    return true;
}

static void exchange_on_body(void *owner, struct view bytes)
{
    struct http_exchange *x = owner;
    x->listener->on_body(x->owner, bytes); /* source_stream_on_body() and others */
}

static void exchange_head_received(struct http_exchange *x)
{
    const struct client_head *h = &x->head;
    if (h->status < 200 && h->status != 101) {
        client_head_free(&x->head);
        return;
    }
    if (exchange_redirect(x))
        return;
    bool no_body = h->status == 204 || h->status == 304 || strcmp(x->request.method, "HEAD") == 0;
    enum client_body_framing framing = no_body                  ? CLIENT_BODY_LENGTH
                                       : h->chunked             ? CLIENT_BODY_CHUNKED
                                       : h->content_length >= 0 ? CLIENT_BODY_LENGTH
                                                                : CLIENT_BODY_UNTIL_CLOSE;
    int64_t length = no_body ? 0 : h->content_length;
    client_body_init(&x->body, framing, length, h->gzip, exchange_on_body, x);
    x->state = EXCHANGE_BODY;
    exchange_deadline_set(x, x->silence_timeout_ms, "Read timeout on stream");
    x->listener->on_head(x->owner, h->status, h->content_type, h->retry_after);
    if (x->state == EXCHANGE_BODY && framing == CLIENT_BODY_LENGTH && length == 0) {
        error_set(&x->problem, "EOF");
        exchange_end(x, true);
    }
}

static void exchange_body_received(struct http_exchange *x, struct view bytes)
{
    enum client_body_state state = client_body_feed(&x->body, bytes, &x->problem);
    if (x->state == EXCHANGE_BODY && state != CLIENT_BODY_MORE) {
        if (state == CLIENT_BODY_WHOLE)
            error_set(&x->problem, "EOF");
        exchange_end(x, state == CLIENT_BODY_WHOLE);
    }
}

/* Bytes behind all layers of TLS. */
static void exchange_plain_received(struct http_exchange *x, struct view bytes)
{
    while (bytes.len > 0 && (x->state == EXCHANGE_HEAD || x->state == EXCHANGE_PROXY_HEAD)) {
        bool proxy = x->state == EXCHANGE_PROXY_HEAD;
        size_t used;
        enum client_head_state state = client_head_feed(&x->head, bytes, &used, &x->problem);
        bytes = view_from(bytes, used);
        if (state == CLIENT_HEAD_BROKEN)
            exchange_end(x, false);
        else if (state == CLIENT_HEAD_WHOLE && proxy)
            exchange_proxy_head_received(x);
        else if (state == CLIENT_HEAD_WHOLE)
            exchange_head_received(x);
    }
    if (bytes.len > 0 && x->state == EXCHANGE_BODY)
        exchange_body_received(x, bytes);
}

/* The peer sends nothing more. `clean`: it said so, where it has to. */
static void exchange_eof(struct http_exchange *x, bool clean)
{
    bool begun = x->state == EXCHANGE_BODY || x->head.text.len > 0;
    if (x->state == EXCHANGE_BODY && clean) {
        bool whole = client_body_eof(&x->body, &x->problem) == CLIENT_BODY_WHOLE;
        if (whole)
            error_set(&x->problem, "EOF");
        exchange_end(x, whole);
    } else {
        exchange_fail(x, begun ? "unexpected EOF" : "EOF");
    }
}

static void exchange_received(struct http_exchange *x, unsigned layer, struct view bytes);

static void exchange_layer_read(struct http_exchange *x, unsigned layer)
{
    struct client_tls *tls = x->layers[layer];
    char plain[EXCHANGE_TLS_READ_BYTES];
    size_t len;
    while (!exchange_stopped(x)) {
        enum client_tls_state state = client_tls_read(tls, plain, sizeof plain, &len, &x->problem);
        if (state == CLIENT_TLS_READY) {
            exchange_received(x, layer + 1, view_make(plain, len));
            continue;
        }
        if (state == CLIENT_TLS_CLOSED)
            exchange_eof(x, true);
        else if (state == CLIENT_TLS_FAILED)
            exchange_end(x, false);
        else
            exchange_layer_flush(x, layer);
        return;
    }
}

/* Bytes that arrived at a layer: 0 is the socket's side. */
static void exchange_received(struct http_exchange *x, unsigned layer, struct view bytes)
{
    if (layer == x->layer_count) {
        exchange_plain_received(x, bytes);
        return;
    }
    struct client_tls *tls = x->layers[layer];
    bool handshake =
        layer + 1 == x->layer_count && (x->state == EXCHANGE_TLS || x->state == EXCHANGE_PROXY_TLS);
    client_tls_input(tls, bytes);
    if (handshake) {
        enum client_tls_state state = client_tls_handshake(tls, &x->problem);
        exchange_layer_flush(x, layer);
        if (exchange_stopped(x) || state == CLIENT_TLS_MORE)
            return;
        if (state == CLIENT_TLS_FAILED) {
            exchange_end(x, false);
            return;
        }
        exchange_next_stage(x);
    }
    exchange_layer_read(x, layer);
}

static void exchange_on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct http_exchange *x = handle->data;
    struct http_client *c = x->client;
    (void)suggested;
    if (c->read_buffer == NULL)
        c->read_buffer = mem_alloc(HTTP_CLIENT_READ_BYTES);
    *out = uv_buf_init(c->read_buffer, (unsigned)HTTP_CLIENT_READ_BYTES);
}

static void exchange_on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buffer)
{
    struct http_exchange *x = stream->data;
    if (len > 0) {
        if (x->state == EXCHANGE_BODY)
            exchange_deadline_move(x, x->silence_timeout_ms);
        exchange_received(x, 0, view_make(buffer->base, (size_t)len));
    } else if (len == UV_EOF) {
        exchange_eof(x, x->layer_count == 0);
    } else if (len < 0) {
        exchange_fail(x, uv_strerror((int)len));
    }
}

static void exchange_on_connected(void *owner, uv_tcp_t *tcp, const char *problem)
{
    struct http_exchange *x = owner;
    x->connector = NULL;
    if (tcp == NULL) {
        exchange_fail(x, problem);
        return;
    }
    x->tcp = tcp;
    tcp->data = x;
    int status = uv_read_start((uv_stream_t *)tcp, exchange_on_alloc, exchange_on_read);
    if (status != 0)
        exchange_fail(x, uv_strerror(status));
    else
        exchange_next_stage(x);
}

static void exchange_begin(struct http_exchange *x)
{
    exchange_transport_free(x);
    x->proxy = client_proxies_find(&x->client->proxies, &x->url);
    const struct client_url *to = x->proxy != NULL ? &x->proxy->url : &x->url;
    x->state = EXCHANGE_CONNECTING;
    exchange_deadline_set(x, x->connect_timeout_ms, "connection timed out");
    x->connector =
        client_connector_start(x->client->loop, to->host, to->port, exchange_on_connected, x);
}

static void exchange_on_timer(uv_timer_t *timer)
{
    struct http_exchange *x = timer->data;
    if (x->state == EXCHANGE_WAITING) {
        exchange_begin(x);
        return;
    }
    int64_t left_ms = x->deadline_ms - clock_now_ms(x->client->clock);
    if (left_ms > 0)
        uv_timer_start(timer, exchange_on_timer, (uint64_t)left_ms, 0);
    else
        exchange_fail(x, x->deadline_problem);
}

bool http_exchange_start(struct http_client *c, const struct http_exchange_request *req,
                         const struct http_exchange_listener *listener, void *owner,
                         struct http_exchange **out, struct error *err)
{
    struct http_exchange *x = mem_zalloc(sizeof *x);
    if (!client_url_parse(req->url, &x->url, err) || !client_request_copy(req, &x->request, err)) {
        client_url_free(&x->url);
        mem_free(x);
        return false;
    }
    x->client = c;
    x->listener = listener;
    x->owner = owner;
    x->first_host = mem_copy_text(x->url.host, strlen(x->url.host));
    x->first_tls = x->url.tls;
    x->connect_timeout_ms = req->connect_timeout_ms;
    x->tls_timeout_ms = req->tls_timeout_ms;
    x->head_timeout_ms = req->head_timeout_ms;
    x->silence_timeout_ms = req->silence_timeout_ms;
    client_head_init(&x->head);
    uv_timer_init(c->loop, &x->timer);
    x->timer.data = x;
    uv_timer_start(&x->timer, exchange_on_timer, 0, 0);
    *out = x;
    return true;
}

void http_exchange_cancel(struct http_exchange *x)
{
    if (x->state != EXCHANGE_ENDED)
        exchange_fail(x, "cancelled");
}
