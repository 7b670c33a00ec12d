/* A summariser, a small data set and a time, for the tests of the summarising path.
 *
 * JSON in these tests is written with ' in place of ". */
#ifndef SUMMARIZER_BENCH_H
#define SUMMARIZER_BENCH_H

#include "events/event_array.h"
#include "events/summarizer.h"
#include "lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct summarizer_bench {
    struct summarizer *s;
    struct dataset *data;
    struct summarizer_moment moment;
    unsigned results[SUMMARIZER_FULL + 1]; /* how often each */
    struct log_scope *scope;
    struct str log; /* lines so far */
};

/* With ' turned into "; the caller's own. */
static inline char *bench_json(const char *quoted)
{
    char *text = mem_copy_text(quoted, strlen(quoted));
    for (char *p = text; *p != '\0'; p++)
        *p = *p == '\'' ? '"' : *p;
    return text;
}

static inline void bench_flag_add(struct dataset_builder *builder, const char *quoted)
{
    struct error err;
    char *json = bench_json(quoted);
    char *key = strstr(json, "\"key\":\"") + 7;
    struct item *it =
        item_parse(ITEM_FLAG, view_make(key, strcspn(key, "\"")), view_of(json), &err);
    if (it == NULL)
        fail_msg("%s: %s", json, err.text);
    dataset_builder_add_take(builder, it);
    mem_free(json);
}

static inline struct dataset *bench_dataset(void)
{
    static const char *const flags[] = {
        "{'key':'plain','version':7,'variations':['a','b','c']}",
        "{'key':'track','version':7,'trackEvents':true,'variations':['a','b','c']}",
        "{'key':'debug','version':7,'debugEventsUntilDate':4000000000000,'variations':['a','b']}",
        "{'key':'flag-a','version':7,'trackEvents':true,'variations':['x','y']}",
        "{'key':'flag-b','version':3,'debugEventsUntilDate':4000000000000,"
        "'variations':[true,false]}",
        "{'key':'values','version':1,'variations':[null,1,'1',[1,{'a':1,'b':[2]}],{'x':{},'y':0},"
        "false,1.0,[],{}]}",
        "{'key':'gone','version':9,'deleted':true,'trackEvents':true}",
    };
    struct dataset_builder *builder = dataset_builder_new();
    for (size_t i = 0; i < ARRAY_LEN(flags); i++)
        bench_flag_add(builder, flags[i]);
    return dataset_builder_finish_take(builder);
}

/* 0: no limit. */
static inline void bench_open(struct summarizer_bench *b, size_t capacity)
{
    *b = (struct summarizer_bench){.scope = log_scope_new("", "", LOG_DEBUG)};
    struct summarizer_settings settings = {.capacity = capacity, .log = b->scope, .now_ms = 1000};
    b->s = summarizer_new(&settings);
    b->data = bench_dataset();
    b->moment = (struct summarizer_moment){
        .now_ms = 1000, .wall_ms = 1700000000000, .schema = 4, .data = b->data};
    log_capture(lines_append, &b->log);
}

static inline void bench_close(struct summarizer_bench *b)
{
    log_capture(NULL, NULL);
    summarizer_free(b->s);
    dataset_unref(b->data);
    log_scope_unref(b->scope);
    str_free(&b->log);
}

/* The events of one post. */
static inline void bench_post(struct summarizer_bench *b, const char *quoted)
{
    struct error err;
    struct event_array events;
    char *json = bench_json(quoted);
    if (!event_array_split(view_of(json), &events, &err))
        fail_msg("%s: %s", json, err.text);
    for (size_t i = 0; i < events.count; i++)
        b->results[summarizer_add(b->s, events.each[i], &b->moment)]++;
    event_array_free(&events);
    mem_free(json);
}

/* What is sent at a flush; "" stands for nothing. */
static inline void bench_flush_is(struct summarizer_bench *b, const char *quoted, const char *why)
{
    struct str body = {0};
    struct event_array events = {0};
    struct error err;
    char *want = bench_json(quoted);
    size_t count = summarizer_flush(b->s, &body);
    if (!view_is(str_view(&body), want))
        fail_msg("%s\ngot  %s\nwant %s", why, str_text(&body), want);
    if (count != 0)
        assert_true(event_array_split(str_view(&body), &events, &err));
    assert_int_equal(count, events.count);
    event_array_free(&events);
    mem_free(want);
    str_free(&body);
}

#endif
