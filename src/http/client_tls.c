/* http/client_tls.c - OpenSSL with a BIO of our own: reads from a borrowed view, writes to a str.
 */
#include "http/client_tls.h"

#include "http/client_url.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <uv.h>

struct client_tls_trust {
    STACK_OF(X509) * certificates;
    BIO_METHOD *method;
    SSL_CTX *context; /* NULL until the first session */
};

struct client_tls {
    SSL *ssl;
    struct view input;
    struct str output;
};

/* All certificates of one PEM file. */
static bool tls_trust_read(struct client_tls_trust *t, const char *path, struct error *err)
{
    BIO *file = BIO_new_file(path, "r");
    if (file == NULL) {
        error_set(err, "can't read CA certificate file: open %s: %s", path,
                  uv_strerror(uv_translate_sys_error(errno)));
        ERR_clear_error();
        return false;
    }
    int before = sk_X509_num(t->certificates);
    X509 *certificate;
    while ((certificate = PEM_read_bio_X509(file, NULL, NULL, NULL)) != NULL)
        sk_X509_push(t->certificates, certificate);
    ERR_clear_error();
    BIO_free(file);
    if (sk_X509_num(t->certificates) == before) {
        error_set(err, "invalid CA certificate data");
        return false;
    }
    return true;
}

struct client_tls_trust *client_tls_trust_new(const char *const *ca_files, struct error *err)
{
    struct client_tls_trust *t = mem_zalloc(sizeof *t);
    if (ca_files == NULL || ca_files[0] == NULL)
        return t;
    t->certificates = sk_X509_new_null();
    for (size_t i = 0; ca_files[i] != NULL; i++) {
        if (!tls_trust_read(t, ca_files[i], err)) {
            client_tls_trust_free(t);
            return NULL;
        }
    }
    return t;
}

void client_tls_trust_free(struct client_tls_trust *t)
{
    if (t == NULL)
        return;
    sk_X509_pop_free(t->certificates, X509_free);
    SSL_CTX_free(t->context);
    BIO_meth_free(t->method);
    mem_free(t);
}

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

/* The reason of OpenSSL's last error, as text. */
static const char *tls_error_text(void)
{
    unsigned long code = ERR_get_error();
    const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;
    ERR_clear_error();
    return reason != NULL ? reason : "unexpected EOF";
}

static bool tls_trust_prepare(struct client_tls_trust *t, struct error *err)
{
    if (t->context != NULL)
        return true;
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (context == NULL) {
        error_set(err, "TLS: cannot start: %s", tls_error_text());
        return false;
    }
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_default_verify_paths(context);
    for (int i = 0; i < sk_X509_num(t->certificates); i++)
        X509_STORE_add_cert(SSL_CTX_get_cert_store(context), sk_X509_value(t->certificates, i));
    static const unsigned char protocols[] = "\x08http/1.1";
    SSL_CTX_set_alpn_protos(context, protocols, sizeof protocols - 1);
    ERR_clear_error();
    t->method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "view and str");
    BIO_meth_set_read(t->method, tls_bio_read);
    BIO_meth_set_write(t->method, tls_bio_write);
    BIO_meth_set_ctrl(t->method, tls_bio_ctrl);
    t->context = context;
    return true;
}

static bool tls_host_set(SSL *ssl, const char *host)
{
    if (client_url_host_is_address(host))
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1;
    return SSL_set_tlsext_host_name(ssl, host) == 1 && SSL_set1_host(ssl, host) == 1;
}

struct client_tls *client_tls_new(struct client_tls_trust *t, const char *host, struct error *err)
{
    if (!tls_trust_prepare(t, err))
        return NULL;
    struct client_tls *s = mem_zalloc(sizeof *s);
    BIO *bio = BIO_new(t->method);
    s->ssl = SSL_new(t->context);
    if (bio == NULL || s->ssl == NULL || !tls_host_set(s->ssl, host)) {
        error_set(err, "TLS with %s: %s", host, tls_error_text());
        BIO_free(bio);
        client_tls_free(s);
        return NULL;
    }
    BIO_set_data(bio, s);
    BIO_set_init(bio, 1);
    SSL_set_bio(s->ssl, bio, bio);
    SSL_set_connect_state(s->ssl);
    return s;
}

void client_tls_free(struct client_tls *s)
{
    if (s == NULL)
        return;
    SSL_free(s->ssl);
    str_free(&s->output);
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
        error_set(err, "TLS: %s", tls_error_text());
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
