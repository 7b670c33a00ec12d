/* See proxy.h. */
#include "proxy.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

static void handle_freed(uv_handle_t *handle)
{
    mem_free(handle);
}

static void half_close(uv_tcp_t **tcp, bool reset)
{
    if (*tcp == NULL)
        return;
    (*tcp)->data = NULL;
    if (reset)
        (void)uv_tcp_close_reset(*tcp, handle_freed);
    else if (!uv_is_closing((uv_handle_t *)*tcp))
        uv_close((uv_handle_t *)*tcp, handle_freed);
    *tcp = NULL;
}

static void pair_close(struct proxy_pair *pair, bool reset)
{
    half_close(&pair->store, reset);
    half_close(&pair->server, false);
    if (pair->timer != NULL)
        uv_close((uv_handle_t *)pair->timer, handle_freed);
    mem_free(pair->late);
    *pair = (struct proxy_pair){.proxy = pair->proxy};
}

/* ---- bytes ----------------------------------------------------------------------------------- */

struct proxy_write {
    uv_write_t request;
    bool last;
    char bytes[];
};

static void on_written(uv_write_t *request, int status)
{
    struct proxy_write *w = CONTAINER_OF(request, struct proxy_write, request);
    struct proxy_pair *pair = request->handle->data;
    (void)status;
    if (w->last && pair != NULL)
        pair_close(pair, false);
    mem_free(w);
}

static void pass(uv_tcp_t *to, const char *bytes, size_t len, bool last)
{
    struct proxy_write *w = mem_alloc(sizeof *w + len);
    memcpy(w->bytes, bytes, len);
    w->last = last;
    uv_buf_t buffer = uv_buf_init(w->bytes, (unsigned)len);
    if (uv_write(&w->request, (uv_stream_t *)to, &buffer, 1, on_written) != 0)
        mem_free(w);
}

static void on_late(uv_timer_t *timer)
{
    struct proxy_pair *pair = timer->data;
    pass(pair->store, pair->late, pair->late_len, false);
    pair->late_len = 0;
}

/* All that has come so far goes through when the first of it is due. */
static void pass_late(struct proxy_pair *pair, const char *bytes, size_t len)
{
    if (pair->timer == NULL) {
        pair->timer = mem_zalloc(sizeof *pair->timer);
        assert_int_equal(uv_timer_init(pair->proxy->loop, pair->timer), 0);
        pair->timer->data = pair;
    }
    pair->late = mem_realloc(pair->late, pair->late_len + len);
    memcpy(pair->late + pair->late_len, bytes, len);
    pair->late_len += len;
    if (!uv_is_active((uv_handle_t *)pair->timer))
        (void)uv_timer_start(pair->timer, on_late, pair->proxy->delay_ms, 0);
}

static void from_store(struct proxy_pair *pair, const char *bytes, size_t len)
{
    static const char garbage[] = "HTTP/1.1 400 Bad Request\r\n\r\n\xFF\x01";
    switch (pair->proxy->fault) {
    case PROXY_RESET:
        pair_close(pair, true);
        break;
    case PROXY_BLACK_HOLE:
        break;
    case PROXY_GARBAGE:
        pass(pair->store, garbage, sizeof garbage, false);
        break;
    default:
        pass(pair->server, bytes, len, false);
        break;
    }
}

static void from_server(struct proxy_pair *pair, const char *bytes, size_t len)
{
    struct proxy *p = pair->proxy;
    if (p->fault == PROXY_SLOW)
        pass_late(pair, bytes, len);
    else if (p->fault == PROXY_HALF)
        pass(pair->store, bytes, len < p->half ? len : p->half, true);
    else if (p->fault == PROXY_PASS)
        pass(pair->store, bytes, len, false);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    (void)handle;
    (void)suggested;
    *out = uv_buf_init(mem_alloc(65536), 65536);
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buffer)
{
    struct proxy_pair *pair = stream->data;
    if (pair != NULL && len < 0)
        pair_close(pair, false);
    else if (pair != NULL && len > 0 && stream == (uv_stream_t *)pair->store)
        from_store(pair, buffer->base, (size_t)len);
    else if (pair != NULL && len > 0)
        from_server(pair, buffer->base, (size_t)len);
    mem_free(buffer->base);
}

/* ---- connections ----------------------------------------------------------------------------- */

static void on_connected(uv_connect_t *request, int status)
{
    struct proxy_pair *pair = request->handle->data;
    mem_free(request);
    if (pair == NULL)
        return;
    if (status != 0) {
        pair_close(pair, true);
        return;
    }
    assert_int_equal(uv_read_start((uv_stream_t *)pair->server, on_alloc, on_read), 0);
    assert_int_equal(uv_read_start((uv_stream_t *)pair->store, on_alloc, on_read), 0);
}

static uv_tcp_t *tcp_new(struct proxy_pair *pair)
{
    uv_tcp_t *tcp = mem_zalloc(sizeof *tcp);
    assert_int_equal(uv_tcp_init(pair->proxy->loop, tcp), 0);
    tcp->data = pair;
    return tcp;
}

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct proxy *p = listener->data;
    struct sockaddr_in address = loopback(p->server_port);
    uv_connect_t *request = mem_zalloc(sizeof *request);
    size_t i = 0;
    assert_int_equal(status, 0);
    while (i < PROXY_MAX_PAIRS && p->pairs[i].store != NULL)
        i++;
    assert_true(i < PROXY_MAX_PAIRS);
    struct proxy_pair *pair = &p->pairs[i];
    pair->proxy = p;
    p->accepted++;
    pair->store = tcp_new(pair);
    pair->server = tcp_new(pair);
    assert_int_equal(uv_accept(listener, (uv_stream_t *)pair->store), 0);
    assert_int_equal(
        uv_tcp_connect(request, pair->server, (struct sockaddr *)&address, on_connected), 0);
}

void proxy_open(struct proxy *p, uv_loop_t *loop, uint16_t server_port)
{
    struct sockaddr_in address = loopback(0);
    int len = sizeof address;
    memset(p, 0, sizeof *p);
    p->loop = loop;
    p->server_port = server_port;
    p->listener.data = p;
    assert_int_equal(uv_tcp_init(loop, &p->listener), 0);
    p->listener.data = p;
    assert_int_equal(uv_tcp_bind(&p->listener, (struct sockaddr *)&address, 0), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&p->listener, 64, on_connection), 0);
    assert_int_equal(uv_tcp_getsockname(&p->listener, (struct sockaddr *)&address, &len), 0);
    p->port = ntohs(address.sin_port);
}

void proxy_close(struct proxy *p)
{
    uv_close((uv_handle_t *)&p->listener, NULL);
    for (size_t i = 0; i < PROXY_MAX_PAIRS; i++)
        pair_close(&p->pairs[i], false);
}

unsigned proxy_connections(const struct proxy *p)
{
    unsigned count = 0;
    for (size_t i = 0; i < PROXY_MAX_PAIRS; i++)
        count += p->pairs[i].store != NULL;
    return count;
}
