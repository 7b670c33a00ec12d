/* http/client_connect.h - from a host name to a connected socket. Private to http/.
 *
 *   look-up -> addresses, families in turn -> an attempt every 250 ms or after a failure
 *           -> the first that succeeds wins
 *
 * 1. client_connector_start() never fails and never calls back from inside.
 * 2. Then either done() is called once, or client_connector_cancel(), and nothing comes after that.
 * 3. Its memory goes by itself. A look-up that hangs keeps the loop alive, but harms nobody.
 */
#ifndef HTTP_CLIENT_CONNECT_H
#define HTTP_CLIENT_CONNECT_H

#include "http/client_lookup.h"

#include <stdint.h>
#include <uv.h>

struct client_connector;

/* `tcp` is handed over, to be closed with client_tcp_close(); or it is NULL and `problem` says why.
 */
typedef void client_connected(void *owner, uv_tcp_t *tcp, const char *problem);

/* `lookups` are shared with others and outlive the connector; NULL: shared with nobody. */
struct client_connector *client_connector_start(uv_loop_t *loop, struct client_lookups *lookups,
                                                const char *host, uint16_t port,
                                                client_connected *done, void *owner);
void client_connector_cancel(struct client_connector *c);

/* Closes and frees; sets tcp->data to NULL, so that pending requests know. */
void client_tcp_close(uv_tcp_t *tcp);

#endif
