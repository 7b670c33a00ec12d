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

    /* Counters since the start (section 15). */
    _Atomic int64_t received_posts;
    _Atomic int64_t received_events;
    _Atomic int64_t received_bytes; /* decoded */
    _Atomic int64_t sent_events;
    _Atomic int64_t sent_bytes;
    _Atomic int64_t failed_events;
    _Atomic int64_t dropped[EVENT_DROP_COUNT];
    _Atomic int64_t duplicates; /* posts (13.4) */
    /* gauges */
    _Atomic int64_t pending_events;
    _Atomic int64_t families_off;
    _Atomic int64_t families_failing;
};

/* On a serving thread. Hands a post over: its letter ends in events_take(). */
void events_door_post(struct events_door *door, struct event_post *post);

/* A diagnostic event: forwarded alone, at once (section 9). */
struct event_diagnostic {
    struct letter letter;
    struct events_door *door;
    unsigned slot;
    struct env_snapshot *snapshot; /* one reference */
    enum event_family family;
    struct buf *body; /* one reference; decoded */
    /* The SDK's headers that are passed on, hop-by-hop ones left out, in order; owned. */
    struct event_header {
        char *name;
        char *value;
    } * headers;
    size_t header_count;
};

void events_door_diagnostic_post(struct events_door *door, struct event_diagnostic *d);
void event_diagnostic_free(struct event_diagnostic *d);

#endif
