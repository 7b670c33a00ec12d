/* env/env_private.h - one environment from inside; only the files of env/ include this. */
#ifndef ENV_ENV_PRIVATE_H
#define ENV_ENV_PRIVATE_H

#include "base/list.h"
#include "bigsegments/synchronizer.h"
#include "env/env.h"
#include "env/member_cache.h"

/* The connection to LaunchDarkly. Changed by connection.c alone. */
struct connection {
    enum connection_state state;
    int64_t since_mono_ms;
    int64_t since_wall_ms;
    bool has_error;
    enum source_error_kind error_kind;
    int error_status_code;
    int64_t error_wall_ms;
    /* since the state was left: what the outage line reports */
    bool outage;
    struct outage_count {
        enum source_error_kind kind;
        int status_code;
        unsigned times;
    } counts[8];
    size_t count_used;
};

/* Where the start of an environment stands (streaming.md 6.2). */
enum env_start {
    START_WAITING,   /* for data, initTimeout, or a refusal; requests are answered 503 */
    START_OPEN,      /* initTimeout is 0: the same, but requests are served with what there is */
    START_SUCCEEDED, /* data was accepted in time */
    START_TIMED_OUT,
    START_REFUSED /* as an unknown credential until LaunchDarkly sends data */
};

/* Pings to browsers and phones. Changed by ping.c alone. */
struct env_pings {
    uv_timer_t window; /* runs while further ones wait for its end */
    unsigned due;      /* kinds for which something has changed since it began */
};

/* For how long `data` may be served. Changed by cache.c alone. */
struct env_cache {
    bool persistent;                   /* there is a database */
    int64_t until_ms[ITEM_KIND_COUNT]; /* monotonic, inclusive */
    int64_t empty_until_ms;            /* the same for "there is no data" */
    bool overtaken;                    /* a put came after the read began: its answer is older */
    unsigned reading;                  /* kinds that are being read; 0: none */
    unsigned *wanted;                  /* kinds that each serving thread waits for */
    uv_timer_t timer;
};

/* When the database of big segments was complete. Changed by segment_time.c alone. */
struct env_segment_time {
    struct membership_op op;
    uv_timer_t timer;
    bool reading;
    bool overtaken;     /* this relay has written a newer one since the read began */
    unsigned intervals; /* that have passed since then */
    bool is_known;      /* it was read, or could not be */
    bool available;     /* it could be read when that was tried last */
    int64_t last_ms;    /* Unix time; 0: never complete; -1: not read yet */
};

/* Changed by big_segments.c alone. */
struct env_big_segments {
    struct membership_store *store;    /* NULL: no database that could hold them; or closed */
    struct synchronizer *synchronizer; /* NULL: not started, or closed */
    bool in_use;                       /* a data set with an unbounded segment was adopted */
    struct env_segment_time time;
    uv_timer_t window; /* runs while further pings wait for its end */
    unsigned due;      /* kinds of pings for members that have changed since it began */
};

/* Who is a member of what, as far as it was asked lately. Changed by members.c alone. */
struct env_members {
    struct member_cache *cache;
    struct map asked;    /* context key -> the query that others may join */
    struct list queries; /* all that are under way */
    uint64_t generation; /* counts how often all of it became outdated */
};

struct env {
    struct house *house;
    unsigned slot;
    struct env_facts *facts;
    char *sdk_key;
    char *mobile_key;
    char **data_files; /* NULL: LaunchDarkly */

    struct source *source;
    struct store *store;
    bool source_open;
    bool store_open;
    bool closing;

    enum env_start start;
    bool initialized;     /* a put was accepted since the start */
    struct dataset *data; /* what is served; NULL: nothing yet */
    struct dataset *told; /* what open streams know, where that is less than `data`: items that
                             came from the database; NULL: they know `data` */
    struct list held;     /* updates on their way into an embedded database, oldest first */
    struct env_snapshot *published; /* what serving threads know; never NULL once started */

    struct env_cache cache;
    struct env_big_segments segments;
    struct env_members members;
    struct env_pings pings;
    struct env_preparation *preparation; /* under way on the thread pool; NULL: none */
    struct connection connection;
    enum store_state store_state;
    int64_t store_since_wall_ms;

    uv_timer_t init_timer;
    uv_timer_t outage_timer;
    int timers_open;
};

struct house {
    struct house_settings settings;
    struct house_listener listener;
    struct fanout_group fanouts;
    struct shared_exchanges shared; /* of the synchronisers */
    struct env **envs;              /* by slot */
    size_t count;
    struct env **by_name;
    size_t open_count; /* environments, and `turn` */
    char *stream_uri;
    char *base_uri;
    bool closing;
    uv_timer_t turn; /* never started: closing it makes house_close() end in a later turn */
};

/* env.c */
struct env *env_open(struct house *h, const struct env_settings *settings, unsigned slot);
void env_start_sources(struct env *e);
void env_close(struct env *e);
void env_free_when_closed(struct env *e);

/* The environment as it is now, for the serving threads; borrowed, kept as `published`. */
struct env_snapshot *env_snapshot_take(struct env *e);

/* house.c: the last thing an environment does; its memory is gone then. */
void house_env_closed(struct house *h);

/* start.c. The outcome is set first and told to the house's listener last, when everything that
 * follows from it is done. */
void env_start_begin(struct env *e);
bool env_start_succeed(struct env *e); /* false: the start had ended before */
void env_start_fail(struct env *e, const struct source_failure *failure);
void env_start_tell(struct env *e, const char *reason, bool refused);
enum env_readiness env_readiness(const struct env *e);

/* connection.c. True: /status shows something new. */
void connection_init(struct env *e);
bool connection_good(struct env *e);
void connection_failed(struct env *e, const struct source_failure *failure);
void connection_store_error(struct env *e);

/* put.c: a full data set from the source. Takes the reference. */
void env_put_apply(struct env *e, struct dataset *data);
void env_put_accept(struct env *e, struct dataset *data);

/* put.c: the data set becomes this one, whatever it is made from; everybody hears of all of it, or
 * of the differences. Takes the reference. */
void env_data_replace(struct env *e, struct dataset *data);
void env_data_become(struct env *e, struct dataset *data);

/* What open streams know; borrowed, NULL: nothing. */
static inline struct dataset *env_told(const struct env *e)
{
    return e->told != NULL ? e->told : e->data;
}

/* cache.c: may the data be served, and if not, who asks the database? */
void env_cache_init(struct env *e);
void env_cache_free(struct env *e);
void env_cache_load(struct env *e); /* whatever it holds is wanted now */
void env_cache_want(struct env *e, size_t thread, unsigned kinds);
void env_cache_put(struct env *e);
void env_cache_written(struct env *e, unsigned kinds, bool whole);
void env_cache_read_done(struct env *e, const struct store_contents *contents);

/* merge.c: the database's answer. Takes its data set. */
void env_read_apply(struct env *e, const struct store_contents *contents);

/* big_segments.c. Look: the data set of `e` is a new one. */
void env_big_segments_init(struct env *e);
void env_big_segments_open(struct env *e);
void env_big_segments_look(struct env *e);
void env_big_segments_close(struct env *e);
void env_big_segments_show(const struct env *e, struct env_segments_state *out);

/* segment_time.c. Begin: reads it at once, and from then on every few seconds. Written: by this
 * relay. Awaited: it is being read for the first time. */
void env_segment_time_init(struct env *e);
void env_segment_time_begin(struct env *e);
void env_segment_time_written(struct env *e, int64_t synchronized_on_ms);
bool env_segment_time_is_awaited(const struct env *e);
void env_segment_time_show(const struct env *e, struct env_segments_state *out);

/* members.c. Settle: answers that waited for synchronised-on may go out. Outdate: members have
 * changed; what is known is forgotten, and threads hear of it with the next snapshot. */
void env_members_init(struct env *e);
void env_members_free(struct env *e);
void env_members_want(struct env *e, const struct member_asker *who, struct view context_key);
void env_members_settle(struct env *e);
void env_members_outdate(struct env *e);

/* patch.c: hop 2. Takes the reference. False: it is not newer than what is there. */
void env_patch_apply(struct env *e, struct item *it);
bool env_patch_accept(struct env *e, struct item *it);

/* hold.c: updates that an embedded database gets first. One of data and item is NULL; takes the
 * reference of the other. */
void env_hold(struct env *e, uint64_t number, struct dataset *data, struct item *it);
void env_hold_end(struct env *e, uint64_t number); /* accepts those up to this write's number */
void env_hold_end_all(struct env *e);
void env_hold_forget(struct env *e);

/* ping.c: who is told that something has changed, and when (streaming.md 9.2, 13.4). Sets of
 * 1u << FANOUT_MOBILE_PING and 1u << FANOUT_BROWSER_PING. */
#define PING_ALL (1u << FANOUT_MOBILE_PING | 1u << FANOUT_BROWSER_PING)

void env_pings_init(struct env *e);

/* Who may see a difference when these items come into `old` (NULL: nothing)? When in doubt, all. */
unsigned env_pings_concerned(const struct dataset *old, struct item *const *items, size_t count);

/* Who may see a difference when members of these segments of `data` change? */
unsigned env_pings_by_segments(struct dataset *data, const struct view *keys, size_t count);

/* Which of these are sent now; the others follow when the window ends. */
unsigned env_pings_now(struct env *e, unsigned concerned);

/* prepare.c: what is about to be published is compiled for evaluation, if evaluations are asked
 * for. Before env_snapshot_take(). */
void env_prepare(struct env *e);
void env_prepare_forget(struct env *e);

/* publish.c: hop 3. The dataset of `e` is the new one already. `concerned`: who is pinged. */
void env_publish_items(struct env *e, struct item *const *items, size_t count, unsigned concerned);
void env_publish_pings(struct env *e, unsigned kinds);
void env_publish_put(struct env *e);
void env_publish_state(struct env *e);

#endif
