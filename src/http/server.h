/* http/ - the protocol: a server for SDKs (server.h, sse.h) and a client for upstream (client.h).
 *
 *            +-- serving thread 1: loop, listener (SO_REUSEPORT), connections, wheel, mailbox
 *   server --+-- serving thread 2: ...                       Lives: one http_thread per thread; a
 *            +-- ...                                         connection never leaves its thread.
 *
 *   bytes -> request head -> route -> handler(request) -> http_respond() | sse_subscriber_open()
 *
 * The server knows routes as rows of a table and nothing about what they mean. May call: base.
 * Spec: http-api.md 2, 10; limits configuration.md 17.7.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/mailbox.h"
#include "base/random.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* ---- requests ------------------------------------------------------------------------------- */

enum http_method {
    HTTP_GET,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_REPORT,
    HTTP_OPTIONS,
    HTTP_PUT,
    HTTP_DELETE,
    HTTP_PATCH,
    HTTP_METHOD_OTHER
};

const char *http_method_name(enum http_method m);

struct http_request; /* from its head until http_respond() or the end of its stream */
struct http_thread;

/* One row of the routing table. Rows are tried in order; the first whose path and method match
 * wins. */
struct http_route {
    unsigned methods; /* bit set: 1u << HTTP_GET ... */
    bool head;        /* HEAD is answered like GET, without body */
    const char
        *pattern; /* "/sdk/flags/{key}": {x} takes one or more bytes of a segment: "/a/{id}.gif" */
    void (*handler)(struct http_request *req);
    int id; /* the service's own meaning of the row */
};

enum http_method http_request_method(const struct http_request *req); /* HEAD is reported as GET */
const struct http_route *http_request_route(const struct http_request *req);
struct view http_request_target(const struct http_request *req); /* as it was sent */
struct view http_request_variable(const struct http_request *req, size_t index); /* decoded */
struct view http_request_header(const struct http_request *req,
                                const char *name); /* first; trimmed */
bool http_request_has_header(const struct http_request *req, const char *name);

/* The headers one after the other, as they were sent, values trimmed: *at is 0 at first. False when
 * there is none left. */
bool http_request_next_header(const struct http_request *req, size_t *at, struct view *name,
                              struct view *value);

/* Appends the address of the client, "192.0.2.1" or "2001:db8::1"; nothing for a Unix socket. */
void http_request_peer(const struct http_request *req, struct str *out);

/* The first query parameter of that name, percent-decoded, '+' as blank; false when absent. */
bool http_request_query(const struct http_request *req, const char *name, struct str *out);
struct view http_request_query_string(const struct http_request *req); /* raw, without '?' */

/* The names of all methods of all routes whose path matches, joined by `separator`, in table order.
 */
void http_request_allowed_methods(const struct http_request *req, const char *separator,
                                  struct str *out);

struct http_thread *http_request_thread(const struct http_request *req);

/* When its head was complete, on the server's clock. */
int64_t http_request_started_ms(const struct http_request *req);

/* A place for the handler's own state, e.g. while the request is parked. `abandoned` (may be NULL)
 * is called when the client goes away before the answer; the request is gone then. It comes from
 * the loop, never from inside a function that the handler called. */
void http_request_set_state(struct http_request *req, void *state, void (*abandoned)(void *state));
void *http_request_state(const struct http_request *req);

/* Reads the whole body (sends 100 Continue when asked for), then calls `done` from a later phase of
 * the loop. `too_large`: more than `limit` bytes; the body is empty then. The view is valid until
 * the request is answered. Not called when the client goes away. */
void http_request_read_body(struct http_request *req, size_t limit,
                            void (*done)(struct http_request *req, struct view body,
                                         bool too_large));

/* ---- a body piece by piece ------------------------------------------------------------------- */

/* What the service did with a piece. */
enum http_body_step {
    HTTP_BODY_MORE,  /* took all of it, and wants the next one */
    HTTP_BODY_PAUSE, /* what it did not take comes again after http_request_resume_body() */
    HTTP_BODY_STOP   /* nothing more is wanted */
};

enum http_body_end {
    HTTP_BODY_WHOLE,
    HTTP_BODY_STOPPED,
    HTTP_BODY_BROKEN, /* malformed, or the client stopped in the middle of it */
    HTTP_BODY_STALLED /* it was paused for HTTP_BODY_STALL_MS without a resume */
};

/* A client that sends nothing for so long is gone; nobody waits longer for room, either. */
#define HTTP_BODY_STALL_MS 30000

struct http_body_reader {
    /* Takes bytes off the front of *piece, which is not empty and valid for the call. Comes from
     * the loop and must not answer. */
    enum http_body_step (*take)(struct http_request *req, struct view *piece);
    /* Once, from a later phase of the loop; not when the client goes away. The connection ends with
     * the answer when the body was broken or stalled. */
    void (*ended)(struct http_request *req, enum http_body_end how);
};

/* As http_request_read_body() for a service that keeps the body in its own way; while it is paused
 * nothing is read from the connection. */
void http_request_read_pieces(struct http_request *req, const struct http_body_reader *reader);

/* Does nothing for a body that is not paused. */
void http_request_resume_body(struct http_request *req);

/* What Content-Length says; -1: nothing. */
int64_t http_request_content_length(const struct http_request *req);

/* ---- answers -------------------------------------------------------------------------------- */

#define HTTP_HEADERS_MAX 24

/* Names and values are borrowed until the call that takes the struct returns. */
struct http_headers {
    size_t count;
    struct {
        const char *name;
        struct view value;
    } rows[HTTP_HEADERS_MAX];
    struct view lines; /* further ones as they go out: "Name: value\r\n" each */
    bool dated;        /* there is a Date among them already */
};

void http_header_add(struct http_headers *h, const char *name, struct view value);
void http_header_add_text(struct http_headers *h, const char *name, const char *value);

/* Answers and gives the request back; `body` may be NULL, its reference stays with the caller.
 * Date, Content-Length and Connection are added here, with compression also Vary and
 * Content-Encoding. A body that has another owner besides the caller will be sent again: it is
 * compressed once. May be called from the handler or later, on the request's thread. */
void http_respond(struct http_request *req, int status, const struct http_headers *headers,
                  struct buf *body);

/* As http_respond() with a body that is for this client alone, and lent until the function returns:
 * what the socket does not take at once is copied. */
void http_respond_borrowed(struct http_request *req, int status, const struct http_headers *headers,
                           struct view body);

/* As http_respond() with a short text: Content-Type text/plain; charset=utf-8. */
void http_respond_text(struct http_request *req, int status, const char *text);

/* ---- the server ----------------------------------------------------------------------------- */

struct http_server_settings {
    const char *listen_address; /* NULL: all addresses, IPv6 and IPv4; "unix:PATH" */
    int port;
    int threads;
    bool tls;
    const char *tls_cert;
    const char *tls_key;
    int tls_min_version;              /* 0 (1.2), or TLS1_VERSION ... TLS1_3_VERSION of OpenSSL */
    int64_t max_connections;          /* 0, or the most: descriptor limit - 256 */
    const char *max_connections_name; /* for the log; NULL: "maxClientConnections" */
    int64_t max_connections_per_address; /* 0: none */
    size_t max_header_size;
    int64_t header_timeout_ms; /* closed without an answer then, as ld-relay does */
    int64_t idle_timeout_ms;   /* <= 0: none */
    bool compress;             /* whole answers, for clients that accept gzip (http-api.md 10.5) */
    /* streams: */
    int64_t heartbeat_ms;       /* <= 0: none */
    int64_t max_stream_time_ms; /* <= 0: none */
    int64_t max_write_time_ms;  /* <= 0: none */
    size_t max_backlog;
    struct random *random; /* spreads stream times of 60 s and more; NULL: exact times */
};

/* What the server serves: the routes and the state that each thread keeps for them. */
struct http_service {
    void *arg;
    const struct http_route *routes;
    size_t route_count;
    /* On the new serving thread, before its first request; the result is http_thread_state(). */
    void *(*thread_open)(void *arg, struct http_thread *t);
    /* On the serving thread, after its last request. */
    void (*thread_close)(void *arg, void *state);
    /* Debug log of requests (telemetry.md 8.6), for requests that a route took: once for an
     * ordinary answer (`closed`); for a stream when its head is sent (`streaming`) and at its end
     * (`streaming` and `closed`), but only if the global level is debug when it starts: otherwise a
     * stream does not keep its request. `bytes` are those of the body. May be NULL. */
    void (*log_request)(void *arg, const struct http_request *req, int status, uint64_t bytes,
                        bool streaming, bool closed);
};

struct http_server;

/* Binds, starts the threads and serves. False with *err ("listen tcp :8030: bind: address already
 * in use") when it cannot. Called on the control thread. */
MUST_CHECK bool http_server_open(const struct http_server_settings *settings,
                                 const struct http_service *service, const struct clock *clock,
                                 struct http_server **out, struct error *err);

size_t http_server_thread_count(const struct http_server *s);
struct http_thread *http_server_thread(struct http_server *s, size_t index);

/* The port really listened on (for port 0). */
int http_server_port(const struct http_server *s);

/* Any thread: delivers the letter on that serving thread. */
void http_thread_post(struct http_thread *t, struct letter *l);

void *http_thread_state(struct http_thread *t);
uv_loop_t *http_thread_loop(struct http_thread *t);
const struct clock *http_thread_clock(struct http_thread *t);

/* Counters of the whole server, any thread. */
struct http_counts {
    int64_t connections;        /* open now */
    int64_t streams;            /* open now */
    int64_t refused_over_limit; /* or because no descriptor was left */
    int64_t refused_tls;        /* handshake failed, or plain HTTP */
    int64_t dropped_stall;
    int64_t dropped_backlog;
};
void http_server_counts(const struct http_server *s, struct http_counts *out);

/* Stops accepting, ends all streams properly, spread evenly over `spread_ms`, finishes requests,
 * and at the latest after `limit_ms` closes what is left. Blocks nobody: `closed` is called once on
 * the control loop, after every thread ended (they are joined and freed then). Letters may be
 * posted until `closed`, and only from the control thread after this call. */
void http_server_close(struct http_server *s, int64_t spread_ms, int64_t limit_ms, uv_loop_t *loop,
                       void (*closed)(void *arg), void *arg);

#endif
