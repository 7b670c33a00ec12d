/* Posts that are summarised, on their way through the core (events.md 4, 7.7). */
#include "world.h"

#include <string.h>

#define FEATURE                                                                                    \
    "{\"kind\":\"feature\",\"creationDate\":1000,\"key\":\"f\",\"version\":1,\"variation\":0,"     \
    "\"value\":1,\"default\":0,\"user\":{\"key\":\"u\"}}"
#define CUSTOM "{\"kind\":\"custom\",\"creationDate\":1000,\"key\":\"k\",\"user\":{\"key\":\"u\"}}"

static const struct world_post old = {.path = EVENT_SUMMARIZE, .schema = 2};

static const struct events_group *first_group(const struct world *w)
{
    const struct events_family *f = world_family(w, EVENT_SERVER);
    return CONTAINER_OF(f->groups.next, struct events_group, node);
}

/* 36, 24: one body in the current schema per interval. */
static void summaries_leave_with_the_flush(void **state)
{
    struct world w;
    struct str body = {0};
    (void)state;
    world_start(&w, NULL);
    world_post(&w, &old, "[" FEATURE "," FEATURE "]");
    world_post(&w, &old, "[" FEATURE "]");
    world_pass(&w, 5000);
    assert_int_equal(w.upstream.request_count, 1);
    assert_non_null(strstr(world_body(&w, 0, &body), "\"kind\":\"summary\""));
    assert_non_null(strstr(str_text(&body), "\"count\":3"));
    assert_string_equal(world_header(&w, 0, "x-launchdarkly-event-schema"), "4");
    assert_int_equal(w.door.sent_events, 2); /* index, summary */
    assert_int_equal(w.door.pending_events, 0);
    /* 87: nothing is left after an hour without posts. */
    world_advance(&w, 3600000);
    world_advance(&w, 3600000);
    const struct events_family *f = world_family(&w, EVENT_SERVER);
    assert_true(list_empty(&f->groups));
    assert_false(uv_is_active((const uv_handle_t *)&f->timer));
    assert_int_equal(w.door.held_bytes, 0);
    assert_int_equal(world_logged(&w, "Shutting down inactive summarizing relay for "), 1);
    str_free(&body);
    world_close(&w);
}

/* 54 */
static void two_values_of_the_tags_are_two_summaries(void **state)
{
    struct world w;
    (void)state;
    world_start(&w, NULL);
    world_post(&w, &(struct world_post){.path = EVENT_SUMMARIZE, .tags = "a/1"}, "[" FEATURE "]");
    world_post(&w, &(struct world_post){.path = EVENT_SUMMARIZE, .tags = "a/2"}, "[" FEATURE "]");
    world_post(&w, &(struct world_post){.tags = "a/2"}, "[" FEATURE "]");
    world_flush(&w);
    assert_int_equal(w.upstream.request_count, 3);
    world_close(&w);
}

/* 53: with the smallest capacity counters are whole. */
static void counters_are_whole_when_events_are_dropped(void **state)
{
    struct world w;
    struct str body = {0};
    (void)state;
    world_init(&w, NULL);
    w.settings.capacity = 1;
    w.settings.capacity_set = true;
    world_open(&w);
    world_post(&w, &old, "[" CUSTOM "," FEATURE "," FEATURE "," CUSTOM "]");
    world_settle(&w);
    assert_int_equal(w.upstream.request_count, 1);
    assert_non_null(strstr(world_body(&w, 0, &body), "\"count\":2"));
    assert_int_equal(w.door.sent_events, 2);
    assert_int_equal(w.door.dropped[EVENT_DROP_CAPACITY], 2);
    str_free(&body);
    world_close(&w);
}

/* 50, 13.1: bad elements are counted one by one; a big output becomes several batches. */
static void what_is_bad_is_counted_and_what_is_big_is_cut(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, NULL);
    w.settings.max_batch_bytes = 200;
    world_open(&w);
    world_post(&w, &old, "[" CUSTOM ",{\"kind\":false},3," CUSTOM "," CUSTOM "," FEATURE "]");
    world_settle(&w);
    assert_int_equal(w.door.dropped[EVENT_DROP_MALFORMED], 2);
    assert_true(w.upstream.request_count > 1);
    assert_int_equal(w.door.sent_events, 5);
    world_close(&w);
}

/* 47: the Date of an answer reaches the summariser. */
static void the_date_of_the_answer_ends_debugging(void **state)
{
    static const struct fake_rule rules[] = {
        {.status = 202, .header = "Date: Tue, 14 Nov 2033 22:13:20 GMT\r\n"}, END};
    static const char debugged[] =
        "[{\"kind\":\"feature\",\"creationDate\":1000,\"key\":\"f\",\"version\":1,\"variation\":0,"
        "\"value\":1,\"user\":{\"key\":\"u\"},\"debugEventsUntilDate\":1800000000000}]";
    struct world w;
    struct str body = {0};
    (void)state;
    world_start(&w, rules);
    world_post(&w, &old, debugged);
    world_flush(&w);
    assert_non_null(strstr(world_body(&w, 0, &body), "\"kind\":\"debug\""));
    world_post(&w, &old, debugged);
    world_flush(&w);
    assert_null(strstr(world_body(&w, 1, &body), "\"kind\":\"debug\""));
    str_free(&body);
    world_close(&w);
}

/* 13.2, 8.4 */
static void memory_and_switch_bound_summaries(void **state)
{
    static const struct fake_rule rules[] = {{.status = 401}, END};
    struct world w;
    char post[512];
    (void)state;
    world_init(&w, rules);
    w.door.settings.max_queue_bytes = 100000;
    w.settings.capacity = 1000000;
    world_open(&w);
    for (int i = 0; i < 2000; i++) {
        (void)snprintf(post, sizeof post,
                       "[{\"kind\":\"custom\",\"creationDate\":1,\"key\":\"k\",\"user\":{\"key\":"
                       "\"u-%d\"}}]",
                       i);
        world_post(&w, &old, post);
        assert_true(w.door.held_bytes < 101000);
    }
    assert_true(w.door.dropped[EVENT_DROP_MEMORY] > 0);
    world_flush(&w);
    while (w.door.families_off == 0)
        world_turn(&w);
    assert_int_equal(w.door.pending_events, 0);
    assert_int_equal(first_group(&w)->count, 0);
    int64_t off = w.door.dropped[EVENT_DROP_SWITCHED_OFF];
    world_post(&w, &old, "[" FEATURE "]");
    assert_int_equal(w.door.dropped[EVENT_DROP_SWITCHED_OFF], off + 1);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(summaries_leave_with_the_flush),
        cmocka_unit_test(two_values_of_the_tags_are_two_summaries),
        cmocka_unit_test(counters_are_whole_when_events_are_dropped),
        cmocka_unit_test(what_is_bad_is_counted_and_what_is_big_is_cut),
        cmocka_unit_test(the_date_of_the_answer_ends_debugging),
        cmocka_unit_test(memory_and_switch_bound_summaries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
