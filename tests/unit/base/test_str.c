/* Growing text. */
#include "base/str.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void an_empty_one_is_usable(void **state)
{
    (void)state;
    struct str s = {0};
    assert_string_equal(str_text(&s), "");
    assert_true(view_is(str_view(&s), ""));
    str_clear(&s);
    str_append(&s, view_make(NULL, 0));
    assert_string_equal(s.data, "");
    str_free(&s);
    str_free(&s);
    char *text = str_take_text(&s);
    assert_string_equal(text, "");
    mem_free(text);
}

static void appends_of_every_kind(void **state)
{
    (void)state;
    struct str s = {0};
    str_append(&s, view_make("a\0b", 3));
    str_append_text(&s, "cd");
    str_append_char(&s, 'e');
    str_append_int(&s, INT64_MIN);
    str_append_format(&s, "%s-%d", "f", 7);
    str_append_format(&s, "%s", "");
    static const char expected[] = "a\0bcde-9223372036854775808f-7";
    assert_int_equal(s.len, sizeof expected - 1);
    assert_memory_equal(s.data, expected, sizeof expected);
    str_free(&s);
}

/* Across every size at which memory grows, the text is whole and ends in a zero byte. */
static void growth_keeps_the_text(void **state)
{
    (void)state;
    struct str s = {0};
    for (size_t i = 0; i < 5000; i++) {
        str_append_char(&s, (char)('a' + i % 26));
        assert_int_equal(s.data[s.len], '\0');
    }
    for (size_t i = 0; i < 5000; i++)
        assert_int_equal(s.data[i], 'a' + i % 26);
    str_free(&s);
}

static void reserved_room_is_not_moved(void **state)
{
    (void)state;
    struct str s = {0};
    str_reserve(&s, 1000);
    assert_string_equal(str_text(&s), ""); /* also before anything is appended */
    const char *before = s.data;
    for (size_t i = 0; i < 1000; i++)
        str_append_char(&s, 'x');
    assert_ptr_equal(s.data, before);
    str_clear(&s);
    assert_string_equal(str_text(&s), "");
    str_append_text(&s, "again");
    assert_ptr_equal(s.data, before);
    str_free(&s);
}

static void taken_text_leaves_nothing_behind(void **state)
{
    (void)state;
    struct str s = {0};
    str_append_text(&s, "mine");
    struct buf *shared = str_to_buf(&s);
    char *text = str_take_text(&s);
    assert_null(s.data);
    assert_int_equal(s.len, 0);
    assert_string_equal(text, "mine");
    assert_string_equal(shared->data, "mine");
    mem_free(text);
    buf_unref(shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_one_is_usable),
        cmocka_unit_test(appends_of_every_kind),
        cmocka_unit_test(growth_keeps_the_text),
        cmocka_unit_test(reserved_room_is_not_moved),
        cmocka_unit_test(taken_text_leaves_nothing_behind),
    };
    return cmocka_run_group_tests_name("str", tests, NULL, NULL);
}
