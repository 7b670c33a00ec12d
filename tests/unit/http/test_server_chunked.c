/* Chunked bodies: strict, bounded, and the same however they are cut. */
#include "http/server_chunked.h"

#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
    const char *wire;
    const char *body; /* NULL: malformed */
    const char *why;
} bodies[] = {
    {"0\r\n\r\n", "", "empty"},
    {"5\r\nhello\r\n0\r\n\r\n", "hello", "one chunk"},
    {"1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", "abc", "two chunks"},
    {"A\r\n0123456789\r\n0\r\n\r\n", "0123456789", "upper-case hex"},
    {"0000a\r\n0123456789\r\n000\r\n\r\n", "0123456789", "leading zeros"},
    {"1;a=b;c=\"d e\"\r\nx\r\n0;z\r\n\r\n", "x", "extensions"},
    {"1 \t\r\nx\r\n0\r\n\r\n", "x", "blanks behind the size"},
    {"1 ;a\r\nx\r\n0\r\n\r\n", "x", "blank before an extension"},
    {"1\r\nx\r\n0\r\nA: b\r\nC: d\r\n\r\n", "x", "trailers"},
    {"2\r\n\r\n\r\n0\r\n\r\n", "\r\n", "line ends are data inside a chunk"},
    {"\r\n", NULL, "no size"},
    {"g\r\n", NULL, "no digit"},
    {"-1\r\n", NULL, "sign"},
    {"0x1\r\n", NULL, "hex prefix"},
    {"5\nhello", NULL, "LF alone behind the size"},
    {"5\rhello", NULL, "CR alone behind the size"},
    {"5\r\nhello\n0", NULL, "LF alone behind the data"},
    {"5\r\nhello!\r\n", NULL, "more data than announced"},
    {"1 1\r\n", NULL, "two sizes"},
    {"1000000000000000\r\n", NULL, "size out of range"},
    {"1;a\x01\r\n", NULL, "control in an extension"},
    {"0\r\nA: \x01\r\n", NULL, "control in a trailer"},
    {"0\r\nA: b\n\r\n", NULL, "LF alone behind a trailer"},
};

/* Decodes what arrives in two pieces; *body is the data, the result the last state. */
static enum chunked_state decode(struct view wire, size_t cut, struct str *body, size_t *taken)
{
    struct chunked c;
    chunked_init(&c);
    struct view parts[] = {view_make(wire.data, cut), view_from(wire, cut), VIEW_LITERAL("N")};
    enum chunked_state state = CHUNKED_MORE;
    *taken = 0;
    for (size_t i = 0; i < ARRAY_LEN(parts) && state == CHUNKED_MORE; i++) {
        struct view part = parts[i];
        struct view data;
        while ((state = chunked_next(&c, &part, &data)) == CHUNKED_DATA)
            str_append(body, data);
        *taken += parts[i].len - part.len;
    }
    return state;
}

static void bodies_are_decoded_however_they_are_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        struct view wire = view_of(bodies[i].wire);
        for (size_t cut = 0; cut <= wire.len; cut++) {
            struct str body = {0};
            size_t taken;
            enum chunked_state result = decode(wire, cut, &body, &taken);
            bool good = bodies[i].body != NULL;
            if (result != (good ? CHUNKED_DONE : CHUNKED_BAD) ||
                (good && (taken != wire.len || !view_is(str_view(&body), bodies[i].body))))
                fail_msg("%s, cut at %zu: state %d, \"%s\"", bodies[i].why, cut, result,
                         str_text(&body));
            str_free(&body);
        }
    }
}

/* How many bytes of `filler` are taken behind `start` before the body is refused. */
static size_t taken_before_refusal(const char *start, const char *filler)
{
    struct chunked c;
    chunked_init(&c);
    struct view data;
    struct view bytes = view_of(start);
    assert_int_equal(chunked_next(&c, &bytes, &data), CHUNKED_MORE);
    for (size_t taken = 0; taken < 1000000; taken += strlen(filler)) {
        bytes = view_of(filler);
        if (chunked_next(&c, &bytes, &data) == CHUNKED_BAD)
            return taken;
    }
    return SIZE_MAX;
}

static void what_is_ignored_is_bounded(void **state)
{
    (void)state;
    assert_int_equal(taken_before_refusal("1;", "x"), 4096);
    assert_int_equal(taken_before_refusal("1", " "), 4096);
    assert_true(taken_before_refusal("0\r\n", "A: bcdef\r\n") <= 20000);
    assert_true(taken_before_refusal("0\r\n", "A") <= 20000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies_are_decoded_however_they_are_cut),
        cmocka_unit_test(what_is_ignored_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
