/* The clients of server_support.h: blocking sockets that wait with a deadline. */
#include "server_support.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define PATIENCE_S 10

int test_try_connect(const struct test_server *s, int fd)
{
    struct timeval patience = {.tv_sec = PATIENCE_S};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)http_server_port(s->http)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return connect(fd, (const struct sockaddr *)&to, sizeof to);
}

void test_connect_socket(const struct test_server *s, int fd)
{
    assert_int_equal(test_try_connect(s, fd), 0);
}

int test_connect(const struct test_server *s)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    test_connect_socket(s, fd);
    return fd;
}

void test_send(int fd, const char *text)
{
    size_t len = strlen(text);
    assert_int_equal(send(fd, text, len, MSG_NOSIGNAL), len);
}

void test_expect(int fd, const char *text)
{
    size_t len = strlen(text);
    char *got = mem_zalloc(len + 1);
    ssize_t n = len != 0 ? recv(fd, got, len, MSG_WAITALL) : 0;
    if (n < 0)
        fail_msg("expected \"%s\": %s", text, strerror(errno));
    assert_string_equal(got, text);
    mem_free(got);
}

void test_reset(int fd)
{
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), 0);
    (void)close(fd);
}

void test_expect_end(int fd)
{
    char byte;
    ssize_t n = recv(fd, &byte, 1, 0);
    if (n > 0)
        fail_msg("there is a byte '%c'", byte);
    if (n < 0 && errno != ECONNRESET)
        fail_msg("the connection stays: %s", strerror(errno));
}

void test_read_all(int fd, struct str *out)
{
    char bytes[65536];
    ssize_t n;
    while ((n = recv(fd, bytes, sizeof bytes, 0)) > 0)
        str_append(out, view_make(bytes, (size_t)n));
    if (n < 0 && errno != ECONNRESET)
        fail_msg("the connection stays: %s", strerror(errno));
}

void test_dialogue(const struct test_server *s, const char *request, const char *answer, bool stays)
{
    int fd = test_connect(s);
    test_send(fd, request);
    test_expect(fd, answer);
    if (stays) {
        test_send(fd, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
        test_expect(fd, HELLO_ANSWER);
    } else {
        test_expect_end(fd);
    }
    (void)close(fd);
}

/* ---- streams -------------------------------------------------------------------------------- */

int test_open_stream(struct test_server *s, const char *request)
{
    uv_mutex_lock(&s->lock);
    unsigned before = s->streams_opened;
    uv_mutex_unlock(&s->lock);
    int fd = test_connect(s);
    test_send(fd, request);
    test_expect(fd, STREAM_HEAD);
    test_wait_for(s, &s->streams_opened, before + 1);
    return fd;
}

void test_push_one_take(struct test_server *s, unsigned index, struct frame *f)
{
    test_push_take(s, index, &f, 1);
}

struct frame *test_change(const char *data)
{
    return frame_new(FRAME_CHANGE, "patch", view_of(data));
}

struct frame *test_much(enum frame_kind kind)
{
    struct frame_builder b;
    frame_begin(&b, "put", MUCH);
    for (int i = 0; i < MUCH / 10; i++)
        str_append_text(&b.text, "0123456789");
    return frame_finish(&b, kind);
}
