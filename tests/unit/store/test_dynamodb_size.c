/* 10,000 flags of 5 KB in DynamoDB Local: time, memory, and how long the loop is held. */
#include "dynamodb_world.h"
#include "measure.h"

#define FLAGS 10000
#define FEWER_FLAGS 2000
#define PATIENCE_MS 120000 /* DynamoDB Local takes 20 s to read out a namespace of 50 MB */

static struct server server;

static void ten_thousand_flags_go_through_without_holding_the_loop(void **state)
{
    struct dynamodb_world d;
    struct measure m;
    struct dataset *data[] = {measure_flags_ordered(FLAGS, 1), measure_flags_ordered(FLAGS, 2)};
    (void)state;
    dynamodb_begin(&d, server.port);
    d.w.patience_ms = PATIENCE_MS;
    dynamodb_open(&d, "prod");
    measure_open(&m, &d.w.loop);
    measure_begin(&m);
    write_all(&d.h, dataset_ref(data[0]));
    measure_end(&m, "Init of an empty table", 30, 60);
    measure_begin(&m);
    assert_int_equal(dataset_count(read_back(&d.h), ITEM_FLAG), FLAGS);
    measure_end(&m, "read", 200, 120);
    measure_begin(&m);
    write_all(&d.h, dataset_ref(data[1]));
    measure_end(&m, "Init over it", 30, 120);
    assert_int_equal(d.h.failed_writes, 0);
    assert_int_equal(d.h.state_changes, 0);
    dataset_unref(data[0]);
    dataset_unref(data[1]);
    measure_close(&m);
    dynamodb_end(&d);
}

/* LaunchDarkly is away when the database comes back: every item is compared, and only what is newer
 * is written (data-store.md 7.3). */
static void a_repair_item_by_item_takes_less_than_five_seconds(void **state)
{
    struct dynamodb_world d;
    struct measure m;
    struct dataset *known = measure_flags_ordered(FEWER_FLAGS, 2);
    (void)state;
    dynamodb_begin(&d, server.port);
    d.w.patience_ms = PATIENCE_MS;
    dynamodb_open(&d, "prod");
    write_all(&d.h, dataset_ref(known));
    d.h.snapshot = dataset_with_item_take(known, flag("flag-7", 3));
    measure_open(&m, &d.w.loop);
    server_freeze(&server);
    store_read_post(d.h.store, STORE_ALL_KINDS);
    run_until_state(&d.h, STORE_INTERRUPTED);
    server_thaw(&server);
    measure_begin(&m);
    run_until_state(&d.h, STORE_VALID);
    measure_end(&m, "repair, one newer", 60, 5);
    const struct dataset *read = read_back(&d.h);
    assert_int_equal(dataset_count(read, ITEM_FLAG), FEWER_FLAGS);
    assert_int_equal(dataset_find(read, ITEM_FLAG, view_of("flag-7"))->version, 3);
    dataset_unref(known);
    measure_close(&m);
    dynamodb_end(&d);
}

static int start_server(void **state)
{
    (void)state;
    dynamodb_start(&server, 0);
    dynamodb_table(&server, "flags");
    return 0;
}

static int stop_server(void **state)
{
    (void)state;
    server_end(&server);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_thousand_flags_go_through_without_holding_the_loop),
        cmocka_unit_test(a_repair_item_by_item_takes_less_than_five_seconds),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
