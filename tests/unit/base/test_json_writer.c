/* Writing JSON: evaluation.md 2.5, checklist 8; status.md 2, checklist 10. */
#include "base/json_writer.h"

#include <math.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void strings(void **state)
{
    (void)state;
    static const struct {
        struct view text;
        const char *json;
    } rows[] = {
        {VIEW_LITERAL("plain"), "\"plain\""},
        {VIEW_LITERAL(""), "\"\""},
        {{NULL, 0}, "\"\""},
        {VIEW_LITERAL("\b\t\n\f\r"), "\"\\b\\t\\n\\f\\r\""},
        {VIEW_LITERAL("\0\x01\x1f"), "\"\\u0000\\u0001\\u001f\""},
        {VIEW_LITERAL("\"\\"), "\"\\\"\\\\\""},
        {VIEW_LITERAL("/<>&\x7F"), "\"/<>&\x7F\""},
        {VIEW_LITERAL("\xE2\x80\xA8\xC3\xA4\xF0\x9F\x98\x80"),
         "\"\xE2\x80\xA8\xC3\xA4\xF0\x9F\x98\x80\""},
        {VIEW_LITERAL("a\xFFz\xC3"), "\"a\xEF\xBF\xBDz\xEF\xBF\xBD\""},
        {VIEW_LITERAL("12345678\n12345678"), "\"12345678\\n12345678\""},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str out = {0};
        json_write_string(&out, rows[i].text);
        assert_string_equal(str_text(&out), rows[i].json);
        str_free(&out);
    }
}

static void strings_for_html(void **state)
{
    (void)state;
    static const struct {
        struct view text;
        const char *json;
    } rows[] = {
        {VIEW_LITERAL("plain"), "\"plain\""},
        {{NULL, 0}, "\"\""},
        {VIEW_LITERAL("<a href='x'>&"), "\"\\u003ca href='x'\\u003e\\u0026\""},
        {VIEW_LITERAL("\xE2\x80\xA7\xE2\x80\xA8\xE2\x80\xA9\xE2\x80\xAA"),
         "\"\xE2\x80\xA7\\u2028\\u2029\xE2\x80\xAA\""},
        {VIEW_LITERAL("\xFF\xE2\x80"), "\"\\ufffd\\ufffd\\ufffd\""},
        {VIEW_LITERAL("\n\"\\\x01"), "\"\\n\\\"\\\\\\u0001\""},
        {VIEW_LITERAL("\xC3\xA4\xF0\x9F\x98\x80"), "\"\xC3\xA4\xF0\x9F\x98\x80\""},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str out = {0};
        json_write_string_html(&out, rows[i].text);
        assert_string_equal(str_text(&out), rows[i].json);
        str_free(&out);
    }
}

static void numbers(void **state)
{
    (void)state;
    static const struct {
        double number;
        const char *json;
    } rows[] = {
        {0, "0"},
        {-0.0, "0"},
        {1.0, "1"},
        {1.5, "1.5"},
        {123456.5, "123456.5"},
        {1234567.5, "1.2345675e+06"},
        {0.0001, "0.0001"},
        {0.00001, "1e-05"},
        {1e18, "1000000000000000000"},
        {1e19, "1e+19"},
        {-1234567.5, "-1.2345675e+06"},
        {HUGE_VAL, "null"},
        {-HUGE_VAL, "null"},
        {NAN, "null"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str out = {0};
        json_write_number(&out, rows[i].number);
        assert_string_equal(str_text(&out), rows[i].json);
        str_free(&out);
    }
}

static void names(void **state)
{
    (void)state;
    struct str out = {0};
    bool first = true;
    json_write_name(&out, &first, "a");
    assert_false(first);
    json_write_name(&out, &first, "b\"");
    assert_string_equal(str_text(&out), "\"a\":,\"b\\\"\":");
    str_free(&out);
}

static void members(void **state)
{
    (void)state;
    struct str out = {0};
    bool first = true;
    json_write_member_bool(&out, &first, "a", true);
    json_write_member_bool(&out, &first, "b", false);
    json_write_member_int(&out, &first, "c", INT64_MIN);
    json_write_member_text(&out, &first, "d", VIEW_LITERAL("\""));
    assert_string_equal(str_text(&out),
                        "\"a\":true,\"b\":false,\"c\":-9223372036854775808,\"d\":\"\\\"\"");
    str_free(&out);
}

static const struct {
    const char *raw;
    const char *compact;
    const char *why;
} compacts[] = {
    {"{\"a\":[1,\"x\",true,null]}", "{\"a\":[1,\"x\",true,null]}", "canonical already"},
    {" { \"b\" : 1 ,\r\n\t\"a\" : [ ] } ", "{\"b\":1,\"a\":[]}", "no white space, order kept"},
    {"\" a  b \"", "\" a  b \"", "white space in strings stays"},
    {"\"\\u0041\\/\\u00e4\"", "\"A/\xC3\xA4\"", "superfluous escapes"},
    {"\"\\u000A\\u001F\"", "\"\\n\\u001f\"", "escapes have one form"},
    {"{\"\\u0061\":\"\xFF\"}", "{\"a\":\"\xEF\xBF\xBD\"}", "names, broken UTF-8"},
    {"\"\\ud83d\\ude00\\ud83d\"", "\"\xF0\x9F\x98\x80\xEF\xBF\xBD\"", "surrogates"},
    {"[1.0,1e3,-0,0.10,1E+2]", "[1,1000,0,0.1,100]", "numbers"},
    {"[-0.0,-5,10,100000000000000]", "[0,-5,10,100000000000000]", "integers"},
    {"[9007199254740993]", "[9007199254740992]", "more digits than an f64 has"},
    {"[123456.5,1234567.5,0.0001,0.00001]", "[123456.5,1.2345675e+06,0.0001,1e-05]", "fractions"},
    {"[0.1,-0.5,1.25,0.00012345,999999.9,-0.0001]", "[0.1,-0.5,1.25,0.00012345,999999.9,-0.0001]",
     "fractions as they are"},
    {"[0.10,0.0,-0.0,00.5,1000000.5,0.00001]", "[0.1,0,0,0.5,1.0000005e+06,1e-05]",
     "fractions that are not"},
    {"[0.1000000000000000055,0.30000000000000004]", "[0.1,0.30000000000000004]", "long fractions"},
    {"[1e19,18446744073709551616]", "[1e+19,1.8446744073709552e+19]", "beyond int64"},
    {"[1e-400,-1e-400]", "[0,0]", "too small"},
    {"1", "1", "a value alone"},
    {"", "", "nothing"},
};

static void compact_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(compacts); i++) {
        struct str out = {0};
        json_write_compact(&out, view_of(compacts[i].raw));
        if (strcmp(str_text(&out), compacts[i].compact) != 0)
            fail_msg("%s: %s gives %s", compacts[i].why, compacts[i].raw, str_text(&out));
        struct str again = {0};
        json_write_compact(&again, str_view(&out));
        assert_string_equal(str_text(&again), str_text(&out));
        str_free(&again);
        str_free(&out);
    }
}

static const struct {
    const char *raw;
    const char *dense;
    const char *why;
} denses[] = {
    {"", "", "nothing"},
    {" { \"a\" : [ 1 ,\t2 ] } \r\n", "{\"a\":[1,2]}", "white space between tokens goes"},
    {"{\"b\":1.50,\"a\":[2e0],\"b\":-0}", "{\"b\":1.50,\"a\":[2e0],\"b\":-0}", "nothing else does"},
    {"[ \" a \\\" b \" , \"\\u0041\xFF\" ]", "[\" a \\\" b \",\"\\u0041\xFF\"]", "strings stay"},
    {" 1e999 ", "1e999", "a number that no f64 holds"},
};

static void dense_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(denses); i++) {
        struct str out = {0};
        json_write_dense(&out, view_of(denses[i].raw));
        if (strcmp(str_text(&out), denses[i].dense) != 0)
            fail_msg("%s: %s", denses[i].why, str_text(&out));
        str_free(&out);
    }
}

/* The contract wants valid text; anything else must still be harmless. */
static void broken_text_is_harmless(void **state)
{
    (void)state;
    static const char *const rows[] = {"\"abc", "\"\\x\"", "[1e", "-", "{\"a\":\"\n", "\\", "]]"};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str out = {0};
        json_write_compact(&out, view_of(rows[i]));
        assert_in_range(out.len, 0, 16);
        json_write_dense(&out, view_of(rows[i]));
        assert_in_range(out.len, 0, 32);
        str_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strings),
        cmocka_unit_test(strings_for_html),
        cmocka_unit_test(numbers),
        cmocka_unit_test(names),
        cmocka_unit_test(members),
        cmocka_unit_test(compact_rows),
        cmocka_unit_test(broken_text_is_harmless),
        cmocka_unit_test(dense_rows),
    };
    return cmocka_run_group_tests_name("json_writer", tests, NULL, NULL);
}
