/* http/server_tls.h - TLS for accepted connections, directly on their sockets. Private to http/. */
#ifndef HTTP_SERVER_TLS_H
#define HTTP_SERVER_TLS_H

#include "base/error.h"

#include <openssl/ssl.h>
#include <stdbool.h>
#include <sys/types.h>

struct server_tls; /* certificate, key and settings; shared by all threads */

struct server_tls_settings {
    const char *cert; /* PEM, the chain in order */
    const char *key;  /* PEM, no pass phrase */
    int min_version;  /* 0: TLS 1.2 */
};

/* NULL with *err ("TLS certificate cert.pem: no such file or directory"). */
MUST_CHECK struct server_tls *server_tls_new(const struct server_tls_settings *settings,
                                             struct error *err);
void server_tls_free(struct server_tls *t); /* accepts NULL */

/* A session on a non-blocking socket, which the caller keeps and closes. NULL when out of memory.
 */
SSL *server_tls_session(struct server_tls *t, int fd);

enum server_tls_step {
    SERVER_TLS_DONE,
    SERVER_TLS_AGAIN, /* wait for the socket */
    SERVER_TLS_FAILED,
    SERVER_TLS_PLAIN_HTTP /* the client speaks HTTP without TLS */
};

enum server_tls_step server_tls_handshake(SSL *session);

/* As the functions of server_socket.h. */
ssize_t server_tls_read(SSL *session, char *to, size_t room);
ssize_t server_tls_write(SSL *session, const char *data, size_t len);

/* Says good-bye, without waiting for the peer's. */
void server_tls_shutdown(SSL *session);

#endif
