/* store/store_kind.h - what a kind of database must be able to do; for the files of store/ only.
 *
 *   queue.c --run(op)--> memory.c | sqlite.c    (a network kind sends a request on the loop)
 *   store.c <--op->done(op)-- one answer, later
 *
 * Contract
 * 1. run() takes an operation and never calls done() from inside; done() comes exactly once, from a
 *    later loop turn, on the control thread, whatever happens.
 * 2. Until then the operation and everything it points to stays as it is. Several stores may have
 * an operation with the kind at the same time, each store at most one.
 * 3. The kind bounds the time of every operation itself. After hurry() it ends what it can at once.
 * 4. close() comes when nothing is with the kind any more; `closed` from a later loop turn, and the
 *    kind's memory is gone then.
 * Outage detection, retries, order, health checks, filling again and log lines about them are not
 * the kind's business.
 */
#ifndef STORE_STORE_KIND_H
#define STORE_STORE_KIND_H

#include "base/list.h"
#include "store/store.h"

enum store_op_type {
    STORE_OP_INIT, /* the database becomes `data`, then the marker is written: data-store.md 1, 2.2
                    */
    STORE_OP_UPSERT, /* each of `items`, if it is newer than what is stored; no key twice */
    STORE_OP_READ,   /* everything into `read`, and `marked` */
    STORE_OP_PROBE,  /* does it work, writing included? and `marked` */
    STORE_OP_CHECK,  /* is the database still the one that was opened? and `marked` */
    STORE_OP_TYPE_COUNT
};

struct store_op {
    struct list link; /* the kind's own */
    enum store_op_type type;
    const char *prefix;
    const char *table; /* DynamoDB */
    struct log_scope *log;
    struct dataset *data;      /* INIT */
    struct item *const *items; /* UPSERT */
    size_t item_count;
    int64_t wall_ms; /* INIT: what the marker says */
    unsigned kinds;  /* READ: 1u << ITEM_FLAG ... */
    bool ask_marker; /* READ: `marked` is not known */

    /* answers */
    bool ok;
    bool marked;          /* READ, PROBE, CHECK: the $inited marker is there */
    bool lost;            /* the contents of all environments are gone or others than before */
    struct dataset *read; /* READ: one reference */
    struct error problem; /* when not ok; without secrets */

    void (*done)(struct store_op *op);
};

struct store_backend;

struct store_backend_class {
    const char *name;  /* /status: "sqlite"; NULL for memory */
    const char *title; /* log lines: "SQLite" */
    bool embedded;     /* writes come before broadcasts, see store.h */
    bool monitored;    /* it can fail: probes, health checks */
    void (*run)(struct store_backend *b, struct store_op *op);
    /* NULL: every item can be stored. */
    bool (*keeps)(const struct store_backend *b, const char *prefix, const struct item *it);
    void (*hurry)(struct store_backend *b);
    void (*close)(struct store_backend *b, void (*closed)(void *arg), void *arg);
    const char *(*server)(const struct store_backend *b); /* /status, redacted */
    /* A store with this prefix was opened: what is to be said about it? NULL: nothing. */
    void (*opened)(struct store_backend *b, const char *prefix);
};

/* The first member of every kind's own struct. */
struct store_backend {
    const struct store_backend_class *class;
};

struct store_backend *store_memory_open(uv_loop_t *loop);

/* NULL with *err set when the process must not start (data-store.md 9.5). */
MUST_CHECK struct store_backend *store_sqlite_open(const struct store_settings *settings,
                                                   uv_loop_t *loop, struct error *err);

#endif
