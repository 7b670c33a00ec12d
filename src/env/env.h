/* env/env.h - environments: one per SDK key and payload filter.
 *
 *   source/ --put, patch--> env --snapshot, broadcast letter--> fanout of each serving thread
 *                            |  ^
 *                       write|  |read                Lives on: the control thread, always.
 *                            v  |                    Serving threads hold snapshots, never an env.
 *                          store/                    May call: bigsegments, source, store.
 *
 * Life: env_open -> any number of puts and patches -> env_close -> house hears of it (memory gone).
 *
 * Who lives here: env.c (life cycle), start.c (how a start ends), connection.c (state of the data
 * source), put.c and patch.c (hop 2: what an update means), publish.c (hop 3), prepare.c, fanout.c
 * (hop 4), facts.c, snapshot.c, directory.c (what crosses to the serving threads), cache.c, merge.c
 * and wait.c (when the database is asked, what its answer means, who waits for it), hold.c,
 * big_segments.c, segment_time.c, members.c and member_wishes.c (who is a member of what, and who
 * waits for it), house.c.
 */
#ifndef ENV_ENV_H
#define ENV_ENV_H

#include "base/clock.h"
#include "base/random.h"
#include "env/fanout.h"
#include "http/client.h"
#include "source/source.h"
#include "store/store.h"

#include <uv.h>

struct synchronizer_counts; /* bigsegments/synchronizer.h */

/* ---- what is configured ---------------------------------------------------------------------- */

struct house_settings {
    const struct clock *clock;
    struct random *random;
    uv_loop_t *loop;
    struct http_client *client;
    struct store_database *database;
    struct membership_database *memberships; /* NULL: the database holds no big segments */
    const char *base_uri;
    const char *stream_uri;
    int64_t init_timeout_ms;        /* <= 0: no waiting */
    int64_t disconnected_status_ms; /* an outage of that length is reported */
    int64_t local_ttl_ms; /* localTtl; < 0: for ever. Without a database it means nothing */
    bool serve_from_memory_during_outage;
    int64_t file_monitoring_ms;
    bool ignore_duplicate_keys; /* in data files */
    bool ignore_connection_errors;
    bool serve_store_while_initializing;
    size_t max_patch_bytes;    /* of big segments */
    size_t members_cache_size; /* contexts whose memberships are kept, per environment */
    int64_t members_cache_ms;
    int64_t segments_poll_ms; /* how often it is read whether they are complete; > 0 */
    bool trace_big_segments;
};

/* The one receiver of what the process as a whole must know: main's run.c. */
struct house_listener {
    void *owner;
    /* An environment's start ended. `reason` is NULL when it succeeded; `refused`: for good, not a
     * time-out. Called at most once per environment, never after house_close(). */
    void (*start_ended)(void *owner, const char *name, const char *reason, bool refused);
    /* house_close() is done; the house's memory is gone. From a later turn of the loop. */
    void (*closed)(void *owner);
};

/* ---- the house: all environments ------------------------------------------------------------- */

struct house;

/* `fanouts` is the array of all serving threads' fanouts; it outlives the house. Settings' texts
 * are copied, the objects behind pointers must outlive the house. */
struct house *house_open(const struct house_settings *settings,
                         const struct house_listener *listener, struct fanout **fanouts,
                         size_t fanout_count);

/* Before house_start(). */
void house_add(struct house *h, const struct env_settings *settings);

/* Serving threads know all environments and credentials from now on (they may not run yet); sources
 * and stores are opened. */
void house_start(struct house *h);

/* A serving thread has requests that need these kinds of data, which may not be served any more; it
 * is answered by fanout_answer_post(). For fanout_control. */
void house_data_wanted(struct house *h, unsigned slot, size_t thread, unsigned kinds);

/* The same for the memberships of a context; answered by fanout_members_post(). */
void house_members_wanted(struct house *h, const struct member_asker *asker,
                          struct view context_key);

/* The serving threads run: from now on news reach them as letters. */
void house_attach(struct house *h, const struct fanout_route *route);

/* Sources end, queued database writes are carried out; then listener->closed. Serving threads hear
 * nothing more from the moment of the call. */
void house_close(struct house *h);

/* ---- what the log tells ---------------------------------------------------------------------- */

size_t house_count(const struct house *h);

/* Environment number `index`, in the order of their names' bytes, as it was last published;
 * borrowed for this turn. */
const struct env_snapshot *house_snapshot(const struct house *h, size_t index);

/* Environment number `slot`, in the order of house_add(); as above. */
const struct env_snapshot *house_current(const struct house *h, unsigned slot);

/* Database writes that are queued or running. */
size_t house_pending_writes(const struct house *h);

/* What its big segments' synchroniser has done (telemetry.md 7), borrowed for this turn; NULL:
 * there is none. */
const struct synchronizer_counts *house_segment_counts(const struct house *h, unsigned slot);

/* The level of one environment's log lines; false when there is none of that name. */
bool house_set_log_level(struct house *h, const char *name, enum log_level level);

#endif
