/* Stands between a store and its server and lets happen what the test wants. Runs on the test's
 * loop. */
#ifndef TEST_STORE_PROXY_H
#define TEST_STORE_PROXY_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

enum proxy_fault {
    PROXY_PASS,
    PROXY_RESET,      /* every connection, old or new, is reset when the store says something */
    PROXY_BLACK_HOLE, /* what the store says goes nowhere */
    PROXY_SLOW,       /* answers come `delay_ms` later */
    PROXY_HALF,       /* of the next answer `half` bytes, then the end of the connection */
    PROXY_GARBAGE     /* instead of an answer */
};

#define PROXY_MAX_PAIRS 64

struct proxy;

struct proxy_pair {
    struct proxy *proxy;
    uv_tcp_t *store; /* NULL: free */
    uv_tcp_t *server;
    uv_timer_t *timer; /* NULL: nothing is late */
    char *late;        /* what the timer lets through */
    size_t late_len;
};

struct proxy {
    uv_loop_t *loop;
    uv_tcp_t listener;
    uint16_t port;
    uint16_t server_port;
    enum proxy_fault fault;
    uint64_t delay_ms;
    size_t half;
    unsigned accepted; /* connections so far */
    struct proxy_pair pairs[PROXY_MAX_PAIRS];
};

void proxy_open(struct proxy *p, uv_loop_t *loop, uint16_t server_port);
void proxy_close(struct proxy *p);                 /* handles are closed as the loop runs on */
unsigned proxy_connections(const struct proxy *p); /* that are open now */

#endif
