/* Clocks: the system's goes forward, the fake one stands still. */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void the_system_clock_goes_forward(void **state)
{
    (void)state;
    const struct clock *c = clock_system();
    int64_t before = clock_now_ms(c);
    int64_t after = clock_now_ms(c);
    assert_true(after >= before);
    assert_true(after - before < 60000);
    assert_true(clock_wall_ms(c) > INT64_C(1600000000000)); /* September 2020 */
    assert_ptr_equal(clock_system(), c);
}

static void the_fake_clock_stands_still_until_moved(void **state)
{
    (void)state;
    struct fake_clock c;
    fake_clock_init(&c, 5, 1000);
    assert_int_equal(clock_now_ms(&c.base), 5);
    assert_int_equal(clock_wall_ms(&c.base), 1000);
    assert_int_equal(clock_now_ms(&c.base), 5);
    fake_clock_advance(&c, 600000);
    assert_int_equal(clock_now_ms(&c.base), 600005);
    assert_int_equal(clock_wall_ms(&c.base), 601000);
    c.wall_ms = 7; /* wall time may jump, monotonic time does not */
    assert_int_equal(clock_wall_ms(&c.base), 7);
    assert_int_equal(clock_now_ms(&c.base), 600005);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_system_clock_goes_forward),
        cmocka_unit_test(the_fake_clock_stands_still_until_moved),
    };
    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
