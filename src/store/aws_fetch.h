/* store/aws_fetch.h - credentials are fetched once, from wherever they come. For aws_credentials.c
 * alone. */
#ifndef STORE_AWS_FETCH_H
#define STORE_AWS_FETCH_H

#include "base/clock.h"
#include "http/client.h"
#include "store/aws_chain.h"

struct aws_fetch;

struct aws_fetch_tools {
    char *(*lookup)(const char *name); /* getenv */
    uv_loop_t *loop;
    const struct clock *clock;
    struct http_client *client; /* for STS */
    struct http_client *direct; /* for services on the machine itself, without a proxy */
};

/* `key` NULL: `problem`. */
typedef void aws_fetched(void *owner, const struct aws_key *key, const char *problem);

/* `done` comes exactly once, from a later turn, and the memory is gone then. */
struct aws_fetch *aws_fetch_start(const struct aws_fetch_tools *tools, aws_fetched *done,
                                  void *owner);

/* It ends as soon as it can. */
void aws_fetch_stop(struct aws_fetch *f);

#endif
