/* http/client_private.h - what all requests share; for the files client*.c alone. */
#ifndef HTTP_CLIENT_PRIVATE_H
#define HTTP_CLIENT_PRIVATE_H

#include "base/list.h"
#include "http/client_lookup.h"
#include "http/client_proxy.h"
#include "http/client_tls.h"
#include "http/client_trust.h"

struct http_client {
    uv_loop_t *loop;
    const struct clock *clock;
    struct client_proxies proxies;
    struct client_tls_trust *trust;
    char *user_agent;
    char *unix_path;   /* NULL: hosts and ports */
    char *proxy_shown; /* masked; NULL: none configured */
    struct client_lookups lookups;
    struct list idle; /* of struct client_link */
    size_t links;     /* all that are not gone yet */
    uv_timer_t idle_timer;
    bool timer_closed;
};

/* Closes those that are idle (client_link.c). */
void client_links_close(struct http_client *c);

/* Frees the client when it is closing and nothing knows it any more. */
void client_free_when_closed(struct http_client *c);

#endif
