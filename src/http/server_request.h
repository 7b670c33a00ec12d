/* http/server_request.h - one request, from its first byte to the end of its answer. Private to
 * http/.
 */
#ifndef HTTP_SERVER_REQUEST_H
#define HTTP_SERVER_REQUEST_H

#include "http/server_body.h"
#include "http/server_connection.h"
#include "http/server_head.h"

/* An answer that the socket did not take at once. */
struct answer {
    struct buf *head;
    struct buf *body; /* NULL: none, or HEAD */
    size_t sent;      /* of head and body together */
};

struct http_request {
    struct connection *connection;
    struct head head;
    struct target target;
    struct route_match match;
    struct body body;
    struct answer answer;
    bool is_head;       /* HEAD, routed as GET */
    bool keep_alive;    /* of the answer */
    bool body_wanted;   /* the service waits for the end of the body */
    bool continue_sent; /* "100 Continue" went out */
    int64_t started_ms;
    const struct http_body_reader *reader; /* who gets the body */
    enum http_body_end body_end;           /* WHOLE until something else is known */
    size_t body_limit;
    void (*body_done)(struct http_request *req, struct view body, bool too_large);
    void *state; /* the service's own */
    void (*abandoned)(void *state);
};

struct http_request *request_new(struct connection *c);

/* Tells the service when it still has the request, and releases the memory. Accepts NULL. */
void request_free(struct http_request *req);

/* The head is whole: finds the route and calls its handler, or answers itself. */
void request_dispatch(struct http_request *req);

/* Tells the service about an ordinary answer. */
void request_log_answer(const struct http_request *req, int status, uint64_t bytes);

/* The same at the begin of a stream. False when nobody wants to know; otherwise the request must be
 * kept until its end is told too. */
bool request_log_stream(const struct http_request *req);
void request_log_stream_end(const struct http_request *req, uint64_t bytes);

/* ---- server_answer.c ------------------------------------------------------------------------ */

/* The fixed answer to a request that is no proper one; the connection ends. */
void answer_refuse(struct connection *c, enum head_fault fault);

/* Goes on with an answer that the socket did not take whole. */
void answer_continue(struct connection *c);

/* The request's answer is out: what the connection does next. */
void answer_finished(struct connection *c);

/* "HTTP/1.1 200 OK\r\n" and the given headers, without the final empty line. */
void answer_compose_head(const struct http_request *req, int status,
                         const struct http_headers *headers, struct str *out);

/* ---- server_body.c -------------------------------------------------------------------------- */

/* Bytes for a body that the service waits for (BODY), or that nobody wants (DRAIN). */
void body_feed(struct connection *c, struct view *bytes);

/* The client has sent all it will, in the middle of a body. False: nobody wants to know. */
bool body_cut_off(struct connection *c);

/* A paused body has waited for too long. */
void body_stalled(struct connection *c);

/* Does the service wait for a body that has ended, in whatever way? */
bool body_is_due(const struct http_request *req);

/* The service's turn, when its body is due. */
void body_deliver(struct http_request *req);

#endif
