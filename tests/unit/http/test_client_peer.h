/* tests/unit/http/test_client_peer.h - a server on loopback that answers by a script, on the loop
 * of the test; plain, TLS, or a proxy that becomes the server itself behind CONNECT.
 *
 *   accept -> [TLS] -> a whole request -> the next answer of the script, in pieces, one a turn ->
 * then ...
 */
#ifndef TEST_CLIENT_PEER_H
#define TEST_CLIENT_PEER_H

#include "base/list.h"
#include "base/str.h"

#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

enum peer_then {
    PEER_KEEP,  /* wait for another request */
    PEER_CLOSE, /* properly */
    PEER_CUT,   /* without TLS's good-bye */
    PEER_RESET,
    PEER_TLS /* a handshake follows: the proxy has become the server */
};

struct peer_answer {
    const char *text; /* zero bytes in it: give the length */
    size_t len;       /* 0: up to the zero byte */
    size_t cut;       /* bytes per turn of the loop; 0: all at once */
    enum peer_then then;
};

struct peer {
    uv_loop_t *loop;
    uv_tcp_t listener;
    unsigned port;
    const struct peer_answer *answers; /* one per request, in order; then silence */
    size_t answer_count;
    size_t next;
    SSL_CTX *tls;        /* of the connection; NULL: plain */
    SSL_CTX *inner_tls;  /* for PEER_TLS */
    bool early;          /* answers as soon as a connection is there, without a request */
    bool deaf;           /* accepts, reads nothing */
    struct str requests; /* all plain bytes that came */
    unsigned accepted;
    struct list connections;
    bool closed;
};

struct peer_connection {
    struct list node;
    uv_tcp_t tcp;
    uv_idle_t idle;
    struct peer *peer;
    SSL *layers[2];
    unsigned layer_count;
    struct str in; /* of the present request */
    const struct peer_answer *answer;
    size_t answered;
    unsigned handles;
    char read_buffer[65536];
};

static inline void peer_must(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "peer: %s\n", what);
    abort();
}

/* ---- closing ---- */

static inline void peer_connection_on_close(uv_handle_t *handle)
{
    struct peer_connection *c = handle->data;
    if (--c->handles > 0)
        return;
    for (unsigned i = 0; i < c->layer_count; i++)
        SSL_free(c->layers[i]);
    str_free(&c->in);
    mem_free(c);
}

static inline void peer_connection_close(struct peer_connection *c, bool reset)
{
    if (uv_is_closing((uv_handle_t *)&c->tcp))
        return;
    list_remove(&c->node);
    if (!reset || uv_tcp_close_reset(&c->tcp, peer_connection_on_close) != 0)
        uv_close((uv_handle_t *)&c->tcp, peer_connection_on_close);
    uv_close((uv_handle_t *)&c->idle, peer_connection_on_close);
}

static inline void peer_drop_all(struct peer *p)
{
    while (!list_empty(&p->connections))
        peer_connection_close(CONTAINER_OF(p->connections.next, struct peer_connection, node),
                              false);
}

static inline void peer_on_close(uv_handle_t *handle)
{
    ((struct peer *)handle->data)->closed = true;
}

static inline void peer_close(struct peer *p)
{
    peer_drop_all(p);
    uv_close((uv_handle_t *)&p->listener, peer_on_close);
    while (!p->closed)
        uv_run(p->loop, UV_RUN_ONCE);
    str_free(&p->requests);
    SSL_CTX_free(p->tls);
    SSL_CTX_free(p->inner_tls);
}

/* ---- writing ---- */

struct peer_write {
    uv_write_t request;
    char *bytes;
};

static inline void peer_on_write(uv_write_t *request, int status)
{
    struct peer_write *w = (struct peer_write *)request;
    (void)status; /* who cannot be written to will be read as gone */
    mem_free(w->bytes);
    mem_free(w);
}

static inline void peer_send(struct peer_connection *c, unsigned layers, struct view bytes);

static inline void peer_flush(struct peer_connection *c, unsigned layer)
{
    char bytes[16384];
    int len;
    while ((len = BIO_read(SSL_get_wbio(c->layers[layer]), bytes, sizeof bytes)) > 0)
        peer_send(c, layer, view_make(bytes, (size_t)len));
}

/* Through that many layers. */
static inline void peer_send(struct peer_connection *c, unsigned layers, struct view bytes)
{
    if (layers > 0) {
        size_t written;
        if (SSL_write_ex(c->layers[layers - 1], bytes.data, bytes.len, &written) == 1)
            peer_flush(c, layers - 1);
        return;
    }
    if (uv_is_closing((uv_handle_t *)&c->tcp))
        return;
    struct peer_write *w = mem_zalloc(sizeof *w);
    w->bytes = mem_copy_text(bytes.data, bytes.len);
    uv_buf_t buffer = uv_buf_init(w->bytes, (unsigned)bytes.len);
    if (uv_write(&w->request, (uv_stream_t *)&c->tcp, &buffer, 1, peer_on_write) != 0)
        peer_on_write(&w->request, 0);
}

static inline void peer_tls_start(struct peer_connection *c, SSL_CTX *context)
{
    SSL *ssl = SSL_new(context);
    SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_accept_state(ssl);
    c->layers[c->layer_count++] = ssl;
}

static inline void peer_answer_done(struct peer_connection *c)
{
    enum peer_then then = c->answer->then;
    c->answer = NULL;
    uv_idle_stop(&c->idle);
    if (then == PEER_TLS)
        peer_tls_start(c, c->peer->inner_tls);
    for (unsigned i = c->layer_count; then == PEER_CLOSE && i > 0; i--) {
        SSL_shutdown(c->layers[i - 1]);
        peer_flush(c, i - 1);
    }
    if (then == PEER_CLOSE || then == PEER_CUT || then == PEER_RESET)
        peer_connection_close(c, then == PEER_RESET);
}

static inline void peer_on_idle(uv_idle_t *idle)
{
    struct peer_connection *c = idle->data;
    const struct peer_answer *a = c->answer;
    struct view all = view_make(a->text, a->len > 0 ? a->len : strlen(a->text));
    struct view rest = view_from(all, c->answered);
    if (a->cut > 0 && rest.len > a->cut)
        rest.len = a->cut;
    c->answered += rest.len;
    if (rest.len > 0)
        peer_send(c, c->layer_count, rest);
    if (c->answered == all.len)
        peer_answer_done(c);
}

/* ---- reading ---- */

/* Head, and as much body as Content-Length says. */
static inline bool peer_request_whole(const struct str *in)
{
    const char *end = strstr(str_text(in), "\r\n\r\n");
    const char *length = strcasestr(str_text(in), "\r\ncontent-length:");
    if (end == NULL)
        return false;
    size_t body = length != NULL && length < end ? strtoul(length + 17, NULL, 10) : 0;
    return in->len >= (size_t)(end - in->data) + 4 + body;
}

static inline void peer_answer_begin(struct peer_connection *c)
{
    struct peer *p = c->peer;
    str_clear(&c->in);
    if (p->next == p->answer_count)
        return;
    c->answer = &p->answers[p->next++];
    c->answered = 0;
    uv_idle_start(&c->idle, peer_on_idle);
}

static inline void peer_received(struct peer_connection *c, unsigned layer, struct view bytes)
{
    if (layer == c->layer_count) {
        str_append(&c->in, bytes);
        str_append(&c->peer->requests, bytes);
        if (peer_request_whole(&c->in))
            peer_answer_begin(c);
        return;
    }
    SSL *ssl = c->layers[layer];
    char plain[16384];
    size_t len;
    BIO_write(SSL_get_rbio(ssl), bytes.data, (int)bytes.len);
    while (SSL_read_ex(ssl, plain, sizeof plain, &len) == 1)
        peer_received(c, layer + 1, view_make(plain, len));
    peer_flush(c, layer);
}

static inline void peer_on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct peer_connection *c = handle->data;
    (void)suggested;
    *out = uv_buf_init(c->read_buffer, sizeof c->read_buffer);
}

static inline void peer_on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buffer)
{
    struct peer_connection *c = stream->data;
    if (len > 0)
        peer_received(c, 0, view_make(buffer->base, (size_t)len));
    else if (len < 0)
        peer_connection_close(c, false);
}

static inline void peer_on_connection(uv_stream_t *listener, int status)
{
    struct peer *p = listener->data;
    peer_must(status == 0, "cannot accept");
    struct peer_connection *c = mem_zalloc(sizeof *c);
    c->peer = p;
    c->handles = 2;
    uv_tcp_init(p->loop, &c->tcp);
    uv_idle_init(p->loop, &c->idle);
    c->tcp.data = c;
    c->idle.data = c;
    list_append(&p->connections, &c->node);
    peer_must(uv_accept(listener, (uv_stream_t *)&c->tcp) == 0, "cannot accept");
    uv_tcp_nodelay(&c->tcp, 1);
    p->accepted++;
    if (p->tls != NULL)
        peer_tls_start(c, p->tls);
    if (p->early)
        peer_answer_begin(c);
    if (!p->deaf)
        uv_read_start((uv_stream_t *)&c->tcp, peer_on_alloc, peer_on_read);
}

/* On `host`, "127.0.0.1" or "::1", and any free port. False when the machine has no such address.
 */
static inline bool peer_open_on(struct peer *p, uv_loop_t *loop, const char *host,
                                const struct peer_answer *answers, size_t count)
{
    struct sockaddr_storage address = {0};
    int len = sizeof address;
    *p = (struct peer){.loop = loop, .answers = answers, .answer_count = count};
    list_init(&p->connections);
    uv_tcp_init(loop, &p->listener);
    p->listener.data = p;
    if (uv_ip4_addr(host, 0, (struct sockaddr_in *)&address) != 0)
        uv_ip6_addr(host, 0, (struct sockaddr_in6 *)&address);
    if (uv_tcp_bind(&p->listener, (struct sockaddr *)&address, 0) != 0 ||
        uv_listen((uv_stream_t *)&p->listener, 128, peer_on_connection) != 0) {
        peer_close(p);
        return false;
    }
    uv_tcp_getsockname(&p->listener, (struct sockaddr *)&address, &len);
    p->port = ntohs(((struct sockaddr_in *)&address)->sin_port);
    return true;
}

static inline void peer_open(struct peer *p, uv_loop_t *loop, const struct peer_answer *answers,
                             size_t count)
{
    peer_must(peer_open_on(p, loop, "127.0.0.1", answers, count), "cannot listen");
}

#endif
