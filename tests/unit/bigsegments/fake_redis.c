/* See fake_redis.h. */
#include "fake_redis.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    (void)handle;
    *out = uv_buf_init(mem_alloc(suggested), (unsigned)suggested);
}

static void say(uv_stream_t *stream, const char *answer)
{
    uv_buf_t buffer = uv_buf_init((char *)(uintptr_t)answer, (unsigned)strlen(answer));
    assert_int_equal(uv_try_write(stream, &buffer, 1), strlen(answer));
}

static void answer(struct fake_redis *f, uv_stream_t *stream)
{
    while (f->lines->heard != NULL && !uv_is_closing((uv_handle_t *)stream)) {
        const char *at = strstr(str_text(&f->heard), f->lines->heard);
        if (at == NULL)
            return;
        const char *end = at + strlen(f->lines->heard);
        struct str rest = {0};
        str_append_text(&rest, end);
        str_free(&f->heard);
        f->heard = rest;
        const char *text = (f->lines++)->answer;
        if (text != NULL)
            say(stream, text);
        else
            uv_close((uv_handle_t *)stream, NULL);
    }
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buffer)
{
    struct fake_redis *f = stream->data;
    if (len > 0) {
        str_append(&f->heard, view_make(buffer->base, (size_t)len));
        str_append(&f->all, view_make(buffer->base, (size_t)len));
        answer(f, stream);
    } else if (len < 0 && !uv_is_closing((uv_handle_t *)stream)) {
        uv_close((uv_handle_t *)stream, NULL);
    }
    mem_free(buffer->base);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct fake_redis *f = listener->data;
    assert_int_equal(status, 0);
    assert_true(f->accepted < FAKE_REDIS_CONNECTIONS);
    uv_tcp_t *c = &f->connections[f->accepted++];
    (void)uv_tcp_init(f->loop, c);
    c->data = f;
    assert_int_equal(uv_accept(listener, (uv_stream_t *)c), 0);
    assert_int_equal(uv_read_start((uv_stream_t *)c, on_alloc, on_read), 0);
}

void fake_redis_open(struct fake_redis *f, uv_loop_t *loop, const struct fake_line *lines)
{
    struct sockaddr_in address;
    int size = sizeof address;
    *f = (struct fake_redis){.loop = loop, .lines = lines};
    (void)uv_tcp_init(loop, &f->listener);
    f->listener.data = f;
    assert_int_equal(uv_ip4_addr("127.0.0.1", 0, &address), 0);
    assert_int_equal(uv_tcp_bind(&f->listener, (struct sockaddr *)&address, 0), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&f->listener, 8, on_connection), 0);
    assert_int_equal(uv_tcp_getsockname(&f->listener, (struct sockaddr *)&address, &size), 0);
    f->port = ntohs(address.sin_port);
}

void fake_redis_close(struct fake_redis *f)
{
    uv_close((uv_handle_t *)&f->listener, NULL);
    for (unsigned i = 0; i < f->accepted; i++) {
        if (!uv_is_closing((uv_handle_t *)&f->connections[i]))
            uv_close((uv_handle_t *)&f->connections[i], NULL);
    }
    str_free(&f->heard);
    str_free(&f->all);
}
