/* http/server_body.c - see server_body.h; and how a connection reads a body (server_request.h). */
#include "http/server_body.h"

#include "http/server_request.h"
#include "http/server_socket.h"

#include <assert.h>

#define FIRST_ROOM_BYTES 4096
#define CLAIM_MAX_BYTES 65536 /* a claimed Content-Length is believed up to here */

void body_init(struct body *b, const struct head *head)
{
    *b = (struct body){.chunked = head->chunked, .left = head->length};
    chunked_init(&b->chunks);
    b->ended = !b->chunked && b->left == 0;
}

void body_free(struct body *b)
{
    str_free(&b->text);
}

static enum body_state next_of_length(struct body *b, struct view *bytes, struct view *piece)
{
    if (bytes->len == 0)
        return BODY_MORE;
    size_t len = bytes->len < b->left ? bytes->len : (size_t)b->left;
    *piece = view_make(bytes->data, len);
    *bytes = view_from(*bytes, len);
    b->left -= len;
    b->ended = b->left == 0;
    return BODY_PIECE;
}

static enum body_state next_of_chunks(struct body *b, struct view *bytes, struct view *piece)
{
    switch (chunked_next(&b->chunks, bytes, piece)) {
    case CHUNKED_DATA:
        return BODY_PIECE;
    case CHUNKED_MORE:
        return BODY_MORE;
    case CHUNKED_DONE:
        b->ended = true;
        return BODY_ENDED;
    case CHUNKED_BAD:
        break;
    }
    return BODY_BAD;
}

enum body_state body_next(struct body *b, struct view *bytes, struct view *piece)
{
    if (b->ended)
        return BODY_ENDED;
    enum body_state state =
        b->chunked ? next_of_chunks(b, bytes, piece) : next_of_length(b, bytes, piece);
    if (state == BODY_PIECE)
        b->taken += piece->len;
    return state;
}

void body_put_back(struct body *b, struct view *bytes, struct view piece)
{
    if (piece.len == 0)
        return;
    *bytes = view_make(piece.data, piece.len + bytes->len);
    b->taken -= piece.len;
    b->ended = false;
    if (b->chunked)
        chunked_put_back(&b->chunks, piece.len);
    else
        b->left += piece.len;
}

bool body_can_be_drained(const struct body *b)
{
    return b->ended || b->chunked || b->left <= BODY_DRAIN_MAX;
}

/* ---- a body that the service waits for ------------------------------------------------------ */

/* The service is told in the work phase. */
static void body_wait_is_over(struct connection *c)
{
    connection_enter(c, CONN_HANDLER);
    connection_wake(c);
}

/* The rest of it, if any, says nothing: the connection ends with the answer. */
static void body_fail(struct connection *c, enum http_body_end how)
{
    c->request->body_end = how;
    c->request->keep_alive = false;
    body_wait_is_over(c);
}

static void feed_piece(struct connection *c, struct view *bytes, struct view piece)
{
    struct http_request *req = c->request;
    switch (req->reader->take(req, &piece)) {
    case HTTP_BODY_MORE:
        break;
    case HTTP_BODY_PAUSE:
        body_put_back(&req->body, bytes, piece);
        connection_enter(c, CONN_PAUSED);
        break;
    case HTTP_BODY_STOP:
        req->body_end = HTTP_BODY_STOPPED;
        break;
    }
}

static void feed_wanted(struct connection *c, struct view *bytes)
{
    struct view piece;
    switch (body_next(&c->request->body, bytes, &piece)) {
    case BODY_PIECE:
        feed_piece(c, bytes, piece);
        break;
    case BODY_BAD:
        body_fail(c, HTTP_BODY_BROKEN);
        return;
    case BODY_MORE:
    case BODY_ENDED:
        break;
    }
    if (c->state == CONN_BODY && body_is_due(c->request))
        body_wait_is_over(c);
}

/* ---- a body that nobody wants --------------------------------------------------------------- */

static void feed_unwanted(struct connection *c, struct view *bytes)
{
    struct body *b = &c->request->body;
    struct view piece;
    if (body_next(b, bytes, &piece) == BODY_BAD || b->taken - b->used > BODY_DRAIN_MAX)
        connection_linger(c);
    else if (b->ended)
        answer_finished(c);
}

void body_feed(struct connection *c, struct view *bytes)
{
    if (c->state == CONN_BODY)
        feed_wanted(c, bytes);
    else
        feed_unwanted(c, bytes);
}

/* ---- the service's side --------------------------------------------------------------------- */

/* The client waits for a word before it sends the body. It is 25 bytes on a connection on which
 * nothing else is under way; a socket that does not even take those is as good as lost. */
static bool send_continue(struct http_request *req)
{
    static const char words[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct connection *c = req->connection;
    struct iovec part = {(char *)(uintptr_t)words, sizeof words - 1};
    req->continue_sent = true;
    return socket_write(c->fd, c->tls, &part, 1) == (ssize_t)part.iov_len;
}

static enum http_body_step whole_take(struct http_request *req, struct view *piece);
static void whole_ended(struct http_request *req, enum http_body_end how);

static const struct http_body_reader whole_reader = {whole_take, whole_ended};

void http_request_read_pieces(struct http_request *req, const struct http_body_reader *reader)
{
    struct connection *c = req->connection;
    assert(c->state == CONN_HANDLER && !req->body_wanted && "one reader, before the answer");
    req->body_wanted = true;
    req->reader = reader;
    if (body_is_due(req)) {
        connection_wake(c);
        return;
    }
    bool expected = req->head.expects_continue && req->body.taken == 0;
    if (expected && !send_continue(req)) {
        connection_abort(c);
        return;
    }
    connection_enter(c, CONN_BODY);
}

void http_request_resume_body(struct http_request *req)
{
    if (req->connection->state == CONN_PAUSED)
        connection_enter(req->connection, CONN_BODY);
}

int64_t http_request_content_length(const struct http_request *req)
{
    bool told = req->head.has_length && req->head.length <= INT64_MAX;
    return told ? (int64_t)req->head.length : -1;
}

bool body_is_due(const struct http_request *req)
{
    return req->body_wanted && req->connection->state != CONN_PAUSED &&
           (req->body.ended || req->body_end != HTTP_BODY_WHOLE);
}

void body_deliver(struct http_request *req)
{
    req->body_wanted = false;
    if (req->connection->state == CONN_BODY)
        connection_enter(req->connection, CONN_HANDLER); /* it ended while it was paused */
    req->reader->ended(req, req->body_end);
}

bool body_cut_off(struct connection *c)
{
    if (c->request->reader == &whole_reader)
        return false;
    body_fail(c, HTTP_BODY_BROKEN);
    return true;
}

void body_stalled(struct connection *c)
{
    body_fail(c, HTTP_BODY_STALLED);
}

/* ---- the whole body in memory --------------------------------------------------------------- */

static enum http_body_step whole_take(struct http_request *req, struct view *piece)
{
    struct body *b = &req->body;
    if (b->text.len + piece->len > req->body_limit) {
        str_free(&b->text);
        return HTTP_BODY_STOP;
    }
    if (b->text.data == NULL) {
        uint64_t claimed = piece->len + b->left;
        str_reserve(&b->text,
                    b->chunked || claimed > CLAIM_MAX_BYTES ? FIRST_ROOM_BYTES : (size_t)claimed);
    }
    str_append(&b->text, *piece);
    return HTTP_BODY_MORE;
}

static void whole_ended(struct http_request *req, enum http_body_end how)
{
    if (how == HTTP_BODY_BROKEN)
        answer_refuse(req->connection, HEAD_FAULT_MALFORMED);
    else
        req->body_done(req, str_view(&req->body.text), how == HTTP_BODY_STOPPED);
}

void http_request_read_body(struct http_request *req, size_t limit,
                            void (*done)(struct http_request *req, struct view body,
                                         bool too_large))
{
    req->body_limit = limit;
    req->body_done = done;
    if (!req->body.chunked && req->body.left > limit)
        req->body_end = HTTP_BODY_STOPPED;
    http_request_read_pieces(req, &whole_reader);
}
