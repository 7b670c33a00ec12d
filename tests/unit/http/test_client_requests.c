/* Requests in plain HTTP/1.1, to the byte: streaming.md 3.2. */
#include "test_client_bench.h"

static const struct {
    const char *why;
    const char *method;
    const char *body; /* NULL: none */
    struct http_client_header headers[3];
    const char *path;
    const char *sent; /* "%u" for the port */
} requests[] = {
    {"GET",
     "GET",
     NULL,
     {{NULL, {0}}},
     "/a?b=c#d",
     "GET /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUser-Agent: tester/1\r\nAccept-Encoding: "
     "gzip\r\n\r\n"},
    {"no path",
     "GET",
     NULL,
     {{NULL, {0}}},
     "",
     "GET / HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUser-Agent: tester/1\r\nAccept-Encoding: "
     "gzip\r\n\r\n"},
    {"headers",
     "GET",
     NULL,
     {{"Authorization", VIEW_LITERAL("sdk-1")},
      {"Accept", VIEW_LITERAL("text/event-stream")},
      {NULL, {0}}},
     "/",
     "GET / HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUser-Agent: tester/1\r\nAccept: text/event-stream\r\n"
     "Authorization: sdk-1\r\nAccept-Encoding: gzip\r\n\r\n"},
    {"the caller's own",
     "GET",
     NULL,
     {{"user-agent", VIEW_LITERAL("x")},
      {"Accept-encoding", VIEW_LITERAL("identity")},
      {NULL, {0}}},
     "/",
     "GET / HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nuser-agent: x\r\nAccept-encoding: identity\r\n\r\n"},
    {"POST",
     "POST",
     "hello",
     {{"Content-Type", VIEW_LITERAL("text/plain")}, {NULL, {0}}},
     "/",
     "POST / HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUser-Agent: tester/1\r\nContent-Type: text/plain\r\n"
     "Accept-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello"},
    {"POST of nothing",
     "POST",
     NULL,
     {{NULL, {0}}},
     "/",
     "POST / HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUser-Agent: tester/1\r\nAccept-Encoding: gzip\r\n"
     "Content-Length: 0\r\n\r\n"},
    {"PUT",
     "PUT",
     "",
     {{NULL, {0}}},
     "/",
     "PUT / HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUser-Agent: tester/1\r\nAccept-Encoding: gzip\r\n"
     "Content-Length: 0\r\n\r\n"},
    {"any method",
     "REPORT",
     "x",
     {{NULL, {0}}},
     "/",
     "REPORT / HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUser-Agent: tester/1\r\nAccept-Encoding: gzip\r\n"
     "Content-Length: 1\r\n\r\nx"},
    {"DELETE",
     "DELETE",
     NULL,
     {{NULL, {0}}},
     "/",
     "DELETE / HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nUser-Agent: tester/1\r\nAccept-Encoding: "
     "gzip\r\n\r\n"},
};

static void requests_are_written_as_they_should_be(void **state)
{
    (void)state;
    static const struct peer_answer answer = {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};
    struct bench b;
    bench_open(&b);
    for (size_t i = 0; i < ARRAY_LEN(requests); i++) {
        struct peer peer;
        struct fetch f = {0};
        struct str url = {0};
        struct str sent = {0};
        size_t headers = 0;
        while (requests[i].headers[headers].name != NULL)
            headers++;
        peer_open(&peer, &b.loop, &answer, 1);
        str_append_format(&url, "http://127.0.0.1:%u%s", peer.port, requests[i].path);
        struct buf *body = requests[i].body != NULL ? buf_copy(view_of(requests[i].body)) : NULL;
        struct http_exchange_request request = {.method = requests[i].method,
                                                .url = str_view(&url),
                                                .headers = requests[i].headers,
                                                .header_count = headers,
                                                .body = body};
        fetch_start(&f, &b, &request);
        buf_unref(body);
        fetch_wait(&f, &b);
        fetch_check(&f, "200||EOF", requests[i].why);
        const char *port = strstr(requests[i].sent, "%u");
        str_append(&sent, view_make(requests[i].sent, (size_t)(port - requests[i].sent)));
        str_append_int(&sent, peer.port);
        str_append_text(&sent, port + 2);
        if (strcmp(str_text(&peer.requests), str_text(&sent)) != 0)
            fail_msg("%s: %s", requests[i].why, str_text(&peer.requests));
        fetch_free(&f);
        peer_close(&peer);
        str_free(&url);
        str_free(&sent);
    }
    bench_close(&b);
}

static const struct {
    const char *method;
    const char *url;
    struct http_client_header header;
    const char *problem;
} refused[] = {
    {"GET", "ftp://host/", {"A", VIEW_LITERAL("b")}, "URL with scheme \"ftp\"; use http or https"},
    {"GET",
     "http://ho st/",
     {"A", VIEW_LITERAL("b")},
     "URL with a blank or control character in it; write it as %XX"},
    {"GET",
     "http://host/",
     {"A", VIEW_LITERAL("b\r\nC: d")},
     "the value of header A has a control character in it"},
    {"GET",
     "http://host/",
     {"A: b\r\nC", VIEW_LITERAL("d")},
     "\"A: b\r\nC\" cannot be the name of a header"},
    {"GET", "http://host/", {"", VIEW_LITERAL("d")}, "\"\" cannot be the name of a header"},
    {"GET /x HTTP/1.1\r\n",
     "http://host/",
     {"A", VIEW_LITERAL("b")},
     "\"GET /x HTTP/1.1\r\n\" cannot be a method"},
};

static void what_could_break_out_of_its_line_is_refused(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
        struct http_exchange *x = NULL;
        struct fetch f = {0};
        struct error err;
        struct http_exchange_request request = {.method = refused[i].method,
                                                .url = view_of(refused[i].url),
                                                .headers = &refused[i].header,
                                                .header_count = 1};
        assert_false(http_exchange_start(b.client, &request, &fetch_listener, &f, &x, &err));
        assert_null(x);
        assert_string_equal(err.text, refused[i].problem);
    }
    bench_close(&b);
}

/* 5 MB through a peer that reads in its own time; the answer comes when all is there. */
static void a_big_body_arrives_whole(void **state)
{
    (void)state;
    static const struct peer_answer answer = {"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"};
    struct bench b;
    struct peer peer;
    struct fetch f = {0};
    struct str url = {0};
    size_t size = 5 << 20;
    bench_open(&b);
    peer_open(&peer, &b.loop, &answer, 1);
    str_append_format(&url, "http://127.0.0.1:%u/", peer.port);
    struct buf *body = buf_new(size);
    for (size_t i = 0; i < size; i++)
        body->data[i] = (char)('a' + i % 26);
    struct http_exchange_request request = {.method = "POST", .url = str_view(&url), .body = body};
    fetch_start(&f, &b, &request);
    fetch_wait(&f, &b);
    fetch_check(&f, "202||EOF", "big body");
    assert_memory_equal(peer.requests.data + peer.requests.len - size, body->data, size);
    buf_unref(body);
    fetch_free(&f);
    peer_close(&peer);
    bench_close(&b);
    str_free(&url);
}

/* A server may answer before it has read all, and hang up. */
static void an_early_answer_to_a_big_body_counts(void **state)
{
    (void)state;
    static const struct peer_answer answer = {
        "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig", 0, 0,
        PEER_KEEP};
    struct bench b;
    struct peer peer;
    struct fetch f = {0};
    struct str url = {0};
    bench_open(&b);
    peer_open(&peer, &b.loop, &answer, 1);
    peer.early = true;
    peer.deaf = true;
    str_append_format(&url, "http://127.0.0.1:%u/", peer.port);
    struct buf *body = buf_new(50 << 20);
    memset(body->data, 'x', body->len);
    struct http_exchange_request request = {.method = "POST", .url = str_view(&url), .body = body};
    fetch_start(&f, &b, &request);
    fetch_wait(&f, &b);
    fetch_check(&f, "413|big|EOF", "early answer");
    buf_unref(body);
    fetch_free(&f);
    peer_close(&peer);
    bench_close(&b);
    str_free(&url);
}

static void an_answer_to_head_has_no_body(void **state)
{
    (void)state;
    static const struct peer_answer answer = {
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\nContent-Encoding: "
        "gzip\r\n\r\n"};
    struct bench b;
    struct peer peer;
    struct fetch f = {0};
    struct str url = {0};
    bench_open(&b);
    peer_open(&peer, &b.loop, &answer, 1);
    str_append_format(&url, "http://127.0.0.1:%u/", peer.port);
    struct http_exchange_request request = {.method = "HEAD", .url = str_view(&url)};
    fetch_start(&f, &b, &request);
    fetch_wait(&f, &b);
    fetch_check(&f, "200 text/plain||EOF", "HEAD");
    fetch_free(&f);
    peer_close(&peer);
    bench_close(&b);
    str_free(&url);
}

static void ipv6_addresses_and_names_are_connected_to(void **state)
{
    (void)state;
    static const struct peer_answer answer = {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};
    struct bench b;
    struct peer peer;
    struct fetch f = {0};
    bench_open(&b);
    if (peer_open_on(&peer, &b.loop, "::1", &answer, 1)) {
        fetch_get(&f, &b, "http", "[::1]", peer.port, "/");
        fetch_check(&f, "200||EOF", "::1");
        assert_non_null(strstr(str_text(&peer.requests), "\r\nHost: [::1]:"));
        fetch_free(&f);
        peer_close(&peer);
    }
    peer_open(&peer, &b.loop, &answer, 1);
    fetch_get(&f, &b, "http", "localhost", peer.port, "/");
    fetch_check(&f, "200||EOF", "localhost, perhaps after a refused ::1");
    fetch_free(&f);
    peer_close(&peer);
    bench_close(&b);
}

static void nobody_there_is_said_with_host_and_port(void **state)
{
    (void)state;
    struct bench b;
    struct peer peer;
    struct fetch f = {0};
    struct str expected = {0};
    bench_open(&b);
    peer_open(&peer, &b.loop, NULL, 0);
    unsigned port = peer.port;
    peer_close(&peer);
    fetch_get(&f, &b, "http", "127.0.0.1", port, "/");
    str_append_format(&expected, "-||connect to 127.0.0.1 port %u: connection refused", port);
    fetch_check(&f, str_text(&expected), "refused");
    fetch_free(&f);
    fetch_get(&f, &b, "http", "nowhere.invalid", 80, "/");
    assert_non_null(strstr(str_text(&f.message), "look up host nowhere.invalid: "));
    fetch_free(&f);
    bench_close(&b);
    str_free(&expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_written_as_they_should_be),
        cmocka_unit_test(what_could_break_out_of_its_line_is_refused),
        cmocka_unit_test(a_big_body_arrives_whole),
        cmocka_unit_test(an_early_answer_to_a_big_body_counts),
        cmocka_unit_test(an_answer_to_head_has_no_body),
        cmocka_unit_test(ipv6_addresses_and_names_are_connected_to),
        cmocka_unit_test(nobody_there_is_said_with_host_and_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
