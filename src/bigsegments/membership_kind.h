/* bigsegments/membership_kind.h - what a kind of database must be able to do with memberships; for
 * the files of bigsegments/ only.
 *
 *   membership_run() --run--> membership_sqlite.c ... --membership_op_finish()--> op->done()
 *
 * 1. run() never finishes an operation from inside: membership_op_finish() comes from a later turn,
 *    exactly once. Operations of one store that change or read the cursor or write the time come
 *    one at a time; those that read may be many.
 * 2. hurry() ends what is under way as soon as it can.
 * 3. release() comes when nothing is under way any more: the kind lets go of what it has and calls
 *    membership_store_released(), from inside or later.
 */
#ifndef BIGSEGMENTS_MEMBERSHIP_KIND_H
#define BIGSEGMENTS_MEMBERSHIP_KIND_H

#include "bigsegments/membership_store.h"

#include <uv.h>

struct membership_kind {
    const char *title;                      /* log lines: "RedisBigSegmentStore:" */
    struct membership_store *(*open)(void); /* its own fields only */
    void (*run)(struct membership_store *s, struct membership_op *op);
    void (*hurry)(struct membership_store *s);
    void (*release)(struct membership_store *s);
    /* No store is left: what all of them shared is let go of, but for the struct. NULL: nothing. */
    void (*close)(struct membership_database *db);
    /* A store was opened: what is to be said about it? NULL: nothing. */
    void (*opened)(struct membership_store *s);
};

/* The first member of every kind's own struct, which is one piece of memory. */
struct membership_database {
    const struct membership_kind *kind;
    struct store_database *database;
    uv_loop_t *loop;
    uv_timer_t turn; /* its closing is the last thing */
    void (*closed)(void *arg);
    void *arg;
};

/* The first member of every kind's own struct, which is one piece of memory. */
struct membership_store {
    struct membership_database *db;
    char *prefix;
    char *table;
    struct log_scope *log; /* with the kind's title */
    size_t under_way;
    bool closing;
    bool releasing;
    uv_timer_t turn; /* its closing is the last thing */
    void (*closed)(void *arg);
    void *arg;
};

/* Many of these may be under way, and none of them waits for a patch. */
static inline bool membership_op_is_question(const struct membership_op *op)
{
    return op->type == MEMBERSHIP_OP_QUERY || op->type == MEMBERSHIP_OP_READ_TIME;
}

/* The answers are filled in. */
void membership_op_finish(struct membership_store *s, struct membership_op *op);

void membership_store_released(struct membership_store *s);

struct membership_database *membership_sqlite_open(void);
struct membership_database *membership_redis_open(void);
struct membership_database *membership_dynamodb_open(void);

#endif
