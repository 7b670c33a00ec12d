/* flags/key_order.c - see key_order.h. */
#include "flags/key_order.h"

#include <stdatomic.h>
#include <stdlib.h>

struct keyed {
    struct view key;
    uint32_t position;
};

static int keyed_compare(const void *a, const void *b)
{
    return view_compare(((const struct keyed *)a)->key, ((const struct keyed *)b)->key);
}

struct key_order *key_order_new(const struct sequence *items)
{
    size_t count = items->count;
    struct keyed *keys = mem_alloc(count * sizeof *keys);
    for (size_t i = 0; i < count; i++)
        keys[i] = (struct keyed){.key = sequence_at(items, i)->key, .position = (uint32_t)i};
    qsort(keys, count, sizeof *keys, keyed_compare);
    struct key_order *o = mem_alloc(sizeof *o + count * sizeof o->positions[0]);
    atomic_init(&o->refs, 1);
    o->count = count;
    for (size_t i = 0; i < count; i++)
        o->positions[i] = keys[i].position;
    mem_free(keys);
    return o;
}

struct key_order *key_order_ref(struct key_order *o)
{
    atomic_fetch_add_explicit(&o->refs, 1, memory_order_relaxed);
    return o;
}

void key_order_unref(struct key_order *o)
{
    if (o != NULL && atomic_fetch_sub_explicit(&o->refs, 1, memory_order_acq_rel) == 1)
        mem_free(o);
}
