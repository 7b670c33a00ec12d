/* store/settings.h - which database, and how it is reached. Texts are copied by whoever opens it.
 */
#ifndef STORE_SETTINGS_H
#define STORE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

struct random; /* base/random.h */

enum store_kind { STORE_MEMORY, STORE_SQLITE, STORE_REDIS, STORE_CONSUL, STORE_DYNAMODB };

enum store_redis_mode { STORE_REDIS_SINGLE, STORE_REDIS_SENTINEL, STORE_REDIS_CLUSTER };

/* All texts may be "" (not set), never NULL; copied. */
struct store_redis_settings {
    enum store_redis_mode mode;
    const char *address; /* redis://... rediss://... unix://...; for Sentinel and Cluster what
                            /status shows */
    const char *const
        *nodes; /* NULL-terminated "host:port" of the sentinels or seeds; NULL in single mode */
    const char *username; /* before that of the address */
    const char *password;
    bool tls;            /* Sentinel and Cluster; a single server says it in its address */
    const char *ca_file; /* instead of the system's roots */
    const char *certificate_file;
    const char *key_file;
    int64_t database; /* -1: that of the address */
    const char *sentinel_master;
    const char *sentinel_username;
    const char *sentinel_password;
    int64_t connect_timeout_ms;
    int64_t read_timeout_ms;
    bool atomic_upsert;
    const char *iam_cache; /* name of the ElastiCache cache whose user `username` logs in with AWS's
                              credentials (data-store.md 8.3); NULL: a password */
    bool iam_serverless;
    char *(*variable)(const char *name); /* with iam_cache: getenv */
    struct random *random;               /* pauses between attempts; outlives the database */
};

struct store_consul_settings {
    const char *host;                    /* as data-store.md 3.3 has it, a URL or not */
    const char *token;                   /* or */
    const char *token_file;              /* read once */
    char *(*variable)(const char *name); /* Consul's own: getenv(); NULL: there are none */
    int64_t timeout_ms;                  /* of each request */
    struct random *random;               /* as above */
};

struct store_dynamodb_settings {
    const char *url;                     /* "": AWS's own in the region; copied */
    char *(*variable)(const char *name); /* looks up AWS_REGION and the like: getenv */
    struct random *random;               /* pauses between attempts; outlives the database */
};

struct store_settings {
    enum store_kind kind;
    /* SQLite (data-store.md 9): */
    const char *path;
    bool synchronous_full;
    int64_t busy_timeout_ms;
    struct store_redis_settings redis;
    struct store_consul_settings consul;
    struct store_dynamodb_settings dynamodb;
    /* all: */
    int64_t health_check_interval_ms; /* 0: off */
};

#endif
