/* bigsegments/membership_store.h - the members of big segments in the database (big-segments.md 6,
 * 11).
 *
 *   synchronizer.c --APPLY, CURSOR, TIME--> a connection of its own --.
 *                                                                      >-- Redis, DynamoDB, SQLite
 *   env/ ------------QUERY, READ_TIME-----> one for all environments -'
 *
 * Lives on the control thread. May call: store (for addresses, credentials and connections), flags,
 * base. Who lives here: membership_store.c, and a file membership_*.c for each kind.
 *
 * Contract
 * 1. membership_run() never calls done() from inside. done() comes exactly once, from a later turn
 *    of the loop, whatever happens; the store bounds the time.
 * 2. Until then the operation and what it points to stays as it is.
 * 3. An environment may have any number of operations under way. Those that read are answered in
 *    any order; those of the synchroniser one after the other.
 * 4. membership_store_close() ends what is under way: done() comes, then `closed`, and the memory
 *    is gone.
 */
#ifndef BIGSEGMENTS_MEMBERSHIP_STORE_H
#define BIGSEGMENTS_MEMBERSHIP_STORE_H

#include "bigsegments/memberships.h"
#include "bigsegments/patch.h"
#include "store/store.h"

enum membership_op_type {
    MEMBERSHIP_OP_QUERY,        /* of which segments is `hash` a member? -> found */
    MEMBERSHIP_OP_READ_TIME,    /* when was the database known to be complete? -> time_ms */
    MEMBERSHIP_OP_WRITE_TIME,   /* that is `time_ms` */
    MEMBERSHIP_OP_READ_CURSOR,  /* -> cursor */
    MEMBERSHIP_OP_RESET_CURSOR, /* it becomes "" */
    MEMBERSHIP_OP_APPLY,        /* `patch`, if the cursor is its previous version -> mismatch */
    MEMBERSHIP_OP_TYPE_COUNT
};

struct membership_op {
    enum membership_op_type type;
    struct view hash;          /* QUERY: see memberships_hash() */
    const struct patch *patch; /* APPLY */

    int64_t time_ms; /* Unix time: WRITE_TIME: given, READ_TIME: answered; 0: never */

    /* answers */
    bool ok;
    struct error problem;      /* when not ok; without secrets */
    bool mismatch;             /* APPLY, when ok: nothing was done, the cursor is another one */
    struct memberships *found; /* QUERY, when ok: one reference */
    struct str cursor; /* READ_CURSOR, when ok: the caller's to free; "" when there is none */

    void (*done)(struct membership_op *op);
};

struct membership_database; /* shared by all environments */
struct membership_store;    /* of one environment */

/* Beside the open data store of these settings, which outlives it. NULL when that kind of database
 * cannot hold big segments (1): memory, Consul. */
struct membership_database *membership_database_open(const struct store_settings *settings,
                                                     struct store_database *database,
                                                     uv_loop_t *loop);

/* After every store of it was closed; `closed` comes from a later turn. */
void membership_database_close(struct membership_database *db, void (*closed)(void *arg),
                               void *arg);

/* Connects with the first operation. `place` is copied, `log` gets a reference. */
struct membership_store *membership_store_open(struct membership_database *db,
                                               const struct store_place *place,
                                               struct log_scope *log);

void membership_store_close(struct membership_store *s, void (*closed)(void *arg), void *arg);

/* See the contract above. */
void membership_run(struct membership_store *s, struct membership_op *op);

#endif
