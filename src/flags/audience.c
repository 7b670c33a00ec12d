/* flags/audience.c - who may get another value when members of a segment change.
 *
 *   visible flag --needs--> prerequisites --asks--> segments --needs--> segments
 *
 * For browsers, then for phones: everything that their flags can reach is marked, once, so that
 * cycles come to an end. The stack is an array, so a chain of 100,000 flags is only memory.
 */
#include "flags/dataset_private.h"

#include <stdatomic.h>

struct audience_walk {
    const struct collection *collections;
    unsigned audience;                     /* whose turn it is */
    unsigned char *marks[ITEM_KIND_COUNT]; /* by position: who reaches it */
    const struct item **stack;             /* reached, and not gone through yet */
    size_t depth;
};

static void reach(struct audience_walk *w, enum item_kind kind, size_t position)
{
    if (position == KEY_INDEX_NONE || (w->marks[kind][position] & w->audience) != 0)
        return;
    w->marks[kind][position] |= (unsigned char)w->audience;
    w->stack[w->depth++] = sequence_at(&w->collections[kind].items, position);
}

static void reach_keys(struct audience_walk *w, enum item_kind kind, const struct view *keys,
                       size_t count)
{
    for (size_t i = 0; i < count; i++)
        reach(w, kind, collection_position(&w->collections[kind], keys[i]));
}

static bool is_visible(const struct item *flag, unsigned audience)
{
    return audience == DATASET_BROWSERS ? flag->visible_environment : flag->visible_mobile;
}

static void mark(struct audience_walk *w, unsigned audience)
{
    const struct sequence *flags = &w->collections[ITEM_FLAG].items;
    w->audience = audience;
    for (size_t i = 0; i < flags->count; i++) {
        if (is_visible(sequence_at(flags, i), audience))
            reach(w, ITEM_FLAG, i);
    }
    while (w->depth != 0) {
        const struct item *it = w->stack[--w->depth];
        reach_keys(w, it->kind, it->needs, it->need_count);
        reach_keys(w, ITEM_SEGMENT, it->needs + it->need_count, it->asked_count);
    }
}

static unsigned char *audiences_make(const struct dataset *d)
{
    size_t flags = d->collections[ITEM_FLAG].items.count;
    size_t segments = d->collections[ITEM_SEGMENT].items.count;
    struct audience_walk w = {
        .collections = d->collections,
        .marks = {[ITEM_FLAG] = mem_zalloc(flags + 1), [ITEM_SEGMENT] = mem_zalloc(segments)},
        .stack = mem_alloc((flags + segments) * sizeof(struct item *))};
    mark(&w, DATASET_BROWSERS);
    mark(&w, DATASET_PHONES);
    mem_free(w.marks[ITEM_FLAG]);
    mem_free(w.stack);
    return w.marks[ITEM_SEGMENT];
}

unsigned dataset_segment_audience(struct dataset *d, struct view key)
{
    size_t position = collection_position(&d->collections[ITEM_SEGMENT], key);
    if (position == KEY_INDEX_NONE)
        return 0;
    unsigned char *audiences = atomic_load_explicit(&d->audiences, memory_order_acquire);
    if (audiences != NULL)
        return audiences[position];
    (void)pthread_mutex_lock(&d->making);
    audiences = atomic_load_explicit(&d->audiences, memory_order_relaxed);
    if (audiences == NULL) {
        audiences = audiences_make(d);
        atomic_store_explicit(&d->audiences, audiences, memory_order_release);
    }
    (void)pthread_mutex_unlock(&d->making);
    return audiences[position];
}
