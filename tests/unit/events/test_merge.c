/* Memory runs out while the upstream is away: kept batches become fewer, and what summaries have
 * counted stays counted (events.md 10.5, 13.5, 13.7). */
#include "fake_spool.h"
#include "world.h"

#include <string.h>

#define FLAGS 40
#define BUDGET ((int64_t)1 << 20)

static const struct fake_rule down[] = {{.status = 503}, END};
static const struct fake_rule up[] = {{.status = 202}, END};

/* What was counted, by flag. */
struct tally {
    int64_t counts[FLAGS];
    int64_t customs;
};

/* A post of one SDK: a summary of some flags, and a custom event with that number. */
static char *post_of(unsigned number, struct tally *t)
{
    struct str text = {0};
    str_append_format(&text,
                      "[{\"kind\":\"summary\",\"startDate\":%u,\"endDate\":%u,\"features\":{",
                      1000 + number, 2000 + number);
    for (unsigned i = 0; i < FLAGS / 2; i++) {
        unsigned flag = (number + 2 * i) % FLAGS;
        unsigned count = 1 + (number * 31 + i * 7) % 1000;
        str_append_format(&text,
                          "%s\"f%u\":{\"default\":null,\"contextKinds\":[\"user\"],\"counters\":[{"
                          "\"variation\":1,\"version\":7,\"value\":\"on\",\"count\":%u}]}",
                          i == 0 ? "" : ",", flag, count);
        t->counts[flag] += count;
    }
    str_append_format(&text, "}},{\"kind\":\"custom\",\"key\":\"c%u\"}]", number);
    t->customs++;
    return str_take_text(&text);
}

/* `count` posts, each a batch of its own. */
static void posts(struct world *w, unsigned from, unsigned count, struct tally *t)
{
    for (unsigned i = from; i < from + count; i++) {
        char *body = post_of(i, t);
        world_bulk(w, body);
        mem_free(body);
        world_flush(w);
    }
}

/* The number behind each `name` in the text, together. */
static int64_t sum_behind(const char *text, const char *name, const char *number)
{
    int64_t sum = 0;
    while ((text = strstr(text, name)) != NULL) {
        text = strstr(text, number) + strlen(number);
        sum += strtoll(text, NULL, 10);
    }
    return sum;
}

static void tally_delivered(const struct world *w, struct tally *t)
{
    struct str body = {0};
    *t = (struct tally){.customs = 0};
    for (size_t i = 0; i < w->upstream.request_count; i++) {
        const char *text = world_body(w, i, &body);
        for (unsigned flag = 0; flag < FLAGS; flag++) {
            char name[16];
            (void)snprintf(name, sizeof name, "\"f%u\":", flag);
            t->counts[flag] += sum_behind(text, name, "\"count\":");
        }
        for (const char *at = text; (at = strstr(at, "\"custom\"")) != NULL; at++)
            t->customs++;
    }
    str_free(&body);
}

/* The family fails: of each batch that follows none is sent. */
static void outage_begin(struct world *w)
{
    world_bulk(w, "[0]");
    events_flush(w->events);
    world_requests(w, 1);
    world_settle(w);
    world_pass(w, 1000);
    assert_int_equal(w->door.families_failing, 1);
}

static void outage_end(struct world *w)
{
    fake_http_rules(&w->upstream, up);
    fake_http_forget(&w->upstream);
    world_pass(w, 60000);
    assert_int_equal(w->door.families_failing, 0);
    assert_int_equal(w->door.pending_events, 0);
}

static void begin_with(struct world *w, const char *spool_dir)
{
    world_init(w, down);
    w->door.settings.max_queue_bytes = BUDGET;
    w->settings.spool_dir = spool_dir;
    world_open(w);
    outage_begin(w);
}

static void begin(struct world *w)
{
    begin_with(w, "");
}

/* Posts from that number on until some are merged. */
static void posts_until_merged(struct world *w, unsigned from, struct tally *t)
{
    for (unsigned i = from; w->door.merged_events == 0; i += 5)
        posts(w, i, 5, t);
}

static void nothing_that_was_counted_is_lost(void **state)
{
    struct world w;
    struct tally posted = {.customs = 0};
    struct tally got;
    struct str body = {0};
    (void)state;
    begin(&w);
    for (unsigned i = 0; i < 3000; i += 50) {
        posts(&w, i, 50, &posted);
        assert_true(w.door.held_bytes <= BUDGET);
    }
    assert_int_equal(world_dropped(&w), 0);
    assert_true(w.door.merged_events > 1000);
    assert_int_equal(world_logged(&w, "summaries of events that wait are merged: "), 1);
    outage_end(&w);
    tally_delivered(&w, &got);
    assert_memory_equal(&got, &posted, sizeof got);
    assert_int_equal(w.door.sent_events + w.door.merged_events, 2 * posted.customs + 1);
    /* what was tried goes out as it was */
    assert_string_equal(world_body(&w, 0, &body), "[0]");
    /* what is merged has its summary at its end, over all the time */
    assert_non_null(strstr(world_body(&w, 1, &body), "[{\"kind\":\"custom\",\"key\":\"c0\"},"));
    assert_non_null(strstr(str_text(&body), "{\"kind\":\"summary\",\"startDate\":1000,"));
    str_free(&body);
    world_close(&w);
}

/* Batches without summaries cannot become small; they are not tried again and again. */
static void what_cannot_be_merged_stays_and_new_events_are_dropped(void **state)
{
    struct world w;
    struct str text = {0};
    unsigned seed = 1;
    int64_t posted = 1;
    (void)state;
    begin(&w);
    for (int i = 0; i < 1200; i++) {
        str_clear(&text);
        str_append_text(&text, "[\"");
        for (int k = 0; k < 200; k++) {
            seed = seed * 1664525 + 1013904223;
            str_append_format(&text, "%08x", seed);
        }
        str_append_text(&text, "\"]");
        world_bulk(&w, str_text(&text));
        posted++;
        world_flush(&w);
        assert_true(w.door.held_bytes <= BUDGET);
    }
    assert_int_equal(w.door.merged_events, 0);
    assert_true(w.door.dropped[EVENT_DROP_MEMORY] > 0);
    assert_int_equal(w.door.dropped[EVENT_DROP_MEMORY] + w.door.pending_events, posted);
    assert_true(w.events->merge.not_before_ms > clock_now_ms(&w.clock.base));
    outage_end(&w);
    assert_int_equal(w.door.dropped[EVENT_DROP_MEMORY] + w.door.sent_events, posted);
    str_free(&text);
    world_close(&w);
}

/* Posts until a job is on the thread pool. */
static int64_t job_await(struct world *w, struct tally *t)
{
    unsigned i = 0;
    while (w->events->merge.group == NULL) {
        char *body = post_of(i++, t);
        world_bulk(w, body);
        mem_free(body);
        if (w->events->merge.group == NULL)
            world_flush(w);
        assert_true(i < 2000);
    }
    return 2 * (int64_t)i;
}

static void what_is_dropped_while_the_pool_has_it_is_counted_once(void **state)
{
    struct world w;
    struct tally t = {.customs = 0};
    (void)state;
    begin(&w);
    int64_t posted = job_await(&w, &t);
    events_switch_off(world_family(&w, EVENT_SERVER), EVENT_VERBATIM, 0);
    world_settle(&w);
    assert_int_equal(w.door.merged_events, 0);
    assert_int_equal(w.door.pending_events, 0);
    assert_int_equal(w.door.dropped[EVENT_DROP_SWITCHED_OFF], posted + 1);
    world_close(&w);
}

static void the_end_may_come_while_the_pool_has_it(void **state)
{
    struct world w;
    struct tally t = {.customs = 0};
    (void)state;
    begin(&w);
    int64_t posted = job_await(&w, &t);
    world_end(&w, 1);
    assert_int_equal(w.door.merged_events + w.door.dropped[EVENT_DROP_SHUTDOWN], posted + 1);
    world_close(&w);
}

/* The upstream is back before the pool is done. */
static void a_job_under_way_is_waited_for_at_the_end(void **state)
{
    struct world w;
    struct tally posted = {.customs = 0};
    struct tally got;
    (void)state;
    begin(&w);
    (void)job_await(&w, &posted);
    fake_http_rules(&w.upstream, up);
    fake_http_forget(&w.upstream);
    world_advance(&w, 60000);
    world_end(&w, 30000);
    tally_delivered(&w, &got);
    assert_memory_equal(&got, &posted, sizeof got);
    assert_int_equal(world_dropped(&w), 0);
    world_close(&w);
}

/* Merging makes nothing older than it was. */
static void a_merged_batch_is_as_old_as_its_newest_part(void **state)
{
    struct world w;
    struct tally t = {.customs = 0};
    (void)state;
    begin(&w);
    posts(&w, 0, 20, &t);
    world_pass(&w, 200000);
    posts_until_merged(&w, 20, &t);
    int64_t dropped = world_dropped(&w);
    world_pass(&w, 150000); /* the first twenty would be 350 s old */
    assert_int_equal(world_dropped(&w), dropped + 1);
    world_close(&w);
}

/* Batches that the disk could not take: their posts stay there until the one in their place has an
 * outcome; those that it has are left alone. */
static void what_the_spool_has_is_left_to_it(void **state)
{
    struct world w;
    struct tally t = {.customs = 0};
    (void)state;
    begin_with(&w, "/somewhere");
    posts(&w, 0, 10, &t);
    fake_disk.refuses = true;
    posts_until_merged(&w, 10, &t);
    size_t unwritten = 0;
    size_t replaced = 0;
    for (size_t i = 0; i < fake_disk.count; i++) {
        const struct fake_record *r = &fake_disk.records[i];
        unwritten += r->type == 'U';
        if (r->type != 'D' || strcmp(r->outcome, "replaced") != 0)
            continue;
        replaced++;
        assert_int_equal(unwritten, 1); /* before any of those that it stands for is done with */
        for (size_t k = 0; k < fake_disk.count; k++)
            assert_false(fake_disk.records[k].type == 'B' &&
                         strcmp(fake_disk.records[k].id, r->id) == 0);
    }
    assert_true(replaced >= 8);
    fake_disk.refuses = false;
    world_close(&w);
    fake_disk_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_that_was_counted_is_lost),
        cmocka_unit_test(what_cannot_be_merged_stays_and_new_events_are_dropped),
        cmocka_unit_test(what_is_dropped_while_the_pool_has_it_is_counted_once),
        cmocka_unit_test(the_end_may_come_while_the_pool_has_it),
        cmocka_unit_test(a_job_under_way_is_waited_for_at_the_end),
        cmocka_unit_test(a_merged_batch_is_as_old_as_its_newest_part),
        cmocka_unit_test(what_the_spool_has_is_left_to_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
