/* A spool in memory that outlives the events room, in place of events/spool.c: a test looks at its
 * records, lets it refuse, and starts again with what is there. */
#ifndef TEST_EVENTS_FAKE_SPOOL_H
#define TEST_EVENTS_FAKE_SPOOL_H

#include "events/spool.h"

struct fake_record {
    char type; /* 'P', 'B', 'D'; 'F': posts were forgotten; 'U': a batch in memory only */
    char *group;
    char *id;
    char *outcome;
    uint64_t seq; /* of a post; upTo of a batch */
    size_t count;
    bool more;
    int64_t wall_ms;
    struct spool_group parts; /* its texts are the record's own */
    struct buf *body;
};

#define FAKE_SPOOL_MAX 32768

struct fake_disk {
    struct fake_record records[FAKE_SPOOL_MAX];
    size_t count;
    size_t reads; /* batches that were read again */
    bool refuses; /* takes nothing */
    bool stuck;   /* takes records, but never says that they are written */
};

extern struct fake_disk fake_disk;

void fake_disk_clear(void);

/* Forgets all but the first `count` records: as if the process had been killed then. */
void fake_disk_cut(size_t count);

/* "P server verbatim 4|B ...|D delivered": the types of all records, with what tells them apart. */
const char *fake_disk_story(void);

#endif
