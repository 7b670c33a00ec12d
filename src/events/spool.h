/* events/spool.h - accepted events on disk: they survive restarts, crashes and long outages
 * (events.md 13.6, 13.7).
 *
 *   events.c --spool_*_post()--> queue --> thread pool: append, sync --> done(), in order
 *   start: spool_open() reads the folder --> spool_replay(): batches without an outcome, posts that
 *   no batch covers
 *
 * On the control thread; files are touched on libuv's thread pool only, after spool_open(). Knows
 * nothing of SDK keys. May call: base.
 */
#ifndef EVENTS_SPOOL_H
#define EVENTS_SPOOL_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/view.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

enum spool_sync { SPOOL_SYNC_ALWAYS, SPOOL_SYNC_INTERVAL, SPOOL_SYNC_NEVER };

struct spool_settings {
    const char *dir; /* copied */
    int64_t max_bytes;
    enum spool_sync sync;
    const struct clock *clock;
    uv_loop_t *loop;
};

/* The group of a record (5.1). Texts are borrowed for the call, never NULL. */
struct spool_group {
    struct view env; /* client-side ID, or the name of an environment without one */
    struct view filter;
    struct view family; /* "server", "mobile", "browser" */
    struct view path;   /* "verbatim", "summarize" */
    int64_t schema;
    struct view tags;
};

struct spool_post {
    struct spool_group group;
    int64_t wall_ms;
    struct view payload_id; /* the SDK's; "": none */
    uint64_t seq;           /* given by spool_post_append(); in replay: as it was */
};

struct spool_batch {
    struct spool_group group;
    int64_t wall_ms;
    struct view payload_id; /* ours */
    uint64_t up_to;         /* the last seq of the group that this batch or an earlier one covers */
    size_t count;           /* events */
    bool more;              /* another batch of the same flush follows */
};

struct spool;

/* Creates the folder where needed, takes its lock, reads what is there; blocks. False with *err
 * when the process must not start: "events spool directory DIR is in use by another process" ... */
MUST_CHECK bool spool_open(const struct spool_settings *settings, struct spool **out,
                           struct error *err);

/* What was found, once, oldest first: batches without an outcome, then posts that no batch covers.
 * A batch that nobody wants now stays on disk, for spool_batch_read() or the next start. The body
 * of a post is handed over with one reference. Also the payload IDs of all posts found, for 13.4.
 */
struct spool_reader {
    void *owner;
    void (*batch)(void *owner, const struct spool_batch *batch, struct view body);
    void (*post)(void *owner, const struct spool_post *post, struct buf *body);
    void (*payload_id)(void *owner, const struct spool_group *group, struct view id,
                       int64_t wall_ms);
};
void spool_replay(struct spool *s, const struct spool_reader *reader);

/* `ok` false: the disk is full or failing (logged, at most once a minute); work on in memory. From
 * a later turn, in the order of the appends. */
typedef void spool_written(void *owner, bool ok);

/* Takes a reference of `body`. Returns the post's seq, 0 when the spool takes nothing at present
 * (full or failing): `written` does not come then. */
uint64_t spool_post_append(struct spool *s, const struct spool_post *post, struct buf *body,
                           spool_written *written, void *owner);

/* The same; false: the spool takes nothing at present. The batch's outcome is told nevertheless, as
 * is that of one whose `written` said false: its posts stay on disk until then. */
bool spool_batch_append(struct spool *s, const struct spool_batch *batch, struct buf *body,
                        spool_written *written, void *owner);

/* A batch that is in memory only, in place of others that are: the posts that they cover stay on
 * disk until all of them have outcomes. */
void spool_batch_unwritten(struct spool *s, const struct spool_batch *batch);

/* `outcome`: "delivered", "dropped", "split". Never fails visibly: a lost one means that the batch
 * is sent again after a restart, under the same payload ID. */
void spool_outcome_append(struct spool *s, struct view payload_id, const char *outcome);

/* About what the spool holds in memory for a batch whose record is there. */
#define SPOOL_BATCH_BYTES 256

/* A batch whose record is there, and that has no outcome, comes back from the disk: once, from a
 * later turn, and before spool_close() is done. One at a time. Batch and body are borrowed for the
 * call; NULL: it cannot be read (logged) and stays on disk for the next start, or the spool closes.
 */
typedef void spool_got(void *owner, const struct spool_batch *batch, struct view body);
void spool_batch_read(struct spool *s, struct view payload_id, spool_got *got, void *owner);

/* The group's posts up to this seq need no batch: they came to nothing. */
void spool_posts_forget(struct spool *s, const struct spool_group *group, uint64_t up_to);

/* Is there room and does the disk work? */
bool spool_works(const struct spool *s);

int64_t spool_bytes(const struct spool *s); /* on disk */

/* What is queued is written and synced, then `closed`; the memory is gone then. */
void spool_close(struct spool *s, void (*closed)(void *arg), void *arg);

#endif
