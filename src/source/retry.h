/* source/retry.h - when to try again: the delays of every stream from upstream (streaming.md 4).
 *
 * Pure: no timer, no clock of its own. The owner says what happened and when, and is told how long
 * to wait. Once an answer was final (401, 404 ...), the extended delays hold until a connection has
 * been good for a minute.
 */
#ifndef SOURCE_RETRY_H
#define SOURCE_RETRY_H

#include "base/random.h"
#include "base/view.h"

#include <stdbool.h>
#include <stdint.h>

struct retry {
    int64_t base_ms;   /* 1000, or what a `retry` field said */
    unsigned failures; /* in a row so far, at most RETRY_MAX_DOUBLINGS */
    bool extended;
    bool good; /* the present connection has delivered an event */
    int64_t good_since_ms;
};

enum retry_reason {
    RETRY_TRANSIENT, /* a network error, a status that may pass, malformed data, a forced restart */
    RETRY_FINAL      /* a status that will not change by itself: extended delays */
};

void retry_init(struct retry *r);

/* An event arrived; only the first one of a connection counts. */
void retry_good(struct retry *r, int64_t now_ms);

/* A `retry` field: clamped to 1-30 s; the count of failures starts anew. */
void retry_set_base(struct retry *r, int64_t base_ms);

/* The connection is lost or was refused. Seconds to wait, at least `retry_after_s` (0: not asked
 * for). */
double retry_failed(struct retry *r, int64_t now_ms, enum retry_reason reason,
                    int64_t retry_after_s, struct random *random);

/* Is this status worth the normal delays (streaming.md 4.3)? */
bool retry_status_recoverable(int status);

/* Seconds of an answer's Retry-After header, at most 300; 0 when it is empty or not a number of
 * seconds, and for answers other than 429 and 503, of which it is not asked. */
int64_t retry_after_parse(int status, struct view value);

#endif
