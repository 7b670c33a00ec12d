/* How scrapes get their text: gathered on the control thread, once for all that wait, and 503 when
 * the relay ends (telemetry.md 2). The test is the control thread: nothing is gathered while it
 * does not run its loop. */
#include "telemetry/telemetry.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_S 10
#define SCRAPE "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
#define NOTHING "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"
#define OK "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"

struct relay {
    uv_loop_t loop;
    struct mailbox mailbox;
    uv_timer_t heart; /* a mailbox alone does not keep a loop alive */
    struct events_door door;
    struct telemetry *telemetry;
    int gathered;
    bool closed;
};

static void subject(void *owner, struct telemetry_subject *out)
{
    struct relay *r = owner;
    r->gathered++;
    out->door = &r->door;
}

static void beat(uv_timer_t *timer)
{
    (void)timer;
}

static void relay_open(struct relay *r)
{
    struct error err;
    *r = (struct relay){.gathered = 0};
    assert_int_equal(uv_loop_init(&r->loop), 0);
    mailbox_open(&r->mailbox, &r->loop);
    (void)uv_timer_init(&r->loop, &r->heart);
    (void)uv_timer_start(&r->heart, beat, 1000, 1000);
    struct telemetry_settings settings = {.listen_address = "127.0.0.1",
                                          .clock = clock_system(),
                                          .loop = &r->loop,
                                          .mailbox = &r->mailbox,
                                          .owner = r,
                                          .subject = subject};
    if (!telemetry_open(&settings, &r->telemetry, &err))
        fail_msg("%s", err.text);
}

static void on_closed(void *arg)
{
    struct relay *r = arg;
    r->closed = true;
}

static void relay_close(struct relay *r, int64_t limit_ms)
{
    telemetry_close(r->telemetry, limit_ms, on_closed, r);
    assert_false(r->closed); /* from a later turn */
    while (!r->closed)
        (void)uv_run(&r->loop, UV_RUN_ONCE);
    mailbox_close(&r->mailbox);
    uv_close((uv_handle_t *)&r->heart, NULL);
    (void)uv_run(&r->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&r->loop), 0);
}

/* ---- clients --------------------------------------------------------------------------------- */

static int client_open(const struct relay *r)
{
    struct timeval patience = {.tv_sec = PATIENCE_S};
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)telemetry_port(r->telemetry)),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

static void client_send(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* The next bytes are these. */
static void client_expect(int fd, const char *text)
{
    char got[256] = "";
    assert_true(strlen(text) < sizeof got);
    assert_int_equal(recv(fd, got, strlen(text), MSG_WAITALL), strlen(text));
    assert_string_equal(got, text);
}

/* An answer without the control thread: what other connections sent before is read by now. */
static void client_ping(int fd)
{
    char got[1024] = "";
    client_send(fd, NOTHING);
    for (size_t len = 0; strstr(got, "404 page not found\n") == NULL;) {
        ssize_t n = recv(fd, got + len, sizeof got - 1 - len, 0);
        assert_true(n > 0);
        len += (size_t)n;
    }
}

/* A client whose question is read by now, as `other` sees. */
static int client_scrape(const struct relay *r, int other)
{
    int fd = client_open(r);
    client_ping(other);
    client_send(fd, SCRAPE);
    client_ping(other);
    return fd;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void scrapes_share_what_is_gathered(void **state)
{
    struct relay r;
    int fds[5];
    (void)state;
    relay_open(&r);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        client_ping(fds[i] = client_open(&r));
    for (size_t i = 0; i + 1 < ARRAY_LEN(fds); i++)
        client_send(fds[i], SCRAPE);
    client_ping(fds[ARRAY_LEN(fds) - 1]);
    assert_int_equal(r.gathered, 0);
    while (r.gathered == 0)
        (void)uv_run(&r.loop, UV_RUN_ONCE);
    for (size_t i = 0; i + 1 < ARRAY_LEN(fds); i++)
        client_expect(fds[i], OK);
    assert_int_equal(r.gathered, 1);
    for (size_t i = 0; i < ARRAY_LEN(fds); i++)
        (void)close(fds[i]);
    relay_close(&r, 5000);
    assert_int_equal(r.gathered, 1);
}

static void each_scrape_has_a_text_of_its_own_time(void **state)
{
    struct relay r;
    (void)state;
    relay_open(&r);
    for (int i = 1; i <= 3; i++) {
        int fd = client_open(&r);
        client_send(fd, SCRAPE);
        while (r.gathered < i)
            (void)uv_run(&r.loop, UV_RUN_ONCE);
        client_expect(fd, OK);
        (void)close(fd);
    }
    relay_close(&r, 5000);
    assert_int_equal(r.gathered, 3);
}

static void who_waits_at_the_end_is_told(void **state)
{
    struct relay r;
    (void)state;
    relay_open(&r);
    int other = client_open(&r);
    int fd = client_scrape(&r, other);
    relay_close(&r, 5000);
    client_expect(fd, "HTTP/1.1 503 Service Unavailable\r\n");
    assert_int_equal(r.gathered, 0);
    (void)close(fd);
    (void)close(other);
}

/* The question arrives when nobody is left who could be answered. */
static void who_goes_away_is_forgotten(void **state)
{
    struct relay r;
    (void)state;
    relay_open(&r);
    int other = client_open(&r);
    int fd = client_scrape(&r, other);
    (void)close(fd);
    client_ping(other);
    (void)close(other);
    relay_close(&r, 0);
    assert_int_equal(r.gathered, 0);
}

static void a_port_has_one_owner(void **state)
{
    struct relay r;
    struct telemetry *second;
    struct error err;
    (void)state;
    relay_open(&r);
    struct telemetry_settings settings = {.listen_address = "127.0.0.1",
                                          .port = telemetry_port(r.telemetry),
                                          .clock = clock_system(),
                                          .loop = &r.loop,
                                          .mailbox = &r.mailbox};
    assert_false(telemetry_open(&settings, &second, &err));
    assert_non_null(strstr(err.text, "bind: address already in use"));
    relay_close(&r, 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scrapes_share_what_is_gathered),
        cmocka_unit_test(each_scrape_has_a_text_of_its_own_time),
        cmocka_unit_test(who_waits_at_the_end_is_told),
        cmocka_unit_test(who_goes_away_is_forgotten),
        cmocka_unit_test(a_port_has_one_owner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
