/* What posts of events are answered and what becomes of them (events.md 3, 5). Checklist of
 * events.md: 1-16, 18, 31, 32; in the whole program tests/integration/events_intake.test.mjs. */
#include "ask.h"

#include <zlib.h>

#define DISABLED "{\"message\":\"Event proxy is not enabled for this environment\"}"
#define EMPTY "{\"message\":\"body may not be empty\"}"
#define UNREADABLE "{\"message\":\"unable to read request body\"}"
#define SDK "Authorization: sdk-1\n"
#define MOBILE "Authorization: mob-1\n"
#define GZIP "Content-Encoding: gzip\n"
#define TWO "[{\"kind\":\"a\"},{\"kind\":\"b\"}]"

/* prod serves, starting waits for its first answer, refused was told 401. */
static void setup_with(struct asking *a, const struct events_door_settings *settings)
{
    ask_setup(a);
    a->door.settings.enabled = true;
    if (settings != NULL)
        a->door.settings = *settings;
    bench_add(&a->bench,
              &(struct env_settings){.sdk_key = "sdk-1", .mobile_key = "mob-1", .env_id = "id-1"});
    bench_add(&a->bench,
              &(struct env_settings){
                  .name = "starting", .sdk_key = "sdk-2", .mobile_key = "mob-2", .env_id = "id-2"});
    bench_add(&a->bench,
              &(struct env_settings){.name = "refused", .sdk_key = "sdk-3", .env_id = "id-3"});
    ask_start(a, NULL, 0);
    bench_put(&a->bench, 0, "a:1");
    bench_fail(&a->bench, 2, SOURCE_ERROR_RESPONSE, 401, false);
}

static void setup(struct asking *a)
{
    setup_with(a, NULL);
}

/* zlib's output for `text`; window as inflateInit2() names the forms. */
static struct view pack(const char *text, size_t len, int window, struct str *out)
{
    z_stream z = {.zalloc = Z_NULL};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t room = deflateBound(&z, len);
    str_reserve(out, room);
    z.next_in = (Bytef *)(uintptr_t)text;
    z.avail_in = (uInt)len;
    z.next_out = (Bytef *)out->data + out->len;
    z.avail_out = (uInt)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    out->len += z.total_out;
    assert_int_equal(deflateEnd(&z), Z_OK);
    return str_view(out);
}

static struct view gzip(const char *text, struct str *out)
{
    return pack(text, strlen(text), 15 + 16, out);
}

/* ---- answers --------------------------------------------------------------------------------- */

static const struct {
    const char *method;
    const char *target;
    const char *headers;
    const char *body;
    int status;
    const char *answer;
    size_t events; /* that went through the door */
    const char *why;
} rows[] = {
    {"POST", "/bulk", SDK, TWO, 202, "", 2, "1"},
    {"POST", "//bulk", SDK, TWO, 202, "", 2, "http-api 7: not redirected"},
    {"POST", "/bulk?filter=", SDK, TWO, 202, "", 2, "other parameters do not matter"},
    {"POST", "/mobile", MOBILE, TWO, 202, "", 2, "2"},
    {"POST", "/mobile/events", MOBILE, TWO, 202, "", 2, "2"},
    {"POST", "/mobile/events/bulk", MOBILE, TWO, 202, "", 2, "2"},
    {"POST", "/events/bulk/id-1", "", TWO, 202, "", 2, "3"},
    {"POST", "/bulk", "", TWO, 401, "", 0, "4: no key"},
    {"POST", "/mobile", SDK, TWO, 401, NULL, 0, "4: an SDK key is no mobile key"},
    {"POST", "/bulk", MOBILE, TWO, 401, NULL, 0, "4"},
    {"POST", "/events/bulk/id-x", "", TWO, 404, NULL, 0, "4: unknown environment"},
    {"POST", "/bulk", "Authorization: sdk-3\n", TWO, 401, NULL, 0, "refused by LaunchDarkly"},
    {"OPTIONS", "/events/bulk/id-1", "", "", 200, "", 0, "5"},
    {"OPTIONS", "/events/diagnostic/id-1", "", "", 200, "", 0, "5"},
    {"OPTIONS", "/bulk", SDK, "", 405, "", 0, "only browsers ask"},
    {"GET", "/bulk", SDK, "", 405, "", 0, "6"},
    {"POST", "/bulk", SDK, "", 400, EMPTY, 0, "9"},
    {"POST", "/diagnostic", SDK, "", 400, EMPTY, 0, "9"},
    {"POST", "/bulk", SDK, "{", 202, "", 0, "10"},
    {"POST", "/bulk", SDK, "[{\"no", 202, "", 0, "10"},
    {"POST", "/bulk", SDK, "{}", 202, "", 0, "10: not an array"},
    {"POST", "/bulk", SDK, "\"x\"", 202, "", 0, "10"},
    {"POST", "/bulk", SDK, TWO "x", 202, "", 0, "something behind the array"},
    {"POST", "/bulk", SDK, "[]", 202, "", 0, "11"},
    {"POST", "/bulk", SDK, "null", 202, "", 0, "11"},
    {"POST", "/bulk", SDK "Content-Type: text/plain\n", TWO, 202, "", 2, "12"},
    {"POST", "/bulk", SDK GZIP, "not gzip at all", 400, "gzip: invalid header\n", 0, "14"},
    {"POST", "/bulk", SDK GZIP, TWO, 400, "gzip: invalid header\n", 0, "14"},
    {"POST", "/bulk", SDK GZIP, "", 400, "EOF\n", 0, "14: without a byte"},
    {"POST", "/bulk", SDK GZIP, "\x1f\x8b\x08", 400, "unexpected EOF\n", 0, "14: too short"},
    {"POST", "/bulk", SDK GZIP, "abc", 400, "unexpected EOF\n", 0, "14: too short to judge"},
    {"POST", "/bulk", SDK GZIP, "123456789", 400, "unexpected EOF\n", 0, "14: nine bytes"},
    {"POST", "/bulk", SDK GZIP, "1234567890", 400, "gzip: invalid header\n", 0, "14: ten bytes"},
    {"POST", "/diagnostic", SDK GZIP, "1234567890", 400, "gzip: invalid header\n", 0, "14"},
    {"POST", "/bulk", SDK "Content-Encoding: x-gzip\n", TWO, 400, "gzip: invalid header\n", 0,
     "its older name"},
    {"POST", "/bulk", SDK "Content-Encoding: identity\n", TWO, 202, "", 2, "nothing was done"},
    {"POST", "/bulk", SDK "Content-Encoding: \n", TWO, 202, "", 2, "an empty header"},
    {"POST", "/bulk", SDK "Content-Encoding: br\n", TWO, 400, UNREADABLE, 0, "not supported"},
    {"POST", "/bulk", SDK "Content-Encoding: gzip, br\n", TWO, 400, UNREADABLE, 0, "nor two"},
    {"POST", "/bulk", SDK "Content-Encoding: deflate\n", TWO, 400, UNREADABLE, 0, "no deflate"},
    {"POST", "/bulk", SDK "Content-Length: 1025\n", TWO, 400, UNREADABLE, 0, "16: announced"},
    {"POST", "/bulk", "Authorization: sdk-2\n", TWO, 202, "", 2, "18: not started"},
    {"POST", "/mobile", "Authorization: mob-2\n", TWO, 202, "", 2, "18"},
    {"POST", "/events/bulk/id-2", "", TWO, 202, "", 2, "18"},
};

static void check_row(struct asking *a, size_t i)
{
    ask_with(a, rows[i].method, rows[i].target, rows[i].headers, rows[i].body);
    ask_turn(a);
    size_t events = a->post_count != 0 ? a->posts[0]->events.count : 0;
    if (a->answer.status != rows[i].status || events != rows[i].events)
        fail_msg("%s: status %d, %zu events", rows[i].why, a->answer.status, events);
    if (rows[i].answer != NULL)
        bench_expect(&a->answer.body, rows[i].answer, rows[i].why);
    bool plain = rows[i].status == 400 && rows[i].answer != NULL && rows[i].answer[0] != '{';
    assert_string_equal(answer_header(a, "X-Content-Type-Options"), plain ? "nosniff" : "");
    if (rows[i].status == 400)
        assert_string_equal(answer_header(a, "Content-Type"),
                            plain ? "text/plain; charset=utf-8" : "application/json");
    ask_forget_events(a);
    assert_int_equal(a->door.reading_bytes, 0);
}

static void a_post_is_answered_as_its_row_says(void **state)
{
    struct asking a;
    (void)state;
    setup(&a);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        check_row(&a, i);
    ask_teardown(&a);
}

/* 10: the error is logged, without what was sent; a good post before and behind it is not touched.
 */
static void what_is_no_array_is_logged(void **state)
{
    struct asking a;
    (void)state;
    setup(&a);
    ask_with(&a, "POST", "/bulk", SDK, "[{\"secret\"");
    ask_with(&a, "POST", "/bulk", SDK, TWO);
    ask_turn(&a);
    assert_int_equal(a.post_count, 1);
    assert_true(bench_log_has(&a.bench, "Error unmarshaling event post body: "));
    assert_false(bench_log_has(&a.bench, "secret"));
    assert_int_equal(a.door.dropped[EVENT_DROP_MALFORMED], 1);
    assert_int_equal(a.door.received_events, 2);
    assert_int_equal(a.posts[0]->events.count, 2);
    assert_int_equal(a.posts[0]->body->len, strlen(TWO));
    ask_teardown(&a);
}

/* ---- which post ------------------------------------------------------------------------------ */

static const struct {
    const char *target;
    const char *headers;
    enum event_family family;
    enum event_path path;
    int64_t schema;
    const char *tags;
    const char *payload_id;
    const char *why;
} posts[] = {
    {"/bulk", SDK "X-LaunchDarkly-Event-Schema: 4\n", EVENT_SERVER, EVENT_VERBATIM, 4, "", "",
     "a present SDK"},
    {"/bulk", SDK "x-launchdarkly-event-schema: 3\n", EVENT_SERVER, EVENT_VERBATIM, 3, "", "",
     "one of 2018 to 2022"},
    {"/bulk", SDK "X-LaunchDarkly-Event-Schema: 7\n", EVENT_SERVER, EVENT_VERBATIM, 7, "", "",
     "25: one to come"},
    {"/bulk", SDK "X-LaunchDarkly-Event-Schema: +4\n", EVENT_SERVER, EVENT_VERBATIM, 4, "", "",
     "a sign"},
    {"/bulk", SDK "X-LaunchDarkly-Event-Schema: 004\n", EVENT_SERVER, EVENT_VERBATIM, 4, "", "",
     "zeros in front"},
    {"/bulk", SDK, EVENT_SERVER, EVENT_SUMMARIZE, 1, "", "", "31: absent"},
    {"/bulk", SDK "X-LaunchDarkly-Event-Schema:\n", EVENT_SERVER, EVENT_SUMMARIZE, 1, "", "",
     "31: empty"},
    {"/bulk", SDK "X-LaunchDarkly-Event-Schema: 0\n", EVENT_SERVER, EVENT_SUMMARIZE, 1, "", "",
     "31"},
    {"/bulk", SDK "X-LaunchDarkly-Event-Schema: -1\n", EVENT_SERVER, EVENT_SUMMARIZE, 1, "", "",
     "31"},
    {"/bulk", SDK "X-LaunchDarkly-Event-Schema: abc\n", EVENT_SERVER, EVENT_SUMMARIZE, 1, "", "",
     "31"},
    {"/bulk", SDK "X-LaunchDarkly-Event-Schema: 4.0\n", EVENT_SERVER, EVENT_SUMMARIZE, 1, "", "",
     "31: not an integer"},
    {"/bulk", SDK "X-LaunchDarkly-Event-Schema: +\n", EVENT_SERVER, EVENT_SUMMARIZE, 1, "", "",
     "a sign alone"},
    {"/bulk", SDK "X-LaunchDarkly-Event-Schema: 9223372036854775807\n", EVENT_SERVER,
     EVENT_VERBATIM, INT64_MAX, "", "", "the biggest integer"},
    {"/bulk", SDK "X-LaunchDarkly-Event-Schema: 9223372036854775808\n", EVENT_SERVER,
     EVENT_SUMMARIZE, 1, "", "", "too big for an integer"},
    {"/bulk", SDK "X-LaunchDarkly-Event-Schema: 2\n", EVENT_SERVER, EVENT_SUMMARIZE, 2, "", "",
     "PHP 3.1 to 6.0"},
    {"/bulk", SDK "X-LaunchDarkly-Event-Schema: 4\nX-LaunchDarkly-Unsummarized: true\n",
     EVENT_SERVER, EVENT_SUMMARIZE, 4, "", "", "PHP 6.1 and later"},
    {"/bulk", SDK "X-LaunchDarkly-Event-Schema: 4\nX-LaunchDarkly-Unsummarized:\n", EVENT_SERVER,
     EVENT_SUMMARIZE, 4, "", "", "32"},
    {"/mobile/events", MOBILE "X-LaunchDarkly-Event-Schema: 4\n", EVENT_MOBILE, EVENT_VERBATIM, 4,
     "", "", "a phone"},
    {"/events/bulk/id-1", "X-LaunchDarkly-Event-Schema: 4\nX-LaunchDarkly-Tags: a/b c/1.2\n",
     EVENT_BROWSER, EVENT_VERBATIM, 4, "a/b c/1.2", "", "a browser with tags"},
    {"/bulk",
     SDK "X-LaunchDarkly-Event-Schema: 4\nX-LaunchDarkly-Tags: one\nX-LaunchDarkly-Tags: two\n",
     EVENT_SERVER, EVENT_VERBATIM, 4, "one", "", "the first header counts"},
    {"/bulk", SDK "X-LaunchDarkly-Event-Schema: 4\nX-LaunchDarkly-Payload-ID: p-1\n", EVENT_SERVER,
     EVENT_VERBATIM, 4, "", "p-1", "13.4"},
    {"/bulk",
     SDK "X-LaunchDarkly-Event-Schema: 4\nX-LaunchDarkly-Payload-ID: "
         "12345678901234567890123456789012345678901234567890123456789012345\n",
     EVENT_SERVER, EVENT_VERBATIM, 4, "", "", "too long an ID is not remembered"},
};

static void a_post_says_what_it_is(void **state)
{
    struct asking a;
    (void)state;
    setup(&a);
    for (size_t i = 0; i < ARRAY_LEN(posts); i++) {
        ask_with(&a, "POST", posts[i].target, posts[i].headers, TWO);
        ask_turn(&a);
        print_message("%s\n", posts[i].why);
        assert_int_equal(a.post_count, 1);
        const struct event_post *post = a.posts[0];
        assert_int_equal(post->family, posts[i].family);
        assert_int_equal(post->path, posts[i].path);
        assert_int_equal(post->schema, posts[i].schema);
        assert_string_equal(post->tags, posts[i].tags);
        assert_string_equal(post->payload_id, posts[i].payload_id);
        assert_int_equal(post->slot, 0);
        assert_string_equal(post->snapshot->facts->name, "prod");
        assert_true(view_is(buf_view(post->body), TWO));
        assert_true(view_is(post->events.each[1], "{\"kind\":\"b\"}"));
        ask_forget_events(&a);
    }
    ask_teardown(&a);
}

/* ---- where nothing is wanted ----------------------------------------------------------------- */

static const char *const every_post[][2] = {
    {"/bulk", SDK},
    {"/diagnostic", SDK},
    {"/mobile", MOBILE},
    {"/mobile/events", MOBILE},
    {"/mobile/events/bulk", MOBILE},
    {"/mobile/events/diagnostic", MOBILE},
    {"/events/bulk/id-1", ""},
    {"/events/diagnostic/id-1", ""},
};

static void expect_everywhere(struct asking *a, const char *body, int status, const char *answer)
{
    for (size_t i = 0; i < ARRAY_LEN(every_post); i++) {
        ask_with(a, "POST", every_post[i][0], every_post[i][1], body);
        ask_turn(a);
        assert_int_equal(a->answer.status, status);
        assert_false(a->answer.read_body);
        bench_expect(&a->answer.body, answer, every_post[i][0]);
        assert_int_equal(a->post_count + a->diagnostic_count, 0);
    }
    ask_with(a, "POST", "/bulk", "Authorization: sdk-x\n", body);
    assert_int_equal(a->answer.status, 401); /* whatever the mode */
    ask_with(a, "POST", "/events/bulk/id-x", "", body);
    assert_int_equal(a->answer.status, 404);
}

static void in_vain_count(enum log_level level, struct view line, void *arg)
{
    struct str text = {0};
    (void)level;
    str_append(&text, line);
    *(int *)arg += strstr(str_text(&text), "sendEvents of [Events] is off") != NULL;
    str_free(&text);
}

/* 7 */
static void events_that_are_disabled_are_503(void **state)
{
    struct asking a;
    (void)state;
    setup_with(&a, &(struct events_door_settings){.max_body = 1024, .max_queue_bytes = 1 << 20});
    int told = 0;
    log_capture(in_vain_count, &told);
    expect_everywhere(&a, TWO, 503, DISABLED);
    expect_everywhere(&a, "", 503, DISABLED);
    log_capture(NULL, NULL);
    assert_int_equal(told, 1);
    ask_teardown(&a);
}

/* 8 */
static void offline_everything_is_accepted(void **state)
{
    struct asking a;
    (void)state;
    setup_with(&a, &(struct events_door_settings){
                       .offline = true, .max_body = 1024, .max_queue_bytes = 1 << 20});
    expect_everywhere(&a, TWO, 202, "");
    expect_everywhere(&a, "", 202, "");
    ask_teardown(&a);
}

/* 8: there is nowhere to send the events of an environment whose flags are files. */
static void events_of_local_flags_are_accepted(void **state)
{
    static const char *const files[] = {"flags.yaml", NULL};
    static const bool enabled[] = {true, false};
    struct asking a;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(enabled); i++) {
        ask_setup(&a);
        a.door.settings.enabled = enabled[i];
        bench_add(&a.bench, &(struct env_settings){.sdk_key = "sdk-1",
                                                   .mobile_key = "mob-1",
                                                   .env_id = "id-1",
                                                   .data_files = files});
        ask_start(&a, NULL, 0);
        expect_everywhere(&a, TWO, 202, "");
        ask_teardown(&a);
    }
}

/* 3.1, step 5: a gzip header is looked at first, and no more of the body. */
static void a_gzip_header_comes_before_the_mode(void **state)
{
    struct asking a;
    struct str packed = {0};
    (void)state;
    setup_with(&a, &(struct events_door_settings){.max_body = 8, .max_queue_bytes = 1 << 20});
    ask_with(&a, "POST", "/bulk", SDK GZIP, "1234567890");
    assert_int_equal(a.answer.status, 400);
    ask_with_bytes(&a, "POST", "/bulk", SDK GZIP, gzip(TWO, &packed));
    assert_int_equal(a.answer.status, 503);
    str_free(&packed);
    ask_teardown(&a);
}

/* ---- compressed bodies ----------------------------------------------------------------------- */

/* The answer to these bytes, however they are cut. */
static void expect_cut_anyhow(struct asking *a, const char *coding, struct view body, int status,
                              const char *answer, size_t events)
{
    char headers[128];
    (void)snprintf(headers, sizeof headers, SDK "Content-Encoding: %s\n", coding);
    for (size_t cut = 0; cut <= body.len; cut++) {
        ask_begin(a, "POST", "/bulk", headers);
        ask_push(a, view_make(body.data, cut));
        ask_push(a, view_from(body, cut));
        ask_end(a, HTTP_BODY_WHOLE);
        ask_turn(a);
        size_t got = a->post_count != 0 ? a->posts[0]->events.count : 0;
        if (a->answer.status != status || got != events)
            fail_msg("cut at %zu: %d, %zu events", cut, a->answer.status, got);
        bench_expect(&a->answer.body, answer, coding);
        ask_forget_events(a);
        assert_int_equal(a->door.reading_bytes, 0);
    }
}

/* 13, 15 and what 3.3 has besides. */
static void a_compressed_body_is_undone(void **state)
{
    struct asking a;
    struct str one = {0};
    struct str two = {0};
    (void)state;
    setup(&a);
    struct view whole = gzip(TWO, &one);
    expect_cut_anyhow(&a, "gzip", whole, 202, "", 2);
    expect_cut_anyhow(&a, "X-GZIP", whole, 202, "", 2);
    expect_cut_anyhow(&a, "Gzip", whole, 202, "", 2);
    for (size_t len = 18; len < whole.len; len++)
        expect_cut_anyhow(&a, "gzip", view_make(whole.data, len), 400, UNREADABLE, 0); /* 15 */
    (void)pack("[1,", 3, 15 + 16, &two);
    expect_cut_anyhow(&a, "gzip", pack("2]", 2, 15 + 16, &two), 202, "", 2); /* two members */
    str_append_text(&two, "garbage");
    expect_cut_anyhow(&a, "gzip", str_view(&two), 400, UNREADABLE, 0);
    str_clear(&two);
    expect_cut_anyhow(&a, "deflate", pack(TWO, strlen(TWO), 15, &two), 202, "", 2);
    str_clear(&two);
    expect_cut_anyhow(&a, "deflate", pack(TWO, strlen(TWO), -15, &two), 202, "", 2);
    str_append_text(&two, "x");
    expect_cut_anyhow(&a, "deflate", str_view(&two), 400, UNREADABLE, 0);
    str_clear(&two);
    expect_cut_anyhow(&a, "gzip", gzip("", &two), 400, EMPTY, 0); /* 9 */
    str_free(&one);
    str_free(&two);
    ask_teardown(&a);
}

/* An array of numbers, `len` bytes long. */
static void make_array(size_t len, struct str *out)
{
    str_append_text(out, "[1");
    while (out->len < len - 1)
        str_append_char(out, '1');
    str_append_char(out, ']');
}

/* 16: the limit is on what comes out. */
static void a_body_over_the_limit_is_refused(void **state)
{
    static const struct {
        size_t len;
        int status;
    } cases[] = {{1024, 202}, {1025, 400}, {100000, 400}};
    struct asking a;
    (void)state;
    setup(&a);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct str plain = {0};
        struct str packed = {0};
        make_array(cases[i].len, &plain);
        (void)pack(plain.data, plain.len, 15 + 16, &packed);
        ask_with_bytes(&a, "POST", "/bulk", SDK, str_view(&plain));
        assert_int_equal(a.answer.status, cases[i].status);
        ask_with_bytes(&a, "POST", "/bulk", SDK GZIP, str_view(&packed));
        assert_int_equal(a.answer.status, cases[i].status);
        if (cases[i].status == 400)
            bench_expect(&a.answer.body, UNREADABLE, "too large");
        ask_turn(&a);
        ask_forget_events(&a);
        str_free(&plain);
        str_free(&packed);
    }
    assert_true(bench_log_has(&a.bench, "Error reading event post body: max bytes exceeded"));
    ask_teardown(&a);
}

/* 16: what little bytes stand for is never made. */
static void a_gzip_bomb_takes_no_memory(void **state)
{
    struct asking a;
    struct str zeros = {0};
    struct str packed = {0};
    (void)state;
    setup(&a);
    str_reserve(&zeros, 10000000);
    memset(zeros.data, 0, 10000000);
    (void)pack(zeros.data, 10000000, 15 + 16, &packed);
    str_free(&zeros);
    ask_begin(&a, "POST", "/bulk", SDK GZIP);
    ask_push(&a, str_view(&packed));
    assert_int_equal(a.door.reading_bytes, 1025); /* the limit and one, to see that there is more */
    ask_end(&a, HTTP_BODY_WHOLE);
    assert_int_equal(a.answer.status, 400);
    assert_int_equal(a.door.reading_bytes, 0);
    str_free(&packed);
    ask_teardown(&a);
}

/* ---- clients that are not as they should be -------------------------------------------------- */

static void a_body_that_breaks_off_is_400(void **state)
{
    struct asking a;
    (void)state;
    setup(&a);
    ask_begin(&a, "POST", "/bulk", SDK);
    ask_push(&a, view_of(TWO));
    ask_end(&a, HTTP_BODY_BROKEN);
    assert_int_equal(a.answer.status, 400);
    bench_expect(&a.answer.body, UNREADABLE, "broken");
    ask_turn(&a);
    assert_int_equal(a.post_count, 0);
    ask_teardown(&a);
}

static void a_client_that_goes_away_leaves_nothing(void **state)
{
    struct asking a;
    (void)state;
    setup(&a);
    ask_begin(&a, "POST", "/bulk", SDK);
    ask_push(&a, view_of("[1,"));
    assert_true(a.door.reading_bytes > 0);
    ask_abandon(&a);
    assert_int_equal(a.door.reading_bytes, 0);
    ask_teardown(&a);
}

/* An environment that was known at the begin is not asked for again. */
static void a_key_that_is_revoked_meanwhile_still_gets_202(void **state)
{
    struct asking a;
    (void)state;
    setup(&a);
    ask_begin(&a, "POST", "/bulk", "Authorization: sdk-2\n");
    ask_push(&a, view_of(TWO));
    bench_fail(&a.bench, 1, SOURCE_ERROR_RESPONSE, 401, false);
    ask_end(&a, HTTP_BODY_WHOLE);
    assert_int_equal(a.answer.status, 202);
    ask_teardown(&a);
}

static void answers_to_browsers_carry_cors(void **state)
{
    struct asking a;
    (void)state;
    setup(&a);
    static const char *const bodies[] = {TWO, "", "{"};
    for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
        ask_with(&a, "POST", "/events/bulk/id-1", "Origin: https://shop\n", bodies[i]);
        assert_string_equal(answer_header(&a, "Access-Control-Allow-Origin"), "https://shop");
        assert_string_equal(answer_header(&a, "Access-Control-Allow-Methods"), "POST,OPTIONS");
        assert_string_equal(answer_header(&a, "Access-Control-Expose-Headers"), "Date");
        assert_string_equal(answer_header(&a, "X-LD-EnvId"), "id-1");
    }
    ask_with(&a, "POST", "/bulk", SDK "Origin: https://shop\n", TWO);
    assert_string_equal(answer_header(&a, "Access-Control-Allow-Origin"), "");
    ask_teardown(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_post_is_answered_as_its_row_says),
        cmocka_unit_test(what_is_no_array_is_logged),
        cmocka_unit_test(a_post_says_what_it_is),
        cmocka_unit_test(events_that_are_disabled_are_503),
        cmocka_unit_test(offline_everything_is_accepted),
        cmocka_unit_test(events_of_local_flags_are_accepted),
        cmocka_unit_test(a_gzip_header_comes_before_the_mode),
        cmocka_unit_test(a_compressed_body_is_undone),
        cmocka_unit_test(a_body_over_the_limit_is_refused),
        cmocka_unit_test(a_gzip_bomb_takes_no_memory),
        cmocka_unit_test(a_body_that_breaks_off_is_400),
        cmocka_unit_test(a_client_that_goes_away_leaves_nothing),
        cmocka_unit_test(a_key_that_is_revoked_meanwhile_still_gets_202),
        cmocka_unit_test(answers_to_browsers_carry_cors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
