/* Any bytes as a request target, and as a query.
 *
 * Laws: no segment is empty, "." or ".."; decoding never makes text longer; a target whose segments
 * are written out again, percent-encoded, has the same segments. */
#include "http/server_target.h"

#include <stdint.h>
#include <stdlib.h>

static void must(bool law)
{
    if (!law)
        abort();
}

static void append_encoded(struct str *out, struct view segment)
{
    for (size_t i = 0; i < segment.len; i++)
        str_append_format(out, "%%%02x", (unsigned char)segment.data[i]);
}

static void must_be_the_same(const struct target *a, const struct target *b)
{
    must(a->depth == b->depth && a->trailing_slash == b->trailing_slash);
    for (size_t i = 0; i < a->depth && i < TARGET_SEGMENTS_MAX; i++)
        must(view_equal(a->segments[i], b->segments[i]));
}

static void write_out_and_parse_again(const struct target *t)
{
    struct str text = {0};
    for (size_t i = 0; i < t->depth; i++) {
        str_append_char(&text, '/');
        append_encoded(&text, t->segments[i]);
    }
    if (t->trailing_slash || t->depth == 0)
        str_append_char(&text, '/');
    struct target again;
    must(target_parse(str_view(&text), &again));
    must_be_the_same(t, &again);
    target_free(&again);
    str_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view raw = view_make((const char *)data, size);
    struct target t;
    if (target_parse(raw, &t)) {
        must(!t.asterisk || !t.has_path);
        size_t total = 0;
        for (size_t i = 0; i < t.depth && i < TARGET_SEGMENTS_MAX; i++) {
            struct view s = t.segments[i];
            must(s.len != 0 && !view_is(s, ".") && !view_is(s, ".."));
            total += s.len;
        }
        must(total <= size);
        if (t.has_path && t.depth <= TARGET_SEGMENTS_MAX)
            write_out_and_parse_again(&t);
        target_free(&t);
    }
    struct str value = {0};
    if (query_find(raw, "a", &value))
        must(value.len <= size);
    else
        must(value.len == 0);
    str_free(&value);
    return 0;
}
