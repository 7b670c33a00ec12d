/* Usage reports every minute, and how they are delivered (events.md 11, 8, 12.1). */
#include "base/random.h"
#include "events/usage.h"
#include "world.h"

#include <stdio.h>
#include <string.h>

#define THREADS 2

/* The room, with serving threads that answer at once, or when the test lets them. */
struct house {
    struct world w;
    struct usage_counts *counts[THREADS];
    struct usage *usage;
    struct letter *held[THREADS]; /* of the threads that do not answer */
    bool hold;
    bool closed;
};

static void thread_post(void *owner, size_t thread, struct letter *l)
{
    struct house *h = owner;
    assert_null(h->held[thread]);
    if (h->hold)
        h->held[thread] = l;
    else
        l->deliver(l);
}

static void open_with(struct house *h, const struct fake_rule *rules, size_t capacity)
{
    memset(h, 0, sizeof *h);
    world_init(&h->w, rules);
    h->w.settings.usage_capacity = capacity;
    world_open(&h->w);
    for (size_t i = 0; i < THREADS; i++)
        h->counts[i] = usage_counts_new(&h->w.clock.base);
    struct usage_settings settings = {.clock = &h->w.clock.base,
                                      .loop = &h->w.loop,
                                      .events = h->w.events,
                                      .enabled = true,
                                      .counts = h->counts,
                                      .thread_count = THREADS,
                                      .owner = h,
                                      .post = thread_post,
                                      .mailbox = &h->w.mailbox};
    h->usage = usage_open(&settings);
}

static void on_usage_closed(void *arg)
{
    ((struct house *)arg)->closed = true;
}

static void close_usage(struct house *h)
{
    usage_close(h->usage, on_usage_closed, h);
    while (!h->closed)
        world_turn(&h->w);
}

/* The upstream can still be asked what it got. */
static void end_house(struct house *h, int64_t limit_ms)
{
    if (!h->closed)
        close_usage(h);
    world_end(&h->w, limit_ms);
}

static void close_house(struct house *h)
{
    if (h->w.events != NULL)
        end_house(h, 5000);
    world_close(&h->w);
    for (size_t i = 0; i < THREADS; i++)
        usage_counts_free(h->counts[i]);
}

static const struct usage_client go = {.platform = USAGE_SERVER,
                                       .user_agent = {"GoClient/7.6.0", 14}};

static void ask(struct house *h, size_t thread, unsigned slot, int times)
{
    for (int i = 0; i < times; i++)
        usage_count_request(h->counts[thread], slot, h->w.snapshot->facts, &go, true);
}

/* Letters that are in the mailbox arrive. */
static void let_arrive(struct house *h)
{
    for (int i = 0; i < 3; i++)
        (void)uv_run(&h->w.loop, UV_RUN_NOWAIT);
}

static void minute(struct house *h)
{
    fake_clock_advance(&h->w.clock, 60000);
    events_wake(h->w.events);
    usage_wake(h->usage);
    let_arrive(h);
    world_settle(&h->w);
}

/* Checklist 72: /bulk with the SDK key and schema 4. */
static void a_minute_is_reported(void **state)
{
    struct house h;
    struct str body = {0};
    (void)state;
    open_with(&h, NULL, 10000);
    struct usage_counter *stream = usage_count_stream(h.counts[1], 0, h.w.snapshot->facts, &go);
    ask(&h, 0, 0, 3);
    minute(&h);
    world_requests(&h.w, 1);
    assert_int_equal(h.w.upstream.request_count, 1);
    assert_non_null(strstr(h.w.upstream.requests[0].head, "POST /bulk "));
    assert_string_equal(world_header(&h.w, 0, "Authorization"), WORLD_SDK_KEY);
    assert_string_equal(world_header(&h.w, 0, "X-LaunchDarkly-Event-Schema"), "4");
    assert_string_equal(world_header(&h.w, 0, "X-LaunchDarkly-Tags"), "");
    assert_string_equal(world_header(&h.w, 0, "Content-Encoding"), "gzip");
    const char *text = world_body(&h.w, 0, &body);
    assert_non_null(strstr(text, "\"startDate\":1700000000000,\"endDate\":1700000060000,"));
    assert_non_null(strstr(text, "\"current\":1}"));
    assert_non_null(strstr(text, "\"count\":3}"));
    assert_non_null(strstr(text, "\"totalStreamMs\":60000}"));
    usage_count_stream_end(h.counts[1], stream);
    str_free(&body);
    close_house(&h);
}

/* Checklist 73. The interval goes on also when nothing is sent. */
static void nothing_is_sent_when_there_is_nothing(void **state)
{
    struct house h;
    struct str body = {0};
    (void)state;
    open_with(&h, NULL, 10000);
    minute(&h);
    minute(&h);
    ask(&h, 0, 0, 1);
    minute(&h);
    world_requests(&h.w, 1);
    assert_non_null(strstr(world_body(&h.w, 0, &body), "\"startDate\":1700000120000,"));
    minute(&h);
    assert_int_equal(h.w.upstream.request_count, 1);
    end_house(&h, 5000);
    assert_int_equal(h.w.upstream.request_count, 1);
    str_free(&body);
    close_house(&h);
}

/* Checklist 73. */
static void switched_off_it_is_silent(void **state)
{
    struct house h;
    (void)state;
    open_with(&h, NULL, 10000);
    usage_enable(h.usage, false);
    ask(&h, 0, 0, 1);
    minute(&h);
    usage_enable(h.usage, true);
    minute(&h);
    usage_enable(h.usage, false);
    ask(&h, 0, 0, 1);
    end_house(&h, 5000);
    assert_int_equal(h.w.upstream.request_count, 0);
    close_house(&h);
}

static void environments_have_requests_of_their_own(void **state)
{
    struct house h;
    (void)state;
    open_with(&h, NULL, 10000);
    ask(&h, 0, 0, 1);
    ask(&h, 1, 2, 1);
    minute(&h);
    world_requests(&h.w, 2);
    end_house(&h, 5000);
    assert_int_equal(h.w.upstream.request_count, 2);
    close_house(&h);
}

/* An environment that was removed meanwhile, and the threads are gone. */
static void the_last_report_comes_at_the_end(void **state)
{
    struct house h;
    struct str body = {0};
    (void)state;
    open_with(&h, NULL, 10000);
    ask(&h, 0, 0, 2);
    ask(&h, 1, 0, 3);
    fake_clock_advance(&h.w.clock, 7000);
    env_snapshot_unref(h.w.snapshot);
    h.w.snapshot = NULL;
    close_usage(&h);
    world_end(&h.w, 5000);
    assert_int_equal(h.w.upstream.request_count, 1);
    assert_non_null(strstr(world_body(&h.w, 0, &body), "\"count\":5}"));
    assert_non_null(strstr(str_text(&body), "\"endDate\":1700000007000,"));
    str_free(&body);
    close_house(&h);
}

/* A question is under way when the end comes: its answer is in the last report. */
static void an_answer_under_way_is_waited_for(void **state)
{
    struct house h;
    struct str body = {0};
    (void)state;
    open_with(&h, NULL, 10000);
    h.hold = true;
    ask(&h, 0, 0, 2);
    minute(&h);
    assert_int_equal(h.w.upstream.request_count, 0);
    minute(&h); /* nobody is asked twice */
    for (size_t i = 0; i < THREADS; i++)
        h.held[i]->deliver(h.held[i]);
    ask(&h, 0, 0, 3);
    close_usage(&h);
    world_end(&h.w, 5000);
    assert_int_equal(h.w.upstream.request_count, 1);
    assert_non_null(strstr(world_body(&h.w, 0, &body), "\"count\":5}"));
    str_free(&body);
    close_house(&h);
}

/* ---- delivery -------------------------------------------------------------------------------- */

static void a_401_switches_off_this_queue_alone(void **state)
{
    static const struct fake_rule rules[] = {{.status = 401, .times = 1}, {.status = 202}, END};
    struct house h;
    (void)state;
    open_with(&h, rules, 10000);
    ask(&h, 0, 0, 1);
    minute(&h);
    world_requests(&h.w, 1);
    world_settle(&h.w);
    assert_int_equal(world_logged(&h.w, "(usage metrics) Received HTTP error 401"), 1);
    ask(&h, 0, 0, 1);
    minute(&h);
    assert_int_equal(h.w.upstream.request_count, 1);
    world_bulk(&h.w, "[1]");
    world_flush(&h.w);
    assert_int_equal(h.w.upstream.request_count, 2);
    world_keys(&h.w, "sdk-other", WORLD_MOBILE_KEY);
    ask(&h, 0, 0, 1);
    minute(&h);
    world_requests(&h.w, 3);
    assert_string_equal(world_header(&h.w, 2, "Authorization"), "sdk-other");
    close_house(&h);
}

static void more_than_the_capacity_is_dropped_and_told(void **state)
{
    struct house h;
    struct str body = {0};
    struct event_array events;
    struct error err;
    char id[16];
    (void)state;
    open_with(&h, NULL, 1000);
    for (int i = 0; i < 1500; i++) {
        (void)snprintf(id, sizeof id, "%d", i);
        struct usage_client c = {.platform = USAGE_SERVER, .instance_id = view_of(id)};
        usage_count_request(h.counts[i % 2], 0, h.w.snapshot->facts, &c, true);
    }
    minute(&h);
    world_requests(&h.w, 1);
    assert_int_equal(world_logged(&h.w, "(usage metrics) Exceeded event queue capacity of 1000."),
                     1);
    assert_int_equal(h.w.door.dropped[EVENT_DROP_CAPACITY], 501);
    assert_true(event_array_split(view_of(world_body(&h.w, 0, &body)), &events, &err));
    assert_int_equal(events.count, 1000);
    assert_true(view_starts(events.each[0], "{\"kind\":\"relayMetrics\""));
    event_array_free(&events);
    str_free(&body);
    close_house(&h);
}

static void sdk_events_have_a_capacity_of_their_own(void **state)
{
    struct house h;
    (void)state;
    open_with(&h, NULL, 1000);
    char *numbers = world_numbers(0, 1500);
    world_bulk(&h.w, numbers);
    free(numbers);
    world_flush(&h.w);
    assert_int_equal(h.w.door.dropped[EVENT_DROP_CAPACITY], 0);
    close_house(&h);
}

/* Usage events are reported with sendEvents false, too, and nothing else is said. */
static void sending_events_may_be_off(void **state)
{
    struct house h;
    (void)state;
    open_with(&h, NULL, 10000);
    h.w.door.settings.enabled = false;
    ask(&h, 0, 0, 1);
    minute(&h);
    world_requests(&h.w, 1);
    close_house(&h);
}

/* ---- the end --------------------------------------------------------------------------------- */

/* Nobody waits for the second attempt of a report: closing would take as long as it may. */
static void a_report_that_fails_does_not_hold_up_the_end(void **state)
{
    static const struct fake_rule rules[] = {{.status = 503}, END};
    struct house h;
    (void)state;
    open_with(&h, rules, 10000);
    ask(&h, 0, 0, 1);
    end_house(&h, 3600000);
    assert_int_equal(h.w.upstream.request_count, 1);
    assert_int_equal(h.w.door.dropped[EVENT_DROP_SHUTDOWN], 2);
    close_house(&h);
}

static void reports_of_a_failing_family_do_not_hold_up_the_end(void **state)
{
    static const struct fake_rule rules[] = {{.status = 503}, END};
    struct house h;
    (void)state;
    open_with(&h, rules, 10000);
    ask(&h, 0, 0, 1);
    minute(&h);
    world_requests(&h.w, 1);
    world_settle(&h.w);
    world_advance(&h.w, 1000);
    world_requests(&h.w, 2);
    world_settle(&h.w);
    ask(&h, 0, 0, 1);
    end_house(&h, 3600000);
    assert_int_equal(h.w.upstream.request_count, 2);
    assert_int_equal(h.w.door.dropped[EVENT_DROP_SHUTDOWN], 4);
    close_house(&h);
}

/* Nor for an answer that does not come; the events of SDKs have all the time that is left. */
static void an_upstream_that_hangs_holds_up_the_end_for_two_seconds(void **state)
{
    static const struct fake_rule rules[] = {{.status = 202, .manner = FAKE_SILENT}, END};
    struct house h;
    (void)state;
    open_with(&h, rules, 10000);
    ask(&h, 0, 0, 1);
    uint64_t before = uv_hrtime();
    end_house(&h, 3600000);
    uint64_t took_ms = (uv_hrtime() - before) / 1000000;
    assert_true(took_ms >= 1500 && took_ms < 15000);
    close_house(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_minute_is_reported),
        cmocka_unit_test(nothing_is_sent_when_there_is_nothing),
        cmocka_unit_test(switched_off_it_is_silent),
        cmocka_unit_test(environments_have_requests_of_their_own),
        cmocka_unit_test(the_last_report_comes_at_the_end),
        cmocka_unit_test(an_answer_under_way_is_waited_for),
        cmocka_unit_test(a_401_switches_off_this_queue_alone),
        cmocka_unit_test(more_than_the_capacity_is_dropped_and_told),
        cmocka_unit_test(sdk_events_have_a_capacity_of_their_own),
        cmocka_unit_test(sending_events_may_be_off),
        cmocka_unit_test(a_report_that_fails_does_not_hold_up_the_end),
        cmocka_unit_test(reports_of_a_failing_family_do_not_hold_up_the_end),
        cmocka_unit_test(an_upstream_that_hangs_holds_up_the_end_for_two_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
