/* What the tests of api/ stand on: the routes and handlers of api/ on a serving thread without a
 * server, and a house on fake sources and stores behind it (tests/unit/env/bench.h).
 *
 *   ask(&a, "GET", "/all", "Authorization: sdk-1") --> real routing --> gate, handler --> a.answer
 *
 * The fakes replace http_request_*, http_respond(), http_thread_*, sse_subscriber_* at link time.
 */
#ifndef API_ASK_H
#define API_ASK_H

#include "../env/bench.h"
#include "api/api_private.h"
#include "http/server_route.h"
#include "http/sse.h"

struct answer {
    int status;         /* 0: none yet */
    struct str headers; /* "Name: value\n" each, sorted as they were added */
    struct str body;
    bool body_is_kept; /* it has another owner: the server compresses it once for all */
    bool read_body;    /* somebody wanted it */
    bool stream;
    const struct sse_listener *listener; /* of the stream, with its owner */
    void *owner;
    struct str events; /* what the stream was sent */
    unsigned puts;     /* frames of the kind FRAME_PUT among them */
};

struct asking {
    struct http_request *req; /* the one that is under way, or the last one */
    struct bench bench;
    struct mailbox mailbox; /* of the control thread, for the door */
    struct events_door door;
    /* what came through the door, and is freed at the end or by the test */
    struct event_post *posts[8];
    size_t post_count;
    struct event_diagnostic *diagnostics[8];
    size_t diagnostic_count;
    struct api_settings settings;
    struct api *api;
    struct route_table *routes;
    struct api_thread *thread;
    struct answer answer;
};

/* One serving thread; prod and what else is added to a->bench before ask_start(). `rows` is another
 * table of routes, or NULL. */
void ask_setup(struct asking *a);
void ask_start(struct asking *a, const struct api_route *rows, size_t count);
void ask_teardown(struct asking *a);

/* `headers` is "Name: value\nName: value", or "". The answer replaces the last one; a stream that
 * is open is closed first. */
void ask(struct asking *a, const char *method, const char *target, const char *headers);

/* The same with a body. */
void ask_with(struct asking *a, const char *method, const char *target, const char *headers,
              const char *body);

/* The same in steps: the head; pieces of the body, until it is paused or nothing more is wanted;
 * its end, of which the handler hears in a later phase. One request at a time. */
void ask_begin(struct asking *a, const char *method, const char *target, const char *headers);
void ask_push(struct asking *a, struct view piece);
void ask_end(struct asking *a, enum http_body_end how);

/* The client goes away before the answer; also from inside a callback of the test. */
void ask_abandon(struct asking *a);

/* The next turn: what was posted to the control thread arrives, too. */
void ask_turn(struct asking *a);

/* All of it with a body of any bytes. */
void ask_with_bytes(struct asking *a, const char *method, const char *target, const char *headers,
                    struct view body);

/* Frees what came through the door. */
void ask_forget_events(struct asking *a);

/* The client goes away. */
void ask_close_stream(struct asking *a);

/* "" when the header is absent. */
const char *answer_header(const struct asking *a, const char *name);

#endif
