/* Escapes in URLs, hexadecimal digits. */
#include "base/percent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *text;
    const char *strict; /* NULL: refused */
    const char *lenient;
    const char *why;
} rows[] = {
    {"", "", "", "nothing"},
    {"abc", "abc", "abc", "nothing to decode"},
    {"%41%6a%6A", "Ajj", "Ajj", "digits in any letter case"},
    {"a+b", "a b", "a+b", "'+' is a blank where the caller says so"},
    {"%25", "%", "%", "the sign itself, decoded once"},
    {"%2541", "%41", "%41", "and not twice"},
    {"%", NULL, "%", "cut off"},
    {"%4", NULL, "%4", "cut off behind a digit"},
    {"%4g", NULL, "%4g", "no digit"},
    {"%%41", NULL, "%A", "a sign in front of an escape"},
};

static void a_text_is_decoded_as_its_row_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str out = {0};
        bool ok = percent_decode(view_of(rows[i].text), true, &out);
        const char *strict = rows[i].strict != NULL ? rows[i].strict : "";
        char *lenient = percent_decode_lenient(view_of(rows[i].text));
        if (ok != (rows[i].strict != NULL) || (ok && strcmp(str_text(&out), strict) != 0))
            fail_msg("%s: got \"%s\"", rows[i].why, str_text(&out));
        if (strcmp(lenient, rows[i].lenient) != 0)
            fail_msg("%s: leniently \"%s\"", rows[i].why, lenient);
        mem_free(lenient);
        str_free(&out);
    }
}

static void texts_are_encoded_byte_by_byte(void **state)
{
    static const struct {
        const char *text;
        const char *want;
        const char *form;
    } texts[] = {{"aZ09-._~", "aZ09-._~", "aZ09-._~"},
                 {"a b/c+", "a%20b%2Fc%2B", "a+b%2Fc%2B"},
                 {"\xE1\x88\xB4", "%E1%88%B4", "%E1%88%B4"}};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct str got = {0};
        percent_encode(view_of(texts[i].text), &got);
        assert_string_equal(str_text(&got), texts[i].want);
        str_clear(&got);
        percent_encode_form(view_of(texts[i].text), &got);
        assert_string_equal(str_text(&got), texts[i].form);
        str_free(&got);
    }
}

static void as_many_digits_are_written_as_are_wanted(void **state)
{
    const unsigned char bytes[] = {0x01, 0xAF, 0xFF};
    char out[] = "......";
    (void)state;
    hex_write(bytes, 5, out);
    assert_string_equal(out, "01aff.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_is_decoded_as_its_row_says),
        cmocka_unit_test(texts_are_encoded_byte_by_byte),
        cmocka_unit_test(as_many_digits_are_written_as_are_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
