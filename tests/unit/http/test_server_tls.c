/* TLS on the server's port, with a certificate made for the occasion (http-api.md 10.3). */
#include "server_support.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define GET_HELLO "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"

static char folder[] = "/tmp/flagrelay-test-XXXXXX";
static char cert_path[64];
static char key_path[64];
static char other_key_path[64];
static char no_cert_path[64];

/* ---- files ---------------------------------------------------------------------------------- */

static void write_key(const char *path, EVP_PKEY *key)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
    assert_int_equal(fclose(file), 0);
}

static void write_certificate(const char *path, EVP_PKEY *key)
{
    X509 *cert = X509_new();
    assert_non_null(cert);
    (void)X509_set_version(cert, 2);
    (void)ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    (void)X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    (void)X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    (void)X509_set_pubkey(cert, key);
    X509_NAME *name = X509_get_subject_name(cert);
    (void)X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"relay", -1,
                                     -1, 0);
    (void)X509_set_issuer_name(cert, name);
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, cert), 1);
    assert_int_equal(fclose(file), 0);
    X509_free(cert);
}

static int make_files(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(cert_path, sizeof cert_path, "%s/cert.pem", folder);
    (void)snprintf(key_path, sizeof key_path, "%s/key.pem", folder);
    (void)snprintf(other_key_path, sizeof other_key_path, "%s/other.pem", folder);
    (void)snprintf(no_cert_path, sizeof no_cert_path, "%s/none.pem", folder);
    EVP_PKEY *key = EVP_EC_gen("P-256");
    EVP_PKEY *other = EVP_EC_gen("P-256");
    write_key(key_path, key);
    write_key(other_key_path, other);
    write_certificate(cert_path, key);
    EVP_PKEY_free(key);
    EVP_PKEY_free(other);
    return 0;
}

static int remove_files(void **state)
{
    (void)state;
    (void)unlink(cert_path);
    (void)unlink(key_path);
    (void)unlink(other_key_path);
    return rmdir(folder);
}

static struct http_server_settings tls_settings(void)
{
    struct http_server_settings settings = test_settings();
    settings.tls = true;
    settings.tls_cert = cert_path;
    settings.tls_key = key_path;
    return settings;
}

/* ---- a client ------------------------------------------------------------------------------- */

struct tls_client {
    SSL_CTX *context;
    SSL *session;
    int fd;
};

static struct tls_client tls_client_new(const struct test_server *s)
{
    struct tls_client c = {.context = SSL_CTX_new(TLS_client_method()), .fd = test_connect(s)};
    c.session = SSL_new(c.context);
    assert_int_equal(SSL_set_fd(c.session, c.fd), 1);
    return c;
}

static struct tls_client tls_connect(const struct test_server *s)
{
    struct tls_client c = tls_client_new(s);
    assert_int_equal(SSL_connect(c.session), 1);
    return c;
}

static void tls_close(struct tls_client *c)
{
    SSL_free(c->session);
    SSL_CTX_free(c->context);
    (void)close(c->fd);
}

static void tls_send(struct tls_client *c, const char *text)
{
    int len = (int)strlen(text);
    assert_int_equal(SSL_write(c->session, text, len), len);
}

static void tls_read(struct tls_client *c, char *to, size_t len)
{
    for (size_t got = 0; got < len;) {
        int n = SSL_read(c->session, to + got, (int)(len - got));
        assert_true(n > 0);
        got += (size_t)n;
    }
}

static void tls_expect(struct tls_client *c, const char *text)
{
    size_t len = strlen(text);
    char *got = mem_zalloc(len + 1);
    tls_read(c, got, len);
    assert_string_equal(got, text);
    mem_free(got);
}

/* The peer says good-bye. */
static void tls_expect_end(struct tls_client *c)
{
    char byte;
    int n = SSL_read(c->session, &byte, 1);
    assert_true(n <= 0);
    assert_int_equal(SSL_get_error(c->session, n), SSL_ERROR_ZERO_RETURN);
}

/* ---- serving -------------------------------------------------------------------------------- */

static void requests_are_served(void **state)
{
    (void)state;
    const struct http_server_settings settings = tls_settings();
    struct test_server *s = test_server_open(&settings);
    struct tls_client c = tls_connect(s);
    for (int i = 0; i < 3; i++) {
        tls_send(&c, GET_HELLO);
        tls_expect(&c, HELLO_ANSWER);
    }
    tls_send(&c,
             "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbo");
    tls_send(&c, "dy");
    tls_expect(&c, "HTTP/1.1 200 OK\r\n" DATE "Content-Length: 4\r\nConnection: close\r\n\r\nbody");
    tls_expect_end(&c);
    tls_close(&c);
    test_server_close(s, 0, 5000);
}

static void a_large_answer_arrives_whole(void **state)
{
    (void)state;
    const struct http_server_settings settings = tls_settings();
    struct test_server *s = test_server_open(&settings);
    struct tls_client c = tls_connect(s);
    tls_send(&c, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n" GET_HELLO);
    tls_expect(&c, "HTTP/1.1 200 OK\r\n" DATE "Content-Length: 8000000\r\n\r\n");
    char *bytes = mem_alloc(BIG_BYTES);
    tls_read(&c, bytes, BIG_BYTES);
    mem_free(bytes);
    tls_expect(&c, HELLO_ANSWER);
    tls_close(&c);
    test_server_close(s, 0, 5000);
}

/* A put that replaces another one while TLS has a piece of the first one under way. */
static void streams_stay_whole_when_the_queue_changes(void **state)
{
    (void)state;
    const struct http_server_settings settings = tls_settings();
    struct test_server *s = test_server_open(&settings);
    struct tls_client c = tls_connect(s);
    tls_send(&c, GET_STREAM);
    tls_expect(&c, STREAM_HEAD);
    for (int i = 0; i < 5; i++)
        test_push_one_take(s, 0, test_much(FRAME_PUT));
    test_push_one_take(s, 0, test_change("last"));
    char *bytes = mem_alloc(MUCH);
    bool last = false;
    int puts = 0;
    while (!last) {
        char size[10] = "";
        tls_read(&c, size, 4);
        last = memcmp(size, "19\r\n", 4) == 0;
        if (last)
            break;
        tls_expect(&c, "d13\r\nevent: put\ndata: ");
        tls_read(&c, bytes, MUCH);
        for (int i = 0; i < MUCH; i++) {
            if (bytes[i] != '0' + i % 10)
                fail_msg("byte %d of put %d", i, puts);
        }
        tls_expect(&c, "\n\n\r\n");
        puts++;
    }
    tls_expect(&c, "event: patch\ndata: last\n\n\r\n");
    assert_in_range(puts, 1, 2); /* the one that had begun, and the newest */
    mem_free(bytes);
    test_close_stream(s, 0, SSE_CLOSE_END);
    tls_expect(&c, LAST_CHUNK);
    tls_expect_end(&c);
    tls_close(&c);
    test_server_close(s, 0, 5000);
}

static void a_stream_notices_that_its_client_left(void **state)
{
    (void)state;
    const struct http_server_settings settings = tls_settings();
    struct test_server *s = test_server_open(&settings);
    struct tls_client c = tls_connect(s);
    tls_send(&c, GET_STREAM);
    tls_expect(&c, STREAM_HEAD);
    (void)SSL_shutdown(c.session);
    tls_close(&c);
    test_wait_for(s, &s->streams_closed, 1);
    test_server_close(s, 0, 5000);
}

static void http_1_1_is_the_protocol_that_is_agreed_on(void **state)
{
    (void)state;
    const struct http_server_settings settings = tls_settings();
    struct test_server *s = test_server_open(&settings);
    struct tls_client c = tls_client_new(s);
    static const unsigned char wishes[] = "\x02h2\x08http/1.1";
    assert_int_equal(SSL_set_alpn_protos(c.session, wishes, sizeof wishes - 1), 0);
    assert_int_equal(SSL_connect(c.session), 1);
    const unsigned char *chosen;
    unsigned len;
    SSL_get0_alpn_selected(c.session, &chosen, &len);
    assert_true(view_is(view_make((const char *)chosen, len), "http/1.1"));
    tls_close(&c);
    test_server_close(s, 0, 5000);
}

/* ---- refusals ------------------------------------------------------------------------------- */

static void plain_http_gets_its_words(void **state)
{
    (void)state;
    const struct http_server_settings settings = tls_settings();
    struct test_server *s = test_server_open(&settings);
    test_dialogue(s, GET_HELLO,
                  "HTTP/1.0 400 Bad Request\r\n\r\n"
                  "Client sent an HTTP request to an HTTPS server.\n",
                  false);
    int fd = test_connect(s);
    test_send(fd, "neither TLS nor HTTP\r\n\r\n");
    struct str answer = {0};
    test_read_all(fd, &answer); /* at most an alert */
    assert_true(answer.len < 20);
    str_free(&answer);
    (void)close(fd);
    struct http_counts counts;
    http_server_counts(s->http, &counts);
    assert_int_equal(counts.refused_tls, 2);
    test_server_close(s, 0, 5000);
}

static const struct {
    int server_min; /* 0: not set */
    int client_max;
    bool agreed;
    const char *why;
} versions[] = {
    {0, TLS1_2_VERSION, true, "1.2 is the default"},
    {0, TLS1_3_VERSION, true, "1.3 of course"},
    {0, TLS1_1_VERSION, false, "1.1 is not, unless asked for"},
    {TLS1_3_VERSION, TLS1_2_VERSION, false, "1.3 at least"},
    {TLS1_VERSION, TLS1_1_VERSION, true, "1.0 at least"},
};

static void old_versions_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
        struct http_server_settings settings = tls_settings();
        settings.tls_min_version = versions[i].server_min;
        struct test_server *s = test_server_open(&settings);
        struct tls_client c = tls_client_new(s);
        SSL_set_security_level(c.session, 0);
        (void)SSL_set_min_proto_version(c.session, TLS1_VERSION);
        (void)SSL_set_max_proto_version(c.session, versions[i].client_max);
        if ((SSL_connect(c.session) == 1) != versions[i].agreed)
            fail_msg("%s", versions[i].why);
        tls_close(&c);
        test_server_close(s, 0, 5000);
    }
}

static void a_handshake_has_ten_seconds(void **state)
{
    (void)state;
    struct http_server_settings settings = tls_settings();
    settings.heartbeat_ms = 160; /* for the wheel to turn often in real time */
    struct test_server *s = test_server_open(&settings);
    int fd = test_connect(s);
    assert_int_equal(send(fd, "\x16\x03\x01", 3, MSG_NOSIGNAL), 3);
    test_settle(s);
    test_clock_advance(11000);
    test_expect_end(fd);
    (void)close(fd);
    test_server_close(s, 0, 5000);
}

static void unusable_files_are_errors(void **state)
{
    (void)state;
    const struct {
        const char *cert;
        const char *key;
        const char *named;
        const char *reason;
    } rows[] = {
        {no_cert_path, key_path, no_cert_path, "No such file or directory"},
        {cert_path, no_cert_path, no_cert_path, "No such file or directory"},
        {key_path, key_path, key_path, "no start line"},
        {cert_path, cert_path, cert_path, "unsupported"},
        {cert_path, other_key_path, other_key_path, "key values mismatch"},
    };
    const struct http_service none = {.arg = NULL};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct http_server_settings settings = tls_settings();
        settings.tls_cert = rows[i].cert;
        settings.tls_key = rows[i].key;
        struct http_server *server;
        struct error err;
        assert_false(http_server_open(&settings, &none, clock_system(), &server, &err));
        char text[200];
        (void)snprintf(text, sizeof text, "TLS certificate %s: %s", rows[i].named, rows[i].reason);
        assert_string_equal(err.text, text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_served),
        cmocka_unit_test(a_large_answer_arrives_whole),
        cmocka_unit_test(streams_stay_whole_when_the_queue_changes),
        cmocka_unit_test(a_stream_notices_that_its_client_left),
        cmocka_unit_test(http_1_1_is_the_protocol_that_is_agreed_on),
        cmocka_unit_test(plain_http_gets_its_words),
        cmocka_unit_test(old_versions_are_refused),
        cmocka_unit_test(a_handshake_has_ten_seconds),
        cmocka_unit_test(unusable_files_are_errors),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
