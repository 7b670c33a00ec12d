/* GET /sdk/goals/{envId} as clients see it (http-api.md 7); what goals/ does with a question is
 * tested there. Checklist of http-api.md: 25, 26, 30, 64, 66, 68. */
#include "ask.h"

#include "goals/goals_private.h"

#define GOALS "/sdk/goals/id-1"
#define DATE "Date: Tue, 14 Nov 2023 22:13:20 GMT\r\n"

/* The control thread: a mailbox, and whoever answers. */
static struct world {
    struct asking a;
    struct mailbox mailbox;
    int status; /* of the next answer; 0: the client goes away first */
    const char *type;
    const char *lines;
    const char *body;
    struct str asked; /* "TARGET[ENVIRONMENT]Name: value;..." of the last question */
} w;

static void asked(void *owner, struct goals_question *q)
{
    assert_ptr_equal(owner, &w);
    struct goals_answer *answer = goals_answer_empty(w.status);
    str_clear(&w.asked);
    str_append_format(&w.asked, "%s[%s]", q->target, q->environment);
    for (size_t i = 0; i < q->header_count; i++)
        str_append_format(&w.asked, "%s: %s;", q->headers[i].name, q->headers[i].value);
    assert_int_equal(q->asker.thread, 0);
    if (w.status == 0)
        ask_abandon(&w.a);
    mem_free(answer->type);
    answer->type = mem_copy_text(w.type, strlen(w.type));
    answer->dated = w.lines[0] != '\0';
    str_append_text(&answer->lines, w.lines);
    buf_unref(answer->body);
    answer->body = buf_copy(view_of(w.body));
    q->asker.answered(q->asker.owner, q->asker.id, answer);
    goals_answer_unref(answer);
    goals_question_free(q);
}

static int setup(void **state)
{
    (void)state;
    struct goals_door door = {&w, &w.mailbox, asked};
    static const char *const files[] = {"flags.json", NULL};
    w = (struct world){.status = 200, .type = "application/json", .lines = DATE, .body = "[1]"};
    ask_setup(&w.a);
    mailbox_open(&w.mailbox, &w.a.bench.loop);
    bench_add(&w.a.bench, &(struct env_settings){.env_id = "id-1"});
    bench_add(&w.a.bench,
              &(struct env_settings){.name = "local", .env_id = "local", .data_files = files});
    ask_start(&w.a, NULL, 0);
    api_connect_goals(w.a.api, &door);
    bench_put(&w.a.bench, 0, "a:1");
    bench_put(&w.a.bench, 1, "a:1");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    mailbox_close(&w.mailbox);
    ask_teardown(&w.a);
    str_free(&w.asked);
    return 0;
}

static void expect_cors(const char *origin)
{
    assert_string_equal(answer_header(&w.a, "Access-Control-Allow-Origin"), origin);
    assert_string_equal(answer_header(&w.a, "Access-Control-Allow-Methods"), "GET,OPTIONS");
    assert_string_equal(answer_header(&w.a, "Access-Control-Expose-Headers"), "Date");
}

static void the_answer_is_upstreams_with_our_cors(void **state)
{
    (void)state;
    w.lines = DATE "X-A: b\r\nETag: \"v\"\r\n";
    ask(&w.a, "GET", GOALS "?x=%20&y",
        "Origin: https://o\nX-Forwarded-For: 198.51.100.1\nCookie: c");
    assert_int_equal(w.a.answer.status, 200);
    bench_expect(&w.a.answer.body, "[1]", "64");
    expect_cors("https://o");
    assert_string_equal(answer_header(&w.a, "Content-Type"), "application/json");
    assert_string_equal(answer_header(&w.a, "X-A"), "b");
    assert_string_equal(answer_header(&w.a, "Date"), "Tue, 14 Nov 2023 22:13:20 GMT");
    assert_string_equal(answer_header(&w.a, "X-LD-EnvId"), "id-1");
    assert_string_equal(str_text(&w.asked), GOALS "?x=%20&y[id-1]Origin: https://o;"
                                                  "X-Forwarded-For: 198.51.100.1, 192.0.2.7;");
}

/* However it is written, it is the same question upstream. */
static void the_path_is_written_in_one_way(void **state)
{
    static const char *const targets[] = {"/sdk/goals/id-1", "//sdk/goals/id-1",
                                          "/sdk/%67oals/i%64-1", "http://elsewhere/sdk/goals/id-1",
                                          "/sdk/goals/id-1?"};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(targets); i++) {
        ask(&w.a, "GET", targets[i], "");
        assert_int_equal(w.a.answer.status, 200);
        if (strncmp(str_text(&w.asked), GOALS "[id-1]", sizeof GOALS "[id-1]" - 1) != 0)
            fail_msg("%s: %s", targets[i], str_text(&w.asked));
    }
}

static const struct {
    const char *tag;
    const char *header;
    int status;
} tags[] = {
    {"\"v\"", "\"v\"", 304},    {"W/\"v\"", "\"v\"", 304}, {"\"v\"", "W/\"v\"", 304},
    {"\"v\"", "x, \"v\"", 304}, {"v", "v", 304},           {"\"v\"", "\"w\"", 200},
    {"\"v\"", "", 200},         {"", "\"v\"", 200},        {"", "", 200},
};

static void who_has_the_answer_is_told_so(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(tags); i++) {
        char lines[64];
        char header[64];
        (void)snprintf(lines, sizeof lines, tags[i].tag[0] != '\0' ? "ETag: %s\r\n" : "%s",
                       tags[i].tag);
        (void)snprintf(header, sizeof header, "If-None-Match: %s", tags[i].header);
        w.lines = lines;
        ask(&w.a, "GET", GOALS, header);
        if (w.a.answer.status != tags[i].status)
            fail_msg("%s, %s: %d", tags[i].tag, tags[i].header, w.a.answer.status);
        assert_string_equal(answer_header(&w.a, "ETag"), tags[i].tag);
        assert_string_equal(answer_header(&w.a, "Content-Type"),
                            tags[i].status == 304 ? "" : "application/json");
        expect_cors("*");
    }
}

/* 66, 30 */
static void a_failure_has_cors_too(void **state)
{
    (void)state;
    w.status = 502;
    w.type = w.lines = w.body = "";
    ask(&w.a, "GET", GOALS, "");
    assert_int_equal(w.a.answer.status, 502);
    assert_int_equal(w.a.answer.body.len, 0);
    assert_string_equal(answer_header(&w.a, "Content-Type"), "");
    expect_cors("*");
}

/* 68 */
static void an_environment_from_files_has_no_goals(void **state)
{
    (void)state;
    ask(&w.a, "GET", "/sdk/goals/local", "");
    assert_int_equal(w.a.answer.status, 200);
    bench_expect(&w.a.answer.body, "[]", "68");
    assert_string_equal(answer_header(&w.a, "Content-Type"), "application/json");
    expect_cors("*");
    assert_int_equal(w.asked.len, 0);
}

static void a_preflight_asks_nobody(void **state)
{
    (void)state;
    ask(&w.a, "OPTIONS", GOALS, "");
    assert_int_equal(w.a.answer.status, 200);
    expect_cors("*");
    ask(&w.a, "GET", "/sdk/goals/nope", "");
    assert_int_equal(w.a.answer.status, 404);
    assert_int_equal(w.asked.len, 0);
}

static void who_went_away_is_not_answered(void **state)
{
    (void)state;
    w.status = 0;
    ask(&w.a, "GET", GOALS, "");
    assert_int_equal(w.a.answer.status, 0);
    assert_int_equal(w.a.thread->goals_wait_count, 0);
    w.status = 200;
    ask(&w.a, "GET", GOALS, "");
    assert_int_equal(w.a.answer.status, 200);
    assert_int_equal(w.a.thread->goals_wait_count, 0);
}

static void too_many_do_not_wait(void **state)
{
    (void)state;
    w.a.thread->goals_wait_count = 1000;
    ask(&w.a, "GET", GOALS, "");
    assert_int_equal(w.a.answer.status, 503);
    assert_string_equal(answer_header(&w.a, "Retry-After"), "1");
    expect_cors("*");
    w.a.thread->goals_wait_count = 0;
    assert_int_equal(w.asked.len, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_answer_is_upstreams_with_our_cors),  TEST(the_path_is_written_in_one_way),
        TEST(who_has_the_answer_is_told_so),          TEST(a_failure_has_cors_too),
        TEST(an_environment_from_files_has_no_goals), TEST(a_preflight_asks_nobody),
        TEST(who_went_away_is_not_answered),          TEST(too_many_do_not_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
