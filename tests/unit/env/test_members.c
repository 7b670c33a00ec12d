/* Who is a member of what: asked once for all who wait, kept for a while, forgotten when members
 * change; and when browsers hear of it (big-segments.md 7, 8). Checklist: 44, 46, 47;
 * evaluation.md: 69, 72. */
#include "bench_segments.h"

#define PING "event: ping\ndata:  \n\n"

struct members_bench {
    struct bench bench;
    struct bench_segments segments;
    struct mailbox mailbox;
};

static void members_wanted(void *owner, const struct member_asker *asker, struct view context_key)
{
    struct members_bench *m = owner;
    house_members_wanted(m->bench.house, asker, context_key);
}

static void put(struct members_bench *m)
{
    struct bench_source *source = &m->bench.sources[0];
    source->sink.put(source->sink.owner, bench_segments_dataset());
}

static void turns(struct members_bench *m)
{
    for (int i = 0; i < 4; i++)
        bench_turn(&m->bench);
}

/* Big segments are in use, and synchronised-on was read. */
static void setup(struct members_bench *m)
{
    bench_setup(&m->bench);
    bench_segments_setup(&m->segments, &m->bench);
    m->bench.settings.segments_poll_ms = 60000;
    bench_add(&m->bench, &(struct env_settings){0});
    mailbox_open(&m->mailbox, &m->bench.loop);
    struct fanout_control control = {m, &m->mailbox, NULL, members_wanted};
    fanout_connect(m->bench.fanout, &control, 0);
    bench_start(&m->bench);
    put(m);
    turns(m);
}

static void teardown(struct members_bench *m)
{
    mailbox_close(&m->mailbox);
    turns(m);
    bench_teardown(&m->bench);
}

/* ---- one request ----------------------------------------------------------------------------- */

static void ready(struct member_wishes *w)
{
    ++*(unsigned *)w->owner;
}

/* Waits for these keys, "alice bob"; `count` is raised when they are there. */
static struct member_wishes *wish(struct members_bench *m, const char *keys, unsigned *count)
{
    struct member_wishes *w = member_wishes_new();
    struct view rest = view_of(keys);
    while (rest.len != 0) {
        (void)member_wishes_add(w, view_take_until(&rest, " "), NULL);
        rest = view_from(rest, 1);
    }
    w->ready = ready;
    w->owner = count;
    assert_true(fanout_wish(m->bench.fanout, 0, w));
    return w;
}

/* "in", "out" or "unknown" of vip.g1; "failed". */
static const char *given(const struct member_wishes *w, const char *key)
{
    static const char *const names[] = {"unknown", "in", "out"};
    const struct member_wish *wish = member_wishes_find(w, view_of(key));
    assert_true(wish != NULL && wish->answered);
    if (wish->found == NULL)
        return "failed";
    return names[memberships_find(wish->found, view_of("vip.g1"))];
}

/* Asks and waits, unless the thread knows it: as a request does. */
static const char *members_of(struct members_bench *m, const char *key)
{
    static const char *const names[] = {"unknown", "in", "out"};
    unsigned count = 0;
    const struct memberships *known =
        fanout_memberships(m->bench.fanout, 0, view_of(key), m->bench.clock.now_ms);
    if (known != NULL)
        return names[memberships_find(known, view_of("vip.g1"))];
    struct member_wishes *w = wish(m, key, &count);
    turns(m);
    assert_int_equal(count, 1);
    const char *text = given(w, key);
    member_wishes_free(w);
    return text;
}

static unsigned queries(struct members_bench *m)
{
    unsigned count = m->segments.queries;
    m->segments.queries = 0;
    return count;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void one_query_serves_all_who_wait(void **state)
{
    (void)state;
    struct members_bench m;
    setup(&m);
    m.segments.hold = true;
    m.segments.members = "alice: vip.g1+; bob: vip.g1-";
    unsigned count = 0;
    struct member_wishes *first = wish(&m, "alice", &count);
    struct member_wishes *second = wish(&m, "alice bob", &count);
    turns(&m);
    struct member_wishes *third = wish(&m, "bob carol", &count);
    struct member_wishes *gone = wish(&m, "alice", &count);
    turns(&m);
    assert_int_equal(queries(&m), 3);
    assert_int_equal(count, 0);
    member_wishes_free(gone);
    bench_segments_answer(&m.segments);
    turns(&m);
    assert_int_equal(count, 3);
    assert_string_equal(given(first, "alice"), "in");
    assert_string_equal(given(second, "alice"), "in");
    assert_string_equal(given(second, "bob"), "out");
    assert_string_equal(given(third, "carol"), "unknown");
    member_wishes_free(first);
    member_wishes_free(second);
    member_wishes_free(third);
    teardown(&m);
}

static void an_answer_is_kept_for_five_seconds(void **state)
{
    (void)state;
    struct members_bench m;
    setup(&m);
    m.segments.members = "alice: vip.g1+";
    assert_string_equal(members_of(&m, "alice"), "in");
    assert_string_equal(members_of(&m, "bob"), "unknown"); /* no membership is one, too */
    assert_int_equal(queries(&m), 2);
    fake_clock_advance(&m.bench.clock, 4999);
    assert_string_equal(members_of(&m, "alice"), "in");
    assert_string_equal(members_of(&m, "bob"), "unknown");
    assert_int_equal(queries(&m), 0);
    m.segments.members = "alice: vip.g1-";
    fake_clock_advance(&m.bench.clock, 1);
    assert_string_equal(members_of(&m, "alice"), "out");
    assert_int_equal(queries(&m), 1);
    teardown(&m);
}

static void an_error_is_kept_by_nobody(void **state)
{
    (void)state;
    struct members_bench m;
    setup(&m);
    m.segments.fails = true;
    assert_string_equal(members_of(&m, "alice"), "failed");
    assert_string_equal(members_of(&m, "alice"), "failed");
    assert_int_equal(queries(&m), 2);
    assert_true(bench_log_has(
        &m.bench, "ERROR: [env: ...0001] Big Segment store returned error: connection lost"));
    m.segments.fails = false;
    assert_string_equal(members_of(&m, "alice"), "unknown");
    teardown(&m);
}

static void the_least_recently_used_context_is_dropped(void **state)
{
    (void)state;
    struct members_bench m;
    setup(&m);
    (void)members_of(&m, "a");
    (void)members_of(&m, "b");
    (void)members_of(&m, "c");
    (void)members_of(&m, "a");
    (void)members_of(&m,
                     "d"); /* the control thread drops a, which it has not been asked for again */
    assert_int_equal(queries(&m), 4);
    (void)members_of(&m, "a"); /* the serving thread dropped b */
    assert_int_equal(queries(&m), 0);
    (void)members_of(&m, "b"); /* and the control thread still had it */
    assert_int_equal(queries(&m), 0);
    (void)members_of(&m, "c");
    (void)members_of(&m, "e");
    (void)members_of(&m, "a");
    assert_int_equal(queries(&m), 2);
    teardown(&m);
}

static void a_batch_makes_answers_outdated(void **state)
{
    (void)state;
    struct members_bench m;
    setup(&m);
    assert_string_equal(members_of(&m, "alice"), "unknown");
    assert_int_equal(queries(&m), 1);
    m.segments.members = "alice: vip.g1+";
    bench_segments_changed(&m.segments, "vip");
    assert_string_equal(members_of(&m, "alice"), "in");
    assert_int_equal(queries(&m), 1);
    teardown(&m);
}

/* The database had said it before the batch, and it comes after it. */
static void a_query_from_before_a_batch_is_given_only_to_those_who_waited(void **state)
{
    (void)state;
    struct members_bench m;
    setup(&m);
    unsigned count = 0;
    m.segments.hold = true;
    struct member_wishes *before = wish(&m, "alice", &count);
    turns(&m);
    bench_segments_changed(&m.segments, "vip");
    struct member_wishes *after = wish(&m, "alice", &count);
    turns(&m);
    assert_int_equal(queries(&m), 2);
    m.segments.count = 1; /* the older one alone is answered */
    struct membership_op *newer = m.segments.ops[1];
    bench_segments_answer(&m.segments);
    turns(&m);
    assert_int_equal(count, 1);
    assert_string_equal(given(before, "alice"), "unknown");
    assert_null(fanout_memberships(m.bench.fanout, 0, view_of("alice"), m.bench.clock.now_ms));
    m.segments.members = "alice: vip.g1+";
    m.segments.ops[m.segments.count++] = newer;
    bench_segments_answer(&m.segments);
    turns(&m);
    assert_int_equal(count, 2);
    assert_string_equal(given(after, "alice"), "in");
    assert_non_null(fanout_memberships(m.bench.fanout, 0, view_of("alice"), m.bench.clock.now_ms));
    member_wishes_free(before);
    member_wishes_free(after);
    teardown(&m);
}

/* Nobody is left who waits, and nobody who answers. */
static void everything_may_end_while_questions_are_open(void **state)
{
    (void)state;
    struct members_bench m;
    setup(&m);
    unsigned count = 0;
    m.segments.hold = true;
    struct member_wishes *w = wish(&m, "alice bob", &count);
    turns(&m);
    member_wishes_free(w);
    struct member_wishes *other = wish(&m, "alice", &count);
    turns(&m);
    house_close(m.bench.house);
    turns(&m);
    member_wishes_free(other); /* its connection is closed */
    m.bench.house = NULL;
    teardown(&m);
    assert_int_equal(count, 0);
}

/* ---- pings ----------------------------------------------------------------------------------- */

static void rang(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

static void wait_ms(struct members_bench *m, uint64_t ms)
{
    uv_timer_t timer;
    bool over = false;
    assert_int_equal(uv_timer_init(&m->bench.loop, &timer), 0);
    timer.data = &over;
    uv_update_time(&m->bench.loop);
    assert_int_equal(uv_timer_start(&timer, rang, ms, 0), 0);
    while (!over)
        (void)uv_run(&m->bench.loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&timer, NULL);
    bench_turn(&m->bench);
}

static void a_thousand_batches_are_two_pings(void **state)
{
    (void)state;
    struct members_bench m;
    struct bench_member browser;
    struct bench_member phone;
    struct bench_member server;
    setup(&m);
    wait_ms(&m, 110); /* that of the put is over */
    bench_join(&m.bench, &browser, 0, FANOUT_BROWSER_PING);
    bench_join(&m.bench, &phone, 0, FANOUT_MOBILE_PING);
    bench_join(&m.bench, &server, 0, FANOUT_ALL);
    for (int i = 0; i < 1000; i++)
        bench_segments_changed(&m.segments, "vip");
    bench_expect(&browser.text, PING, "the first at once");
    wait_ms(&m, 1020);
    bench_expect(&browser.text, PING, "the others of the second together");
    bench_expect(&phone.text, PING PING, "phones hear the same");
    bench_expect(&server.text, "", "45: servers ask the database themselves");
    bench_leave(&browser);
    bench_leave(&phone);
    bench_leave(&server);
    teardown(&m);
}

static void put_flag(struct dataset_builder *b, const char *key, const char *visibility,
                     const char *prerequisites, const char *segment)
{
    struct str json = {0};
    struct error err;
    str_append_format(&json,
                      "{\"key\":\"%s\",\"version\":1,\"clientSideAvailability\":{%s},"
                      "\"prerequisites\":[%s],\"rules\":[{\"clauses\":[{\"op\":\"segmentMatch\","
                      "\"values\":[\"%s\"]}]}]}",
                      key, visibility, prerequisites, segment);
    dataset_builder_add_take(b, item_parse(ITEM_FLAG, view_of(key), str_view(&json), &err));
    str_free(&json);
}

static void put_segment(struct dataset_builder *b, const char *key, const char *other)
{
    struct str json = {0};
    struct error err;
    str_append_format(&json,
                      "{\"key\":\"%s\",\"version\":1,\"unbounded\":true,\"generation\":1,"
                      "\"rules\":[{\"clauses\":[{\"op\":\"segmentMatch\",\"values\":[\"%s\"]}]}]}",
                      key, other);
    dataset_builder_add_take(b, item_parse(ITEM_SEGMENT, view_of(key), str_view(&json), &err));
    str_free(&json);
}

/* Segments that browsers' flags ask for through another segment, phones' through a prerequisite,
 * and one that only a flag asks for which nobody outside may see. */
static void put_audiences(struct members_bench *m)
{
    struct bench_source *source = &m->bench.sources[0];
    struct dataset_builder *b = dataset_builder_new();
    put_flag(b, "browsers", "\"usingEnvironmentId\":true", "", "outer");
    put_flag(b, "phones", "\"usingMobileKey\":true", "{\"key\":\"inner\",\"variation\":0}", "nope");
    put_flag(b, "inner", "\"usingMobileKey\":false", "", "of-phones");
    put_flag(b, "nobody", "\"usingMobileKey\":false", "", "hidden");
    put_segment(b, "outer", "of-browsers");
    put_segment(b, "of-browsers", "nope");
    put_segment(b, "of-phones", "nope");
    put_segment(b, "hidden", "of-phones");
    put_segment(b, "asked-by-nobody", "of-browsers");
    source->sink.put(source->sink.owner, dataset_builder_finish_take(b));
    turns(m);
}

static void members_of_what_nobody_sees_are_no_ping(void **state)
{
    static const char *const unseen[] = {"hidden", "asked-by-nobody", "unknown"};
    (void)state;
    struct members_bench m;
    struct bench_member browser;
    struct bench_member phone;
    setup(&m);
    put_audiences(&m);
    wait_ms(&m, 110); /* that of the first put is over, */
    wait_ms(&m, 110); /* and that of this one */
    bench_join(&m.bench, &browser, 0, FANOUT_BROWSER_PING);
    bench_join(&m.bench, &phone, 0, FANOUT_MOBILE_PING);
    for (size_t i = 0; i < ARRAY_LEN(unseen); i++) {
        uint64_t generation = bench_snapshot(&m.bench, 0)->state.segments.generation;
        bench_segments_changed(&m.segments, unseen[i]);
        bench_expect(&browser.text, "", unseen[i]);
        bench_expect(&phone.text, "", unseen[i]);
        assert_int_equal(bench_snapshot(&m.bench, 0)->state.segments.generation, generation + 1);
    }
    bench_segments_changed(&m.segments, "of-browsers");
    bench_expect(&browser.text, PING, "at once: none was sent before");
    bench_expect(&phone.text, "", "no flag of theirs asks for it");
    bench_segments_changed(&m.segments, "of-phones");
    bench_segments_changed(&m.segments, "hidden");
    bench_expect(&phone.text, "", "in the same second");
    wait_ms(&m, 1020);
    bench_expect(&browser.text, "", "of what came later nothing concerns them");
    bench_expect(&phone.text, PING, "when it is over");
    bench_leave(&browser);
    bench_leave(&phone);
    teardown(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_query_serves_all_who_wait),
        cmocka_unit_test(an_answer_is_kept_for_five_seconds),
        cmocka_unit_test(an_error_is_kept_by_nobody),
        cmocka_unit_test(the_least_recently_used_context_is_dropped),
        cmocka_unit_test(a_batch_makes_answers_outdated),
        cmocka_unit_test(a_query_from_before_a_batch_is_given_only_to_those_who_waited),
        cmocka_unit_test(everything_may_end_while_questions_are_open),
        cmocka_unit_test(a_thousand_batches_are_two_pings),
        cmocka_unit_test(members_of_what_nobody_sees_are_no_ping),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
