/* Decimal text and f64: exact both ways, in any locale (evaluation.md 2.5, 13.5). */
#include "base/decimal.h"

#include "base/mem.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static uint64_t bits_of(double number)
{
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

static double of_bits(uint64_t bits)
{
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

static const struct {
    const char *text;
    double number;
    const char *why;
} parses[] = {
    {"0", 0, "zero"},
    {"-0", -0.0, "its sign stays"},
    {"-0.0e5", -0.0, "its sign stays"},
    {"123456789012345", 123456789012345.0, "15 digits"},
    {"9007199254740993", 9007199254740992.0, "tie to even, down"},
    {"9007199254740995", 9007199254740996.0, "tie to even, up"},
    {"9007199254740993.00000000000000000000000000000001", 9007199254740994.0, "above the tie"},
    {"0.1", 0.1, "one digit"},
    {"3.14159", 3.14159, "fraction"},
    {"1e22", 1e22, "the last exact power"},
    {"1e23", 1e23, "beyond it"},
    {"2.2250738585072011e-308", 2.2250738585072011e-308, "largest subnormal"},
    {"4.9406564584124654e-324", 5e-324, "smallest"},
    {"2e-324", 0, "below half of it"},
    {"1.7976931348623157e308", DBL_MAX, "largest"},
    {"1.7976931348623159e308", HUGE_VAL, "beyond it"},
    {"1e99999999999999999999", HUGE_VAL, "exponent without end"},
    {"-1e99999999999999999999", -HUGE_VAL, "exponent without end"},
    {"1e-99999999999999999999", 0, "exponent without end"},
    {"0e99999999999999999999", 0, "zero all the same"},
    {"0.000000000000000000000000000000000000000000001e45", 1, "zeros in front"},
    {"1000000000000000000000000000000000000000000000e-45", 1, "zeros behind"},
};

static void parse_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(parses); i++) {
        double number = decimal_parse(view_of(parses[i].text));
        if (bits_of(number) != bits_of(parses[i].number))
            fail_msg("%s (%s): %.17g", parses[i].text, parses[i].why, number);
    }
}

/* Halfway between two numbers, with a 1 a thousand digits later: all digits count. */
static void digits_beyond_all_bounds_count(void **state)
{
    (void)state;
    enum { ZEROS = 1000 };
    char text[ZEROS + 32] = "9007199254740993.";
    size_t len = strlen(text);
    memset(text + len, '0', ZEROS);
    assert_true(decimal_parse(view_make(text, len + ZEROS)) == 9007199254740992.0);
    text[len + ZEROS - 1] = '1';
    assert_true(decimal_parse(view_make(text, len + ZEROS)) == 9007199254740994.0);
    memset(text, '9', len + ZEROS);
    assert_true(isinf(decimal_parse(view_make(text, len + ZEROS))));
}

static const struct {
    double number;
    const char *text;
} prints[] = {
    {0, "0"},
    {-0.0, "0"},
    {1, "1"},
    {-1, "-1"},
    {1e18, "1000000000000000000"},
    {9223372036854774784.0, "9223372036854774784"},
    {-9223372036854775808.0, "-9223372036854775808"},
    {9223372036854775808.0, "9.223372036854776e+18"},
    {1e19, "1e+19"},
    {1e100, "1e+100"},
    {1.5, "1.5"},
    {-0.5, "-0.5"},
    {123456.5, "123456.5"},
    {999999.5, "999999.5"},
    {1000000.5, "1.0000005e+06"},
    {1234567.5, "1.2345675e+06"},
    {0.0001, "0.0001"},
    {0.00012345, "0.00012345"},
    {0.00001, "1e-05"},
    {0.000012345, "1.2345e-05"},
    {0.1, "0.1"},
    {0.30000000000000004, "0.30000000000000004"},
    {1.0 / 3, "0.3333333333333333"},
    {2.0 / 3, "0.6666666666666666"},
    {100.25, "100.25"},
    {DBL_MAX, "1.7976931348623157e+308"},
    {-DBL_MAX, "-1.7976931348623157e+308"},
    {DBL_MIN, "2.2250738585072014e-308"},
    {5e-324, "5e-324"},
    {0x1p-44, "5.684341886080802e-14"}, /* at a power of two, not the nearest 16 digits */
    {9.5367431640625e-07, "9.5367431640625e-07"},
};

static void print_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(prints); i++) {
        char text[DECIMAL_SIZE + 1];
        text[decimal_print(prints[i].number, text)] = '\0';
        assert_string_equal(text, prints[i].text);
    }
}

/* A number whose bits are spread over all exponents. */
static double any_number(uint64_t *seed)
{
    double number;
    do {
        *seed = *seed * 6364136223846793005u + 1442695040888963407u;
        number = of_bits(*seed ^ *seed >> 29);
    } while (!isfinite(number));
    return number;
}

static void check_round_trip(double number)
{
    char text[DECIMAL_SIZE + 1];
    size_t len = decimal_print(number, text);
    text[len] = '\0';
    assert_true(len < DECIMAL_SIZE);
    double again = decimal_parse(view_make(text, len));
    if (again != number || strtod(text, NULL) != number)
        fail_msg("%.17g is printed as %s", number, text);
}

static void what_is_printed_parses_back(void **state)
{
    (void)state;
    uint64_t seed = 1;
    for (unsigned i = 0; i < 20000; i++)
        check_round_trip(any_number(&seed));
    for (int exponent = -1074; exponent < 1024; exponent++) {
        check_round_trip(ldexp(1, exponent));
        check_round_trip(nextafter(ldexp(1, exponent), 0));
        check_round_trip(nextafter(ldexp(1, exponent), HUGE_VAL));
    }
}

/* The C library, which this is not built on for text with a point, agrees. */
static void parsing_agrees_with_strtod(void **state)
{
    (void)state;
    uint64_t seed = 2;
    for (unsigned i = 0; i < 20000; i++) {
        char text[64];
        int digits = (int)(i % 25);
        int len = snprintf(text, sizeof text, i % 3 ? "%.*e" : "%.*g", digits, any_number(&seed));
        double number = decimal_parse(view_make(text, (size_t)len));
        if (bits_of(number) != bits_of(strtod(text, NULL)))
            fail_msg("%s: %.17g", text, number);
    }
}

/* The test means something only where such a locale is installed; elsewhere it says so. */
static void a_decimal_comma_changes_nothing(void **state)
{
    (void)state;
    static const char *const locales[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "ps_AF.UTF-8"};
    bool found = false;
    for (size_t i = 0; i < ARRAY_LEN(locales); i++) {
        if (setlocale(LC_ALL, locales[i]) == NULL)
            continue;
        found = true;
        print_rows(state);
        parse_rows(state);
        uint64_t seed = 3;
        char text[DECIMAL_SIZE];
        for (unsigned k = 0; k < 1000; k++) {
            double number = any_number(&seed);
            size_t len = decimal_print(number, text);
            assert_true(decimal_parse(view_make(text, len)) == number);
        }
    }
    assert_non_null(setlocale(LC_ALL, "C"));
    if (!found)
        skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse_rows),
        cmocka_unit_test(digits_beyond_all_bounds_count),
        cmocka_unit_test(print_rows),
        cmocka_unit_test(what_is_printed_parses_back),
        cmocka_unit_test(parsing_agrees_with_strtod),
        cmocka_unit_test(a_decimal_comma_changes_nothing),
    };
    return cmocka_run_group_tests_name("decimal", tests, NULL, NULL);
}
