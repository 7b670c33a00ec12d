/* Events of the /all stream as data sets and items: streaming.md 5. */
#include "source/stream_decoder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct seen {
    struct stream_decoder *decoder;
    struct str text;
    bool stop_at_once;
};

static void describe_items(struct dataset *d, enum item_kind kind, struct str *out)
{
    size_t count;
    struct item *const *items = dataset_ordered(d, kind, &count);
    for (size_t i = 0; i < count; i++)
        str_append_format(out, " %.*s=%lld%s", VIEW_ARGS(items[i]->key),
                          (long long)items[i]->version, items[i]->deleted ? " deleted" : "");
}

static void seen_event(struct seen *s)
{
    str_append_char(&s->text, ';');
    if (s->stop_at_once)
        stream_decoder_stop(s->decoder);
}

static void on_put(void *owner, struct dataset *data)
{
    struct seen *s = owner;
    str_append_text(&s->text, "put");
    describe_items(data, ITEM_FLAG, &s->text);
    str_append_text(&s->text, " |");
    describe_items(data, ITEM_SEGMENT, &s->text);
    dataset_unref(data);
    seen_event(s);
}

static void on_patch(void *owner, struct item *it)
{
    struct seen *s = owner;
    str_append_format(&s->text, "%s %.*s=%lld%s", item_kind_stream_name(it->kind),
                      VIEW_ARGS(it->key), (long long)it->version, it->deleted ? " deleted" : "");
    item_unref(it);
    seen_event(s);
}

static void on_ignored(void *owner)
{
    struct seen *s = owner;
    str_append_text(&s->text, "ignored");
    seen_event(s);
}

static void on_unexpected(void *owner, struct view name)
{
    struct seen *s = owner;
    str_append_format(&s->text, "unexpected %.*s", VIEW_ARGS(name));
    seen_event(s);
}

static void on_malformed(void *owner, struct view name, const char *problem)
{
    struct seen *s = owner;
    str_append_format(&s->text, "malformed %.*s: %s", VIEW_ARGS(name), problem);
    seen_event(s);
}

static void on_retry(void *owner, int64_t ms)
{
    struct seen *s = owner;
    str_append_format(&s->text, "retry %lld", (long long)ms);
    seen_event(s);
}

static const struct stream_decoder_listener listener = {
    .put = on_put,
    .patch = on_patch,
    .ignored = on_ignored,
    .unexpected = on_unexpected,
    .malformed = on_malformed,
    .retry = on_retry,
};

#define PUT(data) "event: put\ndata: " data "\n\n"
#define PATCH(data) "event: patch\ndata: " data "\n\n"
#define DELETE(data) "event: delete\ndata: " data "\n\n"

static const struct {
    const char *why;
    const char *in;
    const char *out;
} rows[] = {
    {"put",
     PUT("{\"path\":\"/"
         "\",\"data\":{\"flags\":{\"a\":{\"version\":1}},\"segments\":{\"s\":{\"version\":2}}}}"),
     "put a=1 | s=2;"},
    {"24: put without path", PUT("{\"data\":{\"segments\":{},\"flags\":{}}}"), "put |;"},
    {"an absent kind is empty", PUT("{\"data\":{\"flags\":{\"a\":{}}}}"), "put a=0 |;"},
    {"neither kind", PUT("{\"data\":{}}"), "put |;"},
    {"the value of path is not looked at", PUT("{\"path\":[7],\"data\":{}}"), "put |;"},
    {"other properties are skipped",
     PUT("{\"x\":[{\"flags\":{\"b\":1}}],\"data\":{\"y\":{\"flags\":{\"c\":1}},\"z\":[[1]],"
         "\"flags\":{\"a\":"
         "{\"version\":1,\"q\":{\"flags\":{}}}},\"n\":null},\"w\":true}"),
     "put a=1 |;"},
    {"28: the map key counts",
     PUT("{\"data\":{\"flags\":{\"a\\u002Fb\":{\"key\":\"c\",\"version\":1}}}}"), "put a/b=1 |;"},
    {"deleted in a put", PUT("{\"data\":{\"flags\":{\"a\":{\"version\":4,\"deleted\":true}}}}"),
     "put a=4 deleted |;"},
    {"text behind the brace is ignored", PUT("{\"data\":{}} {sorry"), "put |;"},
    {"several lines of data",
     "event: put\ndata: {\"data\":{\"flags\":{\ndata: \"a\":{\"version\":\ndata:  7}\ndata: "
     "}}}\n\n",
     "put a=7 |;"},
    {"the name behind the data",
     "data: {\"data\":{\"flags\":{\"a\":{\"version\":1}}}}\nevent: put\n\n", "put a=1 |;"},
    {"in the middle of it",
     "data: {\"data\":{\nevent: put\ndata: \"flags\":{\"a\":{\"version\":1}}}}\n\n", "put a=1 |;"},

    {"patch", PATCH("{\"path\":\"/flags/a\",\"data\":{\"version\":3}}"), "flags a=3;"},
    {"segment", PATCH("{\"path\":\"/segments/a\",\"data\":{\"version\":3}}"), "segments a=3;"},
    {"23: data before path", PATCH("{\"data\":{\"version\":3},\"path\":\"/flags/a\"}"),
     "flags a=3;"},
    {"28: keys with /", PATCH("{\"path\":\"/flags//a/b/\",\"data\":{\"version\":3}}"),
     "flags /a/b/=3;"},
    {"undecoded", PATCH("{\"path\":\"/flags/a%2Fb ~1\",\"data\":{\"version\":3}}"),
     "flags a%2Fb ~1=3;"},
    {"an empty key", PATCH("{\"path\":\"/flags/\",\"data\":{\"version\":3}}"), "flags =3;"},
    {"28: the path counts", PATCH("{\"path\":\"/flags/a\",\"data\":{\"key\":\"b\",\"version\":3}}"),
     "flags a=3;"},
    {"27: deleted", PATCH("{\"path\":\"/flags/a\",\"data\":{\"version\":3,\"deleted\":true}}"),
     "flags a=3 deleted;"},
    {"21: an unknown path", PATCH("{\"path\":\"/cats/Jack\",\"data\":{}}"), "ignored;"},
    {"21: data is not parsed then", PATCH("{\"path\":\"/cats/Jack\",\"data\":{sorry"), "ignored;"},
    {"21: of any type", PATCH("{\"data\":true,\"path\":\"/cats/Jack\"}"), "ignored;"},
    {"a path without a key", PATCH("{\"path\":\"/flags\",\"data\":{}}"), "ignored;"},
    {"the whole data set", PATCH("{\"path\":\"/\",\"data\":{}}"), "ignored;"},

    {"delete", DELETE("{\"path\":\"/flags/a\",\"version\":8}"), "flags a=8 deleted;"},
    {"delete, other order", DELETE("{\"version\":8,\"path\":\"/segments/a/b\"}"),
     "segments a/b=8 deleted;"},
    {"the version is truncated", DELETE("{\"path\":\"/flags/a\",\"version\":8.9}"),
     "flags a=8 deleted;"},
    {"21: delete of an unknown path", DELETE("{\"path\":\"/cats/x\"}"), "ignored;"},

    {"20: an unknown name", "event: foo\ndata: {sorry\n\n", "unexpected foo;"},
    {"20: the old names", "event: indirect/put\ndata: x\n\nevent: indirect/patch\ndata: x\n\n",
     "unexpected indirect/put;unexpected indirect/patch;"},
    {"20: no name", "data: {}\n\n", "unexpected ;"},
    {"names are exact", "event: Put\ndata: {}\n\nevent: put \ndata: {}\n\n",
     "unexpected Put;unexpected put ;"},
    {"an unknown name without data", "event: foo\n\n", ""},
    {"comments and empty lines", ":\n\n: x\n\n\n", ""},
    {"retry", "retry: 5000\n\n", "retry 5000;"},
    {"one after the other",
     PATCH("{\"path\":\"/flags/a\",\"data\":{\"version\":3}}") PUT("{\"data\":{}}")
         DELETE("{\"path\":\"/flags/a\",\"version\":8}"),
     "flags a=3;put |;flags a=8 deleted;"},

    /* 22: each of them, and nothing behind it is read. */
    {"5.5: put", PUT("{sorry") PUT("{\"data\":{}}"),
     "malformed put: expected a property name in quotes at offset 2;"},
    {"5.5: flags is true", PUT("{\"data\":{\"flags\":true,\"segments\":{}}}"),
     "malformed put: \"flags\": expected an object at offset 17;"},
    {"5.5: patch", PATCH("{\"path\":\"/flags/x\",\"data\":true}"), NULL},
    {"5.5: delete", DELETE("{\"path\":\"/flags/x\",\"version\":\"no\""), NULL},
    {"put without data", PUT("{\"path\":\"/\"}"), "malformed put: missing \"data\";"},
    {"put, data is null", PUT("{\"data\":null}"),
     "malformed put: \"data\": expected an object at offset 8;"},
    {"put, segments is null", PUT("{\"data\":{\"segments\":null}}"),
     "malformed put: \"segments\": expected an object at offset 20;"},
    {"put is a list", PUT("[]"), "malformed put: expected an object at offset 0;"},
    {"put is nothing", "event: put\ndata:\n\n",
     "malformed put: unexpected end of data at offset 0;"},
    {"put without a data line", "event: put\n\n", "malformed put: no data;"},
    {"put is cut", PUT("{\"data\":{\"flags\":{\"a\":{}}}"),
     "malformed put: unexpected end of data at offset 26;"},
    {"one bad item", PUT("{\"data\":{\"flags\":{\"a\":{\"version\":1},\"b\":{\"on\":1}}}}"), NULL},
    {"an item that is null", PUT("{\"data\":{\"flags\":{\"a\":null}}}"), NULL},
    {"patch without data", PATCH("{\"path\":\"/flags/x\"}"), "malformed patch: missing \"data\";"},
    {"patch without path", PATCH("{\"data\":{}}"), "malformed patch: missing \"path\";"},
    {"patch without a data line", "event: patch\n\n", "malformed patch: no data;"},
    {"patch is cut", PATCH("{\"path\":\"/flags/x\",\"data\":{}"), NULL},
    {"patch, path is a number", PATCH("{\"path\":1,\"data\":{}}"), NULL},
    {"delete without version", DELETE("{\"path\":\"/flags/x\"}"),
     "malformed delete: missing \"version\";"},
    {"delete without path", DELETE("{\"version\":1}"), "malformed delete: missing \"path\";"},
    {"delete is nothing", "event: delete\ndata\n\n", NULL},
    {"a name that comes too late", "event: foo\ndata: {}\nevent: put\n\n",
     "malformed put: the name of the event changed after its data had begun;"},
    {"a name that changes", "event: put\ndata: {}\nevent: patch\n\n",
     "malformed patch: the name of the event changed after its data had begun;"},
    {"a name that changes to nothing known", "event: put\ndata: {\"data\":{}}\nevent: foo\n\n",
     "unexpected foo;"},
};

static void feed_cut(const char *in, size_t a, size_t step, struct str *out, bool stop)
{
    struct seen s = {.stop_at_once = stop};
    struct view rest = view_of(in);
    s.decoder = stream_decoder_new(10000, &listener, &s);
    stream_decoder_feed(s.decoder, view_make(rest.data, a));
    for (rest = view_from(rest, a); rest.len > 0; rest = view_from(rest, step))
        stream_decoder_feed(s.decoder, view_make(rest.data, rest.len < step ? rest.len : step));
    assert_false(stream_decoder_in_event(s.decoder) && s.text.len == 0 && !stop);
    stream_decoder_free(s.decoder);
    *out = s.text;
}

static void check_cut(size_t i, const char *expected, size_t a, size_t step)
{
    struct str out;
    feed_cut(rows[i].in, a, step, &out, false);
    if (strcmp(str_text(&out), expected) != 0)
        fail_msg("row \"%s\", first %zu, then %zu: %s", rows[i].why, a, step, str_text(&out));
    str_free(&out);
}

static void rows_hold_with_any_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t len = strlen(rows[i].in);
        struct str whole;
        feed_cut(rows[i].in, 0, len, &whole, false);
        bool malformed = strncmp(str_text(&whole), "malformed ", 10) == 0;
        if (rows[i].out != NULL ? strcmp(str_text(&whole), rows[i].out) != 0 : !malformed)
            fail_msg("row \"%s\": %s", rows[i].why, str_text(&whole));
        for (size_t a = 0; a <= len; a++)
            check_cut(i, str_text(&whole), a, len);
        for (size_t step = 1; step < 5; step++)
            check_cut(i, str_text(&whole), 0, step);
        str_free(&whole);
    }
}

/* A listener that stops the decoder hears nothing more, wherever the bytes are cut. */
static void a_stopped_decoder_is_silent(void **state)
{
    (void)state;
    static const char in[] = "retry: 5000\nevent: put\ndata: {\"data\":{}}\n\n" PUT("{sorry");
    for (size_t a = 0; a < sizeof in; a++) {
        struct str out;
        feed_cut(in, a, sizeof in, &out, true);
        assert_string_equal(str_text(&out), "retry 5000;");
        str_free(&out);
    }
}

static void an_event_that_is_too_large_is_malformed(void **state)
{
    (void)state;
    struct seen s = {0};
    char big[2000];
    memset(big, ' ', sizeof big);
    s.decoder = stream_decoder_new(10000, &listener, &s);
    stream_decoder_feed(s.decoder, VIEW_LITERAL("event: put\ndata: {"));
    for (int i = 0; i < 10; i++)
        stream_decoder_feed(s.decoder, view_make(big, sizeof big));
    assert_string_equal(str_text(&s.text), "malformed put: the event is too large;");
    stream_decoder_free(s.decoder);
    str_free(&s.text);
}

/* What begins on one connection does not go on in the next; only the id is kept. */
static void a_reset_forgets_all_but_the_id(void **state)
{
    (void)state;
    struct seen s = {0};
    s.decoder = stream_decoder_new(10000, &listener, &s);
    stream_decoder_feed(s.decoder,
                        VIEW_LITERAL("id: 7\n\nevent: put\ndata: {\"data\":{\"flags\":{\"a\":"));
    assert_true(stream_decoder_in_event(s.decoder));
    stream_decoder_reset(s.decoder);
    assert_false(stream_decoder_in_event(s.decoder));
    assert_true(view_is(stream_decoder_last_id(s.decoder), "7"));
    stream_decoder_feed(s.decoder, VIEW_LITERAL(PUT("{sorry")));
    stream_decoder_reset(s.decoder);
    stream_decoder_feed(s.decoder, VIEW_LITERAL(PUT("{\"data\":{}}")));
    assert_string_equal(str_text(&s.text),
                        "malformed put: expected a property name in quotes at offset 2;put |;");
    stream_decoder_free(s.decoder);
    str_free(&s.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_hold_with_any_cut),
        cmocka_unit_test(a_stopped_decoder_is_silent),
        cmocka_unit_test(an_event_that_is_too_large_is_malformed),
        cmocka_unit_test(a_reset_forgets_all_but_the_id),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
