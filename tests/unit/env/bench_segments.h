/* The part of the bench that plays the database of big segments and the synchroniser: fakes for
 * membership_*() and synchronizer_*(), at link time. Answers come from a later turn of the loop.
 */
#ifndef ENV_BENCH_SEGMENTS_H
#define ENV_BENCH_SEGMENTS_H

#include "bench.h"

#include "bigsegments/synchronizer.h"

enum { BENCH_OPS = 64 };

struct bench_segments {
    /* what the database says */
    const char *members; /* "alice: vip.g1+ eu.g2-; bob: vip.g1-" */
    bool fails;
    int64_t time_ms; /* synchronised-on; 0: never */
    bool time_fails;
    bool hold; /* it says nothing until bench_segments_answer() */

    /* what it was asked */
    unsigned queries;
    unsigned time_reads;

    /* the fakes' own */
    struct membership_op *ops[BENCH_OPS];
    size_t count;
    uv_timer_t turn;
    bool is_open;
    bool is_closing;
    void (*closed)(void *arg);
    void *arg;
    struct synchronizer_listener listener;
    bool synchronizer_open;
};

/* The one that the fakes work on. */
extern struct bench_segments *bench_segments;

/* After bench_setup() and before bench_add(): environment 0 has a database for big segments, a
 * cache of 3 contexts for 5 s, and synchronised-on is read every 20 ms. */
void bench_segments_setup(struct bench_segments *s, struct bench *b);

/* What was held is answered as things stand now, in a later turn. */
void bench_segments_answer(struct bench_segments *s);

/* What the synchroniser reports: members of a segment have changed, the database is complete. */
void bench_segments_changed(struct bench_segments *s, const char *segment);
void bench_segments_synchronized(struct bench_segments *s, int64_t wall_ms);

/* A data set with the flag "f": "in" for members of "vip", "out" for others, "rule" for the context
 * "ruled", by the segment's own rule. */
struct dataset *bench_segments_dataset(void);

#endif
