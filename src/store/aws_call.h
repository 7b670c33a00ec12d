/* store/aws_call.h - one signed POST to a service of AWS. */
#ifndef STORE_AWS_CALL_H
#define STORE_AWS_CALL_H

#include "http/call.h"
#include "store/aws_sign.h"

struct aws_call {
    const char *url;
    const char *region;
    const char *service;
    const char *content_type;
    const char *target;       /* x-amz-target; NULL: none */
    struct buf *body;         /* takes a reference of its own */
    const char *payload_hash; /* of the body */
    int64_t wall_ms;
    int64_t timeout_ms;
    size_t max_body; /* of the answer */
};

/* As http_call_start(). `key` NULL: not signed. */
struct http_call *aws_call_start(struct http_client *client, uv_loop_t *loop,
                                 const struct aws_call *call, const struct aws_key *key,
                                 http_called *done, void *owner);

#endif
