/* events/event_array.c - one pass over the bytes of a post: json_skip() is the state machine. */
#include "events/event_array.h"

#include "base/json_reader.h"
#include "base/mem.h"

#define MAX_DEPTH 512

/* An event of an SDK is rarely shorter. */
#define TYPICAL_EVENT 128

/* No event is so short: with more of them the views would be larger than the text, and a body of
 * nothing but digits and commas eight times as large. */
#define SHORTEST_EVENT sizeof(struct view)
#define SHORT_EVENTS 65536 /* so many may be as short as they like */

static void array_append(struct event_array *a, size_t *room, struct view element, size_t text_len)
{
    if (a->count == *room) {
        *room = *room > 0 ? *room * 2 : text_len / TYPICAL_EVENT + 1;
        a->each = mem_realloc(a->each, *room * sizeof *a->each);
    }
    a->each[a->count++] = element;
}

bool event_array_split(struct view text, struct event_array *out, struct error *err)
{
    struct json_reader r;
    size_t room = 0;
    *out = (struct event_array){0};
    json_reader_init(&r, text);
    r.depth = JSON_MAX_DEPTH - MAX_DEPTH;
    r.far_numbers = true;
    if (!json_read_null(&r)) {
        size_t most = SHORT_EVENTS + text.len / SHORTEST_EVENT;
        for (json_array_begin(&r); json_array_next(&r) && out->count < most;)
            array_append(out, &room, json_read_raw(&r), text.len);
        if (out->count == most)
            json_fail(&r, "too many elements for a text of this size");
    }
    json_expect_end(&r);
    bool ok = !json_failed(&r);
    if (!ok) {
        error_set(err, "%s at byte %zu", r.problem, json_offset(&r));
        event_array_free(out);
    }
    json_reader_done(&r);
    return ok;
}

void event_array_free(struct event_array *a)
{
    mem_free(a->each);
    *a = (struct event_array){0};
}
