/* events/door.h - what serving threads and the events room share: the way in, the budget, counters.
 *
 *   api/events.c --event_post, event_diagnostic--> door --mailbox--> events_take*()
 *
 * The door outlives serving threads and events. Any thread may call, where nothing else is said.
 */
#ifndef EVENTS_DOOR_H
#define EVENTS_DOOR_H

#include "events/event.h"

#include <stdatomic.h>

struct events; /* events.h */

struct events_door_settings {
    bool enabled;            /* sendEvents */
    bool offline;            /* everything is accepted and thrown away */
    bool spooled;            /* 202 only after `safe` came (13.6) */
    size_t max_body;         /* maxInboundPayloadSize, decoded bytes */
    int64_t max_queue_bytes; /* 13.2 */
};

struct events_door {
    struct events_door_settings settings;
    struct mailbox *mailbox; /* of the control thread */
    struct events *events;   /* the control thread's alone; NULL: closed, posts are dropped */

    /* The budget of 13.2: everything event-like, by the control thread; bodies being read and
     * letters under way, by the serving threads. */
    _Atomic int64_t held_bytes;
    _Atomic int64_t reading_bytes;
    atomic_bool turn; /* somebody has it */
    atomic_bool told; /* the log knows that SDKs post in vain */
    /* The spool is about to make room: bodies wait for it when three quarters are in use. Set by
     * the control thread while batches are on their way to the disk. */
    atomic_bool room_comes;

    /* Counters since the start (section 15). */
    _Atomic int64_t received_events;
    _Atomic int64_t sent_events;
    _Atomic int64_t sent_bytes;
    _Atomic int64_t dropped[EVENT_DROP_COUNT];
    _Atomic int64_t duplicates;    /* posts (13.4) */
    _Atomic int64_t merged_events; /* summaries that were added to others */
    /* gauges */
    _Atomic int64_t pending_events;
    _Atomic int64_t families_off;
    _Atomic int64_t families_failing;
};

/* Nothing is counted yet, and no events are behind it. The mailbox must outlive it. */
void events_door_init(struct events_door *door, const struct events_door_settings *settings,
                      struct mailbox *mailbox);

/* ---- bodies that are being read (13.2) ---------------------------------------------------------
 *
 *   hold --more--> hold ... --> post or diagnostic (`held`), until events took it, or --> release
 *
 * All of them together get a quarter of the budget. One at a time may have its turn: it gets more,
 * whatever the others hold, so that a body that is larger than the quarter is slow, not stuck. With
 * a spool, all of them wait while what came before them goes to the disk.
 */

/* What one body holds. */
struct events_hold {
    size_t bytes;
    bool turn;
};

/* `more` bytes for this body, or false: there is no room for them now. */
MUST_CHECK bool events_hold_more(struct events_door *door, struct events_hold *hold, size_t more);

/* The same, room or not: for what is there already. */
void events_hold_anyway(struct events_door *door, struct events_hold *hold, size_t more);

/* The turn, if nobody has it. */
bool events_hold_take_turn(struct events_door *door, struct events_hold *hold);

/* Some of it, or all. The turn ends when nothing is held. */
void events_hold_less(struct events_door *door, struct events_hold *hold, size_t bytes);

/* ---- on a serving thread --------------------------------------------------------------------- */

/* Hands a post over: its letter ends in events_take(). Takes what `hold` holds. */
void events_door_post(struct events_door *door, struct event_post *post, struct events_hold *hold);

/* A diagnostic event: forwarded alone, at once (section 9). */
struct event_diagnostic {
    struct letter letter;
    struct events_door *door;
    unsigned slot;
    struct env_snapshot *snapshot; /* one reference */
    enum event_family family;
    struct buf *body; /* one reference; decoded */
    size_t held;      /* of the door's reading_bytes, while it is under way */
    /* The SDK's headers that are passed on, hop-by-hop ones left out, in order; owned. */
    struct event_header {
        char *name;
        char *value;
    } * headers;
    size_t header_count;
};

void events_door_diagnostic_post(struct events_door *door, struct event_diagnostic *d,
                                 struct events_hold *hold);
void event_diagnostic_free(struct event_diagnostic *d);

#endif
