/* store/aws_prepare.h - the part of fetching credentials that may block; on the thread pool. For
 * aws_fetch.c alone. */
#ifndef STORE_AWS_PREPARE_H
#define STORE_AWS_PREPARE_H

#include "base/str.h"
#include "store/aws_chain.h"

#include <stdatomic.h>

struct aws_prepared {
    struct aws_chain chain;
    struct aws_key key; /* of AWS_FROM_KEYS and AWS_FROM_PROCESS */
    struct str token;   /* what the service wants to see: a web identity, a container's secret */
};

/* Reads the chain, then what its origin needs. Ends early when *stop becomes true. False with *err,
 * without secrets. *out is to be freed in any case. */
MUST_CHECK bool aws_prepare(char *(*lookup)(const char *name), const atomic_bool *stop,
                            struct aws_prepared *out, struct error *err);
void aws_prepared_free(struct aws_prepared *p);

#endif
