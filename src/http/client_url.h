/* http/client_url.h - parts of an http or https URL; where a redirect leads. Private to http/. */
#ifndef HTTP_CLIENT_URL_H
#define HTTP_CLIENT_URL_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct client_url {
    bool tls;
    uint16_t port;
    char *host;   /* lower case, without the brackets of an IPv6 address */
    char *target; /* path and query, begins with '/' */
    char *user;   /* "user:password", percent-decoded; NULL when the URL has none */
};

/* False with *err for anything but an http or https URL that can be put on a request line. */
MUST_CHECK bool client_url_parse(struct view text, struct client_url *out, struct error *err);

/* What `location` means in an answer from `base`: absolute, //host, /path, ?query or relative. */
MUST_CHECK bool client_url_resolve(const struct client_url *base, struct view location,
                                   struct client_url *out, struct error *err);

/* Also for an empty one; it is empty afterwards. */
void client_url_free(struct client_url *u);

/* "host" or "host:port", as the Host header wants it; an IPv6 address in brackets. */
void client_url_print_host(const struct client_url *u, bool always_port, struct str *out);

/* Is `host` the same as `parent` or one of its subdomains? */
bool client_url_host_within(const char *host, const char *parent);

/* Is it an IPv4 or IPv6 address and not a name? */
bool client_url_host_is_address(const char *host);

#endif
