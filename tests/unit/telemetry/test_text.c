/* The text format of metrics, byte by byte (telemetry.md 2, 11). */
#include "telemetry/metric.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct metric plain = {"x_total", METRIC_COUNTER, {NULL}, "Counts x.", NULL};
static const struct metric labelled = {"y", METRIC_GAUGE, {"a", "b"}, "Is y.", NULL};

#define HEAD "# HELP y Is y.\n# TYPE y gauge\n"

/* The text is that of `labelled` with one series. Frees it. */
static void expect_series_take(struct str *out, const char *a, const char *b, const char *number)
{
    struct str wanted = {0};
    str_append_format(&wanted, HEAD "y{a=\"%s\",b=\"%s\"} %s\n", a, b, number);
    assert_string_equal(str_text(out), str_text(&wanted));
    str_free(&wanted);
    str_free(out);
}

static void a_family_without_values_is_absent(void **state)
{
    struct str out = {0};
    struct metric_writer w = {.out = &out};
    (void)state;
    metric_begin(&w, &plain);
    metric_begin(&w, &labelled);
    assert_int_equal(out.len, 0);
}

static void heads_are_written_once_per_family(void **state)
{
    struct str out = {0};
    struct metric_writer w = {.out = &out};
    (void)state;
    metric_begin(&w, &plain);
    metric_put(&w, NULL, INT64_MAX);
    metric_begin(&w, &labelled);
    metric_put(&w, (const char *[]){"1", ""}, -1);
    metric_put(&w, (const char *[]){"2", "z"}, 1234567);
    assert_string_equal(str_text(&out), "# HELP x_total Counts x.\n# TYPE x_total counter\n"
                                        "x_total 9223372036854775807\n" HEAD
                                        "y{a=\"1\",b=\"\"} -1\ny{a=\"2\",b=\"z\"} 1234567\n");
    str_free(&out);
}

static void labels_are_escaped(void **state)
{
    static const struct {
        const char *value;
        const char *written;
    } rows[] = {
        {"", ""},
        {"My Proj_Prod \"x\"", "My Proj_Prod \\\"x\\\""},
        {"a\\b", "a\\\\b"},
        {"\\n", "\\\\n"},
        {"one\ntwo", "one\\ntwo"},
        {"tab\tand \r stay", "tab\tand \r stay"},
        {"Prod\xC3\xBCktion {,}", "Prod\xC3\xBCktion {,}"},
        {"bad\xFF!", "bad\xEF\xBF\xBD!"},
        {"cut\xC3", "cut\xEF\xBF\xBD"},
        {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str out = {0};
        struct metric_writer w = {.out = &out};
        metric_begin(&w, &labelled);
        metric_put(&w, (const char *[]){rows[i].value, "-"}, 1);
        expect_series_take(&out, rows[i].written, "-", "1");
    }
}

static void seconds_have_no_idle_digits(void **state)
{
    static const struct {
        int64_t ms;
        const char *written;
    } rows[] = {
        {0, "0"},       {1, "0.001"},   {10, "0.01"},
        {100, "0.1"},   {1000, "1"},    {1050, "1.05"},
        {1500, "1.5"},  {60000, "60"},  {1795634508730, "1795634508.73"},
        {999, "0.999"}, {101, "0.101"}, {9223372036854775807, "9223372036854775.807"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str out = {0};
        struct metric_writer w = {.out = &out};
        metric_begin(&w, &labelled);
        metric_put_ms(&w, (const char *[]){"", ""}, rows[i].ms);
        expect_series_take(&out, "", "", rows[i].written);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_family_without_values_is_absent),
        cmocka_unit_test(heads_are_written_once_per_family),
        cmocka_unit_test(labels_are_escaped),
        cmocka_unit_test(seconds_have_no_idle_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
