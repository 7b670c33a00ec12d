/* env/fanout_private.h - a thread's environments from inside; only fanout.c, wait.c and
 * member_wishes.c include this.
 */
#ifndef ENV_FANOUT_PRIVATE_H
#define ENV_FANOUT_PRIVATE_H

#include "env/fanout.h"
#include "env/member_cache.h"

/* Changed by member_wishes.c alone. */
struct fanout_slot_members {
    struct member_cache *cache; /* NULL until something is kept */
    struct map asked;           /* context key -> the question that others may join */
    struct list questions;      /* all that are under way */
    unsigned waiter_count;
};

struct fanout_slot {
    struct env_snapshot *snapshot;
    struct list members[FANOUT_KIND_COUNT];
    struct list waiters;
    unsigned waiter_count;
    struct fanout_slot_members memberships;
};

struct fanout {
    const struct fanout_hooks *hooks;
    struct directory *directory; /* NULL: the list of environments is not known yet */
    uint64_t generation;
    struct fanout_slot **slots;
    size_t slot_count;
    struct fanout_control control;
    size_t thread;
};

/* Made when it is asked for the first time; its address never changes. */
struct fanout_slot *fanout_slot_at(struct fanout *f, unsigned index);

/* To one thread; while none runs, it is delivered from inside. */
void fanout_letter_post(struct fanout_group *g, size_t thread, struct letter *letter);

/* member_wishes.c. Outdate: the memberships have changed; what is known is forgotten, and nobody
 * joins a question that was asked before. */
void fanout_members_outdate(struct fanout_slot *s);
void fanout_members_free(struct fanout_slot *s);

#endif
