/* bigsegments/segment_poll.h - one poll: read the cursor, ask for what follows it, apply the answer
 * (big-segments.md 3.1). For the files of bigsegments/ only.
 *
 *   segment_poll_start() -> READ_CURSOR -> GET .../revisions?after=CURSOR -> patches -> done
 */
#ifndef BIGSEGMENTS_SEGMENT_POLL_H
#define BIGSEGMENTS_SEGMENT_POLL_H

#include "bigsegments/applier.h"
#include "bigsegments/shared_exchange.h"

/* What all requests of a synchroniser have in common; it changes with the SDK key. */
struct upstream {
    struct shared_exchanges *shared;
    uv_loop_t *loop;
    char *base_uri; /* without trailing slash */
    char *stream_uri;
    char *sdk_key;
    size_t max_patch_bytes;
};

struct segment_poll_result {
    bool ok;
    bool with_cursor;       /* `after` was sent */
    int status;             /* HTTP, when that is why it is not ok; else 0 */
    int64_t retry_after_s;  /* what the answer asked for; 0: nothing */
    struct error problem;   /* when not ok */
    struct applied applied; /* when ok */
    bool moved;             /* the cursor, by whoever it was: more may follow */
    bool useless;           /* there were patches, and nothing came of them: to ask again at once
                               would get the same answer */
};

struct segment_poll;

/* `done` comes once, from a later turn, and is the last call; the memory is gone then. */
struct segment_poll *segment_poll_start(const struct upstream *upstream, struct progress *progress,
                                        void (*done)(void *owner,
                                                     const struct segment_poll_result *r),
                                        void *owner);

/* It ends as soon as the database has answered; `done` still comes. */
void segment_poll_cancel(struct segment_poll *p);

#endif
