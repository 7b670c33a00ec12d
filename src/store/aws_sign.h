/* store/aws_sign.h - signature version 4 of Amazon Web Services: pure functions.
 *
 *   request --canonical form--> SHA-256 --HMAC with a key made of secret, day, region, service-->
 * Authorization header, or the last parameter of a presigned URL
 */
#ifndef STORE_AWS_SIGN_H
#define STORE_AWS_SIGN_H

#include "base/str.h"
#include "store/aws_key.h"

#include <stdint.h>

#define AWS_HASH_SIZE 65 /* SHA-256 in hexadecimal digits, with a zero byte */
#define AWS_TIME_SIZE 17 /* "20150830T123600Z", with a zero byte */
#define AWS_SIGNED_HEADERS_MAX 8

struct aws_header {
    const char *name; /* in lower case */
    struct view value;
};

/* What is signed. `host`, `x-amz-date` and, with temporary credentials, `x-amz-security-token`
 * are signed without being listed in `headers`. */
struct aws_request {
    const char *region;
    const char *service; /* "dynamodb" */
    int64_t wall_ms;     /* Unix time, of x-amz-date */
    const char *method;
    struct view host;  /* the Host header */
    struct view path;  /* percent-encoded; "/" */
    struct view query; /* percent-encoded, parameters in the order of their bytes */
    const struct aws_header *headers;
    size_t header_count; /* at most AWS_SIGNED_HEADERS_MAX - 3 */
    const char *payload_hash;
};

/* Appends the value of the Authorization header. */
void aws_sign(const struct aws_request *r, const struct aws_key *key, struct str *out);

/* Appends the query of a URL that is valid for `seconds`: `r->query` and what the signature adds.
 */
void aws_presign(const struct aws_request *r, const struct aws_key *key, unsigned seconds,
                 struct str *out);

/* The password of a Redis user of ElastiCache (data-store.md 8.3), valid for a new connection
 * within 15 minutes; appended. `cache` is in lower case. */
struct aws_cache {
    const char *region;
    const char *cache; /* name of the replication group or of the serverless cache */
    const char *user;
    bool serverless;
};
void aws_cache_token(const struct aws_cache *c, const struct aws_key *key, int64_t wall_ms,
                     struct str *out);

void aws_hash(struct view text, char out[static AWS_HASH_SIZE]);
void aws_time(int64_t wall_ms, char out[static AWS_TIME_SIZE]);

#endif
