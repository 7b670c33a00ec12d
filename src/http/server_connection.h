/* http/server_connection.h - one client's connection, from accept to close. Private to http/.
 *
 *   accept -> HANDSHAKE -> HEAD -> HANDLER -> ANSWER -> IDLE -> HEAD ...
 *             (TLS)         ^      |   ^         |       ^
 *                           |      v   |         +-> DRAIN (rest of a body nobody read)
 *                           |      BODY <-> PAUSED
 *                           |      |             +-> LINGER -> CLOSED
 *             any state -> CLOSED  +-> STREAM -> LINGER -> CLOSED
 *
 * The socket is registered once with epoll, edge-triggered, for reading, writing and hang-up. So a
 * state that does not read ignores the event, and whoever enters a reading state later tries to
 * read. Memory is released by connection_work() in the turn's last phase and nowhere else; until
 * then a closed connection's pointer stays valid.
 */
#ifndef HTTP_SERVER_CONNECTION_H
#define HTTP_SERVER_CONNECTION_H

#include "http/server_private.h"

enum connection_state {
    CONN_HANDSHAKE, /* TLS */
    CONN_HEAD,      /* a request's head is expected (first request) or has begun */
    CONN_IDLE,      /* kept alive between two requests */
    CONN_HANDLER,   /* the service has the request */
    CONN_BODY,      /* the service waits for the request's body */
    CONN_PAUSED,    /* the service takes no more of the body for the moment */
    CONN_ANSWER,    /* an answer is being written */
    CONN_DRAIN,     /* the answer is out; what is left of the request's body is thrown away */
    CONN_STREAM,    /* a subscriber's */
    CONN_LINGER,    /* nothing more will be sent; the client gets time to read it */
    CONN_CLOSED,    /* the descriptor is closed, the memory waits for connection_work() */
    CONN_STATE_COUNT
};

struct connection {
    struct http_thread *thread;
    struct list link; /* thread->connections or thread->streams */
    struct list work; /* thread->work */
    struct wheel_entry deadline;
    struct http_request *request;
    struct sse_subscriber *stream;
    SSL *tls;
    struct buf *rest; /* bytes that were read but not yet taken; NULL most of the time */
    struct limits_address *address;
    int64_t progress_ms; /* when the peer last took or sent a byte */
    int fd;
    enum connection_state state : 8;
    bool registered : 1; /* with epoll */
    bool peer_done : 1;  /* the peer has shut down its sending side */
    bool feeding : 1;    /* connection_feed() is running */
};

_Static_assert(sizeof(struct connection) <= 160, "idle streams: DESIGN.md, budget in rule 4");

/* Takes an accepted socket over and serves it. */
void connection_open(struct http_thread *t, int fd, struct limits_address *address);

/* epoll reported `events`. */
void connection_event(struct connection *c, uint32_t events);

/* The connection's entry in the wheel is due. */
void connection_deadline(struct connection *c);

/* The connection's turn on the work list. */
void connection_work(struct connection *c);

/* connection_work() will run in this turn or the next. */
void connection_wake(struct connection *c);

/* Changes the state, and with it what is read and the deadline. Not to CLOSED. */
void connection_enter(struct connection *c, enum connection_state next);

/* Sends what the client has to know that nothing more comes, and closes when it has read that. */
void connection_linger(struct connection *c);

/* For callers that the service called: the end comes as an event, in a later turn. */
void connection_abort(struct connection *c);

/* At once; the service is told when it has the request. May be called twice. */
void connection_close(struct connection *c);

#endif
