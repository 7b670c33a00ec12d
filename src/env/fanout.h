/* env/fanout.h - the environments as one serving thread knows them, and who listens to them.
 *
 *   control thread --broadcast letter (snapshot + frames, in one)--> fanout of thread 1 --> streams
 *                                                               \--> fanout of thread 2 --> streams
 *
 * One per serving thread. Made on the control thread before the thread starts; from then on only
 * the serving thread touches it. Snapshot and frames arrive in one letter, handled in one turn: a
 * stream joined before it has replayed the old snapshot and gets the frames; one joined after it
 * replays the new one and does not (spec streaming.md 15.2). No lock, no gap, no duplicate.
 */
#ifndef ENV_FANOUT_H
#define ENV_FANOUT_H

#include "base/frame.h"
#include "base/list.h"
#include "base/mailbox.h"
#include "env/directory.h"
#include "env/member_wishes.h"
#include "env/snapshot.h"

/* A stream that listens; embedded in the owner's struct (api/stream.c). */
struct fanout_member {
    struct list link;
};

/* What fan-out does with its members. The one receiver is api/stream.c. */
struct fanout_hooks {
    void (*push)(struct fanout_member *m, struct frame *f); /* takes one reference */
};

struct fanout;

/* `hooks` must outlive the fanout. */
struct fanout *fanout_new(const struct fanout_hooks *hooks);

/* On the serving thread, or after it ended. Members have left before. */
void fanout_free(struct fanout *f);

/* The environment that a credential opens; *slot is set when FOUND. */
enum directory_answer fanout_find(const struct fanout *f, enum credential_kind kind,
                                  struct view credential, struct view filter, unsigned *slot);

/* The environment as it is now; borrowed for this turn. NULL when it was removed. */
struct env_snapshot *fanout_snapshot(const struct fanout *f, unsigned slot);

/* All environments, in the order that /status lists them; NULL while the list has not arrived.
 * Borrowed for this turn. */
const struct directory *fanout_directory(const struct fanout *f);

/* Another number whenever something that a request could see has changed. */
uint64_t fanout_generation(const struct fanout *f);

void fanout_join(struct fanout *f, unsigned slot, enum fanout_kind kind, struct fanout_member *m);

/* Safe to call twice. */
void fanout_leave(struct fanout_member *m);

/* ---- requests that wait for the database ------------------------------------------------------
 *
 *   fanout_wait() --letter--> house_data_wanted() --> the database, once for all who wait
 *   ready() of each <--fanout_answer_post()-- env/cache.c
 */

/* One request; embedded in the owner's struct (api/park.c). */
struct fanout_waiter {
    struct list link;
    unsigned kinds;
    unsigned *count; /* of the environment's waiters; NULL: it does not wait */
    /* Once, from a later turn: what to answer from, borrowed for the call; NULL: it cannot be had
     * now, and `problem` says why. */
    void (*ready)(struct fanout_waiter *w, struct env_snapshot *snapshot, const char *problem);
};

/* As many requests may wait per environment and thread. */
#define FANOUT_MAX_WAITERS 1000

/* How a thread asks the control thread. */
struct fanout_control {
    void *owner;
    struct mailbox *mailbox;
    /* On the control thread; the usual target is house_data_wanted(). */
    void (*wanted)(void *owner, unsigned slot, size_t thread, unsigned kinds);
    /* The same for memberships (member_wishes.h); house_members_wanted(). */
    void (*members_wanted)(void *owner, const struct member_asker *asker, struct view context_key);
};

/* Before the thread starts. `thread` is its index in the fanout_group. */
void fanout_connect(struct fanout *f, const struct fanout_control *control, size_t thread);

/* False: too many wait already. */
MUST_CHECK bool fanout_wait(struct fanout *f, unsigned slot, struct fanout_waiter *w);

/* It waits no longer; safe to call twice. */
void fanout_unwait(struct fanout_waiter *w);

/* ---- the control thread's side --------------------------------------------------------------- */

/* How letters reach the serving threads. */
struct fanout_route {
    void *owner;
    /* Usual target: http_thread_post(). Not called before the server is open. */
    void (*post)(void *owner, size_t thread, struct letter *l);
};

/* All fanouts, one per serving thread, from the control thread's point of view. */
struct fanout_group {
    struct fanout **each;
    size_t count;
    struct fanout_route route; /* route.post NULL: threads do not run yet, changes apply directly */
};

/* What one broadcast carries; frames may be NULL. `put`: everybody who gets data gets all of it. */
struct fanout_news {
    struct frame *const *frames[FANOUT_KIND_COUNT];
    size_t frame_count[FANOUT_KIND_COUNT];
    bool put;
};

/* Hop 4 begins here: every thread gets the snapshot and the news in one letter. Takes references of
 * its own. `news` may be NULL: only the snapshot changes. */
void fanout_broadcast_post(struct fanout_group *g, unsigned slot, struct env_snapshot *snapshot,
                           const struct fanout_news *news);

/* Answers those of one thread that wait for these kinds. `problem` NULL: from the snapshot, which
 * that thread takes up; takes a reference of its own. */
void fanout_answer_post(struct fanout_group *g, size_t thread, unsigned slot,
                        struct env_snapshot *snapshot, unsigned kinds, const char *problem);

/* Every thread looks credentials up here from now on. */
void fanout_directory_post(struct fanout_group *g, struct directory *d);

#endif
