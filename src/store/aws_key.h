/* store/aws_key.h - one set of AWS credentials: a secret that never leaves the process but as a
 * signature. */
#ifndef STORE_AWS_KEY_H
#define STORE_AWS_KEY_H

#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>

struct aws_key {
    char *id; /* NULL: no credentials at all */
    char *secret;
    char *token;             /* of temporary credentials; "": none */
    int64_t expires_wall_ms; /* Unix time; 0: never */
};

/* A copy of the three texts; `token` may be NULL. */
struct aws_key aws_key_make(const char *id, const char *secret, const char *token);
struct aws_key aws_key_copy(const struct aws_key *k);

/* Wipes the memory. Also for an empty one; it is empty afterwards. */
void aws_key_clear(struct aws_key *k);

static inline bool aws_key_is_set(const struct aws_key *k)
{
    return k->id != NULL;
}

#endif
