/* Escapes in URLs. */
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_is_decoded_as_its_row_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
