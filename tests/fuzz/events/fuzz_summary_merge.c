/* Any bytes as summary events: each line is one.
 *
 * Laws: an event that is refused changes nothing; all that was said by those that are taken is said
 * by what is written, and no more; that is well-formed, can be merged again, and stays as it is
 * then. */
#include "../../unit/events/summary_tally.h"
#include "events/event_array.h"
#include "events/summary_merge.h"

#include <stdlib.h>

static void must(bool law)
{
    if (!law)
        abort();
}

/* `written` is what would be written before and afterwards. */
static void add_line(struct summary_merge *m, struct view line, struct str *written,
                     struct tally *tally)
{
    /* in memory of just its size, so that nothing reads beyond the end */
    char *memory = mem_alloc(line.len);
    if (line.len > 0)
        memcpy(memory, line.data, line.len);
    size_t bytes = summary_merge_bytes(m);
    bool taken = summary_merge_add(m, view_make(memory, line.len));
    mem_free(memory);
    struct str now = {0};
    (void)summary_merge_write(m, &now);
    if (taken)
        tally_add(tally, TALLY_BEFORE, line);
    else
        must(view_equal(str_view(&now), str_view(written)) && summary_merge_bytes(m) == bytes);
    str_free(written);
    *written = now;
}

static void merge_again(struct view written, size_t count, struct tally *tally)
{
    struct summary_merge *m = summary_merge_new();
    struct str body = {0};
    struct str again = {0};
    struct event_array events;
    struct error err;
    str_append_char(&body, '[');
    str_append(&body, written);
    str_append_char(&body, ']');
    must(event_array_split(str_view(&body), &events, &err) && events.count == count);
    for (size_t i = 0; i < count; i++) {
        must(summary_merge_add(m, events.each[i]));
        tally_add(tally, TALLY_AFTER, events.each[i]);
    }
    must(summary_merge_write(m, &again) == count && view_equal(str_view(&again), written));
    must(tally_balanced(tally));
    event_array_free(&events);
    str_free(&again);
    str_free(&body);
    summary_merge_free(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct summary_merge *m = summary_merge_new();
    struct view text = view_make((const char *)data, size);
    struct str written = {0};
    struct tally tally = {0};
    for (; text.len > 0; text = view_from(text, 1))
        add_line(m, view_take_until(&text, "\n"), &written, &tally);
    str_clear(&written);
    size_t count = summary_merge_write(m, &written);
    must((count == 0) == (written.len == 0) && (count == 0) == (summary_merge_bytes(m) == 0));
    merge_again(str_view(&written), count, &tally);
    tally_free(&tally);
    str_free(&written);
    summary_merge_free(m);
    return 0;
}
