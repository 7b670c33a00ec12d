/* An outage is bounded by the disk, not by memory (events.md 13.2, 13.7): the core with a real
 * spool, and batches that wait on disk alone. */
#include "world.h"

#include "base/map.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MIB 1048576
#define EVENT_BYTES 250 /* of hexadecimal noise */

static const struct fake_rule down[] = {{.status = 503}, END};
static const struct fake_rule up[] = {{.status = 202}, END};
static const struct fake_rule refusal[] = {{.status = 401}, END};
static const struct fake_rule mobile_up[] = {
    {.target = "/mobile", .status = 202}, {.status = 503}, END};

struct room {
    struct world w;
    char dir[64];
    int next; /* number of the next event */
    int safe; /* posts that may be answered */
    int posts;
    struct map seen; /* payload IDs of deliveries */
    struct map events;
};

static void on_safe(void *owner)
{
    ((struct room *)owner)->safe++;
}

static void open_room(struct room *r, const struct fake_rule *rules)
{
    world_init(&r->w, rules);
    r->w.settings.spool_dir = r->dir;
    r->w.settings.spool_max_bytes = INT64_C(1) << 30;
    r->w.settings.spool_sync = SPOOL_SYNC_NEVER;
    r->w.settings.max_in_flight = 1;
    r->w.settings.retry_max_age_ms = 86400000;
    r->w.settings.max_batch_bytes = 65536;
    r->w.door.settings.spooled = true;
    r->w.door.settings.max_queue_bytes = MIB;
    world_open(&r->w);
}

static int setup(void **state)
{
    struct room *r = mem_zalloc(sizeof *r);
    (void)snprintf(r->dir, sizeof r->dir, "/tmp/flagrelay-aside-XXXXXX");
    assert_non_null(mkdtemp(r->dir));
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    struct room *r = *state;
    struct dirent **files = NULL;
    int count = scandir(r->dir, &files, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char path[512];
        (void)snprintf(path, sizeof path, "%s/%s", r->dir, files[i]->d_name);
        (void)unlink(path);
        free(files[i]);
    }
    free(files);
    assert_int_equal(rmdir(r->dir), 0);
    map_free(&r->seen);
    map_free(&r->events);
    mem_free(r);
    return 0;
}

/* ---- what is posted -------------------------------------------------------------------------- */

static char *body_of(int first, int count)
{
    struct str text = {0};
    unsigned seed = (unsigned)first + 1;
    for (int i = 0; i < count; i++) {
        str_append_format(&text, "%c{\"n\":%d,\"x\":\"", i == 0 ? '[' : ',', first + i);
        for (int k = 0; k < EVENT_BYTES; k += 8) {
            seed = seed * 1664525 + 1013904223;
            str_append_format(&text, "%08x", seed ^ (seed >> 15));
        }
        str_append_text(&text, "\"}");
    }
    str_append_char(&text, ']');
    return str_take_text(&text);
}

/* The gauges say what is true, and memory keeps to its limit. */
static void check(struct room *r)
{
    struct world *w = &r->w;
    struct events_counts one;
    events_counts(w->events, 0, &one);
    assert_int_equal(one.queue, w->door.pending_events);
    assert_int_equal(one.queue_bytes, w->door.held_bytes);
    assert_true(w->door.held_bytes <= MIB);
    assert_int_equal(w->door.pending_events + w->door.sent_events + world_dropped(w), r->next);
}

/* As an SDK does: the next post follows when this one was answered. */
static void post(struct room *r, enum event_family family, int events)
{
    char *body = body_of(r->next, events);
    struct world_post how = {.family = family, .safe = on_safe, .owner = r};
    world_post(&r->w, &how, body);
    mem_free(body);
    r->next += events;
    r->posts++;
    check(r);
    while (r->safe < r->posts)
        world_turn(&r->w);
    check(r);
}

static void post_bytes(struct room *r, enum event_family family, int bytes)
{
    for (int sent = 0; sent < bytes; sent += 100 * EVENT_BYTES)
        post(r, family, 100);
}

static bool is_writing(const struct events_family *f)
{
    for (const struct list *n = f != NULL ? f->batches.next : NULL; n != NULL && n != &f->batches;
         n = n->next)
        if (CONTAINER_OF(n, struct events_batch, each)->state == EVENTS_BATCH_WRITING)
            return true;
    return false;
}

/* All that was posted is in batches, and those are on disk. */
static void flush(struct room *r)
{
    bool writing = true;
    events_flush(r->w.events);
    while (writing) {
        writing = false;
        for (int k = EVENT_SERVER; k <= EVENT_MOBILE; k++)
            writing = writing || is_writing(r->w.events->envs[0]->families[k]);
        if (writing)
            world_turn(&r->w);
    }
    world_settle(&r->w);
}

/* The family is failing: its first batch was tried twice. */
static void begin_outage(struct room *r, enum event_family family)
{
    post(r, family, 1);
    flush(r);
    world_pass(&r->w, 1000);
    assert_true(world_family(&r->w, family)->failing);
}

static size_t aside_events(const struct room *r, enum event_family kind)
{
    return world_family(&r->w, kind)->aside_events;
}

/* ---- what arrives ---------------------------------------------------------------------------- */

static void *const yes = (void *)"";

/* Two are pressed at a time: one that takes long lets others pass. */
#define NEARLY 5000

/* Each ID once, each event once, and oldest first. */
static void arrivals_check(struct room *r, bool in_order)
{
    struct str body = {0};
    int newest = 0;
    for (size_t i = 0; i < r->w.upstream.request_count; i++) {
        const char *id = world_header(&r->w, i, "x-launchdarkly-payload-id");
        if (map_set(&r->seen, view_of(id), yes) != NULL)
            fail_msg("batch %s came twice", id);
        for (const char *at = world_body(&r->w, i, &body); (at = strstr(at, "{\"n\":")) != NULL;) {
            at += strlen("{\"n\":");
            int n = (int)strtol(at, NULL, 10);
            if (map_set(&r->events, view_make(at, strspn(at, "0123456789")), yes) != NULL)
                fail_msg("event %d came twice", n);
            if (in_order && n + NEARLY < newest)
                fail_msg("event %d came after %d", n, newest);
            newest = n > newest ? n : newest;
        }
    }
    str_free(&body);
    fake_http_forget(&r->w.upstream);
}

static void recover(struct room *r, const struct fake_rule *rules)
{
    flush(r);
    fake_http_rules(&r->w.upstream, rules);
    fake_http_forget(&r->w.upstream);
    world_advance(&r->w, 70000);
}

static void all_arrive(struct room *r)
{
    while (r->w.door.sent_events < r->next) {
        world_turn(&r->w);
        check(r);
    }
}

/* ---- tests ----------------------------------------------------------------------------------- */

/* Sixteen times the budget waits, nothing is lost, and all of it arrives in order, once. */
static void an_outage_is_bounded_by_the_disk(void **state)
{
    struct room *r = *state;
    open_room(r, down);
    begin_outage(r, EVENT_SERVER);
    post_bytes(r, EVENT_SERVER, 16 * MIB);
    world_settle(&r->w);
    check(r);
    assert_int_equal(world_dropped(&r->w), 0);
    assert_int_equal(r->w.door.pending_events, r->next);
    assert_true(aside_events(r, EVENT_SERVER) * EVENT_BYTES > 14 * (size_t)MIB);
    assert_true(r->w.door.held_bytes < MIB / 2 + 102400);
    assert_true(spool_bytes(r->w.events->spool) > 16 * (int64_t)MIB);
    recover(r, up);
    all_arrive(r);
    arrivals_check(r, true);
    assert_int_equal(r->events.count, r->next);
    assert_int_equal(aside_events(r, EVENT_SERVER), 0);
    assert_int_equal(r->w.events->aside_held, 0);
    assert_true(list_empty(&r->w.events->aside));
    char kept[64];
    (void)snprintf(kept, sizeof kept, "sending %d kept events", r->next);
    assert_int_equal(world_logged(&r->w, kept), 1);
    post(r, EVENT_SERVER, 10); /* and on as before */
    events_flush(r->w.events);
    all_arrive(r);
    world_close(&r->w);
}

/* A second outage while the first one's batches are still on disk. */
static void outages_may_follow_each_other(void **state)
{
    struct room *r = *state;
    open_room(r, down);
    begin_outage(r, EVENT_SERVER);
    post_bytes(r, EVENT_SERVER, 4 * MIB);
    for (int i = 0; i < 3; i++) {
        recover(r, up);
        while (r->w.door.sent_events < (int64_t)2000 * (i + 1))
            world_turn(&r->w);
        world_settle(&r->w);
        arrivals_check(r, false);
        fake_http_rules(&r->w.upstream, down);
        post_bytes(r, EVENT_SERVER, 2 * MIB);
        world_pass(&r->w, 1000);
        assert_true(aside_events(r, EVENT_SERVER) > 0);
    }
    recover(r, up);
    all_arrive(r);
    arrivals_check(r, false);
    assert_int_equal(r->events.count, r->next);
    assert_int_equal(world_dropped(&r->w), 0);
    world_close(&r->w);
}

/* What waits aside ends with its path, as what waits in memory does. */
static void a_refusal_ends_what_is_aside(void **state)
{
    struct room *r = *state;
    open_room(r, down);
    begin_outage(r, EVENT_SERVER);
    post_bytes(r, EVENT_SERVER, 4 * MIB);
    world_settle(&r->w);
    size_t aside = aside_events(r, EVENT_SERVER);
    assert_true(aside > 0);
    recover(r, refusal);
    while (r->w.door.families_off == 0)
        world_turn(&r->w);
    world_settle(&r->w);
    assert_int_equal(aside_events(r, EVENT_SERVER), 0);
    assert_true(r->w.door.dropped[EVENT_DROP_SWITCHED_OFF] >= (int64_t)aside);
    assert_int_equal(world_dropped(&r->w), r->next);
    assert_int_equal(r->w.upstream.request_count, 1);
    world_close(&r->w);

    open_room(r, up); /* outcomes are on disk: nothing comes again */
    assert_int_equal(r->w.door.pending_events, 0);
    world_close(&r->w);
}

/* The path is switched off while a batch is on its way from the disk. */
static void a_refusal_ends_what_is_being_read(void **state)
{
    struct room *r = *state;
    open_room(r, down);
    begin_outage(r, EVENT_SERVER);
    post_bytes(r, EVENT_SERVER, 2 * MIB);
    recover(r, up);
    while (r->w.events->coming == NULL)
        world_turn(&r->w);
    events_switch_off(world_family(&r->w, EVENT_SERVER), EVENT_VERBATIM,
                      map_hash(VIEW_LITERAL(WORLD_SDK_KEY)));
    while (r->w.events->coming != NULL)
        world_turn(&r->w);
    world_settle(&r->w);
    assert_int_equal(aside_events(r, EVENT_SERVER), 0);
    assert_int_equal(r->w.door.sent_events + world_dropped(&r->w), r->next);
    assert_int_equal(r->w.door.pending_events, 0);
    world_close(&r->w);
}

/* 13.5: too old is too old, wherever it waits. */
static void age_ends_what_is_aside(void **state)
{
    struct room *r = *state;
    open_room(r, down);
    begin_outage(r, EVENT_SERVER);
    post_bytes(r, EVENT_SERVER, 4 * MIB);
    world_settle(&r->w);
    flush(r);
    assert_true(aside_events(r, EVENT_SERVER) > 0);
    world_pass(&r->w, 86300000);
    assert_int_equal(world_dropped(&r->w), 0);
    world_pass(&r->w, 200000);
    while (world_dropped(&r->w) < r->next && !r->w.late) {
        world_pass(&r->w, 70000);
        (void)uv_run(&r->w.loop, UV_RUN_NOWAIT);
    }
    assert_int_equal(r->w.door.dropped[EVENT_DROP_AGE], r->next);
    assert_int_equal(aside_events(r, EVENT_SERVER), 0);
    world_close(&r->w);
}

/* The end does not wait for it, nor call it lost; the next start has all of it. */
static void the_next_start_has_what_is_aside(void **state)
{
    struct room *r = *state;
    open_room(r, down);
    begin_outage(r, EVENT_SERVER);
    post_bytes(r, EVENT_SERVER, 6 * MIB);
    world_settle(&r->w);
    assert_true(aside_events(r, EVENT_SERVER) > 0);
    world_end(&r->w, 1);
    assert_int_equal(world_dropped(&r->w), 0);
    assert_int_equal(world_logged(&r->w, "undelivered"), 0);
    world_close(&r->w);

    open_room(r, down); /* once more in vain */
    assert_int_equal(r->w.door.pending_events, r->next);
    assert_true(r->w.door.held_bytes < MIB / 2);
    post_bytes(r, EVENT_SERVER, 2 * MIB);
    world_pass(&r->w, 1000);
    world_settle(&r->w);
    world_close(&r->w);

    open_room(r, up);
    events_flush(r->w.events);
    all_arrive(r);
    arrivals_check(r, false);
    assert_int_equal(r->events.count, r->next);
    world_close(&r->w);
}

/* One family's outage does not hold up another's batches that are on disk. */
static void a_family_that_works_does_not_wait_for_one_that_fails(void **state)
{
    struct room *r = *state;
    open_room(r, down);
    begin_outage(r, EVENT_SERVER);
    post_bytes(r, EVENT_SERVER, 2 * MIB);
    begin_outage(r, EVENT_MOBILE);
    int server = r->next - 1;
    post_bytes(r, EVENT_MOBILE, 3 * MIB);
    world_pass(&r->w, 1000);
    assert_true(aside_events(r, EVENT_MOBILE) > 0);
    recover(r, mobile_up);
    while (r->w.door.sent_events < r->next - server) {
        world_turn(&r->w);
        check(r);
    }
    assert_int_equal(r->w.door.pending_events, server);
    recover(r, up);
    all_arrive(r);
    assert_int_equal(world_dropped(&r->w), 0);
    world_close(&r->w);
}

/* What cannot be read any more is told, pending until the next start, and in nobody's way. */
static void a_damaged_file_holds_up_nothing(void **state)
{
    struct room *r = *state;
    char path[128];
    open_room(r, down);
    begin_outage(r, EVENT_SERVER);
    post_bytes(r, EVENT_SERVER, 20 * MIB);
    (void)snprintf(path, sizeof path, "%s/events-0000000002.spool", r->dir);
    assert_int_equal(truncate(path, 100), 0);
    recover(r, up);
    while (!list_empty(&r->w.events->aside) || r->w.events->batch_count > 0 ||
           r->w.events->coming != NULL) {
        world_turn(&r->w);
        check(r);
    }
    assert_true(world_logged(&r->w, "cannot be read any more; a batch in it waits") > 0);
    assert_int_equal(world_dropped(&r->w), 0);
    assert_true(r->w.door.pending_events > 0);
    assert_true(r->w.door.sent_events > r->next / 2);
    arrivals_check(r, false);
    world_close(&r->w);
}

/* As for what waits in memory: the environment's last keys count. */
static void what_is_aside_outlives_its_environment(void **state)
{
    struct room *r = *state;
    open_room(r, down);
    begin_outage(r, EVENT_SERVER);
    post_bytes(r, EVENT_SERVER, 2 * MIB);
    struct env_snapshot *gone = r->w.snapshot;
    recover(r, up);
    r->w.snapshot = NULL;
    all_arrive(r);
    arrivals_check(r, false);
    assert_int_equal(r->events.count, r->next);
    r->w.snapshot = gone;
    world_close(&r->w);
}

/* At any moment while batches come and go the end may come, and the start after it. */
static void the_end_may_come_at_any_moment(void **state)
{
    struct room *r = *state;
    open_room(r, down);
    begin_outage(r, EVENT_SERVER);
    post_bytes(r, EVENT_SERVER, 2 * MIB);
    for (int turns = 0; turns < 30; turns++) {
        int64_t sent = r->w.door.sent_events;
        recover(r, up);
        for (int i = 0; i < turns; i++)
            world_turn(&r->w);
        world_end(&r->w, 1);
        assert_int_equal(world_dropped(&r->w), 0);
        sent = r->w.door.sent_events - sent;
        r->next -= (int)sent;
        world_close(&r->w);
        open_room(r, down);
        check(r);
        if (r->next == 0)
            break;
        post(r, EVENT_SERVER, 50);
    }
    world_close(&r->w);
}

#define ASIDE_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ASIDE_TEST(an_outage_is_bounded_by_the_disk),
        ASIDE_TEST(outages_may_follow_each_other),
        ASIDE_TEST(a_refusal_ends_what_is_aside),
        ASIDE_TEST(a_refusal_ends_what_is_being_read),
        ASIDE_TEST(age_ends_what_is_aside),
        ASIDE_TEST(the_next_start_has_what_is_aside),
        ASIDE_TEST(a_family_that_works_does_not_wait_for_one_that_fails),
        ASIDE_TEST(a_damaged_file_holds_up_nothing),
        ASIDE_TEST(what_is_aside_outlives_its_environment),
        ASIDE_TEST(the_end_may_come_at_any_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
