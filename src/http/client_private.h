/* http/client_private.h - what all requests share; for the files client*.c alone. */
#ifndef HTTP_CLIENT_PRIVATE_H
#define HTTP_CLIENT_PRIVATE_H

#include "http/client_proxy.h"
#include "http/client_tls.h"
#include "http/client_trust.h"

#define HTTP_CLIENT_READ_BYTES ((size_t)64 << 10)

struct http_client {
    uv_loop_t *loop;
    const struct clock *clock;
    struct client_proxies proxies;
    struct client_tls_trust *trust;
    char *user_agent;
    char *proxy_shown; /* masked; NULL: none configured */
    char *read_buffer; /* one for all: every read is consumed before the next; NULL until needed */
};

#endif
