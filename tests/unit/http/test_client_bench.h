/* tests/unit/http/test_client_bench.h - a client, and what its exchanges say. */
#ifndef TEST_CLIENT_BENCH_H
#define TEST_CLIENT_BENCH_H

#include "http/client.h"

#include "base/random.h"
#include "test_client_peer.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define BENCH_GIVE_UP_MS 20000
#define BENCH_TIMEOUT_MS 15000 /* of every phase, where a test does not say otherwise */

struct bench {
    uv_loop_t loop;
    uv_timer_t deadline;
    bool late;
    struct fake_clock clock; /* decides how long connections are kept */
    struct http_client *client;
};

enum fetch_moment { AT_NO_MOMENT, AT_HEAD, AT_BODY };

/* One exchange and its story: "200 text/plain|body|EOF" or "|connection refused". */
struct fetch {
    struct http_exchange *exchange;
    int status;
    struct str type; /* of the content */
    struct str body;
    bool ended;
    bool complete;
    struct str message;
    enum fetch_moment cancel;
    bool cancelled;
};

static inline void bench_on_deadline(uv_timer_t *timer)
{
    ((struct bench *)timer->data)->late = true;
}

static inline void bench_loop_open(struct bench *b)
{
    *b = (struct bench){0};
    (void)signal(SIGPIPE, SIG_IGN); /* as the program does */
    uv_loop_init(&b->loop);
    uv_timer_init(&b->loop, &b->deadline);
    b->deadline.data = b;
    uv_timer_start(&b->deadline, bench_on_deadline, BENCH_GIVE_UP_MS, 0);
    uv_unref((uv_handle_t *)&b->deadline);
    fake_clock_init(&b->clock, 0, 0);
}

static inline void bench_client_open(struct bench *b, const struct http_client_settings *settings)
{
    struct error err;
    if (!http_client_open(settings, &b->loop, &b->clock.base, &b->client, &err))
        fail_msg("%s", err.text);
}

static inline void bench_open_with(struct bench *b, const struct http_client_settings *settings)
{
    bench_loop_open(b);
    bench_client_open(b, settings);
}

static inline void bench_open(struct bench *b)
{
    struct http_client_settings settings = {.user_agent = "tester/1"};
    bench_open_with(b, &settings);
}

/* Nothing may be left. */
static inline void bench_close(struct bench *b)
{
    http_client_close(b->client);
    uv_close((uv_handle_t *)&b->deadline, NULL);
    uv_run(&b->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&b->loop), 0);
}

static inline void fetch_at(struct fetch *f, enum fetch_moment moment)
{
    assert_false(f->ended);
    assert_false(f->cancelled);
    if (f->cancel != moment)
        return;
    f->cancelled = true;
    http_exchange_cancel(f->exchange);
    http_exchange_cancel(f->exchange); /* twice is once */
}

static inline void fetch_on_head(void *owner, int status, const struct http_head *head)
{
    struct fetch *f = owner;
    assert_int_equal(f->status, 0);
    f->status = status;
    str_append(&f->type, http_head_value(head, "Content-Type"));
    fetch_at(f, AT_HEAD);
}

static inline void fetch_on_body(void *owner, struct view bytes)
{
    struct fetch *f = owner;
    assert_true(bytes.len > 0);
    assert_true(f->status != 0);
    str_append(&f->body, bytes);
    fetch_at(f, AT_BODY);
}

static inline void fetch_on_end(void *owner, const struct http_exchange_result *result)
{
    struct fetch *f = owner;
    assert_false(f->ended);
    f->ended = true;
    f->complete = result->complete;
    str_append_text(&f->message, result->message);
}

static const struct http_exchange_listener fetch_listener = {fetch_on_head, fetch_on_body,
                                                             fetch_on_end};

/* Timeouts of 0 become BENCH_TIMEOUT_MS. */
static inline void fetch_start(struct fetch *f, struct bench *b,
                               const struct http_exchange_request *request)
{
    struct http_exchange_request r = *request;
    struct error err;
    int64_t *const timeouts[] = {&r.connect_timeout_ms, &r.tls_timeout_ms, &r.head_timeout_ms,
                                 &r.silence_timeout_ms};
    for (size_t i = 0; i < ARRAY_LEN(timeouts); i++)
        if (*timeouts[i] == 0)
            *timeouts[i] = BENCH_TIMEOUT_MS;
    if (!http_exchange_start(b->client, &r, &fetch_listener, f, &f->exchange, &err))
        fail_msg("%s", err.text);
}

static inline void fetch_wait(struct fetch *f, struct bench *b)
{
    while (!f->ended && !b->late)
        uv_run(&b->loop, UV_RUN_ONCE);
    if (!f->ended)
        fail_msg("no end: status %d, body \"%s\"", f->status, str_text(&f->body));
}

/* GET http(s)://host:port/path and wait for the end. */
static inline void fetch_get(struct fetch *f, struct bench *b, const char *scheme, const char *host,
                             unsigned port, const char *path)
{
    struct str url = {0};
    str_append_format(&url, "%s://%s:%u%s", scheme, host, port, path);
    struct http_exchange_request request = {.method = "GET", .url = str_view(&url)};
    fetch_start(f, b, &request);
    fetch_wait(f, b);
    str_free(&url);
}

/* "200 text/plain|body|message", with "-" in front when the answer is not complete. */
static inline void fetch_check(struct fetch *f, const char *expected, const char *why)
{
    struct str seen = {0};
    str_append_text(&seen, f->complete ? "" : "-");
    if (f->status != 0)
        str_append_int(&seen, f->status);
    if (f->type.len > 0)
        str_append_format(&seen, " %s", str_text(&f->type));
    str_append_format(&seen, "|%s|%s", str_text(&f->body), str_text(&f->message));
    if (strcmp(str_text(&seen), expected) != 0)
        fail_msg("%s: %s", why, str_text(&seen));
    str_free(&seen);
}

static inline void fetch_free(struct fetch *f)
{
    str_free(&f->type);
    str_free(&f->body);
    str_free(&f->message);
    *f = (struct fetch){0};
}

#endif
