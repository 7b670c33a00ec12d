/* The request that is passed through (http-api.md 7): what upstream is asked and what clients are
 * told, by whom an answer is shared, how long it is kept. Checklist of http-api.md: 63-67. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "goals/goals_private.h"
#include "http/call.h"

#define TARGET "/sdk/goals/id-1"
#define NOW_MS 1700000000000 /* Tue, 14 Nov 2023 22:13:20 GMT */
#define DATE "Date: Tue, 14 Nov 2023 22:13:20 GMT\n"
#define CALLS_MAX 128

/* ---- upstream: answers when a test says so --------------------------------------------------- */

struct http_head {
    const char *text; /* "Name: value\n" each */
};

struct http_call {
    struct str url;
    struct str headers; /* "Name: value\n" each, in the order in which they are sent */
    void (*head)(void *owner, int status, const struct http_head *head);
    http_called *done;
    void *owner;
    bool open;
};

static struct world {
    struct fake_clock clock;
    struct goals *goals;
    struct http_call calls[CALLS_MAX];
    size_t count;
    size_t cancelled;
    struct str told;  /* "ID STATUS BODY;" */
    struct str lines; /* of the last answer, with its type in front */
} w;

struct http_call *http_call_start(struct http_client *client, const struct http_call_request *req,
                                  uv_loop_t *loop, http_called *done, void *owner)
{
    assert_true(client == NULL && loop == NULL && w.count < CALLS_MAX);
    assert_int_equal(req->timeout_ms, 10000);
    assert_true(req->exchange.stays);
    struct http_call *c = &w.calls[w.count++];
    *c = (struct http_call){.head = req->on_head, .done = done, .owner = owner, .open = true};
    str_append(&c->url, req->exchange.url);
    for (size_t i = 0; i < req->exchange.header_count; i++)
        str_append_format(&c->headers, "%s: %.*s\n", req->exchange.headers[i].name,
                          VIEW_ARGS(req->exchange.headers[i].value));
    return c;
}

void http_call_cancel(struct http_call *c)
{
    assert_true(c->open);
    c->open = false;
    w.cancelled++;
}

static bool line_next(const char *text, size_t *at, struct view *name, struct view *value)
{
    struct view rest = view_from(view_of(text), *at);
    struct view line = view_take_until(&rest, "\n");
    if (line.len == 0)
        return false;
    *at += line.len + 1;
    *name = view_take_until(&line, ":");
    *value = view_trim(view_from(line, 1));
    return true;
}

bool http_head_next(const struct http_head *head, size_t *at, struct view *name, struct view *value)
{
    return line_next(head->text, at, name, value);
}

struct view http_head_value(const struct http_head *head, const char *wanted)
{
    struct view name;
    struct view value;
    for (size_t at = 0; line_next(head->text, &at, &name, &value);)
        if (view_equal_nocase(name, view_of(wanted)))
            return value;
    return view_make("", 0);
}

/* The answer to the call of this number. */
static void upstream_answers(size_t number, int status, const char *headers, const char *body)
{
    struct http_call *c = &w.calls[number];
    struct http_head head = {headers};
    struct http_call_answer answer = {.ok = true, .status = status, .body = view_of(body)};
    assert_true(c->open);
    c->open = false;
    c->head(c->owner, status, &head);
    c->done(c->owner, &answer);
}

static void upstream_fails(size_t number, const char *problem)
{
    struct http_call *c = &w.calls[number];
    struct http_call_answer answer = {.problem = problem};
    c->open = false;
    c->done(c->owner, &answer);
}

/* ---- clients --------------------------------------------------------------------------------- */

static void answered(void *owner, uint64_t id, struct goals_answer *answer)
{
    assert_ptr_equal(owner, &w);
    str_append_format(&w.told, "%d %d %.*s;", (int)id, answer->status,
                      (int)(answer->body->len < 8 ? answer->body->len : 8), answer->body->data);
    str_clear(&w.lines);
    str_append_format(&w.lines, "[%s]", answer->type);
    str_append(&w.lines, str_view(&answer->lines));
}

static void post(void *owner, size_t thread, struct letter *l)
{
    assert_ptr_equal(owner, &w);
    assert_int_equal(thread, 3);
    l->deliver(l);
}

/* Headers are "Name: value\n" each. */
static void ask_of(int id, const char *environment, const char *target, const char *headers)
{
    struct goals_asker asker = {&w, 3, (uint64_t)id, answered};
    struct goals_question *q = goals_question_new(view_of(environment), view_of(target), &asker);
    struct view name;
    struct view value;
    for (size_t at = 0; line_next(headers, &at, &name, &value);)
        goals_question_header(q, name, value);
    goals_take(w.goals, q);
}

static void ask(int id, const char *headers)
{
    ask_of(id, "id-1", TARGET, headers);
}

static void expect(const char *told, size_t calls, const char *why)
{
    if (strcmp(str_text(&w.told), told) != 0 || w.count != calls)
        fail_msg("%s: told \"%s\", not \"%s\"; %zu calls", why, str_text(&w.told), told, w.count);
    str_clear(&w.told);
}

static int setup(void **state)
{
    (void)state;
    w = (struct world){0};
    fake_clock_init(&w.clock, 1000, NOW_MS);
    struct goals_settings settings = {.clock = &w.clock.base,
                                      .base_uri = "https://up.example:99/ignored/path",
                                      .route = {&w, post}};
    w.goals = goals_open(&settings);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    goals_close(w.goals);
    for (size_t i = 0; i < w.count; i++) {
        assert_false(w.calls[i].open);
        str_free(&w.calls[i].url);
        str_free(&w.calls[i].headers);
    }
    str_free(&w.told);
    str_free(&w.lines);
    return 0;
}

/* ---- what is asked --------------------------------------------------------------------------- */

/* 63, 67 */
static void upstream_sees_what_it_may_see(void **state)
{
    (void)state;
    struct goals_asker asker = {&w, 3, 1, answered};
    struct goals_question *q =
        goals_question_new(view_of("id-1"), view_of(TARGET "?filter=web"), &asker);
    static const char *const headers[][2] = {{"Host", "relay"},
                                             {"Cookie", "a=b"},
                                             {"Authorization", "sdk-1"},
                                             {"Connection", "keep-alive"},
                                             {"Accept-Encoding", "br"},
                                             {"ACCEPT", "*/*"},
                                             {"Accept-Language", "de"},
                                             {"Origin", "https://o"},
                                             {"Referer", "https://o/p"},
                                             {"User-Agent", "Browser/1"},
                                             {"x-launchdarkly-user-agent", "JSClient/3"},
                                             {"X-LaunchDarkly-", "no name"},
                                             {"X-LaunchDark", "another"}};
    for (size_t i = 0; i < ARRAY_LEN(headers); i++)
        goals_question_header(q, view_of(headers[i][0]), view_of(headers[i][1]));
    goals_question_forwarded(q, view_of("192.0.2.1"), view_of("198.51.100.7"));
    goals_take(w.goals, q);
    assert_string_equal(str_text(&w.calls[0].url),
                        "https://up.example:99/sdk/goals/id-1?filter=web");
    assert_string_equal(str_text(&w.calls[0].headers),
                        "ACCEPT: */*\nAccept-Language: de\nOrigin: https://o\n"
                        "Referer: https://o/p\nUser-Agent: Browser/1\n"
                        "x-launchdarkly-user-agent: JSClient/3\n"
                        "X-Forwarded-For: 192.0.2.1, 198.51.100.7\n");
    upstream_answers(0, 200, "", "[]");
    expect("1 200 [];", 1, "63");
    ask(2, "");
    assert_string_equal(str_text(&w.calls[1].headers), "User-Agent: \n"); /* none of its own */
    upstream_answers(1, 200, "", "[]");
}

/* More headers than are passed on, of which some are longer than all: nothing breaks. */
static void a_client_cannot_make_it_grow(void **state)
{
    (void)state;
    struct str headers = {0};
    for (int i = 0; i < 100; i++)
        str_append_format(&headers, "X-LaunchDarkly-%d: x\n", i);
    ask(1, str_text(&headers));
    assert_null(strstr(str_text(&w.calls[0].headers), "X-LaunchDarkly-32"));
    upstream_answers(0, 200, "", "[]");
    str_free(&headers);
}

/* ---- what is told ---------------------------------------------------------------------------- */

static const struct {
    int status;
    const char *headers;
    const char *lines;
    const char *why;
} heads[] = {
    {200, "Content-Type: application/json\n" DATE "ETag: \"v\"\nX-A: b\n",
     "[application/json]Date: Tue, 14 Nov 2023 22:13:20 GMT\r\nETag: \"v\"\r\nX-A: b\r\n", "64"},
    {200, "Access-Control-Allow-Origin: *\naccess-control-x: y\nACCESS-CONTROL: z\n" DATE,
     "[]Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n", "64: ours replace them"},
    {200, "Connection: close, X-Hop\nx-hop: 1\nKeep-Alive: 5\nTransfer-Encoding: chunked\n" DATE,
     "[]Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n", "67: hop by hop"},
    {200, "Content-Length: 2\nContent-Encoding: gzip\nSet-Cookie: a=b\n" DATE,
     "[]Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n", "those of our own answer"},
    {200, "X-Bad: a\rSet-Cookie: b\nX-Nul: \x01\n" DATE,
     "[]Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n", "no line ends early"},
    {200, "Date: \nX-A:\n", "[]Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n", "nothing is said"},
    {301, "Location: https://elsewhere/\n" DATE,
     "[]Date: Tue, 14 Nov 2023 22:13:20 GMT\r\nLocation: https://elsewhere/\r\n",
     "a redirect is passed on"},
    {404, "", "[]Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n", "a Date is made up"},
    {500, "", "[]Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n", "64: the status"},
};

static void an_answer_is_passed_on_as_its_row_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        char told[64];
        ask((int)i, "");
        upstream_answers(i, heads[i].status, heads[i].headers, "body");
        (void)snprintf(told, sizeof told, "%zu %d body;", i, heads[i].status);
        expect(told, i + 1, heads[i].why);
        if (heads[i].status == 301) { /* the order of the headers is upstream's */
            assert_non_null(strstr(str_text(&w.lines), "Location: https://elsewhere/\r\n"));
            continue;
        }
        if (strcmp(str_text(&w.lines), heads[i].lines) != 0)
            fail_msg("%s: %s", heads[i].why, str_text(&w.lines));
    }
}

/* ---- shared answers -------------------------------------------------------------------------- */

static const struct {
    const char *first;
    const char *second;
    size_t calls; /* before the answer */
    const char *answer;
    size_t calls_after;
    const char *why;
} shared[] = {
    {"", "", 1, "", 1, "the same question"},
    {"Origin: a\n", "Origin: b\n", 1, "", 1, "upstream does not care"},
    {"Origin: a\n", "Origin: b\n", 1, "Vary: Accept-Encoding, origin\n", 2, "it does"},
    {"Origin: a\n", "Origin: a\n", 1, "Vary: Origin\n", 1, "it does, but they are the same"},
    {"", "", 1, "Vary: *\n", 2, "for nobody else"},
    {"", "", 1, "Vary: Accept-Encoding\n", 1, "ours is always the same"},
    {"", "", 1, "Cache-Control: private, No-Store\n", 2, "must not be kept"},
    {"", "", 1, "Cache-Control: no-cache\n", 1, "fresh for those who wait"},
    {"If-None-Match: \"1\"\n", "", 2, "", 2, "another condition"},
    {"If-None-Match: \"1\"\n", "If-None-Match: \"1\"\n", 1, "", 1, "the same condition"},
};

static void simultaneous_questions_share_an_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(shared); i++) {
        char target[64];
        size_t before = w.count;
        (void)snprintf(target, sizeof target, TARGET "?%zu", i);
        ask_of(1, "id-1", target, shared[i].first);
        ask_of(2, "id-1", target, shared[i].second);
        expect("", before + shared[i].calls, shared[i].why);
        upstream_answers(before, 200, shared[i].answer, "a");
        if (shared[i].calls_after == 2)
            upstream_answers(before + 1, 200, "", "b");
        bool one = shared[i].calls_after == 1;
        expect(one ? "2 200 a;1 200 a;" : "1 200 a;2 200 b;", before + shared[i].calls_after,
               shared[i].why);
    }
}

/* ---- kept answers ---------------------------------------------------------------------------- */

static const struct {
    const char *headers;
    int64_t after_s;
    bool fresh;
    const char *why;
} ages[] = {
    {DATE, 0, false, "nothing is said: asked each time"},
    {DATE "Cache-Control: max-age=60\n", 59, true, "65"},
    {DATE "Cache-Control: max-age=60\n", 60, false, "65"},
    {DATE "Cache-Control: public, Max-Age=\"60\" , x\n", 59, true, "quotes, others, case"},
    {DATE "Cache-Control: max-age=60, no-cache\n", 0, false, "no-cache"},
    {DATE "Cache-Control: max-age=60, no-store\n", 0, false, "no-store"},
    {DATE "Cache-Control: max-age=no\n", 0, false, "no number"},
    {DATE "Cache-Control: max-age=99999999999999999999\n", 86400, true, "too big a number"},
    {DATE "Age: 50\nCache-Control: max-age=60\n", 9, true, "it was 50 s old"},
    {DATE "Age: 50\nCache-Control: max-age=60\n", 10, false, "it was 50 s old"},
    {"Date: Tue, 14 Nov 2023 22:12:30 GMT\nCache-Control: max-age=60\n", 9, true, "so it was"},
    {"Date: Tue, 14 Nov 2023 22:12:30 GMT\nCache-Control: max-age=60\n", 10, false, "so it was"},
    {"Date: Tue, 14 Nov 2023 23:59:59 GMT\nCache-Control: max-age=60\n", 60, false, "from later"},
    {"Cache-Control: max-age=60\n", 59, true, "without Date"},
    {DATE "Expires: Tue, 14 Nov 2023 22:14:20 GMT\n", 59, true, "Expires"},
    {DATE "Expires: Tuesday, 14-Nov-23 22:14:20 GMT\n", 59, true, "an old form"},
    {DATE "Expires: Tue Nov 14 22:14:20 2023\n", 59, true, "an older form"},
    {DATE "Expires: Tue, 14 Nov 2023 22:14:20 GMT\n", 60, false, "Expires"},
    {DATE "Expires: 0\n", 0, false, "no date"},
    {DATE "Expires: Tue, 14 Nov 2023 22:14:20 GMT\nCache-Control: max-age=5\n", 6, false,
     "max-age counts"},
};

static void an_answer_is_fresh_as_its_row_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(ages); i++) {
        char target[64];
        size_t before = w.count;
        (void)snprintf(target, sizeof target, TARGET "?%zu", i);
        ask_of(1, "id-1", target, "");
        upstream_answers(before, 200, ages[i].headers, "a");
        fake_clock_advance(&w.clock, ages[i].after_s * 1000);
        ask_of(2, "id-1", target, "");
        if (w.count != before + (ages[i].fresh ? 1 : 2))
            fail_msg("%zu: %s", i, ages[i].why);
        if (!ages[i].fresh)
            upstream_answers(before + 1, 200, "", "b");
        expect(ages[i].fresh ? "1 200 a;2 200 a;" : "1 200 a;2 200 b;", w.count, ages[i].why);
        fake_clock_advance(&w.clock, -ages[i].after_s * 1000);
    }
}

/* 65: a 304 gives the kept body, with the headers that are new. */
static void a_stale_answer_is_asked_about(void **state)
{
    (void)state;
    ask(1, "");
    upstream_answers(0, 200,
                     DATE "Content-Type: a/b\nETag: W/\"7\"\nLast-Modified: then\nX-A: 1\nX-B: 1\n"
                          "Cache-Control: max-age=60\n",
                     "goals");
    fake_clock_advance(&w.clock, 60000);
    ask(2, "If-None-Match: \"x\"\nOrigin: o\n");
    ask(3, "");
    assert_string_equal(str_text(&w.calls[1].headers),
                        "Origin: o\nIf-None-Match: W/\"7\"\nIf-Modified-Since: then\n"
                        "User-Agent: \n");
    upstream_answers(1, 304, "Date: Tue, 14 Nov 2023 22:14:20 GMT\nX-A: 2\n", "");
    expect("1 200 goals;3 200 goals;2 200 goals;", 2, "65");
    assert_string_equal(str_text(&w.lines),
                        "[a/b]Date: Tue, 14 Nov 2023 22:14:20 GMT\r\nX-A: 2\r\nETag: W/\"7\"\r\n"
                        "Last-Modified: then\r\nX-B: 1\r\nCache-Control: max-age=60\r\n");
    fake_clock_advance(&w.clock, 59000);
    ask(4, "");
    expect("4 200 goals;", 2, "fresh again");
}

/* What a client has without us is its own affair. */
static void a_304_to_the_client_is_passed_on(void **state)
{
    (void)state;
    ask(1, "If-None-Match: \"x\"\n");
    assert_string_equal(str_text(&w.calls[0].headers), "If-None-Match: \"x\"\nUser-Agent: \n");
    upstream_answers(0, 304, "ETag: \"x\"\nCache-Control: max-age=60\n", "");
    expect("1 304 ;", 1, "passed on");
    ask(2, "");
    upstream_answers(1, 200, "", "a");
    expect("2 200 a;", 2, "and not kept");
}

static const struct {
    const char *kept; /* headers of what is kept; NULL: nothing is */
    int status;       /* 0: upstream cannot be reached */
    const char *told;
    const char *why;
} failures[] = {
    {NULL, 0, "2 502 ;", "66"},
    {DATE, 0, "2 200 kept;", "better old goals than none"},
    {DATE "Cache-Control: no-store\n", 0, "2 502 ;", "it was not kept"},
    {NULL, 503, "2 503 now;", "passed on"},
    {DATE, 503, "2 503 now;", "nobody allowed it"},
    {DATE "Cache-Control: max-age=1, stale-if-error=60\n", 503, "2 200 kept;", "allowed"},
    {DATE "Cache-Control: stale-if-error\n", 503, "2 200 kept;", "for ever"},
    {DATE "Cache-Control: stale-if-error=9\n", 503, "2 503 now;", "no longer"},
    {DATE "Cache-Control: stale-if-error=60\n", 404, "2 404 now;", "no error of upstream's"},
};

static void a_failure_is_told_as_its_row_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(failures); i++) {
        char target[64];
        (void)snprintf(target, sizeof target, TARGET "?%zu", i);
        if (failures[i].kept != NULL) {
            ask_of(1, "id-1", target, "");
            upstream_answers(w.count - 1, 200, failures[i].kept, "kept");
        }
        str_clear(&w.told);
        fake_clock_advance(&w.clock, 10000);
        ask_of(2, "id-1", target, "");
        if (failures[i].status == 0)
            upstream_fails(w.count - 1, "connection refused");
        else
            upstream_answers(w.count - 1, failures[i].status, "", "now");
        expect(failures[i].told, w.count, failures[i].why);
        fake_clock_advance(&w.clock, -10000);
    }
}

/* ---- bounds ---------------------------------------------------------------------------------- */

static void ask_many(int from, int to, const char *environment)
{
    for (int i = from; i < to; i++) {
        char target[64];
        (void)snprintf(target, sizeof target, "/sdk/goals/%s?%d", environment, i);
        ask_of(i, environment, target, "");
    }
}

static void who_asks_too_much_waits_and_takes_nothing_from_others(void **state)
{
    (void)state;
    ask_many(0, 80, "id-1");
    expect("", 16, "16 at a time, 64 wait");
    ask_many(80, 81, "id-1");
    expect("80 503 ;", 16, "the others come again");
    assert_string_equal(str_text(&w.lines), "[]Retry-After: 1\r\n");
    ask_many(81, 82, "id-2");
    expect("", 17, "another environment has its own");
    upstream_answers(16, 200, "", "x");
    expect("81 200 x;", 17, "and nobody takes its place");
    upstream_answers(0, 200, "", "a");
    expect("0 200 a;", 18, "the next one's turn");
    upstream_fails(1, "no answer in time");
    expect("1 502 ;", 19, "the next one's turn");
}

static void no_more_is_kept_than_is_allowed(void **state)
{
    (void)state;
    struct str big = {0};
    for (int i = 0; i < 65; i++) {
        ask_many(i, i + 1, "id-1");
        upstream_answers((size_t)i, 200, "Cache-Control: max-age=60\n", "a");
    }
    str_clear(&w.told);
    ask_many(1, 2, "id-1");
    expect("1 200 a;", 65, "64 are kept");
    ask_many(0, 1, "id-1");
    expect("", 66, "the oldest is gone");
    upstream_answers(65, 200, "Cache-Control: max-age=60\n", "b");
    ask_many(1, 2, "id-1");
    expect("0 200 b;1 200 a;", 66, "the least used went");
    for (size_t i = 0; i <= GOALS_CACHE_BODY_BYTES; i++)
        str_append_char(&big, 'x');
    ask_of(1, "id-2", "/sdk/goals/id-2", "");
    upstream_answers(66, 200, "Cache-Control: max-age=60\n", str_text(&big));
    ask_of(1, "id-2", "/sdk/goals/id-2", "");
    expect("1 200 xxxxxxxx;", 68, "too big to be kept");
    big.data[--big.len] = '\0';
    upstream_answers(67, 200, "Cache-Control: max-age=60\n", str_text(&big));
    ask_of(2, "id-2", "/sdk/goals/id-2", "");
    expect("1 200 xxxxxxxx;2 200 xxxxxxxx;", 68, "just small enough");
    for (int i = 0; i < 4; i++) {
        ask_many(i, i + 1, "id-2");
        upstream_answers(w.count - 1, 200, "Cache-Control: max-age=60\n", str_text(&big));
    }
    str_clear(&w.told);
    ask_of(2, "id-2", "/sdk/goals/id-2", "");
    expect("", 73, "1 MiB was over");
    ask_many(1, 2, "id-1");
    expect("1 200 a;", 73, "other environments keep theirs");
    str_free(&big);
}

static void closing_forgets_who_waits(void **state)
{
    (void)state;
    ask_many(0, 20, "id-1");
    ask(1, "");
    ask(2, "");
    goals_close(w.goals);
    w.goals = NULL;
    assert_int_equal(w.cancelled, 16);
    expect("", 16, "nobody is told");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(upstream_sees_what_it_may_see),
        TEST(a_client_cannot_make_it_grow),
        TEST(an_answer_is_passed_on_as_its_row_says),
        TEST(simultaneous_questions_share_an_answer),
        TEST(an_answer_is_fresh_as_its_row_says),
        TEST(a_stale_answer_is_asked_about),
        TEST(a_304_to_the_client_is_passed_on),
        TEST(a_failure_is_told_as_its_row_says),
        TEST(who_asks_too_much_waits_and_takes_nothing_from_others),
        TEST(no_more_is_kept_than_is_allowed),
        TEST(closing_forgets_who_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
