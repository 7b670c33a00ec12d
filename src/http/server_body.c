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

bool body_can_be_drained(const struct body *b)
{
    uint64_t known = b->taken + (b->chunked ? 0 : b->left);
    return b->ended || known <= BODY_DRAIN_MAX;
}

/* ---- a body that the service waits for ------------------------------------------------------ */

static void body_wait_is_over(struct connection *c)
{
    connection_enter(c, CONN_HANDLER);
    connection_wake(c);
}

static void keep_piece(struct http_request *req, struct view piece)
{
    struct body *b = &req->body;
    if (b->text.len + piece.len > req->body_limit) {
        b->too_large = true;
        str_free(&b->text);
        return;
    }
    if (b->text.data == NULL) {
        uint64_t claimed = piece.len + b->left;
        str_reserve(&b->text,
                    b->chunked || claimed > CLAIM_MAX_BYTES ? FIRST_ROOM_BYTES : (size_t)claimed);
    }
    str_append(&b->text, piece);
}

static void feed_wanted(struct connection *c, struct view *bytes)
{
    struct http_request *req = c->request;
    struct view piece;
    switch (body_next(&req->body, bytes, &piece)) {
    case BODY_PIECE:
        keep_piece(req, piece);
        break;
    case BODY_BAD:
        answer_refuse(c, HEAD_FAULT_MALFORMED);
        return;
    case BODY_MORE:
    case BODY_ENDED:
        break;
    }
    if (body_is_due(req))
        body_wait_is_over(c);
}

/* ---- a body that nobody wants --------------------------------------------------------------- */

static void feed_unwanted(struct connection *c, struct view *bytes)
{
    struct body *b = &c->request->body;
    struct view piece;
    if (body_next(b, bytes, &piece) == BODY_BAD || b->taken > BODY_DRAIN_MAX)
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

void http_request_read_body(struct http_request *req, size_t limit,
                            void (*done)(struct http_request *req, struct view body,
                                         bool too_large))
{
    struct connection *c = req->connection;
    assert(c->state == CONN_HANDLER && !req->body_wanted && "one reader, before the answer");
    req->body_wanted = true;
    req->body_limit = limit;
    req->body_done = done;
    req->body.too_large = !req->body.chunked && req->body.left > limit;
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

bool body_is_due(const struct http_request *req)
{
    return req->body_wanted && (req->body.ended || req->body.too_large);
}

void body_deliver(struct http_request *req)
{
    req->body_wanted = false;
    req->body_done(req, str_view(&req->body.text), req->body.too_large);
}
