/* 10,000 flags of 5 KB: time, memory, and how long the loop is held (issue: 50 MB on each store).
 */
#include "consul_world.h"
#include "measure.h"

#include <string.h>

#define FLAGS 10000

static void ten_thousand_flags_go_through_without_holding_the_loop(void **state)
{
    struct consul_world c;
    struct measure m;
    (void)state;
    consul_begin(&c);
    measure_open(&m, &c.w.loop);
    struct dataset *first = measure_flags_ordered(FLAGS, 1);
    measure_begin(&m);
    write_all(&c.h, dataset_ref(first));
    measure_end(&m, "Init", 20, 15);
    measure_begin(&m);
    assert_int_equal(dataset_count(read_back(&c.h), ITEM_FLAG), FLAGS);
    measure_end(&m, "read", 200, 15);
    struct dataset *second = measure_flags_ordered(FLAGS, 2);
    measure_begin(&m);
    write_all(&c.h, dataset_ref(second));
    measure_end(&m, "Init over it", 20, 15);
    dataset_unref(first);
    dataset_unref(second);
    assert_int_equal(c.h.state_changes, 0);
    measure_close(&m);
    consul_end(&c);
}

/* data-store.md 6.2: an SDK that asks 5 s after the database came back gets data, also when
 * LaunchDarkly is away and every item has to be compared (7.3). */
static void a_repair_item_by_item_takes_less_than_five_seconds(void **state)
{
    static const char *const options[] = {"-data-dir={folder}/data", NULL};
    struct consul_world c;
    struct measure m;
    (void)state;
    memset(&c, 0, sizeof c);
    world_begin(&c.w);
    consul_start(&c, 0, options);
    consul_settings(&c);
    consul_open(&c);
    measure_open(&m, &c.w.loop);
    c.h.snapshot = measure_flags(FLAGS, 2);
    write_all(&c.h, dataset_ref(c.h.snapshot));
    for (int half = 0; half < 2; half++) {
        server_kill(&c.server);
        store_read_post(c.h.store, STORE_ALL_KINDS);
        run_until_state(&c.h, STORE_INTERRUPTED);
        if (half == 1) {
            dataset_unref(c.h.snapshot);
            c.h.snapshot = measure_flags(FLAGS, 3);
        }
        consul_start(&c, c.server.port, options);
        measure_begin(&m);
        run_until_state(&c.h, STORE_VALID);
        measure_end(&m, half == 0 ? "repair, nothing newer" : "repair, all newer", 200, 5);
    }
    const struct dataset *read = read_back(&c.h);
    assert_int_equal(dataset_count(read, ITEM_FLAG), FLAGS);
    assert_int_equal(dataset_find(read, ITEM_FLAG, view_of("flag-9999"))->version, 3);
    measure_close(&m);
    consul_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_thousand_flags_go_through_without_holding_the_loop),
        cmocka_unit_test(a_repair_item_by_item_takes_less_than_five_seconds),
    };
    return cmocka_run_group_tests(tests, consul_build, NULL);
}
