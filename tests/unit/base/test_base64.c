/* base64 of all kinds (http-api.md 5.2). Checklist of http-api.md: 34, 35. */
#include "base/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
    const char *text;
    const char *want; /* NULL: none */
    const char *why;
} rows[] = {
    {"eyJrZXkiOiJhIn0=", "{\"key\":\"a\"}", "padded"},
    {"eyJrZXkiOiJhIn0", "{\"key\":\"a\"}", "not padded"},
    {"eyJrZXkiOiJhIn1", "{\"key\":\"a\"}", "left-over bits may be anything"},
    {"eyJrZXkiOiJh\nIn0", "{\"key\":\"a\"}", "a line feed is skipped"},
    {"eyJrZXkiOiJh\r\nIn0=\n", "{\"key\":\"a\"}", "line ends anywhere"},
    {"", "", "nothing"},
    {"YQ", "a", "one byte"},
    {"YQ==", "a", "one byte, padded"},
    {"Pz8_Pj4-",
     "??"
     "?>>>",
     "the alphabet of URLs"},
    {"Pz8/Pj4+",
     "??"
     "?>>>",
     "the standard alphabet"},
    {"Pz8_Pj4+",
     "??"
     "?>>>",
     "mixed"},
    {"eyJrZXkiOiJhIn0====", NULL, "too much padding"},
    {"eyJrZXkiOiJhIn0==", NULL, "too much padding by one"},
    {"YQ=", NULL, "too little padding"},
    {"====", NULL, "nothing but padding"},
    {"YWJj====", NULL, "padding where none is due"},
    {"Y", NULL, "one character is no byte"},
    {"YQ=a", NULL, "padding in the middle"},
    {"YQ==YQ==", NULL, "two texts"},
    {"a*c", NULL, "a foreign character"},
    {"YW Jj", NULL, "a blank"},
};

static void a_text_is_decoded_as_its_row_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct str out = {0};
        str_append_text(&out, "before:");
        bool ok = base64_decode(view_of(rows[i].text), &out);
        const char *want = rows[i].want != NULL ? rows[i].want : "";
        if (ok != (rows[i].want != NULL))
            fail_msg("%s: %s", rows[i].text, rows[i].why);
        if (strcmp(str_text(&out) + 7, want) != 0 || strlen(str_text(&out)) < 7)
            fail_msg("%s: got %s", rows[i].why, str_text(&out));
        str_free(&out);
    }
}

/* Bytes that are no text, and a zero byte among them. */
static void every_byte_can_be_had(void **state)
{
    struct str out = {0};
    (void)state;
    assert_true(base64_decode(view_of("AP-AAQ"), &out));
    assert_int_equal(out.len, 4);
    assert_memory_equal(out.data, "\x00\xff\x80\x01", 4);
    str_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_is_decoded_as_its_row_says),
        cmocka_unit_test(every_byte_can_be_had),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
