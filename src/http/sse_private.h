/* http/sse_private.h - a stream as its connection sees it. Private to http/. */
#ifndef HTTP_SSE_PRIVATE_H
#define HTTP_SSE_PRIVATE_H

#include "http/sse.h"

/* Writes what waits, as far as the socket takes it; nothing while the socket takes nothing. */
void sse_subscriber_flush(struct sse_subscriber *s);

/* The socket takes bytes again. */
void sse_subscriber_writable(struct sse_subscriber *s);

/* Its entry in the wheel is due: heartbeat, end of its time, stall. */
void sse_subscriber_visit(struct sse_subscriber *s);

/* As sse_subscriber_close() with SSE_CLOSE_END; false when it is ending already. */
bool sse_subscriber_end(struct sse_subscriber *s);

/* The connection is no stream any more: nothing is sent from now on, nothing is called back yet. */
void sse_subscriber_lost(struct sse_subscriber *s);

/* In a later phase of the turn: on_closed is called and the subscriber is no more. Accepts NULL. */
void sse_subscriber_release(struct sse_subscriber *s);

#endif
