/* store/redis.h - flags and segments in Redis or Valkey: one server, Sentinel, or Cluster
 * (data-store.md 3.1, 8).
 *
 *   store.c --run(op)--> redis.c --task--> redis_lane.c --script--> redis_link.c --> server
 *                                             |   redis_init.c, redis_upsert.c, redis_script.c,
 *                                             |   redis_read.c, redis_probe.c: what is said, in
 * which |   order, and what the answers mean redis_sentinel.c, redis_cluster.c: to whom
 *
 * A server has two lanes, each one connection: one for writes, one for everything else, so that a
 * big Init does not keep readers waiting. A lane does one task after the other; a WATCH is never
 * interrupted by another environment's commands.
 */
#ifndef STORE_REDIS_H
#define STORE_REDIS_H

#include "store/store_kind.h"

/* NULL with *err when the process must not start. */
MUST_CHECK struct store_backend *store_redis_open(const struct store_redis_settings *settings,
                                                  uv_loop_t *loop, const struct clock *clock,
                                                  struct error *err);

#endif
