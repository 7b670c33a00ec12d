/* store/consul_address.h - "host", "host:port", "http://...", "https://.../path", "unix:///path"
 * (data-store.md 3.3), and how keys are written in a URL. */
#ifndef STORE_CONSUL_ADDRESS_H
#define STORE_CONSUL_ADDRESS_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>

struct consul_address {
    char *base;      /* "http://h:8500/path/v1", perhaps with user information */
    char *unix_path; /* NULL: TCP */
    bool tls;
    bool no_port; /* none was given: 80 or 443 */
};

/* `tls`: also where the text does not say so. False with *err, which never contains the text. */
MUST_CHECK bool consul_address_parse(struct view text, bool tls, struct consul_address *out,
                                     struct error *err);

/* Accepts an empty one; it is empty afterwards. */
void consul_address_free(struct consul_address *a);

/* Appends a key as Consul takes it in a path: '/' and '$' stay, everything else that is not plain
 * is written as %XX, byte by byte, and so is what the server would tidy away: "//", "/." and "/..".
 */
void consul_key_encode(struct view key, struct str *out);

/* Does Consul take a key with these bytes in a path? It refuses control characters. */
bool consul_key_allowed(struct view key);

#endif
