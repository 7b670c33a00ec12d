/* flags/dataset.c - see dataset.h: life, building, one item more. */
#include "flags/dataset_private.h"

#include <stdatomic.h>

struct dataset_builder {
    struct dataset *building; /* nobody else refers to it, so it changes in place */
};

struct dataset *dataset_empty(void)
{
    struct dataset *d = mem_zalloc(sizeof *d);
    atomic_init(&d->refs, 1);
    (void)pthread_mutex_init(&d->making, NULL);
    return d;
}

struct dataset_builder *dataset_builder_new(void)
{
    struct dataset_builder *b = mem_alloc(sizeof *b);
    b->building = dataset_empty();
    return b;
}

void dataset_builder_add_take(struct dataset_builder *b, struct item *it)
{
    collection_put_take(&b->building->collections[it->kind], it);
}

void dataset_builder_free(struct dataset_builder *b)
{
    if (b == NULL)
        return;
    dataset_unref(b->building);
    mem_free(b);
}

struct dataset *dataset_builder_finish_take(struct dataset_builder *b)
{
    struct dataset *d = b->building;
    mem_free(b);
    return d;
}

struct dataset *dataset_with_item_take(struct dataset *d, struct item *it)
{
    struct dataset *next = dataset_empty();
    for (size_t kind = 0; kind < ITEM_KIND_COUNT; kind++)
        next->collections[kind] = collection_share(&d->collections[kind]);
    collection_put_take(&next->collections[it->kind], it);
    struct key_order *by_key = atomic_load_explicit(&d->by_key, memory_order_acquire);
    if (by_key != NULL && by_key->count == next->collections[ITEM_FLAG].items.count)
        atomic_init(&next->by_key, key_order_ref(by_key));
    return next;
}

struct dataset *dataset_ref(struct dataset *d)
{
    atomic_fetch_add_explicit(&d->refs, 1, memory_order_relaxed);
    return d;
}

void dataset_unref(struct dataset *d)
{
    if (d == NULL || atomic_fetch_sub_explicit(&d->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t kind = 0; kind < ITEM_KIND_COUNT; kind++) {
        mem_free(atomic_load(&d->ordered[kind]));
        collection_release(&d->collections[kind]);
    }
    frame_unref(atomic_load(&d->put_all));
    frame_unref(atomic_load(&d->put_flags));
    for (size_t poll = 0; poll < DATASET_POLL_COUNT; poll++) {
        buf_unref(atomic_load(&d->poll_bodies[poll]));
        buf_unref(atomic_load(&d->poll_versions[poll]));
    }
    key_order_unref(atomic_load(&d->by_key));
    mem_free(atomic_load(&d->image));
    mem_free(atomic_load(&d->audiences));
    (void)pthread_mutex_destroy(&d->making);
    mem_free(d);
}

struct item *dataset_find(const struct dataset *d, enum item_kind kind, struct view key)
{
    return collection_find(&d->collections[kind], key);
}

static bool needs(const struct item *it, struct view key)
{
    for (size_t i = 0; i < it->need_count; i++)
        if (view_equal(it->needs[i], key))
            return true;
    return false;
}

bool dataset_flag_is_needed(const struct dataset *d, struct view key)
{
    const struct sequence *flags = &d->collections[ITEM_FLAG].items;
    for (size_t i = 0; i < flags->count; i++)
        if (needs(sequence_at(flags, i), key))
            return true;
    return false;
}

bool dataset_has_big_segments(const struct dataset *d)
{
    return d->collections[ITEM_SEGMENT].unbounded != 0;
}

size_t dataset_count(const struct dataset *d, enum item_kind kind)
{
    return d->collections[kind].live;
}
