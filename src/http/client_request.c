/* http/client_request.c - request lines and headers. */
#include "http/client_request.h"

void client_request_free(struct client_request *r)
{
    mem_free(r->method);
    mem_free(r->authorization);
    str_free(&r->headers);
    buf_unref(r->body);
    *r = (struct client_request){0};
}

/* A method or a header's name (RFC 9110 5.6.2). */
static bool request_token_allowed(struct view text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool alphanumeric =
            (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        if (!alphanumeric && (c == 0 || strchr("!#$%&'*+-.^_`|~", c) == NULL))
            return false;
    }
    return text.len > 0;
}

static bool request_text_allowed(struct view text)
{
    for (size_t i = 0; i < text.len; i++)
        if (((unsigned char)text.data[i] < 0x20 && text.data[i] != '\t') || text.data[i] == 0x7F)
            return false;
    return true;
}

static bool request_header_copy(const struct http_client_header *h, struct client_request *out,
                                struct error *err)
{
    struct view name = view_of(h->name);
    if (!request_token_allowed(name)) {
        error_set(err, "\"%s\" cannot be the name of a header", h->name);
        return false;
    }
    if (!request_text_allowed(h->value)) {
        error_set(err, "the value of header %s has a control character in it", h->name);
        return false;
    }
    if (view_equal_nocase(name, VIEW_LITERAL("authorization"))) {
        mem_free(out->authorization);
        out->authorization = mem_copy_text(h->value.data, h->value.len);
        return true;
    }
    if (view_equal_nocase(name, VIEW_LITERAL("user-agent"))) {
        out->has_user_agent = true;
        if (h->value.len == 0)
            return true;
    }
    if (view_equal_nocase(name, VIEW_LITERAL("accept-encoding")))
        out->has_accept_encoding = true;
    str_append_format(&out->headers, "%s: ", h->name);
    str_append(&out->headers, h->value);
    str_append_text(&out->headers, "\r\n");
    return true;
}

bool client_request_copy(const struct http_exchange_request *from, struct client_request *out,
                         struct error *err)
{
    if (!request_token_allowed(view_of(from->method))) {
        error_set(err, "\"%s\" cannot be a method", from->method);
        return false;
    }
    struct client_request r = {.method = mem_copy_text(from->method, strlen(from->method))};
    for (size_t i = 0; i < from->header_count; i++) {
        if (!request_header_copy(&from->headers[i], &r, err)) {
            client_request_free(&r);
            return false;
        }
    }
    r.body = from->body != NULL ? buf_ref(from->body) : NULL;
    *out = r;
    return true;
}

static void request_print_host(const struct client_url *url, bool always_port, struct str *out)
{
    str_append_text(out, "Host: ");
    client_url_print_host(url, always_port, out);
    str_append_text(out, "\r\n");
}

static void request_print_header(const char *name, const char *value, struct str *out)
{
    str_append_format(out, "%s: ", name);
    str_append_text(out, value);
    str_append_text(out, "\r\n");
}

static void request_print_authorization(const struct client_request *r,
                                        const struct client_url *url, struct str *out)
{
    if (r->authorization != NULL) {
        request_print_header("Authorization", r->authorization, out);
    } else if (url->user != NULL) {
        char *basic = client_proxy_basic(url->user);
        request_print_header("Authorization", basic, out);
        mem_free(basic);
    }
}

void client_request_print(const struct client_request *r, const struct client_url *url,
                          const char *user_agent, const struct client_proxy *proxy, struct str *out)
{
    str_append_text(out, r->method);
    str_append_char(out, ' ');
    if (proxy != NULL) {
        str_append_text(out, "http://");
        client_url_print_host(url, false, out);
    }
    str_append_text(out, url->target);
    str_append_text(out, " HTTP/1.1\r\n");
    request_print_host(url, false, out);
    if (!r->has_user_agent)
        request_print_header("User-Agent", user_agent, out);
    str_append(out, str_view(&r->headers));
    request_print_authorization(r, url, out);
    if (proxy != NULL && proxy->authorization != NULL)
        request_print_header("Proxy-Authorization", proxy->authorization, out);
    if (!r->has_accept_encoding)
        str_append_text(out, "Accept-Encoding: gzip\r\n");
    if (r->body != NULL || strcmp(r->method, "POST") == 0 || strcmp(r->method, "PUT") == 0)
        str_append_format(out, "Content-Length: %zu\r\n", r->body != NULL ? r->body->len : 0);
    str_append_text(out, "\r\n");
}

void client_request_print_connect(const struct client_url *url, const char *user_agent,
                                  const struct client_proxy *proxy, struct str *out)
{
    str_append_text(out, "CONNECT ");
    client_url_print_host(url, true, out);
    str_append_text(out, " HTTP/1.1\r\n");
    request_print_host(url, true, out);
    request_print_header("User-Agent", user_agent, out);
    if (proxy->authorization != NULL)
        request_print_header("Proxy-Authorization", proxy->authorization, out);
    str_append_text(out, "\r\n");
}

/* Drops the lines that describe a body. */
static void request_body_drop(struct client_request *r)
{
    struct str kept = {0};
    struct view rest = str_view(&r->headers);
    while (rest.len > 0) {
        size_t len = (size_t)((const char *)memchr(rest.data, '\n', rest.len) - rest.data) + 1;
        struct view line = view_make(rest.data, len);
        if (!view_starts_nocase(line, "content-"))
            str_append(&kept, line);
        rest = view_from(rest, len);
    }
    str_free(&r->headers);
    r->headers = kept;
    buf_unref(r->body);
    r->body = NULL;
}

void client_request_redirect(struct client_request *r, int status)
{
    bool keep = status == 307 || status == 308 || strcmp(r->method, "GET") == 0 ||
                strcmp(r->method, "HEAD") == 0;
    if (keep)
        return;
    mem_free(r->method);
    r->method = mem_copy_text("GET", 3);
    request_body_drop(r);
}
