/* When was the database of big segments known to be complete (big-segments.md 7, 9)? Checklist: 1,
 * 2, 3, 4, 38, 40, 41. */
#include "bench_segments.h"

#include <string.h>

struct times {
    struct bench bench;
    struct bench_segments segments;
};

static void setup(struct times *t)
{
    bench_setup(&t->bench);
    bench_segments_setup(&t->segments, &t->bench);
}

static void start(struct times *t)
{
    bench_add(&t->bench, &(struct env_settings){0});
    bench_start(&t->bench);
}

static void put(struct times *t)
{
    struct bench_source *source = &t->bench.sources[0];
    source->sink.put(source->sink.owner, bench_segments_dataset());
}

static void turns(struct times *t)
{
    for (int i = 0; i < 4; i++)
        bench_turn(&t->bench);
}

/* "unused", "unavailable", or "TIME", since the bench began. */
static void expect(struct times *t, const char *want, const char *row)
{
    const struct env_segments_state *s = &bench_snapshot(&t->bench, 0)->state.segments;
    struct str got = {0};
    if (!s->in_use)
        str_append_text(&got, "unused");
    else if (!s->available)
        str_append_format(&got, "unavailable%s", s->synchronized_on_ms == 0 ? "" : " with a time");
    else if (s->synchronized_on_ms == 0)
        str_append_text(&got, "never");
    else
        str_append_int(&got, s->synchronized_on_ms - 1700000000000);
    bench_expect(&got, want, row);
    str_free(&got);
}

/* The next read was answered. */
static void next_read(struct times *t)
{
    unsigned before = t->segments.time_reads;
    while (t->segments.time_reads == before)
        (void)uv_run(&t->bench.loop, UV_RUN_ONCE);
    turns(t);
}

static void it_is_read_at_once_and_then_again_and_again(void **state)
{
    (void)state;
    struct times t;
    setup(&t);
    start(&t);
    bench_put(&t.bench, 0, "a:1 /s:1");
    turns(&t);
    expect(&t, "unused", "1: an ordinary segment starts nothing");
    assert_false(t.segments.synchronizer_open);
    put(&t);
    expect(&t, "unavailable", "before the first answer");
    turns(&t);
    expect(&t, "0", "2: the first read is made at once");
    assert_true(t.segments.synchronizer_open);
    assert_int_equal(t.segments.time_reads, 1);
    t.segments.time_ms += 77;
    next_read(&t);
    expect(&t, "77", "another relay has written it");
    t.segments.time_fails = true;
    next_read(&t);
    expect(&t, "unavailable", "40: it cannot be read");
    assert_true(bench_log_has(&t.bench, "ERROR: [env: ...0001] Big Segment store status query "
                                        "returned error: connection lost"));
    t.segments.time_fails = false;
    t.segments.time_ms = 0;
    next_read(&t);
    expect(&t, "never", "38");
    bench_put(&t.bench, 0, "a:2");
    expect(&t, "never", "it stays when the last big segment is gone");
    bench_teardown(&t.bench);
}

static void a_database_that_hangs_is_not_available(void **state)
{
    (void)state;
    struct times t;
    setup(&t);
    start(&t);
    put(&t);
    turns(&t);
    expect(&t, "0", "it is there");
    t.segments.hold = true;
    next_read(&t);
    expect(&t, "0", "for three intervals");
    for (int i = 0; i < 20 && bench_snapshot(&t.bench, 0)->state.segments.available; i++)
        (void)uv_run(&t.bench.loop, UV_RUN_ONCE);
    expect(&t, "unavailable", "41: no longer");
    assert_int_equal(t.segments.time_reads, 2); /* it was not asked again meanwhile */
    t.segments.hold = false;
    bench_segments_answer(&t.segments);
    turns(&t);
    expect(&t, "0", "it answers after all");
    bench_teardown(&t.bench);
}

static void what_this_relay_wrote_counts_as_read(void **state)
{
    (void)state;
    struct times t;
    setup(&t);
    start(&t);
    t.segments.hold = true;
    put(&t);
    bench_segments_synchronized(&t.segments, 1700000000500);
    expect(&t, "500", "at once");
    bench_segments_answer(&t.segments);
    turns(&t);
    expect(&t, "500", "the read that began before it is older");
    bench_teardown(&t.bench);
}

/* Another relay may have brought it up to date. */
static void what_is_known_is_forgotten_when_it_is_complete_again(void **state)
{
    (void)state;
    struct times t;
    setup(&t);
    start(&t);
    put(&t);
    turns(&t);
    uint64_t first = bench_snapshot(&t.bench, 0)->state.segments.generation;
    t.segments.time_ms += 30000;
    next_read(&t);
    assert_int_equal(bench_snapshot(&t.bench, 0)->state.segments.generation, first);
    t.bench.clock.wall_ms += 150000;
    t.segments.time_ms += 120001;
    next_read(&t);
    assert_int_equal(bench_snapshot(&t.bench, 0)->state.segments.generation, first + 1);
    t.segments.time_ms = 0;
    next_read(&t);
    assert_int_equal(bench_snapshot(&t.bench, 0)->state.segments.generation, first + 1);
    t.segments.time_ms = t.bench.clock.wall_ms;
    next_read(&t);
    assert_int_equal(bench_snapshot(&t.bench, 0)->state.segments.generation, first + 2);
    bench_teardown(&t.bench);
}

static void without_a_database_a_warning_is_given_once(void **state)
{
    (void)state;
    struct times t;
    bench_setup(&t.bench);
    start(&t);
    put(&t);
    put(&t);
    turns(&t);
    expect(&t, "unused", "4: nothing is said of them");
    const char *warning = "WARN: [env: ...0001] environment uses Big Segments, which need Redis or "
                          "DynamoDB (or SQLite for evaluation by the relay only)";
    const char *first = strstr(str_text(&t.bench.log), warning);
    assert_non_null(first);
    assert_null(strstr(first + 1, warning));
    bench_teardown(&t.bench);
}

static void data_from_the_database_starts_it_too(void **state)
{
    (void)state;
    struct times t;
    setup(&t);
    t.bench.settings.init_timeout_ms = 1;
    start(&t);
    bench_time_out(&t.bench);
    struct store_contents contents = {.ok = true,
                                      .kinds = STORE_ALL_KINDS,
                                      .initialized = true,
                                      .data = bench_segments_dataset()};
    t.bench.stores[0].listener.read_done(t.bench.stores[0].listener.owner, &contents);
    turns(&t);
    expect(&t, "0", "7: LaunchDarkly is down");
    assert_true(t.segments.synchronizer_open);
    bench_teardown(&t.bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_read_at_once_and_then_again_and_again),
        cmocka_unit_test(a_database_that_hangs_is_not_available),
        cmocka_unit_test(what_this_relay_wrote_counts_as_read),
        cmocka_unit_test(what_is_known_is_forgotten_when_it_is_complete_again),
        cmocka_unit_test(without_a_database_a_warning_is_given_once),
        cmocka_unit_test(data_from_the_database_starts_it_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
