/* Durations of configuration.md 3.4: checklist 21, and what is printed in messages. */
#include "base/duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define MS INT64_C(1000000)
#define S (1000 * MS)
#define MINUTE (60 * S)
#define HOUR (60 * MINUTE)

static const struct {
    const char *text;
    bool ok;
    int64_t ns;
    const char *why;
} parses[] = {
    {"1m30s", true, 90 * S, "21: units add up"},
    {"1.5h", true, 90 * MINUTE, "21: fraction"},
    {".5s", true, 500 * MS, "21: nothing in front of the point"},
    {"+1m", true, MINUTE, "21: plus sign"},
    {"0", true, 0, "21: zero alone needs no unit"},
    {"100ms", true, 100 * MS, "21: milliseconds, not minutes"},
    {"1us", true, 1000, "21: microseconds"},
    {"5", false, 0, "21: unit is missing"},
    {"1d", false, 0, "21: no days"},
    {"1h 5m", false, 0, "21: no blanks"},
    {"x", false, 0, "21: no number"},
    {"", false, 0, "empty"},
    {"-", false, 0, "sign alone"},
    {"+", false, 0, "sign alone"},
    {"--1s", false, 0, "two signs"},
    {"1s-1s", false, 0, "sign in the middle"},
    {"-0", true, 0, "negative zero"},
    {"+0", true, 0, "positive zero"},
    {"00", false, 0, "only a single zero needs no unit"},
    {"0s", true, 0, "zero with a unit"},
    {"-1h", true, -HOUR, "the type accepts negative values"},
    {"5.s", true, 5 * S, "nothing behind the point"},
    {".s", false, 0, "no digit on either side of the point"},
    {"1.2.3s", false, 0, "two points"},
    {"1,5s", false, 0, "comma"},
    {"s", false, 0, "unit alone"},
    {"1S", false, 0, "units are lower case"},
    {"1e3s", false, 0, "no exponent"},
    {" 1s", false, 0, "blank in front"},
    {"1s ", false, 0, "blank behind"},
    {"1\xC2\xB5s", true, 1000, "micro sign"},
    {"1\xCE\xBCs", true, 1000, "Greek mu"},
    {"1\xC2\xB5", false, 0, "half a unit"},
    {"1ns", true, 1, "the smallest"},
    {"0.9ns", true, 0, "below a nanosecond: cut off"},
    {"1.000000001s", true, S + 1, "nine digits count"},
    {"0.33333333333333333333333h", true, 1199999999999, "digits without end"},
    {"30m1h", true, 90 * MINUTE, "any order"},
    {"1s1s", true, 2 * S, "a unit twice"},
    {"9223372036854775807ns", true, INT64_MAX, "the longest"},
    {"9223372036854775808ns", false, 0, "one more"},
    {"-9223372036854775808ns", true, INT64_MIN, "the longest backwards"},
    {"-9223372036854775809ns", false, 0, "one more"},
    {"18446744073709551616ns", false, 0, "beyond 64 bits"},
    {"2562047h47m16.854775807s", true, INT64_MAX, "the longest, in parts"},
    {"2562047h47m16.854775808s", false, 0, "one more"},
    {"2562047h2562047h2562047h", false, 0, "a sum that would wrap around"},
    {"9999999h", false, 0, "out of range"},
    {"99999999999999999999999s", false, 0, "digits without end"},
};

static void parse_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(parses); i++) {
        int64_t ns = 4711;
        bool ok = duration_parse(view_of(parses[i].text), &ns);
        if (ok != parses[i].ok || ns != (ok ? parses[i].ns : 4711))
            fail_msg("\"%s\" (%s): %d, %lld ns", parses[i].text, parses[i].why, ok, (long long)ns);
    }
}

static void a_zero_byte_is_no_unit(void **state)
{
    (void)state;
    int64_t ns;
    assert_false(duration_parse(view_make("1s\0", 3), &ns));
    assert_false(duration_parse(view_make("1\0s", 3), &ns));
}

static const struct {
    int64_t ns;
    const char *text;
} prints[] = {
    {90 * MINUTE, "1h30m0s"},
    {90 * S, "1m30s"},
    {100 * MS, "100ms"},
    {1500 * MS, "1.5s"},
    {0, "0s"},
    {1, "1ns"},
    {1100, "1.1\xC2\xB5s"},
    {2 * MS + 200000, "2.2ms"},
    {HOUR, "1h0m0s"},
    {MINUTE, "1m0s"},
    {HOUR + 1 * S, "1h0m1s"},
    {S + 1, "1.000000001s"},
    {-1500 * MS, "-1.5s"},
    {INT64_MAX, "2562047h47m16.854775807s"},
    {INT64_MIN, "-2562047h47m16.854775808s"},
};

static void print_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(prints); i++) {
        struct str out = {0};
        duration_print(prints[i].ns, &out);
        assert_string_equal(str_text(&out), prints[i].text);
        int64_t again = 4711;
        assert_true(duration_parse(str_view(&out), &again));
        assert_int_equal(again, prints[i].ns);
        str_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse_rows),
        cmocka_unit_test(a_zero_byte_is_no_unit),
        cmocka_unit_test(print_rows),
    };
    return cmocka_run_group_tests_name("duration", tests, NULL, NULL);
}
