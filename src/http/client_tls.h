/* http/client_tls.h - TLS as a filter between two byte streams; knows no sockets. Private to http/.
 */
#ifndef HTTP_CLIENT_TLS_H
#define HTTP_CLIENT_TLS_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>

struct client_tls_trust; /* http/client_trust.h */

struct client_tls; /* one session */

/* To `host`, a name or an address, which the certificate must be for. NULL with *err. */
MUST_CHECK struct client_tls *client_tls_new(struct client_tls_trust *t, const char *host,
                                             struct error *err);
void client_tls_free(struct client_tls *s); /* accepts NULL */

enum client_tls_state { CLIENT_TLS_MORE, CLIENT_TLS_READY, CLIENT_TLS_CLOSED, CLIENT_TLS_FAILED };

/* Bytes from the peer, borrowed until client_tls_handshake() or client_tls_read() say MORE. */
void client_tls_input(struct client_tls *s, struct view bytes);

/* READY: done; MORE: send the output and wait for input; FAILED: *err. */
enum client_tls_state client_tls_handshake(struct client_tls *s, struct error *err);

/* READY: some plain bytes are in `out`; MORE: input is used up; CLOSED: the peer said good-bye. */
enum client_tls_state client_tls_read(struct client_tls *s, char *out, size_t room, size_t *len,
                                      struct error *err);

/* After the handshake. */
MUST_CHECK bool client_tls_write(struct client_tls *s, struct view plain, struct error *err);

/* What has to be sent to the peer; the caller clears it. */
struct str *client_tls_output(struct client_tls *s);

#endif
