/* Any bytes as events of a post: the first byte decides about schema, limit and data, each further
 * line is an event.
 *
 * Laws: an event is taken only when it is one JSON object; what is flushed is a JSON array of as
 * many objects as was said, each with a kind, and no more than the limit and a summary; afterwards
 * nothing is left but known contexts. */
#include "base/json_reader.h"
#include "events/event_array.h"
#include "events/summarizer.h"

#include <stdlib.h>

static void must(bool law)
{
    if (!law)
        abort();
}

static struct dataset *dataset(void)
{
    static const char *const flags[] = {
        "{\"key\":\"a\",\"version\":7,\"trackEvents\":true,\"variations\":[\"x\",1,[],{\"n\":1.5}]"
        "}",
        "{\"key\":\"b\",\"version\":3,\"debugEventsUntilDate\":4000000000000,\"variations\":[true]"
        "}",
        "{\"key\":\"c\",\"version\":3,\"variations\":[null,false]}",
    };
    struct dataset_builder *builder = dataset_builder_new();
    for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
        struct error err;
        struct view key = view_make(flags[i] + 8, 1);
        dataset_builder_add_take(builder, item_parse(ITEM_FLAG, key, view_of(flags[i]), &err));
    }
    return dataset_builder_finish_take(builder);
}

static bool is_object(struct view text)
{
    struct json_reader r;
    json_reader_init(&r, text);
    r.far_numbers = true;
    bool ok = json_peek(&r) == JSON_OBJECT;
    json_skip(&r);
    json_expect_end(&r);
    ok = ok && !json_failed(&r);
    json_reader_done(&r);
    return ok;
}

static bool has_kind(struct view event)
{
    struct json_reader r;
    struct view name;
    bool found = false;
    json_reader_init(&r, event);
    r.far_numbers = true;
    for (json_object_begin(&r); json_object_next(&r, &name); json_skip(&r))
        found = found || view_is(name, "kind");
    found = found && !json_failed(&r);
    json_reader_done(&r);
    return found;
}

static void check_body(struct view body, size_t count)
{
    struct event_array events;
    struct error err;
    must((count == 0) == (body.len == 0));
    if (count == 0)
        return;
    must(event_array_split(body, &events, &err) && events.count == count);
    for (size_t i = 0; i < count; i++)
        must(has_kind(events.each[i]));
    event_array_free(&events);
}

static void add_lines(struct summarizer *s, struct view text, const struct summarizer_moment *m)
{
    while (text.len > 0) {
        struct view line = view_take_until(&text, "\n");
        text = view_from(text, 1);
        /* in memory of just its size, so that nothing reads beyond the end */
        char *memory = mem_alloc(line.len);
        if (line.len > 0)
            memcpy(memory, line.data, line.len);
        enum summarizer_result result = summarizer_add(s, view_make(memory, line.len), m);
        must(result == SUMMARIZER_MALFORMED || is_object(line));
        mem_free(memory);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned choice = size > 0 ? data[0] : 0;
    struct dataset *d = dataset();
    struct summarizer_settings settings = {.capacity = (choice & 4) != 0 ? 2 : 0,
                                           .log = log_scope_new("", "", LOG_NONE)};
    struct summarizer *s = summarizer_new(&settings);
    struct summarizer_moment moment = {.now_ms = 1,
                                       .wall_ms = 1700000000000,
                                       .schema = choice & 3,
                                       .data = (choice & 8) != 0 ? NULL : d};
    struct str body = {0};
    add_lines(s, view_from(view_make((const char *)data, size), 1), &moment);
    must(settings.capacity == 0 || summarizer_waiting(s) <= settings.capacity);
    size_t waiting = summarizer_waiting(s);
    size_t count = summarizer_flush(s, &body);
    must(count == waiting || count == waiting + 1);
    check_body(str_view(&body), count);
    size_t left = summarizer_bytes(s);
    must(summarizer_flush(s, &body) == 0 && summarizer_waiting(s) == 0);
    summarizer_clear(s);
    must(summarizer_bytes(s) == left);
    summarizer_free(s);
    log_scope_unref(settings.log);
    dataset_unref(d);
    str_free(&body);
    return 0;
}
