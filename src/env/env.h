/* env/env.h - environments: one per SDK key and payload filter.
 *
 *   source/ --put, patch--> env --snapshot, broadcast letter--> fanout of each serving thread
 *                            |  ^
 *                       write|  |read                Lives on: the control thread, always.
 *                            v  |                    Serving threads hold snapshots, never an env.
 *                          store/                    May call: source, store, flags, base.
 *
 * Life: env_open -> any number of puts and patches -> env_close -> house hears of it (memory gone).
 *
 * Who lives here: env.c (life cycle, start-up), connection.c (state of the data source), put.c,
 * patch.c (hop 2: what an update means), publish.c (hop 3), fanout.c (hop 4), directory.c,
 * snapshot.c, house.c.
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

/* ---- what is configured ------------------------------------------------------------------------
 */

struct env_settings {
    const char *name;
    const char *sdk_key;
    const char *mobile_key; /* "" : none */
    const char *env_id;     /* client-side ID; "" : none */
    const char *filter_key; /* "" : unfiltered */
    const char *prefix;     /* effective database prefix */
    enum log_level log_level;
    const char *const *data_files; /* NULL-terminated: a file environment; NULL: LaunchDarkly */
};

struct house_settings {
    const struct clock *clock;
    struct random *random;
    uv_loop_t *loop;
    struct http_client *client;
    struct store_database *database;
    const char *stream_uri;
    int64_t init_timeout_ms;        /* <= 0: no waiting */
    int64_t disconnected_status_ms; /* an outage of that length is reported */
    int64_t file_monitoring_ms;
    bool ignore_duplicate_keys; /* in data files */
    bool ignore_connection_errors;
    bool serve_store_while_initializing;
};

/* The one receiver of what the process as a whole must know: main's run.c. */
struct house_listener {
    void *owner;
    /* An environment's start ended. `reason` is NULL when it succeeded; `refused`: for good, not a
     * time-out. Called once per environment. */
    void (*start_ended)(void *owner, const char *name, const char *reason, bool refused);
    /* house_close() is done; the house's memory is gone. */
    void (*closed)(void *owner);
};

/* ---- the house: all environments ---------------------------------------------------------------
 */

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

/* The serving threads run: from now on news reach them as letters. */
void house_attach(struct house *h, const struct fanout_route *route);

/* Sources end, queued database writes are carried out; then listener->closed. */
void house_close(struct house *h);

/* ---- what /status and the log tell (spec status.md) ---------------------------------------------
 */

enum connection_state {
    CONNECTION_INITIALIZING,
    CONNECTION_VALID,
    CONNECTION_INTERRUPTED,
    CONNECTION_OFF
};

/* "INITIALIZING" ... and "NETWORK_ERROR" ... */
const char *connection_state_name(enum connection_state state);
const char *connection_error_name(enum source_error_kind kind);

struct env_status {
    const char *name;
    const char *sdk_key;
    const char *mobile_key;
    const char *env_id;
    const char *filter_key;
    bool file_source; /* data from local files */
    bool start_ended; /* "has a client" (status.md 4) */
    bool refused;     /* LaunchDarkly refused it for good at its start */
    bool connected;
    enum connection_state connection;
    int64_t connection_since_ms; /* wall clock */
    bool has_error;
    enum source_error_kind error_kind;
    int error_status_code; /* 0: none */
    int64_t error_time_ms;
    enum store_state store;
    int64_t store_since_ms;
    const char *store_prefix;
    int64_t created_ms;
    bool has_data; /* requests get flags */
    size_t flag_count;
    size_t segment_count;
};

size_t house_count(const struct house *h);

/* Environment number `index`, in the order of their names' bytes. Texts are borrowed for the call's
 * turn. */
void house_status(struct house *h, size_t index, struct env_status *out);

/* The database, for /status. */
const struct store_database *house_database(const struct house *h);

#endif
