/* Posts that are forwarded as they are (events.md 5, 6, 13.3). */
#include "world.h"

#include <string.h>

/* 22, 23, 24, 27, 55: one request for posts of one group, with the bytes as they came. */
static void posts_of_one_interval_become_one_request(void **state)
{
    struct world w;
    struct str body = {0};
    (void)state;
    world_start(&w, NULL);
    world_post(&w, &(struct world_post){.tags = "application-id/shop", .payload_id = "mine"},
               "[{\"kind\":\"identify\",\"n\":1.0E+2,\"n\":3}]");
    world_post(&w, &(struct world_post){.tags = "application-id/shop"},
               " [ \"fake-event-1\" , {\"x\":\"<\xC3\xA4>\\u0041\"} ,\n7 ] ");
    assert_int_equal(w.upstream.request_count, 0);
    world_pass(&w, 4999);
    assert_int_equal(w.upstream.request_count, 0);
    world_pass(&w, 1);
    assert_int_equal(w.upstream.request_count, 1);
    assert_string_equal(world_body(&w, 0, &body),
                        "[{\"kind\":\"identify\",\"n\":1.0E+2,\"n\":3},\"fake-event-1\",{\"x\":"
                        "\"<\xC3\xA4>\\u0041\"},7]");
    assert_int_equal(strncmp(w.upstream.requests[0].head, "POST /bulk HTTP/1.1\r\n", 21), 0);
    assert_string_equal(world_header(&w, 0, "authorization"), WORLD_SDK_KEY);
    assert_string_equal(world_header(&w, 0, "content-type"), "application/json");
    assert_string_equal(world_header(&w, 0, "content-encoding"), "gzip");
    assert_string_equal(world_header(&w, 0, "user-agent"), "flagrelay/test");
    assert_string_equal(world_header(&w, 0, "x-launchdarkly-event-schema"), "4");
    assert_string_equal(world_header(&w, 0, "x-launchdarkly-tags"), "application-id/shop");
    assert_string_equal(world_header(&w, 0, "x-launchdarkly-unsummarized"), "");
    const char *id = world_header(&w, 0, "x-launchdarkly-payload-id");
    assert_int_equal(strlen(id), 36);
    assert_int_equal(id[14], '4');
    /* 24: nothing more without posts; 87: no timer, no group is left. */
    for (int i = 0; i < 3; i++)
        world_pass(&w, 5000);
    assert_int_equal(w.upstream.request_count, 1);
    const struct events_family *f = world_family(&w, EVENT_SERVER);
    assert_true(list_empty(&f->groups));
    assert_false(uv_is_active((const uv_handle_t *)&f->timer));
    assert_int_equal(w.door.sent_events, 4);
    assert_int_equal(w.door.sent_bytes, body.len);
    str_free(&body);
    world_close(&w);
}

/* 25, 26: each schema and each value of the tags has requests of its own. 3, 60: so has each
 * family, with its own path and credential. */
static void groups_have_requests_of_their_own(void **state)
{
    static const struct {
        struct world_post post;
        const char *start;
        const char *schema;
        const char *tags;
        const char *authorization;
    } rows[] = {
        {{.schema = 3}, "POST /bulk HTTP", "3", "", WORLD_SDK_KEY},
        {{.schema = 4}, "POST /bulk HTTP", "4", "", WORLD_SDK_KEY},
        {{.schema = 7}, "POST /bulk HTTP", "7", "", WORLD_SDK_KEY},
        {{.schema = 4, .tags = "a/1"}, "POST /bulk HTTP", "4", "a/1", WORLD_SDK_KEY},
        {{.schema = 4, .tags = "a/2"}, "POST /bulk HTTP", "4", "a/2", WORLD_SDK_KEY},
        {{.family = EVENT_MOBILE}, "POST /mobile HTTP", "4", "", WORLD_MOBILE_KEY},
        {{.family = EVENT_BROWSER}, "POST /events/bulk/" WORLD_ENV_ID " HTTP", "4", "", ""},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct world w;
        world_start(&w, NULL);
        for (size_t k = 0; k < ARRAY_LEN(rows); k++) {
            size_t turn = (i + k) % ARRAY_LEN(rows);
            world_post(&w, &rows[turn].post, "[1]");
            world_post(&w, &rows[turn].post, "[2]");
        }
        world_flush(&w);
        assert_int_equal(w.upstream.request_count, ARRAY_LEN(rows));
        size_t found = 0;
        for (size_t k = 0; k < ARRAY_LEN(rows); k++)
            found +=
                strncmp(w.upstream.requests[k].head, rows[i].start, strlen(rows[i].start)) == 0 &&
                strcmp(world_header(&w, k, "x-launchdarkly-event-schema"), rows[i].schema) == 0 &&
                strcmp(world_header(&w, k, "x-launchdarkly-tags"), rows[i].tags) == 0 &&
                strcmp(world_header(&w, k, "authorization"), rows[i].authorization) == 0;
        assert_int_equal(found, 1);
        world_close(&w);
    }
}

/* 56 */
static void the_uri_may_have_slashes_and_a_prefix(void **state)
{
    static const struct {
        const char *suffix;
        const char *start;
    } rows[] = {{"", "POST /bulk "},
                {"/", "POST /bulk "},
                {"/a/b", "POST /a/b/bulk "},
                {"/a/b///", "POST /a/b/bulk "}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct world w;
        char uri[96];
        world_init(&w, NULL);
        (void)snprintf(uri, sizeof uri, "http://127.0.0.1:%d%s", (int)w.upstream.port,
                       rows[i].suffix);
        w.settings.uri = uri;
        world_open(&w);
        world_bulk(&w, "[1]");
        world_flush(&w);
        assert_int_equal(fake_http_count(&w.upstream, rows[i].start), 1);
        world_close(&w);
    }
}

/* 28, 29 */
static void a_capacity_that_is_set_is_a_hard_limit(void **state)
{
    struct world w;
    struct str body = {0};
    (void)state;
    world_init(&w, NULL);
    w.settings.capacity = 2;
    w.settings.capacity_set = true;
    world_open(&w);
    world_bulk(&w, "[1,2,3,4,5]");
    world_settle(&w);
    assert_string_equal(world_body(&w, 0, &body), "[1,2]");
    world_bulk(&w, "[6,7,8]");
    world_settle(&w);
    assert_string_equal(world_body(&w, 1, &body), "[6,7]");
    assert_int_equal(world_logged(&w, "Exceeded event queue capacity of 2. Increase capacity to "
                                      "avoid dropping events."),
                     1);
    assert_int_equal(w.door.dropped[EVENT_DROP_CAPACITY], 4);
    world_bulk(&w, "[9]");
    world_flush(&w);
    world_bulk(&w, "[10,11,12]");
    assert_int_equal(world_logged(&w, "Exceeded event queue capacity of 2."), 2);
    world_settle(&w);
    str_free(&body);
    world_close(&w);
}

/* 30 */
static void a_burst_loses_nothing_and_leaves_early(void **state)
{
    static const bool set[] = {false, true};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(set); i++) {
        struct world w;
        char *numbers = world_numbers(0, 501);
        world_init(&w, NULL);
        w.settings.capacity_set = set[i];
        world_open(&w);
        world_bulk(&w, numbers);
        world_settle(&w);
        assert_int_equal(w.upstream.request_count, 1);
        assert_int_equal(w.door.sent_events, 501);
        mem_free(numbers);
        world_close(&w);
    }
    struct world w;
    char *many = world_numbers(0, 5000);
    world_start(&w, NULL);
    world_bulk(&w, many);
    world_settle(&w);
    assert_int_equal(w.door.sent_events, 5000);
    mem_free(many);
    world_close(&w);
}

/* "[1000...,1000...]": numbers of 16 digits, no two the same. */
static char *long_numbers(int count)
{
    struct str text = {0};
    for (int i = 0; i < count; i++)
        str_append_format(&text, "%c%d00000000000", i == 0 ? '[' : ',', 10000 + i);
    str_append_char(&text, ']');
    return str_take_text(&text);
}

/* 13.1: 10,000 events and maxBatchBytes bound a batch, in order; a single event may be bigger. */
static void big_flushes_become_several_batches(void **state)
{
    struct world w;
    struct str all = {0};
    struct str body = {0};
    size_t not_full = 0;
    char *numbers = long_numbers(25000);
    (void)state;
    world_start(&w, NULL);
    world_bulk(&w, numbers);
    world_settle(&w);
    assert_int_equal(w.upstream.request_count, 3);
    assert_int_equal(w.door.sent_events, 25000);
    world_close(&w);

    world_init(&w, NULL);
    w.settings.max_batch_bytes = 20000;
    w.settings.max_in_flight = 1;
    world_open(&w);
    world_bulk(&w, numbers);
    world_settle(&w);
    for (size_t i = 0; i < w.upstream.request_count; i++) {
        (void)world_body(&w, i, &body);
        assert_true(body.len <= 20000);
        not_full += body.len <= 20000 - 17;
        str_append_char(&all, i == 0 ? '[' : ',');
        str_append(&all, view_make(body.data + 1, body.len - 2));
    }
    str_append_char(&all, ']');
    assert_int_equal(w.upstream.request_count, 22);
    assert_int_equal(not_full, 1);
    assert_int_equal(all.len, strlen(numbers));
    world_close(&w);

    world_init(&w, NULL);
    w.settings.max_batch_bytes = 16;
    world_open(&w);
    world_bulk(&w, "[1,\"a text that is longer than sixteen bytes\",2,3]");
    world_settle(&w);
    assert_int_equal(w.upstream.request_count, 3);
    world_close(&w);
    mem_free(numbers);
    str_free(&all);
    str_free(&body);
}

/* 86 */
static void a_thousand_groups_are_the_most(void **state)
{
    struct world w;
    char tags[32];
    (void)state;
    world_start(&w, NULL);
    for (int i = 0; i < 2000; i++) {
        (void)snprintf(tags, sizeof tags, "application-id/%d", i);
        world_post(&w, &(struct world_post){.tags = tags}, "[1]");
    }
    assert_int_equal(world_family(&w, EVENT_SERVER)->by_key.count, 1001);
    assert_int_equal(world_logged(&w, "Too many distinct values of X-LaunchDarkly-Tags; further "
                                      "events are forwarded without tags"),
                     1);
    world_flush(&w);
    while (w.door.pending_events != 0)
        world_turn(&w);
    assert_int_equal(w.door.sent_events, 2000);
    world_close(&w);
}

/* 79 */
static void a_post_that_comes_twice_is_handled_once(void **state)
{
    static const struct {
        struct world_post post;
        int64_t wait_ms;
        bool duplicate;
        const char *why;
    } rows[] = {
        {{.payload_id = "a"}, 0, false, "the first"},
        {{.payload_id = "a"}, 0, true, "the same again"},
        {{.payload_id = "b"}, 0, false, "another ID"},
        {{.payload_id = ""}, 0, false, "no ID"},
        {{.payload_id = ""}, 0, false, "no ID again"},
        {{.payload_id = "a", .family = EVENT_MOBILE}, 0, false, "another family"},
        {{.payload_id = "a", .slot = 1}, 0, false, "another environment"},
        {{.payload_id = "a"}, 599999, true, "at the end of the window"},
        {{.payload_id = "a"}, 1, false, "behind the window"},
    };
    (void)state;
    struct world w;
    int64_t duplicates = 0;
    world_start(&w, NULL);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        fake_clock_advance(&w.clock, rows[i].wait_ms);
        world_post(&w, &rows[i].post, "[1]");
        duplicates += rows[i].duplicate;
        if (w.door.duplicates != duplicates)
            fail_msg("%s", rows[i].why);
    }
    world_close(&w);

    world_init(&w, NULL);
    w.settings.dedupe_window_ms = 0;
    world_open(&w);
    for (int i = 0; i < 2; i++)
        world_post(&w, &rows[0].post, "[1]");
    world_flush(&w);
    assert_int_equal(w.door.sent_events, 2);
    assert_int_equal(w.door.duplicates, 0);
    world_close(&w);
}

/* 13.4: 65,536 IDs, the oldest leave first. */
static void the_table_of_ids_is_bounded(void **state)
{
    struct events_dedupe d;
    char id[32];
    (void)state;
    events_dedupe_init(&d, 1000);
    for (int i = 0; i < 70000; i++) {
        int len = snprintf(id, sizeof id, "id-%d", i);
        assert_false(events_dedupe_seen(&d, 0, EVENT_SERVER, view_make(id, (size_t)len), 5));
    }
    assert_int_equal(d.count, EVENTS_DEDUPE_MAX);
    assert_true(events_dedupe_seen(&d, 0, EVENT_SERVER, VIEW_LITERAL("id-69999"), 5));
    assert_true(events_dedupe_seen(&d, 0, EVENT_SERVER, VIEW_LITERAL("id-4464"), 5));
    assert_false(events_dedupe_seen(&d, 0, EVENT_SERVER, VIEW_LITERAL("id-4463"), 5));
    assert_false(events_dedupe_seen(&d, 0, EVENT_SERVER, VIEW_LITERAL("id-69999"), 1005));
    assert_int_equal(d.count, 1);
    events_dedupe_free(&d);
}

/* 12: what waits survives; the interval counts from the next flush on. */
static void other_settings_hold_from_then_on(void **state)
{
    struct world w;
    (void)state;
    world_start(&w, NULL);
    world_bulk(&w, "[1,2]");
    w.settings.capacity = 3;
    w.settings.capacity_set = true;
    w.settings.flush_interval_ms = 2000;
    char uri[64];
    (void)snprintf(uri, sizeof uri, "http://127.0.0.1:%d/new/", (int)w.upstream.port);
    w.settings.uri = uri;
    events_reload(w.events, &w.settings);
    world_bulk(&w, "[3,4]");
    assert_int_equal(w.door.dropped[EVENT_DROP_CAPACITY], 1);
    world_settle(&w);
    assert_int_equal(fake_http_count(&w.upstream, "POST /new/bulk"), 1);
    assert_int_equal(w.door.sent_events, 3);
    world_bulk(&w, "[5]");
    world_pass(&w, 5000);
    world_bulk(&w, "[6]");
    world_pass(&w, 2000);
    assert_int_equal(w.door.sent_events, 5);
    assert_int_equal(world_logged(&w, "Proxying events for this environment"), 4);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(posts_of_one_interval_become_one_request),
        cmocka_unit_test(groups_have_requests_of_their_own),
        cmocka_unit_test(the_uri_may_have_slashes_and_a_prefix),
        cmocka_unit_test(a_capacity_that_is_set_is_a_hard_limit),
        cmocka_unit_test(a_burst_loses_nothing_and_leaves_early),
        cmocka_unit_test(big_flushes_become_several_batches),
        cmocka_unit_test(a_thousand_groups_are_the_most),
        cmocka_unit_test(a_post_that_comes_twice_is_handled_once),
        cmocka_unit_test(the_table_of_ids_is_bounded),
        cmocka_unit_test(other_settings_hold_from_then_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
