/* Listening sockets: their addresses, their errors, and how connections spread over threads. */
#include "server_support.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define GET_HELLO "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"

static void assert_cannot_open(const struct http_server_settings *settings, const char *text)
{
    const struct http_service none = {.arg = NULL};
    struct http_server *server = NULL;
    struct error err;
    assert_false(http_server_open(settings, &none, clock_system(), &server, &err));
    assert_null(server);
    assert_string_equal(err.text, text);
}

/* Also when the other one is a flagrelay: its SO_REUSEPORT must not let us in. */
static void a_port_in_use_is_an_error(void **state)
{
    (void)state;
    struct http_server_settings settings = test_settings();
    settings.threads = 3;
    struct test_server *s = test_server_open(&settings);
    settings.port = http_server_port(s->http);
    char text[100];
    (void)snprintf(text, sizeof text, "listen tcp 127.0.0.1:%d: bind: address already in use",
                   settings.port);
    assert_cannot_open(&settings, text);
    settings.listen_address = NULL;
    (void)snprintf(text, sizeof text, "listen tcp :%d: bind: address already in use",
                   settings.port);
    assert_cannot_open(&settings, text);
    test_server_close(s, 0, 5000);
}

static void unusable_addresses_are_errors(void **state)
{
    (void)state;
    struct http_server_settings settings = test_settings();
    settings.port = 1;
    settings.listen_address = "192.0.2.1";
    assert_cannot_open(&settings, "listen tcp 192.0.2.1:1: bind: cannot assign requested address");
    settings.listen_address = "unix:/nowhere/at/all";
    assert_cannot_open(&settings, "listen unix /nowhere/at/all: bind: no such file or directory");
    settings.listen_address = "unix:";
    assert_cannot_open(&settings, "listen unix : a socket path has 1 to 107 bytes");
    settings.listen_address = "not an address";
    const struct http_service none = {.arg = NULL};
    struct http_server *server;
    struct error err;
    assert_false(http_server_open(&settings, &none, clock_system(), &server, &err));
    assert_true(
        view_starts(view_of(err.text), "listen tcp not an address:1: lookup not an address"));
}

static void the_port_is_free_again_after_the_end(void **state)
{
    (void)state;
    struct http_server_settings settings = test_settings();
    settings.threads = 2;
    for (int i = 0; i < 5; i++) {
        struct test_server *s = test_server_open(&settings);
        settings.port = http_server_port(s->http);
        test_dialogue(s, GET_HELLO, HELLO_ANSWER, true);
        test_server_close(s, 0, 5000);
    }
}

static void connect_and_greet(const struct sockaddr *to, socklen_t len)
{
    int fd = socket(to->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, to, len), 0);
    test_send(fd, GET_HELLO);
    test_expect(fd, HELLO_ANSWER);
    (void)close(fd);
}

static void all_addresses_are_both_families(void **state)
{
    (void)state;
    struct http_server_settings settings = test_settings();
    settings.listen_address = NULL;
    struct test_server *s = test_server_open(&settings);
    in_port_t port = htons((uint16_t)http_server_port(s->http));
    struct sockaddr_in v4 = {
        .sin_family = AF_INET, .sin_port = port, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    connect_and_greet((const struct sockaddr *)&v4, sizeof v4);
    struct sockaddr_in6 v6 = {
        .sin6_family = AF_INET6, .sin6_port = port, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int probe = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    v6.sin6_port = 0;
    bool has_v6 = probe >= 0 && bind(probe, (const struct sockaddr *)&v6, sizeof v6) == 0;
    if (probe >= 0)
        (void)close(probe);
    v6.sin6_port = port;
    if (has_v6)
        connect_and_greet((const struct sockaddr *)&v6, sizeof v6);
    test_server_close(s, 0, 5000);
}

static void a_name_is_looked_up(void **state)
{
    (void)state;
    struct http_server_settings settings = test_settings();
    settings.listen_address = "localhost";
    struct test_server *s = test_server_open(&settings);
    test_dialogue(s, GET_HELLO, HELLO_ANSWER, true);
    test_server_close(s, 0, 5000);
}

static void a_unix_socket_serves_and_leaves_nothing_behind(void **state)
{
    (void)state;
    char folder[] = "/tmp/flagrelay-test-XXXXXX";
    assert_non_null(mkdtemp(folder));
    char address[100];
    (void)snprintf(address, sizeof address, "unix:%s/socket", folder);
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    (void)snprintf(to.sun_path, sizeof to.sun_path, "%s/socket", folder);

    int stale = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0); /* left behind by a crash */
    assert_int_equal(bind(stale, (const struct sockaddr *)&to, sizeof to), 0);
    (void)close(stale);

    struct http_server_settings settings = test_settings();
    settings.listen_address = address;
    settings.threads = 2;
    struct test_server *s = test_server_open(&settings);
    assert_int_equal(http_server_port(s->http), 0);
    for (int i = 0; i < 20; i++)
        connect_and_greet((const struct sockaddr *)&to, sizeof to);

    char text[200];
    (void)snprintf(text, sizeof text, "listen unix %s: bind: address already in use", to.sun_path);
    assert_cannot_open(&settings, text); /* somebody listens: the file stays */
    connect_and_greet((const struct sockaddr *)&to, sizeof to);
    test_server_close(s, 0, 5000);
    struct stat file;
    assert_int_equal(stat(to.sun_path, &file), -1);
    assert_int_equal(rmdir(folder), 0);
}

/* ---- threads -------------------------------------------------------------------------------- */

/* The kernel spreads connections by a hash of their addresses: with 60 of them no thread of two is
 * left without, or the machine is very unlucky (1 in 2^59). */
static void connections_spread_over_the_threads(void **state)
{
    (void)state;
    struct http_server_settings settings = test_settings();
    settings.threads = 2;
    struct test_server *s = test_server_open(&settings);
    int fds[60];
    unsigned on_first = 0;
    for (unsigned i = 0; i < 60; i++) {
        fds[i] = test_open_stream(s, GET_STREAM);
        on_first += s->stream_thread == http_server_thread(s->http, 0);
    }
    assert_in_range(on_first, 1, 59);
    test_server_begin_close(s, 100, 5000);
    for (unsigned i = 0; i < 60; i++) {
        test_expect(fds[i], LAST_CHUNK);
        test_expect_end(fds[i]);
        (void)close(fds[i]);
    }
    test_server_end_close(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_port_in_use_is_an_error),
        cmocka_unit_test(unusable_addresses_are_errors),
        cmocka_unit_test(the_port_is_free_again_after_the_end),
        cmocka_unit_test(all_addresses_are_both_families),
        cmocka_unit_test(a_name_is_looked_up),
        cmocka_unit_test(a_unix_socket_serves_and_leaves_nothing_behind),
        cmocka_unit_test(connections_spread_over_the_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
