/* Splitting the array of a post: events.md 17, checklist 10, 11, 22, 23. */
#include "events/event_array.h"

#include "base/str.h"

#include <stdio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Splits a copy that ends where the text ends, so that the address sanitizer sees any byte that is
 * read behind it, and writes the elements with '|' between them. */
static bool split(struct view text, struct str *elements, struct error *err)
{
    struct event_array a;
    char *memory = mem_alloc(text.len);
    memcpy(memory, text.data, text.len);
    bool ok = event_array_split(view_make(memory, text.len), &a, err);
    assert_true(ok || (a.count == 0 && a.each == NULL));
    for (size_t i = 0; i < a.count; i++) {
        str_append_text(elements, i > 0 ? "|" : "");
        str_append(elements, a.each[i]);
    }
    event_array_free(&a);
    event_array_free(&a);
    mem_free(memory);
    return ok;
}

static const struct {
    const char *text;
    const char *elements;
    const char *why;
} good[] = {
    {"[]", "", "no events (checklist 11)"},
    {" \t\r\n[ \n] ", "", "white space around and inside"},
    {"null", "", "null is an empty array (checklist 11)"},
    {" null\n", "", "with white space around it"},
    {"[{\"kind\":\"x\",\"n\":1.0E+2}]", "{\"kind\":\"x\",\"n\":1.0E+2}", "spelling stays"},
    {"[ {\"a\" : 1} , 2 ,\n\"x\" ]", "{\"a\" : 1}|2|\"x\"", "blanks inside an element stay"},
    {"[\"fake-event-1\",3,null,true,[1,[2]],{}]", "\"fake-event-1\"|3|null|true|[1,[2]]|{}",
     "elements of any type (checklist 23)"},
    {"[\"a,]\",\"\\\"]\",\"\\\\\"]", "\"a,]\"|\"\\\"]\"|\"\\\\\"",
     "brackets and quotes in strings"},
    {"[\"\xFF\xC3\"]", "\"\xFF\xC3\"", "invalid UTF-8 in a string passes"},
    {"[\"\\ud800\"]", "\"\\ud800\"", "a lone surrogate passes"},
    {"[1e999,-0,0.10]", "1e999|-0|0.10", "numbers by the grammar, whatever they mean"},
    {"[{\"a\":1,\"a\":2}]", "{\"a\":1,\"a\":2}", "a property twice"},
};

static void well_formed_arrays_are_split(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct str elements = {0};
        struct error err;
        if (!split(view_of(good[i].text), &elements, &err))
            fail_msg("%s: %s", good[i].why, err.text);
        if (!view_is(str_view(&elements), good[i].elements))
            fail_msg("%s: %s", good[i].why, str_text(&elements));
        str_free(&elements);
    }
}

static const struct {
    const char *text;
    const char *problem;
    const char *why;
} bad[] = {
    {"", "unexpected end of data at byte 0", "nothing"},
    {"  ", "unexpected end of data at byte 2", "white space alone"},
    {"{", "expected an array at byte 0", "checklist 10"},
    {"{}", "expected an array at byte 0", "a single object (3.4)"},
    {"\"x\"", "expected an array at byte 0", "checklist 10"},
    {"nul", "unexpected end of data at byte 3", "half a null"},
    {"nulls", "unexpected text after the value at byte 4", "more than null"},
    {"[{\"no", "unexpected end of data at byte 5", "checklist 10: cut off in a string"},
    {"[{\"a\":1}", "unexpected end of data at byte 8", "cut off behind an element"},
    {"[1,]", "expected a value at byte 3", "comma before the end"},
    {"[,1]", "expected a value at byte 1", "comma at the beginning"},
    {"[1,,2]", "expected a value at byte 3", "two commas"},
    {"[1 2]", "expected ',' or ']' at byte 3", "no comma"},
    {"[1]]", "unexpected text after the value at byte 3", "one bracket more"},
    {"[1] [2]", "unexpected text after the value at byte 4", "two arrays"},
    {"[abc]", "expected a value at byte 1", "a bare word"},
    {"[NaN]", "expected a value at byte 1", "no JSON number"},
    {"[+1]", "expected a value at byte 1", "a plus sign"},
    {"[01]", "a number begins with a superfluous zero at byte 1", "numbers by the grammar"},
    {"[1.]", "a number ends too early at byte 3", "numbers by the grammar"},
    {"[.5]", "expected a value at byte 1", "numbers by the grammar"},
    {"[1e]", "a number ends too early at byte 3", "numbers by the grammar"},
    {"['a']", "expected a value at byte 1", "wrong quotes"},
    {"[{a:1}]", "expected a property name in quotes at byte 2", "a name without quotes"},
    {"[{\"a\":1,}]", "expected a property name in quotes at byte 8", "comma before a brace"},
    {"[{\"a\" 1}]", "expected ':' at byte 6", "no colon"},
    {"[{\"a\":[}]]", "expected a value at byte 7", "brackets crossed"},
    {"[\"a\nb\"]", "control character in a string at byte 3", "a newline in a string"},
    {"[\"\\x\"]", "unknown escape in a string at byte 3", "escapes are checked"},
    {"[\"\\u12g4\"]", "expected four hexadecimal digits behind \\u at byte 6", "and their digits"},
    {"\xEF\xBB\xBF[]", "expected an array at byte 0", "a byte order mark"},
    {"[1]//", "unexpected text after the value at byte 3", "a comment"},
};

static void everything_else_is_refused_with_its_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct str elements = {0};
        struct error err = {""};
        if (split(view_of(bad[i].text), &elements, &err))
            fail_msg("accepted: %s", bad[i].why);
        if (strcmp(err.text, bad[i].problem) != 0)
            fail_msg("%s: %s", bad[i].why, err.text);
        str_free(&elements);
    }
}

static void zero_bytes_are_no_white_space(void **state)
{
    (void)state;
    struct str elements = {0};
    struct error err;
    assert_false(split(VIEW_LITERAL("[]\0"), &elements, &err));
    assert_string_equal(err.text, "unexpected text after the value at byte 2");
    assert_false(split(VIEW_LITERAL("[\"\0\"]"), &elements, &err));
    assert_string_equal(err.text, "control character in a string at byte 2");
    str_free(&elements);
}

static bool split_nested(size_t levels)
{
    struct str text = {0};
    struct str elements = {0};
    struct error err;
    for (size_t i = 0; i < levels; i++)
        str_append_char(&text, '[');
    for (size_t i = 0; i < levels; i++)
        str_append_char(&text, ']');
    bool ok = split(str_view(&text), &elements, &err);
    assert_true(ok || strstr(err.text, "nested too deeply at byte 512") != NULL);
    str_free(&elements);
    str_free(&text);
    return ok;
}

static void nesting_ends_at_512_levels(void **state)
{
    (void)state;
    assert_true(split_nested(512));
    assert_false(split_nested(513));
    assert_false(split_nested(5000));
}

static void many_elements_keep_their_order(void **state)
{
    (void)state;
    enum { COUNT = 5000 };
    struct str text = {0};
    struct event_array a;
    struct error err;
    for (int i = 0; i < COUNT; i++)
        str_append_format(&text, "%c%d", i > 0 ? ',' : '[', i);
    str_append_char(&text, ']');
    assert_true(event_array_split(str_view(&text), &a, &err));
    assert_int_equal(a.count, COUNT);
    for (int i = 0; i < COUNT; i++) {
        char number[16];
        (void)snprintf(number, sizeof number, "%d", i);
        assert_true(view_is(a.each[i], number));
    }
    event_array_free(&a);
    str_free(&text);
}

/* A small body that is inflated to many tiny elements must not grow once more. */
static void tiny_elements_are_limited(void **state)
{
    (void)state;
    struct str text = {0};
    struct event_array a;
    struct error err;
    str_append_text(&text, "[0");
    for (int i = 0; i < 60000; i++)
        str_append_text(&text, ",0");
    str_append_char(&text, ']');
    assert_true(event_array_split(str_view(&text), &a, &err));
    event_array_free(&a);
    text.len--;
    for (int i = 0; i < 60000; i++)
        str_append_text(&text, ",0");
    str_append_char(&text, ']');
    assert_false(event_array_split(str_view(&text), &a, &err));
    assert_non_null(strstr(err.text, "too many elements for a text of this size at byte "));
    str_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed_arrays_are_split),
        cmocka_unit_test(everything_else_is_refused_with_its_place),
        cmocka_unit_test(zero_bytes_are_no_white_space),
        cmocka_unit_test(nesting_ends_at_512_levels),
        cmocka_unit_test(many_elements_keep_their_order),
        cmocka_unit_test(tiny_elements_are_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
