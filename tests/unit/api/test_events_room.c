/* Bodies of events within the memory they may use, and answers that wait for the spool (events.md
 * 13.2, 13.6). */
#include "ask.h"

#define SDK "Authorization: sdk-1\n"
#define BUDGET 65536 /* of which a quarter is for bodies */
#define PART (BUDGET / 4)

static void setup(struct asking *a)
{
    ask_setup(a);
    a->door.settings.enabled = true;
    a->door.settings.max_body = 1 << 20;
    a->door.settings.max_queue_bytes = BUDGET;
    bench_add(&a->bench, &(struct env_settings){.sdk_key = "sdk-1"});
    ask_start(a, NULL, 0);
}

/* Bodies on other threads take all the room there is, and somebody has the turn. */
static void setup_full(struct asking *a)
{
    setup(a);
    a->door.reading_bytes = PART;
    a->door.turn = true;
}

/* The next turn in which something happens: the timer of events_pause.c is due. */
static void wait_a_while(struct asking *a)
{
    (void)uv_run(&a->bench.loop, UV_RUN_ONCE);
}

/* Chunked, so that nobody knows how much it becomes. */
static void push_numbers(struct asking *a, size_t len)
{
    char *text = mem_alloc(len);
    memset(text, '1', len);
    ask_push(a, view_make(text, len));
    mem_free(text);
}

static void finish(struct asking *a, size_t len)
{
    ask_push(a, view_of("]"));
    ask_end(a, HTTP_BODY_WHOLE);
    assert_int_equal(a->answer.status, 202);
    ask_turn(a);
    assert_int_equal(a->post_count, 1);
    assert_int_equal(a->posts[0]->body->len, len + 2);
    assert_int_equal(a->posts[0]->events.count, 1);
    ask_forget_events(a);
    assert_int_equal(a->door.reading_bytes, 0);
    assert_false(a->door.turn);
}

/* Others hold all there is: the oldest body that waits has its turn and goes on all the same. */
static void one_body_goes_on_beyond_its_part(void **state)
{
    struct asking a;
    (void)state;
    setup(&a);
    a.door.reading_bytes = PART;
    ask_begin(&a, "POST", "/bulk", SDK);
    ask_push(&a, view_of("["));
    push_numbers(&a, 200000);
    assert_true(a.door.turn);
    a.door.reading_bytes -= PART;
    finish(&a, 200000);
    ask_teardown(&a);
}

/* Somebody on another thread has the turn: it waits until that is over. */
static void a_body_waits_for_its_turn(void **state)
{
    struct asking a;
    (void)state;
    setup_full(&a);
    ask_begin(&a, "POST", "/bulk", SDK);
    ask_push(&a, view_of("["));
    push_numbers(&a, 20000);
    assert_int_equal(a.door.reading_bytes, PART); /* not a byte more */
    wait_a_while(&a);
    assert_int_equal(a.door.reading_bytes, PART);
    a.door.turn = false;
    wait_a_while(&a);
    assert_true(a.door.turn);
    assert_true(a.door.reading_bytes > PART);
    a.door.reading_bytes -= PART;
    finish(&a, 20000);
    assert_null(a.thread->pause_timer);
    ask_teardown(&a);
}

/* Room is made elsewhere: the turn is not needed. */
static void a_body_waits_for_room(void **state)
{
    struct asking a;
    (void)state;
    setup_full(&a);
    ask_begin(&a, "POST", "/bulk", SDK);
    ask_push(&a, view_of("[1"));
    a.door.reading_bytes = 0;
    wait_a_while(&a);
    assert_true(a.door.reading_bytes > 0);
    a.door.turn = false;
    finish(&a, 1);
    ask_teardown(&a);
}

/* With a spool: what came before goes to the disk first, also before the body that has its turn. */
static void all_bodies_wait_while_the_disk_makes_room(void **state)
{
    struct asking a;
    (void)state;
    setup(&a);
    a.door.held_bytes = (int64_t)BUDGET / 4 * 3;
    a.door.room_comes = true;
    ask_begin(&a, "POST", "/bulk", SDK);
    ask_push(&a, view_of("[1"));
    assert_true(a.door.turn);
    wait_a_while(&a);
    assert_int_equal(a.door.reading_bytes, 0);
    a.door.held_bytes = 0;
    wait_a_while(&a);
    assert_true(a.door.reading_bytes > 0);
    assert_null(a.thread->pause_timer);
    finish(&a, 1);
    ask_teardown(&a);
}

/* Nothing is on its way there: waiting would be in vain. */
static void no_body_waits_for_room_that_does_not_come(void **state)
{
    struct asking a;
    (void)state;
    setup(&a);
    a.door.held_bytes = BUDGET;
    ask_begin(&a, "POST", "/bulk", SDK);
    ask_push(&a, view_of("[1"));
    assert_true(a.door.reading_bytes > 0);
    finish(&a, 1);
    ask_teardown(&a);
}

/* 13.2: the SDK repeats it. */
static void a_body_without_room_is_503_in_the_end(void **state)
{
    static const char *const headers[] = {SDK, SDK "Content-Encoding: gzip\n"};
    struct asking a;
    (void)state;
    setup_full(&a);
    for (size_t i = 0; i < ARRAY_LEN(headers); i++) {
        ask_begin(&a, "POST", "/bulk", headers[i]);
        ask_push(&a, view_of("[1"));
        ask_end(&a, HTTP_BODY_STALLED);
        assert_int_equal(a.answer.status, 503);
        assert_string_equal(answer_header(&a, "Retry-After"), "1");
        assert_int_equal(a.door.reading_bytes, PART);
        assert_null(a.thread->pause_timer);
    }
    ask_teardown(&a);
}

static void a_client_that_goes_away_waits_no_longer(void **state)
{
    struct asking a;
    (void)state;
    setup_full(&a);
    ask_begin(&a, "POST", "/bulk", SDK);
    ask_push(&a, view_of("[1"));
    assert_non_null(a.thread->pause_timer);
    ask_abandon(&a);
    assert_null(a.thread->pause_timer);
    ask_turn(&a);
    assert_int_equal(a.door.reading_bytes, PART);
    ask_teardown(&a);
}

/* Letters that the control thread has not taken yet count as well. */
static void a_post_is_counted_until_it_has_arrived(void **state)
{
    struct asking a;
    (void)state;
    setup(&a);
    ask_with(&a, "POST", "/bulk", SDK "Content-Length: 3\n", "[1]");
    assert_true(a.door.reading_bytes >= 3);
    ask_turn(&a);
    assert_int_equal(a.door.reading_bytes, 0);
    ask_teardown(&a);
}

/* ---- the spool ------------------------------------------------------------------------------- */

static void begin_spooled(struct asking *a)
{
    setup(a);
    a->door.settings.spooled = true;
    ask_begin(a, "POST", "/bulk", SDK);
    ask_push(a, view_of("[1]"));
    ask_end(a, HTTP_BODY_WHOLE);
    ask_turn(a);
    assert_int_equal(a->answer.status, 0);
    assert_int_equal(a->post_count, 1);
}

static void say_safe(struct event_post *post)
{
    post->safe(post->owner);
    post->safe = NULL;
}

static void the_answer_waits_until_the_post_is_safe(void **state)
{
    struct asking a;
    (void)state;
    begin_spooled(&a);
    say_safe(a.posts[0]);
    assert_int_equal(a.answer.status, 202);
    ask_teardown(&a);
}

/* A post that is freed without a word: it was dropped, and that is not the SDK's business. */
static void the_answer_comes_at_the_latest_with_the_end_of_the_post(void **state)
{
    struct asking a;
    (void)state;
    begin_spooled(&a);
    ask_forget_events(&a);
    assert_int_equal(a.answer.status, 202);
    ask_teardown(&a);
}

static void the_client_may_have_gone_meanwhile(void **state)
{
    struct asking a;
    (void)state;
    begin_spooled(&a);
    ask_abandon(&a);
    say_safe(a.posts[0]);
    assert_int_equal(a.answer.status, 0);
    ask_teardown(&a);
}

/* The threads end before the last posts do. */
static void nothing_is_posted_to_a_thread_that_has_ended(void **state)
{
    struct asking a;
    (void)state;
    begin_spooled(&a);
    ask_abandon(&a);
    api_threads_ended(a.api);
    say_safe(a.posts[0]);
    assert_int_equal(a.answer.status, 0);
    ask_teardown(&a);
}

/* Events have ended, or never began: nothing is lost silently. */
static void a_post_that_nobody_takes_is_counted(void **state)
{
    struct asking a;
    (void)state;
    setup(&a);
    a.door.events = NULL;
    ask_with(&a, "POST", "/bulk", SDK, "[1,2]");
    assert_int_equal(a.answer.status, 202);
    ask_with(&a, "POST", "/diagnostic", SDK, "{}");
    ask_turn(&a);
    assert_int_equal(a.door.dropped[EVENT_DROP_SHUTDOWN], 2);
    assert_int_equal(a.door.reading_bytes, 0);
    ask_teardown(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_body_goes_on_beyond_its_part),
        cmocka_unit_test(a_body_waits_for_its_turn),
        cmocka_unit_test(a_body_waits_for_room),
        cmocka_unit_test(all_bodies_wait_while_the_disk_makes_room),
        cmocka_unit_test(no_body_waits_for_room_that_does_not_come),
        cmocka_unit_test(a_body_without_room_is_503_in_the_end),
        cmocka_unit_test(a_client_that_goes_away_waits_no_longer),
        cmocka_unit_test(a_post_is_counted_until_it_has_arrived),
        cmocka_unit_test(the_answer_waits_until_the_post_is_safe),
        cmocka_unit_test(the_answer_comes_at_the_latest_with_the_end_of_the_post),
        cmocka_unit_test(the_client_may_have_gone_meanwhile),
        cmocka_unit_test(nothing_is_posted_to_a_thread_that_has_ended),
        cmocka_unit_test(a_post_that_nobody_takes_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
