/* What answers of the events service lead to (events.md 8.3, 8.4, 13.5). */
#include "world.h"

#include <string.h>

/* 57, 58: once more after a second, the same bytes under the same ID. */
static void what_may_pass_is_tried_again_after_a_second(void **state)
{
    static const struct {
        struct fake_rule first;
        const char *log;
    } rows[] = {
        {{.status = 400, .times = 1}, "Received HTTP error 400 for sending events - will retry"},
        {{.status = 408, .times = 1}, "Received HTTP error 408 for sending events - will retry"},
        {{.status = 429, .times = 1}, "Received HTTP error 429 for sending events - will retry"},
        {{.status = 500, .times = 1}, "Received HTTP error 500 for sending events - will retry"},
        {{.status = 502, .times = 1}, "Received HTTP error 502 for sending events - will retry"},
        {{.status = 503, .times = 1}, "Received HTTP error 503 for sending events - will retry"},
        {{.status = 301, .times = 1, .header = "Location: http://127.0.0.1:1/x\r\n"},
         "redirects to \"http://127.0.0.1:1/x\", which is not followed; check eventsUri"},
        {{.status = 307, .times = 1, .header = "Location: /bulk\r\n"},
         "Received HTTP error 307 for sending events - will retry"},
        {{.status = 1, .times = 1, .manner = FAKE_RESET},
         "Unexpected error while sending events: connection reset by peer"},
        {{.status = 200, .times = 1, .manner = FAKE_HALF, .body = "x"},
         "Unexpected error while sending events: unexpected EOF"},
        {{.status = 1, .times = 1, .manner = FAKE_GARBAGE},
         "Unexpected error while sending events: "},
        {{.status = 1, .times = 1, .manner = FAKE_SILENT},
         "Unexpected error while sending events: no answer in time"}, /* 66 */
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct fake_rule rules[] = {rows[i].first, {.status = 202}, END};
        struct world w;
        world_init(&w, rules);
        w.settings.attempt_timeout_ms = rows[i].first.manner == FAKE_SILENT ? 500 : 0;
        world_open(&w);
        world_bulk(&w, "[1,2]");
        world_flush(&w);
        w.events->settings.attempt_timeout_ms = 10000; /* the next attempt may take its time */
        assert_int_equal(w.upstream.request_count, 1);
        world_pass(&w, 999);
        assert_int_equal(w.upstream.request_count, 1);
        world_pass(&w, 1);
        assert_int_equal(w.upstream.request_count, 2);
        struct fake_request *r = w.upstream.requests;
        assert_true(view_equal(str_view(&r[0].body), str_view(&r[1].body)));
        assert_string_equal(world_header(&w, 0, "x-launchdarkly-payload-id"),
                            world_header(&w, 1, "x-launchdarkly-payload-id"));
        if (world_logged(&w, rows[i].log) != 1 ||
            world_logged(&w, "Will retry posting events after 1.000000 second\n") != 1)
            fail_msg("%s: %s", rows[i].log, str_text(&w.log));
        assert_int_equal(w.door.sent_events, 2);
        assert_int_equal(world_dropped(&w), 0);
        world_close(&w);
    }
}

/* 78 */
static void without_an_age_a_batch_has_two_attempts(void **state)
{
    static const struct fake_rule rules[] = {{.status = 503}, END};
    struct world w;
    (void)state;
    world_init(&w, rules);
    w.settings.retry_max_age_ms = 0;
    world_open(&w);
    world_bulk(&w, "[1,2]");
    world_flush(&w);
    world_pass(&w, 1000);
    assert_int_equal(world_logged(&w, "Received HTTP error 503 for sending events - some events "
                                      "were dropped"),
                     1);
    assert_int_equal(w.door.dropped[EVENT_DROP_AGE], 2);
    assert_int_equal(world_dropped(&w), 2);
    world_pass(&w, 100000);
    assert_int_equal(w.upstream.request_count, 2);
    world_close(&w);
}

/* 13.5: 5, 10, 20, 40, 60, 60 seconds (a half of chance gives factor 1), one batch at a time. */
static void a_failing_family_tries_one_batch_now_and_then(void **state)
{
    static const int64_t waits_ms[] = {5000, 10000, 20000, 40000, 60000, 60000};
    static const struct fake_rule down[] = {{.status = 503}, END};
    static const struct fake_rule up[] = {{.status = 202}, END};
    struct world w;
    struct str body = {0};
    (void)state;
    world_start(&w, down);
    world_bulk(&w, "[1,2]");
    world_flush(&w);
    world_pass(&w, 1000);
    assert_int_equal(w.upstream.request_count, 2);
    assert_int_equal(world_logged(&w, "Received HTTP error 503 for sending events - keeping 2 "
                                      "events for retry"),
                     1);
    assert_int_equal(w.door.families_failing, 1);
    world_bulk(&w, "[3]"); /* formed, not sent */
    world_flush(&w);
    for (size_t i = 0; i < ARRAY_LEN(waits_ms); i++) {
        world_pass(&w, waits_ms[i] - 1);
        assert_int_equal(w.upstream.request_count, 2 + i);
        world_pass(&w, 1);
        assert_int_equal(w.upstream.request_count, 3 + i);
        assert_string_equal(world_body(&w, 2 + i, &body), "[1,2]");
    }
    assert_int_equal(w.door.pending_events, 3);
    fake_http_rules(&w.upstream, up);
    world_pass(&w, 60000);
    assert_int_equal(world_logged(&w, "Events service reachable again; sending 3 kept events"), 1);
    assert_int_equal(w.door.sent_events, 3);
    assert_int_equal(w.door.families_failing, 0);
    assert_int_equal(w.door.pending_events, 0);
    str_free(&body);
    world_close(&w);
}

/* 13.5 rule 4, 77: what is older than retryMaxAge goes, the younger stays. */
static void old_batches_are_dropped(void **state)
{
    static const struct fake_rule down[] = {{.status = 503}, END};
    static const struct fake_rule up[] = {{.status = 202}, END};
    struct world w;
    struct str body = {0};
    (void)state;
    world_start(&w, down);
    world_bulk(&w, "[1,2]");
    world_flush(&w);
    world_pass(&w, 1000);
    world_pass(&w, 200000);
    world_bulk(&w, "[3]");
    world_flush(&w);
    fake_http_rules(&w.upstream, up);
    fake_http_forget(&w.upstream);
    world_pass(&w, 150000);
    assert_int_equal(w.door.dropped[EVENT_DROP_AGE], 2);
    assert_int_equal(world_logged(&w, "Dropped 2 events that have waited for longer than "
                                      "retryMaxAge"),
                     1);
    assert_int_equal(w.upstream.request_count, 1);
    assert_string_equal(world_body(&w, 0, &body), "[3]");
    str_free(&body);
    world_close(&w);
}

/* 8.3: at the most five minutes. */
static void retry_after_is_honoured(void **state)
{
    static const struct {
        int status;
        const char *header;
        int64_t wait_ms;
    } rows[] = {
        {429, "Retry-After: 7\r\n", 7000},      {503, "Retry-After: 30\r\n", 30000},
        {503, "Retry-After: 9999\r\n", 300000}, {503, "Retry-After: soon\r\n", 1000},
        {500, "Retry-After: 7\r\n", 1000},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct fake_rule rules[] = {
            {.status = rows[i].status, .header = rows[i].header, .times = 1}, {.status = 202}, END};
        struct world w;
        world_start(&w, rules);
        world_bulk(&w, "[1]");
        world_flush(&w);
        world_bulk(&w, "[2]"); /* waits, too */
        world_advance(&w, rows[i].wait_ms - 1);
        if (rows[i].wait_ms > 1000) {
            world_flush(&w);
            assert_int_equal(w.upstream.request_count, 1);
        }
        world_advance(&w, 1);
        world_flush(&w);
        assert_int_equal(w.upstream.request_count, 3);
        assert_int_equal(w.door.sent_events, 2);
        world_close(&w);
    }
}

/* The number of requests with this body; batches have no order among each other. */
static size_t bodies(const struct world *w, const char *wanted)
{
    struct str body = {0};
    size_t count = 0;
    for (size_t i = 0; i < w->upstream.request_count; i++)
        count += strcmp(world_body(w, i, &body), wanted) == 0;
    str_free(&body);
    return count;
}

/* 59 */
static void what_is_too_large_is_halved(void **state)
{
    static const struct fake_rule rules[] = {{.status = 413, .times = 2}, /* the whole, a half */
                                             {.status = 202, .times = 2},
                                             {.status = 413, .times = 1}, /* the other half */
                                             {.status = 202, .times = 2},
                                             {.status = 413},
                                             END};
    static const char *const parts[] = {"[1,{\"a\":[2,3]}]", "[\"4\",5]", "[1]",
                                        "[{\"a\":[2,3]}]",   "[\"4\"]",   "[5]"};
    struct world w;
    (void)state;
    world_init(&w, rules);
    w.settings.max_in_flight = 1;
    world_open(&w);
    world_bulk(&w, "[1,{\"a\":[2,3]},\"4\",5]");
    world_flush(&w);
    while (w.door.sent_events < 4)
        world_turn(&w);
    assert_int_equal(w.upstream.request_count, 7);
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        assert_int_equal(bodies(&w, parts[i]), 1);
    assert_string_not_equal(world_header(&w, 0, "x-launchdarkly-payload-id"),
                            world_header(&w, 1, "x-launchdarkly-payload-id"));
    world_bulk(&w, "[{\"kind\":\"custom\",\"key\":\"k\"}]");
    world_flush(&w);
    assert_int_equal(w.door.dropped[EVENT_DROP_TOO_LARGE], 1);
    assert_int_equal(world_logged(&w, "Dropped an event of kind \"custom\" and 29 bytes"), 1);
    assert_int_equal(w.door.families_off, 0);
    assert_int_equal(w.door.pending_events, 0);
    world_close(&w);
}

/* 60, 8.4 */
static void a_refusal_switches_the_path_off(void **state)
{
    static const struct {
        int status;
        const char *log;
    } rows[] = {
        {401, "Received HTTP error 401 (invalid SDK key) for sending events - giving up "
              "permanently"},
        {403, "Received HTTP error 403 for sending events - giving up permanently"},
        {422, "Received HTTP error 422 for sending events - giving up permanently"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct fake_rule rules[] = {
            {.target = "/bulk", .status = rows[i].status}, {.status = 202}, END};
        struct world w;
        world_init(&w, rules);
        w.settings.max_in_flight = 1;
        world_open(&w);
        world_bulk(&w, "[1,2]");
        world_post(&w, &(struct world_post){.tags = "x"}, "[3]");
        world_flush(&w);
        world_bulk(&w, "[4]");
        world_post(&w, &(struct world_post){.family = EVENT_MOBILE}, "[5]");
        world_flush(&w);
        assert_int_equal(fake_http_count(&w.upstream, "POST /bulk"), 1);
        assert_int_equal(fake_http_count(&w.upstream, "POST /mobile"), 1);
        assert_int_equal(world_logged(&w, rows[i].log), 1);
        assert_int_equal(world_logged(&w, "Discarding in-memory and all future events due to "
                                          "unrecoverable failure when sending events."),
                         1);
        assert_int_equal(
            w.door.dropped[EVENT_DROP_REFUSED] + w.door.dropped[EVENT_DROP_SWITCHED_OFF], 4);
        assert_int_equal(w.door.families_off, 1);
        world_close(&w);
    }
}

/* Which of the credentials it is that LaunchDarkly does not know. */
static void a_refusal_names_the_kind_of_key(void **state)
{
    static const struct fake_rule rules[] = {{.status = 401}, END};
    static const char *const no_headers[] = {NULL};
    static const char *const texts[] = {
        [EVENT_SERVER] = "401 (invalid SDK key) for sending events - giving up permanently",
        [EVENT_MOBILE] = "401 (invalid mobile key) for sending events - giving up permanently",
        [EVENT_BROWSER] = "401 (invalid client-side ID) for sending events - giving up permanently",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct world w;
        world_start(&w, rules);
        world_post(&w, &(struct world_post){.family = (enum event_family)i}, "[1]");
        world_flush(&w);
        assert_int_equal(world_logged(&w, texts[i]), 1);
        world_diagnostic(&w, (enum event_family)i, no_headers, "{}");
        while (world_logged(&w, texts[i]) < 2)
            world_turn(&w);
        world_close(&w);
    }
}

/* A failing family that is refused is not failing any more. */
static void a_refusal_ends_an_outage(void **state)
{
    static const struct fake_rule rules[] = {
        {.status = 503, .times = 2}, {.status = 401, .times = 1}, {.status = 202}, END};
    struct world w;
    (void)state;
    world_start(&w, rules);
    world_bulk(&w, "[1]");
    world_flush(&w);
    world_pass(&w, 1000);
    assert_int_equal(w.door.families_failing, 1);
    world_pass(&w, 5000);
    assert_int_equal(w.door.families_failing, 0);
    assert_int_equal(w.door.families_off, 1);
    world_keys(&w, "sdk-new", WORLD_MOBILE_KEY);
    world_bulk(&w, "[2]");
    world_flush(&w);
    assert_int_equal(w.door.sent_events, 1);
    world_close(&w);
}

/* 61, 62: a new key of the family, and no other, switches it on. */
static void a_new_key_switches_it_on(void **state)
{
    static const struct fake_rule rules[] = {
        {.contains = WORLD_SDK_KEY, .status = 401}, {.status = 202}, END};
    struct world w;
    (void)state;
    world_start(&w, rules);
    world_bulk(&w, "[1]");
    world_flush(&w);
    world_keys(&w, WORLD_SDK_KEY, "mob-new");
    world_bulk(&w, "[2]");
    world_flush(&w);
    assert_int_equal(w.upstream.request_count, 1);
    world_keys(&w, "sdk-new", "mob-new");
    world_bulk(&w, "[3]");
    world_flush(&w);
    assert_int_equal(w.upstream.request_count, 2);
    assert_string_equal(world_header(&w, 1, "authorization"), "sdk-new");
    assert_int_equal(w.door.families_off, 0);
    world_close(&w);
}

/* 62, 63: every attempt uses the current key; a removed environment's last one goes on. */
static void every_attempt_has_the_current_key(void **state)
{
    static const struct fake_rule rules[] = {{.status = 503, .times = 1}, {.status = 202}, END};
    struct world w;
    (void)state;
    world_start(&w, rules);
    world_bulk(&w, "[1]");
    world_flush(&w);
    world_keys(&w, "sdk-new", "mob-new");
    world_pass(&w, 1000);
    assert_string_equal(world_header(&w, 0, "authorization"), WORLD_SDK_KEY);
    assert_string_equal(world_header(&w, 1, "authorization"), "sdk-new");
    struct env_snapshot *last = w.snapshot;
    world_bulk(&w, "[2]");
    w.snapshot = NULL;
    world_flush(&w);
    assert_string_equal(world_header(&w, 2, "authorization"), "sdk-new");
    w.snapshot = last;
    world_close(&w);
}

/* A key that was exchanged while a request was under way is not held against the new one. */
static void a_refusal_of_an_old_key_means_nothing(void **state)
{
    static const struct fake_rule rules[] = {
        {.contains = WORLD_SDK_KEY, .status = 401}, {.status = 202}, END};
    struct world w;
    (void)state;
    world_start(&w, rules);
    world_bulk(&w, "[1]");
    events_flush(w.events);
    while (world_family(&w, EVENT_SERVER)->flying_count == 0)
        world_turn(&w);
    world_keys(&w, "sdk-new", WORLD_MOBILE_KEY);
    world_settle(&w);
    assert_int_equal(w.door.sent_events, 1);
    assert_int_equal(w.door.families_off, 0);
    world_close(&w);
}

/* 8.4: 5 min doubling to 60, minus up to a half by chance (here a quarter). */
static void a_probe_finds_out_whether_it_is_over(void **state)
{
    static const int64_t waits_ms[] = {225000, 450000, 900000, 1800000, 2700000, 2700000};
    static const struct fake_rule no[] = {{.status = 401}, END};
    static const struct fake_rule yes[] = {{.status = 202}, END};
    struct world w;
    (void)state;
    world_start(&w, no);
    world_bulk(&w, "[0]");
    world_flush(&w);
    for (size_t i = 0; i < ARRAY_LEN(waits_ms); i++) {
        world_advance(&w, waits_ms[i] - 1);
        world_bulk(&w, "[1]");
        world_settle(&w);
        assert_int_equal(w.upstream.request_count, 1 + i);
        world_advance(&w, 1);
        world_bulk(&w, "[2]");
        world_bulk(&w, "[3]"); /* not that one */
        world_settle(&w);
        assert_int_equal(w.upstream.request_count, 2 + i);
    }
    assert_int_equal(w.door.sent_events, 0);
    fake_http_rules(&w.upstream, yes);
    world_advance(&w, 2700000);
    world_bulk(&w, "[4]");
    world_settle(&w);
    assert_int_equal(w.door.sent_events, 1);
    assert_int_equal(w.door.families_off, 0);
    world_bulk(&w, "[5]");
    world_flush(&w);
    assert_int_equal(w.door.sent_events, 2);
    world_close(&w);
}

/* 8.3: 404 and 405 say that the URL is wrong. */
static void a_wrong_url_is_named_and_tried_once_a_minute(void **state)
{
    static const int statuses[] = {404, 405};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
        const struct fake_rule no[] = {{.status = statuses[i]}, END};
        static const struct fake_rule yes[] = {{.status = 202}, END};
        struct world w;
        char url[64];
        world_init(&w, no);
        w.settings.max_in_flight = 1;
        world_open(&w);
        world_bulk(&w, "[1]");
        world_flush(&w);
        (void)snprintf(url, sizeof url, "events to http://127.0.0.1:%d/bulk; check eventsUri",
                       (int)w.upstream.port);
        assert_int_equal(world_logged(&w, url), 1);
        assert_int_equal(w.door.families_off, 0);
        world_bulk(&w, "[2]");
        world_flush(&w);
        world_bulk(&w, "[3]");
        world_flush(&w);
        world_pass(&w, 59999);
        assert_int_equal(w.upstream.request_count, 1);
        world_pass(&w, 1);
        assert_int_equal(w.upstream.request_count, 2);
        fake_http_rules(&w.upstream, yes);
        world_pass(&w, 60000);
        assert_int_equal(w.door.sent_events, 1);
        assert_int_equal(w.door.dropped[EVENT_DROP_REFUSED], 2);
        world_close(&w);
    }
}

/* A corrected eventsUri does not wait for the rest of the minute. */
static void another_address_is_tried_at_once(void **state)
{
    static const struct fake_rule rules[] = {
        {.contains = "POST /new/bulk", .status = 202}, {.status = 404}, END};
    struct world w;
    char uri[64];
    (void)state;
    world_start(&w, rules);
    world_bulk(&w, "[1]");
    world_flush(&w);
    world_bulk(&w, "[2]");
    world_flush(&w);
    assert_int_equal(w.upstream.request_count, 1);
    events_reload(w.events, &w.settings);
    world_settle(&w);
    assert_int_equal(w.upstream.request_count, 1);
    (void)snprintf(uri, sizeof uri, "http://127.0.0.1:%d/new", (int)w.upstream.port);
    w.settings.uri = uri;
    events_reload(w.events, &w.settings);
    world_settle(&w);
    assert_int_equal(w.door.sent_events, 1);
    assert_int_equal(w.door.families_failing, 0);
    world_close(&w);
}

/* 66, 13.1: one that hangs does not stop others; maxInFlight bounds them. */
static void requests_are_under_way_side_by_side(void **state)
{
    static const struct fake_rule rules[] = {
        {.status = 1, .times = 2, .manner = FAKE_SILENT}, {.status = 202}, END};
    struct world w;
    (void)state;
    world_init(&w, rules);
    w.settings.max_in_flight = 3;
    world_open(&w);
    for (int i = 0; i < 8; i++) {
        world_bulk(&w, "[1]");
        events_flush(w.events);
    }
    while (w.door.sent_events < 6)
        world_turn(&w);
    assert_int_equal(world_family(&w, EVENT_SERVER)->flying_count, 2);
    world_close(&w);
    assert_int_equal(w.door.dropped[EVENT_DROP_SHUTDOWN], 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_may_pass_is_tried_again_after_a_second),
        cmocka_unit_test(without_an_age_a_batch_has_two_attempts),
        cmocka_unit_test(a_failing_family_tries_one_batch_now_and_then),
        cmocka_unit_test(old_batches_are_dropped),
        cmocka_unit_test(retry_after_is_honoured),
        cmocka_unit_test(what_is_too_large_is_halved),
        cmocka_unit_test(a_refusal_switches_the_path_off),
        cmocka_unit_test(a_refusal_names_the_kind_of_key),
        cmocka_unit_test(a_refusal_ends_an_outage),
        cmocka_unit_test(a_new_key_switches_it_on),
        cmocka_unit_test(every_attempt_has_the_current_key),
        cmocka_unit_test(a_refusal_of_an_old_key_means_nothing),
        cmocka_unit_test(a_probe_finds_out_whether_it_is_over),
        cmocka_unit_test(a_wrong_url_is_named_and_tried_once_a_minute),
        cmocka_unit_test(another_address_is_tried_at_once),
        cmocka_unit_test(requests_are_under_way_side_by_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
