/* Reading JSON: evaluation.md 2.1, checklist 10 (surrogate pairs) and 98 (nesting). */
#include "base/json_reader.h"

#include <math.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* A reader over a copy that ends where the text ends, so that the address sanitizer sees any byte
 * that is read behind it. */
struct bench {
    struct json_reader r;
    char *memory;
};

static struct json_reader *bench_open(struct bench *b, struct view text)
{
    b->memory = mem_alloc(text.len);
    if (text.len > 0)
        memcpy(b->memory, text.data, text.len);
    json_reader_init(&b->r, view_make(b->memory, text.len));
    return &b->r;
}

static void bench_close(struct bench *b)
{
    json_reader_done(&b->r);
    mem_free(b->memory);
}

static const struct {
    const char *text;
    const char *problem; /* NULL: valid */
    size_t offset;
} grammar[] = {
    {"0", NULL, 1},
    {" \t\r\n-0.5e+10 ", NULL, 13},
    {"\"\"", NULL, 2},
    {"{}", NULL, 2},
    {"[ ]", NULL, 3},
    {"{\"a\":[1,true,false,null,{\"b\":{}},[[]]],\"\":\"\\u00e4\\n\"}", NULL, 53},
    {"[1 , 2]", NULL, 7},
    {"{ \"a\" : 1 , \"b\" : 2 }", NULL, 21},
    {"1E5", NULL, 3},
    {"1e-400", NULL, 6},
    {"1.7976931348623157e308", NULL, 22},
    {"", "unexpected end of data", 0},
    {"  ", "unexpected end of data", 2},
    {"[", "unexpected end of data", 1},
    {"[1", "unexpected end of data", 2},
    {"[1,", "unexpected end of data", 3},
    {"{\"a", "unexpected end of data", 3},
    {"{\"a\"", "unexpected end of data", 4},
    {"{\"a\":", "unexpected end of data", 5},
    {"{\"a\":1", "unexpected end of data", 6},
    {"{\"a\":1,", "unexpected end of data", 7},
    {"\"abc", "unexpected end of data", 4},
    {"\"abc\\", "unexpected end of data", 5},
    {"\"abc\\u12", "unexpected end of data", 8},
    {"tru", "unexpected end of data", 3},
    {"-", "unexpected end of data", 1},
    {"1.", "unexpected end of data", 2},
    {"1e", "unexpected end of data", 2},
    {"1e+", "unexpected end of data", 3},
    {"x", "expected a value", 0},
    {"[,1]", "expected a value", 1},
    {"[1,]", "expected a value", 3},
    {"{\"a\":}", "expected a value", 5},
    {"+1", "expected a value", 0},
    {".5", "expected a value", 0},
    {"'a'", "expected a value", 0},
    {"NaN", "expected a value", 0},
    {"\xEF\xBB\xBF{}", "expected a value", 0},
    {"trux", "expected true, false or null", 3},
    {"nul\"", "expected true, false or null", 3},
    {"{1:2}", "expected a property name in quotes", 1},
    {"{\"a\":1,}", "expected a property name in quotes", 7},
    {"{,}", "expected a property name in quotes", 1},
    {"{\"a\" 1}", "expected ':'", 5},
    {"{\"a\":1 \"b\":2}", "expected ',' or '}'", 7},
    {"{\"a\":1]", "expected ',' or '}'", 6},
    {"[1 2]", "expected ',' or ']'", 3},
    {"[1}", "expected ',' or ']'", 2},
    {"[01]", "a number begins with a superfluous zero", 1},
    {"[-01]", "a number begins with a superfluous zero", 2},
    {"[-]", "a number ends too early", 2},
    {"[1.]", "a number ends too early", 3},
    {"[1.e5]", "a number ends too early", 3},
    {"[1e]", "a number ends too early", 3},
    {"[1e+]", "a number ends too early", 4},
    {"[1e309]", "a number is out of range", 1},
    {"[-1e999999999999999999999]", "a number is out of range", 1},
    {"0x10", "unexpected text after the value", 1},
    {"{} {}", "unexpected text after the value", 3},
    {"1 //", "unexpected text after the value", 2},
    {"\"a\nb\"", "control character in a string", 2},
    {"\"abcdefghijkl\x01\"", "control character in a string", 13},
    {"\"\\x41\"", "unknown escape in a string", 2},
    {"\"\\U0041\"", "unknown escape in a string", 2},
    {"\"\\u00g0\"", "expected four hexadecimal digits behind \\u", 5},
    {"\"\\u00\"", "expected four hexadecimal digits behind \\u", 5},
};

static void check_problem(const struct json_reader *r, size_t row, const char *how)
{
    const char *expected = grammar[row].problem;
    if ((expected == NULL) != (r->problem == NULL) ||
        (expected != NULL && strcmp(expected, r->problem) != 0) ||
        json_offset(r) != grammar[row].offset)
        fail_msg("%s %s: %s at offset %zu", how, grammar[row].text,
                 r->problem != NULL ? r->problem : "no problem", json_offset(r));
}

static void skipping_checks_the_grammar(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(grammar); i++) {
        struct bench b;
        struct json_reader *r = bench_open(&b, view_of(grammar[i].text));
        json_skip(r);
        json_expect_end(r);
        check_problem(r, i, "skip");
        bench_close(&b);
    }
}

/* Reads everything by the calls for its type, as a parser would. */
static void read_all(struct json_reader *r, struct str *text)
{
    struct view name;
    switch (json_peek(r)) {
    case JSON_NULL:
        json_read_null(r);
        break;
    case JSON_BOOL:
        json_read_bool(r);
        break;
    case JSON_NUMBER:
        json_read_number(r);
        break;
    case JSON_STRING:
        json_read_string(r, text);
        break;
    case JSON_ARRAY:
        for (json_array_begin(r); json_array_next(r);)
            read_all(r, text);
        break;
    case JSON_OBJECT:
        for (json_object_begin(r); json_object_next(r, &name);) {
            str_append(text, name);
            read_all(r, text);
        }
        break;
    case JSON_NONE:
        json_skip(r);
        break;
    }
}

static void reading_finds_the_same_problems(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(grammar); i++) {
        struct bench b;
        struct str text = {0};
        struct json_reader *r = bench_open(&b, view_of(grammar[i].text));
        read_all(r, &text);
        json_expect_end(r);
        check_problem(r, i, "read");
        str_free(&text);
        bench_close(&b);
    }
}

static const struct {
    const char *json;
    const char *text;
    const char *why;
} strings[] = {
    {"\"plain\"", "plain", "nothing to decode"},
    {"\"\"", "", "empty"},
    {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t", "all short escapes"},
    {"\"\\u0041\\u00e4\\u20AC\"", "A\xC3\xA4\xE2\x82\xAC", "code points of 1, 2, 3 bytes"},
    {"\"\\ud83d\\ude00\"", "\xF0\x9F\x98\x80", "10: an escaped pair is one code point"},
    {"\"\\uD83D\"", "\xEF\xBF\xBD", "high half alone"},
    {"\"\\uDE00\"", "\xEF\xBF\xBD", "low half alone"},
    {"\"\\uD83Dx\"", "\xEF\xBF\xBDx", "high half and text"},
    {"\"\\uD83D\\n\"", "\xEF\xBF\xBD\n", "high half and another escape"},
    {"\"\\uD83D\\u0041\"",
     "\xEF\xBF\xBD"
     "A",
     "high half and another code point"},
    {"\"\\uD83D\\uD83D\\uDE00\"", "\xEF\xBF\xBD\xF0\x9F\x98\x80", "high half and a pair"},
    {"\"\\uDE00\\uD83D\"", "\xEF\xBF\xBD\xEF\xBF\xBD", "halves in the wrong order"},
    {"\"a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80z\"", "a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80z",
     "UTF-8 stays"},
    {"\"a\xFFz\"", "a\xEF\xBF\xBDz", "no UTF-8 byte"},
    {"\"\xC3\"", "\xEF\xBF\xBD", "sequence cut by the quote"},
    {"\"\xE2\x82z\"", "\xEF\xBF\xBD\xEF\xBF\xBDz", "one U+FFFD for each byte"},
    {"\"\xC0\xAF\"", "\xEF\xBF\xBD\xEF\xBF\xBD", "overlong, 2 bytes"},
    {"\"\xE0\x80\xAF\"", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", "overlong, 3 bytes"},
    {"\"\xF0\x80\x80\xAF\"", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", "overlong, 4"},
    {"\"\xED\xA0\x80\"", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", "surrogate as UTF-8"},
    {"\"\xED\x9F\xBF\xEE\x80\x80\"", "\xED\x9F\xBF\xEE\x80\x80", "the neighbours of surrogates"},
    {"\"\xF4\x8F\xBF\xBF\"", "\xF4\x8F\xBF\xBF", "U+10FFFF"},
    {"\"\xF4\x90\x80\x80\"", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", "beyond it"},
    {"\"\xF5\x80\x80\x80\"", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", "no lead byte"},
    {"\"\x7F\"", "\x7F", "DEL is no control character here"},
    {"\"01234567\\\"89\"", "01234567\"89", "an escape at a word's start"},
    {"\"0123456\\t789\"", "0123456\t789", "an escape at a word's end"},
};

static void string_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(strings); i++) {
        struct bench b;
        struct str text = {0};
        struct json_reader *r = bench_open(&b, view_of(strings[i].json));
        json_read_string(r, &text);
        json_expect_end(r);
        if (json_failed(r) || strcmp(str_text(&text), strings[i].text) != 0)
            fail_msg("%s: %s", strings[i].json, strings[i].why);
        str_free(&text);
        bench_close(&b);
    }
}

static void names_are_decoded_like_strings(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(strings); i++) {
        struct bench b;
        struct view name;
        struct str json = {0};
        str_append_format(&json, "{%s:0}", strings[i].json);
        struct json_reader *r = bench_open(&b, str_view(&json));
        json_object_begin(r);
        assert_true(json_object_next(r, &name));
        if (!view_is(name, strings[i].text))
            fail_msg("%s: %s", strings[i].json, strings[i].why);
        json_skip(r);
        assert_false(json_object_next(r, &name));
        assert_false(json_failed(r));
        str_free(&json);
        bench_close(&b);
    }
}

static void an_escaped_zero_byte_is_text(void **state)
{
    (void)state;
    struct bench b;
    struct str text = {0};
    struct json_reader *r = bench_open(&b, VIEW_LITERAL("\"a\\u0000b\""));
    json_read_string(r, &text);
    assert_true(view_equal(str_view(&text), view_make("a\0b", 3)));
    str_free(&text);
    bench_close(&b);
}

/* A name that needs no decoding is not copied. */
static void plain_names_are_views_of_the_text(void **state)
{
    (void)state;
    struct bench b;
    struct view name;
    struct json_reader *r = bench_open(&b, VIEW_LITERAL("{\"key\":1,\"\xC3\xA4\":2}"));
    json_object_begin(r);
    assert_true(json_object_next(r, &name));
    assert_ptr_equal(name.data, b.memory + 2);
    json_skip(r);
    assert_true(json_object_next(r, &name));
    assert_ptr_equal(name.data, b.memory + 10);
    assert_null(r->name.data);
    bench_close(&b);
}

static void appended_text_stays_when_a_string_is_broken(void **state)
{
    (void)state;
    struct bench b;
    struct str text = {0};
    str_append_text(&text, "before");
    struct json_reader *r = bench_open(&b, VIEW_LITERAL("\"more\\x\""));
    json_read_string(r, &text);
    assert_true(json_failed(r));
    assert_string_equal(str_text(&text), "before");
    str_free(&text);
    bench_close(&b);
}

static const struct {
    const char *text;
    int64_t value;
    const char *why;
} integers[] = {
    {"0", 0, "zero"},
    {"-0", 0, "negative zero"},
    {"1.9", 1, "truncated toward zero"},
    {"-1.9", -1, "truncated toward zero"},
    {"1e3", 1000, "any form of number"},
    {"9007199254740993", 9007199254740992, "numbers are f64"},
    {"9223372036854775807", INT64_MAX, "rounds up to 2^63: clamped"},
    {"-9223372036854775808", INT64_MIN, "the least"},
    {"18446744073709551616", INT64_MAX, "beyond int64 does not wrap around"},
    {"-1e300", INT64_MIN, "clamped"},
};

static void integer_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(integers); i++) {
        struct bench b;
        int64_t value = json_read_int(bench_open(&b, view_of(integers[i].text)));
        if (json_failed(&b.r) || value != integers[i].value)
            fail_msg("%s (%s): %lld", integers[i].text, integers[i].why, (long long)value);
        bench_close(&b);
    }
}

static void other_types_are_problems(void **state)
{
    (void)state;
    struct bench b;
    struct str text = {0};
    assert_false(json_read_bool(bench_open(&b, VIEW_LITERAL("[1]"))));
    assert_string_equal(b.r.problem, "expected a boolean");
    bench_close(&b);
    assert_true(json_read_number(bench_open(&b, VIEW_LITERAL(" null"))) == 0);
    assert_string_equal(b.r.problem, "expected a number");
    assert_int_equal(json_offset(&b.r), 1);
    bench_close(&b);
    json_read_string(bench_open(&b, VIEW_LITERAL("1")), &text);
    assert_string_equal(b.r.problem, "expected a string");
    bench_close(&b);
    json_object_begin(bench_open(&b, VIEW_LITERAL("[]")));
    assert_string_equal(b.r.problem, "expected an object");
    bench_close(&b);
    json_array_begin(bench_open(&b, VIEW_LITERAL("")));
    assert_string_equal(b.r.problem, "unexpected end of data");
    bench_close(&b);
    assert_false(json_read_null(bench_open(&b, VIEW_LITERAL("0"))));
    assert_false(json_failed(&b.r));
    bench_close(&b);
    assert_null(text.data);
}

/* After the first problem nothing changes any more, whatever is called. */
static void failure_is_remembered(void **state)
{
    (void)state;
    struct bench b;
    struct view name;
    struct str text = {0};
    struct json_reader *r = bench_open(&b, VIEW_LITERAL("[1, x, {\"a\":2}]"));
    json_array_begin(r);
    assert_true(json_array_next(r));
    json_skip(r);
    assert_false(json_array_next(r));
    json_fail(r, "too late");
    assert_int_equal(json_peek(r), JSON_NONE);
    assert_false(json_read_bool(r));
    assert_false(json_read_null(r));
    assert_true(json_read_number(r) == 0);
    assert_int_equal(json_read_int(r), 0);
    json_read_string(r, &text);
    json_object_begin(r);
    assert_false(json_object_next(r, &name));
    json_array_begin(r);
    assert_false(json_array_next(r));
    json_skip(r);
    assert_int_equal(json_read_raw(r).len, 0);
    json_expect_end(r);
    assert_string_equal(r->problem, "expected a value");
    assert_int_equal(json_offset(r), 4);
    assert_null(text.data);
    bench_close(&b);
}

static void a_parser_may_complain_itself(void **state)
{
    (void)state;
    struct bench b;
    struct json_reader *r = bench_open(&b, VIEW_LITERAL("{}"));
    json_skip(r);
    json_fail(r, "missing \"path\"");
    assert_true(json_failed(r));
    assert_string_equal(r->problem, "missing \"path\"");
    assert_int_equal(json_offset(r), 2);
    bench_close(&b);
}

static void raw_text_keeps_its_white_space(void **state)
{
    (void)state;
    struct bench b;
    struct view name;
    struct json_reader *r = bench_open(&b, VIEW_LITERAL("{\"a\": [ 1, {} ] ,\"b\": tru}"));
    json_object_begin(r);
    assert_true(json_object_next(r, &name));
    assert_true(view_is(json_read_raw(r), "[ 1, {} ]"));
    assert_true(json_object_next(r, &name));
    assert_true(view_is(json_read_raw(r), ""));
    assert_true(json_failed(r));
    bench_close(&b);
}

/* `depth` arrays or objects in one another, closed again. */
static void nest(struct str *out, size_t depth, const char *open, const char *inside, char close)
{
    str_clear(out);
    for (size_t i = 0; i < depth; i++)
        str_append_text(out, open);
    str_append_text(out, inside);
    for (size_t i = 0; i < depth; i++)
        str_append_char(out, close);
}

/* Evaluation 98; 13.4 asks for at least 512 levels. */
static void nesting_is_limited(void **state)
{
    (void)state;
    static const size_t depths[] = {512, JSON_MAX_DEPTH, JSON_MAX_DEPTH + 1, 100000};
    struct str text = {0};
    for (size_t i = 0; i < 2 * ARRAY_LEN(depths); i++) {
        struct bench b;
        size_t depth = depths[i / 2];
        nest(&text, depth, i % 2 ? "[" : "{\"a\":", i % 2 ? "" : "{}", i % 2 ? ']' : '}');
        json_skip(bench_open(&b, str_view(&text)));
        bool fits = depth + (i % 2 ? 0 : 1) <= JSON_MAX_DEPTH;
        assert_int_equal(json_failed(&b.r), !fits);
        if (!fits)
            assert_string_equal(b.r.problem, "nested too deeply");
        bench_close(&b);
    }
    str_free(&text);
}

/* The reader's own levels and those that are skipped count together. */
static void nesting_counts_across_calls(void **state)
{
    (void)state;
    struct bench b;
    struct str text = {0};
    nest(&text, JSON_MAX_DEPTH + 1, "[", "", ']');
    struct json_reader *r = bench_open(&b, str_view(&text));
    for (size_t i = 0; i < JSON_MAX_DEPTH; i++) {
        json_array_begin(r);
        assert_true(json_array_next(r));
    }
    json_array_begin(r);
    assert_string_equal(r->problem, "nested too deeply");
    bench_close(&b);
    r = bench_open(&b, str_view(&text));
    json_array_begin(r);
    assert_true(json_array_next(r));
    json_skip(r);
    assert_string_equal(r->problem, "nested too deeply");
    assert_int_equal(json_offset(r), JSON_MAX_DEPTH);
    bench_close(&b);
    str_free(&text);
}

/* Every beginning of a valid text is incomplete, at the place where it was cut. */
static void a_cut_text_is_incomplete(void **state)
{
    (void)state;
    struct view whole = VIEW_LITERAL(
        "{\"key\":\"a\\u00e4\\n\xC3\xA4\",\"on\":true,\"n\":[ 1.5e3 , null , {\"x\" : [] } ] }");
    for (size_t len = 0; len < whole.len; len++) {
        struct bench b;
        struct str text = {0};
        json_skip(bench_open(&b, view_make(whole.data, len)));
        assert_string_equal(b.r.problem, "unexpected end of data");
        assert_int_equal(json_offset(&b.r), len);
        bench_close(&b);
        read_all(bench_open(&b, view_make(whole.data, len)), &text);
        assert_string_equal(b.r.problem, "unexpected end of data");
        bench_close(&b);
        str_free(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(skipping_checks_the_grammar),
        cmocka_unit_test(reading_finds_the_same_problems),
        cmocka_unit_test(string_rows),
        cmocka_unit_test(names_are_decoded_like_strings),
        cmocka_unit_test(an_escaped_zero_byte_is_text),
        cmocka_unit_test(plain_names_are_views_of_the_text),
        cmocka_unit_test(appended_text_stays_when_a_string_is_broken),
        cmocka_unit_test(integer_rows),
        cmocka_unit_test(other_types_are_problems),
        cmocka_unit_test(failure_is_remembered),
        cmocka_unit_test(a_parser_may_complain_itself),
        cmocka_unit_test(raw_text_keeps_its_white_space),
        cmocka_unit_test(nesting_is_limited),
        cmocka_unit_test(nesting_counts_across_calls),
        cmocka_unit_test(a_cut_text_is_incomplete),
    };
    return cmocka_run_group_tests_name("json_reader", tests, NULL, NULL);
}
