/* http/call.h - one request whose whole answer fits in memory: databases with an HTTP interface,
 * cloud credentials. On the control loop. May call: client.h.
 *
 * 1. http_call_start() never fails and never calls back from inside.
 * 2. `done` comes exactly once, from a later turn, unless http_call_cancel() came first: then
 * nothing comes. The memory goes by itself.
 * 3. After http_call_cancel() the call has nothing to do with its client any more.
 */
#ifndef HTTP_CALL_H
#define HTTP_CALL_H

#include "http/client.h"

struct http_call_request {
    struct http_exchange_request exchange; /* timeouts of 0 become those of the call */
    size_t max_body;                       /* a longer answer is a failure */
    bool drops_body;                       /* the answer's body is read and thrown away */
    int64_t timeout_ms;                    /* from the start to the last byte of the answer */
    /* Before `done`, when a head came; may be NULL. */
    void (*on_head)(void *owner, int status, const struct http_head *head);
};

/* Borrowed for the call of `done`. */
struct http_call_answer {
    bool ok;    /* a whole answer came; its status may be anything */
    int status; /* 0 when not ok */
    struct view body;
    struct str *body_memory; /* of `body`: who wants to keep it takes it, and leaves {0} */
    const char *problem;     /* when not ok: "connection refused" ... */
};

typedef void http_called(void *owner, const struct http_call_answer *answer);

struct http_call;

struct http_call *http_call_start(struct http_client *client, const struct http_call_request *req,
                                  uv_loop_t *loop, http_called *done, void *owner);

/* Ends it early: `done` still comes, with this problem. */
void http_call_give_up(struct http_call *c, const char *problem);

void http_call_cancel(struct http_call *c);

#endif
