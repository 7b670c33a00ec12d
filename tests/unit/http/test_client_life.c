/* Redirects, timeouts, and cancelling at any moment: streaming.md 3.2, 3.3. */
#include "test_client_bench.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define EMPTY_OK "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
#define SHORT_MS 60

/* ---- redirects ---- */

/* An answer that redirects to `location`, in which "%u" is the port. */
struct redirect {
    const char *why;
    int status;
    const char *method;
    const char *location;
    const char *line; /* the second request's */
    bool authorized;  /* it still has the header */
    bool body;        /* it still has the body */
};

static const struct redirect redirects[] = {
    {"301", 301, "GET", "/b?c=d", "GET /b?c=d HTTP/1.1", true, false},
    {"302", 302, "GET", "http://127.0.0.1:%u/b", "GET /b HTTP/1.1", true, false},
    {"303", 303, "GET", "b", "GET /dir/b HTTP/1.1", true, false},
    {"307", 307, "GET", "?c", "GET /dir/a?c HTTP/1.1", true, false},
    {"308", 308, "GET", "//127.0.0.1:%u/b#x", "GET /b HTTP/1.1", true, false},
    {"HEAD stays", 301, "HEAD", "/b", "HEAD /b HTTP/1.1", true, false},
    {"POST becomes GET", 301, "POST", "/b", "GET /b HTTP/1.1", true, false},
    {"PUT becomes GET", 303, "PUT", "/b", "GET /b HTTP/1.1", true, false},
    {"POST stays", 307, "POST", "/b", "POST /b HTTP/1.1", true, true},
    {"another host loses the key", 302, "GET", "http://localhost:%u/b", "GET /b HTTP/1.1", false,
     false},
    {"and the body goes with the method", 308, "POST", "http://localhost:%u/b", "POST /b HTTP/1.1",
     false, true},
};

static void check_redirect(struct bench *b, const struct redirect *r)
{
    struct peer peer;
    struct fetch f = {0};
    struct str text = {0};
    struct str url = {0};
    struct peer_answer answers[2] = {{.then = PEER_KEEP}, {EMPTY_OK}};
    peer_open(&peer, &b->loop, answers, 2);
    const char *port = strstr(r->location, "%u");
    str_append_format(&text, "HTTP/1.1 %d Moved\r\nContent-Length: 0\r\nLocation: ", r->status);
    str_append(&text, view_make(r->location,
                                port != NULL ? (size_t)(port - r->location) : strlen(r->location)));
    if (port != NULL)
        str_append_format(&text, "%u%s", peer.port, port + 2);
    str_append_text(&text, "\r\n\r\n");
    answers[0].text = str_text(&text);
    str_append_format(&url, "http://127.0.0.1:%u/dir/a?q", peer.port);
    struct buf *body = r->method[0] == 'P' ? buf_copy(VIEW_LITERAL("hello")) : NULL;
    struct http_client_header headers[] = {{"Authorization", VIEW_LITERAL("sdk-1")},
                                           {"Content-Type", VIEW_LITERAL("text/plain")}};
    struct http_exchange_request request = {.method = r->method,
                                            .url = str_view(&url),
                                            .headers = headers,
                                            .header_count = 2,
                                            .body = body};
    fetch_start(&f, b, &request);
    buf_unref(body);
    fetch_wait(&f, b);
    fetch_check(&f, "200||EOF", r->why);
    const char *second = strstr(str_text(&peer.requests) + 1, r->line);
    assert_non_null(second);
    second = second != NULL ? second : "";
    bool authorized = strstr(second, "\r\nAuthorization: sdk-1\r\n") != NULL;
    bool sent = strstr(second, "\r\nContent-Type: text/plain\r\n") != NULL &&
                strstr(second, "\r\n\r\nhello") != NULL;
    if (authorized != r->authorized || (body != NULL && sent != r->body))
        fail_msg("%s: %s", r->why, second);
    fetch_free(&f);
    peer_close(&peer);
    str_free(&text);
    str_free(&url);
}

static void redirects_are_followed(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b);
    for (size_t i = 0; i < ARRAY_LEN(redirects); i++)
        check_redirect(&b, &redirects[i]);
    bench_close(&b);
}

static void a_redirect_that_leads_nowhere_is_the_answer(void **state)
{
    (void)state;
    static const struct peer_answer answers[] = {
        {"HTTP/1.1 302 Found\r\nContent-Length: 1\r\n\r\nx"},
        {"HTTP/1.1 302 Found\r\nContent-Length: 1\r\nLocation: ftp://x/\r\n\r\nx"},
        {"HTTP/1.1 302 Found\r\nContent-Length: 1\r\nLocation: http://\r\n\r\nx"},
        {"HTTP/1.1 304 Not Modified\r\nLocation: /b\r\n\r\n"},
        {"HTTP/1.1 300 Choose\r\nContent-Length: 1\r\nLocation: /b\r\n\r\nx"},
    };
    static const char *const expected[] = {"302|x|EOF", "302|x|EOF", "302|x|EOF", "304||EOF",
                                           "300|x|EOF"};
    struct bench b;
    bench_open(&b);
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        struct peer peer;
        struct fetch f = {0};
        peer_open(&peer, &b.loop, &answers[i], 1);
        fetch_get(&f, &b, "http", "127.0.0.1", peer.port, "/");
        fetch_check(&f, expected[i], answers[i].text);
        fetch_free(&f);
        peer_close(&peer);
    }
    bench_close(&b);
}

static void ten_redirects_are_enough(void **state)
{
    (void)state;
    struct peer_answer answers[20];
    for (size_t i = 0; i < ARRAY_LEN(answers); i++)
        answers[i] = (struct peer_answer){
            "HTTP/1.1 302 Found\r\nContent-Length: 4\r\nLocation: /again\r\n\r\nloop", 0, 0,
            PEER_KEEP};
    struct bench b;
    struct peer peer;
    struct fetch f = {0};
    bench_open(&b);
    peer_open(&peer, &b.loop, answers, ARRAY_LEN(answers));
    fetch_get(&f, &b, "http", "127.0.0.1", peer.port, "/");
    fetch_check(&f, "302|loop|EOF", "loop");
    assert_int_equal(peer.next, 11);
    fetch_free(&f);
    peer_close(&peer);
    bench_close(&b);
}

/* ---- timeouts ---- */

static void fetch_until_late(struct bench *b, unsigned port, struct http_exchange_request *request,
                             const char *expected)
{
    struct fetch f = {0};
    struct str url = {0};
    str_append_format(&url, "http://127.0.0.1:%u/", port);
    request->method = "GET";
    request->url = str_view(&url);
    uint64_t begin = uv_hrtime();
    fetch_start(&f, b, request);
    fetch_wait(&f, b);
    fetch_check(&f, expected, "timeout");
    assert_true(uv_hrtime() - begin >= (SHORT_MS - 5) * 1000000ull);
    fetch_free(&f);
    str_free(&url);
}

static void a_silent_server_is_left(void **state)
{
    (void)state;
    static const struct peer_answer half = {"HTTP/1.1 200 OK\r\n", 0, 0, PEER_KEEP};
    static const struct peer_answer body = {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", 0,
                                            0, PEER_KEEP};
    struct bench b;
    struct peer peer;
    struct http_exchange_request head = {.head_timeout_ms = SHORT_MS};
    struct http_exchange_request silence = {.silence_timeout_ms = SHORT_MS};
    bench_open(&b);
    peer_open(&peer, &b.loop, NULL, 0);
    fetch_until_late(&b, peer.port, &head, "-||timeout while waiting for the answer");
    peer_close(&peer);
    peer_open(&peer, &b.loop, &half, 1);
    fetch_until_late(&b, peer.port, &head, "-||timeout while waiting for the answer");
    peer_close(&peer);
    peer_open(&peer, &b.loop, &body, 1);
    fetch_until_late(&b, peer.port, &silence, "-200|hello|Read timeout on stream");
    peer_close(&peer);
    bench_close(&b);
}

/* 100 answers of "100 Continue" are no answer. */
static void interim_answers_do_not_move_the_deadline(void **state)
{
    (void)state;
    struct str text = {0};
    struct bench b;
    struct peer peer;
    struct http_exchange_request head = {.head_timeout_ms = SHORT_MS};
    for (int i = 0; i < 200000; i++)
        str_append_text(&text, "HTTP/1.1 100 Continue\r\n\r\n");
    struct peer_answer answer = {text.data, text.len, 100, PEER_KEEP};
    bench_open(&b);
    peer_open(&peer, &b.loop, &answer, 1);
    fetch_until_late(&b, peer.port, &head, "-||timeout while waiting for the answer");
    peer_close(&peer);
    bench_close(&b);
    str_free(&text);
}

/* 8 and 10 of the checklist in small: bytes that come in time keep a body going for longer than the
 * limit of silence. */
static void every_byte_puts_the_silence_off(void **state)
{
    (void)state;
    struct str text = {0};
    struct bench b;
    struct peer peer;
    struct fetch f = {0};
    struct str url = {0};
    str_append_text(&text, "HTTP/1.1 200 OK\r\n\r\n");
    for (int i = 0; i < 20000; i++)
        str_append_text(&text, ":\n");
    struct peer_answer answer = {text.data, text.len, 1, PEER_CLOSE};
    bench_open(&b);
    peer_open(&peer, &b.loop, &answer, 1);
    str_append_format(&url, "http://127.0.0.1:%u/", peer.port);
    struct http_exchange_request request = {
        .method = "GET", .url = str_view(&url), .silence_timeout_ms = 1000};
    fetch_start(&f, &b, &request);
    fetch_wait(&f, &b);
    assert_true(f.complete);
    assert_int_equal(f.body.len, 40000);
    fetch_free(&f);
    peer_close(&peer);
    bench_close(&b);
    str_free(&text);
    str_free(&url);
}

static void note(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

/* Who is busy reads nothing meanwhile, and nothing is late. */
static void a_paused_exchange_reads_nothing_and_is_not_late(void **state)
{
    (void)state;
    static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabcdef";
    struct peer_answer answer = {text, sizeof text - 1, 1, PEER_KEEP};
    struct bench b;
    struct peer peer;
    struct fetch f = {0};
    struct str url = {0};
    uv_timer_t timer;
    bool over = false;
    bench_open(&b);
    peer_open(&peer, &b.loop, &answer, 1);
    str_append_format(&url, "http://127.0.0.1:%u/", peer.port);
    struct http_exchange_request request = {
        .method = "GET", .url = str_view(&url), .silence_timeout_ms = 50};
    fetch_start(&f, &b, &request);
    while (f.body.len == 0 && !b.late)
        uv_run(&b.loop, UV_RUN_ONCE);
    http_exchange_pause(f.exchange);
    http_exchange_pause(f.exchange); /* twice is once */
    uv_timer_init(&b.loop, &timer);
    timer.data = &over;
    uv_timer_start(&timer, note, 150, 0);
    while (!over && !b.late)
        uv_run(&b.loop, UV_RUN_ONCE);
    assert_false(f.ended);
    assert_int_equal(f.body.len, 1);
    http_exchange_resume(f.exchange);
    http_exchange_resume(f.exchange);
    fetch_wait(&f, &b);
    fetch_check(&f, "200|abcdef|EOF", "after the pause");
    fetch_free(&f);
    uv_close((uv_handle_t *)&timer, NULL);
    peer_close(&peer);
    bench_close(&b);
    str_free(&url);
}

/* A listener whose queue is full does not answer at all. */
static void a_connection_that_is_not_taken_is_given_up(void **state)
{
    (void)state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;
    int fillers[4];
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 0), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    for (size_t i = 0; i < ARRAY_LEN(fillers); i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)connect(fillers[i], (struct sockaddr *)&address, sizeof address);
    }
    struct bench b;
    struct http_exchange_request request = {.connect_timeout_ms = SHORT_MS};
    bench_open(&b);
    fetch_until_late(&b, ntohs(address.sin_port), &request, "-||connection timed out");
    bench_close(&b);
    for (size_t i = 0; i < ARRAY_LEN(fillers); i++)
        close(fillers[i]);
    close(listener);
}

/* ---- cancelling ---- */

static void check_cancel(struct fetch *f, struct bench *b)
{
    assert_false(f->ended);
    fetch_wait(f, b);
    assert_false(f->complete);
    assert_string_equal(str_text(&f->message), "cancelled");
    fetch_free(f);
}

/* After each number of turns of the loop, up to the one in which all is over. */
static void an_exchange_can_be_cancelled_after_any_turn(void **state)
{
    (void)state;
    static const struct peer_answer answer = {
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", 0,
        3, PEER_KEEP};
    bool over = false;
    for (int turns = 0; !over; turns++) {
        struct bench b;
        struct peer peer;
        struct fetch f = {0};
        struct str url = {0};
        bench_open(&b);
        peer_open(&peer, &b.loop, &answer, 1);
        str_append_format(&url, "http://%s:%u/", turns % 2 == 0 ? "127.0.0.1" : "localhost",
                          peer.port);
        struct http_exchange_request request = {.method = "GET", .url = str_view(&url)};
        fetch_start(&f, &b, &request);
        for (int i = 0; i < turns && !f.ended; i++)
            uv_run(&b.loop, UV_RUN_ONCE);
        over = f.ended;
        if (!over) {
            http_exchange_cancel(f.exchange);
            http_exchange_cancel(f.exchange);
            check_cancel(&f, &b);
        }
        fetch_free(&f);
        peer_close(&peer);
        bench_close(&b);
        str_free(&url);
    }
}

static void an_exchange_can_be_cancelled_from_its_callbacks(void **state)
{
    (void)state;
    static const struct peer_answer answers[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 0, 1, PEER_KEEP},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        for (int moment = AT_HEAD; moment <= AT_BODY; moment++) {
            struct bench b;
            struct peer peer;
            struct fetch f = {.cancel = (enum fetch_moment)moment};
            bench_open(&b);
            peer_open(&peer, &b.loop, &answers[i], 1);
            fetch_get(&f, &b, "http", "127.0.0.1", peer.port, "/");
            if (f.cancelled)
                assert_false(f.complete);
            fetch_free(&f);
            peer_close(&peer);
            bench_close(&b);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(redirects_are_followed),
        cmocka_unit_test(a_redirect_that_leads_nowhere_is_the_answer),
        cmocka_unit_test(ten_redirects_are_enough),
        cmocka_unit_test(a_silent_server_is_left),
        cmocka_unit_test(interim_answers_do_not_move_the_deadline),
        cmocka_unit_test(every_byte_puts_the_silence_off),
        cmocka_unit_test(a_paused_exchange_reads_nothing_and_is_not_late),
        cmocka_unit_test(a_connection_that_is_not_taken_is_given_up),
        cmocka_unit_test(an_exchange_can_be_cancelled_after_any_turn),
        cmocka_unit_test(an_exchange_can_be_cancelled_from_its_callbacks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
