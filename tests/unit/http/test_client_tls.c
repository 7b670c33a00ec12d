/* TLS of the client: streaming.md 3.2, configuration.md 11.2. */
#include "http/client_trust.h"

#include "test_client_bench.h"
#include "test_client_ca.h"

#define NAMES "DNS:localhost,DNS:target.test,IP:127.0.0.1"
#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

static struct test_ca ca;
static struct test_ca other_ca;

static int authorities_open(void **state)
{
    (void)state;
    test_ca_open(&ca, "test authority");
    test_ca_open(&other_ca, "another authority");
    return 0;
}

static int authorities_close(void **state)
{
    (void)state;
    test_ca_close(&ca);
    test_ca_close(&other_ca);
    return 0;
}

static void bench_open_trusting(struct bench *b, const char *proxy_url)
{
    const char *const files[] = {ca.path, NULL};
    struct http_client_settings settings = {
        .user_agent = "tester/1", .ca_files = files, .proxy_url = proxy_url};
    bench_open_with(b, &settings);
}

static void an_added_authority_is_trusted(void **state)
{
    (void)state;
    static const size_t cuts[] = {0, 1};
    static const char *const hosts[] = {"localhost", "127.0.0.1"};
    struct bench b;
    bench_open_trusting(&b, NULL);
    for (size_t i = 0; i < ARRAY_LEN(cuts); i++) {
        struct peer_answer answer = {OK_ANSWER, 0, cuts[i], PEER_CLOSE};
        struct peer peer;
        struct fetch f = {0};
        peer_open(&peer, &b.loop, &answer, 1);
        peer.tls = test_ca_server(&ca, NAMES, false);
        fetch_get(&f, &b, "https", hosts[i], peer.port, "/");
        fetch_check(&f, "200|hello|EOF", hosts[i]);
        fetch_free(&f);
        peer_close(&peer);
    }
    bench_close(&b);
}

/* The second connection has a short handshake; another host none of it. */
static void a_session_is_resumed(void **state)
{
    (void)state;
    static const struct peer_answer answers[] = {{OK_ANSWER, 0, 0, PEER_CLOSE},
                                                 {OK_ANSWER, 0, 0, PEER_CLOSE},
                                                 {OK_ANSWER, 0, 0, PEER_CLOSE}};
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    static const char *const hosts[] = {"localhost", "localhost", "127.0.0.1"};
    static const long hits[] = {0, 1, 1};
    for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
        struct bench b;
        struct peer peer;
        bench_open_trusting(&b, NULL);
        peer_open(&peer, &b.loop, answers, ARRAY_LEN(answers));
        peer.tls = test_ca_server(&ca, NAMES, false);
        SSL_CTX_set_max_proto_version(peer.tls, versions[i]);
        for (size_t k = 0; k < ARRAY_LEN(hosts); k++) {
            struct fetch f = {0};
            fetch_get(&f, &b, "https", hosts[k], peer.port, "/");
            fetch_check(&f, "200|hello|EOF", hosts[k]);
            assert_int_equal(SSL_CTX_sess_hits(peer.tls), hits[k]);
            fetch_free(&f);
        }
        assert_int_equal(peer.accepted, 3);
        peer_close(&peer);
        bench_close(&b);
    }
}

/* In TLS the end has to be announced: an attacker can cut a connection, but not say good-bye. */
static void a_body_up_to_the_end_needs_a_good_bye(void **state)
{
    (void)state;
    static const struct peer_answer answers[] = {{"HTTP/1.1 200 OK\r\n\r\nhello", 0, 0, PEER_CLOSE},
                                                 {"HTTP/1.1 200 OK\r\n\r\nhello", 0, 0, PEER_CUT}};
    static const char *const expected[] = {"200|hello|EOF", "-200|hello|unexpected EOF"};
    struct bench b;
    bench_open_trusting(&b, NULL);
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        struct peer peer;
        struct fetch f = {0};
        peer_open(&peer, &b.loop, &answers[i], 1);
        peer.tls = test_ca_server(&ca, NAMES, false);
        fetch_get(&f, &b, "https", "localhost", peer.port, "/");
        fetch_check(&f, expected[i], "end");
        fetch_free(&f);
        peer_close(&peer);
    }
    bench_close(&b);
}

static void fetch_expect(struct bench *b, SSL_CTX *tls, const char *host, const char *expected)
{
    static const struct peer_answer answer = {OK_ANSWER};
    struct peer peer;
    struct fetch f = {0};
    peer_open(&peer, &b->loop, &answer, 1);
    peer.tls = tls;
    fetch_get(&f, b, "https", host, peer.port, "/");
    fetch_check(&f, expected, host);
    assert_int_equal(peer.requests.len, 0);
    fetch_free(&f);
    peer_close(&peer);
}

static void a_certificate_that_is_not_right_is_refused(void **state)
{
    (void)state;
    struct bench b;
    bench_open_trusting(&b, NULL);
    fetch_expect(&b, test_ca_server(&other_ca, NAMES, false), "localhost",
                 "-||TLS: certificate is not accepted: unable to get local issuer certificate");
    fetch_expect(&b, test_ca_server(&ca, "DNS:elsewhere.test,IP:127.0.0.2", false), "localhost",
                 "-||TLS: certificate is not accepted: hostname mismatch");
    fetch_expect(&b, test_ca_server(&ca, "DNS:elsewhere.test,DNS:127.0.0.1", false), "127.0.0.1",
                 "-||TLS: certificate is not accepted: IP address mismatch");
    fetch_expect(&b, test_ca_server(&ca, NAMES, true), "localhost",
                 "-||TLS: certificate is not accepted: certificate has expired");
    bench_close(&b);
    bench_open(&b);
    fetch_expect(&b, test_ca_server(&ca, NAMES, false), "localhost",
                 "-||TLS: certificate is not accepted: unable to get local issuer certificate");
    bench_close(&b);
}

static void a_server_that_does_not_speak_tls_is_said(void **state)
{
    (void)state;
    static const struct peer_answer plain = {"HTTP/1.1 400 Bad Request\r\n\r\n", 0, 0, PEER_CLOSE};
    static const struct peer_answer nothing = {"", 0, 0, PEER_CLOSE};
    struct bench b;
    struct peer peer;
    struct fetch f = {0};
    bench_open_trusting(&b, NULL);
    peer_open(&peer, &b.loop, &plain, 1);
    peer.early = true;
    fetch_get(&f, &b, "https", "localhost", peer.port, "/");
    fetch_check(&f, "-||TLS: wrong version number", "plain");
    fetch_free(&f);
    peer_close(&peer);
    peer_open(&peer, &b.loop, &nothing, 1);
    peer.early = true;
    fetch_get(&f, &b, "https", "localhost", peer.port, "/");
    assert_false(f.complete); /* an end or a reset, as the kernels see it */
    fetch_free(&f);
    peer_close(&peer);
    bench_close(&b);
}

static void old_versions_are_refused(void **state)
{
    (void)state;
    struct bench b;
    SSL_CTX *tls = test_ca_server(&ca, NAMES, false);
    SSL_CTX_set_min_proto_version(tls, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(tls, TLS1_1_VERSION);
    bench_open_trusting(&b, NULL);
    struct peer peer;
    struct fetch f = {0};
    peer_open(&peer, &b.loop, NULL, 0);
    peer.tls = tls;
    fetch_get(&f, &b, "https", "localhost", peer.port, "/");
    assert_false(f.complete);
    assert_non_null(strstr(str_text(&f.message), "TLS: "));
    fetch_free(&f);
    peer_close(&peer);
    bench_close(&b);
}

static void a_handshake_that_hangs_is_left(void **state)
{
    (void)state;
    struct bench b;
    struct peer peer;
    struct fetch f = {0};
    struct str url = {0};
    bench_open_trusting(&b, NULL);
    peer_open(&peer, &b.loop, NULL, 0);
    peer.deaf = true;
    str_append_format(&url, "https://localhost:%u/", peer.port);
    struct http_exchange_request request = {
        .method = "GET", .url = str_view(&url), .tls_timeout_ms = 60};
    fetch_start(&f, &b, &request);
    fetch_wait(&f, &b);
    fetch_check(&f, "-||TLS handshake timeout", "deaf");
    fetch_free(&f);
    peer_close(&peer);
    bench_close(&b);
    str_free(&url);
}

/* ---- certificates of ours ---- */

static SSL_CTX *server_that_asks(void)
{
    SSL_CTX *tls = test_ca_server(&ca, NAMES, false);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(tls), ca.certificate);
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return tls;
}

static void a_client_certificate_is_shown(void **state)
{
    (void)state;
    static const struct peer_answer answer = {OK_ANSWER};
    char identity[40];
    struct bench b;
    struct peer peer;
    struct fetch f = {0};
    test_ca_client_file(&ca, identity);
    struct client_trust_settings trust = {.only_ca_file = ca.path,
                                          .certificate_file = identity,
                                          .key_file = identity,
                                          .subject = "Consul"};
    struct http_client_settings settings = {.user_agent = "tester/1", .trust = &trust};
    bench_open_with(&b, &settings);
    peer_open(&peer, &b.loop, &answer, 1);
    peer.tls = server_that_asks();
    fetch_get(&f, &b, "https", "localhost", peer.port, "/");
    fetch_check(&f, "200|hello|EOF", "with a certificate");
    fetch_free(&f);
    peer_close(&peer);
    bench_close(&b);
    bench_open_trusting(&b, NULL);
    peer_open(&peer, &b.loop, &answer, 1);
    peer.tls = server_that_asks();
    fetch_get(&f, &b, "https", "localhost", peer.port, "/");
    assert_false(f.complete);
    assert_non_null(strstr(str_text(&f.message), "certificate required"));
    fetch_free(&f);
    peer_close(&peer);
    bench_close(&b);
    unlink(identity);
}

static void unusable_settings_are_refused(void **state)
{
    (void)state;
    char empty[] = "/tmp/flagrelay-empty-XXXXXX";
    int file = mkstemp(empty);
    const char *const missing_file[] = {"/nowhere/ca.pem", NULL};
    const char *const empty_file[] = {ca.path, empty, NULL};
    const struct {
        struct http_client_settings settings;
        const char *problem;
    } bad[] = {
        {{.ca_files = missing_file},
         "can't read CA certificate file: open /nowhere/ca.pem: no such file or directory"},
        {{.ca_files = empty_file}, "invalid CA certificate data"},
        {{.proxy_url = "socks5://proxy:1080"},
         "Proxy url: URL with scheme \"socks5\"; use http or https"},
        {{.proxy_url = "http://"},
         "Proxy url: URL without a usable host name; expected http://host or https://host"},
    };
    uv_loop_t loop;
    uv_loop_init(&loop);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct http_client_settings settings = bad[i].settings;
        struct http_client *c = NULL;
        struct error err;
        settings.user_agent = "tester/1";
        assert_false(http_client_open(&settings, &loop, clock_system(), &c, &err));
        assert_null(c);
        assert_string_equal(err.text, bad[i].problem);
    }
    assert_int_equal(uv_loop_close(&loop), 0);
    close(file);
    unlink(empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_added_authority_is_trusted),
        cmocka_unit_test(a_session_is_resumed),
        cmocka_unit_test(a_body_up_to_the_end_needs_a_good_bye),
        cmocka_unit_test(a_certificate_that_is_not_right_is_refused),
        cmocka_unit_test(a_server_that_does_not_speak_tls_is_said),
        cmocka_unit_test(old_versions_are_refused),
        cmocka_unit_test(a_handshake_that_hangs_is_left),
        cmocka_unit_test(a_client_certificate_is_shown),
        cmocka_unit_test(unusable_settings_are_refused),
    };
    return cmocka_run_group_tests(tests, authorities_open, authorities_close);
}
