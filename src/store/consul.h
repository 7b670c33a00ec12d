/* store/consul.h - flags and segments in Consul's key-value store (data-store.md 3.3).
 *
 *   store.c --run(op)--> consul.c --task's script--> http/call.h --> Consul's HTTP interface
 *                          |   consul_init.c, consul_upsert.c, consul_read.c: what is asked for, in
 *                          |   which order, and what the answers mean
 *                          consul_address.c, consul_access.c: where, and with which rights
 *
 * Every operation is a task of its own, one request after the other; those of different
 * environments run side by side on connections that are kept. What can be big - lists of all
 * items - is taken apart on the thread pool.
 */
#ifndef STORE_CONSUL_H
#define STORE_CONSUL_H

#include "store/store_kind.h"

/* NULL with *err when the process must not start. */
MUST_CHECK struct store_backend *store_consul_open(const struct store_consul_settings *settings,
                                                   uv_loop_t *loop, const struct clock *clock,
                                                   struct error *err);

#endif
