/* http/sse_queue.h - what waits to be sent on one stream (streaming.md 13.1, 13.2). Private to
 * http/.
 *
 *   raw bytes (the head, or the last chunk) -> frame -> frame -> frame ...
 *   ^ `sent` bytes of the first thing are out; once it has begun, it is finished
 *
 * Frames are shared, never copied. Up to two need no memory of the queue's own, so pings and
 * heartbeats do not allocate. Does no I/O and knows no time.
 */
#ifndef HTTP_SSE_QUEUE_H
#define HTTP_SSE_QUEUE_H

#include "base/buf.h"
#include "base/frame.h"

#include <sys/uio.h>

#define SSE_QUEUE_FEW 2

struct sse_queue {
    struct buf *raw;       /* goes out before all frames; NULL most of the time */
    struct frame **frames; /* a ring of `room` places; `few`, or heap memory */
    struct frame *few[SSE_QUEUE_FEW];
    uint32_t room; /* a power of two */
    uint32_t first;
    uint32_t count;
    bool chunked; /* HTTP/1.1: frames go out with their chunk framing */
    bool held; /* the first thing has begun although nothing of it is out: TLS has encrypted it */
    bool put_waits; /* a `put` that replaced a backlog has not begun */
    size_t sent;
    size_t backlog;          /* bytes of all frames but the first and a waiting `put` */
    uint64_t finished_bytes; /* of all events that are out, without chunk framing */
};

enum sse_queued {
    SSE_QUEUED,
    SSE_SUPERFLUOUS, /* a comment or ping that would only wait; its reference is dropped */
    SSE_OVER_LIMIT   /* not queued, reference dropped: make room with sse_queue_replace_take() */
};

void sse_queue_init(struct sse_queue *q, bool chunked);
void sse_queue_free(struct sse_queue *q);

static inline bool sse_queue_is_empty(const struct sse_queue *q)
{
    return q->raw == NULL && q->count == 0;
}

/* Puts bytes in front of everything; the queue must be empty. Takes the reference. */
void sse_queue_raw_take(struct sse_queue *q, struct buf *raw);

/* Takes the reference in each case. */
enum sse_queued sse_queue_push_take(struct sse_queue *q, struct frame *f, size_t max_backlog);

/* Drops what has not begun and queues this `put` instead. False, reference dropped, when the queue
 * was replaced before and that `put` has not begun either: the client is hopeless. */
bool sse_queue_replace_take(struct sse_queue *q, struct frame *put);

/* Drops what has not begun. */
void sse_queue_drop_waiting(struct sse_queue *q);

/* What to write next, in order; returns the number of parts, at most `max`. */
int sse_queue_parts(const struct sse_queue *q, struct iovec *parts, int max);

/* So many bytes of the parts are out. */
void sse_queue_advance(struct sse_queue *q, size_t bytes);

/* The first thing must go out unchanged even if none of it was reported as sent. */
static inline void sse_queue_hold(struct sse_queue *q)
{
    q->held = !sse_queue_is_empty(q);
}

#endif
