/* http/server_limits.h - how many connections there may be (configuration.md 17.7). Private to
 * http/.
 *
 * The one thing that serving threads share and change: two counters, and, only when connections are
 * limited per address, a map behind a lock.
 */
#ifndef HTTP_SERVER_LIMITS_H
#define HTTP_SERVER_LIMITS_H

#include "base/map.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

struct limits {
    int64_t max_connections;
    const char *name;        /* of that limit, for the log */
    int64_t max_per_address; /* <= 0: no limit, addresses are not counted */
    _Atomic int64_t connections;
    _Atomic int64_t refused;
    _Atomic int64_t warned_at_ms; /* when the last warning was written; 0: never */
    uv_mutex_t lock;              /* guards `addresses` and the counts in it */
    struct map addresses;
};

struct limits_address; /* how many connections one address has */

/* `max_connections` 0, or more than that: the soft descriptor limit less 256. */
void limits_init(struct limits *l, int64_t max_connections, int64_t max_per_address);
void limits_free(struct limits *l);

/* May this peer have one more connection? When true it is counted and *address (NULL when addresses
 * are not counted) must be given back with limits_release(). When false it is counted as refused.
 */
bool limits_admit(struct limits *l, const struct sockaddr_storage *peer, int64_t now_ms,
                  struct limits_address **address);
void limits_release(struct limits *l, struct limits_address *address);

/* A connection had to be refused because the process has no descriptor left. */
void limits_no_descriptor(struct limits *l, int64_t now_ms);

#endif
