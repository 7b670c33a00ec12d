/* Dates, semantic versions, sets of keys (evaluation.md 5.4, 5.5; checklist 43, 44). */
#include "flags_test.h"

#include "flags/date.h"
#include "flags/key_set.h"
#include "flags/semver.h"

static const struct {
    const char *text;
    bool ok;
    int64_t ms;
    int32_t ns;
} dates[] = {
    {"1970-01-01T00:00:00Z", true, 0, 0},
    {"2017-12-06T00:00:00.000-07:00", true, 1512543600000, 0},
    {"2017-12-06T07:00:00Z", true, 1512543600000, 0},
    {"2017-12-06t07:00:00z", true, 1512543600000, 0},
    {"2017-12-06T7:00:00Z", true, 1512543600000, 0},
    {"2000-02-29T00:00:00Z", true, 951782400000, 0},
    {"1900-03-01T00:00:00Z", true, -2203891200000, 0},
    {"0000-01-01T00:00:00Z", true, -62167219200000, 0},
    {"0001-01-01T00:00:00Z", true, -62135596800000, 0},
    {"9999-12-31T23:59:59.999999999Z", true, 253402300799999, 999999},
    {"1969-12-31T23:59:59.9995Z", true, -1, 500000},
    {"2021-02-31T00:00:00Z", true, 1614729600000, 0},
    {"2021-03-03T00:00:00Z", true, 1614729600000, 0},
    {"1970-01-01T00:00:60Z", true, 60000, 0},
    {"1970-01-01T00:00:00+99:59", true, -359940000, 0},
    {"1970-01-01T00:00:00-00:01", true, 60000, 0},
    {"1970-01-01T00:00:00.1Z", true, 100, 0},
    {"1970-01-01T00:00:00.000000001Z", true, 0, 1},
    {"1970-01-01T00:00:00Zfoo", true, 0, 0},
    {"", false, 0, 0},
    {"1970-01-01", false, 0, 0},
    {"1970-01-01 00:00:00Z", false, 0, 0},
    {"1970-01-01T00:00:00", false, 0, 0},
    {"1970-01-01T00:00Z", false, 0, 0},
    {"1970-1-01T00:00:00Z", false, 0, 0},
    {"1970-13-01T00:00:00Z", false, 0, 0},
    {"1970-00-01T00:00:00Z", false, 0, 0},
    {"1970-01-32T00:00:00Z", false, 0, 0},
    {"1970-01-00T00:00:00Z", false, 0, 0},
    {"1970-01-01T24:00:00Z", false, 0, 0},
    {"1970-01-01T00:60:00Z", false, 0, 0},
    {"1970-01-01T00:0:00Z", false, 0, 0},
    {"1970-01-01T00:00:61Z", false, 0, 0},
    {"1970-01-01T00:00:00.Z", false, 0, 0},
    {"1970-01-01T00:00:00.0000000001Z", false, 0, 0},
    {"1970-01-01T00:00:00+0:00", false, 0, 0},
    {"1970-01-01T00:00:00+00:60", false, 0, 0},
    {"1970-01-01T00:00:00+0000", false, 0, 0},
    {"1970-01-01T00:00:00+00:00x", false, 0, 0},
    {"19700-01-01T00:00:00Z", false, 0, 0},
    {"1512543600000", false, 0, 0},
    {" 1970-01-01T00:00:00Z", false, 0, 0},
};

static void dates_are_parsed(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(dates); i++) {
        struct date d;
        struct value v = value_of_text(view_of(dates[i].text));
        test_assert_int(date_parse(&v, &d), dates[i].ok, dates[i].text);
        if (!dates[i].ok)
            continue;
        test_assert_int(d.ms, dates[i].ms, dates[i].text);
        test_assert_int(d.ns, dates[i].ns, dates[i].text);
    }
}

static const struct {
    double number;
    int64_t ms;
} numbers[] = {
    {1512543600000.0, 1512543600000}, {1.9, 1},           {-1.9, -1},
    {9300000000000.0, 9300000000000}, {1e300, INT64_MAX}, {-1e300, INT64_MIN},
};

static void numbers_are_milliseconds(void **state)
{
    (void)state;
    struct date d;
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        struct value v = {.type = JSON_NUMBER, .is.number = numbers[i].number};
        assert_true(date_parse(&v, &d));
        assert_int_equal(d.ms, numbers[i].ms);
    }
    struct value boolean = {.type = JSON_BOOL};
    assert_false(date_parse(&boolean, &d));
    struct value zero = value_of_text(VIEW_LITERAL("0001-01-01T00:00:00Z"));
    assert_true(date_parse(&zero, &d) && date_is_zero(&d));
}

static void dates_are_compared_to_the_nanosecond(void **state)
{
    (void)state;
    struct date a = {.ms = 5, .ns = 1};
    struct date b = {.ms = 5, .ns = 2};
    struct date c = {.ms = 6, .ns = 0};
    assert_true(date_compare(&a, &b) < 0 && date_compare(&b, &a) > 0);
    assert_true(date_compare(&b, &c) < 0 && date_compare(&a, &a) == 0);
}

static const char *const no_versions[] = {
    "",          "2.",         "2..0",      ".2",        "02.0.0",   "2.00.0",      "v2",
    "2.0.0.0",   "2.0.0-",     "2.0.0-rc.", "2.0.0-.rc", "2.0.0-01", "2.0.0-rc.01", "2.0.0+",
    "2.0.0-rc+", "2.0.0-rc_1", "2.0.0+a_b", " 2",        "2 ",       "2.0.x",       "2-\xc3\xa9",
    "-1",        "+1",         "1.+2",      "2.0.0+a+b",
};

/* Ascending; equal ones in one row. */
static const char *const versions[][4] = {
    {"0", "0.0", "0.0.0", "0+x"},
    {"2-0", "2.0.0-0", NULL, NULL},
    {"2-2", NULL, NULL, NULL},
    {"2-10", NULL, NULL, NULL},
    {"2-99999999999999999999", NULL, NULL, NULL},
    {"2-01a", "2.0-01a", NULL, NULL},
    {"2-A", NULL, NULL, NULL},
    {"2-Z", NULL, NULL, NULL},
    {"2-a", NULL, NULL, NULL},
    {"2-alpha", NULL, NULL, NULL},
    {"2-rc", "2.0-rc", "2.0.0-rc", "2-rc+1.02"},
    {"2-rc.1", NULL, NULL, NULL},
    {"2-rc.2", NULL, NULL, NULL},
    {"2-rc.2.0", NULL, NULL, NULL},
    {"2-rc.10", NULL, NULL, NULL},
    {"2-rc.a", NULL, NULL, NULL},
    {"2-rc-a", NULL, NULL, NULL},
    {"2-z", NULL, NULL, NULL},
    {"2", "2.0", "2.0.0", "2.0.0+x.01-a"},
    {"2.0.1", NULL, NULL, NULL},
    {"2.1", NULL, NULL, NULL},
    {"10.2.3", NULL, NULL, NULL},
    {"18446744073709551616", NULL, NULL, NULL},
    {"18446744073709551617.0.0", NULL, NULL, NULL},
};

static int sign(int order)
{
    return (order > 0) - (order < 0);
}

static void rows_compare(size_t row_a, size_t row_b)
{
    for (size_t i = 0; i < 4 && versions[row_a][i] != NULL; i++) {
        for (size_t n = 0; n < 4 && versions[row_b][n] != NULL; n++) {
            struct semver a;
            struct semver b;
            assert_true(semver_parse(view_of(versions[row_a][i]), &a));
            assert_true(semver_parse(view_of(versions[row_b][n]), &b));
            int want = (row_a > row_b) - (row_a < row_b);
            if (sign(semver_compare(&a, &b)) != want)
                fail_msg("%s and %s: want %d", versions[row_a][i], versions[row_b][n], want);
        }
    }
}

static void versions_are_compared(void **state)
{
    (void)state;
    for (size_t a = 0; a < ARRAY_LEN(versions); a++) {
        for (size_t b = 0; b < ARRAY_LEN(versions); b++)
            rows_compare(a, b);
    }
    for (size_t i = 0; i < ARRAY_LEN(no_versions); i++) {
        struct semver v;
        test_assert_int(semver_parse(view_of(no_versions[i]), &v), false, no_versions[i]);
    }
}

static void sets_hold_their_keys_and_no_others(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct view texts[100];
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        char text[16];
        (void)snprintf(text, sizeof text, "key-%zu", i % 90);
        texts[i] = arena_copy(&arena, view_of(i == 95 ? "" : text));
    }
    for (size_t count = 0; count <= ARRAY_LEN(texts); count++) {
        struct key_set set = key_set_make(&arena, texts, count);
        for (size_t i = 0; i < 90; i++)
            assert_int_equal(key_set_has(&set, texts[i], key_set_hash(texts[i])), i < count);
        struct view none = view_make(NULL, 0);
        assert_int_equal(key_set_has(&set, none, key_set_hash(none)), count > 95);
    }
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_are_parsed),
        cmocka_unit_test(numbers_are_milliseconds),
        cmocka_unit_test(dates_are_compared_to_the_nanosecond),
        cmocka_unit_test(versions_are_compared),
        cmocka_unit_test(sets_hold_their_keys_and_no_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
