/* 10,000 flags of 5 KB in Redis: time, memory, and how long the loop is held. */
#include "measure.h"
#include "redis_world.h"

#define FLAGS 10000

static void ten_thousand_flags_go_through_without_holding_the_loop(void **state)
{
    struct redis_world r;
    struct measure m;
    struct dataset *data[] = {measure_flags_ordered(FLAGS, 1), measure_flags_ordered(FLAGS, 2)};
    (void)state;
    redis_begin(&r);
    redis_open(&r);
    measure_open(&m, &r.w.loop);
    measure_begin(&m);
    write_all(&r.h, dataset_ref(data[0]));
    measure_end(&m, "Init of an empty database", 20, 15);
    measure_begin(&m);
    assert_int_equal(dataset_count(read_back(&r.h), ITEM_FLAG), FLAGS);
    measure_end(&m, "read", 200, 15);
    measure_begin(&m);
    write_all(&r.h, dataset_ref(data[1]));
    measure_end(&m, "Init over it", 20, 15);
    assert_int_equal(r.h.failed_writes + r.h.state_changes, 0);
    dataset_unref(data[0]);
    dataset_unref(data[1]);
    measure_close(&m);
    redis_end(&r);
}

/* LaunchDarkly is away when the database comes back: every item is compared (data-store.md 7.3),
 * and an SDK that asks after 5 s gets data (6.2). */
static void a_repair_item_by_item_takes_less_than_five_seconds(void **state)
{
    struct redis_world r;
    struct measure m;
    (void)state;
    for (int atomic = 0; atomic < 2; atomic++) {
        redis_begin(&r);
        r.w.settings.redis.atomic_upsert = atomic != 0;
        redis_open(&r);
        measure_open(&m, &r.w.loop);
        r.h.snapshot = measure_flags_ordered(FLAGS, 1);
        write_all(&r.h, dataset_ref(r.h.snapshot));
        for (int newer = 0; newer < 2; newer++) {
            (void)redis_cli(&r.server, "config set requirepass secret");
            (void)redis_cli(&r.server, "-a secret client kill type normal");
            store_read_post(r.h.store, STORE_ALL_KINDS);
            run_until_state(&r.h, STORE_INTERRUPTED);
            dataset_unref(r.h.snapshot);
            r.h.snapshot = measure_flags_ordered(FLAGS, 1 + newer);
            (void)redis_cli(&r.server, "-a secret config set requirepass ''");
            measure_begin(&m);
            run_until_state(&r.h, STORE_VALID);
            measure_end(&m, newer ? "repair, all newer" : "repair, nothing newer", 200, 5);
        }
        const struct dataset *read = read_back(&r.h);
        assert_int_equal(dataset_count(read, ITEM_FLAG), FLAGS);
        assert_int_equal(dataset_find(read, ITEM_FLAG, view_of("flag-9999"))->version, 2);
        measure_close(&m);
        redis_end(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_thousand_flags_go_through_without_holding_the_loop),
        cmocka_unit_test(a_repair_item_by_item_takes_less_than_five_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
