/* http/client_link.h - a connection for requests to one server, perhaps through a proxy; kept for
 * the next request when it can be. Private to http/.
 *
 *   client_link_get() --an idle one--> ready          client_link_put() --> idle, at most 90 s
 *                    \-a new one: transport, CONNECT, TLS--> on_ready
 *
 * 1. client_link_get() never fails and never calls back from inside.
 * 2. The owner gives it back once, by client_link_put() or client_link_close(), unless on_end came.
 *    Nothing is called after that.
 */
#ifndef HTTP_CLIENT_LINK_H
#define HTTP_CLIENT_LINK_H

#include "http/client_private.h"
#include "http/transport.h"

struct client_link;

struct client_link_listener {
    void (*on_ready)(void *owner);
    void (*on_data)(void *owner, struct view bytes);
    void (*on_drained)(void *owner); /* more may be written */
    void (*on_end)(void *owner, enum transport_cause cause, const char *problem);
};

struct client_link_request {
    const struct client_url *url;     /* host, port and TLS count; copied */
    const struct client_proxy *proxy; /* NULL: none; lives as long as the client */
    int64_t connect_timeout_ms;
    int64_t tls_timeout_ms; /* of each handshake, and of the proxy's answer */
    bool fresh;             /* no idle one */
};

/* *reused: it is an idle one and ready now, without on_ready; but its server may have gone away. */
struct client_link *client_link_get(struct http_client *c,
                                    const struct client_link_request *request,
                                    const struct client_link_listener *listener, void *owner,
                                    bool *reused);

/* When ready. Takes the text out of `bytes`. */
void client_link_write_take(struct client_link *l, struct str *bytes);

/* When ready; see transport_deadline_set(). */
void client_link_deadline_set(struct client_link *l, int64_t ms, const char *problem);

/* When ready; see transport_pause_set(). */
void client_link_pause_set(struct client_link *l, bool pause);

/* When ready, between two requests. */
void client_link_put(struct client_link *l);

void client_link_close(struct client_link *l);

#endif
