/* Requests through proxies, and TLS behind them: configuration.md 11. */
#include "test_client_bench.h"
#include "test_client_ca.h"

#define NAMES "DNS:localhost,DNS:target.test,IP:127.0.0.1"
#define OK_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
#define ESTABLISHED "HTTP/1.1 200 Connection established\r\n\r\n"

static struct test_ca ca;

static int authority_open(void **state)
{
    (void)state;
    test_ca_open(&ca, "test authority");
    return 0;
}

static int authority_close(void **state)
{
    (void)state;
    test_ca_close(&ca);
    return 0;
}

/* A client whose proxy is `peer`, at "<scheme>[user@]127.0.0.1:port". */
static void proxy_open(struct bench *b, struct peer *peer, const char *scheme,
                       const struct peer_answer *answers, size_t count)
{
    struct str url = {0};
    const char *const files[] = {ca.path, NULL};
    bench_loop_open(b);
    peer_open(peer, &b->loop, answers, count);
    if (strncmp(scheme, "https", 5) == 0)
        peer->tls = test_ca_server(&ca, NAMES, false);
    peer->inner_tls = test_ca_server(&ca, NAMES, false);
    str_append_format(&url, "%s127.0.0.1:%u", scheme, peer->port);
    struct http_client_settings settings = {
        .user_agent = "tester/1", .ca_files = files, .proxy_url = str_text(&url)};
    bench_client_open(b, &settings);
    str_free(&url);
}

static const struct {
    const char *scheme; /* of the proxy */
    const char *target;
    const char *sent; /* all that the proxy and the server saw */
} through[] = {
    {"http://", "http://target.test/a?b",
     "GET http://target.test/a?b HTTP/1.1\r\nHost: target.test\r\nUser-Agent: tester/1\r\n"
     "Accept-Encoding: gzip\r\n\r\n"},
    {"http://u%40x:p%3Aw@", "http://target.test:8080/",
     "GET http://target.test:8080/ HTTP/1.1\r\nHost: target.test:8080\r\nUser-Agent: tester/1\r\n"
     "Proxy-Authorization: Basic dUB4OnA6dw==\r\nAccept-Encoding: gzip\r\n\r\n"},
    {"https://", "http://[fe80::1]/",
     "GET http://[fe80::1]/ HTTP/1.1\r\nHost: [fe80::1]\r\nUser-Agent: tester/1\r\n"
     "Accept-Encoding: gzip\r\n\r\n"},
    {"http://", "https://target.test/a",
     "CONNECT target.test:443 HTTP/1.1\r\nHost: target.test:443\r\nUser-Agent: tester/1\r\n\r\n"
     "GET /a HTTP/1.1\r\nHost: target.test\r\nUser-Agent: tester/1\r\nAccept-Encoding: "
     "gzip\r\n\r\n"},
    {"http://u:p@", "https://target.test:8443/",
     "CONNECT target.test:8443 HTTP/1.1\r\nHost: target.test:8443\r\nUser-Agent: tester/1\r\n"
     "Proxy-Authorization: Basic dTpw\r\n\r\n"
     "GET / HTTP/1.1\r\nHost: target.test:8443\r\nUser-Agent: tester/1\r\nAccept-Encoding: "
     "gzip\r\n\r\n"},
    {"https://u:p@", "https://target.test/",
     "CONNECT target.test:443 HTTP/1.1\r\nHost: target.test:443\r\nUser-Agent: tester/1\r\n"
     "Proxy-Authorization: Basic dTpw\r\n\r\n"
     "GET / HTTP/1.1\r\nHost: target.test\r\nUser-Agent: tester/1\r\nAccept-Encoding: "
     "gzip\r\n\r\n"},
};

static void proxies_are_asked_in_their_form(void **state)
{
    (void)state;
    static const size_t cuts[] = {0, 1};
    for (size_t i = 0; i < 2 * ARRAY_LEN(through); i++) {
        size_t row = i / 2;
        size_t cut = cuts[i % 2];
        bool tunnel = strncmp(through[row].target, "https", 5) == 0;
        struct peer_answer answers[] = {{ESTABLISHED, 0, cut, PEER_TLS},
                                        {OK_ANSWER, 0, cut, PEER_KEEP}};
        struct bench b;
        struct peer peer;
        struct fetch f = {0};
        proxy_open(&b, &peer, through[row].scheme, tunnel ? answers : answers + 1, tunnel ? 2 : 1);
        struct http_exchange_request request = {.method = "GET",
                                                .url = view_of(through[row].target)};
        fetch_start(&f, &b, &request);
        fetch_wait(&f, &b);
        fetch_check(&f, "200|hello|EOF", through[row].target);
        assert_string_equal(str_text(&peer.requests), through[row].sent);
        fetch_free(&f);
        peer_close(&peer);
        bench_close(&b);
    }
}

static const struct {
    const char *why;
    struct peer_answer answer;
    const char *expected;
} proxy_answers[] = {
    {"407",
     {"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"},
     "-||the proxy refused the connection: HTTP status 407 Proxy Authentication Required"},
    {"503",
     {"HTTP/1.1 503 Nobody There\r\n\r\nsorry"},
     "-||the proxy refused the connection: HTTP status 503 Nobody There"},
    {"302",
     {"HTTP/1.1 302 Found\r\nLocation: https://elsewhere.test/\r\n\r\n"},
     "-||the proxy refused the connection: HTTP status 302 Found"},
    {"no HTTP", {"hello\r\n\r\n"}, "-||malformed HTTP status line"},
    {"an end", {"", 0, 0, PEER_CLOSE}, "-||EOF"},
    {"half a head", {"HTTP/1.1 200 OK\r\n", 0, 0, PEER_CLOSE}, "-||EOF"},
    {"a reset", {"", 0, 0, PEER_RESET}, "-||connection reset by peer"},
    {"it goes on talking", {ESTABLISHED "hello"}, "-||the proxy spoke before the server was asked"},
    {"an interim answer first",
     {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 502 Bad\r\n\r\n"},
     "-||the proxy refused the connection: HTTP status 502 Bad"},
    {"silence", {"HTTP/1.1 200 OK\r\n"}, "-||timeout while waiting for the proxy's answer"},
};

static void a_proxy_that_refuses_is_said(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(proxy_answers); i++) {
        struct bench b;
        struct peer peer;
        struct fetch f = {0};
        bool silent = strcmp(proxy_answers[i].why, "silence") == 0;
        proxy_open(&b, &peer, silent || i % 2 == 0 ? "http://" : "https://",
                   &proxy_answers[i].answer, 1);
        struct http_exchange_request request = {.method = "GET",
                                                .url = VIEW_LITERAL("https://target.test/"),
                                                .tls_timeout_ms = silent ? 60 : 0};
        fetch_start(&f, &b, &request);
        fetch_wait(&f, &b);
        fetch_check(&f, proxy_answers[i].expected, proxy_answers[i].why);
        fetch_free(&f);
        peer_close(&peer);
        bench_close(&b);
    }
}

/* Behind the proxy the server's certificate counts, not the proxy's. */
static void the_server_behind_a_proxy_is_checked(void **state)
{
    (void)state;
    static const struct peer_answer answer = {ESTABLISHED, 0, 0, PEER_TLS};
    static const char *const schemes[] = {"http://", "https://"};
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++) {
        struct bench b;
        struct peer peer;
        struct fetch f = {0};
        proxy_open(&b, &peer, schemes[i], &answer, 1);
        struct http_exchange_request request = {.method = "GET",
                                                .url = VIEW_LITERAL("https://elsewhere.test/")};
        fetch_start(&f, &b, &request);
        fetch_wait(&f, &b);
        fetch_check(&f, "-||TLS: certificate is not accepted: hostname mismatch", schemes[i]);
        fetch_free(&f);
        peer_close(&peer);
        bench_close(&b);
    }
}

/* The deepest way: TLS to the proxy, CONNECT, TLS to the server. */
static void a_tunnel_can_be_cancelled_after_any_turn(void **state)
{
    (void)state;
    static const struct peer_answer answers[] = {{ESTABLISHED, 0, 9, PEER_TLS},
                                                 {OK_ANSWER, 0, 9, PEER_CLOSE}};
    bool over = false;
    for (int turns = 0; !over; turns++) {
        struct bench b;
        struct peer peer;
        struct fetch f = {0};
        proxy_open(&b, &peer, "https://", answers, ARRAY_LEN(answers));
        struct http_exchange_request request = {.method = "GET",
                                                .url = VIEW_LITERAL("https://target.test/")};
        fetch_start(&f, &b, &request);
        for (int i = 0; i < turns && !f.ended; i++)
            uv_run(&b.loop, UV_RUN_ONCE);
        over = f.ended;
        if (!over)
            http_exchange_cancel(f.exchange);
        fetch_wait(&f, &b);
        assert_string_equal(str_text(&f.message), over ? "EOF" : "cancelled");
        fetch_free(&f);
        peer_close(&peer);
        bench_close(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proxies_are_asked_in_their_form),
        cmocka_unit_test(a_proxy_that_refuses_is_said),
        cmocka_unit_test(the_server_behind_a_proxy_is_checked),
        cmocka_unit_test(a_tunnel_can_be_cancelled_after_any_turn),
    };
    return cmocka_run_group_tests(tests, authority_open, authority_close);
}
