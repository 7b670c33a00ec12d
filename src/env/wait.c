/* env/wait.c - requests that wait until their environment's data may be served again: one question
 * to the control thread for all of them, one answer that wakes them (fanout.h). */
#include "env/fanout_private.h"

#include "base/mem.h"
#include "base/str.h"

#include <string.h>

struct want_letter {
    struct letter base;
    struct fanout_control control;
    unsigned slot;
    size_t thread;
    unsigned kinds;
};

static void want_arrived(struct letter *l)
{
    struct want_letter *letter = CONTAINER_OF(l, struct want_letter, base);
    letter->control.wanted(letter->control.owner, letter->slot, letter->thread, letter->kinds);
    mem_free(letter);
}

static void want_post(const struct fanout *f, unsigned slot, unsigned kinds)
{
    struct want_letter *letter = mem_zalloc(sizeof *letter);
    letter->base.deliver = want_arrived;
    letter->control = f->control;
    letter->slot = slot;
    letter->thread = f->thread;
    letter->kinds = kinds;
    mailbox_post(f->control.mailbox, &letter->base);
}

void fanout_connect(struct fanout *f, const struct fanout_control *control, size_t thread)
{
    f->control = *control;
    f->thread = thread;
}

bool fanout_wait(struct fanout *f, unsigned slot, struct fanout_waiter *w)
{
    struct fanout_slot *s = fanout_slot_at(f, slot);
    if (s->waiter_count >= FANOUT_MAX_WAITERS)
        return false;
    s->waiter_count++;
    w->count = &s->waiter_count;
    list_append(&s->waiters, &w->link);
    want_post(f, slot, w->kinds);
    return true;
}

void fanout_unwait(struct fanout_waiter *w)
{
    if (w->count == NULL)
        return;
    (*w->count)--;
    w->count = NULL;
    list_remove(&w->link);
}

/* ---- the answer ------------------------------------------------------------------------------ */

struct answer_letter {
    struct letter base;
    struct fanout *to;
    unsigned slot;
    struct env_snapshot *snapshot;
    unsigned kinds;
    char *problem; /* NULL: none */
};

static void wake(struct fanout_slot *s, const struct answer_letter *letter)
{
    struct list woken;
    list_init(&woken);
    LIST_EACH_SAFE (node, &s->waiters) {
        struct fanout_waiter *w = CONTAINER_OF(node, struct fanout_waiter, link);
        if ((w->kinds & ~letter->kinds) == 0) {
            fanout_unwait(w);
            list_append(&woken, node);
        }
    }
    struct env_snapshot *snapshot = letter->problem == NULL ? letter->snapshot : NULL;
    while (!list_empty(&woken)) {
        struct fanout_waiter *w = CONTAINER_OF(woken.next, struct fanout_waiter, link);
        list_remove(&w->link);
        w->ready(w, snapshot, letter->problem);
    }
}

static void answer_arrived(struct letter *l)
{
    struct answer_letter *letter = CONTAINER_OF(l, struct answer_letter, base);
    wake(fanout_slot_at(letter->to, letter->slot), letter);
    env_snapshot_unref(letter->snapshot);
    mem_free(letter->problem);
    mem_free(letter);
}

void fanout_answer_post(struct fanout_group *g, size_t thread, unsigned slot,
                        struct env_snapshot *snapshot, unsigned kinds, const char *problem)
{
    struct answer_letter *letter = mem_zalloc(sizeof *letter);
    letter->base.deliver = answer_arrived;
    letter->to = g->each[thread];
    letter->slot = slot;
    letter->snapshot = env_snapshot_ref(snapshot);
    letter->kinds = kinds;
    letter->problem = problem != NULL ? mem_copy_text(problem, strlen(problem)) : NULL;
    fanout_letter_post(g, thread, &letter->base);
}
