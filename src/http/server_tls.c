/* http/server_tls.c - see server_tls.h. */
#include "http/server_tls.h"

#include "http/server_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/err.h>
#include <unistd.h>

struct server_tls {
    SSL_CTX *context;
};

/* ---- the certificate ------------------------------------------------------------------------ */

static void error_from_openssl(struct error *err, const char *path)
{
    unsigned long code = ERR_peek_error(); /* the first one is the cause of the others */
    const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;
    error_set(err, "TLS certificate %s: %s", path, reason != NULL ? reason : "cannot be used");
    ERR_clear_error();
}

/* OpenSSL's own words for a missing file are of no help to anybody. */
static bool check_readable(const char *path, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        error_set(err, "TLS certificate %s: %s", path, strerror(errno));
        return false;
    }
    (void)close(fd);
    return true;
}

static bool load_files(SSL_CTX *context, const struct server_tls_settings *settings,
                       struct error *err)
{
    if (!check_readable(settings->cert, err) || !check_readable(settings->key, err))
        return false;
    if (SSL_CTX_use_certificate_chain_file(context, settings->cert) != 1) {
        error_from_openssl(err, settings->cert);
        return false;
    }
    if (SSL_CTX_use_PrivateKey_file(context, settings->key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1) {
        error_from_openssl(err, settings->key);
        return false;
    }
    return true;
}

/* Old protocol versions also need a lower security level than OpenSSL 3 has by default. */
static bool set_version(SSL_CTX *context, int min_version)
{
    if (min_version == 0)
        min_version = TLS1_2_VERSION;
    if (min_version < TLS1_2_VERSION)
        SSL_CTX_set_security_level(context, 0);
    return SSL_CTX_set_min_proto_version(context, min_version) == 1;
}

static int choose_protocol(SSL *session, const unsigned char **out, unsigned char *out_len,
                           const unsigned char *in, unsigned in_len, void *arg)
{
    (void)session;
    (void)arg;
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *chosen = NULL;
    if (SSL_select_next_proto(&chosen, out_len, ours, sizeof ours - 1, in, in_len) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

struct server_tls *server_tls_new(const struct server_tls_settings *settings, struct error *err)
{
    struct server_tls *t = mem_zalloc(sizeof *t);
    t->context = SSL_CTX_new(TLS_server_method());
    if (t->context == NULL || !set_version(t->context, settings->min_version)) {
        error_from_openssl(err, settings->cert);
        goto fail;
    }
    SSL_CTX_set_mode(t->context, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                     SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                     SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(t->context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_alpn_select_cb(t->context, choose_protocol, NULL);
    if (!load_files(t->context, settings, err))
        goto fail;
    return t;
fail:
    server_tls_free(t);
    return NULL;
}

void server_tls_free(struct server_tls *t)
{
    if (t == NULL)
        return;
    SSL_CTX_free(t->context);
    mem_free(t);
}

/* ---- sessions ------------------------------------------------------------------------------- */

SSL *server_tls_session(struct server_tls *t, int fd)
{
    SSL *session = SSL_new(t->context);
    if (session == NULL)
        return NULL;
    if (SSL_set_fd(session, fd) != 1) {
        SSL_free(session);
        return NULL;
    }
    SSL_set_accept_state(session);
    return session;
}

static bool must_wait(const SSL *session, int result)
{
    int why = SSL_get_error(session, result);
    return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
}

enum server_tls_step server_tls_handshake(SSL *session)
{
    ERR_clear_error();
    int result = SSL_do_handshake(session);
    if (result == 1)
        return SERVER_TLS_DONE;
    if (must_wait(session, result))
        return SERVER_TLS_AGAIN;
    bool plain = ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST;
    ERR_clear_error();
    return plain ? SERVER_TLS_PLAIN_HTTP : SERVER_TLS_FAILED;
}

ssize_t server_tls_read(SSL *session, char *to, size_t room)
{
    ERR_clear_error();
    int n = SSL_read(session, to, room < INT_MAX ? (int)room : INT_MAX);
    if (n > 0)
        return n;
    if (must_wait(session, n))
        return SOCKET_AGAIN;
    bool ended = SSL_get_error(session, n) == SSL_ERROR_ZERO_RETURN;
    ERR_clear_error();
    return ended ? 0 : SOCKET_LOST;
}

/* One record at a time, so that nothing is encrypted ahead of what the socket takes. */
ssize_t server_tls_write(SSL *session, const char *data, size_t len)
{
    size_t total = 0;
    while (total < len) {
        ERR_clear_error();
        size_t piece =
            len - total < SSL3_RT_MAX_PLAIN_LENGTH ? len - total : SSL3_RT_MAX_PLAIN_LENGTH;
        int n = SSL_write(session, data + total, (int)piece);
        if (n > 0) {
            total += (size_t)n;
            continue;
        }
        if (must_wait(session, n))
            return total != 0 ? (ssize_t)total : SOCKET_AGAIN;
        ERR_clear_error();
        return SOCKET_LOST;
    }
    return (ssize_t)total;
}

void server_tls_shutdown(SSL *session)
{
    ERR_clear_error();
    if (SSL_is_init_finished(session))
        (void)SSL_shutdown(session);
    ERR_clear_error();
}
