/* events/aside.h - batches that wait on disk alone (13.2, 13.7): what the other files of the core
 * tell of batches that wait, and ask for those that left memory. Control thread. May call: the
 * core.
 */
#ifndef EVENTS_ASIDE_H
#define EVENTS_ASIDE_H

#include "events/events_private.h"

struct events_aside {
    struct list node; /* of family->aside; on no list while it is read */
    struct events_family *family;
    enum event_path path;
    unsigned attempts;
    uint64_t number;
    int64_t born_ms;
    size_t count;
    size_t bytes; /* of the body */
    char payload_id[];
};

/* One that waits, READY or for the press, may leave memory when it has to be, if the spool has it.
 * It is not offered any more when it is taken off `spare`. */
void events_aside_offer(struct events_batch *b);

/* One that was just written, or pressed, stays on disk behind older ones of its family, when they
 * will not leave soon: true, and it is gone. */
bool events_aside_join(struct events_batch *b);

/* Over half of the budget: batches that were offered leave memory. Takes no time otherwise. Tells
 * the door whether room is about to come. */
void events_aside_relieve(struct events *e);

/* The same, and brings back what there is room for: whenever a batch came to an end or a family
 * changed. Frees batches that are READY or wait for the press. */
void events_aside_look(struct events *e);

/* Is there room for one of so many bytes that comes from the disk? */
bool events_aside_has_room(const struct events *e, size_t bytes);

/* A start found one for which there is no room. */
void events_aside_found(struct events_group *g, const struct spool_batch *record, size_t bytes,
                        int64_t age_ms);

/* Those that are too old, or of a path that is switched off, are dropped. */
void events_aside_age(struct events_family *f);
void events_aside_drop(struct events_family *f, enum event_path path);

/* At the end: the next start will find them. */
void events_aside_clear(struct events_family *f);

#endif
