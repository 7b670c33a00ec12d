/* A real server for a test: started on a free loopback port, stopped by its process id. */
#ifndef TEST_STORE_SERVER_H
#define TEST_STORE_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct server {
    pid_t pid; /* 0: not running */
    uint16_t port;
    char folder[64]; /* its own, removed at the end */
};

/* A port that nobody listens on now. */
uint16_t free_port(void);

/* Starts the program with these words, NULL at the end; "{port}" and "{folder}" in them are
 * replaced. Fails the test when the port does not answer within 20 s. `port` 0: a free one. */
void server_start(struct server *s, uint16_t port, const char *const *words);

/* kill -9, and waits until it is gone. */
void server_kill(struct server *s);

/* Stopped and continued: it accepts connections but answers nothing in between. */
void server_freeze(const struct server *s);
void server_thaw(const struct server *s);

/* Kills it and removes its folder. */
void server_end(struct server *s);

/* redis-server without persistence. */
void redis_start(struct server *s, uint16_t port);

/* What `redis-cli -p PORT WORDS` prints, without the last line end; static, until the next call. */
const char *redis_cli(const struct server *s, const char *words);

#endif
