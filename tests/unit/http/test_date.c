/* Dates in headers (RFC 9110 5.6.7). */
#include "http/date.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void all_three_forms_are_read_and_nothing_else(void **state)
{
    static const struct {
        const char *text;
        int64_t ms; /* -1: it is no date */
    } rows[] = {
        {"Tue, 14 Nov 2023 22:13:20 GMT", 1700000000000},
        {"Thu, 01 Jan 1970 00:00:01 GMT", 1000},
        {"Tuesday, 14-Nov-23 22:13:20 GMT", 1700000000000},
        {"Tue Nov 14 22:13:20 2023", 1700000000000},
        {"Thu Jan  1 00:00:01 1970", 1000},
        {"", -1},
        {"1700000000", -1},
        {"Tue, 14 Nov 2023 22:13:20", -1},
        {"Tue, 14 Nov 2023 22:13:20 GMT and more", -1},
        {"Tue, 14 Nov 2023 25:13:20 GMT", -1},
        {"Tue, 14 Nov 2023 22:13:20 GMT                                   ", -1},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        int64_t ms = -1;
        bool ok = http_date_parse(view_of(rows[i].text), &ms);
        if (ok != (rows[i].ms >= 0) || ms != rows[i].ms)
            fail_msg("\"%s\": %lld", rows[i].text, (long long)ms);
    }
    int64_t ms = -1;
    assert_false(http_date_parse(view_make("Tue,\0 14 Nov 2023", 17), &ms));
}

static void what_is_written_can_be_read(void **state)
{
    (void)state;
    for (int64_t second = 0; second < 5000000000; second += INT64_C(86399) * 31) {
        char text[HTTP_DATE_SIZE];
        int64_t ms = -1;
        http_date_write(second, text);
        assert_true(http_date_parse(view_of(text), &ms));
        assert_int_equal(ms, second * 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_three_forms_are_read_and_nothing_else),
        cmocka_unit_test(what_is_written_can_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
