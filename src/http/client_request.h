/* http/client_request.h - the bytes of a request. Private to http/. */
#ifndef HTTP_CLIENT_REQUEST_H
#define HTTP_CLIENT_REQUEST_H

#include "http/client_proxy.h"

/* A request that outlives the caller's: everything copied. */
struct client_request {
    char *method;
    struct str headers;  /* "Name: value\r\n" each, without Authorization */
    char *authorization; /* its value, NULL: none */
    bool has_user_agent;
    bool has_accept_encoding;
    struct buf *body; /* NULL: none */
};

/* False with *err when a name or value could break out of its line. */
MUST_CHECK bool client_request_copy(const struct http_exchange_request *from,
                                    struct client_request *out, struct error *err);
void client_request_free(struct client_request *r);

/* Appends the head. `proxy`: the proxy that gets the request in absolute form, or NULL. */
void client_request_print(const struct client_request *r, const struct client_url *url,
                          const char *user_agent, const struct client_proxy *proxy,
                          struct str *out);

/* Appends a CONNECT request for `url` to `proxy`. */
void client_request_print_connect(const struct client_url *url, const char *user_agent,
                                  const struct client_proxy *proxy, struct str *out);

/* The request as it follows a redirect with this status: POST becomes GET, but for 307 and 308. */
void client_request_redirect(struct client_request *r, int status);

#endif
