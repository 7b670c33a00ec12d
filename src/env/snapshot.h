/* env/snapshot.h - one environment as a serving thread sees it: constant, reference counted.
 *
 *   control thread: env --letter to each thread--> fanout: the current snapshot
 *
 * A request looks at one snapshot from its beginning to its end, so an answer never mixes two
 * versions. It holds all that /status tells, too, so nobody has to ask the control thread.
 */
#ifndef ENV_SNAPSHOT_H
#define ENV_SNAPSHOT_H

#include "env/facts.h"
#include "flags/dataset.h"
#include "source/source.h"

#include <stdbool.h>
#include <stdint.h>

/* May requests be answered (http-api.md 3.3, rules 5 to 7)? */
enum env_readiness {
    ENV_STARTING, /* 503 "client was not initialized" */
    ENV_READY,    /* with or without data */
    ENV_REFUSED   /* LaunchDarkly refused it for good: as an unknown credential */
};

/* How the connection to LaunchDarkly is doing (streaming.md 6.1). */
enum connection_state {
    CONNECTION_INITIALIZING,
    CONNECTION_VALID,
    CONNECTION_INTERRUPTED,
    CONNECTION_OFF
};

/* "INITIALIZING" ... and "NETWORK_ERROR" ... */
const char *connection_state_name(enum connection_state state);
const char *connection_error_name(enum source_error_kind kind);

/* From this age on memberships are stale (big-segments.md 7). */
#define SEGMENTS_STALE_MS 120000

/* The big segments of an environment, as its database tells it (big-segments.md 7, 9). */
struct env_segments_state {
    bool in_use;                /* there are some, and a database that can hold their members */
    bool available;             /* synchronised-on could be read when that was tried last */
    int64_t synchronized_on_ms; /* Unix time; 0: never, or not available */
    uint64_t generation;        /* another number whenever members have changed */
};

/* What /status tells (status.md 4-6). Times are Unix milliseconds but for `_mono_ms`. */
struct env_state {
    enum env_readiness readiness;
    bool start_ended; /* "has a client" */
    bool initialized; /* a full data set was accepted since the start */
    enum connection_state connection;
    int64_t connection_since_ms;
    int64_t connection_since_mono_ms;
    bool has_error;
    enum source_error_kind error_kind;
    int error_status_code; /* 0: none */
    int64_t error_ms;
    bool store_failing;
    int64_t store_since_ms;
    /* Until when, and including it, requests may be answered without asking the database
     * (data-store.md 4; monotonic): each kind, or, where there is no data, the fact itself. */
    int64_t fresh_until_mono_ms[ITEM_KIND_COUNT];
    int64_t empty_until_mono_ms;
    struct env_segments_state segments;
};

struct env_snapshot {
    _Atomic unsigned refs;
    uint64_t number; /* counts up with each snapshot of the environment */
    struct env_facts *facts;
    struct env_state state;
    struct dataset *data; /* NULL: there is none yet */
};

/* Takes a reference of its own to facts and data; `data` may be NULL. One reference. */
struct env_snapshot *env_snapshot_new(struct env_facts *facts, uint64_t number,
                                      const struct env_state *state, struct dataset *data);
struct env_snapshot *env_snapshot_ref(struct env_snapshot *s);
void env_snapshot_unref(struct env_snapshot *s); /* accepts NULL */

/* May a request that needs these kinds (1u << ITEM_FLAG ...; 0: none) be answered from it now? */
bool env_snapshot_fresh(const struct env_snapshot *s, unsigned kinds, int64_t now_mono_ms);

/* Until when (monotonic) the environment counts as connected if nothing happens (status.md 4):
 * INT64_MAX, for good. A moment that is over: it does not. `limit_ms` is disconnectedStatusTime. */
int64_t env_snapshot_connected_until(const struct env_snapshot *s, int64_t limit_ms);

/* How long ago the memberships in the database were complete: 0 also for times to come; INT64_MAX:
 * never, or it is not available. */
int64_t env_snapshot_segments_age_ms(const struct env_snapshot *s, int64_t now_wall_ms);

#endif
