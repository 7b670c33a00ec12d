/* Chance from the operating system: its range and form. */
#include "base/random.h"

#include "base/mem.h"

#include <stdbool.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void unit_is_in_range_and_spread(void **state)
{
    (void)state;
    struct random *r = random_system();
    unsigned tenths[10] = {0};
    for (unsigned i = 0; i < 10000; i++) {
        double number = r->unit(r);
        assert_true(number >= 0 && number < 1);
        tenths[(unsigned)(number * 10)]++;
    }
    for (unsigned i = 0; i < 10; i++) /* 1000 expected; 300 are ten standard deviations */
        assert_in_range(tenths[i], 700, 1300);
}

static void every_byte_is_filled(void **state)
{
    (void)state;
    unsigned char all[256] = {0};
    for (int i = 0; i < 64; i++) { /* a byte that stays 0 each time: once in 2^512 */
        unsigned char bytes[256];
        random_fill(bytes, sizeof bytes);
        for (size_t k = 0; k < sizeof bytes; k++)
            all[k] |= bytes[k];
    }
    for (size_t k = 0; k < sizeof all; k++)
        assert_int_not_equal(all[k], 0);
}

static void uuid_has_its_form(void **state)
{
    (void)state;
    bool variants[16] = {false};
    for (unsigned i = 0; i < 1000; i++) {
        char uuid[37];
        memset(uuid, 'z', sizeof uuid);
        random_uuid(uuid);
        assert_int_equal(strlen(uuid), 36);
        for (size_t at = 0; at < 36; at++) {
            bool hyphen = at == 8 || at == 13 || at == 18 || at == 23;
            assert_true(hyphen ? uuid[at] == '-' : strchr("0123456789abcdef", uuid[at]) != NULL);
        }
        assert_int_equal(uuid[14], '4');
        variants[uuid[19] <= '9' ? uuid[19] - '0' : uuid[19] - 'a' + 10] = true;
    }
    for (size_t i = 0; i < ARRAY_LEN(variants); i++)
        assert_int_equal(variants[i], i >= 8 && i <= 11);
}

static void uuids_differ(void **state)
{
    (void)state;
    char a[37];
    char b[37];
    random_uuid(a);
    random_uuid(b);
    assert_string_not_equal(a, b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unit_is_in_range_and_spread),
        cmocka_unit_test(every_byte_is_filled),
        cmocka_unit_test(uuid_has_its_form),
        cmocka_unit_test(uuids_differ),
    };
    return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
