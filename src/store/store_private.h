/* store/store_private.h - one store from inside; only the files of store/ include this. */
#ifndef STORE_STORE_PRIVATE_H
#define STORE_STORE_PRIVATE_H

#include "base/mem.h"
#include "store/store_kind.h"

/* Whose write it is; decides the log lines about its end (store.c). */
enum store_purpose {
    STORE_FOR_SOURCE,      /* an update from LaunchDarkly */
    STORE_FOR_RECOVERY,    /* the end of an outage */
    STORE_FOR_REPOPULATION /* the database lost its contents without an outage */
};

/* Something that waits for its turn, or is being done. */
struct store_job {
    struct list link;
    enum store_op_type type;
    enum store_purpose purpose;
    uint64_t number;        /* of a write; else 0 */
    uint64_t hold_until_ms; /* of a write: loop time when it is released at the latest */
    unsigned kinds;         /* READ: which */
    bool ask_marker;        /* READ: also when it was there before */
    struct dataset *data;   /* INIT, and UPSERT of a whole data set; else NULL */
    struct item *it;        /* UPSERT of one item; else NULL */
};

/* queue.c */
struct store_queue {
    struct list waiting;  /* jobs, oldest first */
    struct list running;  /* jobs of `op`: one, or as many single items as were waiting */
    size_t waiting_bytes; /* single items that wait */
    bool busy;            /* `op` is with the kind, or its answer is being looked at */
    struct store_op op;
    struct item **items; /* what op.items points to */
};

/* hold.c */
struct store_hold {
    uint64_t posted;   /* number of the last write */
    uint64_t released; /* and of the last one that may be broadcast */
    bool behind;       /* a write took too long, and what came after it is still late */
    bool last_look;    /* the deadline is over, but an answer may be waiting */
    uv_timer_t timer;
};

/* monitor.c */
struct store_monitor {
    enum store_state state;
    uv_timer_t timer; /* VALID: the next health check. INTERRUPTED: the next probe */
    bool asked;       /* a check or probe is queued or running */
    bool wanted;      /* the owner is being asked for its data, for `purpose` */
    bool filling;     /* and it is queued or being written */
    bool replaced;    /* the contents are not those of before: fill even if there is a marker */
    bool marked;      /* the marker was there when last looked at */
    bool failing;     /* a write failed and none succeeded since */
    bool bare_logged; /* "no snapshot" was logged, at `bare_logged_ms` */
    enum store_purpose purpose;
    int64_t probe_ms; /* until the next probe */
    int64_t bare_logged_ms;
};

struct store {
    struct list link; /* in store_database.stores */
    struct store_database *db;
    char *prefix;
    char *table;
    struct log_scope *log;
    struct store_listener listener;
    struct store_queue queue;
    struct store_hold hold;
    struct store_monitor monitor;
    uv_timer_t turn; /* what must be done in a later turn; when closing: the end of patience */
    bool closing;
    unsigned timers_open;
};

struct store_database {
    struct store_backend *backend;
    uv_loop_t *loop;
    const struct clock *clock;
    int64_t health_check_interval_ms;
    struct list stores;
    size_t opened; /* stores that were ever opened */
};

/* ---- queue.c: order, and what may be left out ------------------------------------------------ */

void store_queue_init(struct store *s);

/* Puts a job at the end. The references are the queue's from now on; either may be NULL. */
struct store_job *store_queue_add(struct store *s, enum store_op_type type,
                                  enum store_purpose purpose, struct dataset *data,
                                  struct item *it);

/* Begins with the oldest job if nothing is being done. */
void store_queue_next(struct store *s);

/* The answer of the running operation was looked at. */
void store_queue_done(struct store *s);

/* Forgets the writes at the end of the queue, which a full data set that follows makes superfluous.
 * True when one of them was a full data set itself. If one of them was to fill the database again,
 * the new one does: its purpose is put into *purpose. */
bool store_queue_supersede(struct store *s, enum store_purpose *purpose);

/* Waiting writes end as failed. */
void store_queue_fail_writes(struct store *s, const char *problem);

/* Forgets what waits: everything, or all but writes. */
void store_queue_drop(struct store *s, bool writes_too);

/* Nothing waits and nothing is being done. */
bool store_queue_idle(const struct store *s);

static inline bool store_job_writes(const struct store_job *j)
{
    return j->type == STORE_OP_INIT || j->type == STORE_OP_UPSERT;
}

/* ---- store.c --------------------------------------------------------------------------------- */

/* The answer to the store's operation; its jobs are in queue.running. */
void store_op_finished(struct store_op *op);

/* Logs and reports failed writes. */
void store_writes_failed(struct store *s, const struct list *jobs, const char *problem);

/* Looks in the next turn whether waiting writes must fail or make way for a full data set. */
void store_turn_start(struct store *s);

/* ---- hold.c ---------------------------------------------------------------------------------- */

/* Gives a write its number and its deadline. */
void store_hold_posted(struct store *s, struct store_job *job);

/* The write with this number ended. */
void store_hold_release(struct store *s, uint64_t number);
void store_hold_release_all(struct store *s);

/* An operation ended: if what is left to write came in time, updates wait for their writes again.
 */
void store_hold_caught_up(struct store *s);

/* ---- monitor.c ------------------------------------------------------------------------------- */

void store_monitor_start(struct store *s);

/* An operation failed. */
void store_monitor_failed(struct store *s, const char *problem);

/* No write is tried in an outage: the one that ends it writes everything. */
bool store_monitor_hopeless(const struct store *s);

/* The answers to health checks, probes and refills. */
void store_monitor_checked(struct store *s, const struct store_op *op);
void store_monitor_marker(struct store *s, bool marked);
void store_monitor_probed(struct store *s, const struct store_op *op);
void store_monitor_refilled(struct store *s, enum store_purpose purpose, const struct store_op *op);

/* The database has lost its contents, or is another one than before. */
void store_monitor_lost(struct store *s);

/* Asks the owner for its data set; false when it has none. */
bool store_monitor_refill(struct store *s, enum store_purpose purpose);

/* ---- database.c ------------------------------------------------------------------------------ */

/* Tells every store. */
void store_database_lost(struct store_database *db);

/* Every store is being closed. */
bool store_database_closing(const struct store_database *db);

#endif
