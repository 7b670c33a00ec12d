/* env/fanout_private.h - a thread's environments from inside; only fanout.c and wait.c include
 * this.
 */
#ifndef ENV_FANOUT_PRIVATE_H
#define ENV_FANOUT_PRIVATE_H

#include "env/fanout.h"

struct fanout_slot {
    struct env_snapshot *snapshot;
    struct list members[FANOUT_KIND_COUNT];
    struct list waiters;
    unsigned waiter_count;
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

#endif
