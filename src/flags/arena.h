/* flags/arena.h - memory that is asked for in small pieces and given back all at once.
 *
 * For the model of one item while it is being read, and for an item's compiled form. One owner.
 */
#ifndef FLAGS_ARENA_H
#define FLAGS_ARENA_H

#include "base/mem.h"
#include "base/view.h"

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first; `struct arena a = {0};` is an empty arena */
    size_t left;                /* bytes free at the end of the newest block */
};

/* Zeroed, aligned for any type; never NULL. Lives until arena_free(). */
void *arena_alloc(struct arena *a, size_t size) __attribute__((returns_nonnull));

/* A copy that lives as long as the arena. */
struct view arena_copy(struct arena *a, struct view text);

/* Room for one more item behind `count` items: returns `items`, or a larger copy of it. `items`
 * must come from this function with every smaller count, or be NULL when count is 0. */
void *arena_extend(struct arena *a, void *items, size_t count, size_t item_size)
    __attribute__((returns_nonnull));

/* Gives everything back; the arena is empty afterwards. */
void arena_free(struct arena *a);

#endif
