/* The wheel: nothing early, nothing more than a tick late, and time that jumps. */
#include "http/wheel.h"

#include "base/mem.h"

#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TICK ((int64_t)10)

struct item {
    struct wheel_entry entry;
    struct wheel *wheel;
    int64_t due_ms;
    int fired;
    int64_t again_ms;      /* 0: not; else set again by so much when it fires */
    struct item *to_clear; /* cleared when this one fires */
};

static int64_t now_ms;

static void item_fires(struct wheel_entry *e, void *arg)
{
    assert_ptr_equal(arg, &now_ms);
    struct item *i = CONTAINER_OF(e, struct item, entry);
    assert_false(wheel_entry_is_set(e));
    assert_true(now_ms >= i->due_ms);
    i->fired++;
    if (i->again_ms != 0) {
        i->due_ms = now_ms + i->again_ms;
        wheel_set(i->wheel, e, i->due_ms);
    }
    if (i->to_clear != NULL)
        wheel_clear(i->wheel, &i->to_clear->entry);
}

static void run_to(struct wheel *w, int64_t ms)
{
    now_ms = ms;
    wheel_run(w, ms, item_fires, &now_ms);
}

static void item_set(struct item *i, struct wheel *w, int64_t due_ms)
{
    wheel_entry_init(&i->entry);
    i->wheel = w;
    i->due_ms = due_ms;
    wheel_set(w, &i->entry, due_ms);
}

static void entries_fire_once_and_never_early(void **state)
{
    (void)state;
    static const int64_t dues[] = {1, 9, 10, 11, 100, 2559, 2560, 2561, 100000, 3600000};
    for (size_t i = 0; i < ARRAY_LEN(dues); i++) {
        struct wheel w;
        wheel_init(&w, TICK, 0);
        struct item it = {0};
        item_set(&it, &w, dues[i]);
        int64_t fired_at = 0;
        for (int64_t t = 0; it.fired == 0; t++) {
            run_to(&w, t);
            fired_at = t;
        }
        if (fired_at < dues[i] || fired_at >= dues[i] + TICK)
            fail_msg("due %lld, fired %lld", (long long)dues[i], (long long)fired_at);
        run_to(&w, fired_at + 10000000);
        assert_int_equal(it.fired, 1);
        assert_int_equal(w.count, 0);
    }
}

static void a_jump_of_time_fires_everything_due(void **state)
{
    (void)state;
    struct wheel w;
    wheel_init(&w, TICK, 1000000);
    static struct item items[1000];
    for (int i = 0; i < 1000; i++)
        item_set(&items[i], &w, 1000000 + i * 17);
    run_to(&w, 1000000 + 500 * 17);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(items[i].fired, i <= 500 ? 1 : 0);
    run_to(&w, 900000); /* backwards: nothing */
    run_to(&w, 2000000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(items[i].fired, 1);
}

static void a_time_in_the_past_means_the_next_tick(void **state)
{
    (void)state;
    struct wheel w;
    wheel_init(&w, TICK, 500);
    struct item it = {0};
    item_set(&it, &w, 3);
    run_to(&w, 509);
    assert_int_equal(it.fired, 0);
    run_to(&w, 510);
    assert_int_equal(it.fired, 1);
}

static void an_entry_can_be_moved_and_cleared(void **state)
{
    (void)state;
    struct wheel w;
    wheel_init(&w, TICK, 0);
    struct item it = {0};
    item_set(&it, &w, 50);
    wheel_set(&w, &it.entry, 200);
    wheel_set_earlier(&w, &it.entry, 300);
    run_to(&w, 199);
    assert_int_equal(it.fired, 0);
    wheel_set_earlier(&w, &it.entry, 205);
    run_to(&w, 200);
    assert_int_equal(it.fired, 1);
    item_set(&it, &w, 300);
    wheel_set_earlier(&w, &it.entry, 250);
    wheel_clear(&w, &it.entry);
    wheel_clear(&w, &it.entry);
    run_to(&w, 1000);
    assert_int_equal(it.fired, 1);
    assert_int_equal(w.count, 0);
}

static void entries_can_be_changed_while_others_fire(void **state)
{
    (void)state;
    struct wheel w;
    wheel_init(&w, TICK, 0);
    struct item again = {.again_ms = TICK * WHEEL_SLOTS}; /* the same slot, one lap later */
    struct item clears = {0};
    struct item cleared = {0};
    item_set(&again, &w, 20);
    item_set(&clears, &w, 20);
    item_set(&cleared, &w, 20);
    clears.to_clear = &cleared;
    run_to(&w, 20);
    assert_int_equal(again.fired, 1);
    assert_int_equal(clears.fired, 1);
    assert_int_equal(cleared.fired, 0);
    assert_int_equal(w.count, 1);
    run_to(&w, 20 + TICK * WHEEL_SLOTS);
    assert_int_equal(again.fired, 2);
    wheel_clear(&w, &again.entry);
}

/* Against a plain array: the same entries are due at the same ticks, whatever is done to them. */
static void random_use_agrees_with_a_plain_list(void **state)
{
    (void)state;
    enum { COUNT = 50, STEPS = 20000 };
    struct wheel w;
    wheel_init(&w, TICK, 0);
    struct item items[COUNT] = {{.wheel = NULL}};
    int64_t due[COUNT]; /* -1: not set */
    for (int i = 0; i < COUNT; i++) {
        wheel_entry_init(&items[i].entry);
        items[i].wheel = &w;
        due[i] = -1;
    }
    unsigned seed = 1;
    int64_t t = 0;
    for (int step = 0; step < STEPS; step++) {
        int i = rand_r(&seed) % COUNT;
        if (rand_r(&seed) % 4 == 0) {
            wheel_clear(&w, &items[i].entry);
            due[i] = -1;
        } else {
            due[i] = t + rand_r(&seed) % (3 * TICK * WHEEL_SLOTS);
            items[i].due_ms = due[i];
            wheel_set(&w, &items[i].entry, due[i]);
        }
        t += rand_r(&seed) % 40;
        run_to(&w, t);
        size_t set = 0;
        for (int k = 0; k < COUNT; k++) {
            /* certainly fired; or perhaps, within its tick */
            bool certain = due[k] + TICK <= t;
            if (certain || !wheel_entry_is_set(&items[k].entry))
                due[k] = -1;
            assert_int_equal(wheel_entry_is_set(&items[k].entry), due[k] >= 0);
            set += due[k] >= 0;
        }
        assert_int_equal(w.count, set);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_fire_once_and_never_early),
        cmocka_unit_test(a_jump_of_time_fires_everything_due),
        cmocka_unit_test(a_time_in_the_past_means_the_next_tick),
        cmocka_unit_test(an_entry_can_be_moved_and_cleared),
        cmocka_unit_test(entries_can_be_changed_while_others_fire),
        cmocka_unit_test(random_use_agrees_with_a_plain_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
