/* http/client_proxy.h - which proxy a request takes (configuration.md 11.1). Private to http/. */
#ifndef HTTP_CLIENT_PROXY_H
#define HTTP_CLIENT_PROXY_H

#include "http/client.h"
#include "http/client_url.h"

struct client_proxy {
    struct client_url url;
    char *authorization; /* "Basic ...", or NULL */
};

/* A configured proxy for everything, or the rules of the environment's variables. */
struct client_proxies {
    struct client_proxy *fixed;
    struct client_proxy *for_https;
    struct client_proxy *for_http;
    char *exceptions; /* NO_PROXY */
};

/* `variable` looks up an environment variable (getenv); used only without settings->proxy_url.
 * False with *err, and *out empty, when a proxy URL is unusable. */
MUST_CHECK bool client_proxies_init(struct client_proxies *out,
                                    const struct http_client_settings *settings,
                                    char *(*variable)(const char *name), struct error *err);
void client_proxies_free(struct client_proxies *p);

/* Borrowed; NULL: go directly. */
const struct client_proxy *client_proxies_find(const struct client_proxies *p,
                                               const struct client_url *target);

/* "Basic " and the base64 of "user:password"; the caller's own text. */
char *client_proxy_basic(const char *user_and_password);

#endif
