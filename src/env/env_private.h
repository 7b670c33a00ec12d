/* env/env_private.h - one environment from inside; only the files of env/ include this. */
#ifndef ENV_ENV_PRIVATE_H
#define ENV_ENV_PRIVATE_H

#include "env/env.h"

/* How the connection to LaunchDarkly is doing (streaming.md 6.1). Changed by connection.c alone. */
struct connection {
    enum connection_state state;
    int64_t since_ms; /* monotonic */
    int64_t since_wall_ms;
    bool has_error;
    enum source_error_kind error_kind;
    int error_status_code;
    int64_t error_wall_ms;
    /* since the state was left: what the outage line reports */
    bool outage;
    bool outage_reported;
    struct outage_count {
        enum source_error_kind kind;
        int status_code;
        unsigned times;
    } counts[8];
    size_t count_used;
};

/* Where the start of an environment stands (streaming.md 6.2). */
enum env_start {
    START_WAITING,   /* for data, initTimeout, or a refusal */
    START_SUCCEEDED, /* data was accepted in time */
    START_TIMED_OUT,
    START_REFUSED
};

struct env {
    struct house *house;
    unsigned slot;
    struct env_facts *facts;
    char *sdk_key;
    char *mobile_key;
    char *filter_key;
    char *prefix;
    char **data_files; /* NULL: LaunchDarkly */

    struct source *source;
    struct store *store;
    bool source_open;
    bool store_open;
    bool closing;

    enum env_start start;
    bool initialized;       /* a put was accepted since the start */
    struct dataset *data;   /* what is served; NULL: nothing yet */
    struct dataset *stored; /* read from the database, waits for initTimeout; NULL: nothing */
    uint64_t snapshot_number;

    struct connection connection;
    enum store_state store_state;
    int64_t store_since_wall_ms;
    int64_t created_wall_ms;

    uv_timer_t init_timer;
    uv_timer_t outage_timer;
    int timers_open;
};

struct house {
    struct house_settings settings;
    struct house_listener listener;
    struct fanout_group fanouts;
    struct env **envs; /* by slot */
    size_t count;
    struct env **by_name;
    size_t open_count;
    char *stream_uri;
    bool closing;
};

/* env.c */
struct env *env_open(struct house *h, const struct env_settings *settings, unsigned slot);
void env_start_sources(struct env *e);
void env_close(struct env *e);
void env_start_succeeded(struct env *e);
enum env_readiness env_readiness(const struct env *e);

/* house.c: the last thing an environment does; its memory is gone then. */
void house_env_closed(struct house *h, struct env *e);

/* connection.c */
void connection_init(struct env *e);
void connection_good(struct env *e);
void connection_failed(struct env *e, const struct source_failure *failure);
void connection_store_error(struct env *e);
bool connection_connected(const struct env *e);
void connection_outage_due(uv_timer_t *timer);

/* put.c: a full data set from the source, or from the database. */
void env_put_apply(struct env *e, struct dataset *data);
void env_stored_apply(struct env *e);

/* patch.c: hop 2. */
void env_patch_apply(struct env *e, struct item *it);

/* publish.c: hop 3. The dataset of `e` is the new one already. */
void env_publish_items(struct env *e, struct item *const *items, size_t count);
void env_publish_put(struct env *e);
void env_publish_state(struct env *e);

#endif
