/* env/member_wishes.h - the memberships that one request needs, and those it was given
 * (big-segments.md 7).
 *
 *   evaluation: not known --member_wishes_add()--> fanout_wish() --letter--> env/members.c
 *   evaluation again <-- ready() <-- each wish answered <--letter-- '
 *
 * Lives on a serving thread, owned by the request.
 */
#ifndef ENV_MEMBER_WISHES_H
#define ENV_MEMBER_WISHES_H

#include "base/list.h"
#include "bigsegments/memberships.h"

#include <stdbool.h>

struct fanout;

/* What is known of one context key. */
struct member_wish {
    struct list link; /* with others of the same request */
    struct list wait; /* with others that wait for the same answer */
    struct member_wishes *of;
    bool answered;
    struct memberships *found; /* answered: one reference, or NULL: the database failed */
    size_t key_len;
    char key[];
};

struct member_wishes {
    struct list all;
    size_t open;     /* wishes without an answer */
    unsigned *count; /* of the environment's requests that wait; NULL: it does not wait */
    /* Set before fanout_wish(). Once, from a later turn, when all wishes are answered. */
    void (*ready)(struct member_wishes *w);
    void *owner;
};

struct member_wishes *member_wishes_new(void);
void member_wishes_free(struct member_wishes *w); /* accepts NULL; it waits no longer */

/* A key that is not there yet. `known` is what is known of it already, which takes a reference;
 * NULL: it is to be asked for. */
const struct member_wish *member_wishes_add(struct member_wishes *w, struct view context_key,
                                            struct memberships *known);

/* NULL: no such wish. */
const struct member_wish *member_wishes_find(const struct member_wishes *w,
                                             struct view context_key);

/* As many requests may wait per environment and thread. */
#define MEMBER_WAITERS_MAX 10000

/* Asks for all that is not answered. False: too many requests wait already. */
MUST_CHECK bool fanout_wish(struct fanout *f, unsigned slot, struct member_wishes *w);

/* What this thread knows of a context of this environment; borrowed for this turn, NULL: nothing.
 */
struct memberships *fanout_memberships(struct fanout *f, unsigned slot, struct view context_key,
                                       int64_t now_mono_ms);

/* ---- the control thread's side --------------------------------------------------------------- */

struct fanout_group;
struct member_question;

/* Who asked: a question of one thread, which comes back with the answer. */
struct member_asker {
    size_t thread;
    unsigned slot;
    struct member_question *question;
};

struct member_answer {
    struct memberships *found; /* borrowed; NULL: the database failed */
    int64_t until_ms;          /* monotonic: so long the thread may keep it; 0: not at all */
    size_t cache_size;
};

void fanout_members_post(struct fanout_group *g, const struct member_asker *asker,
                         const struct member_answer *answer);

#endif
