/* events/known_contexts.h - for which contexts there was an index event lately
 * (events.md 7.2, 7.3): the 1000 used last, by their fully-qualified keys. May call: base.
 */
#ifndef EVENTS_KNOWN_CONTEXTS_H
#define EVENTS_KNOWN_CONTEXTS_H

#include "base/list.h"
#include "base/map.h"

#define KNOWN_CONTEXTS_MAX 1000

struct known_contexts {
    struct map by_key; /* struct known_context */
    struct list used;  /* the one used last at the end */
    size_t bytes;      /* as 13.2 counts them */
};

void known_contexts_init(struct known_contexts *k);

/* Forgets all; usable as after known_contexts_init(). */
void known_contexts_clear(struct known_contexts *k);

/* Marks it as used. True when it was not known: it is now, and the one that was used longest ago
 * may have had to leave. */
bool known_contexts_add(struct known_contexts *k, struct view key);

#endif
