/* Real Redis servers and stores on them. */
#ifndef TEST_STORE_REDIS_WORLD_H
#define TEST_STORE_REDIS_WORLD_H

#include "harness.h"
#include "server.h"

struct redis_world {
    struct world w;
    struct server server;
    struct heard h; /* prefix "prod" */
    char address[256];
};

/* What a store on one server with short time limits is told; `address` is filled in by the
 * caller. */
void redis_settings(struct redis_world *r);

/* A world with a server, and settings for it. */
void redis_begin(struct redis_world *r);
void redis_open(struct redis_world *r);
void redis_end(struct redis_world *r);

/* A text file in a server's folder, which is made when it has none yet; the words of server_start()
 * then say "{folder}/NAME". */
void server_file(struct server *s, const char *name, const char *text);

/* Asks with redis-cli until it answers with something that contains `wanted`; fails the test after
 * 30 s. */
void redis_await(const struct server *s, const char *words, const char *wanted);

/* Kinds of servers. */
void redis_cluster_master_start(struct server *s, uint16_t port); /* without slots */
void redis_replica_start(struct server *s, uint16_t master);      /* which it follows already */
/* It watches "flags"; `quorum` of its kind must agree that the master is gone. */
void redis_sentinel_start(struct server *s, uint16_t master, unsigned quorum,
                          unsigned down_after_ms);

#endif
