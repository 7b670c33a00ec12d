/* Cycles of a synchroniser (big-segments.md 3, 4, 5, 8, 10), step by step and in no time. */
#include "sync_bench.h"

#include <string.h>

/* ---- requests and their order ---------------------------------------------------------------- */

/* Checklist 8, 9, 10, 11, 36, 37. */
static void the_order_of_a_fresh_environment(void **state)
{
    struct sync_bench b;
    (void)state;
    sync_begin(&b);
    sync_expect(&b, "poll");
    assert_string_equal(sync_authorization(), "sdk-1");
    sync_page(&b, ">1");
    sync_expect(&b, "apply >1 poll 1");
    sync_page(&b, "");
    sync_expect(&b, "stream");
    assert_string_equal(sync_authorization(), "sdk-1");
    sync_open(&b);
    sync_expect(&b, "poll 1");
    sync_page(&b, "");
    sync_expect(&b, "time synchronized changed vip");
    sync_event(&b, "1>2");
    sync_expect(&b, "apply 1>2 changed vip time synchronized");
    assert_int_equal(sync_logged(&b, "INFO: Applied 1 update\n"), 2);
    assert_int_equal(sync_logged(&b, "WARN") + sync_logged(&b, "ERROR"), 0);
    assert_int_equal(sync_logged(&b, "DEBUG: Polling http://up/sdk/big-segments/revisions\n"), 1);
    assert_int_equal(sync_logged(&b, "DEBUG: Making stream request to http://stream/big-segments"),
                     1);
    assert_int_equal(sync_logged(&b, "DEBUG: Received update(s) from stream\n"), 1);
    assert_int_equal(
        sync_logged(&b, "DEBUG: Received patch for version \"2\" (from previous version \"1\")\n"),
        1);
    sync_end(&b);
}

/* Pages until an empty one, in each of the steps 1 and 3; one notification for all. */
static void pages_are_asked_for_until_one_is_empty(void **state)
{
    struct sync_bench b;
    (void)state;
    sync_begin(&b);
    sync_page(&b, "> > >1");
    sync_page(&b, "1>2");
    sync_page(&b, "");
    sync_open(&b);
    sync_page(&b, "2>a+b/c");
    sync_page(&b, "a+b/c>4");
    sync_page(&b, "");
    sync_expect(&b, "poll apply > apply > apply >1 poll 1 apply 1>2 poll 2 stream poll 2 apply "
                    "2>a+b/c poll a%2Bb%2Fc apply a+b/c>4 poll 4 time synchronized changed vip");
    assert_int_equal(sync_logged(&b, "INFO: Applied 3 updates\n"), 1);
    sync_end(&b);
}

/* Who is asked again would send the same again. */
static void a_page_that_does_not_move_the_cursor_is_the_last_one(void **state)
{
    struct sync_bench b;
    (void)state;
    sync_begin(&b);
    sync_page(&b, "> >");
    sync_expect(&b, "poll apply > apply > stream");
    sync_open(&b);
    sync_page(&b, "> >");
    sync_expect(&b, "poll apply > apply > time synchronized changed vip");
    sync_end(&b);
}

static void null_is_an_empty_page(void **state)
{
    struct sync_bench b;
    (void)state;
    sync_begin(&b);
    sync_answer(&b, 200, "null");
    sync_expect(&b, "poll stream");
    sync_end(&b);
}

/* 14: names do not matter, nor do comments and events without data. */
static void events_of_the_stream(void **state)
{
    static const struct {
        const char *text;
        const char *said;
    } rows[] = {
        {":\n\n", ""},
        {"data:\n\n", ""},
        {"event: patch\n\n", ""},
        {"event: x\n: comment\ndata: []\nid: 7\nretry: 1\n\n", "time synchronized"},
        {"data: null\n\n", "time synchronized"},
        {"data: [{\"version\":\"1\"}]\n\n", "apply >1 time synchronized"}, /* nobody's members */
        {"data: [{\"segmentId\":\"a.b.g7\",\ndata: \"previousVersion\":\"1\",\"version\":\"2\","
         "\"changes\":{\"excluded\":{\"remove\":[\"h\"]}}}]\n\n",
         "apply 1>2 changed a.b time synchronized"},
        {"data: [{\"previousVersion\":\"2\",\"version\":\"3\"}]\n\ndata: [{\"previousVersion\":"
         "\"3\",\"version\":\"4\"}]\n\n",
         "apply 2>3 time synchronized apply 3>4 time synchronized"},
    };
    struct sync_bench b;
    (void)state;
    sync_connected(&b);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        sync_raw(&b, rows[i].text);
        sync_expect(&b, rows[i].said);
    }
    assert_int_equal(sync_logged(&b, "WARN") + sync_logged(&b, "ERROR"), 0);
    sync_end(&b);
}

/* ---- failures -------------------------------------------------------------------------------- */

/* 12, 48. */
static void every_other_answer_is_an_error(void **state)
{
    static const struct {
        int status;
        const char *body;
        const char *problem;
        int64_t wait_ms;
    } rows[] = {
        {204, "", "HTTP error 204", 10000},
        {304, "", "HTTP error 304", 10000},
        {500, "", "HTTP error 500", 10000},
        {400, "", "HTTP error 400", 10000},
        {429, "", "HTTP error 429", 10000},
        {401, "", "HTTP error 401", 225000}, /* 5 minutes minus a quarter: half of at most half */
        {403, "", "HTTP error 403", 225000},
        {404, "", "HTTP error 404", 225000},
        {200, "", "unexpected end of data", 10000},
        {200, "{}", "expected an array of patches", 10000},
        {200, "[{}", "unexpected end of data", 10000},
    };
    struct sync_bench b;
    char line[128];
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        sync_begin(&b);
        sync_answer(&b, rows[i].status, rows[i].body);
        (void)snprintf(line, sizeof line, "ERROR: Synchronization failed: %s\nWARN: Will retry\n",
                       rows[i].problem);
        if (sync_logged(&b, line) != 1)
            fail_msg("wanted %s in %s", line, str_text(&b.log));
        assert_int_equal(sync_wait_ms(&b), rows[i].wait_ms);
        sync_end(&b);
    }
}

/* 15, and 4: 10 s, doubling up to 120 s, plus or minus a fifth. */
static void pauses_grow_until_the_database_is_complete(void **state)
{
    static const int64_t waits_ms[] = {10000, 20000, 40000, 80000, 120000, 120000};
    struct sync_bench b;
    (void)state;
    sync_begin(&b);
    for (size_t i = 0; i < ARRAY_LEN(waits_ms); i++) {
        sync_broken(&b, "connection reset by peer");
        assert_int_equal(sync_wait_ms(&b), waits_ms[i]);
        sync_pass(&b);
    }
    sync_page(&b, "");
    assert_int_equal(sync_logged(&b, "WARN: Re-established connection\n"), 1);
    sync_open(&b);
    sync_page(&b, "");
    sync_cut(&b, "EOF");
    assert_int_equal(sync_wait_ms(&b), 10000);
    sync_end(&b);
    for (unsigned end = 0; end < 2; end++) {
        sync_begin(&b);
        b.chance = end;
        sync_broken(&b, "EOF");
        assert_int_equal(sync_wait_ms(&b), end == 0 ? 8000 : 12000);
        sync_end(&b);
    }
}

/* 49: exactly these, in this order. */
static void a_stream_that_ends_gives_three_warnings(void **state)
{
    struct sync_bench b;
    (void)state;
    sync_connected(&b);
    sync_cut(&b, "EOF");
    sync_expect(&b, "");
    sync_pass(&b);
    sync_page(&b, "");
    sync_open(&b);
    sync_page(&b, "");
    sync_expect(&b, "poll stream poll time synchronized");
    const char *ended = strstr(str_text(&b.log), "WARN: Stream connection failed: EOF\n");
    const char *retry = strstr(str_text(&b.log), "WARN: Will retry\n");
    const char *again = strstr(str_text(&b.log), "WARN: Re-established connection\n");
    assert_true(ended != NULL && ended < retry && retry < again);
    assert_int_equal(sync_logged(&b, "WARN: "), 3);
    assert_int_equal(sync_logged(&b, "ERROR: "), 0);
    sync_end(&b);
}

static void after_a_long_stream_the_pause_is_short(void **state)
{
    struct sync_bench b;
    (void)state;
    sync_connected(&b);
    sync_pass(&b); /* 30 s */
    sync_pass(&b);
    sync_cut(&b, "Read timeout on stream");
    assert_int_equal(sync_wait_ms(&b), 1000);
    sync_end(&b);
}

static void a_stream_that_cannot_be_had_is_an_error(void **state)
{
    struct sync_bench b;
    (void)state;
    sync_begin(&b);
    sync_page(&b, ">1");
    sync_page(&b, "");
    sync_refuse(&b, 503);
    sync_expect(&b, "poll apply >1 poll 1 stream changed vip cancelled");
    assert_int_equal(sync_logged(&b, "ERROR: Synchronization failed: HTTP error 503\n"), 1);
    assert_int_equal(sync_logged(&b, "Stream connection failed"), 0);
    sync_pass(&b);
    sync_page(&b, "");
    sync_cut(&b, "connect to up port 80: connection refused");
    assert_int_equal(
        sync_logged(&b, "ERROR: Synchronization failed: connect to up port 80: connection refused"),
        1);
    sync_end(&b);
}

static void a_server_that_asks_for_patience_gets_it(void **state)
{
    struct sync_bench b;
    (void)state;
    sync_begin(&b);
    sync_retry_after("60");
    sync_answer(&b, 429, "");
    assert_int_equal(sync_wait_ms(&b), 60000);
    sync_pass(&b);
    sync_page(&b, "");
    sync_retry_after("99999");
    sync_refuse(&b, 503);
    assert_int_equal(sync_wait_ms(&b), 300000);
    sync_end(&b);
}

/* The same failure again and again is told once a minute. */
static void equal_failures_are_told_once_a_minute(void **state)
{
    struct sync_bench b;
    (void)state;
    sync_begin(&b);
    for (int i = 0; i < 4; i++) { /* at 0, 10, 30 and 70 s */
        sync_answer(&b, 500, "");
        assert_int_equal(sync_logged(&b, "Synchronization failed: HTTP error 500"), i < 3 ? 1 : 2);
        assert_int_equal(sync_logged(&b, "Will retry"), i < 3 ? 1 : 2);
        sync_pass(&b);
    }
    sync_answer(&b, 502, "");
    assert_int_equal(sync_logged(&b, "Synchronization failed: HTTP error 502"), 1);
    sync_end(&b);
}

/* 17: the next requests carry it; after a refusal at once. */
static void a_new_key_is_used_from_the_next_request_on(void **state)
{
    struct sync_bench b;
    (void)state;
    sync_connected(&b);
    synchronizer_set_key(b.own.s, "sdk-2");
    sync_run(&b);
    sync_expect(&b, "");
    sync_cut(&b, "EOF");
    sync_pass(&b);
    assert_string_equal(sync_authorization(), "sdk-2");
    sync_answer(&b, 401, "");
    sync_expect(&b, "poll cancelled");
    synchronizer_set_key(b.own.s, "sdk-3");
    sync_run(&b);
    sync_expect(&b, "poll");
    assert_string_equal(sync_authorization(), "sdk-3");
    sync_broken(&b, "EOF");
    synchronizer_set_key(b.own.s, "sdk-4"); /* it was not the key's fault */
    sync_run(&b);
    sync_expect(&b, "");
    sync_end(&b);
}

/* ---- the database fails ---------------------------------------------------------------------- */

static void a_database_error_ends_the_cycle(void **state)
{
    struct sync_bench b;
    (void)state;
    sync_begin(&b);
    sync_page(&b, ">1");
    b.own.frozen = true;
    sync_page(&b, "1>2 2>3");
    b.own.frozen = false;
    b.own.failure = "READONLY You can't write against a read only replica.";
    sync_run(&b);
    /* 5.2: what was applied before is told all the same */
    sync_expect(&b, "poll apply >1 poll 1 changed vip");
    assert_int_equal(sync_logged(&b, "ERROR: Synchronization failed: READONLY You can't write "
                                     "against a read only replica.\n"),
                     1); /* 29 */
    assert_int_equal(sync_logged(&b, "which was not the latest"), 0);
    sync_pass(&b);
    sync_expect(&b, ""); /* without the cursor there is no request */
    b.own.failure = NULL;
    sync_pass(&b);
    sync_expect(&b, "poll 1");
    sync_end(&b);
}

static void an_event_that_cannot_be_written_ends_the_cycle(void **state)
{
    struct sync_bench b;
    (void)state;
    sync_connected(&b);
    b.own.failure = "OOM command not allowed";
    sync_event(&b, ">1");
    sync_expect(&b, "cancelled");
    assert_int_equal(sync_logged(&b, "ERROR: Synchronization failed: OOM command not allowed\n"),
                     1);
    sync_end(&b);
}

static void a_time_that_cannot_be_written_ends_the_cycle(void **state)
{
    struct sync_bench b;
    (void)state;
    sync_connected(&b);
    b.own.frozen = true;
    sync_event(&b, "");
    b.own.frozen = false;
    b.own.failure = "timeout";
    sync_run(&b);
    assert_int_equal(sync_logged(&b, "ERROR: Updating store timestamp failed: timeout\n"
                                     "ERROR: Synchronization failed: timeout\n"),
                     1);
    assert_false(synchronizer_is_connected(b.own.s));
    sync_end(&b);
}

/* While the database is busy the stream is not read, beyond a bound. */
static void a_slow_database_makes_the_stream_wait(void **state)
{
    struct sync_bench b;
    struct str text = {0};
    (void)state;
    sync_connected(&b);
    b.own.frozen = true;
    sync_event(&b, ">1");
    str_append_text(&text, "data: [{\"previousVersion\":\"1\",\"version\":\"2\",\"x\":\"");
    for (size_t i = 0; i < 9000000; i++)
        str_append_char(&text, 'x');
    str_append_text(&text, "\"}]\n\n");
    sync_raw(&b, str_text(&text));
    str_free(&text);
    assert_true(sync_stream_paused(&b));
    b.own.frozen = false;
    sync_run(&b);
    assert_false(sync_stream_paused(&b));
    sync_expect(&b, "apply >1 changed vip time synchronized apply 1>2 time synchronized");
    sync_end(&b);
}

/* ---- versions that do not follow ------------------------------------------------------------- */

#define NOT_THE_LATEST(version)                                                                    \
    "WARN: Received a patch to previous version \"" version                                        \
    "\" which was not the latest known version; skipping\n"

/* 19, 21, 22. */
static void a_page_whose_first_patch_does_not_follow(void **state)
{
    struct sync_bench b;
    (void)state;
    sync_begin(&b);
    sync_page(&b, "7>8 >1");
    sync_expect(&b, "poll apply 7>8");
    assert_int_equal(sync_logged(&b, NOT_THE_LATEST("7")), 1);
    assert_int_equal(sync_logged(&b, "WARN: Will retry\n"), 1);
    assert_int_equal(sync_wait_ms(&b), 10000);
    assert_int_equal(synchronizer_counts(b.own.s)->patches_mismatched, 2);
    sync_end(&b);
}

static void a_page_with_a_gap_is_asked_for_again_from_there(void **state)
{
    struct sync_bench b;
    (void)state;
    sync_begin(&b);
    sync_page(&b, ">1 7>8 1>2");
    sync_expect(&b, "poll apply >1 apply 7>8 poll 1");
    assert_int_equal(sync_logged(&b, NOT_THE_LATEST("7")), 1);
    sync_end(&b);
}

/* 20: what is missing is asked for; the poll shows that nothing is, so the stream stays. */
static void an_event_with_a_gap_leads_to_a_poll(void **state)
{
    struct sync_bench b;
    (void)state;
    sync_connected(&b);
    sync_event(&b, "1>2");
    sync_expect(&b, "apply 1>2 poll");
    sync_page(&b, ">1 1>2");
    sync_page(&b, "");
    sync_expect(&b, "apply >1 apply 1>2 poll 2 changed vip time synchronized");
    sync_event(&b, "2>3");
    sync_expect(&b, "apply 2>3 changed vip time synchronized");
    assert_int_equal(sync_logged(&b, "WARN"), 0);
    sync_end(&b);
}

/* ... and the poll cannot close it: the end of the cycle, and a new stream. */
static void a_gap_that_stays_ends_the_cycle(void **state)
{
    struct sync_bench b;
    (void)state;
    sync_connected(&b);
    sync_event(&b, ">1 7>8 8>9");
    sync_expect(&b, "apply >1 apply 7>8 poll 1");
    sync_page(&b, "6>7");
    sync_expect(&b, "apply 6>7 changed vip cancelled");
    assert_int_equal(sync_logged(&b, NOT_THE_LATEST("6")), 1);
    assert_int_equal(sync_logged(&b, NOT_THE_LATEST("7")), 1);
    assert_int_equal(sync_wait_ms(&b), 10000);
    assert_int_equal(synchronizer_counts(b.own.s)->patches_mismatched, 3);
    sync_end(&b);
}

/* 28: another relay was faster, with this patch or a later one of the same event. */
static void patches_that_another_relay_applied(void **state)
{
    static const struct {
        const char *event;
        const char *cursor; /* which the other relay has reached meanwhile */
        const char *said;
        unsigned already;
    } rows[] = {
        {"1>2", "2", "apply 1>2 changed vip time synchronized", 1},
        {"1>2 2>3 3>4", "4", "apply 1>2 changed vip time synchronized", 3},
        {"1>2 2>3 3>4", "3", "apply 1>2 apply 3>4 changed vip time synchronized", 2},
    };
    struct sync_bench b;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        sync_connected(&b);
        sync_event(&b, ">1");
        sync_expect(&b, "apply >1 changed vip time synchronized");
        sync_cursor(&b.own, rows[i].cursor);
        sync_event(&b, rows[i].event);
        sync_expect(&b, rows[i].said);
        assert_int_equal(sync_logged(&b, "WARN"), 0);
        assert_int_equal(synchronizer_counts(b.own.s)->patches_already, rows[i].already);
        sync_end(&b);
    }
}

/* The same in a poll: it goes on from where the other relay is. Only when nobody moved the cursor
 * is asking again at once of no use. */
static void patches_of_a_page_that_another_relay_applied(void **state)
{
    static const struct {
        const char *page;
        const char *cursor; /* which the other relay has reached before the page is there */
        const char *said;
    } rows[] = {
        {">1 1>2", "2", "apply >1 poll 2"},
        {">1 1>2", "1", "apply >1 apply 1>2 poll 2"},
        {">1 1>2", "9", "apply >1 poll 9"},
        {"7>8", "", "apply 7>8"},
    };
    struct sync_bench b;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        sync_begin(&b);
        sync_expect(&b, "poll");
        sync_cursor(&b.own, rows[i].cursor);
        sync_page(&b, rows[i].page);
        sync_expect(&b, rows[i].said);
        assert_int_equal(sync_logged(&b, "WARN: Received a patch"), i == 3);
        sync_end(&b);
    }
}

/* 21: a server that sends what is there already, again and again, is not asked at once. */
static void a_page_that_is_there_already(void **state)
{
    struct sync_bench b;
    (void)state;
    sync_begin(&b);
    sync_page(&b, ">1");
    sync_page(&b, ">1");
    sync_expect(&b, "poll apply >1 poll 1 apply >1 changed vip");
    assert_int_equal(sync_wait_ms(&b), 10000);
    sync_end(&b);
}

/* ... or even with one that has not been heard of here. */
static void another_relay_is_far_ahead(void **state)
{
    struct sync_bench b;
    (void)state;
    sync_connected(&b);
    sync_cursor(&b.own, "9");
    sync_event(&b, ">1");
    sync_expect(&b, "apply >1 poll 9");
    sync_page(&b, "");
    sync_expect(&b, "changed vip time synchronized");
    assert_int_equal(sync_logged(&b, "WARN"), 0);
    assert_int_equal(synchronizer_counts(b.own.s)->patches_already, 1);
    sync_end(&b);
}

/* 27: also when nobody sends a patch, at the latest after 30 s. */
static void a_database_that_was_emptied_is_filled_again(void **state)
{
    struct sync_bench b;
    (void)state;
    sync_begin(&b);
    sync_page(&b, ">1");
    sync_page(&b, "");
    sync_open(&b);
    sync_page(&b, "");
    sync_pass(&b);
    sync_expect(&b, "poll apply >1 poll 1 stream poll 1 time synchronized changed vip time "
                    "synchronized");
    sync_cursor(&b.own, "");
    assert_int_equal(sync_wait_ms(&b), 30000);
    sync_pass(&b);
    sync_expect(&b, "poll");
    sync_page(&b, ">1");
    sync_page(&b, "");
    sync_expect(&b, "apply >1 poll 1 changed vip time synchronized");
    assert_int_equal(sync_logged(&b, "WARN"), 1);
    assert_int_equal(sync_logged(&b, "WARN: The big segments are gone from the database; "
                                     "synchronizing from the start"),
                     1);
    sync_end(&b);
}

static void a_database_that_was_emptied_does_not_take_the_next_patch(void **state)
{
    struct sync_bench b;
    (void)state;
    sync_connected(&b);
    sync_event(&b, ">1");
    sync_cursor(&b.own, "");
    sync_event(&b, "1>2");
    sync_expect(&b, "apply >1 changed vip time synchronized apply 1>2 poll");
    sync_page(&b, ">1 1>2");
    sync_page(&b, "");
    sync_expect(&b, "apply >1 apply 1>2 poll 2 changed vip time synchronized");
    sync_end(&b);
}

/* 5.3: a cursor that LaunchDarkly does not know. */
static void a_cursor_that_is_refused_three_times_is_given_up(void **state)
{
    static const int statuses[] = {404, 400, 404};
    struct sync_bench b;
    (void)state;
    sync_begin(&b);
    sync_cursor(&b.own, "old");
    sync_broken(&b, "EOF");
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
        sync_pass(&b);
        sync_answer(&b, statuses[i], "");
    }
    sync_expect(&b, "poll poll old cancelled poll old cancelled poll old cancelled reset poll");
    assert_int_equal(sync_logged(&b, "WARN: LaunchDarkly refused version \"old\" of the big "
                                     "segments 3 times; synchronizing from the start\n"),
                     1);
    sync_page(&b, ">new");
    sync_expect(&b, "apply >new poll new");
    sync_end(&b);
}

/* ---- the end --------------------------------------------------------------------------------- */

/* 5: at whatever step. */
static void nothing_is_written_after_the_end(void **state)
{
    (void)state;
    for (int step = 0; step < 6; step++) {
        struct sync_bench b;
        sync_begin(&b);
        b.own.frozen = step == 2;
        if (step >= 1)
            sync_page(&b, ">1");
        if (step >= 3)
            sync_page(&b, "");
        if (step >= 4)
            sync_open(&b);
        if (step >= 5)
            sync_page(&b, "");
        str_clear(&b.said);
        str_clear(&b.log);
        synchronizer_close(b.own.s);
        sync_run(&b);
        assert_int_equal(b.own.closed, step != 2);
        b.own.frozen = false;
        sync_run(&b);
        const char *said = str_text(&b.said);
        assert_null(strstr(said, "time"));
        assert_null(strstr(said, "poll"));
        assert_null(strstr(said, "changed"));
        assert_non_null(strstr(said, "closed"));
        assert_int_equal(sync_logged(&b, "Will retry"), 0);
        sync_end(&b);
    }
}

static void the_end_may_come_from_inside_a_notification(void **state)
{
    struct sync_bench b;
    (void)state;
    sync_connected(&b);
    b.own.close_when_changed = true;
    sync_event(&b, ">1");
    sync_expect(&b, "apply >1 changed vip cancelled closed");
    sync_end(&b);
}

static void members_are_counted(void **state)
{
    struct sync_bench b;
    (void)state;
    sync_connected(&b);
    sync_raw(&b, "data: [{\"version\":\"1\",\"changes\":{\"included\":{\"add\":[\"a\",\"b\"],"
                 "\"remove\":[\"c\"]},\"excluded\":{\"add\":[\"d\"],\"remove\":[\"e\",\"f\"]}}}]"
                 "\n\n");
    const struct synchronizer_counts *c = synchronizer_counts(b.own.s);
    assert_int_equal(c->patches_applied, 1);
    assert_int_equal(c->members_added, 3);
    assert_int_equal(c->members_removed, 3);
    assert_true(synchronizer_is_connected(b.own.s));
    sync_end(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_order_of_a_fresh_environment),
        cmocka_unit_test(pages_are_asked_for_until_one_is_empty),
        cmocka_unit_test(a_page_that_does_not_move_the_cursor_is_the_last_one),
        cmocka_unit_test(null_is_an_empty_page),
        cmocka_unit_test(events_of_the_stream),
        cmocka_unit_test(every_other_answer_is_an_error),
        cmocka_unit_test(pauses_grow_until_the_database_is_complete),
        cmocka_unit_test(a_stream_that_ends_gives_three_warnings),
        cmocka_unit_test(after_a_long_stream_the_pause_is_short),
        cmocka_unit_test(a_stream_that_cannot_be_had_is_an_error),
        cmocka_unit_test(a_server_that_asks_for_patience_gets_it),
        cmocka_unit_test(equal_failures_are_told_once_a_minute),
        cmocka_unit_test(a_new_key_is_used_from_the_next_request_on),
        cmocka_unit_test(a_database_error_ends_the_cycle),
        cmocka_unit_test(an_event_that_cannot_be_written_ends_the_cycle),
        cmocka_unit_test(a_time_that_cannot_be_written_ends_the_cycle),
        cmocka_unit_test(a_slow_database_makes_the_stream_wait),
        cmocka_unit_test(a_page_whose_first_patch_does_not_follow),
        cmocka_unit_test(a_page_with_a_gap_is_asked_for_again_from_there),
        cmocka_unit_test(an_event_with_a_gap_leads_to_a_poll),
        cmocka_unit_test(a_gap_that_stays_ends_the_cycle),
        cmocka_unit_test(patches_that_another_relay_applied),
        cmocka_unit_test(patches_of_a_page_that_another_relay_applied),
        cmocka_unit_test(a_page_that_is_there_already),
        cmocka_unit_test(another_relay_is_far_ahead),
        cmocka_unit_test(a_database_that_was_emptied_is_filled_again),
        cmocka_unit_test(a_database_that_was_emptied_does_not_take_the_next_patch),
        cmocka_unit_test(a_cursor_that_is_refused_three_times_is_given_up),
        cmocka_unit_test(nothing_is_written_after_the_end),
        cmocka_unit_test(the_end_may_come_from_inside_a_notification),
        cmocka_unit_test(members_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
