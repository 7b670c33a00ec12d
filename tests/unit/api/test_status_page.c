/* The status page for people (status.md 16). Checklist of status.md: 77 to 79. */
#include "ask.h"

static void setup(struct asking *a, bool page)
{
    ask_setup(a);
    a->settings.status_page = page;
    a->settings.database = "sqlite";
    a->settings.database_server = "/var/lib/<x>/flagrelay.db";
    bench_add(&a->bench,
              &(struct env_settings){.name = "<b>x&'\"",
                                     .sdk_key = "sdk-98e2b0b4-2688-4a59-9810-1e0e3d7e42d0"});
    bench_add(&a->bench, &(struct env_settings){
                             .name = "lost", .sdk_key = "sdk-lost-000001", .env_id = "id-2"});
    ask_start(a, NULL, 0);
}

static void the_page_tells_how_it_goes(void **state)
{
    static const char *const parts[] = {
        "<!DOCTYPE html>\n<html lang=\"en\">",
        "<meta http-equiv=\"refresh\" content=\"10\">",
        "<h1>flagrelay 1.2.3</h1>\n<p>Degraded: 1 of 2 environments disconnected. Up for ",
        "Up for 3 h 12 min.</p>",
        "<a href=\"status/%3Cb%3Ex%26%27%22\">&lt;b&gt;x&amp;&#39;&quot;</a>",
        "<a href=\"status/id-2\">lost</a>",
        "valid for <time datetime=\"2023-11-14T22:13:20Z\">3 h 12 min</time>",
        "interrupted for <time datetime=\"2023-11-15T01:23:20Z\">2 min 0 s</time> (",
        "</time> (error response 503)",
        "sqlite <code>/var/lib/&lt;x&gt;/flagrelay.db</code>",
        "sdk-********-****-****-****-*******e42d0",
        "1 /all<br>0 /flags<br>0 mobile<br>2 browser",
        "2 flags<br>1 segment<",
        "1 flag<br>0 segments",
        "<p>Events: not forwarded (<code>sendEvents</code> is off)</p>",
        "<th scope=\"col\">",
        "<a href=\"status\">",
    };
    struct asking a;
    (void)state;
    setup(&a, true);
    bench_put(&a.bench, 0, "a:1 b:1 /s:1");
    bench_put(&a.bench, 1, "a:1");
    fake_clock_advance(&a.bench.clock, 11400000);
    bench_fail(&a.bench, 1, SOURCE_ERROR_RESPONSE, 503, true);
    fake_clock_advance(&a.bench.clock, 120000);
    bench_snapshot(&a.bench, 0)->facts->streams[FANOUT_ALL] = 1;
    bench_snapshot(&a.bench, 0)->facts->streams[FANOUT_BROWSER_PING] = 2;
    ask(&a, "GET", "/status.html", "");
    assert_int_equal(a.answer.status, 200);
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (strstr(str_text(&a.answer.body), parts[i]) == NULL)
            fail_msg("no %s in\n%s", parts[i], str_text(&a.answer.body));
    assert_null(strstr(str_text(&a.answer.body), "<script"));
    assert_null(strstr(str_text(&a.answer.body), "<b>"));
    bench_expect(&a.answer.headers,
                 "Content-Type: text/html; charset=utf-8\nCache-Control: "
                 "no-store\nX-Content-Type-Options: nosniff\n"
                 "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; base-uri "
                 "'none'; form-action 'none'; "
                 "frame-ancestors 'none'\n",
                 "headers");
    ask_teardown(&a);
}

static void it_tells_what_became_of_events(void **state)
{
    static const struct {
        int64_t failing, off;
        const char *text;
    } rows[] = {
        {0, 0, "<p>Events: &#9679; 3 waiting, 40 sent, 7 lost</p>"},
        {1, 0,
         "<p>Events: &#9888; 3 waiting, 40 sent, 7 lost; LaunchDarkly does not take 1 kind of them "
         "now</p>"},
        {2, 3,
         "<p>Events: &#10007; 3 waiting, 40 sent, 7 lost; LaunchDarkly does not take 2 kinds of "
         "them now; LaunchDarkly has refused the key for 3 kinds of them</p>"},
    };
    struct asking a;
    (void)state;
    setup(&a, true);
    a.door.settings.enabled = true;
    a.door.pending_events = 3;
    a.door.sent_events = 40;
    a.door.dropped[EVENT_DROP_MEMORY] = 5;
    a.door.dropped[EVENT_DROP_AGE] = 2;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        a.door.families_failing = rows[i].failing;
        a.door.families_off = rows[i].off;
        ask(&a, "GET", "/status.html", "");
        if (strstr(str_text(&a.answer.body), rows[i].text) == NULL)
            fail_msg("no %s in\n%s", rows[i].text, str_text(&a.answer.body));
    }
    ask_teardown(&a);
}

static void streams_are_counted(void **state)
{
    struct asking a;
    (void)state;
    setup(&a, true);
    bench_put(&a.bench, 1, "a:1");
    const struct env_facts *f = bench_snapshot(&a.bench, 1)->facts;
    ask(&a, "GET", "/flags", "Authorization: sdk-lost-000001");
    assert_int_equal(f->streams[FANOUT_FLAGS], 1);
    assert_int_equal(f->streams[FANOUT_ALL], 0);
    ask_close_stream(&a);
    assert_int_equal(f->streams[FANOUT_FLAGS], 0);
    ask_teardown(&a);
}

static void it_can_be_switched_off(void **state)
{
    struct asking a;
    (void)state;
    setup(&a, false);
    ask(&a, "GET", "/status.html", "");
    assert_int_equal(a.answer.status, 404);
    bench_expect(&a.answer.body, "404 page not found\n", "79");
    assert_string_equal(answer_header(&a, "X-Content-Type-Options"), "nosniff");
    ask_teardown(&a);
}

static void status_stays_json_whatever_is_accepted(void **state)
{
    struct asking a;
    (void)state;
    setup(&a, true);
    ask(&a, "GET", "/status", "Accept: text/html");
    assert_string_equal(answer_header(&a, "Content-Type"), "application/json");
    ask_teardown(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_tells_how_it_goes),
        cmocka_unit_test(it_tells_what_became_of_events),
        cmocka_unit_test(streams_are_counted),
        cmocka_unit_test(it_can_be_switched_off),
        cmocka_unit_test(status_stays_json_whatever_is_accepted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
