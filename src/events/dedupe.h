/* events/dedupe.h - payload IDs of posts that were accepted, for a while (events.md 13.4).
 *
 * A ring of entries, oldest first, with chains over it: no memory per post, at most
 * EVENTS_DEDUPE_MAX entries for the process. Knows no clock. May call: base.
 */
#ifndef EVENTS_DEDUPE_H
#define EVENTS_DEDUPE_H

#include "events/event.h"

#define EVENTS_DEDUPE_MAX 65536

struct events_dedupe_entry;

struct events_dedupe {
    int64_t window_ms; /* <= 0: nothing is remembered */
    struct events_dedupe_entry *ring;
    uint32_t *buckets; /* place in the ring + 1; 0: none */
    size_t room;       /* of both; a power of two */
    size_t first;      /* the oldest */
    size_t count;
};

void events_dedupe_init(struct events_dedupe *d, int64_t window_ms);
void events_dedupe_free(struct events_dedupe *d);

/* True when this family of this environment had that ID within the window; otherwise it is
 * remembered. IDs that are empty or too long are neither. `now_ms` never runs backwards. */
bool events_dedupe_seen(struct events_dedupe *d, unsigned slot, enum event_family family,
                        struct view id, int64_t now_ms);

#endif
