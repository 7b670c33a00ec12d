/* http/sse.h - a stream to one SDK (spec streaming.md 7-10, 13).
 *
 * 1. sse_subscriber_open() always takes the request over; the head is sent at once.
 * 2. sse_subscriber_close() may be called twice, and from any callback on the same thread.
 * 3. After close nothing is called but on_closed - later, never from inside the call. When the
 * client goes away or is dropped, on_closed is called too.
 * 4. Memory is released after on_closed and nowhere else; the pointer is dead when it returns.
 *
 * Slow clients: dropped after max_write_time without progress, or over max_backlog once replacing
 * the queue by one current `put` did not help. Heartbeats, connection time and stalls are looked at
 * by one wheel per thread; an idle stream has no timer, no read buffer and no queue memory.
 */
#ifndef HTTP_SSE_H
#define HTTP_SSE_H

#include "base/frame.h"
#include "base/log.h"
#include "http/server.h"

struct sse_subscriber;

/* The owner of a stream: api/stream.c. One receiver. */
struct sse_listener {
    void (*on_closed)(void *owner);
    /* The full data set as it is now, a new reference, or NULL: replaces a backlog (13.2). */
    struct frame *(*current_put)(void *owner);
};

enum sse_close {
    SSE_CLOSE_END /* last chunk, then the connection is closed */,
    SSE_CLOSE_DROP /* at once, without last chunk */
};

/* `headers` are the kind's own (CORS, X-LD-EnvId ...); the fixed ones of streaming.md 7.3 are added
 * here. `log` gets a reference: dropped clients are logged there. */
struct sse_subscriber *sse_subscriber_open(struct http_request *req,
                                           const struct http_headers *headers,
                                           struct log_scope *log,
                                           const struct sse_listener *listener, void *owner);

/* Queues the frame and writes what the socket takes - this turn or one of the next, so that a
 * broadcast to many does not keep polls waiting. Takes the reference, also when the stream is
 * closing. */
void sse_subscriber_push_take(struct sse_subscriber *s, struct frame *f);

void sse_subscriber_close(struct sse_subscriber *s, enum sse_close how);

#endif
