/* bigsegments/synchronizer_private.h - a synchroniser from inside; only synchronizer*.c include it.
 */
#ifndef BIGSEGMENTS_SYNCHRONIZER_PRIVATE_H
#define BIGSEGMENTS_SYNCHRONIZER_PRIVATE_H

#include "bigsegments/segment_stream.h"
#include "bigsegments/sync_delay.h"

enum sync_step {
    SYNC_WAITING,     /* for the next cycle */
    SYNC_POLLING,     /* step 1 */
    SYNC_CONNECTING,  /* step 2 */
    SYNC_CLOSING_GAP, /* step 3: polling while the stream is up */
    SYNC_STAMPING,    /* steps 4 and 6: writing synchronised-on */
    SYNC_STREAMING,   /* step 6: waiting for an event */
    SYNC_LOOKING,     /* is the cursor still the one known? */
    SYNC_CHECKING,    /* it is not, or an event did not fit: polling while the stream is up */
    SYNC_ENDING       /* of the cycle: until the stream is closed */
};

struct synchronizer {
    struct synchronizer_listener listener;
    const struct clock *clock;
    struct upstream upstream;
    struct progress progress;
    enum sync_step step;
    struct sync_delay delay;
    struct sync_end end; /* of the present cycle, or the last one */
    uv_timer_t timer;    /* the next cycle, or the next synchronised-on */
    bool closing;

    struct segment_poll *poll;     /* NULL: none */
    struct segment_stream *stream; /* NULL: none */
    int64_t stream_since_ms;       /* 0: it is not up */
    struct membership_op op;       /* WRITE_TIME, READ_CURSOR, RESET_CURSOR */
    bool busy;                     /* it is with the store */

    size_t cycle;          /* number of the present one */
    bool polled;           /* in this cycle, successfully */
    bool complete;         /* this cycle has reached step 6 */
    size_t missing;        /* patches of an event that did not fit */
    unsigned suspicious;   /* answers in a row that put the cursor in doubt (5.3) */
    struct str last_error; /* what was logged last, and when */
    int64_t last_error_ms;
    int64_t wall_ms; /* what is being written */
};

/* ---- synchronizer_cycle.c: the steps --------------------------------------------------------- */
void sync_cycle_begin(struct synchronizer *s);

/* ---- synchronizer.c: between cycles ---------------------------------------------------------- */

/* `problem` NULL: it was told already, or there is none. */
void sync_cycle_end(struct synchronizer *s, const char *problem);

/* The next step of an end, when what belongs to the cycle is gone. */
void sync_go_on(struct synchronizer *s);

/* Everybody is told of what has changed since the last time. */
void sync_notify(struct synchronizer *s);

#endif
