/* store/ - the database behind one environment (spec data-store.md).
 *
 *   env --store_*_post--> queue (in order, one operation at a time) --> kind: memory or SQLite -->
 * disk env <--store_listener-- results, state of the database (monitor)
 *
 * Lives on the control thread; blocking work runs on the libuv thread pool, one job at a time per
 * database. May call: flags, base.
 *
 * Who lives here: store.c (life, posts, what an answer means), queue.c (order, what may be left
 * out), hold.c (when an update may be broadcast), monitor.c (outages, health checks, filling
 * again), database.c (what environments share), store_kind.h (what a kind must do), memory.c,
 * sqlite*.c.
 *
 * Life: store_open -> any number of posts -> store_close -> listener->closed (memory gone).
 * Nothing in the listener is called from inside the call that asked; it comes from a later loop
 * turn.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "flags/dataset.h"
#include "store/settings.h"

#include <uv.h>

enum store_state {
    STORE_VALID,      /* the last thing the database did succeeded */
    STORE_INTERRUPTED /* an operation failed and no probe has succeeded since (data-store.md 4.6) */
};

/* What the database held, or why it could not be read. */
struct store_contents {
    bool ok;
    unsigned kinds;       /* what was asked for: 1u << ITEM_FLAG ... */
    bool initialized;     /* the $inited marker exists (S3 of data-store.md 5.3) */
    struct dataset *data; /* handed over; never NULL when ok */
    const char *problem;  /* when not ok; borrowed, without secrets */
};

/* The receiver of everything a store has to say: env/env.c. */
struct store_listener {
    void *owner;
    void (*read_done)(void *owner, const struct store_contents *contents);
    /* The write with this number, and all before it, may be broadcast; see store_writes_first(). */
    void (*released)(void *owner, uint64_t number);
    /* A write is in the database: everything (`whole`), or items of these kinds. */
    void (*written)(void *owner, unsigned kinds, bool whole);
    /* A write failed and was logged; the store writes everything again after recovery
     * (data-store.md 7.3). */
    void (*write_failed)(void *owner, const char *problem);
    void (*state_changed)(void *owner, enum store_state state);
    /* The database lost its contents, or missed writes: answer from inside this call with
     * store_refill_post(). Who has no data yet does not answer. */
    void (*refill_wanted)(void *owner);
    void (*closed)(void *owner);
};

struct store;          /* of one environment */
struct store_database; /* shared by all environments: one connection, one queue of jobs */

/* Opens (SQLite: creates, checks whose file it is) before the loop runs; this may block. False with
 * *err set when the process must not start (data-store.md 9.5). */
MUST_CHECK bool store_database_open(const struct store_settings *settings, uv_loop_t *loop,
                                    const struct clock *clock, struct store_database **out,
                                    struct error *err);

/* After every store of it was closed. Checkpoints, then calls `closed` from a later loop turn. */
void store_database_close(struct store_database *db, void (*closed)(void *arg), void *arg);

/* Where in the database an environment's data are. */
struct store_place {
    const char *prefix; /* the effective one (data-store.md 2.3, 9.1) */
    const char *table;  /* DynamoDB's; "" for every other database */
};

/* `place` is copied. `log` gets a reference. */
struct store *store_open(struct store_database *db, const struct store_place *place,
                         struct log_scope *log, const struct store_listener *listener);

/* ---- writing -----------------------------------------------------------------------------------
 *
 * Every write has a number, counting up from 1 in each store.
 *
 *   network database    accept -> new data set -> broadcast -> store_*_post()
 *   embedded database   store_*_post() -> listener->released -> accept -> new data set -> broadcast
 *
 * The first line is the rule (spec README, decision 2): a network database may be slow or away, and
 * what it missed is repaired while this process lives. The embedded file is all that the next start
 * has when the process is killed and LaunchDarkly is away, so no SDK may have seen what is not in
 * it; and it can afford to come first, because writing a row takes some 50 microseconds. The second
 * line holds only while it does: `released` comes when the write ended, well or badly, and at the
 * latest STORE_HOLD_*_MS after its post. From then on store_writes_first() is false until the
 * database has caught up, so a slow, full or locked disk delays one broadcast once and loses none.
 */
#define STORE_HOLD_UPSERT_MS 50
#define STORE_HOLD_INIT_MS 1000

/* Must the next update wait for `released`? When it is false, earlier ones need not wait either. */
bool store_writes_first(const struct store *s);

/* Replaces everything (Init). Takes a reference of its own. A newer Init makes older queued writes
 * of this store superfluous. Returns the write's number. */
uint64_t store_init_post(struct store *s, struct dataset *data);

/* Writes one item or tombstone if it is newer than the stored one (Upsert); in order behind earlier
 * posts. Takes a reference of its own. Returns the write's number. */
uint64_t store_upsert_post(struct store *s, struct item *it);

/* Answers refill_wanted. `current`: LaunchDarkly's stream is up, so the database becomes this data.
 * Otherwise the data may be older than the database's: if that still has its marker, only newer
 * items are written and nothing is deleted (data-store.md 7.3). Takes a reference of its own. */
void store_refill_post(struct store *s, struct dataset *data, bool current);

/* ---- reading and asking ---------------------------------------------------------------------- */

#define STORE_ALL_KINDS ((1u << ITEM_KIND_COUNT) - 1)

/* Reads all items of these kinds (1u << ITEM_FLAG ...); listener->read_done follows. In order
 * behind earlier posts. */
void store_read_post(struct store *s, unsigned kinds);

/* Can the database hold this item? Some have a size limit (data-store.md 12). */
bool store_keeps(const struct store *s, const struct item *it);

enum store_state store_state(const struct store *s);

/* Writes that are queued or running. */
size_t store_pending(const struct store *s);

/* Queued writes are still carried out, for at most 3 s. May be called from any callback on the
 * control thread; nothing but `closed` is called afterwards. */
void store_close(struct store *s);

/* What /status prints (status.md 6): kind ("sqlite", NULL for memory), server, prefix; borrowed. */
const char *store_database_name(const struct store_database *db);
const char *store_database_server(const struct store_database *db);
const char *store_prefix(const struct store *s);

#endif
