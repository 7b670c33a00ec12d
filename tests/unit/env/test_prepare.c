/* Data sets are compiled for evaluation before requests come, where requests come (http-api.md 14).
 */
#include "bench.h"

#include "flags/evaluate.h"

static void setup(struct bench *b)
{
    bench_setup(b);
    bench_add(b, &(struct env_settings){0});
    bench_start(b);
    bench_put(b, 0, "a:1 b:1 /s:1");
}

static struct dataset *data(struct bench *b)
{
    return bench_snapshot(b, 0)->data;
}

/* The loop runs until the thread pool is done. */
static void settle(struct bench *b)
{
    while (!evaluation_is_prepared(data(b)))
        (void)uv_run(&b->loop, UV_RUN_ONCE);
}

/* The environment ends first, then the thread pool. */
static void end(struct bench *b)
{
    house_close(b->house);
    b->house = NULL;
    for (int i = 0; i < 3; i++)
        bench_turn(b);
    assert_true(b->closed);
    (void)uv_run(&b->loop, UV_RUN_DEFAULT);
    bench_teardown(b);
}

static void what_nobody_evaluates_is_not_prepared(void **state)
{
    struct bench b;
    (void)state;
    setup(&b);
    bench_patch(&b, 0, "a:2");
    bench_put(&b, 0, "a:3 b:4");
    bench_turn(&b);
    assert_false(evaluation_is_prepared(data(&b)));
    end(&b);
}

/* Nobody asks after the first evaluation: the wait ends only because it is done without. */
static void every_change_after_an_evaluation_is_prepared(void **state)
{
    struct bench b;
    (void)state;
    setup(&b);
    evaluation_prepare(data(&b)); /* as the first evaluation does */
    bench_patch(&b, 0, "a:2");
    settle(&b);
    bench_put(&b, 0, "a:3 c:1");
    settle(&b);
    bench_patch(&b, 0, "/s:2");
    settle(&b);
    end(&b);
}

static void a_burst_is_prepared_as_it_is_in_the_end(void **state)
{
    struct bench b;
    (void)state;
    setup(&b);
    evaluation_prepare(data(&b));
    for (int version = 2; version < 100; version++) {
        char word[16];
        (void)snprintf(word, sizeof word, "a:%d", version);
        bench_patch(&b, 0, word);
    }
    settle(&b);
    end(&b);
}

static void an_environment_may_end_meanwhile(void **state)
{
    struct bench b;
    (void)state;
    setup(&b);
    evaluation_prepare(data(&b));
    bench_patch(&b, 0, "a:2");
    end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_nobody_evaluates_is_not_prepared),
        cmocka_unit_test(every_change_after_an_evaluation_is_prepared),
        cmocka_unit_test(a_burst_is_prepared_as_it_is_in_the_end),
        cmocka_unit_test(an_environment_may_end_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
