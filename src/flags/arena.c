/* flags/arena.c - see arena.h. */
#include "flags/arena.h"

#include <stdalign.h>
#include <stdint.h>

#define ARENA_FIRST_BLOCK ((size_t)1 << 10)
#define ARENA_LARGEST_BLOCK ((size_t)64 << 10)
#define ARENA_FIRST_ITEMS 4

struct arena_block {
    struct arena_block *next;
    size_t size; /* of `memory` */
    alignas(max_align_t) char memory[];
};

static size_t aligned(size_t size)
{
    return (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
}

/* Blocks double up to a limit; a piece that is larger than that gets a block of its own size. */
static void block_add(struct arena *a, size_t needed)
{
    size_t size = a->blocks != NULL ? a->blocks->size * 2 : ARENA_FIRST_BLOCK;
    if (size > ARENA_LARGEST_BLOCK)
        size = ARENA_LARGEST_BLOCK;
    if (size < needed)
        size = needed;
    struct arena_block *block = mem_alloc(sizeof *block + size);
    block->size = size;
    block->next = a->blocks;
    a->blocks = block;
    a->left = size;
}

static void *arena_take(struct arena *a, size_t size)
{
    size_t needed = aligned(size != 0 ? size : 1);
    if (a->left < needed)
        block_add(a, needed);
    char *memory = a->blocks->memory + (a->blocks->size - a->left);
    a->left -= needed;
    return memory;
}

void *arena_alloc(struct arena *a, size_t size)
{
    return memset(arena_take(a, size), 0, size);
}

struct view arena_copy(struct arena *a, struct view text)
{
    if (text.len == 0)
        return view_make("", 0);
    char *copy = arena_take(a, text.len);
    memcpy(copy, text.data, text.len);
    return view_make(copy, text.len);
}

/* There is room for 4, 8, 16, ... items, so the count alone tells when it is used up. */
void *arena_extend(struct arena *a, void *items, size_t count, size_t item_size)
{
    bool full = count == 0 || (count >= ARENA_FIRST_ITEMS && (count & (count - 1)) == 0);
    if (!full)
        return items;
    size_t room = count == 0 ? ARENA_FIRST_ITEMS : count * 2;
    void *larger = arena_alloc(a, room * item_size);
    if (count != 0)
        memcpy(larger, items, count * item_size);
    return larger;
}

void arena_free(struct arena *a)
{
    struct arena_block *block = a->blocks;
    while (block != NULL) {
        struct arena_block *next = block->next;
        mem_free(block);
        block = next;
    }
    *a = (struct arena){0};
}
