/* Borrowed text: comparing and cutting. */
#include "base/view.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void empty_views_are_equal_whatever_they_point_to(void **state)
{
    (void)state;
    assert_true(view_equal(view_make(NULL, 0), view_make("a", 0)));
    assert_true(view_is(view_of(NULL), ""));
    assert_false(view_equal(view_make(NULL, 0), VIEW_LITERAL("a")));
    assert_true(view_starts(view_make(NULL, 0), ""));
}

static void equal_without_case_is_for_ascii_only(void **state)
{
    (void)state;
    assert_true(view_equal_nocase(VIEW_LITERAL("Content-TYPE"), VIEW_LITERAL("cONTENT-type")));
    assert_false(view_equal_nocase(VIEW_LITERAL("abc"), VIEW_LITERAL("ab")));
    assert_false(view_equal_nocase(VIEW_LITERAL("@"), VIEW_LITERAL("`")));
    assert_false(view_equal_nocase(VIEW_LITERAL("["), VIEW_LITERAL("{")));
    assert_false(view_equal_nocase(VIEW_LITERAL("\xC4"), VIEW_LITERAL("\xE4")));
}

static const struct {
    const char *text;
    const char *trimmed;
} trims[] = {
    {"  a b\t\r", "a b"}, {"a", "a"}, {" \t\r ", ""}, {"", ""}, {"\na\n", "\na\n"},
};

static void trim_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(trims); i++)
        assert_true(view_is(view_trim(view_of(trims[i].text)), trims[i].trimmed));
}

static void starts_and_from(void **state)
{
    (void)state;
    struct view v = VIEW_LITERAL("sdk-1");
    assert_true(view_starts(v, "sdk-"));
    assert_false(view_starts(v, "sdk-12"));
    assert_false(view_starts(v, "SDK-"));
    assert_true(view_starts_nocase(v, "SDK-"));
    assert_true(view_starts_nocase(v, "SDK-1"));
    assert_false(view_starts_nocase(v, "SDK-12"));
    assert_false(view_starts_nocase(v, "SDK-2"));
    assert_true(view_starts_nocase(view_make(NULL, 0), ""));
    assert_true(view_is(view_from(v, 4), "1"));
    assert_true(view_is(view_from(v, 5), ""));
    assert_true(view_is(view_from(v, 500), ""));
}

static const struct {
    struct view smaller;
    struct view greater;
} orders[] = {
    {VIEW_LITERAL("a"), VIEW_LITERAL("b")},
    {VIEW_LITERAL("a"), VIEW_LITERAL("aa")},
    {VIEW_LITERAL(""), VIEW_LITERAL("a")},
    {VIEW_LITERAL("Z"), VIEW_LITERAL("a")},
    {VIEW_LITERAL("a"), VIEW_LITERAL("\xC3\xA4")},
    {VIEW_LITERAL("a"), VIEW_LITERAL("a\0")},
    {{NULL, 0}, VIEW_LITERAL("\0")},
};

static void compare_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
        assert_true(view_compare(orders[i].smaller, orders[i].greater) < 0);
        assert_true(view_compare(orders[i].greater, orders[i].smaller) > 0);
        assert_int_equal(view_compare(orders[i].greater, orders[i].greater), 0);
    }
}

static const struct {
    struct view text;
    const char *stops;
    struct view taken;
    struct view rest;
} cuts[] = {
    {VIEW_LITERAL("a/b?c"), "/?", VIEW_LITERAL("a"), VIEW_LITERAL("/b?c")},
    {VIEW_LITERAL("a/b?c"), "?", VIEW_LITERAL("a/b"), VIEW_LITERAL("?c")},
    {VIEW_LITERAL("/b"), "/", VIEW_LITERAL(""), VIEW_LITERAL("/b")},
    {VIEW_LITERAL("abc"), "/", VIEW_LITERAL("abc"), VIEW_LITERAL("")},
    {VIEW_LITERAL("a\0b/"), "/", VIEW_LITERAL("a\0b"), VIEW_LITERAL("/")},
    {{NULL, 0}, "/", {NULL, 0}, {NULL, 0}},
};

static void take_until_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cuts); i++) {
        struct view rest = cuts[i].text;
        assert_true(view_equal(view_take_until(&rest, cuts[i].stops), cuts[i].taken));
        assert_true(view_equal(rest, cuts[i].rest));
    }
}

static const struct {
    const char *list;
    const char *elements; /* "<a><b>" */
} lists[] = {
    {"", ""},        {"a", "<a>"},  {" a ,\tb", "<a><b>"},
    {",a", "<><a>"}, {"a,", "<a>"}, {"a,,b", "<a><><b>"},
    {" ", "<>"},     {",", "<>"},   {"a;q=0, b c", "<a;q=0><b c>"},
};

static void list_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        struct view rest = view_of(lists[i].list);
        struct view element;
        char got[64] = "";
        while (view_take_element(&rest, &element))
            (void)snprintf(got + strlen(got), sizeof got - strlen(got), "<%.*s>",
                           VIEW_ARGS(element));
        assert_string_equal(got, lists[i].elements);
    }
}

static void names_are_found_in_any_case(void **state)
{
    static const char *const names[] = {"connection", "TE"};
    (void)state;
    assert_true(view_list_has(VIEW_LITERAL("keep-alive, TE"), VIEW_LITERAL("te")));
    assert_false(view_list_has(VIEW_LITERAL("keep-alive, TEs"), VIEW_LITERAL("te")));
    assert_false(view_list_has(VIEW_LITERAL(""), VIEW_LITERAL("te")));
    assert_true(view_is_among(VIEW_LITERAL("Connection"), names, ARRAY_LEN(names)));
    assert_true(view_is_among(VIEW_LITERAL("te"), names, ARRAY_LEN(names)));
    assert_false(view_is_among(VIEW_LITERAL("t"), names, ARRAY_LEN(names)));
    assert_false(view_is_among(VIEW_LITERAL("te"), names, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_views_are_equal_whatever_they_point_to),
        cmocka_unit_test(equal_without_case_is_for_ascii_only),
        cmocka_unit_test(trim_rows),
        cmocka_unit_test(starts_and_from),
        cmocka_unit_test(compare_rows),
        cmocka_unit_test(take_until_rows),
        cmocka_unit_test(list_rows),
        cmocka_unit_test(names_are_found_in_any_case),
    };
    return cmocka_run_group_tests_name("view", tests, NULL, NULL);
}
