/* A put of 300 MB needs the memory of its items, and hardly more: streaming.md 15.1, checklist 11.
 */
#include "source/stream_decoder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>

#include <cmocka.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* Sanitizers keep memory of their own, so there only the results are looked at, on a tenth. */
#define PUT_BYTES ((size_t)(SANITIZED ? 30 : 300) << 20)
#define ITEM_BYTES ((size_t)100 << 10)
#define PIECE_BYTES ((size_t)64 << 10)
#define EXTRA_BYTES ((size_t)8 << 20)

struct seen {
    struct dataset *data;
    bool malformed;
};

static void on_put(void *owner, struct dataset *data)
{
    ((struct seen *)owner)->data = data;
}

static void on_malformed(void *owner, struct view name, const char *problem)
{
    (void)name;
    (void)problem;
    ((struct seen *)owner)->malformed = true;
}

static const struct stream_decoder_listener listener = {.put = on_put, .malformed = on_malformed};

/* Collects text up to 64 KiB, then feeds it. */
struct feeder {
    struct stream_decoder *decoder;
    struct str piece;
    size_t total;
};

static void flush(struct feeder *f)
{
    stream_decoder_feed(f->decoder, str_view(&f->piece));
    f->total += f->piece.len;
    str_clear(&f->piece);
}

static void feed(struct feeder *f, struct view text)
{
    while (text.len > 0) {
        size_t room = PIECE_BYTES - f->piece.len;
        size_t len = text.len < room ? text.len : room;
        str_append(&f->piece, view_make(text.data, len));
        text = view_from(text, len);
        if (f->piece.len == PIECE_BYTES)
            flush(f);
    }
}

static size_t peak_bytes(void)
{
    struct rusage usage;
    assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
    return (size_t)usage.ru_maxrss << 10;
}

/* `before` and `behind` the long part of each item. */
static struct dataset *feed_put(const char *before, const char *behind)
{
    struct seen seen = {0};
    struct feeder f = {.decoder = stream_decoder_new(SSE_READER_MAX_EVENT, &listener, &seen)};
    char *filler = mem_alloc(ITEM_BYTES);
    memset(filler, 'x', ITEM_BYTES);
    feed(&f, VIEW_LITERAL("event: put\ndata: {\"path\":\"/\",\"data\":{\"flags\":{"));
    for (unsigned i = 0; f.total < PUT_BYTES; i++) {
        char name[32];
        int len = snprintf(name, sizeof name, "%s\"flag-%u\":{", i > 0 ? "," : "", i);
        feed(&f, view_make(name, (size_t)len));
        feed(&f, view_of(before));
        feed(&f, view_make(filler, ITEM_BYTES));
        feed(&f, view_of(behind));
    }
    feed(&f, VIEW_LITERAL("}}}\n\n"));
    flush(&f);
    assert_false(seen.malformed);
    assert_non_null(seen.data);
    assert_true(dataset_count(seen.data, ITEM_FLAG) >= PUT_BYTES / ITEM_BYTES - 10);
    mem_free(filler);
    str_free(&f.piece);
    stream_decoder_free(f.decoder);
    return seen.data;
}

static size_t text_bytes(struct dataset *d)
{
    size_t count;
    size_t bytes = 0;
    struct item *const *items = dataset_ordered(d, ITEM_FLAG, &count);
    for (size_t i = 0; i < count; i++)
        bytes += items[i]->text->len;
    return bytes;
}

static void check_growth(size_t peak_before, struct dataset *d, size_t copies)
{
    size_t growth = peak_bytes() - peak_before;
    size_t text = copies * text_bytes(d);
    size_t limit = SANITIZED ? SIZE_MAX : text + EXTRA_BYTES;
    if (growth > limit)
        fail_msg("%zu bytes beyond the %zu of the items", growth - text, text);
}

/* Nothing of it is kept: properties nobody knows. */
static void what_is_not_kept_takes_no_memory(void **state)
{
    (void)state;
    size_t before = peak_bytes();
    struct dataset *d = feed_put("\"version\":7,\"unknown\":\"", "\"}");
    check_growth(before, d, 1);
    assert_int_equal(dataset_find(d, ITEM_FLAG, VIEW_LITERAL("flag-0"))->version, 7);
    dataset_unref(d);
}

static void what_is_kept_is_not_held_twice(void **state)
{
    (void)state;
    size_t before = peak_bytes();
    struct dataset *d = feed_put("\"variations\":[\"", "\"]}");
    assert_true(text_bytes(d) >= PUT_BYTES - ITEM_BYTES);
    check_growth(before, d, 1);
    dataset_unref(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_kept_takes_no_memory),
        cmocka_unit_test(what_is_kept_is_not_held_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
