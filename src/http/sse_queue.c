/* http/sse_queue.c - see sse_queue.h. */
#include "http/sse_queue.h"

#include <assert.h>

void sse_queue_init(struct sse_queue *q, bool chunked)
{
    *q = (struct sse_queue){.room = SSE_QUEUE_FEW, .chunked = chunked};
    q->frames = q->few;
}

static struct frame **place(const struct sse_queue *q, uint32_t index)
{
    return &q->frames[(q->first + index) & (q->room - 1)];
}

static struct view bytes_of(const struct sse_queue *q, const struct frame *f)
{
    return q->chunked ? f->wire : f->event;
}

/* The frames that must be finished: one, if it is first in line and has begun. */
static uint32_t begun(const struct sse_queue *q)
{
    return q->raw == NULL && q->count != 0 && (q->sent != 0 || q->held) ? 1 : 0;
}

/* What a frame adds to the backlog while it is not the first. */
static size_t weight(const struct sse_queue *q, const struct frame *f)
{
    return f->kind == FRAME_PUT ? 0 : bytes_of(q, f).len;
}

/* ---- memory --------------------------------------------------------------------------------- */

static void ring_set(struct sse_queue *q, struct frame **frames, uint32_t room)
{
    for (uint32_t i = 0; i < q->count; i++)
        frames[i] = *place(q, i);
    if (q->frames != q->few)
        mem_free(q->frames);
    q->frames = frames;
    q->room = room;
    q->first = 0;
}

static void ring_append(struct sse_queue *q, struct frame *f)
{
    if (q->count == q->room)
        ring_set(q, mem_alloc(2 * (size_t)q->room * sizeof(struct frame *)), 2 * q->room);
    if (q->count != 0)
        q->backlog += weight(q, f);
    q->count++;
    *place(q, q->count - 1) = f;
}

static void release_spare_memory(struct sse_queue *q)
{
    if (q->count == 0 && q->frames != q->few)
        ring_set(q, q->few, SSE_QUEUE_FEW);
}

static void truncate(struct sse_queue *q, uint32_t count)
{
    while (q->count > count) {
        q->count--;
        struct frame *f = *place(q, q->count);
        if (q->count != 0)
            q->backlog -= weight(q, f);
        frame_unref(f);
    }
    release_spare_memory(q);
}

void sse_queue_free(struct sse_queue *q)
{
    truncate(q, 0);
    buf_unref(q->raw);
    q->raw = NULL;
}

/* ---- in ------------------------------------------------------------------------------------- */

void sse_queue_raw_take(struct sse_queue *q, struct buf *raw)
{
    assert(sse_queue_is_empty(q));
    q->raw = raw;
    q->sent = 0;
}

void sse_queue_drop_waiting(struct sse_queue *q)
{
    truncate(q, begun(q));
    q->put_waits = false;
}

static bool ping_waits(const struct sse_queue *q)
{
    for (uint32_t i = begun(q); i < q->count; i++) {
        if ((*place(q, i))->kind == FRAME_PING)
            return true;
    }
    return false;
}

static bool is_superfluous(const struct sse_queue *q, const struct frame *f)
{
    switch (f->kind) {
    case FRAME_COMMENT:
        return !sse_queue_is_empty(q);
    case FRAME_PING:
        return ping_waits(q);
    default:
        return false;
    }
}

enum sse_queued sse_queue_push_take(struct sse_queue *q, struct frame *f, size_t max_backlog)
{
    enum sse_queued result = SSE_QUEUED;
    if (f->kind == FRAME_PUT)
        sse_queue_drop_waiting(q);
    if (is_superfluous(q, f))
        result = SSE_SUPERFLUOUS;
    else if (q->count != 0 && q->backlog + weight(q, f) > max_backlog)
        result = SSE_OVER_LIMIT;
    if (result == SSE_QUEUED)
        ring_append(q, f);
    else
        frame_unref(f);
    return result;
}

bool sse_queue_replace_take(struct sse_queue *q, struct frame *put)
{
    if (q->put_waits) {
        frame_unref(put);
        return false;
    }
    sse_queue_drop_waiting(q);
    ring_append(q, put);
    q->put_waits = true;
    return true;
}

/* ---- out ------------------------------------------------------------------------------------ */

int sse_queue_parts(const struct sse_queue *q, struct iovec *parts, int max)
{
    int used = 0;
    size_t skip = q->sent;
    if (q->raw != NULL) {
        parts[used++] = (struct iovec){q->raw->data + skip, q->raw->len - skip};
        skip = 0;
    }
    for (uint32_t i = 0; i < q->count && used < max; i++) {
        struct view bytes = view_from(bytes_of(q, *place(q, i)), skip);
        parts[used++] = (struct iovec){(char *)(uintptr_t)bytes.data, bytes.len};
        skip = 0;
    }
    return used;
}

static void remove_first(struct sse_queue *q)
{
    q->finished_bytes += (*place(q, 0))->event.len;
    frame_unref(*place(q, 0));
    q->first++;
    q->count--;
    if (q->count != 0)
        q->backlog -= weight(q, *place(q, 0)); /* the next one is no backlog any more */
}

void sse_queue_advance(struct sse_queue *q, size_t bytes)
{
    q->sent += bytes;
    q->held = q->held && bytes == 0;
    if (q->raw != NULL && q->sent >= q->raw->len) {
        q->sent -= q->raw->len;
        buf_unref(q->raw);
        q->raw = NULL;
    }
    while (q->raw == NULL && q->count != 0) {
        size_t len = bytes_of(q, *place(q, 0)).len;
        if (q->sent < len)
            break;
        q->sent -= len;
        remove_first(q);
    }
    if (q->count == 0 || (begun(q) != 0 && (*place(q, 0))->kind == FRAME_PUT))
        q->put_waits = false;
    release_spare_memory(q);
}
