/* http/server_answer.c - answers: composed, written, and what comes after (http-api.md 1.1, 10.1).
 */
#include "http/server_request.h"
#include "http/server_socket.h"

#include <assert.h>

/* ---- status lines --------------------------------------------------------------------------- */

static const struct {
    int status;
    const char *reason;
} reasons[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {304, "Not Modified"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {413, "Request Entity Too Large"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Entity"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};

static const char *reason_of(int status)
{
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
        if (reasons[i].status == status)
            return reasons[i].reason;
    }
    return "Status";
}

/* ---- heads ---------------------------------------------------------------------------------- */

void http_header_add(struct http_headers *h, const char *name, struct view value)
{
    assert(h->count < HTTP_HEADERS_MAX && "raise HTTP_HEADERS_MAX");
    h->rows[h->count].name = name;
    h->rows[h->count].value = value;
    h->count++;
}

void http_header_add_text(struct http_headers *h, const char *name, const char *value)
{
    http_header_add(h, name, view_of(value));
}

static void append_header(struct str *out, const char *name, struct view value)
{
    str_append_text(out, name);
    str_append(out, VIEW_LITERAL(": "));
    str_append(out, value);
    str_append(out, VIEW_LITERAL("\r\n"));
}

void answer_compose_head(const struct http_request *req, int status,
                         const struct http_headers *headers, struct str *out)
{
    str_append_text(out, req->head.http_1_0 ? "HTTP/1.0 " : "HTTP/1.1 ");
    str_append_int(out, status);
    str_append_char(out, ' ');
    str_append_text(out, reason_of(status));
    str_append(out, VIEW_LITERAL("\r\n"));
    for (size_t i = 0; headers != NULL && i < headers->count; i++)
        append_header(out, headers->rows[i].name, headers->rows[i].value);
    struct http_thread *t = req->connection->thread;
    if (headers != NULL)
        str_append(out, headers->lines);
    if (t->server->settings.compress)
        append_header(out, "Vary", VIEW_LITERAL("Accept-Encoding"));
    if (headers == NULL || !headers->dated)
        append_header(out, "Date", http_thread_date(t));
}

/* Answers that have no body whatever the service gave, nor a length. */
static bool has_no_length(const struct http_request *req, int status)
{
    return status == 304 || status == 204 || (req->is_head && status == 405);
}

/* A body: constant bytes, and the buffer that they are, or NULL: they are borrowed for the call. */
struct content {
    struct view bytes;
    struct buf *owner;
};

static struct content content_of(struct buf *b)
{
    return b != NULL ? (struct content){buf_view(b), b} : (struct content){{NULL, 0}, NULL};
}

/* The body compressed, a new reference; NULL: it goes out as it is. */
static struct buf *pack_body(const struct http_request *req, int status,
                             const struct http_headers *headers, const struct content *body)
{
    struct http_thread *t = req->connection->thread;
    struct view accepted;
    if (!t->server->settings.compress || has_no_length(req, status) ||
        !gzip_is_worthwhile(headers, body->bytes.len) ||
        !head_find(&req->head, "Accept-Encoding", &accepted) || !gzip_is_accepted(accepted))
        return NULL;
    return body->owner != NULL ? gzip_pack(&t->gzip, body->owner)
                               : gzip_pack_once(&t->gzip, body->bytes);
}

/* The head of a whole answer, in the thread's scratch text. */
static struct view compose(const struct http_request *req, int status,
                           const struct http_headers *headers, size_t body_len, bool packed)
{
    struct str *out = &req->connection->thread->scratch;
    str_clear(out);
    answer_compose_head(req, status, headers, out);
    if (packed)
        str_append(out, VIEW_LITERAL("Content-Encoding: gzip\r\n"));
    if (!has_no_length(req, status)) {
        str_append(out, VIEW_LITERAL("Content-Length: "));
        str_append_int(out, (int64_t)body_len);
        str_append(out, VIEW_LITERAL("\r\n"));
    }
    if (!req->keep_alive)
        str_append(out, VIEW_LITERAL("Connection: close\r\n"));
    else if (req->head.http_1_0)
        str_append(out, VIEW_LITERAL("Connection: keep-alive\r\n"));
    str_append(out, VIEW_LITERAL("\r\n"));
    return str_view(out);
}

/* ---- writing -------------------------------------------------------------------------------- */

/* Head and body as far as they are not sent. */
static int parts_left(struct view head, struct view body, size_t sent, struct iovec parts[2])
{
    int count = 0;
    size_t body_sent = sent > head.len ? sent - head.len : 0;
    head = view_from(head, sent);
    body = view_from(body, body_sent);
    if (head.len != 0)
        parts[count++] = (struct iovec){(char *)(uintptr_t)head.data, head.len};
    if (body.len != 0)
        parts[count++] = (struct iovec){(char *)(uintptr_t)body.data, body.len};
    return count;
}

static struct view view_of_buf(const struct buf *b)
{
    return b != NULL ? buf_view(b) : view_make(NULL, 0);
}

/* Writes once. True when all is out; false also when the connection was lost. */
static bool write_more(struct connection *c, struct view head, struct view body, size_t *sent)
{
    struct iovec parts[2];
    int count = parts_left(head, body, *sent, parts);
    ssize_t n = socket_write(c->fd, c->tls, parts, count);
    if (n == SOCKET_LOST) {
        connection_close(c);
        return false;
    }
    if (n > 0) {
        *sent += (size_t)n;
        c->progress_ms = c->thread->now_ms;
    }
    return *sent == head.len + body.len;
}

/* A client that only sends the body when it is told to has not been told: it may send it or not, so
 * nobody can say where the next request begins. */
static bool body_is_in_doubt(const struct http_request *req)
{
    return req->head.expects_continue && !req->continue_sent && !req->body.ended;
}

/* Writes what the socket takes, and keeps the rest. */
static void send_answer(struct http_request *req, struct view head, const struct content *body)
{
    struct connection *c = req->connection;
    connection_enter(c, CONN_ANSWER);
    if (write_more(c, head, body->bytes, &req->answer.sent)) {
        answer_finished(c);
    } else if (c->state != CONN_CLOSED) {
        req->answer.head = buf_copy(head);
        req->answer.body = body->owner != NULL ? buf_ref(body->owner) : buf_copy(body->bytes);
    }
}

static void respond(struct http_request *req, int status, const struct http_headers *headers,
                    struct content body)
{
    struct connection *c = req->connection;
    assert((c->state == CONN_HANDLER || c->state == CONN_BODY) && "one answer per request");
    req->abandoned = NULL;
    req->body_wanted = false;
    req->body.used = req->body.taken;
    req->keep_alive = req->keep_alive && !http_thread_is_closing(c->thread) &&
                      body_can_be_drained(&req->body) && !body_is_in_doubt(req);
    bool silent = req->is_head || has_no_length(req, status);
    request_log_answer(req, status, silent ? 0 : body.bytes.len);
    struct buf *packed = pack_body(req, status, headers, &body);
    if (packed != NULL)
        body = content_of(packed);
    struct view head = compose(req, status, headers, body.bytes.len, packed != NULL);
    if (silent)
        body = content_of(NULL);
    send_answer(req, head, &body);
    buf_unref(packed);
}

void http_respond(struct http_request *req, int status, const struct http_headers *headers,
                  struct buf *body)
{
    respond(req, status, headers, content_of(body));
}

void http_respond_borrowed(struct http_request *req, int status, const struct http_headers *headers,
                           struct view body)
{
    respond(req, status, headers, (struct content){body, NULL});
}

void http_respond_text(struct http_request *req, int status, const char *text)
{
    struct http_headers headers = {0};
    http_header_add_text(&headers, "Content-Type", "text/plain; charset=utf-8");
    http_respond_borrowed(req, status, &headers, view_of(text));
}

void answer_continue(struct connection *c)
{
    struct answer *a = &c->request->answer;
    if (write_more(c, view_of_buf(a->head), view_of_buf(a->body), &a->sent))
        answer_finished(c);
}

void answer_finished(struct connection *c)
{
    struct http_request *req = c->request;
    bool keep = req->keep_alive && !http_thread_is_closing(c->thread);
    if (!keep) {
        connection_linger(c);
    } else if (!req->body.ended) {
        connection_enter(c, CONN_DRAIN);
    } else {
        request_free(req);
        c->request = NULL;
        connection_enter(c, CONN_IDLE);
    }
}

/* ---- requests that are none ----------------------------------------------------------------- */

#define REFUSAL(line, type, body) "HTTP/1.1 " line "\r\n" type "Connection: close\r\n" body
#define PLAIN "Content-Type: text/plain; charset=utf-8\r\n"

/* Whole answers; the length of each body is spelled out beside it. */
static const char *const refusals[HEAD_FAULT_COUNT] = {
    [HEAD_FAULT_MALFORMED] =
        REFUSAL("400 Bad Request", PLAIN, "Content-Length: 15\r\n\r\n400 Bad Request"),
    [HEAD_FAULT_NO_HOST] =
        REFUSAL("400 Bad Request: missing required Host header", PLAIN,
                "Content-Length: 45\r\n\r\n400 Bad Request: missing required Host header"),
    [HEAD_FAULT_HEADER_NAME] =
        REFUSAL("400 Bad Request: invalid header name", PLAIN,
                "Content-Length: 36\r\n\r\n400 Bad Request: invalid header name"),
    [HEAD_FAULT_EXPECTATION] = REFUSAL("417 Expectation Failed", "", "Content-Length: 0\r\n\r\n"),
    [HEAD_FAULT_TOO_LARGE] =
        REFUSAL("431 Request Header Fields Too Large", PLAIN,
                "Content-Length: 35\r\n\r\n431 Request Header Fields Too Large"),
    [HEAD_FAULT_TRANSFER_ENCODING] = REFUSAL(
        "501 Not Implemented", PLAIN, "Content-Length: 29\r\n\r\nUnsupported transfer encoding"),
    [HEAD_FAULT_VERSION] =
        REFUSAL("505 HTTP Version Not Supported: unsupported protocol version", PLAIN,
                "Content-Length: 60\r\n\r\n"
                "505 HTTP Version Not Supported: unsupported protocol version"),
};

void answer_refuse(struct connection *c, enum head_fault fault)
{
    struct iovec part = {(char *)(uintptr_t)refusals[fault], strlen(refusals[fault])};
    (void)socket_write(c->fd, c->tls, &part, 1);
    connection_linger(c);
}
