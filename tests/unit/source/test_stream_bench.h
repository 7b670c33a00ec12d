/* tests/unit/source/test_stream_bench.h - a stream source, a scripted server, and what the source
 * says. */
#ifndef TEST_STREAM_BENCH_H
#define TEST_STREAM_BENCH_H

#include "source/stream.h"

#include "../http/test_client_peer.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define GIVE_UP_MS 30000

/* The shortest wait that the rules allow: half of each delay. */
struct least_random {
    struct random base;
};

static inline double least_unit(struct random *r)
{
    (void)r;
    return 1;
}

struct bench {
    uv_loop_t loop;
    uv_timer_t tick;
    uint64_t give_up_ms;
    bool late;
    struct fake_clock clock;
    struct least_random random;
    struct http_client *client;
    struct peer peer;
    struct source *source;
    struct log_scope *scope;
    struct str said;
    struct str log;
    bool close_at_failure;
    bool closed;
};

static inline void on_put(void *owner, struct dataset *data)
{
    struct bench *b = owner;
    str_append_format(&b->said, "put %zu;", dataset_count(data, ITEM_FLAG));
    dataset_unref(data);
}

static inline void on_patch(void *owner, struct item *it)
{
    struct bench *b = owner;
    str_append_format(&b->said, "%s %.*s;", it->deleted ? "delete" : "patch", VIEW_ARGS(it->key));
    item_unref(it);
}

static inline void on_alive(void *owner)
{
    struct bench *b = owner;
    str_append_text(&b->said, "alive;");
}

static inline void on_failed(void *owner, const struct source_failure *f)
{
    static const char *const kinds[] = {"unknown", "network", "response", "invalid", "store"};
    struct bench *b = owner;
    assert_false(b->closed);
    str_append_format(&b->said, "%s%s", f->recoverable ? "" : "final ", kinds[f->kind]);
    if (f->status_code != 0)
        str_append_format(&b->said, " %d", f->status_code);
    str_append_format(&b->said, ": %s;", f->message);
    if (b->close_at_failure)
        source_close(b->source);
}

static inline void on_closed(void *owner)
{
    struct bench *b = owner;
    assert_false(b->closed);
    b->closed = true;
}

static inline void on_log(enum log_level level, struct view line, void *arg)
{
    struct bench *b = arg;
    (void)level;
    str_append(&b->log, line);
    str_append_char(&b->log, '\n');
}

/* Every 20 ms, so that conditions are looked at even when nothing else happens. */
static inline void on_tick(uv_timer_t *timer)
{
    struct bench *b = timer->data;
    b->late = uv_now(&b->loop) > b->give_up_ms;
}

static inline void bench_open(struct bench *b, const struct peer_answer *answers, size_t count)
{
    struct http_client_settings settings = {.user_agent = "flagrelay/1 LDRelay/8.10.1"};
    struct error err;
    *b = (struct bench){.random = {{least_unit}}};
    (void)signal(SIGPIPE, SIG_IGN);
    uv_loop_init(&b->loop);
    uv_timer_init(&b->loop, &b->tick);
    b->tick.data = b;
    b->give_up_ms = uv_now(&b->loop) + GIVE_UP_MS;
    uv_timer_start(&b->tick, on_tick, 20, 20);
    fake_clock_init(&b->clock, 0, 0);
    b->scope = log_scope_new("...e-01", "test", LOG_DEBUG);
    log_capture(on_log, b);
    if (!http_client_open(&settings, &b->loop, &b->clock.base, &b->client, &err))
        fail_msg("%s", err.text);
    peer_open(&b->peer, &b->loop, answers, count);
}

/* `path` goes behind the server's address; NULL in `settings->stream_uri` asks for that. */
static inline void bench_start(struct bench *b, const char *path,
                               const struct source_stream_settings *settings)
{
    struct source_stream_settings s = *settings;
    struct str uri = {0};
    struct source_sink sink = {.owner = b,
                               .put = on_put,
                               .patch = on_patch,
                               .alive = on_alive,
                               .failed = on_failed,
                               .closed = on_closed};
    str_append_format(&uri, "http://127.0.0.1:%u%s", b->peer.port, path);
    if (s.stream_uri == NULL)
        s.stream_uri = str_text(&uri);
    if (s.sdk_key == NULL)
        s.sdk_key = "sdk-key";
    if (s.filter_key == NULL)
        s.filter_key = "";
    b->source = source_stream_open(&s, b->client, &b->loop, &b->clock.base, &b->random.base,
                                   b->scope, &sink);
    assert_int_equal(b->said.len, 0);
    str_free(&uri);
}

static inline void wait_said(struct bench *b, const char *expected, const char *why)
{
    while (!b->late && strcmp(str_text(&b->said), expected) != 0) {
        if (strncmp(str_text(&b->said), expected, b->said.len) != 0)
            fail_msg("%s: said \"%s\"", why, str_text(&b->said));
        uv_run(&b->loop, UV_RUN_ONCE);
    }
    if (b->late)
        fail_msg("%s: said no more than \"%s\"", why, str_text(&b->said));
}

static inline void wait_requests(struct bench *b, size_t count)
{
    while (!b->late && b->peer.next < count)
        uv_run(&b->loop, UV_RUN_ONCE);
    assert_false(b->late);
}

static inline void check_log(struct bench *b, const char *part, const char *why)
{
    if (strstr(str_text(&b->log), part) == NULL)
        fail_msg("%s: no \"%s\" in:\n%s", why, part, str_text(&b->log));
}

static inline void bench_close(struct bench *b)
{
    if (!b->closed)
        source_close(b->source);
    while (!b->closed && !b->late)
        uv_run(&b->loop, UV_RUN_ONCE);
    assert_true(b->closed);
    peer_close(&b->peer);
    http_client_close(b->client);
    uv_close((uv_handle_t *)&b->tick, NULL);
    uv_run(&b->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&b->loop), 0);
    log_capture(NULL, NULL);
    log_scope_unref(b->scope);
    str_free(&b->said);
    str_free(&b->log);
}

#endif
