/* flags/compiled.c - see compiled.h: who makes a compiled form, and its end. */
#include "flags/compiled.h"

#include "flags/compile_private.h"

#include <stdatomic.h>

static void flag_free(struct compiled_flag *flag)
{
    for (size_t i = 0; i < flag->pattern_count; i++)
        pattern_free(flag->patterns[i]);
    struct arena arena = flag->arena; /* the flag itself is in it */
    arena_free(&arena);
}

static void segment_free(struct compiled_segment *segment)
{
    for (size_t i = 0; i < segment->pattern_count; i++)
        pattern_free(segment->patterns[i]);
    struct arena arena = segment->arena;
    arena_free(&arena);
}

void compiled_free(enum item_kind kind, void *compiled)
{
    if (compiled != NULL && kind == ITEM_FLAG)
        flag_free(compiled);
    else if (compiled != NULL)
        segment_free(compiled);
}

/* Several threads may compile the same item at once; all use the form of the one that was first. */
static void *compiled_of(struct item *it)
{
    void *compiled = atomic_load_explicit(&it->compiled, memory_order_acquire);
    if (compiled != NULL)
        return compiled;
    void *mine = it->kind == ITEM_FLAG ? (void *)compile_flag(buf_view(it->text))
                                       : (void *)compile_segment(buf_view(it->text));
    if (atomic_compare_exchange_strong_explicit(&it->compiled, &compiled, mine,
                                                memory_order_acq_rel, memory_order_acquire))
        return mine;
    compiled_free(it->kind, mine);
    return compiled;
}

const struct compiled_flag *compiled_flag_of(struct item *it)
{
    return compiled_of(it);
}

const struct compiled_segment *compiled_segment_of(struct item *it)
{
    return compiled_of(it);
}
