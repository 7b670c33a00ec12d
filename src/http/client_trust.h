/* http/client_trust.h - whose certificates count, and which one we show: what TLS sessions to one
 * purpose (upstream, Redis, Consul) have in common. Files are looked at again for each new session,
 * so renewed certificates need no restart. */
#ifndef HTTP_CLIENT_TRUST_H
#define HTTP_CLIENT_TRUST_H

#include "base/error.h"
#include "base/view.h"

#include <openssl/ssl.h>
#include <stdbool.h>

struct client_tls_trust;

/* Texts may be NULL or "": not set. Copied. */
struct client_trust_settings {
    const char *const *extra_ca_files; /* besides the system's roots; NULL-terminated */
    const char *only_ca_file;          /* instead of the system's roots */
    const char *only_ca_directory;     /* likewise, all PEM files in it */
    const char *certificate_file;      /* both or neither */
    const char *key_file;
    const char *server_name; /* instead of the host's name */
    bool accept_any;         /* the server's certificate is not checked */
    const char *subject;     /* in error texts: "Redis" */
};

/* NULL with *err when a file is unreadable or not what it should be. OpenSSL itself is set up with
 * the first session. */
MUST_CHECK struct client_tls_trust *client_tls_trust_open(const struct client_trust_settings *s,
                                                          struct error *err);

/* Certificates that count besides the system's; `ca_files` may be NULL. */
MUST_CHECK struct client_tls_trust *client_tls_trust_new(const char *const *ca_files,
                                                         struct error *err);
void client_tls_trust_free(struct client_tls_trust *t); /* accepts NULL */

/* ---- for client_tls.c ---- */

/* The context for a new session, with the files as they are now; when they cannot be loaded any
 * more the last good ones stay and the log says so once. NULL with *err. Borrowed. */
MUST_CHECK SSL_CTX *client_trust_context(struct client_tls_trust *t, struct error *err);

/* How a session reads and writes; made on first use, borrowed. */
struct client_trust_bio {
    int (*read)(BIO *bio, char *out, int room);
    int (*write)(BIO *bio, const char *data, int len);
    long (*ctrl)(BIO *bio, int command, long number, void *pointer);
};
BIO_METHOD *client_trust_method(struct client_tls_trust *t, const struct client_trust_bio *bio);

/* What this server gave for a short handshake next time; NULL: nothing. Borrowed. */
SSL_SESSION *client_trust_session(const struct client_tls_trust *t, const char *host);

/* True when the session was taken; it then replaces an older one for this host. */
bool client_trust_session_keep(struct client_tls_trust *t, const char *host, SSL_SESSION *session);

/* The name that the certificate must be for: `host`, or the configured one. */
const char *client_trust_name(const struct client_tls_trust *t, const char *host);

/* The reason of OpenSSL's last error, as text. */
const char *client_trust_error_text(void);

#endif
