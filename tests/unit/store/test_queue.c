/* Order, what is left out, and when an update may be broadcast (queue.c, hold.c). */
#include "fake_kind.h"

#include "base/str.h"

#include <stdio.h>
#include <string.h>

/* u: an item with a key that does not wait yet; n: a newer version of always the same item. */
static void post(struct heard *h, char what)
{
    size_t number = store_pending(h->store);
    char key[16];
    (void)snprintf(key, sizeof key, "u%zu", number);
    struct item *it = what == 'u' ? flag(key, 1) : flag("f", (int64_t)number + 1);
    struct dataset *data = dataset_text("f1");
    if (what == 'u' || what == 'n')
        (void)store_upsert_post(h->store, it);
    else if (what == 'i')
        (void)store_init_post(h->store, data);
    else
        store_read_post(h->store, STORE_ALL_KINDS);
    item_unref(it);
    dataset_unref(data);
}

/* Answers everything; what was asked as "U3 R I". */
static void answer_all(struct fake_kind *f, struct str *out)
{
    while (!fake_idle(f)) {
        struct store_op *op = CONTAINER_OF(f->ops.next, struct store_op, link);
        list_remove(&op->link);
        str_append_text(out, out->len != 0 ? " " : "");
        if (op->type == STORE_OP_UPSERT)
            str_append_format(out, "U%zu", op->item_count);
        else
            str_append_text(out, op->type == STORE_OP_INIT ? "I" : "R");
        fake_ok(op);
    }
}

/* The first post begins at once; the others come while it runs. */
static void posts_become_operations_in_order(void **state)
{
    static const struct {
        const char *posts;
        const char *operations;
        const char *why;
    } rows[] = {
        {"u", "U1", "at once"},
        {"uuuu", "U1 U3", "what waits is one operation"},
        {"nnnnun", "U1 U2", "of several versions of an item the newest is written"},
        {"uuui", "U1 I", "a full data set makes waiting items superfluous"},
        {"iiii", "I I", "and older full data sets as well"},
        {"iuu", "I U2", "items after it are written after it"},
        {"uuiuu", "U1 I U2", "before and after"},
        {"uruui", "U1 R I", "a read sees what was posted before it"},
        {"uuruui", "U1 U1 R I", "so what stands before a read stays"},
        {"rur", "R U1 R R",
         "reads are not joined; an empty answer is followed by a look at the marker"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct world w;
        struct heard h;
        struct fake_kind f;
        struct str got = {0};
        world_begin(&w);
        fake_open(&f, &w, true);
        heard_open(&h, &w, "prod");
        for (const char *p = rows[i].posts; *p != '\0'; p++)
            post(&h, *p);
        assert_int_equal(f.asked, 1);
        answer_all(&f, &got);
        print_message("%s\n", rows[i].why);
        assert_string_equal(str_text(&got), rows[i].operations);
        assert_int_equal(store_pending(h.store), 0);
        str_free(&got);
        heard_close(&h);
        heard_forget(&h);
        world_end(&w);
    }
}

/* Two environments do not wait for each other here; that is the kind's business. */
static void each_environment_has_its_own_queue(void **state)
{
    struct world w;
    struct heard one;
    struct heard two;
    struct fake_kind f;
    struct str got = {0};
    (void)state;
    world_begin(&w);
    fake_open(&f, &w, false);
    heard_open(&one, &w, "one");
    heard_open(&two, &w, "two");
    post(&one, 'u');
    post(&two, 'i');
    assert_int_equal(f.asked, 2);
    answer_all(&f, &got);
    str_free(&got);
    heard_close(&one);
    heard_close(&two);
    world_end(&w);
}

/* 16 MiB of items that wait: the memory's data set takes their place. */
static void a_queue_that_grows_becomes_one_data_set(void **state)
{
    struct world w;
    struct heard h;
    struct fake_kind f;
    (void)state;
    world_begin(&w);
    fake_open(&f, &w, true);
    heard_open(&h, &w, "prod");
    h.snapshot = dataset_text("f1 g1");
    h.current = true;
    post(&h, 'u');
    struct item *big = flag_sized("big", 1, 1000000);
    for (unsigned i = 0; i < 40; i++)
        (void)store_upsert_post(h.store, big);
    run_turns(&w, 3);
    assert_int_equal(h.refills, 1);
    assert_int_equal(store_pending(h.store), 2);
    fake_ok(fake_next(&f, STORE_OP_UPSERT));
    struct store_op *op = fake_next(&f, STORE_OP_INIT);
    assert_ptr_equal(op->data, h.snapshot);
    fake_ok(op);
    assert_int_equal(store_pending(h.store), 0);
    assert_int_equal(log_count("snapshot"), 0);
    item_unref(big);
    heard_close(&h);
    heard_forget(&h);
    world_end(&w);
}

/* And whoever closes hears of nothing else any more. */
static void closing_writes_what_waits_and_forgets_reads(void **state)
{
    struct world w;
    struct heard h;
    struct fake_kind f;
    (void)state;
    world_begin(&w);
    fake_open(&f, &w, true);
    heard_open(&h, &w, "prod");
    post(&h, 'u');
    post(&h, 'r');
    post(&h, 'u');
    store_close(h.store);
    store_close(h.store);
    fake_ok(fake_next(&f, STORE_OP_UPSERT));
    assert_int_equal(h.released, 0);
    assert_false(h.closed);
    fake_ok(fake_next(&f, STORE_OP_UPSERT));
    run_turns(&w, 2);
    assert_true(h.closed);
    assert_int_equal(h.reads, 0);
    world_end(&w);
}

/* ---- when may it be broadcast? --------------------------------------------------------------- */

static void a_network_kind_never_comes_first(void **state)
{
    struct world w;
    struct heard h;
    struct fake_kind f;
    (void)state;
    world_begin(&w);
    fake_open(&f, &w, false);
    heard_open(&h, &w, "prod");
    assert_false(store_writes_first(h.store));
    post(&h, 'u');
    run_turns(&w, 3);
    fake_ok(fake_next(&f, STORE_OP_UPSERT));
    heard_close(&h);
    world_end(&w);
}

static void a_write_is_released_by_its_end(void **state)
{
    struct world w;
    struct heard h;
    struct fake_kind f;
    (void)state;
    world_begin(&w);
    fake_open(&f, &w, true);
    heard_open(&h, &w, "prod");
    post(&h, 'u'); /* 1 */
    post(&h, 'u'); /* 2, 3: one operation */
    post(&h, 'u');
    fake_ok(fake_next(&f, STORE_OP_UPSERT));
    assert_int_equal(h.released, 1);
    fake_ok(fake_next(&f, STORE_OP_UPSERT));
    assert_int_equal(h.released, 3);
    post(&h, 'i'); /* 4 */
    post(&h, 'u'); /* 5, made superfluous by 6 */
    post(&h, 'i'); /* 6 */
    fake_ok(fake_next(&f, STORE_OP_INIT));
    assert_int_equal(h.released, 4);
    fake_ok(fake_next(&f, STORE_OP_INIT));
    assert_int_equal(h.released, 6);
    assert_int_equal(h.released_calls, 4);
    post(&h, 'u'); /* 7 */
    fake_fail(fake_next(&f, STORE_OP_UPSERT), "no");
    assert_int_equal(h.released, 7);
    assert_false(store_writes_first(h.store));
    heard_close(&h);
    world_end(&w);
}

static bool is_released(void *arg)
{
    const struct heard *h = arg;
    return h->released == 2;
}

/* The first one waits for its time, the others not at all, until the database has caught up: when
 * what is left is not late itself. */
static void a_slow_write_is_released_by_time(void **state)
{
    struct world w;
    struct heard h;
    struct fake_kind f;
    (void)state;
    world_begin(&w);
    fake_open(&f, &w, true);
    heard_open(&h, &w, "prod");
    uint64_t before = uv_hrtime();
    post(&h, 'u'); /* 1 */
    post(&h, 'u'); /* 2 */
    run_until(&w, is_released, &h, "the release");
    assert_in_range((uv_hrtime() - before) / 1000000, STORE_HOLD_UPSERT_MS - 1, 10000);
    assert_int_equal(h.released_calls, 1);
    assert_false(store_writes_first(h.store));
    post(&h, 'r');
    post(&h, 'u'); /* 3: in time, but number 2 in front of it is late */
    fake_ok(fake_next(&f, STORE_OP_UPSERT));
    assert_false(store_writes_first(h.store));
    fake_ok(fake_next(&f, STORE_OP_UPSERT));
    assert_true(store_writes_first(h.store));
    assert_int_equal(store_pending(h.store), 1);
    fake_ok(fake_next(&f, STORE_OP_READ));
    fake_ok(fake_next(&f, STORE_OP_UPSERT));
    assert_int_equal(h.released, 3);
    heard_close(&h);
    heard_forget(&h);
    world_end(&w);
}

static void answer_from_poll(uv_async_t *async)
{
    fake_ok(fake_next(async->data, STORE_OP_UPSERT));
}

/* The loop was busy for longer than the deadline, but the write had ended. */
static void an_answer_that_waits_is_looked_at_first(void **state)
{
    struct world w;
    struct heard h;
    struct fake_kind f;
    uv_async_t async;
    (void)state;
    world_begin(&w);
    fake_open(&f, &w, true);
    heard_open(&h, &w, "prod");
    assert_int_equal(uv_async_init(&w.loop, &async, answer_from_poll), 0);
    async.data = &f;
    post(&h, 'u');
    assert_int_equal(uv_async_send(&async), 0);
    uv_sleep(STORE_HOLD_UPSERT_MS + 20);
    run_turns(&w, 4);
    assert_int_equal(h.released, 1);
    assert_true(store_writes_first(h.store));
    uv_close((uv_handle_t *)&async, NULL);
    heard_close(&h);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(posts_become_operations_in_order),
        cmocka_unit_test(each_environment_has_its_own_queue),
        cmocka_unit_test(a_queue_that_grows_becomes_one_data_set),
        cmocka_unit_test(closing_writes_what_waits_and_forgets_reads),
        cmocka_unit_test(a_network_kind_never_comes_first),
        cmocka_unit_test(a_write_is_released_by_its_end),
        cmocka_unit_test(a_slow_write_is_released_by_time),
        cmocka_unit_test(an_answer_that_waits_is_looked_at_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
