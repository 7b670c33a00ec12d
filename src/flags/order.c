/* flags/order.c - each item after those it needs, received order as the tie break
 * (data-store.md 2.2).
 *
 * Depth first: an item's needs in the order in which it names them, then the item. What has been
 * begun is not begun again, which breaks cycles. The stack is an array, so a chain of 100,000 flags
 * is only memory.
 */
#include "flags/dataset_private.h"

#include <stdatomic.h>

struct order_step {
    size_t position;
    size_t next_need;
};

struct order_walk {
    const struct collection *items;
    bool *begun;
    struct order_step *stack;
    size_t depth;
    struct item **out;
    size_t out_count;
};

static void walk_begin(struct order_walk *w, size_t position)
{
    if (position == KEY_INDEX_NONE || w->begun[position])
        return;
    w->begun[position] = true;
    w->stack[w->depth++] = (struct order_step){.position = position};
}

/* Goes on with the item on top of the stack: one more need, or the item itself. */
static void walk_step(struct order_walk *w)
{
    struct order_step *top = &w->stack[w->depth - 1];
    struct item *it = sequence_at(&w->items->items, top->position);
    if (top->next_need < it->need_count) {
        struct view need = it->needs[top->next_need++];
        walk_begin(w, collection_position(w->items, need));
    } else {
        w->depth--;
        w->out[w->out_count++] = it;
    }
}

struct item **collection_order(const struct collection *c)
{
    size_t count = c->items.count;
    if (count == 0)
        return NULL;
    struct order_walk w = {.items = c,
                           .begun = mem_zalloc(count * sizeof *w.begun),
                           .stack = mem_alloc(count * sizeof *w.stack),
                           .out = mem_alloc(count * sizeof(struct item *))};
    for (size_t position = 0; position < count; position++) {
        walk_begin(&w, position);
        while (w.depth != 0)
            walk_step(&w);
    }
    mem_free(w.begun);
    mem_free(w.stack);
    return w.out;
}

struct item *const *dataset_ordered(struct dataset *d, enum item_kind kind, size_t *count)
{
    struct item **ordered = atomic_load_explicit(&d->ordered[kind], memory_order_acquire);
    *count = d->collections[kind].items.count;
    if (ordered != NULL || *count == 0)
        return ordered;
    (void)pthread_mutex_lock(&d->making);
    ordered = atomic_load_explicit(&d->ordered[kind], memory_order_relaxed);
    if (ordered == NULL) {
        ordered = collection_order(&d->collections[kind]);
        atomic_store_explicit(&d->ordered[kind], ordered, memory_order_release);
    }
    (void)pthread_mutex_unlock(&d->making);
    return ordered;
}

const struct key_order *dataset_by_key(struct dataset *d)
{
    struct key_order *by_key = atomic_load_explicit(&d->by_key, memory_order_acquire);
    if (by_key != NULL)
        return by_key;
    (void)pthread_mutex_lock(&d->making);
    by_key = atomic_load_explicit(&d->by_key, memory_order_relaxed);
    if (by_key == NULL) {
        by_key = key_order_new(&d->collections[ITEM_FLAG].items);
        atomic_store_explicit(&d->by_key, by_key, memory_order_release);
    }
    (void)pthread_mutex_unlock(&d->making);
    return by_key;
}
