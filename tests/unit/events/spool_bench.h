/* A spool in a folder of its own, and what it hands over, for its tests. */
#ifndef SPOOL_BENCH_H
#define SPOOL_BENCH_H

#include "events/spool_private.h"
#include "lines.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct spool_bench {
    uv_loop_t loop;
    struct fake_clock clock;
    char dir[64];
    struct spool_settings settings;
    struct spool *s;    /* NULL: not open */
    struct str found;   /* what the last replay handed over, a line each */
    struct str written; /* results of appends, in order: "y" or "n" */
    struct str log;
    bool closed;
    struct str got; /* what spool_batch_read() brought, a line each; "-": nothing */
};

static inline void bench_init(struct spool_bench *b)
{
    *b = (struct spool_bench){0};
    (void)snprintf(b->dir, sizeof b->dir, "/tmp/flagrelay-spool-XXXXXX");
    assert_non_null(mkdtemp(b->dir));
    assert_int_equal(uv_loop_init(&b->loop), 0);
    fake_clock_init(&b->clock, 1000000, 1700000000000);
    b->settings = (struct spool_settings){.dir = b->dir,
                                          .max_bytes = INT64_C(1) << 30,
                                          .sync = SPOOL_SYNC_INTERVAL,
                                          .clock = &b->clock.base,
                                          .loop = &b->loop};
    log_capture(lines_append, &b->log);
}

/* All files of the folder, sorted by name; the caller frees with free(). */
static inline int bench_files(const struct spool_bench *b, struct dirent ***out)
{
    return scandir(b->dir, out, NULL, alphasort);
}

static inline void bench_remove_files(struct spool_bench *b)
{
    struct dirent **files = NULL;
    int count = bench_files(b, &files);
    for (int i = 0; i < count; i++) {
        char path[512];
        (void)snprintf(path, sizeof path, "%s/%s", b->dir, files[i]->d_name);
        (void)unlink(path);
        free(files[i]);
    }
    free(files);
}

/* Names of the spool files, "1 2 5"; the size of all in *bytes. */
static inline void bench_list(const struct spool_bench *b, struct str *out, int64_t *bytes)
{
    struct dirent **files = NULL;
    int count = bench_files(b, &files);
    *bytes = 0;
    for (int i = 0; i < count; i++) {
        char path[512];
        struct stat st;
        (void)snprintf(path, sizeof path, "%s/%s", b->dir, files[i]->d_name);
        if (strncmp(files[i]->d_name, "events-", 7) == 0 && stat(path, &st) == 0) {
            str_append_format(out, "%s%d", out->len > 0 ? " " : "", atoi(files[i]->d_name + 7));
            *bytes += st.st_size;
        }
        free(files[i]);
    }
    free(files);
}

static inline void bench_files_are(const struct spool_bench *b, const char *want)
{
    struct str names = {0};
    int64_t bytes;
    bench_list(b, &names, &bytes);
    assert_string_equal(str_text(&names), want);
    if (b->s != NULL)
        assert_int_equal(spool_bytes(b->s), bytes);
    str_free(&names);
}

static inline void batch_print(const struct spool_batch *batch, struct view body, struct str *out)
{
    str_append_format(out, "B %.*s %.*s/%.*s count=%zu upTo=%d more=%d %.*s\n",
                      VIEW_ARGS(batch->payload_id), VIEW_ARGS(batch->group.env),
                      VIEW_ARGS(batch->group.tags), batch->count, (int)batch->up_to, batch->more,
                      (int)(body.len < 100 ? body.len : 100), body.data);
}

static inline void on_batch(void *owner, const struct spool_batch *batch, struct view body)
{
    struct spool_bench *b = owner;
    batch_print(batch, body, &b->found);
}

static inline void on_got(void *owner, const struct spool_batch *batch, struct view body)
{
    struct spool_bench *b = owner;
    if (batch != NULL)
        batch_print(batch, body, &b->got);
    else
        str_append_text(&b->got, "-\n");
}

/* `got` is this. */
static inline void bench_read_is(struct spool_bench *b, const char *id, const char *want)
{
    str_clear(&b->got);
    spool_batch_read(b->s, view_of(id), on_got, b);
    while (b->got.len == 0)
        (void)uv_run(&b->loop, UV_RUN_ONCE);
    assert_string_equal(str_text(&b->got), want);
}

static inline void on_post(void *owner, const struct spool_post *post, struct buf *body)
{
    struct spool_bench *b = owner;
    str_append_format(&b->found, "P %d %.*s/%.*s %.*s\n", (int)post->seq,
                      VIEW_ARGS(post->group.env), VIEW_ARGS(post->group.tags),
                      (int)(body->len < 100 ? body->len : 100), body->data);
    buf_unref(body);
}

static inline void on_payload_id(void *owner, const struct spool_group *group, struct view id,
                                 int64_t wall_ms)
{
    struct spool_bench *b = owner;
    (void)group;
    assert_true(wall_ms > 0);
    str_append_format(&b->found, "I %.*s\n", VIEW_ARGS(id));
}

static inline bool bench_try_open(struct spool_bench *b, struct error *err)
{
    struct spool_reader reader = {b, on_batch, on_post, on_payload_id};
    str_clear(&b->found);
    str_clear(&b->written);
    if (!spool_open(&b->settings, &b->s, err)) {
        b->s = NULL;
        return false;
    }
    spool_replay(b->s, &reader);
    return true;
}

static inline void bench_open(struct spool_bench *b)
{
    struct error err;
    if (!bench_try_open(b, &err)) {
        fail_msg("%s", err.text);
        abort();
    }
}

/* Everything that was appended has an outcome. */
static inline void bench_settle(struct spool_bench *b)
{
    while (b->s->job.running)
        (void)uv_run(&b->loop, UV_RUN_ONCE);
}

static inline void on_closed(void *arg)
{
    struct spool_bench *b = arg;
    b->closed = true;
}

static inline void bench_shut(struct spool_bench *b)
{
    b->closed = false;
    spool_close(b->s, on_closed, b);
    while (!b->closed)
        (void)uv_run(&b->loop, UV_RUN_ONCE);
    b->s = NULL;
}

static inline void bench_done(struct spool_bench *b)
{
    if (b->s != NULL)
        bench_shut(b);
    assert_int_equal(uv_loop_close(&b->loop), 0);
    log_capture(NULL, NULL);
    bench_remove_files(b);
    assert_int_equal(rmdir(b->dir), 0);
    str_free(&b->found);
    str_free(&b->written);
    str_free(&b->got);
    str_free(&b->log);
}

static inline void on_written(void *owner, bool ok)
{
    struct spool_bench *b = owner;
    str_append_text(&b->written, ok ? "y" : "n");
}

static inline struct spool_group bench_group(const char *tags)
{
    return (struct spool_group){.env = VIEW_LITERAL("env"),
                                .filter = view_make("", 0),
                                .family = VIEW_LITERAL("server"),
                                .path = VIEW_LITERAL("verbatim"),
                                .schema = 4,
                                .tags = view_of(tags)};
}

static inline uint64_t bench_post_buf(struct spool_bench *b, const char *tags, const char *id,
                                      struct buf *body)
{
    struct spool_post post = {
        .group = bench_group(tags), .wall_ms = b->clock.wall_ms, .payload_id = view_of(id)};
    return spool_post_append(b->s, &post, body, on_written, b);
}

static inline uint64_t bench_post(struct spool_bench *b, const char *tags, const char *text)
{
    struct buf *body = buf_copy(view_of(text));
    uint64_t seq = bench_post_buf(b, tags, "", body);
    buf_unref(body);
    return seq;
}

static inline bool bench_batch(struct spool_bench *b, const char *tags, const char *id,
                               uint64_t up_to, bool more, const char *text)
{
    struct buf *body = buf_copy(view_of(text));
    struct spool_batch batch = {.group = bench_group(tags),
                                .wall_ms = b->clock.wall_ms,
                                .payload_id = view_of(id),
                                .up_to = up_to,
                                .count = 1,
                                .more = more};
    bool ok = spool_batch_append(b->s, &batch, body, on_written, b);
    buf_unref(body);
    return ok;
}

static inline void bench_outcome(struct spool_bench *b, const char *id)
{
    spool_outcome_append(b->s, view_of(id), "delivered");
}

/* Closed, opened again, `found` is this. */
static inline void bench_again_is(struct spool_bench *b, const char *want)
{
    if (b->s != NULL)
        bench_shut(b);
    bench_open(b);
    assert_string_equal(str_text(&b->found), want);
}

/* A test whose state is a bench of its own. */
#define SPOOL_TEST(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)

static inline int bench_setup(void **state)
{
    struct spool_bench *b = mem_zalloc(sizeof *b);
    bench_init(b);
    *state = b;
    return 0;
}

static inline int bench_teardown(void **state)
{
    bench_done(*state);
    mem_free(*state);
    return 0;
}

#endif
