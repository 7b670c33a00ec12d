/* Two environments with one SDK key (big-segments.md 2): one poll and one stream, a cursor for
 * each. Nothing that befalls one of them disturbs the other. */
#include "sync_bench.h"

/* Up to complete, empty databases. */
static void both_connected(struct sync_bench *b)
{
    sync_begin_both(b);
    sync_page(b, "");
    sync_open(b);
    sync_page(b, "");
    sync_expect(b, "poll stream poll time synchronized other time other synchronized");
    str_clear(&b->log);
}

/* The order of requests is that of one environment (checklist 11). */
static void one_poll_and_one_stream_fill_both(void **state)
{
    struct sync_bench b;
    (void)state;
    sync_begin_both(&b);
    sync_page(&b, ">1");
    sync_expect(&b, "poll apply >1 poll 1 other apply >1");
    sync_page(&b, "");
    sync_expect(&b, "stream");
    sync_open(&b);
    sync_expect(&b, "poll 1");
    sync_page(&b, "");
    sync_expect(&b,
                "time synchronized changed vip other time other synchronized other changed vip");
    sync_event(&b, "1>2");
    sync_expect(&b, "apply 1>2 changed vip time synchronized "
                    "other apply 1>2 other changed vip other time other synchronized");
    assert_int_equal(sync_logged(&b, "INFO: Applied 1 update\n"), 4);
    assert_int_equal(sync_logged(&b, "WARN") + sync_logged(&b, "ERROR"), 0);
    sync_end(&b);
}

/* ... and a stream, of which the one that is ahead has nothing to fear. */
static void two_cursors_are_two_polls(void **state)
{
    struct sync_bench b;
    (void)state;
    both_connected(&b);
    sync_cut(&b, "EOF");
    sync_cursor(&b.own, "1");
    sync_pass_ms(&b, 10000);
    sync_expect(&b, "poll 1 poll");
    sync_page(&b, ""); /* to the first */
    sync_expect(&b, "stream");
    sync_page(&b, ">1");
    sync_expect(&b, "other apply >1 poll 1");
    sync_page(&b, "");
    sync_open(&b);
    sync_expect(&b, "poll 1");
    sync_page(&b, "");
    sync_expect(&b, "time synchronized other time other synchronized other changed vip");
    sync_end(&b);
}

static void the_one_that_was_emptied_is_filled_again(void **state)
{
    struct sync_bench b;
    (void)state;
    both_connected(&b);
    sync_event(&b, ">1");
    sync_event(&b, "1>2");
    str_clear(&b.said);
    sync_cursor(&b.other, "");
    sync_event(&b, "2>3");
    sync_expect(&b, "apply 2>3 changed vip time synchronized other apply 2>3 poll");
    sync_event(&b, "3>4"); /* the first does not wait for the second */
    sync_expect(&b, "apply 3>4 changed vip time synchronized");
    sync_page(&b, ">2 2>4");
    sync_expect(&b, "other apply >2 other apply 2>4 poll 4");
    sync_page(&b, "");
    sync_expect(&b, "other changed vip other time other synchronized "
                    "other apply 3>4 other changed vip other time other synchronized");
    sync_event(&b, "4>5");
    sync_expect(&b, "apply 4>5 changed vip time synchronized "
                    "other apply 4>5 other changed vip other time other synchronized");
    assert_int_equal(sync_logged(&b, "WARN") + sync_logged(&b, "ERROR"), 0);
    sync_end(&b);
}

static void a_database_that_fails_is_its_own_affair(void **state)
{
    struct sync_bench b;
    (void)state;
    both_connected(&b);
    b.other.failure = "WRONGTYPE";
    sync_event(&b, ">1");
    sync_expect(&b, "apply >1 changed vip time synchronized");
    assert_int_equal(sync_logged(&b, "ERROR: Synchronization failed: WRONGTYPE\n"), 1);
    assert_true(synchronizer_is_connected(b.own.s));
    assert_false(synchronizer_is_connected(b.other.s));
    sync_event(&b, "1>2");
    sync_expect(&b, "apply 1>2 changed vip time synchronized");
    b.other.failure = NULL;
    sync_raw(&b, "data: [{\"previousVersion\":\"2\","); /* it is back in the middle of an event */
    sync_pass_ms(&b, 10000);
    sync_expect(&b, "poll");
    sync_page(&b, ">2");
    sync_page(&b, "");
    sync_expect(&b, "other apply >2 poll 2"); /* the stream is there already; at its next event */
    sync_raw(&b, "\"version\":\"3\"}]\n\n");
    sync_expect(&b, "apply 2>3 time synchronized poll 2");
    sync_page(&b, "2>3");
    sync_page(&b, "");
    sync_expect(&b, "other apply 2>3 poll 3 other time other synchronized other changed vip");
    sync_event(&b, "3>4");
    sync_expect(&b, "apply 3>4 changed vip time synchronized "
                    "other apply 3>4 other changed vip other time other synchronized");
    sync_end(&b);
}

/* Who loses the stream together asks again together. */
static void the_stream_ends_for_both(void **state)
{
    struct sync_bench b;
    (void)state;
    both_connected(&b);
    sync_cut(&b, "EOF");
    assert_int_equal(sync_logged(&b, "WARN: Stream connection failed: EOF\n"), 2);
    sync_pass_ms(&b, 10000);
    sync_expect(&b, "poll");
    sync_page(&b, "");
    sync_open(&b);
    sync_page(&b, "");
    sync_expect(&b, "stream poll time synchronized other time other synchronized");
    sync_end(&b);
}

static void one_of_them_ends(void **state)
{
    (void)state;
    for (int step = 0; step < 4; step++) {
        struct sync_bench b;
        sync_begin_both(&b);
        if (step >= 1)
            sync_page(&b, "");
        if (step >= 2)
            sync_open(&b);
        if (step >= 3)
            sync_page(&b, "");
        str_clear(&b.said);
        synchronizer_close(b.own.s);
        sync_run(&b);
        sync_expect(&b, "closed");
        if (step < 1)
            sync_page(&b, "");
        if (step < 2)
            sync_open(&b);
        if (step < 3)
            sync_page(&b, "");
        str_clear(&b.said);
        sync_event(&b, ">1");
        sync_expect(&b, "other apply >1 other changed vip other time other synchronized");
        sync_end(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_poll_and_one_stream_fill_both),
        cmocka_unit_test(two_cursors_are_two_polls),
        cmocka_unit_test(the_one_that_was_emptied_is_filled_again),
        cmocka_unit_test(a_database_that_fails_is_its_own_affair),
        cmocka_unit_test(the_stream_ends_for_both),
        cmocka_unit_test(one_of_them_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
