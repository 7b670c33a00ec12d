/* bigsegments/shared_exchange.h - a request that several environments make alike is made once.
 *
 *   synchroniser of "prod"   --start--> taker --.
 *                                                 >-- one http_exchange --> LaunchDarkly
 *   synchroniser of "filtered" --start--> taker --'
 *
 * Environments that differ in their payload filter have one SDK key and the same big segments
 * (big-segments.md 2). Each has a prefix and a synchroniser of its own, which knows nothing of the
 * others: a cursor that differs is another URL. Requests are alike when URL and headers are.
 *
 * - A poll is joined until its answer begins.
 * - A stream is joined at any time, and begins with the next whole event: who joins is told of
 *   status 200 between two events, and everything that comes later is his.
 * - Who pauses makes the others wait, as the connection is one. Who cancels leaves them alone.
 *
 * Lives on the control thread. The contract is that of http/client.h: no callback from inside start
 * or cancel, exactly one on_end, and the memory is gone when it returns. May call: http, base.
 */
#ifndef BIGSEGMENTS_SHARED_EXCHANGE_H
#define BIGSEGMENTS_SHARED_EXCHANGE_H

#include "base/list.h"
#include "base/random.h"
#include "http/client.h"

/* All that are under way; of the house. Not moved, and empty when its memory goes. */
struct shared_exchanges {
    struct list requests;
    struct http_client *client; /* outlives them, as do the next two */
    uv_loop_t *loop;
    struct random *source;
    struct random random; /* whoever asks it in the same turn of the loop gets the same number:
                             those who lose their stream together ask for a new one together */
    double drawn;
    uint64_t drawn_ms;
};

void shared_exchanges_init(struct shared_exchanges *all, struct http_client *client,
                           uv_loop_t *loop, struct random *random);

/* What one of those has who wait for an answer. */
struct shared_exchange;

/* As http_exchange_start(). The method is not compared. `stream`: of events, see above. Who joins
 * a stream gets on_head() with status 200 and without headers (NULL). */
MUST_CHECK bool shared_exchange_start(struct shared_exchanges *all, bool stream,
                                      const struct http_exchange_request *req,
                                      const struct http_exchange_listener *listener, void *owner,
                                      struct shared_exchange **out, struct error *err);

void shared_exchange_cancel(struct shared_exchange *x);
void shared_exchange_pause(struct shared_exchange *x);
void shared_exchange_resume(struct shared_exchange *x);

/* How long it was paused until now, by whomever. */
uint64_t shared_exchange_paused_ms(const struct shared_exchange *x);

#endif
