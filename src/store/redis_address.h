/* store/redis_address.h - redis://user:password@host:port/3, rediss://..., unix:///path?db=3. */
#ifndef STORE_REDIS_ADDRESS_H
#define STORE_REDIS_ADDRESS_H

#include "base/error.h"
#include "base/view.h"

#include <stdbool.h>
#include <stdint.h>

#define REDIS_DEFAULT_PORT 6379

struct redis_address {
    char *host; /* without the brackets of an IPv6 address; NULL: a Unix socket */
    uint16_t port;
    char *unix_path; /* NULL: TCP */
    bool tls;
    char *username; /* percent-decoded; "" */
    char *password;
    int64_t database;
};

/* Credentials: "user:pw@" is a user, ":pw@" and "word@" are a password alone (data-store.md 3.1).
 * False with *err, which never contains them. */
MUST_CHECK bool redis_address_parse(struct view text, struct redis_address *out, struct error *err);

/* "host", "host:port", "[v6]:port"; false when it is none of them. *host is a copy. */
MUST_CHECK bool redis_address_parse_host(struct view text, uint16_t default_port, char **host,
                                         uint16_t *port);

/* One to ten digits and nothing else, for a number below `limit`; *out is set only then. */
MUST_CHECK bool redis_number_parse(struct view text, int64_t limit, int64_t *out);

/* A list of "host:port" texts, e.g. the sentinels. */
struct redis_node {
    char *host;
    uint16_t port;
};

struct redis_nodes {
    struct redis_node *each;
    size_t count;
};

/* `texts` is NULL-terminated. False with *err that names the bad one; *out is empty then. */
MUST_CHECK bool redis_nodes_parse(const char *const *texts, uint16_t default_port,
                                  struct redis_nodes *out, struct error *err);
void redis_nodes_free(struct redis_nodes *n);

/* Accepts an empty one; it is empty afterwards. */
void redis_address_free(struct redis_address *a);

#endif
