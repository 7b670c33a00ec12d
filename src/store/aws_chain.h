/* store/aws_chain.h - where credentials and region come from, as environment variables and the
 * shared files say (data-store.md 3.2). Reads files: before the loop runs, or on the thread pool.
 *
 *   AWS_ACCESS_KEY_ID ...                  keys
 *   AWS_WEB_IDENTITY_TOKEN_FILE            web identity
 *   profile (AWS_PROFILE, "default"):      source_profile -> its origin, then its role
 *     keys, credential_source, web_identity_token_file, credential_process
 *   AWS_CONTAINER_CREDENTIALS_..._URI      container
 *   otherwise                              instance metadata
 *
 * The first that is configured is the origin; roles are assumed one after the other from there.
 */
#ifndef STORE_AWS_CHAIN_H
#define STORE_AWS_CHAIN_H

#include "base/error.h"
#include "store/aws_key.h"

#include <stddef.h>

enum aws_origin {
    AWS_FROM_KEYS,         /* `key` */
    AWS_FROM_WEB_IDENTITY, /* a token in `token_file`, for `web_role` */
    AWS_FROM_PROCESS,      /* what `command` prints */
    AWS_FROM_CONTAINER,    /* HTTP at `container_url` */
    AWS_FROM_INSTANCE      /* HTTP at `metadata_url` */
};

struct aws_role {
    char *arn;
    char *session_name;
    char *external_id; /* "": none */
    char *duration;    /* seconds; "": the default */
};

/* No text is NULL but where it says so; "" is not set. */
struct aws_chain {
    enum aws_origin origin;
    struct aws_key key;
    struct aws_role web_role;
    char *token_file;
    char *command;
    char *container_url;
    char *container_token; /* the Authorization header's value */
    char *container_token_file;
    char *metadata_url; /* "": switched off */
    struct aws_role *roles;
    size_t role_count;
    char *region;
    char *sts_url; /* "": that of the region */
    char *dynamodb_url;
};

/* `lookup` is getenv or like it. False with *err when a profile or file is not what it should be;
 * the texts contain no secrets. *out is empty then. */
MUST_CHECK bool aws_chain_load(char *(*lookup)(const char *name), struct aws_chain *out,
                               struct error *err);

/* Also for an empty one; it is empty afterwards. */
void aws_chain_free(struct aws_chain *c);

/* Appends "https://dynamodb.eu-west-1.amazonaws.com", with the domain of the region's partition. */
struct str;
void aws_endpoint(const char *service, const char *region, struct str *out);

#endif
