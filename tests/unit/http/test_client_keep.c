/* Connections that are kept for the next request. */
#include "test_client_bench.h"

#define HELLO "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
#define IDLE_MS 90000

static struct peer_answer many[64];

static int answers_fill(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(many); i++)
        many[i] = (struct peer_answer){HELLO, 0, 0, PEER_KEEP};
    return 0;
}

static void get(struct bench *b, const struct peer *peer, const char *expected)
{
    struct fetch f = {0};
    fetch_get(&f, b, "http", "127.0.0.1", peer->port, "/");
    fetch_check(&f, expected, "kept");
    fetch_free(&f);
}

static void turn_some(struct bench *b)
{
    for (int i = 0; i < 5; i++)
        uv_run(&b->loop, UV_RUN_NOWAIT);
}

static void one_connection_serves_one_request_after_the_other(void **state)
{
    (void)state;
    struct bench b;
    struct peer peer;
    bench_open(&b);
    peer_open(&peer, &b.loop, many, ARRAY_LEN(many));
    for (int i = 0; i < 20; i++)
        get(&b, &peer, "200|hello|EOF");
    assert_int_equal(peer.accepted, 1);
    peer_close(&peer);
    bench_close(&b);
}

/* After each of these the connection cannot be used again. */
static void a_connection_is_kept_only_when_it_can_be(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned accepted; /* after a second request */
    } rows[] = {
        {HELLO, 1},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 1},
        {"HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello", 1},
        {"HTTP/1.0 200 OK\r\nConnection: x, Keep-Alive\r\nContent-Length: 5\r\n\r\nhello", 1},
        {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", 2},
        {"HTTP/1.1 200 OK\r\nConnection: x , CLOSE\r\nContent-Length: 5\r\n\r\nhello", 2},
        {"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", 2},
        {HELLO "more", 2},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\nmore", 2},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: "
         "9\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
         2},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct peer_answer answers[] = {{rows[i].text, 0, 0, PEER_KEEP}, {HELLO, 0, 0, PEER_KEEP}};
        struct bench b;
        struct peer peer;
        bench_open(&b);
        peer_open(&peer, &b.loop, answers, ARRAY_LEN(answers));
        get(&b, &peer, "200|hello|EOF");
        get(&b, &peer, "200|hello|EOF");
        if (peer.accepted != rows[i].accepted)
            fail_msg("%s: %u connections", rows[i].text, peer.accepted);
        peer_close(&peer);
        bench_close(&b);
    }
}

/* Streams neither take a connection from the others nor leave one behind. */
static void an_own_connection_is_new_and_not_kept(void **state)
{
    (void)state;
    struct bench b;
    struct peer peer;
    struct str url = {0};
    bench_open(&b);
    peer_open(&peer, &b.loop, many, ARRAY_LEN(many));
    get(&b, &peer, "200|hello|EOF");
    str_append_format(&url, "http://127.0.0.1:%u/", peer.port);
    struct http_exchange_request request = {
        .method = "GET", .url = str_view(&url), .own_connection = true};
    for (unsigned accepted = 2; accepted < 4; accepted++) {
        struct fetch f = {0};
        fetch_start(&f, &b, &request);
        fetch_wait(&f, &b);
        fetch_check(&f, "200|hello|EOF", "own");
        assert_int_equal(peer.accepted, accepted);
        fetch_free(&f);
    }
    get(&b, &peer, "200|hello|EOF");
    assert_int_equal(peer.accepted, 3);
    peer_close(&peer);
    bench_close(&b);
    str_free(&url);
}

/* An idle connection that ends, or on which somebody talks, is let go at once. */
static void an_idle_connection_that_moves_is_given_up(void **state)
{
    (void)state;
    struct bench b;
    struct peer peer;
    bench_open(&b);
    peer_open(&peer, &b.loop, many, ARRAY_LEN(many));
    get(&b, &peer, "200|hello|EOF");
    peer_drop_all(&peer);
    turn_some(&b);
    get(&b, &peer, "200|hello|EOF");
    assert_int_equal(peer.accepted, 2);
    peer_send(CONTAINER_OF(peer.connections.next, struct peer_connection, node), 0,
              VIEW_LITERAL("HTTP/1.1 408 Too Late\r\n\r\n"));
    turn_some(&b);
    get(&b, &peer, "200|hello|EOF");
    assert_int_equal(peer.accepted, 3);
    peer_close(&peer);
    bench_close(&b);
}

/* The server closes just when the next request is on its way. */
static void a_request_on_a_dead_connection_is_sent_once_more(void **state)
{
    (void)state;
    static const enum peer_then ends[] = {PEER_CLOSE, PEER_RESET};
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        const struct peer_answer answers[] = {
            {HELLO, 0, 0, PEER_KEEP},
            {"", 0, 0, ends[i]},
            {"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"}};
        struct bench b;
        struct peer peer;
        struct fetch f = {0};
        struct str url = {0};
        bench_open(&b);
        peer_open(&peer, &b.loop, answers, ARRAY_LEN(answers));
        get(&b, &peer, "200|hello|EOF");
        str_append_format(&url, "http://127.0.0.1:%u/", peer.port);
        struct buf *body = buf_copy(VIEW_LITERAL("once more"));
        struct http_exchange_request request = {
            .method = "POST", .url = str_view(&url), .body = body};
        fetch_start(&f, &b, &request);
        buf_unref(body);
        fetch_wait(&f, &b);
        fetch_check(&f, "201||EOF", "repeated");
        assert_int_equal(peer.accepted, 2);
        assert_memory_equal(peer.requests.data + peer.requests.len - 9, "once more", 9);
        fetch_free(&f);
        peer_close(&peer);
        bench_close(&b);
        str_free(&url);
    }
}

static void but_not_twice_and_not_after_a_byte(void **state)
{
    (void)state;
    static const struct peer_answer twice[] = {
        {HELLO, 0, 0, PEER_KEEP}, {"", 0, 0, PEER_CLOSE}, {"", 0, 0, PEER_CLOSE}, {HELLO}};
    static const struct peer_answer after_a_byte[] = {
        {HELLO, 0, 0, PEER_KEEP}, {"H", 0, 0, PEER_CLOSE}, {HELLO}};
    struct bench b;
    struct peer peer;
    bench_open(&b);
    peer_open(&peer, &b.loop, twice, ARRAY_LEN(twice));
    get(&b, &peer, "200|hello|EOF");
    get(&b, &peer, "-||EOF");
    assert_int_equal(peer.accepted, 2);
    peer_close(&peer);
    peer_open(&peer, &b.loop, after_a_byte, ARRAY_LEN(after_a_byte));
    get(&b, &peer, "200|hello|EOF");
    get(&b, &peer, "-||unexpected EOF");
    assert_int_equal(peer.accepted, 1);
    peer_close(&peer);
    bench_close(&b);
}

/* A slow answer is no dead connection. */
static void a_request_that_is_late_is_not_repeated(void **state)
{
    (void)state;
    struct bench b;
    struct peer peer;
    struct fetch f = {0};
    struct str url = {0};
    bench_open(&b);
    peer_open(&peer, &b.loop, many, 1);
    get(&b, &peer, "200|hello|EOF");
    str_append_format(&url, "http://127.0.0.1:%u/", peer.port);
    struct http_exchange_request request = {
        .method = "GET", .url = str_view(&url), .head_timeout_ms = 60};
    fetch_start(&f, &b, &request);
    fetch_wait(&f, &b);
    fetch_check(&f, "-||timeout while waiting for the answer", "late");
    assert_int_equal(peer.accepted, 1);
    fetch_free(&f);
    peer_close(&peer);
    bench_close(&b);
    str_free(&url);
}

static size_t open_connections(const struct peer *peer)
{
    size_t count = 0;
    LIST_EACH (node, &peer->connections)
        count++;
    return count;
}

static void at_most_four_are_kept_and_not_for_long(void **state)
{
    (void)state;
    struct bench b;
    struct peer peer;
    struct fetch fetches[7] = {0};
    struct str url = {0};
    bench_open(&b);
    peer_open(&peer, &b.loop, many, ARRAY_LEN(many));
    str_append_format(&url, "http://127.0.0.1:%u/", peer.port);
    struct http_exchange_request request = {.method = "GET", .url = str_view(&url)};
    for (size_t i = 0; i < ARRAY_LEN(fetches); i++)
        fetch_start(&fetches[i], &b, &request);
    for (size_t i = 0; i < ARRAY_LEN(fetches); i++) {
        fetch_wait(&fetches[i], &b);
        fetch_free(&fetches[i]);
    }
    assert_int_equal(peer.accepted, 7);
    turn_some(&b);
    assert_int_equal(open_connections(&peer), 4);
    fake_clock_advance(&b.clock, IDLE_MS - 1);
    get(&b, &peer, "200|hello|EOF");
    assert_int_equal(peer.accepted, 7);
    fake_clock_advance(&b.clock, 1);
    get(&b, &peer, "200|hello|EOF"); /* the clock is looked at when one is put back */
    for (int i = 0; i < 100 && open_connections(&peer) > 1; i++)
        uv_run(&b.loop, UV_RUN_ONCE);
    assert_int_equal(open_connections(&peer), 1);
    assert_int_equal(peer.accepted, 7);
    peer_close(&peer);
    bench_close(&b);
    str_free(&url);
}

/* Other hosts do not get this one's connection, and 64 are enough for all of them. */
static void every_server_has_its_own(void **state)
{
    (void)state;
    struct bench b;
    struct peer peers[66];
    size_t open = 0;
    bench_open(&b);
    for (size_t i = 0; i < ARRAY_LEN(peers); i++)
        peer_open(&peers[i], &b.loop, many, ARRAY_LEN(many));
    for (size_t i = 0; i < ARRAY_LEN(peers); i++)
        get(&b, &peers[i], "200|hello|EOF");
    turn_some(&b);
    for (size_t i = 0; i < ARRAY_LEN(peers); i++) {
        assert_int_equal(peers[i].accepted, 1);
        open += open_connections(&peers[i]);
    }
    assert_int_equal(open, 64);
    assert_int_equal(open_connections(&peers[0]), 0);
    assert_int_equal(open_connections(&peers[1]), 0);
    for (size_t i = 0; i < ARRAY_LEN(peers); i++)
        peer_close(&peers[i]);
    bench_close(&b);
}

/* A program with nothing else to do may end. */
static void idle_connections_do_not_keep_the_loop_running(void **state)
{
    (void)state;
    struct bench b;
    struct peer peer;
    bench_open(&b);
    peer_open(&peer, &b.loop, many, ARRAY_LEN(many));
    get(&b, &peer, "200|hello|EOF");
    uv_unref((uv_handle_t *)&peer.listener);
    uv_unref(
        (uv_handle_t *)&CONTAINER_OF(peer.connections.next, struct peer_connection, node)->tcp);
    uv_run(&b.loop, UV_RUN_DEFAULT);
    assert_false(b.late);
    assert_int_equal(open_connections(&peer), 1);
    peer_close(&peer);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_connection_serves_one_request_after_the_other),
        cmocka_unit_test(a_connection_is_kept_only_when_it_can_be),
        cmocka_unit_test(an_own_connection_is_new_and_not_kept),
        cmocka_unit_test(an_idle_connection_that_moves_is_given_up),
        cmocka_unit_test(a_request_on_a_dead_connection_is_sent_once_more),
        cmocka_unit_test(but_not_twice_and_not_after_a_byte),
        cmocka_unit_test(a_request_that_is_late_is_not_repeated),
        cmocka_unit_test(at_most_four_are_kept_and_not_for_long),
        cmocka_unit_test(every_server_has_its_own),
        cmocka_unit_test(idle_connections_do_not_keep_the_loop_running),
    };
    return cmocka_run_group_tests(tests, answers_fill, NULL);
}
