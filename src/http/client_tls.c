/* http/client_tls.c - OpenSSL with a BIO of our own: reads from a borrowed view, writes to a str.
 */
#include "http/client_tls.h"

#include "http/client_trust.h"
#include "http/client_url.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <uv.h>

struct client_tls {
    SSL *ssl;
    struct client_tls_trust *trust;
    char *host;
    struct view input;
    struct str output;
};

static int tls_bio_read(BIO *bio, char *out, int room)
{
    struct client_tls *s = BIO_get_data(bio);
    size_t len = s->input.len < (size_t)room ? s->input.len : (size_t)room;
    BIO_clear_retry_flags(bio);
    if (len == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    memcpy(out, s->input.data, len);
    s->input = view_from(s->input, len);
    return (int)len;
}

static int tls_bio_write(BIO *bio, const char *data, int len)
{
    struct client_tls *s = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    str_append(&s->output, view_make(data, (size_t)len));
    return len;
}

static long tls_bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static const struct client_trust_bio tls_bio = {tls_bio_read, tls_bio_write, tls_bio_ctrl};

static bool tls_host_set(SSL *ssl, const char *host)
{
    if (client_url_host_is_address(host))
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
    return SSL_set_tlsext_host_name(ssl, host) == 1 && SSL_set1_host(ssl, host) == 1;
}

/* OpenSSL has got what it needs to resume this session later; 1: we have taken it. */
static int tls_on_session(SSL *ssl, SSL_SESSION *session)
{
    struct client_tls *s = SSL_get_app_data(ssl);
    return client_trust_session_keep(s->trust, s->host, session);
}

static void tls_resume(struct client_tls *s, SSL_CTX *context)
{
    SSL_SESSION *session = client_trust_session(s->trust, s->host);
    SSL_CTX_sess_set_new_cb(context, tls_on_session);
    SSL_set_app_data(s->ssl, s);
    if (session != NULL)
        (void)SSL_set_session(s->ssl, session);
}

struct client_tls *client_tls_new(struct client_tls_trust *t, const char *host, struct error *err)
{
    SSL_CTX *context = client_trust_context(t, err);
    if (context == NULL)
        return NULL;
    struct client_tls *s = mem_zalloc(sizeof *s);
    s->trust = t;
    s->host = mem_copy_text(host, strlen(host));
    BIO *bio = BIO_new(client_trust_method(t, &tls_bio));
    s->ssl = SSL_new(context);
    if (bio == NULL || s->ssl == NULL || !tls_host_set(s->ssl, client_trust_name(t, host))) {
        error_set(err, "TLS with %s: %s", host, client_trust_error_text());
        BIO_free(bio);
        client_tls_free(s);
        return NULL;
    }
    BIO_set_data(bio, s);
    BIO_set_init(bio, 1);
    SSL_set_bio(s->ssl, bio, bio);
    SSL_set_connect_state(s->ssl);
    tls_resume(s, context);
    return s;
}

void client_tls_free(struct client_tls *s)
{
    if (s == NULL)
        return;
    /* A stream that was cut says nothing against its session; OpenSSL would forget it. */
    if (s->ssl != NULL)
        SSL_set_shutdown(s->ssl, SSL_SENT_SHUTDOWN);
    SSL_free(s->ssl);
    str_free(&s->output);
    mem_free(s->host);
    mem_free(s);
}

void client_tls_input(struct client_tls *s, struct view bytes)
{
    s->input = bytes;
}

struct str *client_tls_output(struct client_tls *s)
{
    return &s->output;
}

static void tls_error_set(const struct client_tls *s, struct error *err)
{
    long verified = SSL_get_verify_result(s->ssl);
    if (verified != X509_V_OK) {
        ERR_clear_error();
        error_set(err, "TLS: certificate is not accepted: %s",
                  X509_verify_cert_error_string(verified));
    } else {
        error_set(err, "TLS: %s", client_trust_error_text());
    }
}

enum client_tls_state client_tls_handshake(struct client_tls *s, struct error *err)
{
    ERR_clear_error();
    int result = SSL_do_handshake(s->ssl);
    if (result == 1)
        return CLIENT_TLS_READY;
    if (SSL_get_error(s->ssl, result) == SSL_ERROR_WANT_READ)
        return CLIENT_TLS_MORE;
    tls_error_set(s, err);
    return CLIENT_TLS_FAILED;
}

enum client_tls_state client_tls_read(struct client_tls *s, char *out, size_t room, size_t *len,
                                      struct error *err)
{
    ERR_clear_error();
    int result = SSL_read_ex(s->ssl, out, room, len);
    if (result == 1)
        return CLIENT_TLS_READY;
    switch (SSL_get_error(s->ssl, result)) {
    case SSL_ERROR_WANT_READ:
        return CLIENT_TLS_MORE;
    case SSL_ERROR_ZERO_RETURN:
        return CLIENT_TLS_CLOSED;
    default:
        tls_error_set(s, err);
        return CLIENT_TLS_FAILED;
    }
}

bool client_tls_write(struct client_tls *s, struct view plain, struct error *err)
{
    size_t written;
    ERR_clear_error();
    if (plain.len == 0 || SSL_write_ex(s->ssl, plain.data, plain.len, &written) == 1)
        return true;
    tls_error_set(s, err);
    return false;
}
