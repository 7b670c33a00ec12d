/* api/events.h - how events of SDKs come in (events.md 3 to 5), private to the room.
 *
 *   request --> events.c: is it wanted? --> events_body.c: read and decoded, within the budget
 *                                             |   '-- events_pause.c: no room for more of it now
 *                                             v
 *               events_post.c | events_diagnostic.c --struct event_post--> events/door.h
 *                  '-- events_wait.c: the answer waits until the post is on disk
 *
 *   GET /a/{envId}.gif --> events_image.c --------^
 *
 * An environment that was known when the request came is not asked for again: once a credential was
 * accepted, no answer says anything else about it (3.2).
 */
#ifndef API_EVENTS_H
#define API_EVENTS_H

#include "api/api_private.h"
#include "events/door.h"
#include "http/body_decoder.h"

/* ---- events_body.c --------------------------------------------------------------------------- */

/* Why a body cannot be used. */
enum event_body_fault {
    EVENT_BODY_FINE,
    EVENT_BODY_TOO_LARGE,
    EVENT_BODY_NO_GZIP,      /* it does not begin as gzip does */
    EVENT_BODY_HEAD_MISSING, /* gzip without a byte */
    EVENT_BODY_HEAD_CUT,     /* gzip that ends within its header */
    EVENT_BODY_CUT,
    EVENT_BODY_BAD_CODING,
    EVENT_BODY_FAULT_COUNT
};

/* A body on its way in, on its serving thread. */
struct event_body {
    struct api_thread *thread;
    struct http_request *req;
    struct body_decoder *decoder;
    struct buf *bytes; /* as long as there is room; NULL: none yet */
    size_t len;        /* bytes of it that are there */
    bool compressed;
    size_t first_room;
    size_t most;             /* room that it can have at all */
    struct events_hold hold; /* of the budget */
    struct list paused;      /* thread->paused_bodies */
    bool was_paused;
    enum event_body_fault fault;
};

/* Nothing was read yet. `coding` is not UNKNOWN. */
void event_body_begin(struct event_body *b, struct api_thread *thread, struct http_request *req,
                      enum body_coding coding);
void event_body_free(struct event_body *b);

/* For http_body_reader. */
enum http_body_step event_body_take(struct event_body *b, struct view *piece);

/* No more comes; sets `fault`. */
void event_body_end(struct event_body *b, enum http_body_end how);

/* More room, if the budget has it. */
bool event_body_grow(struct event_body *b);

/* The bytes, cut to their length, with one reference; what is held stays held. NULL: none. */
struct buf *event_body_take_bytes(struct event_body *b);

/* ---- events_pause.c -------------------------------------------------------------------------- */

/* There is no room for more of this body: it goes on by itself, its turn come, or is resumed later
 * (events.md 13.2). True: now. */
bool event_pause_unless_turn(struct event_body *b);

/* It waits no longer; safe to call twice. */
void event_pause_end(struct event_body *b);

/* ---- events.c -------------------------------------------------------------------------------- */

/* A request with a body, from its head to its answer. Its passage is its own (api_passage_keep). */
struct event_intake {
    struct http_request *req;
    struct api_passage passage;
    struct event_body body;
};

void event_intake_free(struct event_intake *in);

/* 202, empty, and gone. */
void event_intake_accept(struct event_intake *in);

/* What becomes of this environment's events (section 2). */
enum event_mode {
    EVENTS_WANTED,
    EVENTS_THROWN_AWAY, /* offline, or flags from local files: accepted, not read */
    EVENTS_DISABLED
};
enum event_mode event_mode_of(const struct api_passage *p);

/* 503: disabled events are refused in a way that is tried again. */
void event_answer_disabled(struct http_request *req, const struct api_passage *p);

enum event_family event_family_of(const struct api_passage *p);

/* ---- events_post.c --------------------------------------------------------------------------- */

/* What a post says about its events (5.1). */
struct event_metadata {
    enum event_path path;
    int64_t schema;
    struct view tags;
    struct view payload_id; /* "": none that is remembered */
};

/* The array in `body` as a post. NULL: nothing of it will be sent; that was logged and counted.
 * Takes neither. */
struct event_post *event_post_make(const struct api_passage *p, const struct event_metadata *m,
                                   struct buf *body);

/* ---- events_wait.c --------------------------------------------------------------------------- */

/* The answer waits until the post is safe (13.6); the client may be gone by then. The passage is
 * the waiting request's now. */
void event_wait(struct http_request *req, struct api_passage *p, struct event_post *post);

#endif
