/* Whom a change concerns, and when they are told (streaming.md 9.2, 13.4). */
#include "bench.h"

#define PING "event: ping\ndata:  \n\n"

/* Two flags that nobody outside may see, one for phones, one for browsers, one for both; `inner` is
 * a prerequisite of `outer`. */
static const char *const visibilities[][2] = {
    {"hidden", "false,\"usingEnvironmentId\":false}"},
    {"inner", "false,\"usingEnvironmentId\":false}"},
    {"phone", "true,\"usingEnvironmentId\":false}"},
    {"browser", "false,\"usingEnvironmentId\":true}"},
    {"both", "true,\"usingEnvironmentId\":true}"},
};

static struct item *flag(const char *key, const char *visibility, int version)
{
    struct str json = {0};
    struct error err;
    str_append_format(
        &json, "{\"key\":\"%s\",\"version\":%d,\"clientSideAvailability\":{\"usingMobileKey\":%s}",
        key, version, visibility);
    struct item *it = item_parse(ITEM_FLAG, view_of(key), str_view(&json), &err);
    assert_non_null(it);
    str_free(&json);
    return it;
}

static struct item *outer(void)
{
    struct error err;
    static const char json[] =
        "{\"key\":\"outer\",\"version\":1,\"prerequisites\":[{\"key\":\"inner\",\"variation\":0}]}";
    struct item *it = item_parse(ITEM_FLAG, view_of("outer"), view_of(json), &err);
    assert_non_null(it);
    return it;
}

static struct dataset *data_set(void)
{
    struct dataset_builder *b = dataset_builder_new();
    for (size_t i = 0; i < ARRAY_LEN(visibilities); i++)
        dataset_builder_add_take(b, flag(visibilities[i][0], visibilities[i][1], 1));
    dataset_builder_add_take(b, outer());
    return dataset_builder_finish_take(b);
}

struct listeners {
    struct bench_member mobile;
    struct bench_member browser;
};

static void setup(struct bench *b, struct listeners *l)
{
    bench_setup(b);
    bench_add(b, &(struct env_settings){0});
    bench_start(b);
    bench_join(b, &l->mobile, 0, FANOUT_MOBILE_PING);
    bench_join(b, &l->browser, 0, FANOUT_BROWSER_PING);
}

static void teardown(struct bench *b, struct listeners *l)
{
    bench_leave(&l->mobile);
    bench_leave(&l->browser);
    bench_teardown(b);
}

static void rang(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

/* Longer than the window: the next change is told at once. */
static void window_over(struct bench *b)
{
    uv_timer_t longer;
    bool over = false;
    assert_int_equal(uv_timer_init(&b->loop, &longer), 0);
    longer.data = &over;
    uv_update_time(&b->loop);
    assert_int_equal(uv_timer_start(&longer, rang, 110, 0), 0);
    while (!over)
        (void)uv_run(&b->loop, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&longer, NULL);
    bench_turn(b);
}

static void patch(struct bench *b, struct item *it)
{
    b->sources[0].sink.patch(b->sources[0].sink.owner, it);
}

static const struct {
    const char *key;
    const char *visibility; /* NULL: deleted */
    bool mobile;
    bool browser;
    const char *why;
} rows[] = {
    {"hidden", "false,\"usingEnvironmentId\":false}", false, false, "nobody may see it"},
    {"phone", "true,\"usingEnvironmentId\":false}", true, false, "phones alone"},
    {"browser", "false,\"usingEnvironmentId\":true}", false, true, "browsers alone"},
    {"both", "true,\"usingEnvironmentId\":true}", true, true, "both"},
    {"hidden", "false,\"usingEnvironmentId\":true}", false, true, "it becomes visible"},
    {"both", "false,\"usingEnvironmentId\":false}", true, true, "it was visible before"},
    {"inner", "false,\"usingEnvironmentId\":false}", true, true, "another flag depends on it"},
    {"phone", NULL, true, false, "deleted for those who saw it"},
    {"nobody-knew", NULL, false, false, "a deletion of what was never there"},
    {"new", "false,\"usingEnvironmentId\":false}", false, false, "new, and hidden"},
};

static void a_change_is_told_to_whom_it_concerns(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct bench b;
        struct listeners l;
        setup(&b, &l);
        b.sources[0].sink.put(b.sources[0].sink.owner, data_set());
        bench_expect(&l.mobile.text, PING, "the first data set");
        bench_expect(&l.browser.text, PING, "the first data set");
        window_over(&b);
        patch(&b, rows[i].visibility != NULL ? flag(rows[i].key, rows[i].visibility, 2)
                                             : item_tombstone(ITEM_FLAG, view_of(rows[i].key), 2));
        bench_expect(&l.mobile.text, rows[i].mobile ? PING : "", rows[i].why);
        bench_expect(&l.browser.text, rows[i].browser ? PING : "", rows[i].why);
        teardown(&b, &l);
    }
}

static const struct {
    const char *steps;
    const char *want;
    const char *why;
} scripts[] = {
    {"patch /s:2", PING, "a segment"},
    {"patch a:2", PING, "a flag"},
    {"patch a:1", "", "not newer: nothing has changed"},
    {"put a:1 /s:1", "", "an equal data set"},
    {"put a:2 /s:1", PING, "another one"},
    {"put z:9", PING, "one that shares nothing"},
    {"alive", "", "news of the connection alone"},
};

static void a_change_is_told_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
        struct bench b;
        struct listeners l;
        setup(&b, &l);
        bench_script(&b, "put a:1 /s:1");
        window_over(&b);
        bench_expect(&l.mobile.text, PING, "the first data set");
        bench_script(&b, scripts[i].steps);
        bench_expect(&l.mobile.text, scripts[i].want, scripts[i].why);
        teardown(&b, &l);
    }
}

/* 500 patches cost two pings: one at once, one at the end of the window, which is never lost. */
static void a_burst_is_two_pings(void **state)
{
    struct bench b;
    struct listeners l;
    char step[32];
    (void)state;
    setup(&b, &l);
    bench_script(&b, "put a:1");
    window_over(&b);
    str_clear(&l.mobile.text);
    for (int version = 2; version <= 501; version++) {
        (void)snprintf(step, sizeof step, "patch a:%d", version);
        bench_script(&b, step);
    }
    bench_expect(&l.mobile.text, PING, "the first at once");
    while (l.mobile.text.len == 0)
        (void)uv_run(&b.loop, UV_RUN_ONCE);
    bench_expect(&l.mobile.text, PING, "one more");
    assert_int_equal(dataset_find(bench_snapshot(&b, 0)->data, ITEM_FLAG, view_of("a"))->version,
                     501);
    window_over(&b);
    assert_int_equal(l.mobile.text.len, 0);
    teardown(&b, &l);
}

static void closing_with_a_ping_that_waits_is_clean(void **state)
{
    struct bench b;
    struct listeners l;
    (void)state;
    setup(&b, &l);
    bench_script(&b, "put a:1;patch a:2");
    bench_expect(&l.mobile.text, PING, "the second waits");
    teardown(&b, &l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_is_told_to_whom_it_concerns),
        cmocka_unit_test(a_change_is_told_once),
        cmocka_unit_test(a_burst_is_two_pings),
        cmocka_unit_test(closing_with_a_ping_that_waits_is_clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
