/* What is held, and what the end leaves (events.md 12.1, 13.2, 17). */
#include "world.h"

#include <malloc.h>
#include <string.h>

#define MIB ((size_t)1 << 20)

/* A body of about `bytes` with events like those of SDKs, no two the same. */
static char *body_of(size_t bytes, unsigned *seed)
{
    struct str text = {0};
    while (text.len < bytes) {
        str_append_char(&text, text.len == 0 ? '[' : ',');
        str_append_format(&text, "{\"kind\":\"custom\",\"key\":\"k\",\"n\":\"");
        for (int i = 0; i < 12; i++) {
            *seed = *seed * 1664525 + 1013904223;
            str_append_format(&text, "%08x", *seed);
        }
        str_append_text(&text, "\"}");
    }
    str_append_char(&text, ']');
    return str_take_text(&text);
}

/* 76: posts of many sizes, an upstream that is down: bounded, and every lost event is counted. */
static void the_budget_holds(void **state)
{
    static const struct fake_rule down[] = {{.status = 503}, END};
    static const size_t sizes[] = {200, 3000, 100000};
    (void)state;
    for (size_t s = 0; s < ARRAY_LEN(sizes); s++) {
        struct world w;
        unsigned seed = 1;
        int64_t posted = 0;
        world_init(&w, down);
        w.door.settings.max_queue_bytes = (int64_t)MIB;
        world_open(&w);
        size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
        size_t most = 0;
        for (size_t sent = 0; sent < 10 * MIB; sent += sizes[s]) {
            char *body = body_of(sizes[s], &seed);
            struct event_array events;
            struct error err;
            assert_true(event_array_split(view_of(body), &events, &err));
            posted += (int64_t)events.count;
            event_array_free(&events);
            world_bulk(&w, body);
            mem_free(body);
            (void)uv_run(&w.loop, UV_RUN_NOWAIT);
            size_t now = mallinfo2().uordblks + mallinfo2().hblkhd;
            most = now > before && now - before > most ? now - before : most;
            assert_true(w.door.held_bytes <= (int64_t)MIB);
        }
        world_settle(&w);
        assert_true(w.door.dropped[EVENT_DROP_MEMORY] > 0);
        assert_int_equal(w.door.dropped[EVENT_DROP_MEMORY] + w.door.pending_events, posted);
        assert_int_equal(world_logged(&w, "Event memory limit of 1048576 bytes reached; dropped "),
                         1);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
        assert_true(most < 4 * MIB);
#endif
        world_close(&w);
    }
}

/* 13.2: the first events of a post that fit are taken; the others are counted. */
static void the_first_events_that_fit_are_taken(void **state)
{
    struct world w;
    struct str body = {0};
    char *numbers = world_numbers(100000, 1000);
    (void)state;
    world_init(&w, NULL);
    w.door.settings.max_queue_bytes = 10000;
    w.settings.capacity = 100000;
    world_open(&w);
    world_bulk(&w, numbers);
    assert_true(w.door.held_bytes <= 10000);
    world_flush(&w);
    (void)world_body(&w, 0, &body);
    assert_memory_equal(numbers, body.data, body.len - 1);
    assert_true(w.door.sent_events > 300 && w.door.sent_events < 435);
    assert_int_equal(w.door.sent_events + w.door.dropped[EVENT_DROP_MEMORY], 1000);
    mem_free(numbers);
    str_free(&body);
    world_close(&w);
}

/* A burst is told of at once, what follows within the minute at its end, also when nothing more is
 * dropped, or when the relay is stopped. */
static void no_dropped_event_stays_untold(void **state)
{
    static const int64_t waits_ms[] = {60000, 0};
    static const char line[] = "Event memory limit of 3000 bytes reached; dropped ";
    char *numbers = world_numbers(100000, 400);
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(waits_ms); i++) {
        struct world w;
        char rest[96];
        world_init(&w, NULL);
        w.door.settings.max_queue_bytes = 3000;
        world_open(&w);
        world_bulk(&w, numbers);
        int64_t first = w.door.dropped[EVENT_DROP_MEMORY];
        world_bulk(&w, numbers);
        world_bulk(&w, numbers);
        int64_t more = w.door.dropped[EVENT_DROP_MEMORY] - first;
        assert_true(first > 0 && more > 0);
        world_pass(&w, 59999);
        assert_int_equal(world_logged(&w, line), 1);
        if (waits_ms[i] != 0)
            world_pass(&w, 1);
        else
            world_end(&w, 1);
        (void)snprintf(rest, sizeof rest, "%s%lld events", line, (long long)more);
        assert_int_equal(world_logged(&w, line), 2);
        assert_int_equal(world_logged(&w, rest), 1);
        if (waits_ms[i] != 0) {
            world_pass(&w, 120000);
            assert_int_equal(world_logged(&w, line), 2);
        }
        world_close(&w);
    }
    mem_free(numbers);
}

/* 17: a queue does not keep a big buffer for the sake of a few bytes. */
static void a_sparse_body_is_not_kept(void **state)
{
    struct world w;
    struct str body = {0};
    char *text = mem_alloc(100001);
    (void)state;
    memset(text, ' ', 100000);
    text[0] = '[';
    memcpy(text + 50000, "1,\"two\"", 7);
    text[99999] = ']';
    text[100000] = '\0';
    world_start(&w, NULL);
    world_bulk(&w, text);
    const struct events_family *f = world_family(&w, EVENT_SERVER);
    const struct events_group *g = CONTAINER_OF(f->groups.next, struct events_group, node);
    assert_true(g->first->body->len < 20);
    world_flush(&w);
    assert_string_equal(world_body(&w, 0, &body), "[1,\"two\"]");
    mem_free(text);
    str_free(&body);
    world_close(&w);
}

/* 13.3: over half of the budget every queue leaves. */
static void at_half_of_the_budget_all_groups_leave(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, NULL);
    w.door.settings.max_queue_bytes = 20000;
    w.settings.capacity = 100000;
    world_open(&w);
    world_post(&w, &(struct world_post){.tags = "quiet"}, "[1]");
    char *numbers = world_numbers(100000, 300);
    world_bulk(&w, numbers);
    world_settle(&w);
    assert_int_equal(w.upstream.request_count, 0);
    world_bulk(&w, numbers);
    world_settle(&w);
    assert_int_equal(w.upstream.request_count, 2);
    mem_free(numbers);
    world_close(&w);
}

/* 80, 12.1 */
static void the_end_delivers_what_waits(void **state)
{
    static const struct fake_rule rules[] = {{.status = 202}, END};
    struct world w;
    (void)state;
    world_start(&w, rules);
    world_bulk(&w, "[1,2]");
    world_post(&w, &(struct world_post){.family = EVENT_BROWSER}, "[3]");
    events_close(w.events, 30000, (void (*)(void *))abort, NULL);
    world_bulk(&w, "[4]"); /* was in the mailbox */
    world_end(&w, 30000);
    assert_int_equal(w.door.sent_events, 4);
    assert_int_equal(world_logged(&w, "undelivered"), 0);
    world_close(&w);
}

/* 12.1: LaunchDarkly is back, but the next attempt would come too late. */
static void the_end_tries_what_is_kept(void **state)
{
    static const struct fake_rule down[] = {{.status = 503}, END};
    static const struct fake_rule up[] = {{.status = 202}, END};
    struct world w;
    (void)state;
    world_start(&w, down);
    world_bulk(&w, "[1,2]");
    world_flush(&w);
    world_pass(&w, 1000);
    world_bulk(&w, "[3]");
    world_flush(&w);
    assert_int_equal(w.door.families_failing, 1);
    assert_int_equal(w.door.pending_events, 3);
    fake_http_rules(&w.upstream, up);
    world_end(&w, 30000); /* the clock stands still */
    assert_int_equal(w.door.sent_events, 3);
    assert_int_equal(world_logged(&w, "undelivered"), 0);
    world_close(&w);
}

static void what_the_end_leaves_is_counted_and_told(void **state)
{
    static const struct fake_rule rows[][2] = {{{.status = 1, .manner = FAKE_SILENT}, END},
                                               {{.status = 503}, END}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct world w;
        world_start(&w, rows[i]);
        world_bulk(&w, "[1,2]");
        world_post(&w, &(struct world_post){.tags = "x"}, "[3]");
        events_flush(w.events);
        world_requests(&w, 2);
        world_bulk(&w, "[4]");
        world_end(&w, 50);
        assert_int_equal(w.door.dropped[EVENT_DROP_SHUTDOWN], 4);
        assert_int_equal(world_logged(&w, "Shutting down with 4 undelivered events"), 1);
        world_close(&w);
    }
}

/* At every moment between a post and its delivery the end may come. */
static void the_end_may_come_at_any_moment(void **state)
{
    static const struct fake_rule rules[] = {
        {.status = 503, .times = 1}, {.status = 413, .times = 1}, {.status = 202}, END};
    (void)state;
    for (int turns = 0; turns < 40; turns++) {
        struct world w;
        world_start(&w, rules);
        world_bulk(&w, "[1,2,3,4]");
        events_flush(w.events);
        for (int i = 0; i < turns; i++) {
            (void)uv_run(&w.loop, UV_RUN_NOWAIT);
            if (i % 8 == 7)
                world_advance(&w, 1000);
        }
        world_end(&w, 1);
        assert_int_equal(w.door.sent_events + w.door.dropped[EVENT_DROP_SHUTDOWN], 4);
        world_close(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_budget_holds),
        cmocka_unit_test(the_first_events_that_fit_are_taken),
        cmocka_unit_test(no_dropped_event_stays_untold),
        cmocka_unit_test(a_sparse_body_is_not_kept),
        cmocka_unit_test(at_half_of_the_budget_all_groups_leave),
        cmocka_unit_test(the_end_delivers_what_waits),
        cmocka_unit_test(the_end_tries_what_is_kept),
        cmocka_unit_test(what_the_end_leaves_is_counted_and_told),
        cmocka_unit_test(the_end_may_come_at_any_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
