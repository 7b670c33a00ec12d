/* bigsegments/sync_delay.h - how long a synchroniser waits between two cycles (big-segments.md 4,
 * streaming.md 4.3). Pure. For the files of bigsegments/ only.
 */
#ifndef BIGSEGMENTS_SYNC_DELAY_H
#define BIGSEGMENTS_SYNC_DELAY_H

#include "source/retry.h"

struct sync_delay {
    unsigned failures;  /* since the last complete synchronisation */
    struct retry final; /* after answers that will not change by themselves */
};

/* How a cycle ended. */
struct sync_end {
    int64_t stream_ms; /* how long its stream was up */
    int status;        /* the HTTP status that ended it; 0: something else did */
    bool suspect;      /* 400 or 404 to a poll with `after`: perhaps the cursor is to blame */
    int64_t retry_after_s;
};

void sync_delay_init(struct sync_delay *d);

/* The database is complete. */
void sync_delay_good(struct sync_delay *d);

/* Milliseconds until the next cycle. */
int64_t sync_delay_next_ms(struct sync_delay *d, const struct sync_end *end, int64_t now_ms,
                           struct random *random);

#endif
