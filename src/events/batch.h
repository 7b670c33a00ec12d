/* events/batch.h - events that wait as text, and one request's worth of them, from its forming to
 * its end.
 *
 *   group --flush--> PRESSING -> READY <-> FLYING -> delivered, dropped or split
 *
 * Everything lives on the control thread; the thread pool sees a batch while it is pressed, and
 * nobody else touches it then.
 */
#ifndef EVENTS_BATCH_H
#define EVENTS_BATCH_H

#include "base/list.h"
#include "base/str.h"
#include "events/event.h"
#include "http/call.h"

#include <uv.h>

struct events_group; /* events_private.h */

#define EVENTS_BATCH_MAX_EVENTS 10000

/* ---- text that waits ------------------------------------------------------------------------- */

/* Events that follow each other in one buffer. */
struct events_piece {
    struct events_piece *next;
    struct buf *body;          /* one reference: the views borrow from it */
    struct event_array events; /* owned */
    size_t bytes;              /* of the events, each with a comma */
};

/* Of so many events, each with a comma. */
size_t events_bytes(const struct view *each, size_t count);

/* What it takes of the budget (13.2). */
size_t events_piece_held(const struct events_piece *p);
void events_pieces_free(struct events_piece *first); /* the whole chain; accepts NULL */

/* ---- batches --------------------------------------------------------------------------------- */

enum events_batch_state {
    EVENTS_BATCH_WRITING,  /* the spool does not have the whole flush yet */
    EVENTS_BATCH_PRESSING, /* waits for the thread pool, or is there */
    EVENTS_BATCH_READY,    /* on family->ready */
    EVENTS_BATCH_MERGING,  /* on events->merge.batches; the thread pool has it */
    EVENTS_BATCH_FLYING,   /* a request is under way; on family->flying, like the next */
    EVENTS_BATCH_PAUSED    /* one second before the second attempt */
};

struct events_batch {
    struct list node;           /* of what its state names */
    struct list each;           /* of family->batches */
    struct list spare;          /* of events->spare, or on no list */
    struct events_group *group; /* stays as long as it has batches */
    enum events_batch_state state;
    uint64_t number; /* in the order of forming; halves have that of the whole */
    char payload_id[EVENT_PAYLOAD_ID_MAX + 1];
    int64_t born_ms; /* monotonic */
    size_t count;
    size_t bytes; /* of the body */
    size_t held;  /* of the budget */
    bool probe;   /* of a path that is switched off */
    bool doomed;  /* dropped while the thread pool or the spool has it */
    bool merged_in_vain;
    bool unpacked; /* a half of another one, not pressed yet */

    /* of the spool */
    uint64_t up_to; /* the last post of the group that it or an earlier one stands for */
    bool more;      /* another batch of the same flush follows */
    bool written;   /* its record is done with, well or not */
    bool spooled;   /* the record is there */

    /* The body: pieces or text, then gzip alone. */
    struct events_piece *pieces;
    struct buf *text;
    struct buf *gzip;
    uv_work_t work;

    unsigned attempts;
    int64_t due_ms;      /* while paused */
    uint64_t credential; /* hash of the one that the attempt was made with */
    struct http_call *call;
    /* what the head of the answer said */
    int64_t retry_after_s;
    int64_t date_ms; /* 0: nothing */
    char location[128];
};

/* A batch of the group, empty yet: the caller gives it `pieces` or `text`, then starts it. */
struct events_batch *events_batch_new(struct events_group *g, size_t count, size_t bytes);

/* Counts in the budget what its body holds. */
void events_batch_account(struct events_batch *b);

/* Counts its body, then to the spool if there is one, then to the press; `more` of the flush
 * follow. */
void events_batch_start(struct events_batch *b, bool more);
void events_batch_press(struct events_batch *b);

/* Its pieces become one text. */
void events_batch_flatten(struct events_batch *b);

/* Comes back from the press: to the publisher. */
void events_batch_pressed(struct events_batch *b);

/* Its end: delivered, or split. It is on no list and has no call. */
void events_batch_free(struct events_batch *b);

/* The next start will find it on the disk. */
bool events_batch_is_safe(const struct events_batch *b);

/* Its end without delivery, wherever it is; counted. */
void events_batch_drop(struct events_batch *b, enum event_drop reason);

/* The events of its gzip, on any thread: views into the text, which is returned with one reference;
 * both are the caller's. NULL when memory was bad. */
struct buf *events_batch_unpack(const struct events_batch *b, struct event_array *events);

/* 413: two halves in its place, in the press; false when it is a single event. */
bool events_batch_split(struct events_batch *b);

/* press.c: bytes of gzip (level 6, no time, no name), on any thread. */
struct buf *events_gzip_text(struct view text);

/* The text again; NULL when memory was bad. */
struct buf *events_gunzip(const struct buf *gzip, size_t bytes);

/* press.c: work for the thread pool. */
void events_press_start(struct events_batch *b);

#endif
