/* Error texts: replaced, prefixed, cut where they are too long. */
#include "base/error.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void set_replaces(void **state)
{
    (void)state;
    struct error err;
    error_set(&err, "first %d", 1);
    error_set(&err, "port %d: %s", 80, "in use");
    assert_string_equal(err.text, "port 80: in use");
}

static void prefix_goes_in_front(void **state)
{
    (void)state;
    struct error err;
    error_set(&err, "expected a number");
    error_prefix(&err, "flag \"%s\": ", "a");
    error_prefix(&err, "file %s: ", "x.json");
    assert_string_equal(err.text, "file x.json: flag \"a\": expected a number");
}

/* A text of `len` letters. */
static const char *letters(size_t len)
{
    static char text[2 * ERROR_TEXT_SIZE];
    memset(text, 'a', len);
    text[len] = '\0';
    return text;
}

static void a_long_text_is_cut(void **state)
{
    (void)state;
    struct error err;
    error_set(&err, "%s", letters(ERROR_TEXT_SIZE - 1));
    assert_string_equal(err.text, letters(ERROR_TEXT_SIZE - 1));
    error_set(&err, "%s", letters(ERROR_TEXT_SIZE));
    assert_int_equal(strlen(err.text), ERROR_TEXT_SIZE - 1);
    assert_string_equal(err.text + ERROR_TEXT_SIZE - 6, "aa...");
}

static void a_prefix_that_leaves_no_room_cuts_too(void **state)
{
    (void)state;
    static const size_t lens[] = {ERROR_TEXT_SIZE - 5, ERROR_TEXT_SIZE - 1, ERROR_TEXT_SIZE + 5};
    for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
        struct error err;
        error_set(&err, "what is wrong");
        error_prefix(&err, "%s", letters(lens[i]));
        assert_int_equal(strlen(err.text), ERROR_TEXT_SIZE - 1);
        assert_string_equal(err.text + ERROR_TEXT_SIZE - 4, "...");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_replaces),
        cmocka_unit_test(prefix_goes_in_front),
        cmocka_unit_test(a_long_text_is_cut),
        cmocka_unit_test(a_prefix_that_leaves_no_room_cuts_too),
    };
    return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
