/* store/redis_private.h - Redis from inside; only the files redis*.c include this. */
#ifndef STORE_REDIS_PRIVATE_H
#define STORE_REDIS_PRIVATE_H

#include "base/random.h"
#include "store/redis.h"
#include "store/redis_address.h"
#include "store/redis_iam.h"
#include "store/redis_link.h"

#define REDIS_CHUNK_BYTES ((size_t)64 << 10) /* what is made ready for the socket at a time */
#define REDIS_INIT_PATIENCE_MS 30000         /* for the answer to a big EXEC */
#define REDIS_SLICE_ITEMS 64                 /* of an Upsert that are looked at together */
#define REDIS_SLICE_BYTES ((size_t)256 << 10)
#define REDIS_MAX_ATTEMPTS 10 /* of an Upsert that others disturb */
#define REDIS_MAX_REDIRECTS 5
#define REDIS_MAX_DELAYS 50 /* of REDIS_REDIRECT_DELAY_MS, while a slot moves */
#define REDIS_REDIRECT_DELAY_MS 100
#define REDIS_MASTER_DELAY_MS 250 /* before a server that was no master is looked at again */
#define REDIS_LANES ((size_t)64)  /* servers before those that are gone are forgotten */
#define REDIS_CLUSTER_SLOTS 16384u

/* What an operation touches. In a cluster without hash tag each part is a task's turn of its own.
 */
enum redis_part {
    REDIS_PART_SEGMENTS = 1,
    REDIS_PART_FLAGS = 2,
    REDIS_PART_MARKER = 4,
    REDIS_PART_ALL = 7
};

/* One operation on its way through the lanes. */
struct redis_lane;
struct redis_places;

struct redis_task {
    struct list link;
    struct redis_backend *backend;
    struct store_op *op;
    unsigned parts;      /* of this turn */
    unsigned parts_left; /* of later turns */
    bool resent;         /* once already, because an old connection turned out to be dead */
    bool split;          /* each part is a turn of its own: the keys are not all at one server */
    bool asking;         /* of a server that is still getting the slot: ASKING goes first */
    unsigned redirects;
    unsigned delays;
    size_t slice_begin; /* UPSERT: items of the operation that are written together now */
    size_t slice_end;
    struct redis_reply *hashes[ITEM_KIND_COUNT]; /* READ: what was found */
    struct aws_waiter waiter;
};

/* Where the running task's script stands. */
struct redis_progress {
    unsigned step;
    size_t next;   /* INIT: item to send; otherwise answers received in this step */
    bool sent_all; /* nothing more to send in this step */
    size_t owed;   /* answers that are still to come */
    bool asked;    /* the next one is that to ASKING */
    unsigned attempts;
    struct redis_reply *failure;  /* the first one */
    struct redis_reply *last;     /* the latest answer that a script keeps */
    struct redis_reply **current; /* UPSERT: what is stored, one per item of the operation */
    bool *pending;                /* UPSERT: items that are still to be written */
};

/* What one type of operation says to the server. */
struct redis_script {
    void (*begin)(struct redis_lane *l);
    /* `r` is handed over; it is no failure. */
    void (*answer)(struct redis_lane *l, struct redis_reply *r);
    /* Everything sent is answered; lane->progress.failure tells whether well. */
    void (*answered)(struct redis_lane *l);
    void (*room)(struct redis_lane *l); /* may be NULL */
};

/* One connection to one server, and who waits for it. */
struct redis_lane {
    struct redis_backend *backend;
    char *host; /* NULL: the backend's place decides, each time it connects */
    uint16_t port;
    bool writes;             /* Init and Upsert; the other lane has everything else */
    struct list tasks;       /* waiting */
    struct redis_task *task; /* running; NULL: none */
    const struct redis_script *script;
    struct redis_progress progress;
    struct redis_link *link; /* NULL: not connected */
    bool locating;           /* the place is being asked for */
    uint64_t since_ms;       /* loop time of the first attempt to connect; 0: it is connected */
    bool ready;
    int64_t login_ms; /* with AWS's credentials: when it connected */
    bool used;        /* an answer came on this connection */
    bool answered;    /* to the running task */
    uv_timer_t timer; /* a pause before the running task, or connecting, begins again */
    bool closing;
};

struct redis_backend {
    struct store_backend base;
    uv_loop_t *loop;
    struct random *random;
    enum store_redis_mode mode;
    struct redis_address address;
    char *shown;
    bool must_be_master;
    bool atomic;
    bool scattered; /* a prefix without hash tag was warned about */
    int64_t connect_timeout_ms;
    int64_t read_timeout_ms;
    struct redis_lane **lanes; /* pairs: writes, then everything else */
    size_t lane_count;
    struct redis_places *places;    /* NULL: one server */
    struct client_tls_trust *trust; /* NULL: plain */
    struct redis_iam *iam;          /* NULL: a password */
    char *master;        /* "host:port" of the last connection; NULL: none yet, or one server */
    bool master_changed; /* and nobody has been told */
    bool hurried;
    size_t open_handles; /* lanes and places that are not closed yet */
    void (*closed)(void *arg);
    void *closed_arg;
};

/* "<prefix>:features" ...; appended. */
void redis_key(struct str *out, const char *prefix, enum redis_part part);

static inline enum redis_part redis_part_of(enum item_kind kind)
{
    return kind == ITEM_FLAG ? REDIS_PART_FLAGS : REDIS_PART_SEGMENTS;
}

/* ---- redis.c: tasks -------------------------------------------------------------------------- */

/* The turn is over; another follows, or the operation is done. */
void redis_task_turn_done(struct redis_task *t);
void redis_task_failed(struct redis_task *t, const char *problem);
void redis_task_dispatch(struct redis_task *t);

/* The server there is asked instead, as a server of a cluster wants it. */
void redis_task_redirect(struct redis_task *t, const char *host, uint16_t port);

/* The turn begins again, part by part. */
void redis_task_split(struct redis_task *t);

/* To the server of the address; for other servers host and port are replaced. */
struct redis_link_settings redis_link_settings_of(const struct redis_backend *b);

/* A lane or place is closed. */
void redis_handle_closed(struct redis_backend *b);

/* ---- redis_lane.c ---------------------------------------------------------------------------- */

struct redis_lane *redis_lane_new(struct redis_backend *b, const char *host, uint16_t port,
                                  bool writes);
void redis_lane_add(struct redis_lane *l, struct redis_task *t);
bool redis_lane_is_idle(const struct redis_lane *l); /* and not connected */
void redis_lane_lead_to(struct redis_lane *l, const char *host, uint16_t port);
void redis_lane_hurry(struct redis_lane *l);
void redis_lane_close(struct redis_lane *l); /* its memory goes later */

/* The connection is given up; what was running on it fails or is sent again. */
void redis_lane_disconnect(struct redis_lane *l, const char *why);

/* For scripts. */
void redis_lane_send_take(struct redis_lane *l, struct str *commands, size_t answers);
void redis_lane_succeed(struct redis_lane *l);
void redis_lane_fail(struct redis_lane *l, const char *problem);
void redis_lane_refused(struct redis_lane *l, const struct redis_reply *failure);
void redis_lane_again(struct redis_lane *l, int64_t delay_ms);
/* For redis_redirect.c: the running task leaves and is handed over; then the next one begins. */
struct redis_task *redis_lane_leave(struct redis_lane *l);
void redis_lane_next(struct redis_lane *l);

/* ---- redis_redirect.c ------------------------------------------------------------------------ */

/* True when the failure only says where, or when, to ask again; the task is on its way then. */
bool redis_lane_redirected(struct redis_lane *l, const struct redis_reply *failure);

/* ---- scripts --------------------------------------------------------------------------------- */

extern const struct redis_script redis_script_init;   /* redis_init.c */
extern const struct redis_script redis_script_watch;  /* redis_upsert.c */
extern const struct redis_script redis_script_atomic; /* redis_script.c */
extern const struct redis_script redis_script_read;   /* redis_read.c */
extern const struct redis_script redis_script_probe;  /* redis_probe.c */
extern const struct redis_script redis_script_check;

/* The first step of both kinds of Upsert: HGET of each item of this turn; redis_upsert.c. */
size_t redis_upsert_ask(struct redis_lane *l, struct str *out);
void redis_upsert_note(struct redis_lane *l, struct redis_reply *r);
size_t redis_upsert_choose(struct redis_lane *l);  /* how many are newer */
void redis_upsert_exhausted(struct redis_lane *l); /* others were faster each time: it fails */
/* The items of this slice are written: the next slice begins, or the task is done. */
void redis_upsert_written(struct redis_lane *l);

/* The script's text and whether a server can run it; redis_script.c. */
void redis_script_probe_command(struct str *out, const char *prefix);

/* redis_read.c: what was found becomes a data set, on the thread pool; then the task is done. */
void redis_read_finish(struct redis_task *t);

/* ---- redis_place: who is the master, which server has the slot? ------------------------------ */

typedef void redis_placed(void *owner, const char *host, uint16_t port, const char *problem);

struct redis_places_class {
    /* Where is the master, or in a cluster the server that has `key`? What is known is answered at
     * once, a failure always later. */
    void (*locate)(struct redis_places *p, struct view key, redis_placed *done, void *owner);
    /* What is known may be wrong. */
    void (*forget)(struct redis_places *p);
    /* A server says where the slot is now; NULL where there are no slots. */
    void (*moved)(struct redis_places *p, unsigned slot, const char *host, uint16_t port);
    void (*close)(struct redis_places *p);
};

struct redis_places {
    const struct redis_places_class *class;
};

/* NULL with *err when a node's address is none. */
struct redis_places *redis_sentinel_open(struct redis_backend *b,
                                         const struct store_redis_settings *settings,
                                         struct error *err);
struct redis_places *redis_cluster_open(struct redis_backend *b,
                                        const struct store_redis_settings *settings,
                                        struct error *err);

/* Who waits for an answer of a place. */
struct redis_waiter {
    struct list link;
    redis_placed *done;
    void *owner;
    unsigned slot; /* in a cluster */
};

void redis_waiter_add(struct list *waiters, redis_placed *done, void *owner, unsigned slot);

/* The hash slot of a key (data-store.md 8.2). */
unsigned redis_cluster_slot(struct view key);

#endif
