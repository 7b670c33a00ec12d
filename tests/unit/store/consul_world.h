/* A real Consul, a store on it, and a second way to look at what is stored. */
#ifndef TEST_STORE_CONSUL_WORLD_H
#define TEST_STORE_CONSUL_WORLD_H

#include "fake_http.h"
#include "harness.h"
#include "server.h"

struct consul_world {
    struct world w;
    struct server server;
    struct heard h;    /* prefix "prod" */
    char host[128];    /* what the store is told */
    const char *token; /* for consul_say(); NULL: none */
};

/* cmocka's group setup: builds the server when it is not there yet. */
int consul_build(void **state);

/* Settings of a store at consul_world.host; nothing is started. */
void consul_settings(struct consul_world *c);

/* A server with these further options, NULL at the end (or NULL: none), in memory. Waits until it
 * has a leader. `port` 0: a free one. */
void consul_start(struct consul_world *c, uint16_t port, const char *const *options);
void consul_await_leader(struct consul_world *c);

/* A world with a server, and an open store. */
void consul_begin(struct consul_world *c);
void consul_open(struct consul_world *c);
void consul_end(struct consul_world *c);

/* A scripted server instead of a real one; the store is opened with consul_open(&f->c). */
struct consul_fake {
    struct consul_world c;
    struct fake_http fake;
};

void consul_fake_begin(struct consul_fake *f, const struct fake_rule *rules);
void consul_fake_end(struct consul_fake *f);

/* One request, e.g. "GET", "/v1/kv/prod/?keys=&separator=". The answer's body, without the last
 * line end; static, until the next call. `body` may be NULL. */
const char *consul_say(const struct consul_world *c, const char *method, const char *target,
                       const char *body);
int consul_status(void); /* of the last answer */

/* GET ...?raw= of a key. */
const char *consul_value(const struct consul_world *c, const char *key);

#endif
