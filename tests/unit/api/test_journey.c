/* A changed flag from LaunchDarkly's bytes to an SDK's bytes, all five hops in one program:
 * STYLE.md part 5. The socket upstream, the database and the socket downstream are fakes; what is
 * between is real. Checklist of streaming.md: 14.1 to 14.3, 22, 25-27, 48, 49, 51-53. */
#include "ask.h"

#include "http/client.h"

/* The texts of streaming.md 14. */
static const char f3[] = "{\"key\":\"f\",\"on\":true,\"prerequisites\":[],\"targets\":[],"
                         "\"contextTargets\":[],\"rules\":[],"
                         "\"fallthrough\":{\"variation\":0},\"offVariation\":null,\"variations\":["
                         "true],\"clientSide\":true,"
                         "\"salt\":\"\",\"trackEvents\":false,\"trackEventsFallthrough\":false,"
                         "\"debugEventsUntilDate\":null,"
                         "\"version\":3,\"deleted\":false}";
static const char f4[] = "{\"key\":\"f\",\"on\":false,\"prerequisites\":[],\"targets\":[],"
                         "\"contextTargets\":[],\"rules\":[],"
                         "\"fallthrough\":{\"variation\":0},\"offVariation\":null,\"variations\":["
                         "true],\"clientSide\":true,"
                         "\"salt\":\"\",\"trackEvents\":false,\"trackEventsFallthrough\":false,"
                         "\"debugEventsUntilDate\":null,"
                         "\"version\":4,\"deleted\":false}";
static const char s2[] =
    "{\"key\":\"s\",\"included\":[\"u1\"],\"excluded\":[],\"includedContexts\":[],"
    "\"excludedContexts\":[],"
    "\"salt\":\"\",\"rules\":[],\"version\":2,\"generation\":null,\"deleted\":false}";

/* ---- upstream -------------------------------------------------------------------------------- */

static struct upstream {
    const struct http_exchange_listener *listener;
    void *owner;
    bool cancelled;
    unsigned requests;
} upstream;

bool http_exchange_start(struct http_client *c, const struct http_exchange_request *req,
                         const struct http_exchange_listener *listener, void *owner,
                         struct http_exchange **out, struct error *err)
{
    (void)c, (void)err;
    assert_true(view_is(req->url, "http://up/all"));
    upstream.listener = listener;
    upstream.owner = owner;
    upstream.cancelled = false;
    upstream.requests++;
    *out = (struct http_exchange *)&upstream;
    return true;
}

void http_exchange_cancel(struct http_exchange *x)
{
    ((struct upstream *)x)->cancelled = true;
}

/* Nothing here makes the reader wait. */
void http_exchange_pause(struct http_exchange *x)
{
    (void)x;
}

void http_exchange_resume(struct http_exchange *x)
{
    (void)x;
}

bool http_head_next(const struct http_head *head, size_t *at, struct view *name, struct view *value)
{
    (void)head, (void)at, (void)name, (void)value;
    return false;
}

struct view http_head_value(const struct http_head *head, const char *name)
{
    (void)head;
    return view_of(strcmp(name, "Content-Type") == 0 ? "text/event-stream" : "");
}

static double half(struct random *r)
{
    (void)r;
    return 0.5;
}

/* ---- the way --------------------------------------------------------------------------------- */

struct way {
    struct asking asking;
    struct random random;
};

static void turn(struct way *w)
{
    struct http_exchange_result result = {false, "cancelled"};
    if (upstream.cancelled) {
        upstream.cancelled = false;
        upstream.listener->on_end(upstream.owner, &result);
    }
    bench_turn(&w->asking.bench);
}

/* Bytes of LaunchDarkly, in two pieces. */
static void receive(struct way *w, const char *text)
{
    size_t cut = strlen(text) / 2;
    upstream.listener->on_body(upstream.owner, view_make(text, cut));
    if (!upstream.cancelled)
        upstream.listener->on_body(upstream.owner, view_of(text + cut));
    turn(w);
}

static void receive_event(struct way *w, const char *event, const char *format, const char *item)
{
    struct str text = {0};
    str_append_format(&text, "event: %s\ndata: ", event);
    const char *hole = strstr(format, "%s");
    str_append(&text, view_make(format, hole != NULL ? (size_t)(hole - format) : strlen(format)));
    if (hole != NULL) {
        str_append_text(&text, item);
        str_append_text(&text, hole + 2);
    }
    str_append_text(&text, "\n\n");
    receive(w, str_text(&text));
    str_free(&text);
}

static void open_way(struct way *w)
{
    upstream = (struct upstream){0};
    w->random = (struct random){half};
    ask_setup(&w->asking);
    w->asking.bench.settings.random = &w->random;
    bench_add(&w->asking.bench, &(struct env_settings){0});
    ask_start(&w->asking, NULL, 0);
    while (upstream.requests == 0)
        turn(w);
    upstream.listener->on_head(upstream.owner, 200, NULL);
}

static void put_f3_s2(struct way *w)
{
    struct str data = {0};
    str_append_format(
        &data, "{\"path\":\"/\",\"data\":{\"flags\":{\"f\":%s},\"segments\":{\"s\":%s}}}", f3, s2);
    receive_event(w, "put", "%s", str_text(&data));
    str_free(&data);
}

static void close_way(struct way *w)
{
    struct bench *b = &w->asking.bench;
    ask_close_stream(&w->asking);
    house_close(b->house);
    for (int i = 0; i < 4; i++)
        turn(w);
    assert_true(b->closed);
    b->house = NULL;
    ask_teardown(&w->asking);
}

static void expect_event(struct way *w, const char *event, const char *before, const char *item,
                         const char *after)
{
    struct str want = {0};
    str_append_format(&want, "event: %s\ndata: %s%s%s\n\n", event, before, item, after);
    bench_expect(&w->asking.answer.events, str_text(&want), event);
    str_free(&want);
}

#define AUTHORIZED "Authorization: sdk-prod-0001"

/* 14.1 and 14.2: the bytes of the specification. */
static void a_changed_flag_reaches_a_stream_of_all(void **state)
{
    struct way w;
    (void)state;
    open_way(&w);
    put_f3_s2(&w);
    ask(&w.asking, "GET", "/all", AUTHORIZED);
    assert_int_equal(w.asking.answer.events.len, 516);
    struct str replay = {0};
    str_append_format(&replay, "{\"f\":%s},\"segments\":{\"s\":%s}}}", f3, s2);
    expect_event(&w, "put", "{\"path\":\"/\",\"data\":{\"flags\":", str_text(&replay), "");
    receive_event(&w, "patch", "{\"path\":\"/flags/f\",\"data\":%s}", f4);
    assert_int_equal(w.asking.answer.events.len, 338);
    expect_event(&w, "patch", "{\"path\":\"/flags/f\",\"data\":", f4, "}");
    receive_event(&w, "patch", "{\"path\":\"/flags/f\",\"data\":%s}", f3);
    bench_expect(&w.asking.answer.events, "", "an older one is not sent");
    receive_event(&w, "indirect/patch", "/flags/f", "");
    receive_event(&w, "delete", "{\"path\":\"/segments/s\",\"version\":3}", "");
    expect_event(&w, "delete", "{\"path\":\"/segments/s\",\"version\":3}", "", "");
    bench_expect(&w.asking.bench.stores[0].log, "init 2;upsert f 4;upsert s 3;",
                 "the database, behind the broadcast");
    str_free(&replay);
    close_way(&w);
}

/* 14.3 */
static void a_changed_flag_reaches_a_stream_of_flags(void **state)
{
    struct way w;
    (void)state;
    open_way(&w);
    put_f3_s2(&w);
    ask(&w.asking, "GET", "/flags", AUTHORIZED);
    assert_int_equal(w.asking.answer.events.len, 314);
    expect_event(&w, "put", "{\"f\":", f3, "}");
    receive_event(&w, "patch", "{\"path\":\"/flags/f\",\"data\":%s}", f4);
    assert_int_equal(w.asking.answer.events.len, 332);
    expect_event(&w, "patch", "{\"path\":\"/f\",\"data\":", f4, "}");
    receive_event(&w, "delete", "{\"path\":\"/segments/s\",\"version\":3}", "");
    bench_expect(&w.asking.answer.events, "", "nothing for a segment");
    receive_event(&w, "delete", "{\"path\":\"/flags/f\",\"version\":5}", "");
    expect_event(&w, "delete", "{\"path\":\"/f\",\"version\":5}", "", "");
    close_way(&w);
}

/* A stream that was there before any data. */
static void a_stream_that_waits_gets_the_first_put(void **state)
{
    struct way w;
    (void)state;
    open_way(&w);
    ask(&w.asking, "GET", "/all", AUTHORIZED);
    assert_int_equal(w.asking.answer.status, 503);
    receive_event(&w, "put", "{\"data\":{}}", "");
    ask(&w.asking, "GET", "/all", AUTHORIZED);
    bench_expect(&w.asking.answer.events,
                 "event: put\ndata: {\"path\":\"/\",\"data\":{\"flags\":{},\"segments\":{}}}\n\n",
                 "an empty data set: 65 bytes");
    put_f3_s2(&w);
    assert_int_equal(w.asking.answer.puts, 2);
    struct frame *current = w.asking.answer.listener->current_put(w.asking.answer.owner);
    assert_true(view_equal(current->event, str_view(&w.asking.answer.events)));
    frame_unref(current);
    close_way(&w);
}

/* ---- where the way may end
 * ----------------------------------------------------------------------- */

/* Row 1: the event is no valid JSON. */
static void hop_1_ends_with_invalid_data(void **state)
{
    struct way w;
    (void)state;
    open_way(&w);
    put_f3_s2(&w);
    ask(&w.asking, "GET", "/all", AUTHORIZED);
    str_clear(&w.asking.answer.events);
    receive_event(&w, "patch", "{\"path\":\"/flags/f\"}", "");
    bench_expect(&w.asking.answer.events, "", "nothing is sent");
    bench_expect_connection(&w.asking.bench, 0, "INTERRUPTED INVALID_DATA", "and it shows");
    assert_true(bench_log_has(
        &w.asking.bench,
        "ERROR: [env: ...0001] Received streaming \"patch\" event with malformed JSON data ("));
    assert_true(w.asking.answer.stream); /* the stream stays */
    ask(&w.asking, "GET", "/flags", AUTHORIZED);
    expect_event(&w, "put", "{\"f\":", f3, "}"); /* and so does the data */
    close_way(&w);
}

static void debug_line_seen(enum log_level level, struct view line, void *arg)
{
    if (level == LOG_DEBUG)
        str_append_format(arg, "%.*s\n", VIEW_ARGS(line));
}

/* Row 2: its version is not newer. */
static void hop_2_ends_with_a_debug_line(void **state)
{
    struct str lines = {0};
    struct way w;
    (void)state;
    open_way(&w);
    put_f3_s2(&w);
    ask(&w.asking, "GET", "/all", AUTHORIZED);
    str_clear(&w.asking.answer.events);
    log_capture(debug_line_seen, &lines);
    receive_event(&w, "patch", "{\"path\":\"/flags/f\",\"data\":%s}", f3);
    log_capture(NULL, NULL);
    bench_expect(&w.asking.answer.events, "", "nothing is sent");
    assert_non_null(
        strstr(str_text(&lines), "[env: ...0001] Received feature flag update: f (version 3)"));
    assert_non_null(
        strstr(str_text(&lines),
               "[env: ...0001] Ignoring update of flags \"f\": version 3 is not newer than 3"));
    str_free(&lines);
    close_way(&w);
}

/* Row 3: the environment is closing. */
static void hop_3_ends_silently(void **state)
{
    struct way w;
    (void)state;
    open_way(&w);
    put_f3_s2(&w);
    ask(&w.asking, "GET", "/all", AUTHORIZED);
    str_clear(&w.asking.answer.events);
    house_close(w.asking.bench.house);
    upstream.listener->on_body(
        upstream.owner, view_of("event: delete\ndata: {\"path\":\"/flags/f\",\"version\":9}\n\n"));
    bench_expect(&w.asking.answer.events, "", "nothing is sent");
    for (int i = 0; i < 4; i++)
        turn(&w);
    assert_true(w.asking.bench.closed);
    w.asking.bench.house = NULL;
    ask_teardown(&w.asking);
}

/* Row 4: nobody listens. The snapshot moves on all the same. */
static void hop_4_ends_without_subscriber(void **state)
{
    struct way w;
    (void)state;
    open_way(&w);
    put_f3_s2(&w);
    ask(&w.asking, "GET", "/all", AUTHORIZED);
    ask_close_stream(&w.asking);
    str_clear(&w.asking.answer.events);
    receive_event(&w, "patch", "{\"path\":\"/flags/f\",\"data\":%s}", f4);
    bench_expect(&w.asking.answer.events, "", "nothing is sent");
    ask(&w.asking, "GET", "/flags", AUTHORIZED);
    expect_event(&w, "put", "{\"f\":", f4, "}");
    close_way(&w);
}

/* Row 5, a queue over its limit, is that of http/sse.c: what it asks for is answered above
 * (current_put). */

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_changed_flag_reaches_a_stream_of_all),
        cmocka_unit_test(a_changed_flag_reaches_a_stream_of_flags),
        cmocka_unit_test(a_stream_that_waits_gets_the_first_put),
        cmocka_unit_test(hop_1_ends_with_invalid_data),
        cmocka_unit_test(hop_2_ends_with_a_debug_line),
        cmocka_unit_test(hop_3_ends_silently),
        cmocka_unit_test(hop_4_ends_without_subscriber),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
