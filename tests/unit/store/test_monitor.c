/* Outages, health checks, filling again: the lines, the states, the operations (monitor.c). */
#include "fake_kind.h"

#include <stdio.h>
#include <string.h>

static void begin(struct world *w, struct heard *h, struct fake_kind *f, int64_t interval_ms)
{
    world_begin(w);
    w->settings.health_check_interval_ms = interval_ms;
    fake_open(f, w, true);
    heard_open(h, w, "prod");
    assert_logged("INFO: Using Fake data store: fake://server with prefix: prod");
    log_forget();
}

static void end(struct world *w, struct heard *h)
{
    heard_close(h);
    heard_forget(h);
    world_end(w);
}

static void upsert(struct heard *h, const char *key, bool deleted)
{
    struct item *it = deleted ? item_tombstone(ITEM_FLAG, view_of(key), 2) : flag(key, 1);
    (void)store_upsert_post(h->store, it);
    item_unref(it);
}

static void init(struct heard *h, const char *text)
{
    struct dataset *data = dataset_text(text);
    (void)store_init_post(h->store, data);
    dataset_unref(data);
}

/* 40: the error for each failing operation, the two warnings once. */
static void an_outage_is_logged_once_and_its_failures_each(void **state)
{
    struct world w;
    struct heard h;
    struct fake_kind f;
    (void)state;
    begin(&w, &h, &f, 0);
    upsert(&h, "f", false);
    fake_fail(fake_next(&f, STORE_OP_UPSERT), "it is on fire");
    assert_int_equal(h.state, STORE_INTERRUPTED);
    assert_int_equal(h.failed_writes, 1);
    upsert(&h, "g", true);
    init(&h, "f1");
    assert_int_equal(h.failed_writes, 1); /* later, not from inside the call */
    run_turns(&w, 2);
    assert_int_equal(h.failed_writes, 2);
    assert_int_equal(f.asked, 1); /* no write is tried during an outage */
    store_read_post(h.store, STORE_ALL_KINDS);
    fake_fail(fake_next(&f, STORE_OP_READ), "still burning");
    assert_int_equal(h.reads, 1);
    assert_false(h.read_ok);
    assert_int_equal(h.state_changes, 1);
    assert_logged("ERROR: [env: ...test] Data store returned error: it is on fire\n");
    assert_logged("ERROR: [env: ...test] Data store returned error: still burning\n");
    assert_logged("WARN: [env: ...test] Detected persistent store unavailability; updates will be "
                  "cached until it recovers\n");
    assert_logged("WARN: [env: ...test] Unexpected data store error when trying to store an update "
                  "received from the data source: it is on fire\n");
    assert_logged("ERROR: [env: ...test] Failed to store streaming update of f in data store; will "
                  "try again once data store is working\n");
    assert_logged(
        "ERROR: [env: ...test] Failed to store initial streaming data in data store; will "
        "try again once data store is working\n");
    end(&w, &h);
}

static void a_deletion_that_fails_is_called_so(void **state)
{
    struct world w;
    struct heard h;
    struct fake_kind f;
    (void)state;
    begin(&w, &h, &f, 0);
    upsert(&h, "f", true);
    fake_fail(fake_next(&f, STORE_OP_UPSERT), "no");
    assert_logged("Failed to store streaming deletion of f in data store; will try again once data "
                  "store is working");
    end(&w, &h);
}

/* The table of data-store.md 7.3. */
static void what_ends_an_outage_depends_on_what_is_known(void **state)
{
    static const struct {
        bool current;
        bool marked;
        enum store_op_type write;
        const char *why;
    } rows[] = {
        {true, true, STORE_OP_INIT, "LaunchDarkly is connected"},
        {true, false, STORE_OP_INIT, "LaunchDarkly is connected, the database is empty"},
        {false, false, STORE_OP_INIT, "the database is empty: any data beats none"},
        {false, true, STORE_OP_UPSERT, "the database may be newer: strictly newer wins"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct world w;
        struct heard h;
        struct fake_kind f;
        begin(&w, &h, &f, 0);
        h.snapshot = dataset_text("f1 g1 s:2");
        h.current = rows[i].current;
        upsert(&h, "f", false);
        fake_fail(fake_next(&f, STORE_OP_UPSERT), "no");
        fake_marked(fake_next(&f, STORE_OP_PROBE), rows[i].marked);
        print_message("%s\n", rows[i].why);
        struct store_op *op = fake_next(&f, rows[i].write);
        if (op->type == STORE_OP_INIT)
            assert_ptr_equal(op->data, h.snapshot);
        else
            assert_int_equal(op->item_count, 3);
        if (op->type == STORE_OP_UPSERT)
            assert_int_equal(op->items[0]->kind, ITEM_SEGMENT);
        assert_int_equal(h.state, STORE_INTERRUPTED);
        fake_ok(op);
        assert_int_equal(h.state, STORE_VALID);
        assert_logged(
            "WARN: [env: ...test] Successfully updated persistent store from cached data\n");
        assert_logged("WARN: [env: ...test] Persistent store is available again\n");
        end(&w, &h);
    }
}

static void without_data_the_probe_alone_ends_an_outage(void **state)
{
    struct world w;
    struct heard h;
    struct fake_kind f;
    (void)state;
    begin(&w, &h, &f, 0);
    store_read_post(h.store, STORE_ALL_KINDS);
    fake_fail(fake_next(&f, STORE_OP_READ), "no");
    fake_fail(fake_next(&f, STORE_OP_PROBE), "no");
    assert_int_equal(log_count("Data store returned error"), 1); /* nothing per probe */
    fake_ok(fake_next(&f, STORE_OP_PROBE));
    assert_int_equal(h.state, STORE_VALID);
    assert_int_equal(h.refills, 1);
    assert_logged("Persistent store is available again");
    assert_int_equal(log_count("Successfully"), 0);
    end(&w, &h);
}

/* 61 */
static void a_failed_repair_keeps_the_outage(void **state)
{
    struct world w;
    struct heard h;
    struct fake_kind f;
    (void)state;
    begin(&w, &h, &f, 0);
    h.snapshot = dataset_text("f1");
    h.current = true;
    upsert(&h, "f", false);
    fake_fail(fake_next(&f, STORE_OP_UPSERT), "no");
    for (unsigned i = 1; i <= 2; i++) {
        fake_ok(fake_next(&f, STORE_OP_PROBE));
        struct store_op *op = fake_next(&f, STORE_OP_INIT);
        upsert(&h, "waits", false); /* behind the repair, and fails with it */
        run_turns(&w, 2);
        assert_int_equal(store_pending(h.store), 2);
        fake_fail(op, "not yet");
        run_turns(&w, 2);
        assert_int_equal(store_pending(h.store), 0);
        assert_int_equal(h.failed_writes, 1 + i);
        assert_int_equal(h.state, STORE_INTERRUPTED);
        assert_int_equal(log_count("ERROR: [env: ...test] Tried to write cached data to persistent "
                                   "store after a store outage, but failed: not yet\n"),
                         i);
    }
    fake_ok(fake_next(&f, STORE_OP_PROBE));
    struct store_op *op = fake_next(&f, STORE_OP_INIT);
    upsert(&h, "g", false);
    fake_ok(op);
    assert_int_equal(h.state, STORE_VALID);
    fake_ok(fake_next(&f, STORE_OP_UPSERT)); /* what came during the repair is not lost */
    assert_int_equal(h.state_changes, 2);
    end(&w, &h);
}

/* A put that comes while the repair waits for its turn takes its place, and ends the outage. */
static void a_put_may_take_the_place_of_a_repair(void **state)
{
    struct world w;
    struct heard h;
    struct fake_kind f;
    (void)state;
    begin(&w, &h, &f, 0);
    h.snapshot = dataset_text("f1");
    upsert(&h, "f", false);
    fake_fail(fake_next(&f, STORE_OP_UPSERT), "no");
    store_read_post(h.store, STORE_ALL_KINDS);
    struct store_op *first = fake_next(&f, STORE_OP_READ);
    run_turns(&w, 150); /* the probe comes behind it */
    store_read_post(h.store, STORE_ALL_KINDS);
    fake_ok(first);
    fake_ok(fake_next(&f, STORE_OP_PROBE));
    struct store_op *second = fake_next(&f, STORE_OP_READ);
    assert_int_equal(store_pending(h.store), 1);
    init(&h, "f1 g1");
    assert_int_equal(store_pending(h.store), 1);
    fake_ok(second);
    assert_int_equal(h.state, STORE_INTERRUPTED);
    fake_ok(fake_next(&f, STORE_OP_INIT));
    assert_int_equal(h.state, STORE_VALID);
    assert_logged("Successfully updated persistent store from cached data");
    while (!fake_idle(&f)) /* an empty answer is followed by a look at the marker */
        fake_ok(fake_next(&f, STORE_OP_READ));
    end(&w, &h);
}

/* ---- health checks --------------------------------------------------------------------------- */

/* 57 */
static void a_lost_marker_is_repaired_without_an_outage(void **state)
{
    struct world w;
    struct heard h;
    struct fake_kind f;
    (void)state;
    begin(&w, &h, &f, 20);
    h.snapshot = dataset_text("f1");
    init(&h, "f1");
    fake_ok(fake_next(&f, STORE_OP_INIT));
    fake_marked(fake_next(&f, STORE_OP_CHECK), true);
    fake_marked(fake_next(&f, STORE_OP_CHECK), false);
    assert_logged(
        "WARN: [env: ...test] Data store lost initialization data, possible store restart "
        "detected\n");
    assert_logged("WARN: [env: ...test] Repopulating data store from in-memory snapshot\n");
    fake_ok(fake_next(&f, STORE_OP_INIT));
    assert_logged("INFO: [env: ...test] Successfully repopulated data store from snapshot\n");
    assert_int_equal(h.state_changes, 0);
    fake_marked(fake_next(&f, STORE_OP_CHECK), false);
    fake_fail(fake_next(&f, STORE_OP_INIT), "too full");
    assert_logged(
        "ERROR: [env: ...test] Failed to repopulate data store from snapshot: too full\n");
    assert_int_equal(h.state, STORE_INTERRUPTED);
    end(&w, &h);
}

/* 58: only a warning, and that once in ten minutes. */
static void without_a_snapshot_a_check_only_warns(void **state)
{
    static const char line[] =
        "WARN: [env: ...test] Cannot repopulate data store: no snapshot data "
        "available to restore\n";
    struct world w;
    struct heard h;
    struct fake_kind f;
    (void)state;
    begin(&w, &h, &f, 10);
    for (unsigned i = 0; i < 3; i++)
        fake_marked(fake_next(&f, STORE_OP_CHECK), false);
    assert_logged(line);
    fake_clock_advance(&w.clock, 600000);
    fake_marked(fake_next(&f, STORE_OP_CHECK), false);
    assert_int_equal(log_count(line), 2);
    assert_int_equal(log_count("lost initialization data"), 0); /* it never had any */
    end(&w, &h);
}

static void a_failing_check_is_an_outage(void **state)
{
    struct world w;
    struct heard h;
    struct fake_kind f;
    (void)state;
    begin(&w, &h, &f, 10);
    fake_fail(fake_next(&f, STORE_OP_CHECK), "nobody there");
    assert_int_equal(h.state, STORE_INTERRUPTED);
    assert_logged(
        "DEBUG: [env: ...test] Data store health check: connection error: nobody there\n");
    assert_logged("ERROR: [env: ...test] Data store returned error: nobody there\n");
    assert_int_equal(log_count("Unexpected data store error"), 0);
    fake_ok(fake_next(&f, STORE_OP_PROBE));
    assert_int_equal(h.state, STORE_VALID);
    fake_ok(fake_next(&f, STORE_OP_CHECK));
    end(&w, &h);
}

/* A kind that started over says so with whatever it was doing: all environments are looked at. */
static void lost_contents_are_filled_even_with_a_marker(void **state)
{
    struct world w;
    struct heard one;
    struct heard two;
    struct fake_kind f;
    (void)state;
    begin(&w, &one, &f, 0);
    heard_open(&two, &w, "two");
    one.snapshot = dataset_text("f1");
    two.snapshot = dataset_text("g1");
    one.current = true;
    upsert(&one, "f", false);
    struct store_op *op = fake_next(&f, STORE_OP_UPSERT);
    op->lost = true;
    fake_ok(op);
    assert_int_equal(one.released, 0); /* its write is not safe before the others are back */
    struct store_op *first = fake_next(&f, STORE_OP_CHECK);
    struct store_op *second = fake_next(&f, STORE_OP_CHECK);
    fake_marked(first, true); /* that of the second store: it had nothing else to do */
    fake_marked(second, false);
    fake_ok(fake_next(&f, STORE_OP_UPSERT));
    fake_ok(fake_next(&f, STORE_OP_INIT));
    assert_int_equal(one.released, 2);
    assert_int_equal(log_count("Successfully repopulated data store from snapshot"), 2);
    assert_int_equal(log_count("lost initialization data"), 0);
    heard_close(&two);
    heard_forget(&two);
    end(&w, &one);
}

/* 7.1: "spread evenly over the interval". */
static void checks_of_many_environments_are_spread(void **state)
{
    enum { COUNT = 16, INTERVAL_MS = 640 };
    struct world w;
    struct heard h[COUNT];
    struct fake_kind f;
    unsigned quarters[4] = {0};
    (void)state;
    world_begin(&w);
    w.settings.health_check_interval_ms = INTERVAL_MS;
    fake_open(&f, &w, true);
    for (unsigned i = 0; i < COUNT; i++)
        heard_open(&h[i], &w, "many");
    uint64_t before = uv_now(&w.loop);
    struct store_op *ops[COUNT];
    for (unsigned i = 0; i < COUNT; i++) { /* answered at the end, so each is asked once */
        ops[i] = fake_next(&f, STORE_OP_CHECK);
        uint64_t at = (uv_now(&w.loop) - before) * 4 / (INTERVAL_MS + 1);
        quarters[at < 4 ? at : 3]++;
    }
    for (unsigned i = 0; i < 4; i++)
        assert_in_range(quarters[i], 2, 6);
    for (unsigned i = 0; i < COUNT; i++)
        fake_ok(ops[i]);
    for (unsigned i = 0; i < COUNT; i++)
        heard_close(&h[i]);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_outage_is_logged_once_and_its_failures_each),
        cmocka_unit_test(a_deletion_that_fails_is_called_so),
        cmocka_unit_test(what_ends_an_outage_depends_on_what_is_known),
        cmocka_unit_test(without_data_the_probe_alone_ends_an_outage),
        cmocka_unit_test(a_failed_repair_keeps_the_outage),
        cmocka_unit_test(a_put_may_take_the_place_of_a_repair),
        cmocka_unit_test(a_lost_marker_is_repaired_without_an_outage),
        cmocka_unit_test(without_a_snapshot_a_check_only_warns),
        cmocka_unit_test(a_failing_check_is_an_outage),
        cmocka_unit_test(lost_contents_are_filled_even_with_a_marker),
        cmocka_unit_test(checks_of_many_environments_are_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
