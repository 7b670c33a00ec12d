/* Limits and patience of the server (configuration.md 17.7, http-api.md 10.4). */
#include "server_support.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define GET_HELLO "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"

static _Atomic unsigned warnings; /* logged on serving threads */

static void count_warnings(enum log_level level, struct view line, void *arg)
{
    (void)arg;
    if (level == LOG_WARN && strstr(line.data, "Refusing connections") != NULL)
        warnings++;
}

static int hello(const struct test_server *s)
{
    int fd = test_connect(s);
    test_send(fd, GET_HELLO);
    test_expect(fd, HELLO_ANSWER);
    return fd;
}

static int64_t refused(const struct test_server *s)
{
    struct http_counts counts;
    http_server_counts(s->http, &counts);
    return counts.refused_over_limit;
}

/* ---- numbers -------------------------------------------------------------------------------- */

static void a_connection_over_the_limit_is_closed_at_once(void **state)
{
    (void)state;
    struct http_server_settings settings = test_settings();
    settings.max_connections = 2;
    struct test_server *s = test_server_open(&settings);
    warnings = 0;
    log_capture(count_warnings, NULL);
    int first = hello(s);
    int second = hello(s);
    for (int i = 0; i < 5; i++) {
        int third = test_connect(s);
        test_expect_end(third);
        (void)close(third);
    }
    log_capture(NULL, NULL);
    assert_int_equal(refused(s), 5);
    assert_int_equal(warnings, 1); /* at most one a minute */
    test_send(first, GET_HELLO);   /* the others are not disturbed */
    test_expect(first, HELLO_ANSWER);
    (void)close(first);
    (void)close(second);
    test_server_close(s, 0, 5000);
}

static void a_place_is_free_again_when_a_connection_ends(void **state)
{
    (void)state;
    struct http_server_settings settings = test_settings();
    settings.max_connections = 1;
    struct test_server *s = test_server_open(&settings);
    for (int i = 0; i < 20; i++) {
        int fd = test_connect(s);
        test_send(fd, "GET /hello HTTP/1.0\r\n\r\n");
        struct str answer = {0};
        test_read_all(fd, &answer);
        assert_true(view_starts(str_view(&answer), "HTTP/1.0 200"));
        str_free(&answer);
        (void)close(fd);
        struct http_counts counts;
        do
            http_server_counts(s->http, &counts);
        while (counts.connections != 0);
    }
    test_server_close(s, 0, 5000);
}

static void one_address_cannot_take_all_connections(void **state)
{
    (void)state;
    struct http_server_settings settings = test_settings();
    settings.max_connections_per_address = 2;
    struct test_server *s = test_server_open(&settings);
    log_capture(count_warnings, NULL);
    int first = hello(s);
    int second = hello(s);
    int third = test_connect(s);
    test_expect_end(third);
    (void)close(third);
    assert_int_equal(refused(s), 1);
    (void)close(first);
    struct http_counts counts;
    do
        http_server_counts(s->http, &counts);
    while (counts.connections != 1);
    first = hello(s);
    log_capture(NULL, NULL);
    (void)close(first);
    (void)close(second);
    test_server_close(s, 0, 5000);
}

/* No descriptor is left for the connection: it is closed all the same, and serving goes on. */
static void without_a_descriptor_the_connection_is_closed(void **state)
{
    (void)state;
    const struct http_server_settings settings = test_settings();
    struct test_server *s = test_server_open(&settings);
    log_capture(count_warnings, NULL);
    int before = hello(s);
    test_settle(s); /* it looks for a second connection, which takes a descriptor for a moment */
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    struct rlimit none_left = {(rlim_t)client + 1, limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none_left), 0);
    test_connect_socket(s, client);
    test_expect_end(client);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    log_capture(NULL, NULL);
    assert_int_equal(refused(s), 1);
    (void)close(client);
    test_send(before, GET_HELLO);
    test_expect(before, HELLO_ANSWER);
    (void)close(before);
    (void)close(hello(s));
    test_server_close(s, 0, 5000);
}

static void as_many_as_descriptors_allow(int64_t max_connections)
{
    struct http_server_settings settings = test_settings();
    settings.max_connections = max_connections;
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    struct rlimit few = {512, limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    log_capture(count_warnings, NULL);
    struct test_server *s = test_server_open(&settings); /* at most half of them: 256 */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    static int clients[257];
    for (int i = 0; i < 256; i++)
        clients[i] = hello(s);
    clients[256] = test_connect(s);
    test_expect_end(clients[256]);
    log_capture(NULL, NULL);
    for (int i = 0; i < 257; i++)
        (void)close(clients[i]);
    test_server_close(s, 0, 5000);
}

static void without_a_number_the_limit_is_that_of_descriptors(void **state)
{
    (void)state;
    as_many_as_descriptors_allow(0);
}

static void a_number_beyond_the_limit_of_descriptors_is_that_limit(void **state)
{
    (void)state;
    as_many_as_descriptors_allow(100000);
}

/* ---- patience ------------------------------------------------------------------------------- */

/* Each is closed without an answer when the servers' clock has been turned by `after_ms`, and not
 * before. */
static const struct {
    const char *sent;
    const char *answer; /* read before the clock is turned */
    int64_t after_ms;
    const char *why;
} patience[] = {
    {"", "", 10000, "nothing was ever sent"},
    {"GET /hello HTTP/1.1\r\nHost:", "", 10000, "a head that never ends"},
    {GET_HELLO, HELLO_ANSWER, 120000, "idle between two requests"},
    {GET_HELLO "G", HELLO_ANSWER, 10000, "the second head never ends"},
    {"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc", "", 30000,
     "a body that never ends"},
    {"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "", 30000,
     "chunks that never end"},
    {"GET /big HTTP/1.1\r\nHost: x\r\n\r\n", "", 60000, "an answer that nobody reads"},
};

static struct test_server *patient_server(void)
{
    struct http_server_settings settings = test_settings();
    settings.idle_timeout_ms = 120000;
    settings.heartbeat_ms = 160; /* for the wheel to turn often in real time */
    return test_server_open(&settings);
}

static void assert_open(int fd)
{
    char byte;
    assert_int_equal(recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK), -1);
}

static void patience_has_its_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(patience); i++) {
        struct test_server *s = patient_server();
        print_message("%s\n", patience[i].why);
        int fd = test_connect(s);
        test_send(fd, patience[i].sent);
        test_expect(fd, patience[i].answer);
        test_settle(s);
        test_clock_advance(patience[i].after_ms - 1000);
        test_settle(s);
        struct http_counts counts;
        http_server_counts(s->http, &counts);
        assert_int_equal(counts.connections, 1);
        do {
            test_clock_advance(2000);
            test_settle(s);
            http_server_counts(s->http, &counts);
        } while (counts.connections != 0);
        (void)close(fd);
        test_server_close(s, 0, 5000);
    }
}

/* A slow head: bytes keep coming, but the time is that of the whole head. */
static void a_slow_loris_gains_nothing(void **state)
{
    (void)state;
    struct test_server *s = patient_server();
    int fd = test_connect(s);
    test_send(fd, "GET /hello HTTP/1.1\r\nHost: x\r\n");
    for (int i = 0; i < 9; i++) {
        test_settle(s);
        assert_open(fd);
        test_clock_advance(1000);
        (void)send(fd, "A: b\r\n", 6, MSG_NOSIGNAL);
    }
    test_clock_advance(2000);
    test_expect_end(fd);
    (void)close(fd);
    test_server_close(s, 0, 5000);
}

/* A slow body may take as long as it likes while it makes progress. */
static void a_slow_body_is_waited_for(void **state)
{
    (void)state;
    struct test_server *s = patient_server();
    int fd = test_connect(s);
    test_send(fd, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n");
    for (const char *at = "slow!"; *at != '\0'; at++) {
        test_settle(s);
        test_clock_advance(29000);
        test_settle(s);
        assert_open(fd);
        assert_int_equal(send(fd, at, 1, MSG_NOSIGNAL), 1);
    }
    test_expect(fd, "HTTP/1.1 200 OK\r\n" DATE "Content-Length: 5\r\n\r\nslow!");
    (void)close(fd);
    test_server_close(s, 0, 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_connection_over_the_limit_is_closed_at_once),
        cmocka_unit_test(a_place_is_free_again_when_a_connection_ends),
        cmocka_unit_test(one_address_cannot_take_all_connections),
        cmocka_unit_test(without_a_descriptor_the_connection_is_closed),
        cmocka_unit_test(without_a_number_the_limit_is_that_of_descriptors),
        cmocka_unit_test(a_number_beyond_the_limit_of_descriptors_is_that_limit),
        cmocka_unit_test(patience_has_its_end),
        cmocka_unit_test(a_slow_loris_gains_nothing),
        cmocka_unit_test(a_slow_body_is_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
