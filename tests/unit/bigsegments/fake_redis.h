/* A Redis that says what the test tells it to, word for word. Runs on the test's loop. */
#ifndef TEST_BIGSEGMENTS_FAKE_REDIS_H
#define TEST_BIGSEGMENTS_FAKE_REDIS_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

/* When the text arrives, this is the answer; NULL: the connection ends. One row after the other. */
struct fake_line {
    const char *heard;
    const char *answer;
};

#define FAKE_REDIS_CONNECTIONS 4

struct fake_redis {
    uv_loop_t *loop;
    uv_tcp_t listener;
    uv_tcp_t connections[FAKE_REDIS_CONNECTIONS];
    unsigned accepted;
    uint16_t port;
    const struct fake_line *lines; /* ends with a row of NULLs */
    struct str heard;              /* since the last answer */
    struct str all;
};

void fake_redis_open(struct fake_redis *f, uv_loop_t *loop, const struct fake_line *lines);
void fake_redis_close(struct fake_redis *f); /* handles are closed as the loop runs on */

#endif
