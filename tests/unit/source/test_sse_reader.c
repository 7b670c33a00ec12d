/* The rules of streaming.md 2.1, each with every possible cut. */
#include "source/sse_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define TEST_MAX_EVENT 100

struct seen {
    struct str data;
    struct str all; /* "name=data;" per event, "retry N;" */
};

static void seen_data(void *owner, struct view name, struct view piece)
{
    struct seen *s = owner;
    (void)name;
    assert_true(piece.len > 0);
    str_append(&s->data, piece);
}

static void seen_event(void *owner, struct view name, bool has_data)
{
    struct seen *s = owner;
    str_append(&s->all, name);
    str_append_text(&s->all, has_data ? "=" : " without data");
    str_append(&s->all, str_view(&s->data));
    str_append_char(&s->all, ';');
    str_clear(&s->data);
}

static void seen_retry(void *owner, int64_t ms)
{
    struct seen *s = owner;
    str_append_format(&s->all, "retry %lld;", (long long)ms);
}

static const struct sse_reader_listener listener = {seen_data, seen_event, seen_retry};

#define T(text) VIEW_LITERAL(text)

static const struct {
    struct view in;
    struct view events;
    const char *last_id;
    bool in_event;
    const char *why;
} rows[] = {
    {T("event: a\ndata: b\n\n"), T("a=b;"), "", false, "the usual form"},
    {T("event: a\rdata: b\r\r"), T("a=b;"), "", false, "CR ends lines"},
    {T("event: a\r\ndata: b\r\n\r\n"), T("a=b;"), "", false, "CR LF is one end of line"},
    {T("event: a\r\ndata: b\n\r"), T("a=b;"), "", false, "any mixture"},
    {T("data: b\n\r\n"), T("=b;"), "", false, "LF, then CR LF: the second is the empty line"},
    {T("\xEF\xBB\xBF"
       "data: b\n\n"),
     T("=b;"), "", false, "one byte order mark is skipped"},
    {T("\xEF\xBB\xBF\xEF\xBB\xBF"
       "data: b\n\n"),
     T(""), "", false, "a second one is text"},
    {T("\xEF\xBB"
       "data: b\n\n"),
     T(""), "", false, "half a mark is text"},
    {T("\n\xEF\xBB\xBF"
       "data: b\n\n"),
     T(""), "", false, "a mark only at the very start"},
    {T("\n\n\ndata: b\n\n\n\n"), T("=b;"), "", false, "empty lines between events"},
    {T(":\n: hello\n:data: x\n\n"), T(""), "", false, "comments are no events"},
    {T("data: a\n: hello\ndata: b\n\n"), T("=a\nb;"), "", false, "a comment within an event"},
    {T("data:a\n\n"), T("=a;"), "", false, "no space behind the colon"},
    {T("data:  a \n\n"), T("= a ;"), "", false, "exactly one leading space goes"},
    {T("data: a:b\n\n"), T("=a:b;"), "", false, "the first colon counts"},
    {T("data\n\n"), T("=;"), "", false, "no colon: empty value"},
    {T("data:\n\n"), T("=;"), "", false, "empty value"},
    {T("data\ndata\n\n"), T("=\n;"), "", false, "two empty lines of data are one LF"},
    {T("data: a\ndata: b\ndata:\n\n"), T("=a\nb\n;"), "", false, "one final LF is removed"},
    {T("event: a\nevent: b\ndata: x\n\n"), T("b=x;"), "", false, "the last name wins"},
    {T("data: x\nevent: b\n\n"), T("b=x;"), "", false, "the name behind the data"},
    {T("event: a\ndata: x\n\ndata: y\n\n"), T("a=x;=y;"), "", false, "a name holds for one event"},
    {T("event: a\n\n"), T("a without data;"), "", false, "a name alone"},
    {T("event\ndata: x\n\n"), T("=x;"), "", false, "an empty name"},
    {T("id: 7\ndata: x\n\n"), T("=x;"), "7", false, "id is remembered"},
    {T("id: 7\ndata: x\n\ndata: y\n\n"), T("=x;=y;"), "7", false, "across events"},
    {T("id: 7\n\nid\n\n"), T(""), "", false, "an empty id clears it"},
    {T("id: 7\n\n"), T(""), "7", false, "id without data"},
    {T("id: 7\nid: 8\n\n"), T(""), "8", false, "the last id wins"},
    {T("id: 7\nid: 8\0009\n\n"), T(""), "7", false, "an id with NUL is ignored"},
    {T("id: 7\n\nid: 8\n"), T(""), "7", true, "the id of an unfinished block does not count"},
    {T("retry: 5000\n\n"), T("retry 5000;"), "", false, "retry"},
    {T("retry: 5000\ndata: x\n\n"), T("retry 5000;=x;"), "", false, "retry when dispatched"},
    {T("retry: 5000\n"), T(""), "", true, "not before"},
    {T("retry: x\nretry: -1\nretry: 0\nretry: 1.5\nretry:\nretry: 5 \n\n"), T(""), "", false,
     "anything but a positive number is ignored"},
    {T("retry: 99999999999999999999\n\n"), T("retry 9999999999;"), "", false, "out of range"},
    {T("foo: x\nbar\n\n"), T(""), "", false, "unknown fields do not make an event"},
    {T("Data: x\ndata : y\ndatax: z\ndat: w\n\n"), T(""), "", false, "names of fields are exact"},
    {T("event: a\ndata: b\n"), T(""), "", true, "an unfinished block is discarded"},
    {T("event: a\ndata: b\n\n:\n"), T("a=b;"), "", false, "a comment behind an event"},
    {T("dat"), T(""), "", true, "an unfinished line"},
    {T(": comm"), T(""), "", false, "an unfinished comment is between events"},
    {T("data: \xFF\xFE\n\n"), T("=\xFF\xFE;"), "", false, "bytes are not looked at"},
    {T("data: a\0b\n\n"), T("=a\0b;"), "", false, "NUL within data"},
    {T("\xEF\xBB\xBF: hello\r\nevent: patch\rdata:{\"path\":\"/flags/a/b\",\r"
       "data: \"data\":{\"version\":1,\r\n\r"),
     T("patch={\"path\":\"/flags/a/b\",\n\"data\":{\"version\":1,;"), "", false, "as in 14.6"},
};

static void reader_feed_cut(struct sse_reader *r, struct view in, size_t a, size_t b)
{
    assert_true(sse_reader_feed(r, view_make(in.data, a)));
    assert_true(sse_reader_feed(r, view_make(in.data + a, b - a)));
    assert_true(sse_reader_feed(r, view_make(in.data + b, in.len - b)));
}

static void check_row(size_t i, size_t a, size_t b)
{
    struct seen seen = {0};
    struct sse_reader r;
    sse_reader_init(&r, TEST_MAX_EVENT, &listener, &seen);
    reader_feed_cut(&r, rows[i].in, a, b);
    bool ok = view_equal(str_view(&seen.all), rows[i].events) &&
              view_is(sse_reader_last_id(&r), rows[i].last_id) &&
              sse_reader_in_event(&r) == rows[i].in_event;
    if (!ok)
        fail_msg("row \"%s\" cut at %zu and %zu: \"%s\"", rows[i].why, a, b, str_text(&seen.all));
    str_free(&seen.all);
    str_free(&seen.data);
    sse_reader_done(&r);
}

static void rules_hold_with_any_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        for (size_t a = 0; a <= rows[i].in.len; a++)
            for (size_t b = a; b <= rows[i].in.len; b++)
                check_row(i, a, b);
}

/* streaming.md 14.6: the reads as they are given there. */
static void awkward_reads_give_one_event_at_the_final_cr(void **state)
{
    (void)state;
    static const struct view reads[] = {
        T("\xEF\xBB"),
        T("\xBF: hello\r"),
        T("\nevent: pa"),
        T("tch\r"),
        T("data:{\"path\":\"/flags/a/b\",\rdata: \"data\":{\"version\":1,"),
        T("\"key\":\"a/b\"}}\n"),
        T("\r"),
    };
    struct seen seen = {0};
    struct sse_reader r;
    sse_reader_init(&r, 1000, &listener, &seen);
    for (size_t i = 0; i < ARRAY_LEN(reads); i++) {
        assert_int_equal(seen.all.len, 0);
        assert_true(sse_reader_feed(&r, reads[i]));
    }
    static const char expected[] =
        "patch={\"path\":\"/flags/a/b\",\n\"data\":{\"version\":1,\"key\":\"a/b\"}};";
    assert_string_equal(str_text(&seen.all), expected);
    assert_true(sse_reader_feed(&r, T("\n")));
    assert_string_equal(str_text(&seen.all), expected);
    str_free(&seen.all);
    str_free(&seen.data);
    sse_reader_done(&r);
}

static void an_event_over_the_limit_stops_the_reader(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct sse_reader r;
    char big[TEST_MAX_EVENT] = "data:";
    memset(big + 5, 'x', sizeof big - 5);
    sse_reader_init(&r, TEST_MAX_EVENT, &listener, &seen);
    assert_true(sse_reader_feed(&r, view_make(big, sizeof big)));
    assert_true(sse_reader_feed(&r, T("\n\n: a comment does not count\n")));
    assert_true(sse_reader_feed(&r, view_make(big, sizeof big)));
    assert_false(sse_reader_feed(&r, T("x")));
    assert_false(sse_reader_feed(&r, T("\n\ndata: y\n\n")));
    assert_int_equal(seen.all.len, 1 + TEST_MAX_EVENT - 5 + 1);
    sse_reader_reset(&r);
    str_clear(&seen.all);
    str_clear(&seen.data);
    assert_true(sse_reader_feed(&r, T("\xEF\xBB\xBF"
                                      "data: y\n\n")));
    assert_string_equal(str_text(&seen.all), "=y;");
    str_free(&seen.all);
    str_free(&seen.data);
    sse_reader_done(&r);
}

static void the_last_id_outlives_the_connection(void **state)
{
    (void)state;
    struct seen seen = {0};
    struct sse_reader r;
    sse_reader_init(&r, TEST_MAX_EVENT, &listener, &seen);
    assert_true(sse_reader_feed(&r, T("id: 7\ndata: x\n\nevent: half\nid: 8\nda")));
    assert_true(sse_reader_in_event(&r));
    sse_reader_reset(&r);
    assert_false(sse_reader_in_event(&r));
    assert_true(view_is(sse_reader_last_id(&r), "7"));
    assert_true(sse_reader_feed(&r, T("data: y\n\n")));
    assert_string_equal(str_text(&seen.all), "=x;=y;");
    str_free(&seen.all);
    str_free(&seen.data);
    sse_reader_done(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_hold_with_any_cut),
        cmocka_unit_test(awkward_reads_give_one_event_at_the_final_cr),
        cmocka_unit_test(an_event_over_the_limit_stops_the_reader),
        cmocka_unit_test(the_last_id_outlives_the_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
