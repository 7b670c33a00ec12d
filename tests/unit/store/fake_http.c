/* See fake_http.h. */
#include "fake_http.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void handle_freed(uv_handle_t *handle)
{
    mem_free(handle);
}

static void connection_close(struct fake_connection *c)
{
    if (c->stream == NULL)
        return;
    c->stream->data = NULL;
    if (!uv_is_closing((uv_handle_t *)c->stream))
        uv_close((uv_handle_t *)c->stream, handle_freed);
    c->stream = NULL;
    str_free(&c->received);
}

static void connection_reset(struct fake_connection *c)
{
    uv_tcp_t *tcp = (uv_tcp_t *)c->stream;
    (void)uv_tcp_close_reset(tcp, handle_freed);
    connection_close(c);
}

/* ---- answers --------------------------------------------------------------------------------- */

struct fake_write {
    uv_write_t request;
    struct str bytes;
    bool last;
};

static void on_written(uv_write_t *request, int status)
{
    struct fake_write *w = CONTAINER_OF(request, struct fake_write, request);
    struct fake_connection *c = request->handle->data;
    (void)status;
    if (w->last && c != NULL)
        connection_close(c);
    str_free(&w->bytes);
    mem_free(w);
}

static void answer_write(struct fake_connection *c, const struct fake_rule *rule)
{
    struct fake_write *w = mem_zalloc(sizeof *w);
    const char *body = rule->body != NULL ? rule->body : "";
    w->last = rule->manner != FAKE_WHOLE;
    if (rule->manner == FAKE_GARBAGE)
        str_append_text(&w->bytes, "\x16\x03\x01 this is no HTTP\r\n\r\n");
    else
        str_append_format(&w->bytes, "HTTP/1.1 %d Said\r\n%sContent-Length: %zu\r\n\r\n%s",
                          rule->status, rule->header != NULL ? rule->header : "",
                          strlen(body) + (rule->manner == FAKE_HALF ? 10 : 0), body);
    uv_buf_t buffer = uv_buf_init(w->bytes.data, (unsigned)w->bytes.len);
    assert_int_equal(uv_write(&w->request, c->stream, &buffer, 1, on_written), 0);
}

static bool contains(const struct fake_request *r, const char *text)
{
    return strstr(r->head, text) != NULL || (r->body.len > 0 && strstr(r->body.data, text) != NULL);
}

static bool rule_fits(const struct fake_http *f, const struct fake_rule *rule,
                      const struct fake_request *r)
{
    const char *head = r->head;
    if (rule->times != 0 && f->used[rule - f->rules] == rule->times)
        return false;
    if (rule->contains != NULL && !contains(r, rule->contains))
        return false;
    const char *target = strchr(head, ' ') + 1;
    size_t len = rule->method != NULL ? strlen(rule->method) : 0;
    return strncmp(head, rule->method != NULL ? rule->method : "", len) == 0 &&
           (rule->target == NULL || strncmp(target, rule->target, strlen(rule->target)) == 0);
}

static void request_answer(struct fake_connection *c, const struct fake_request *r)
{
    struct fake_http *f = c->server;
    const struct fake_rule *rule = f->rules;
    while (rule->status != 0 && !rule_fits(f, rule, r))
        rule++;
    f->used[rule - f->rules]++;
    if (rule->status == 0)
        fail_msg("the fake has no rule for %s%s", r->head, str_text(&r->body));
    else if (rule->manner == FAKE_RESET)
        connection_reset(c);
    else if (rule->manner != FAKE_SILENT)
        answer_write(c, rule);
}

/* ---- requests -------------------------------------------------------------------------------- */

/* Takes a whole request off what was received; false when there is none yet. */
static bool request_take(struct fake_connection *c)
{
    struct fake_http *f = c->server;
    const char *end = c->received.len > 0 ? strstr(c->received.data, "\r\n\r\n") : NULL;
    if (end == NULL)
        return false;
    size_t head = (size_t)(end - c->received.data) + 4;
    const char *field = strstr(c->received.data, "Content-Length: ");
    size_t body = field != NULL && field < end ? strtoul(field + 16, NULL, 10) : 0;
    if (c->received.len < head + body)
        return false;
    f->requests = mem_realloc(f->requests, (f->request_count + 1) * sizeof *f->requests);
    struct fake_request *r = &f->requests[f->request_count++];
    *r = (struct fake_request){.head = mem_copy_text(c->received.data, head)};
    str_append(&r->body, view_make(c->received.data + head, body));
    struct str rest = {0};
    str_append(&rest, view_from(str_view(&c->received), head + body));
    str_free(&c->received);
    c->received = rest;
    request_answer(c, r);
    return c->stream != NULL;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    (void)handle;
    (void)suggested;
    *out = uv_buf_init(mem_alloc(65536), 65536);
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buffer)
{
    struct fake_connection *c = stream->data;
    if (c != NULL && len > 0) {
        str_append(&c->received, view_make(buffer->base, (size_t)len));
        while (request_take(c))
            ;
    } else if (c != NULL && len < 0) {
        connection_close(c);
    }
    mem_free(buffer->base);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct fake_http *f = listener->data;
    size_t i = 0;
    assert_int_equal(status, 0);
    while (i < FAKE_MAX_CONNECTIONS && f->connections[i].stream != NULL)
        i++;
    assert_true(i < FAKE_MAX_CONNECTIONS);
    struct fake_connection *c = &f->connections[i];
    uv_stream_t *stream = mem_zalloc(f->is_pipe ? sizeof(uv_pipe_t) : sizeof(uv_tcp_t));
    if (f->is_pipe)
        assert_int_equal(uv_pipe_init(f->loop, (uv_pipe_t *)stream, 0), 0);
    else
        assert_int_equal(uv_tcp_init(f->loop, (uv_tcp_t *)stream), 0);
    assert_int_equal(uv_accept(listener, stream), 0);
    *c = (struct fake_connection){.server = f, .stream = stream};
    stream->data = c;
    assert_int_equal(uv_read_start(stream, on_alloc, on_read), 0);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void listen_on(struct fake_http *f)
{
    f->listener.handle.data = f;
    assert_int_equal(uv_listen(&f->listener.stream, 16, on_connection), 0);
}

void fake_http_open(struct fake_http *f, uv_loop_t *loop, const struct fake_rule *rules)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int len = sizeof address;
    memset(f, 0, sizeof *f);
    f->loop = loop;
    f->rules = rules;
    assert_int_equal(uv_tcp_init(loop, &f->listener.tcp), 0);
    assert_int_equal(uv_tcp_bind(&f->listener.tcp, (struct sockaddr *)&address, 0), 0);
    listen_on(f);
    assert_int_equal(uv_tcp_getsockname(&f->listener.tcp, (struct sockaddr *)&address, &len), 0);
    f->port = ntohs(address.sin_port);
}

void fake_http_open_unix(struct fake_http *f, uv_loop_t *loop, const char *path,
                         const struct fake_rule *rules)
{
    memset(f, 0, sizeof *f);
    f->loop = loop;
    f->rules = rules;
    f->is_pipe = true;
    assert_int_equal(uv_pipe_init(loop, &f->listener.pipe, 0), 0);
    assert_int_equal(uv_pipe_bind(&f->listener.pipe, path), 0);
    listen_on(f);
}

void fake_http_rules(struct fake_http *f, const struct fake_rule *rules)
{
    f->rules = rules;
    memset(f->used, 0, sizeof f->used);
}

void fake_http_forget(struct fake_http *f)
{
    for (size_t i = 0; i < f->request_count; i++) {
        mem_free(f->requests[i].head);
        str_free(&f->requests[i].body);
    }
    mem_free(f->requests);
    f->requests = NULL;
    f->request_count = 0;
}

void fake_http_close(struct fake_http *f)
{
    uv_close(&f->listener.handle, NULL);
    for (size_t i = 0; i < FAKE_MAX_CONNECTIONS; i++)
        connection_close(&f->connections[i]);
    fake_http_forget(f);
}

size_t fake_http_count(const struct fake_http *f, const char *head)
{
    size_t count = 0;
    for (size_t i = 0; i < f->request_count; i++)
        count += strncmp(f->requests[i].head, head, strlen(head)) == 0;
    return count;
}
