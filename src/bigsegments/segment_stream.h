/* bigsegments/segment_stream.h - one connection to /big-segments (big-segments.md 3.2). For the
 * files of bigsegments/ only.
 *
 *   segment_stream_open() -> opened -> array, array ... -> over -> closed
 *                                \-> failed (no status 200)
 */
#ifndef BIGSEGMENTS_SEGMENT_STREAM_H
#define BIGSEGMENTS_SEGMENT_STREAM_H

#include "bigsegments/segment_poll.h"

/* Nothing is called from inside of segment_stream_open(). */
struct segment_stream_listener {
    /* Status 200. What arrives is held until segment_stream_let_go(). */
    void (*opened)(void *owner);
    /* It cannot be had. `status` 0: no answer. A close should follow. */
    void (*failed)(void *owner, int status, int64_t retry_after_s, const char *problem);
    /* All patches of an event were applied, or not. It is held from then on. */
    void (*event)(void *owner, const struct applied *a);
    /* An event is malformed, or the database failed. A close should follow. */
    void (*broken)(void *owner, const char *problem);
    /* The connection has ended, and all that came on it is done with; unless it is held, then the
     * next segment_stream_let_go() tells. */
    void (*over)(void *owner, const char *problem);
    /* After segment_stream_close(): the memory is gone. */
    void (*closed)(void *owner);
};

struct segment_stream;

struct segment_stream *segment_stream_open(const struct upstream *upstream,
                                           struct progress *progress,
                                           const struct segment_stream_listener *listener,
                                           void *owner);

/* The next event may be applied. May call the listener from inside. */
void segment_stream_let_go(struct segment_stream *s);

/* For pauses of the owner: false when an event is being applied right now; otherwise it is held. */
bool segment_stream_hold(struct segment_stream *s);

/* What the last event lacked is in the database. */
void segment_stream_admit(struct segment_stream *s);

/* The warning about the last event's mismatch. */
void segment_stream_warn_of_mismatch(const struct segment_stream *s);

/* Safe to call twice, from any callback; only `closed` follows. */
void segment_stream_close(struct segment_stream *s);

#endif
