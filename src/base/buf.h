/* base/buf.h - immutable bytes with many owners, on any thread.
 *
 * Made once, then never changed: a `put` for 20,000 SDKs is one buf with 20,000 references. The
 * last buf_unref() frees it. Fill `data` right after buf_new(), before anybody else can see it.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/view.h"

struct buf {
    _Atomic unsigned refs;
    size_t len;
    char data[]; /* len bytes, followed by a zero byte */
};

/* One reference, contents undefined but for the zero byte behind them. */
struct buf *buf_new(size_t len);

/* One reference, a copy of the text. */
struct buf *buf_copy(struct view text);

/* With `len` bytes from now on, those that fit kept; `b` is gone. Only while nobody else has a
 * reference: for one that is still being filled. */
struct buf *buf_resize(struct buf *b, size_t len);

/* One more reference; returns its argument. */
struct buf *buf_ref(struct buf *b);

/* Accepts NULL. */
void buf_unref(struct buf *b);

static inline struct view buf_view(const struct buf *b)
{
    return view_make(b->data, b->len);
}

#endif
