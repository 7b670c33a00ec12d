/* http/wheel.c - see wheel.h. */
#include "http/wheel.h"

#include "base/mem.h"

#include <assert.h>

void wheel_init(struct wheel *w, int64_t tick_ms, int64_t now_ms)
{
    assert(tick_ms > 0 && now_ms >= 0);
    w->tick_ms = tick_ms;
    w->last_tick = now_ms / tick_ms;
    w->count = 0;
    for (size_t i = 0; i < WHEEL_SLOTS; i++)
        list_init(&w->slots[i]);
}

void wheel_entry_init(struct wheel_entry *e)
{
    list_init(&e->link);
    e->due_tick = 0;
}

static struct list *slot_of(struct wheel *w, int64_t tick)
{
    return &w->slots[tick % WHEEL_SLOTS];
}

void wheel_set(struct wheel *w, struct wheel_entry *e, int64_t due_ms)
{
    int64_t tick = (due_ms + w->tick_ms - 1) / w->tick_ms;
    if (tick <= w->last_tick)
        tick = w->last_tick + 1;
    wheel_clear(w, e);
    e->due_tick = tick;
    list_append(slot_of(w, tick), &e->link);
    w->count++;
}

void wheel_set_earlier(struct wheel *w, struct wheel_entry *e, int64_t due_ms)
{
    if (!wheel_entry_is_set(e) || due_ms <= (e->due_tick - 1) * w->tick_ms)
        wheel_set(w, e, due_ms);
}

void wheel_clear(struct wheel *w, struct wheel_entry *e)
{
    if (!wheel_entry_is_set(e))
        return;
    list_remove(&e->link);
    w->count--;
}

/* Everything on `from` goes to `to`, which is empty. */
static void list_move(struct list *to, struct list *from)
{
    list_init(to);
    if (list_empty(from))
        return;
    *to = *from;
    to->next->prev = to;
    to->prev->next = to;
    list_init(from);
}

static void visit_slot(struct wheel *w, int64_t tick,
                       void (*fire)(struct wheel_entry *e, void *arg), void *arg)
{
    /* The entries wait on a list of their own, because fire() may put others into this slot. */
    struct list waiting;
    list_move(&waiting, slot_of(w, tick));
    while (!list_empty(&waiting)) {
        struct wheel_entry *e = CONTAINER_OF(waiting.next, struct wheel_entry, link);
        list_remove(&e->link);
        if (e->due_tick > w->last_tick) {
            list_append(slot_of(w, e->due_tick), &e->link);
        } else {
            w->count--;
            fire(e, arg);
        }
    }
}

void wheel_run(struct wheel *w, int64_t now_ms, void (*fire)(struct wheel_entry *e, void *arg),
               void *arg)
{
    int64_t now_tick = now_ms / w->tick_ms;
    if (now_tick <= w->last_tick)
        return;
    int64_t from = w->last_tick + 1;
    if (now_tick - from >= WHEEL_SLOTS)
        from = now_tick - WHEEL_SLOTS + 1; /* each slot once is enough */
    w->last_tick = now_tick;
    for (int64_t tick = from; tick <= now_tick; tick++)
        visit_slot(w, tick, fire, arg);
}
