/* store/redis_guest.h - a connection of one's own to the Redis of an open data store: bigsegments/.
 *
 *   redis_guest_open() -> credentials -> which server? -> redis_link -> on_ready ... on_end
 *
 * Address, users, TLS, Sentinel, Cluster and AWS's credentials are those of the data store; what is
 * said, and when to connect again, is the guest's business. The contract of redis_link.h holds.
 */
#ifndef STORE_REDIS_GUEST_H
#define STORE_REDIS_GUEST_H

#include "store/redis_link.h"
#include "store/store.h"

struct redis_guest;

/* The database is one of Redis and outlives the guest. `key`: in a cluster, to the server that has
 * it; borrowed for the call. */
struct redis_guest *redis_guest_open(struct store_database *db, struct view key,
                                     const struct redis_link_listener *listener, void *owner);

/* After on_ready. */
void redis_guest_send_take(struct redis_guest *g, struct str *bytes, size_t answers);
void redis_guest_set_patience(struct redis_guest *g, int64_t ms);

/* Is it time for a new login? Ask when no answer is expected. */
bool redis_guest_is_old(const struct redis_guest *g);

/* May be called twice, and from any callback; `why` is what on_end says. `moved`: another server
 * has to be asked from now on. */
void redis_guest_close(struct redis_guest *g, const char *why, bool moved);

#endif
