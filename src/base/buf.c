/* base/buf.c - see buf.h. */
#include "base/buf.h"

#include "base/mem.h"

#include <assert.h>
#include <stdatomic.h>

struct buf *buf_new(size_t len)
{
    struct buf *b = mem_alloc(sizeof *b + len + 1);
    atomic_init(&b->refs, 1);
    b->len = len;
    b->data[len] = '\0';
    return b;
}

struct buf *buf_copy(struct view text)
{
    struct buf *b = buf_new(text.len);
    if (text.len != 0)
        memcpy(b->data, text.data, text.len);
    return b;
}

struct buf *buf_resize(struct buf *b, size_t len)
{
    assert(atomic_load_explicit(&b->refs, memory_order_relaxed) == 1 && "nobody else sees it yet");
    b = mem_realloc(b, sizeof *b + len + 1);
    b->len = len;
    b->data[len] = '\0';
    return b;
}

struct buf *buf_ref(struct buf *b)
{
    atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
    return b;
}

void buf_unref(struct buf *b)
{
    if (b != NULL && atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) == 1)
        mem_free(b);
}
