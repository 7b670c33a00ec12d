/* What waits for an embedded database, and what ends the waiting (hold.c; data-store.md 9.4). */
#include "bench.h"

static void begin(struct bench *b)
{
    bench_setup(b);
    bench_add(b, &(struct env_settings){0});
    bench_start(b);
    b->stores[0].writes_first = true;
}

static void release(struct bench *b, uint64_t number)
{
    b->stores[0].listener.released(b->stores[0].listener.owner, number);
}

/* Until the first put is in the database requests are answered as before it came: try again. */
static void the_first_put_makes_ready_when_it_is_stored(void **state)
{
    struct bench b;
    (void)state;
    begin(&b);
    bench_script(&b, "put a:1 b:1; alive; lost");
    bench_expect_readiness(&b, 0, "STARTING", "accepted, not stored");
    release(&b, 1);
    bench_expect_readiness(&b, 0, "READY 2", "stored");
    bench_teardown(&b);
}

/* A put ignores versions, so what comes behind it is judged against it and not against what was. */
static void versions_are_compared_when_the_turn_comes(void **state)
{
    struct bench_member all;
    struct bench b;
    (void)state;
    begin(&b);
    bench_script(&b, "put a:9 b:1");
    release(&b, 1);
    bench_join(&b, &all, 0, FANOUT_ALL);
    bench_script(&b, "put a:1 b:1; patch a:2; patch a:2");
    bench_expect_events(&all, "", "held");
    release(&b, 4);
    bench_expect_events(&all, "put 2;patch /flags/a;", "the put, and one patch of the two");
    bench_leave(&all);
    bench_teardown(&b);
}

/* A refill replaces the writes that wait, so it must contain what they would have written. */
static void a_refill_contains_what_was_held(void **state)
{
    struct bench_member all;
    struct bench b;
    (void)state;
    begin(&b);
    bench_script(&b, "put a:1");
    release(&b, 1);
    bench_join(&b, &all, 0, FANOUT_ALL);
    bench_script(&b, "patch b:1; patch c:1");
    bench_expect(&b.stores[0].log, "init 1;upsert b 1;upsert c 1;", "posted");
    bench_script(&b, "refill");
    bench_expect(&b.stores[0].log, "refill 3 current;", "all three");
    bench_expect_events(&all, "patch /flags/b;patch /flags/c;", "and broadcast");
    release(&b, 3);
    bench_expect_events(&all, "", "once");
    bench_leave(&all);
    bench_teardown(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_put_makes_ready_when_it_is_stored),
        cmocka_unit_test(versions_are_compared_when_the_turn_comes),
        cmocka_unit_test(a_refill_contains_what_was_held),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
