/* bigsegments/synchronizer.h - keeps one environment's big segments in the database as LaunchDarkly
 * has them (big-segments.md 3, 4, 5).
 *
 *   LaunchDarkly --poll, poll, stream, poll--> patches --one after the other--> membership_store
 *                                                 '--> listener: env/
 *
 * Lives on the control thread. May call: http (client), source (the reader of events, delays),
 * membership_store.h, base. Bytes that arrive while the database is busy are not read from the
 * socket, so memory does not grow with the number of members.
 *
 * Life: synchronizer_open -> ... -> synchronizer_close -> listener->closed (memory gone). Nothing
 * in the listener is called from inside open or close.
 */
#ifndef BIGSEGMENTS_SYNCHRONIZER_H
#define BIGSEGMENTS_SYNCHRONIZER_H

#include "bigsegments/membership_store.h"
#include "bigsegments/shared_exchange.h"

/* The one receiver: env/. */
struct synchronizer_listener {
    void *owner;
    /* Members of these segments (keys without generation, no key twice) have changed in the
     * database; once per batch (8). Borrowed for the call. */
    void (*changed)(void *owner, const struct view *segment_keys, size_t count);
    /* The database is complete as of this Unix time, and says so. */
    void (*synchronized)(void *owner, int64_t wall_ms);
    void (*closed)(void *owner);
};

/* Texts are copied, objects outlive the synchroniser. */
struct synchronizer_settings {
    const char *base_uri;
    const char *stream_uri;
    const char *sdk_key;
    size_t max_patch_bytes;
    bool trace; /* LD_TRACE_LOG_BIG_SEGMENTS: patches with their members at debug level */
    struct shared_exchanges *shared; /* with the environments that have the same key (2) */
    struct membership_store *store;
    uv_loop_t *loop;
    const struct clock *clock;
    struct log_scope *log; /* of the environment */
};

/* For metrics (telemetry.md 6): since it was opened. */
struct synchronizer_counts {
    uint64_t patches_applied;
    uint64_t patches_already; /* another relay had applied them to the same database */
    uint64_t patches_mismatched;
    uint64_t patches_failed;
    uint64_t members_added;
    uint64_t members_removed;
};

struct synchronizer;

struct synchronizer *synchronizer_open(const struct synchronizer_settings *settings,
                                       const struct synchronizer_listener *listener);

/* The next requests carry this key; if the last failure was a final one (4xx), the next attempt is
 * made at once (2). */
void synchronizer_set_key(struct synchronizer *s, const char *sdk_key);

const struct synchronizer_counts *synchronizer_counts(const struct synchronizer *s);

/* Is a stream up and the database complete? */
bool synchronizer_is_connected(const struct synchronizer *s);

/* Nothing more is written. May be called from any callback on the control thread. */
void synchronizer_close(struct synchronizer *s);

#endif
