/* http/client_lookup.h - from host names to addresses. Private to http/.
 *
 *   join, join, join -> one getaddrinfo() on a worker thread -> done, done, done
 *
 * However many wait for a name, one thread is busy with it: a resolver that hangs must not take all
 * the threads of the pool, on which also databases and files are read.
 */
#ifndef HTTP_CLIENT_LOOKUP_H
#define HTTP_CLIENT_LOOKUP_H

#include "base/list.h"

#include <uv.h>

/* Those under way; of one loop. */
struct client_lookups {
    struct list running;
};

void client_lookups_init(struct client_lookups *l);

/* What is under way ends by itself and tells nobody. Nobody may wait any more. */
void client_lookups_done(struct client_lookups *l);

struct client_lookup_waiter {
    struct list node;
    /* `all` is borrowed and NULL when status is not 0. */
    void (*done)(struct client_lookup_waiter *w, int status, const struct addrinfo *all);
};

/* 0: `done` comes once, in a later turn, unless the waiter leaves. Otherwise the reason, and no
 * call. */
int client_lookup_join(struct client_lookups *l, uv_loop_t *loop, const char *host,
                       struct client_lookup_waiter *w);

/* Also for one that has not joined, as long as its node was initialised. */
void client_lookup_leave(struct client_lookup_waiter *w);

#endif
