/* The part of the bench that plays LaunchDarkly. A test with real sources leaves it out. */
#include "bench.h"

#include "source/file.h"
#include "source/stream.h"

#include <string.h>

/* ---- fake sources ---------------------------------------------------------------------------- */

static struct source *open_source(const struct source_sink *sink)
{
    struct bench_source *s = &bench->sources[bench->source_count++];
    s->sink = *sink;
    s->open = true;
    return (struct source *)s;
}

struct source *source_stream_open(const struct source_stream_settings *settings,
                                  struct http_client *client, uv_loop_t *loop,
                                  const struct clock *clock, struct random *random,
                                  struct log_scope *log, const struct source_sink *sink)
{
    struct source *s = open_source(sink);
    (void)client, (void)loop, (void)clock, (void)random, (void)log;
    str_append_format(&((struct bench_source *)s)->opened_with, "stream %s/all %s %s",
                      settings->stream_uri, settings->sdk_key, settings->filter_key);
    return s;
}

struct source *source_file_open(const struct source_file_settings *settings, uv_loop_t *loop,
                                struct log_scope *log, const struct source_sink *sink)
{
    struct source *s = open_source(sink);
    (void)loop, (void)log;
    str_append_format(&((struct bench_source *)s)->opened_with, "file %s", settings->paths[0]);
    return s;
}

void source_close(struct source *s)
{
    ((struct bench_source *)s)->closing = true;
}

void source_restart(struct source *s)
{
    ((struct bench_source *)s)->restarts++;
}

/* ---- what the outside does ------------------------------------------------------------------- */

void bench_put(struct bench *b, size_t i, const char *words)
{
    b->sources[i].sink.put(b->sources[i].sink.owner, bench_dataset(words));
}

void bench_put_flags(struct bench *b, size_t i, const char *const (*flags)[2], size_t count)
{
    struct dataset_builder *builder = dataset_builder_new();
    struct error err;
    for (size_t f = 0; f < count; f++)
        dataset_builder_add_take(
            builder, item_parse(ITEM_FLAG, view_of(flags[f][0]), view_of(flags[f][1]), &err));
    dataset_builder_add_take(builder, item_tombstone(ITEM_FLAG, view_of("gone"), 9));
    b->sources[i].sink.put(b->sources[i].sink.owner, dataset_builder_finish_take(builder));
}

void bench_patch(struct bench *b, size_t i, const char *word)
{
    b->sources[i].sink.patch(b->sources[i].sink.owner, bench_item(word));
}

void bench_alive(struct bench *b, size_t i)
{
    b->sources[i].sink.alive(b->sources[i].sink.owner);
}

void bench_fail(struct bench *b, size_t i, enum source_error_kind kind, int status_code,
                bool recoverable)
{
    struct source_failure failure = {kind, status_code, recoverable, "it failed"};
    b->sources[i].sink.failed(b->sources[i].sink.owner, &failure);
}

static void lost(struct bench *b)
{
    bench_fail(b, 0, SOURCE_ERROR_NETWORK, 0, true);
}

static void write_fails(struct bench *b)
{
    b->stores[0].listener.write_failed(b->stores[0].listener.owner, "disk full");
}

static void refill(struct bench *b)
{
    b->stores[0].listener.refill_wanted(b->stores[0].listener.owner);
}

static void step(struct bench *b, const char *word, const char *rest)
{
    if (strcmp(word, "put") == 0)
        bench_put(b, 0, rest);
    else if (strcmp(word, "patch") == 0)
        bench_patch(b, 0, rest);
    else if (strcmp(word, "alive") == 0)
        bench_alive(b, 0);
    else if (strcmp(word, "lost") == 0)
        lost(b);
    else if (strcmp(word, "invalid") == 0)
        bench_fail(b, 0, SOURCE_ERROR_INVALID_DATA, 0, true);
    else if (strcmp(word, "503") == 0)
        bench_fail(b, 0, SOURCE_ERROR_RESPONSE, 503, true);
    else if (strcmp(word, "401") == 0)
        bench_fail(b, 0, SOURCE_ERROR_RESPONSE, 401, false);
    else if (strcmp(word, "timeout") == 0)
        bench_time_out(b);
    else if (strcmp(word, "stored") == 0)
        bench_stored(b, 0, rest);
    else if (strcmp(word, "stored-none") == 0)
        bench_stored(b, 0, NULL);
    else if (strcmp(word, "read-fails") == 0)
        bench_store_failed_to_read(b, 0);
    else if (strcmp(word, "write-fails") == 0)
        write_fails(b);
    else if (strcmp(word, "store-down") == 0)
        bench_store_state(b, 0, STORE_INTERRUPTED);
    else if (strcmp(word, "store-up") == 0)
        bench_store_state(b, 0, STORE_VALID);
    else if (strcmp(word, "refill") == 0)
        refill(b);
    else if (strcmp(word, "advance") == 0)
        fake_clock_advance(&b->clock, strtol(rest, NULL, 10));
    else
        fail_msg("unknown step \"%s\"", word);
}

void bench_script(struct bench *b, const char *steps)
{
    char copy[512];
    char *rest = NULL;
    (void)snprintf(copy, sizeof copy, "%s", steps);
    for (char *one = strtok_r(copy, ";", &rest); one != NULL; one = strtok_r(NULL, ";", &rest)) {
        one += strspn(one, " ");
        char *words = one + strcspn(one, " ");
        if (*words != '\0')
            *words++ = '\0';
        step(b, one, words);
        bench_turn(b);
    }
}
