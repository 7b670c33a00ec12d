/* What the core writes to the spool and when, and a start with what is there (events.md 13.6). */
#include "fake_spool.h"
#include "world.h"

#include <string.h>

struct ear {
    int safe;
};

static void on_safe(void *owner)
{
    ((struct ear *)owner)->safe++;
}

static void open_with_spool(struct world *w, const struct fake_rule *rules)
{
    world_init(w, rules);
    w->settings.spool_dir = "/somewhere";
    w->door.settings.spooled = true;
    world_open(w);
}

static void post_with_ear(struct world *w, struct ear *ear, const char *id, const char *body)
{
    struct world_post how = {.payload_id = id, .safe = on_safe, .owner = ear};
    world_post(w, &how, body);
}

static void close_and_clear(struct world *w)
{
    world_close(w);
    fake_disk_clear();
}

/* P is written before the 202, B before the attempt, D after the outcome. */
static void records_come_in_order(void **state)
{
    struct world w;
    struct ear ear = {0};
    (void)state;
    open_with_spool(&w, NULL);
    fake_disk.stuck = true;
    post_with_ear(&w, &ear, "id-1", "[1,2]");
    for (int i = 0; i < 3; i++)
        (void)uv_run(&w.loop, UV_RUN_NOWAIT);
    assert_int_equal(ear.safe, 0);
    fake_disk.stuck = false;
    post_with_ear(&w, &ear, "id-2", " [ 3 ] ");
    while (ear.safe < 2)
        world_turn(&w);
    fake_disk.stuck = true;
    events_flush(w.events);
    for (int i = 0; i < 3; i++)
        (void)uv_run(&w.loop, UV_RUN_NOWAIT);
    assert_string_equal(fake_disk_story(), "P1 P2 B3<=2 ");
    assert_int_equal(w.upstream.request_count, 0);
    assert_string_equal(fake_disk.records[1].body->data, " [ 3 ] ");
    assert_string_equal(fake_disk.records[2].body->data, "[1,2,3]");
    assert_string_equal(fake_disk.records[0].group, WORLD_ENV_ID "  server verbatim  ");
    fake_disk.stuck = false;
    post_with_ear(&w, &ear, "id-3", "[4]");
    while (w.door.sent_events == 0)
        world_turn(&w);
    assert_string_equal(fake_disk_story(), "P1 P2 B3<=2 P4 D:delivered ");
    assert_string_equal(world_header(&w, 0, "x-launchdarkly-payload-id"), fake_disk.records[2].id);
    close_and_clear(&w);
}

/* All batches of a flush are written before the first of them is tried. */
static void a_flush_of_several_batches_is_one_thing(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, NULL);
    w.settings.spool_dir = "/somewhere";
    w.settings.max_batch_bytes = 16;
    world_open(&w);
    world_bulk(&w, "[100000,100001,100002,100003,100004]");
    assert_string_equal(fake_disk_story(), "P1 B2<=1+ B2<=1+ B1<=1 ");
    world_settle(&w);
    while (w.door.sent_events < 5)
        world_turn(&w);
    close_and_clear(&w);
}

/* 81, 82: killed at any moment, the next start sends what has no outcome: same ID, same bytes. */
static void a_start_goes_on_where_the_last_run_ended(void **state)
{
    static const struct fake_rule silent[] = {{.status = 1, .manner = FAKE_SILENT}, END};
    struct world w;
    struct str body = {0};
    char id[64];
    (void)state;
    open_with_spool(&w, silent);
    world_post(&w, &(struct world_post){.payload_id = "id-1", .tags = "t", .schema = 3},
               "[1, {\"a\": 2}]");
    events_flush(w.events);
    world_requests(&w, 1);
    (void)snprintf(id, sizeof id, "%s", world_header(&w, 0, "x-launchdarkly-payload-id"));
    world_post(&w, &(struct world_post){.payload_id = "id-2", .family = EVENT_MOBILE}, "[5]");
    size_t records = fake_disk.count;
    world_end(&w, 1);
    fake_disk_cut(records);
    assert_int_equal(world_logged(&w, "undelivered"), 0);
    assert_int_equal(world_logged(&w, "3 events stay in spoolDir \""), 1);
    assert_int_equal(w.door.dropped[EVENT_DROP_SHUTDOWN], 0);
    world_close(&w);

    open_with_spool(&w, NULL);
    assert_int_equal(world_logged(&w, "Sending 3 events that an earlier run has left"), 1);
    world_flush(&w);
    while (w.door.sent_events < 3)
        world_turn(&w);
    assert_int_equal(w.upstream.request_count, 2);
    size_t old = strcmp(world_header(&w, 0, "x-launchdarkly-payload-id"), id) == 0 ? 0 : 1;
    assert_string_equal(world_header(&w, old, "x-launchdarkly-payload-id"), id);
    assert_string_equal(world_header(&w, old, "x-launchdarkly-event-schema"), "3");
    assert_string_equal(world_header(&w, old, "x-launchdarkly-tags"), "t");
    assert_string_equal(world_body(&w, old, &body), "[1,{\"a\": 2}]");
    assert_string_equal(world_body(&w, 1 - old, &body), "[5]");
    assert_string_equal(world_header(&w, 1 - old, "authorization"), WORLD_MOBILE_KEY);
    /* the IDs of the posts are known, too */
    world_post(&w, &(struct world_post){.payload_id = "id-1", .tags = "t", .schema = 3}, "[1]");
    world_post(&w, &(struct world_post){.payload_id = "id-2", .family = EVENT_MOBILE}, "[5]");
    assert_int_equal(w.door.duplicates, 2);
    str_free(&body);
    close_and_clear(&w);
}

/* 84: a disk that takes nothing stops nothing. */
static void without_the_disk_it_goes_on_in_memory(void **state)
{
    struct world w;
    struct ear ear = {0};
    (void)state;
    open_with_spool(&w, NULL);
    world_bulk(&w, "[0]");
    fake_disk.refuses = true;
    post_with_ear(&w, &ear, "id-1", "[1,2]");
    assert_int_equal(ear.safe, 1);
    world_flush(&w);
    while (w.door.sent_events < 3)
        world_turn(&w);
    assert_string_equal(fake_disk_story(), "P1 D:delivered ");
    close_and_clear(&w);
}

/* What will never be sent is not left on the disk for ever. */
static void what_is_dropped_is_done(void **state)
{
    static const struct fake_rule no[] = {{.status = 401}, END};
    static const struct fake_rule large[] = {{.status = 413, .times = 1}, {.status = 202}, END};
    struct world w;
    (void)state;
    open_with_spool(&w, no);
    world_bulk(&w, "[1]");
    events_flush(w.events);
    world_bulk(&w, "[2]");
    while (w.door.families_off == 0)
        world_turn(&w);
    assert_string_equal(fake_disk_story(), "P1 B1<=1 P3 D:dropped F<=3 ");
    world_bulk(&w, "[3]"); /* thrown away: not written */
    assert_int_equal(fake_disk.count, 5);
    close_and_clear(&w);

    open_with_spool(&w, NULL);
    world_post(&w, &(struct world_post){.path = EVENT_SUMMARIZE, .schema = 2}, "[3]");
    world_flush(&w);
    assert_string_equal(fake_disk_story(), "P1 F<=1 ");
    close_and_clear(&w);

    open_with_spool(&w, large);
    world_bulk(&w, "[1,2]");
    events_flush(w.events);
    while (w.door.sent_events < 2)
        world_turn(&w);
    assert_string_equal(fake_disk_story(),
                        "P1 B2<=1 B1<=1+ B1<=1 D:split D:delivered D:delivered ");
    close_and_clear(&w);
}

/* The batches of the story that have no outcome. */
static int batches_open(void)
{
    int batches = 0;
    for (size_t i = 0; i < fake_disk.count; i++)
        batches += (fake_disk.records[i].type == 'B') - (fake_disk.records[i].type == 'D');
    return batches;
}

/* 13.2: in an outage nothing goes to and fro; what left memory is read once, when it leaves. */
static void what_leaves_memory_is_read_once(void **state)
{
    static const struct fake_rule down[] = {{.status = 503}, END};
    static const struct fake_rule up[] = {{.status = 202}, END};
    struct world w;
    int64_t posted = 0;
    (void)state;
    world_init(&w, down);
    w.settings.spool_dir = "/somewhere";
    w.settings.retry_max_age_ms = 86400000;
    w.door.settings.max_queue_bytes = 300000;
    world_open(&w);
    for (int i = 0; i < 400; i++) {
        char *numbers = world_numbers(i * 600, 600);
        world_bulk(&w, numbers);
        mem_free(numbers);
        posted += 600;
        while ((w.events->writing > 0 || w.events->presses > 0) && !w.late)
            (void)uv_run(&w.loop, UV_RUN_NOWAIT);
        if (i % 20 == 0)
            world_pass(&w, 1000);
    }
    world_settle(&w);
    size_t aside = world_family(&w, EVENT_SERVER)->aside_events / 600;
    assert_int_equal(world_dropped(&w), 0);
    assert_int_equal(w.door.pending_events, posted);
    assert_true(aside > 300);
    assert_int_equal(batches_open(), 400);
    assert_int_equal(fake_disk.reads, 0);
    fake_http_rules(&w.upstream, up);
    world_advance(&w, 70000);
    while (w.door.sent_events < posted && !w.late)
        (void)uv_run(&w.loop, UV_RUN_NOWAIT);
    assert_int_equal(fake_disk.reads, aside);
    assert_int_equal(batches_open(), 0);
    close_and_clear(&w);
}

/* Environments that do not exist (yet): what is theirs waits, until it is too old. */
static void records_without_an_environment_wait_and_age(void **state)
{
    static const struct {
        int64_t later_ms;
        const char *story;
    } rows[] = {{300000, "P1 B1<=1 P3 "}, {300001, "P1 B1<=1 P3 D:dropped F<=3 "}};
    struct world w;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        open_with_spool(&w, NULL);
        world_bulk(&w, "[1]");
        events_flush(w.events);
        world_bulk(&w, "[2]");
        world_end(&w, 1);
        fake_disk_cut(3); /* killed before anything was sent */
        world_close(&w);

        world_init(&w, NULL);
        w.settings.spool_dir = "/somewhere";
        fake_clock_advance(&w.clock, rows[i].later_ms);
        struct env_snapshot *later = w.snapshot;
        w.snapshot = NULL;
        world_open(&w);
        w.snapshot = later;
        world_flush(&w);
        assert_int_equal(w.upstream.request_count, 0);
        assert_string_equal(fake_disk_story(), rows[i].story);
        close_and_clear(&w);
    }
}

/* 85 */
static void no_key_is_written(void **state)
{
    struct world w;
    (void)state;
    open_with_spool(&w, NULL);
    for (int family = EVENT_SERVER; family <= EVENT_BROWSER; family++)
        world_post(&w, &(struct world_post){.family = (enum event_family)family}, "[1]");
    world_flush(&w);
    for (size_t i = 0; i < fake_disk.count; i++) {
        const struct fake_record *r = &fake_disk.records[i];
        assert_true(r->group == NULL || (strstr(r->group, WORLD_SDK_KEY) == NULL &&
                                         strstr(r->group, WORLD_MOBILE_KEY) == NULL));
    }
    close_and_clear(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_in_order),
        cmocka_unit_test(a_flush_of_several_batches_is_one_thing),
        cmocka_unit_test(a_start_goes_on_where_the_last_run_ended),
        cmocka_unit_test(without_the_disk_it_goes_on_in_memory),
        cmocka_unit_test(what_is_dropped_is_done),
        cmocka_unit_test(what_leaves_memory_is_read_once),
        cmocka_unit_test(records_without_an_environment_wait_and_age),
        cmocka_unit_test(no_key_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
