/* Any bytes as the body of a post.
 *
 * Laws: accepted is exactly what reads, value by value, as an array (or null) of at most 512
 * levels; elements have no white space around them; written one after the other they are split into
 * the same elements again; nothing reads beyond the end (the text lies in memory of just its size).
 */
#include "base/json_reader.h"
#include "events/event_array.h"

#include <stdlib.h>

static void must(bool law)
{
    if (!law)
        abort();
}

/* Reads a value by the calls for its type; numbers are skipped, because those out of the range of
 * f64 pass here. Returns its levels. */
static unsigned read_value(struct json_reader *r, struct str *scratch)
{
    struct view name;
    unsigned deepest = 0;
    enum json_type type = json_peek(r);
    if (type == JSON_ARRAY) {
        for (json_array_begin(r); json_array_next(r);) {
            unsigned levels = read_value(r, scratch);
            deepest = levels > deepest ? levels : deepest;
        }
    } else if (type == JSON_OBJECT) {
        for (json_object_begin(r); json_object_next(r, &name);) {
            unsigned levels = read_value(r, scratch);
            deepest = levels > deepest ? levels : deepest;
        }
    } else if (type == JSON_STRING) {
        str_clear(scratch);
        json_read_string(r, scratch);
        return 0;
    } else {
        json_skip(r);
        return 0;
    }
    return deepest + 1;
}

static bool reads_as_array(struct view text)
{
    struct json_reader r;
    struct str scratch = {0};
    json_reader_init(&r, text);
    r.far_numbers = true;
    enum json_type type = json_peek(&r);
    unsigned levels = read_value(&r, &scratch);
    json_expect_end(&r);
    bool ok = !json_failed(&r) && (type == JSON_NULL || type == JSON_ARRAY) && levels <= 512;
    json_reader_done(&r);
    str_free(&scratch);
    return ok;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void check_again(const struct event_array *a)
{
    struct str joined = {0};
    struct event_array again;
    struct error err;
    str_append_char(&joined, '[');
    for (size_t i = 0; i < a->count; i++) {
        struct view element = a->each[i];
        must(element.len > 0 && !is_blank(element.data[0]));
        must(!is_blank(element.data[element.len - 1]));
        str_append_text(&joined, i > 0 ? "," : "");
        str_append(&joined, element);
    }
    str_append_char(&joined, ']');
    must(event_array_split(str_view(&joined), &again, &err));
    must(again.count == a->count);
    for (size_t i = 0; i < a->count; i++)
        must(view_equal(again.each[i], a->each[i]));
    event_array_free(&again);
    str_free(&joined);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct event_array a;
    struct error err = {""};
    char *memory = mem_alloc(size);
    if (size > 0)
        memcpy(memory, data, size);
    bool ok = event_array_split(view_make(memory, size), &a, &err);
    must(ok == reads_as_array(view_make(memory, size)));
    must(ok == (err.text[0] == '\0'));
    if (ok)
        check_again(&a);
    event_array_free(&a);
    mem_free(memory);
    return 0;
}
