/* Requests that several environments make alike (big-segments.md 2). What is said, one after the
 * other: "start", "cancel", "pause", "resume" by the connection; "a 200", "a [bytes]", "a end
 * MESSAGE" by the taker a. */
#include "bigsegments/shared_exchange.h"
#include "source/sse_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

struct http_exchange {
    const struct http_exchange_listener *listener;
    void *owner;
};

enum { MAX_CONNECTIONS = 4, TAKERS = 3 };

static struct world {
    uv_loop_t loop;
    struct shared_exchanges all;
    struct str said;
    struct http_exchange connections[MAX_CONNECTIONS];
    size_t started;
    bool refuses;
    struct random random;
    double drawn;
    struct shared_exchange *takers[TAKERS]; /* a, b, c; NULL: none */
    char cancels[2]; /* who cancels whom, with the next thing that comes: "ab" */
} w;

static void say(const char *format, ...) PRINTF_LIKE(1, 2);

static void say(const char *format, ...)
{
    va_list args;
    if (w.said.len != 0)
        str_append_text(&w.said, ", ");
    va_start(args, format);
    str_append_vformat(&w.said, format, args);
    va_end(args);
}

/* ---- the connection -------------------------------------------------------------------------- */

bool http_exchange_start(struct http_client *c, const struct http_exchange_request *req,
                         const struct http_exchange_listener *listener, void *owner,
                         struct http_exchange **out, struct error *err)
{
    (void)c, (void)req;
    if (w.refuses) {
        error_set(err, "no such host");
        return false;
    }
    assert_true(w.started < MAX_CONNECTIONS);
    say("start");
    *out = &w.connections[w.started++];
    **out = (struct http_exchange){listener, owner};
    return true;
}

void http_exchange_cancel(struct http_exchange *x)
{
    (void)x;
    say("cancel");
}

void http_exchange_pause(struct http_exchange *x)
{
    (void)x;
    say("pause");
}

void http_exchange_resume(struct http_exchange *x)
{
    (void)x;
    say("resume");
}

static void head(int status)
{
    struct http_exchange *x = &w.connections[w.started - 1];
    x->listener->on_head(x->owner, status, NULL);
}

static void body(const char *text)
{
    struct http_exchange *x = &w.connections[w.started - 1];
    x->listener->on_body(x->owner, view_of(text));
}

static void end(bool complete, const char *message)
{
    struct http_exchange_result result = {complete, message};
    struct http_exchange *x = &w.connections[w.started - 1];
    x->listener->on_end(x->owner, &result);
}

/* ---- the takers ------------------------------------------------------------------------------ */

static char name_of(void *owner)
{
    return (char)('a' + (struct shared_exchange **)owner - w.takers);
}

static void cancel(char name)
{
    shared_exchange_cancel(w.takers[name - 'a']);
}

static void cancel_when_asked(char name)
{
    char whom = w.cancels[1];
    if (w.cancels[0] != name)
        return;
    w.cancels[0] = '\0';
    cancel(whom);
}

static void on_head(void *owner, int status, const struct http_head *head_of)
{
    (void)head_of;
    say("%c %d", name_of(owner), status);
    cancel_when_asked(name_of(owner));
}

static void on_body(void *owner, struct view bytes)
{
    say("%c [%.*s]", name_of(owner), VIEW_ARGS(bytes));
    cancel_when_asked(name_of(owner));
}

static void on_end(void *owner, const struct http_exchange_result *result)
{
    say("%c end%s %s", name_of(owner), result->complete ? " complete" : "", result->message);
    *(struct shared_exchange **)owner = NULL;
}

static const struct http_exchange_listener listener = {
    .on_head = on_head, .on_body = on_body, .on_end = on_end};

static bool start_with(char name, bool stream, const char *url, const char *key)
{
    struct error err;
    struct http_client_header headers[] = {{"Authorization", view_of(key)}};
    struct http_exchange_request req = {
        .method = "GET", .url = view_of(url), .headers = headers, .header_count = 1};
    struct shared_exchange **at = &w.takers[name - 'a'];
    assert_null(*at);
    return shared_exchange_start(&w.all, stream, &req, &listener, at, at, &err);
}

static void poll(char name)
{
    assert_true(start_with(name, false, "http://up/revisions?after=1", "sdk-1"));
}

static void stream(char name)
{
    assert_true(start_with(name, true, "http://up/big-segments", "sdk-1"));
}

/* ---- the world ------------------------------------------------------------------------------- */

static void turn(void)
{
    (void)uv_run(&w.loop, UV_RUN_NOWAIT);
    (void)uv_run(&w.loop, UV_RUN_NOWAIT);
}

static void expect(const char *said)
{
    if (strcmp(str_text(&w.said), said) != 0)
        fail_msg("\nsaid   %s\nwanted %s", str_text(&w.said), said);
    str_clear(&w.said);
    str_append_text(&w.said, "");
}

static double unit(struct random *r)
{
    (void)r;
    w.drawn += 0.25;
    return w.drawn;
}

static void begin(void)
{
    w = (struct world){.random = {unit}};
    (void)uv_loop_init(&w.loop);
    shared_exchanges_init(&w.all, NULL, &w.loop, &w.random);
}

static void finish(void)
{
    turn();
    expect("");
    assert_true(list_empty(&w.all.requests));
    for (size_t i = 0; i < TAKERS; i++)
        assert_null(w.takers[i]);
    assert_int_equal(uv_loop_close(&w.loop), 0);
    str_free(&w.said);
}

/* ---- polls ----------------------------------------------------------------------------------- */

static void polls_that_are_alike_are_one(void **state)
{
    (void)state;
    begin();
    poll('a');
    poll('b');
    expect("start");
    head(200);
    body("[");
    body("]");
    end(true, "EOF");
    expect("a 200, b 200, a [[], b [[], a []], b []]");
    turn();
    expect("b end complete EOF, a end complete EOF");
    finish();
}

static void another_cursor_or_key_is_another_request(void **state)
{
    (void)state;
    begin();
    poll('a');
    assert_true(start_with('b', false, "http://up/revisions?after=2", "sdk-1"));
    assert_true(start_with('c', false, "http://up/revisions?after=1", "sdk-2"));
    expect("start, start, start");
    for (; w.started != 0; w.started--)
        end(false, "EOF");
    turn();
    expect("a end EOF, b end EOF, c end EOF");
    finish();
}

/* `b` was not joined to `a`: each has an end of its own. */
static void both_end(const char *story)
{
    expect(story);
    end(true, "EOF");
    w.started--;
    end(true, "EOF");
    turn();
    expect("a end complete EOF, b end complete EOF");
    finish();
}

/* It would lack the beginning, or what has come into the database meanwhile. */
static void a_poll_whose_answer_has_begun_is_not_joined(void **state)
{
    (void)state;
    begin();
    poll('a');
    head(200);
    poll('b');
    both_end("start, a 200, start");
}

static void a_request_that_cannot_be_made_leaves_nothing(void **state)
{
    (void)state;
    begin();
    w.refuses = true;
    assert_false(start_with('a', false, "http://nowhere/", "sdk-1"));
    w.takers[0] = NULL;
    finish();
}

/* ---- streams --------------------------------------------------------------------------------- */

static void a_stream_is_joined_before_it_is_open(void **state)
{
    (void)state;
    begin();
    stream('a');
    stream('b');
    expect("start");
    head(200);
    body("data: 1\n");
    expect("a 200, b 200, a [data: 1\n], b [data: 1\n]");
    end(false, "reset");
    turn();
    expect("b end reset, a end reset");
    finish();
}

/* Who joins is told in a later turn, between two events, and gets whole ones. `before` has come
 * when he asks, `then` comes afterwards; he gets `his`. */
static void a_stream_is_joined_between_two_events(void **state)
{
    static const struct {
        const char *before;
        const char *then;
        const char *his;
        bool at_once;
    } rows[] = {
        {"", "data: 1\n\n", "data: 1\n\n", true},
        {"data: 0\n\n", "data: 1\n\n", "data: 1\n\n", true},
        {"data: 0\r\n\r\n", "data: 1\n\n", "data: 1\n\n", true},
        {"data: 0\r\r", "data: 1\n\n", "data: 1\n\n", true},
        {":\n", "data: 1\n\n", "data: 1\n\n", true}, /* a comment is nothing */
        {": hello\n\n", "data: 1\n\n", "data: 1\n\n", true},
        {"data: 0\n", "data: 1\n\n", "", false},
        {"data: 0", "\ndata: 1\n\ndata: 2\n", "data: 2\n", false},
        {"data: 0\n", "\ndata: 2\n\ndata: 3\n\n", "data: 2\n\ndata: 3\n\n", false},
        {"data: 0\n:\n", "\ndata: 2\n\n", "data: 2\n\n", false},
        {":hel", "lo\ndata: 2\n\n", "data: 2\n\n", false},
        {"data: 0\n", "data: x\n:\n", NULL, false},
        {"data: 0\r", "\ndata: x\n", NULL, false},
        {"data: 0\r", "\n\r\ndata: 2\n\n", "\ndata: 2\n\n", false},
        {"data: 0\r\r", "\ndata: 2\n\n", "\ndata: 2\n\n", true},
    };
    struct str want = {0};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        begin();
        stream('a');
        head(200);
        body(rows[i].before);
        stream('b');
        str_clear(&w.said);
        str_append_text(&w.said, "");
        turn();
        expect(rows[i].at_once ? "b 200" : "");
        body(rows[i].then);
        str_clear(&want);
        str_append_format(&want, "a [%s]", rows[i].then);
        if (rows[i].his != NULL && !rows[i].at_once)
            str_append_text(&want, ", b 200");
        if (rows[i].his != NULL && rows[i].his[0] != '\0')
            str_append_format(&want, ", b [%s]", rows[i].his);
        expect(str_text(&want));
        end(true, "EOF");
        turn();
        expect("b end complete EOF, a end complete EOF");
        finish();
    }
    str_free(&want);
}

/* ---- events of a stream that is joined anywhere ---------------------------------------------- */

/* What a reader of events makes of bytes: "data;data;". */
struct events {
    struct sse_reader reader;
    struct str text;
    size_t count;
};

static void event_data(void *owner, struct view name, struct view piece)
{
    struct events *e = owner;
    (void)name;
    str_append(&e->text, piece);
}

static void event_end(void *owner, struct view name, bool has_data)
{
    struct events *e = owner;
    (void)name, (void)has_data;
    str_append_char(&e->text, ';');
    e->count++;
}

static void event_retry(void *owner, int64_t ms)
{
    (void)owner, (void)ms;
}

static void events_begin(struct events *e)
{
    static const struct sse_reader_listener reader_listener = {
        .on_data = event_data, .on_event = event_end, .on_retry = event_retry};
    *e = (struct events){0};
    sse_reader_init(&e->reader, SSE_READER_MAX_EVENT, &reader_listener, e);
    str_append_text(&e->text, "");
}

static void events_free(struct events *e)
{
    sse_reader_done(&e->reader);
    str_free(&e->text);
}

struct reading {
    struct shared_exchange *exchange;
    struct events events;
};

static void read_head(void *owner, int status, const struct http_head *of)
{
    (void)owner, (void)status, (void)of;
}

static void read_body(void *owner, struct view bytes)
{
    struct reading *r = owner;
    assert_true(sse_reader_feed(&r->events.reader, bytes));
}

static void read_end(void *owner, const struct http_exchange_result *result)
{
    struct reading *r = owner;
    (void)result;
    r->exchange = NULL;
}

/* The stream's bytes: `at` of them, then b joins, then the others in steps. What b has read. */
static void join_at(struct reading *r, struct view text, size_t at, size_t step)
{
    static const struct http_exchange_listener reads = {
        .on_head = read_head, .on_body = read_body, .on_end = read_end};
    struct http_exchange_request req = {.url = view_of("http://up/big-segments")};
    struct reading first = {0};
    struct error err;
    begin();
    events_begin(&first.events);
    assert_true(shared_exchange_start(&w.all, true, &req, &reads, &first, &first.exchange, &err));
    head(200);
    const struct http_exchange *x = &w.connections[0];
    x->listener->on_body(x->owner, view_make(text.data, at));
    assert_true(shared_exchange_start(&w.all, true, &req, &reads, r, &r->exchange, &err));
    turn();
    for (; at < text.len; at += step) {
        struct view rest = view_from(text, at);
        x->listener->on_body(x->owner, view_make(rest.data, rest.len < step ? rest.len : step));
    }
    end(true, "EOF");
    turn();
    expect("start");
    events_free(&first.events);
    finish();
}

/* Whole events without a gap, from the second one after he joins at the latest. */
static void who_joins_misses_no_event(void **state)
{
    static const char text[] = "data: 0\n\n:\ndata: 1\r\ndata:1\r\n\r\n: data: x\r\n\rid: 9\rdata: "
                               "2\r\r\n\n:\n:\ndata:3\n:data"
                               "\n\nevent: data\r\ndata: 4\n\r\ndata: 5\n\n";
    struct events all;
    (void)state;
    events_begin(&all);
    assert_true(sse_reader_feed(&all.reader, view_of(text)));
    assert_string_equal(str_text(&all.text), "0;1\n1;2;3;4;5;");
    for (size_t at = 0; at < sizeof text; at++) {
        struct events before;
        events_begin(&before);
        (void)sse_reader_feed(&before.reader, view_make(text, at));
        for (size_t step = 1; step < 4; step++) {
            struct reading r = {0};
            events_begin(&r.events);
            join_at(&r, view_of(text), at, step);
            size_t from = all.text.len - r.events.text.len;
            bool suffix = r.events.text.len <= all.text.len &&
                          strcmp(str_text(&all.text) + from, str_text(&r.events.text)) == 0 &&
                          (from == 0 || str_text(&all.text)[from - 1] == ';');
            if (!suffix || all.count - r.events.count > before.count + 1)
                fail_msg("from byte %zu in steps of %zu: %s", at, step, str_text(&r.events.text));
            events_free(&r.events);
        }
        events_free(&before);
    }
    events_free(&all);
}

/* He has not been told yet that it is open. */
static void what_comes_before_his_turn_is_not_his(void **state)
{
    (void)state;
    begin();
    stream('a');
    head(200);
    stream('b');
    body("data: 1\n\n");
    expect("start, a 200, a [data: 1\n\n]");
    turn();
    body("data: 2\n\n");
    expect("b 200, a [data: 2\n\n], b [data: 2\n\n]");
    end(true, "EOF");
    turn();
    expect("b end complete EOF, a end complete EOF");
    finish();
}

static void a_stream_that_is_refused_is_not_joined(void **state)
{
    (void)state;
    begin();
    stream('a');
    head(401);
    stream('b');
    both_end("start, a 401, start");
}

/* ---- pauses and ends ------------------------------------------------------------------------- */

static void who_pauses_makes_the_others_wait(void **state)
{
    (void)state;
    begin();
    stream('a');
    stream('b');
    head(200);
    expect("start, a 200, b 200");
    shared_exchange_pause(w.takers[0]);
    shared_exchange_pause(w.takers[1]);
    shared_exchange_pause(w.takers[1]);
    expect("pause");
    shared_exchange_resume(w.takers[0]);
    expect("");
    shared_exchange_resume(w.takers[1]);
    expect("resume");
    shared_exchange_pause(w.takers[1]);
    cancel('b');
    expect("pause, resume");
    body("x");
    turn();
    expect("a [x], b end cancelled");
    end(true, "EOF");
    shared_exchange_pause(w.takers[0]); /* too late */
    cancel('a');
    turn();
    expect("a end complete EOF");
    finish();
}

static void the_last_who_cancels_ends_it(void **state)
{
    (void)state;
    begin();
    stream('a');
    stream('b');
    head(200);
    expect("start, a 200, b 200");
    cancel('a');
    body("x");
    cancel('b');
    cancel('b');
    expect("b [x], cancel");
    turn();
    expect("a end cancelled");
    stream('c'); /* not that one */
    expect("start");
    w.started--;
    body("y");
    end(false, "cancelled");
    turn();
    expect("b end cancelled");
    w.started++;
    cancel('c');
    end(false, "cancelled");
    turn();
    expect("cancel, c end cancelled");
    finish();
}

static void who_has_cancelled_hears_nothing_more(void **state)
{
    static const char *const cancels[] = {"aa", "ab", "ba", "bb"};
    static const char *const said[] = {
        "a [x], b [x], a end cancelled",
        "a [x], b end cancelled",
        "a [x], b [x], a end cancelled",
        "a [x], b [x], b end cancelled",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cancels); i++) {
        begin();
        stream('a');
        stream('b');
        head(200);
        expect("start, a 200, b 200");
        memcpy(w.cancels, cancels[i], sizeof w.cancels);
        body("x");
        turn();
        expect(said[i]);
        end(true, "EOF");
        turn();
        expect(cancels[i][1] == 'a' ? "b end complete EOF" : "a end complete EOF");
        finish();
    }
}

static void who_joins_may_leave_before_it_begins(void **state)
{
    (void)state;
    begin();
    stream('a');
    head(200);
    body("data: 0");
    stream('b');
    stream('c');
    expect("start, a 200, a [data: 0]");
    cancel('b');
    turn();
    expect("b end cancelled");
    cancel('a');
    turn();
    expect("a end cancelled"); /* c waits */
    memcpy(w.cancels, "cc", sizeof w.cancels);
    body("\n\ndata: 1\n\n");
    expect("c 200, cancel");
    end(false, "cancelled");
    turn();
    expect("c end cancelled");
    finish();
}

/* ---- time ------------------------------------------------------------------------------------ */

static void rang(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

static void wait_ms(uint64_t ms)
{
    uv_timer_t timer;
    bool over = false;
    (void)uv_timer_init(&w.loop, &timer);
    timer.data = &over;
    uv_update_time(&w.loop);
    (void)uv_timer_start(&timer, rang, ms, 0);
    while (!over)
        (void)uv_run(&w.loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&timer, NULL);
    turn();
}

static void who_asks_in_the_same_turn_gets_the_same_number(void **state)
{
    struct random *r = &w.all.random;
    (void)state;
    begin();
    assert_true(r->unit(r) == 0.25 && r->unit(r) == 0.25);
    wait_ms(2);
    assert_true(r->unit(r) == 0.5 && r->unit(r) == 0.5);
    finish();
}

static void pauses_are_measured_for_all(void **state)
{
    (void)state;
    begin();
    poll('a');
    poll('b');
    head(200);
    wait_ms(2);
    assert_int_equal(shared_exchange_paused_ms(w.takers[1]), 0);
    shared_exchange_pause(w.takers[0]);
    wait_ms(3);
    uint64_t first = shared_exchange_paused_ms(w.takers[1]);
    assert_true(first >= 3);
    shared_exchange_resume(w.takers[0]);
    first = shared_exchange_paused_ms(w.takers[1]);
    wait_ms(2);
    assert_int_equal(shared_exchange_paused_ms(w.takers[1]), first);
    shared_exchange_pause(w.takers[1]);
    wait_ms(2);
    assert_true(shared_exchange_paused_ms(w.takers[0]) >= first + 2);
    end(true, "EOF");
    turn();
    expect("start, a 200, b 200, pause, resume, pause, b end complete EOF, a end complete EOF");
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(polls_that_are_alike_are_one),
        cmocka_unit_test(another_cursor_or_key_is_another_request),
        cmocka_unit_test(a_poll_whose_answer_has_begun_is_not_joined),
        cmocka_unit_test(a_request_that_cannot_be_made_leaves_nothing),
        cmocka_unit_test(a_stream_is_joined_before_it_is_open),
        cmocka_unit_test(a_stream_is_joined_between_two_events),
        cmocka_unit_test(who_joins_misses_no_event),
        cmocka_unit_test(what_comes_before_his_turn_is_not_his),
        cmocka_unit_test(a_stream_that_is_refused_is_not_joined),
        cmocka_unit_test(who_pauses_makes_the_others_wait),
        cmocka_unit_test(the_last_who_cancels_ends_it),
        cmocka_unit_test(who_has_cancelled_hears_nothing_more),
        cmocka_unit_test(who_joins_may_leave_before_it_begins),
        cmocka_unit_test(who_asks_in_the_same_turn_gets_the_same_number),
        cmocka_unit_test(pauses_are_measured_for_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
