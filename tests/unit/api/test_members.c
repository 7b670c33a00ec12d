/* Flags of contexts that are members of big segments (big-segments.md 7; evaluation.md 6.2, 6.3,
 * 12). Checklist of big-segments.md: 4, 38-40, 42-44; of evaluation.md: 65, 69, 70, 72, 94. */
#include "../env/bench_segments.h"
#include "ask.h"

#include <string.h>

#define SDK "Authorization: sdk-secret"
#define SYNCHRONIZED 1700000000000 /* when the bench begins */

struct members_ask {
    struct asking a;
    struct bench_segments segments;
};

static void members_wanted(void *owner, const struct member_asker *asker, struct view context_key)
{
    struct members_ask *m = owner;
    house_members_wanted(m->a.bench.house, asker, context_key);
}

static void setup(struct members_ask *m, bool database, bool as_degraded)
{
    ask_setup(&m->a);
    m->a.settings.segments_stale_ms = 300000;
    m->a.settings.status_page = true;
    m->a.settings.segments_stale_as_degraded = as_degraded;
    bench_segments_setup(&m->segments, &m->a.bench);
    if (!database)
        m->a.bench.settings.memberships = NULL;
    m->a.bench.settings.segments_poll_ms = 60000;
    bench_add(&m->a.bench, &(struct env_settings){
                               .sdk_key = "sdk-secret", .mobile_key = "mob-1", .env_id = "id-1"});
    ask_start(&m->a, NULL, 0);
    struct fanout_control control = {m, &m->a.mailbox, NULL, members_wanted};
    fanout_connect(api_fanouts(m->a.api)[0], &control, 0);
}

static void put(struct members_ask *m)
{
    struct bench_source *source = &m->a.bench.sources[0];
    source->sink.put(source->sink.owner, bench_segments_dataset());
    for (int i = 0; i < 4; i++)
        ask_turn(&m->a);
}

static void target_of(const char *prefix, const char *context, struct str *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t len = strlen(context);
    str_append_text(out, prefix);
    for (size_t i = 0; i < len; i += 3) {
        unsigned long bits = (unsigned long)(unsigned char)context[i] << 16;
        bits |= i + 1 < len ? (unsigned long)(unsigned char)context[i + 1] << 8 : 0;
        bits |= i + 2 < len ? (unsigned long)(unsigned char)context[i + 2] : 0;
        for (size_t k = 0; k < 4 && i + k <= len; k++)
            str_append_char(out, digits[bits >> (18 - 6 * k) & 63]);
    }
    str_append_text(out, "?withReasons=true");
}

static void ask_context(struct members_ask *m, const char *context)
{
    struct str target = {0};
    target_of("/sdk/evalx/contexts/", context, &target);
    ask(&m->a, "GET", str_text(&target), SDK);
    str_free(&target);
}

#define USER(key) "{\"kind\":\"user\",\"key\":\"" key "\"}"
#define F(value, variation, reason)                                                                \
    "{\"f\":{\"value\":\"" value "\",\"variation\":" variation                                     \
    ",\"version\":1,\"reason\":{" reason "}}}"
#define RULE "\"kind\":\"RULE_MATCH\",\"ruleIndex\":0,\"ruleId\":\"r\""
#define ELSE "\"kind\":\"FALLTHROUGH\""
#define STATUS(name) ",\"bigSegmentsStatus\":\"" name "\""

enum { NO_DATABASE = 1, QUERY_FAILS = 2, TIME_FAILS = 4, NEVER = 8 };

static const struct {
    const char *context;
    unsigned what;
    int64_t age_ms; /* of synchronised-on */
    const char *body;
    const char *why;
} rows[] = {
    {USER("alice"), 0, 0, F("in", "0", RULE STATUS("HEALTHY")), "42: included"},
    {USER("ruled-bob"), 0, 0, F("out", "1", ELSE STATUS("HEALTHY")), "42: excluded beats rules"},
    {USER("both"), 0, 0, F("in", "0", RULE STATUS("HEALTHY")), "42: included beats excluded"},
    {USER("ruled"), 0, 0, F("in", "0", RULE STATUS("HEALTHY")), "42: rules decide"},
    {USER("other"), 0, 0, F("out", "1", ELSE STATUS("HEALTHY")), "42: unknown"},
    {USER("old"), 0, 0, F("out", "1", ELSE STATUS("HEALTHY")), "of another generation"},
    {USER("alice"), 0, 119999, F("in", "0", RULE STATUS("HEALTHY")), "43: almost stale"},
    {USER("alice"), 0, 120000, F("in", "0", RULE STATUS("STALE")), "43: stale"},
    {USER("alice"), 0, -1000, F("in", "0", RULE STATUS("HEALTHY")), "a time to come"},
    {USER("alice"), NEVER, 0, F("in", "0", RULE STATUS("STALE")), "never synchronised"},
    {USER("alice"), TIME_FAILS, 120000, F("in", "0", RULE STATUS("HEALTHY")), "unknown is healthy"},
    {USER("alice"), QUERY_FAILS, 0, F("out", "1", ELSE STATUS("STORE_ERROR")), "43: no membership"},
    {USER("ruled"), QUERY_FAILS, 0, F("in", "0", RULE STATUS("STORE_ERROR")), "but the rules"},
    {USER("alice"), QUERY_FAILS, 120000, F("out", "1", ELSE STATUS("STORE_ERROR")), "the worst"},
    {USER("alice"), NO_DATABASE, 0, F("out", "1", ELSE STATUS("NOT_CONFIGURED")), "4"},
    {USER("ruled"), NO_DATABASE, 0, F("in", "0", RULE STATUS("NOT_CONFIGURED")), "65"},
    {"{\"kind\":\"org\",\"key\":\"alice\"}", 0, 0, F("out", "1", ELSE), "67: not of that kind"},
    {"{\"kind\":\"multi\",\"org\":{\"key\":\"o\"},\"user\":{\"key\":\"alice\"}}", 0, 0,
     F("in", "0", RULE STATUS("HEALTHY")), "one of two kinds"},
};

static void evalx_says_what_the_row_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct members_ask m;
        setup(&m, (rows[i].what & NO_DATABASE) == 0, false);
        m.segments.members =
            "alice: vip.g1+; ruled-bob: vip.g1-; both: vip.g1- vip.g1+; old: vip.g2+";
        m.segments.fails = (rows[i].what & QUERY_FAILS) != 0;
        m.segments.time_fails = (rows[i].what & TIME_FAILS) != 0;
        m.segments.time_ms = (rows[i].what & NEVER) != 0 ? 0 : SYNCHRONIZED - rows[i].age_ms;
        put(&m);
        ask_context(&m, rows[i].context);
        bench_expect(&m.a.answer.body, rows[i].body, rows[i].why);
        ask_teardown(&m.a);
    }
}

static void a_second_request_asks_nobody_until_members_change(void **state)
{
    (void)state;
    struct members_ask m;
    setup(&m, true, false);
    put(&m);
    ask_context(&m, USER("alice"));
    ask_context(&m, USER("alice"));
    ask_context(&m, "{\"kind\":\"multi\",\"org\":{\"key\":\"o\"},\"user\":{\"key\":\"alice\"}}");
    assert_int_equal(m.segments.queries, 1);
    m.segments.members = "alice: vip.g1+";
    bench_segments_changed(&m.segments, "vip");
    ask_context(&m, USER("alice"));
    bench_expect(&m.a.answer.body, F("in", "0", RULE STATUS("HEALTHY")), "44");
    assert_int_equal(m.segments.queries, 2);
    ask_teardown(&m.a);
}

/* The first of all requests comes while synchronised-on is being read. */
static void an_evaluation_waits_for_the_first_time(void **state)
{
    (void)state;
    struct members_ask m;
    setup(&m, true, false);
    m.segments.hold = true;
    m.segments.time_ms = 0;
    put(&m);
    struct str target = {0};
    target_of("/sdk/evalx/contexts/", USER("alice"), &target);
    ask_begin(&m.a, "GET", str_text(&target), SDK);
    for (int i = 0; i < 3; i++)
        ask_turn(&m.a);
    struct membership_op *query = m.segments.ops[1];
    struct membership_op *time = m.segments.ops[0];
    m.segments.ops[0] = query;
    m.segments.count = 1;
    bench_segments_answer(&m.segments);
    for (int i = 0; i < 3; i++)
        ask_turn(&m.a);
    assert_int_equal(m.a.answer.status, 0);
    m.segments.ops[m.segments.count++] = time;
    bench_segments_answer(&m.segments);
    for (int i = 0; i < 3; i++)
        ask_turn(&m.a);
    bench_expect(&m.a.answer.body, F("out", "1", ELSE STATUS("STALE")), "it knows");
    str_free(&target);
    ask_teardown(&m.a);
}

static void a_client_that_goes_away_leaves_nothing_behind(void **state)
{
    (void)state;
    struct members_ask m;
    setup(&m, true, false);
    put(&m);
    m.segments.hold = true;
    struct str target = {0};
    target_of("/sdk/evalx/contexts/", USER("alice"), &target);
    ask_begin(&m.a, "GET", str_text(&target), SDK);
    ask_turn(&m.a);
    ask_abandon(&m.a);
    bench_segments_answer(&m.segments);
    for (int i = 0; i < 3; i++)
        ask_turn(&m.a);
    m.segments.hold = false;
    ask_context(&m, USER("alice"));
    assert_int_equal(m.segments.queries, 1); /* what it asked serves others */
    str_free(&target);
    ask_teardown(&m.a);
}

/* ---- OpenFeature ----------------------------------------------------------------------------- */

#define OFREP_HEADERS SDK "\nContent-Type: application/json"
#define ALICE "{\"context\":{\"targetingKey\":\"alice\"}}"
#define OFREP_IN                                                                                   \
    "{\"key\":\"f\",\"value\":\"in\",\"reason\":\"TARGETING_MATCH\",\"variant\":\"0\","            \
    "\"metadata\""                                                                                 \
    ":{\"ldReason\":\"RULE_MATCH\",\"version\":1,\"ruleIndex\":0,\"ruleId\":\"r\","                \
    "\"bigSegmentsStatus\":\"HEALTHY\"}}"

static void openfeature_is_told_the_same(void **state)
{
    (void)state;
    struct members_ask m;
    setup(&m, true, false);
    m.segments.members = "alice: vip.g1+";
    put(&m);
    ask_with(&m.a, "POST", "/ofrep/v1/evaluate/flags/f", OFREP_HEADERS, ALICE);
    bench_expect(&m.a.answer.body, OFREP_IN, "one flag");
    ask_with(&m.a, "POST", "/ofrep/v1/evaluate/flags/none", OFREP_HEADERS, ALICE);
    assert_int_equal(m.a.answer.status, 404);
    bench_segments_changed(&m.segments, "vip");
    ask_with(&m.a, "POST", "/ofrep/v1/evaluate/flags", OFREP_HEADERS, ALICE);
    assert_non_null(strstr(str_text(&m.a.answer.body), OFREP_IN));
    ask_teardown(&m.a);
}

static void openfeatures_etag_follows_the_members(void **state)
{
    (void)state;
    struct members_ask m;
    char headers[256];
    setup(&m, true, false);
    put(&m);
    ask_with(&m.a, "POST", "/ofrep/v1/evaluate/flags", OFREP_HEADERS, ALICE);
    (void)snprintf(headers, sizeof headers, OFREP_HEADERS "\nIf-None-Match: %s",
                   answer_header(&m.a, "ETag"));
    ask_with(&m.a, "POST", "/ofrep/v1/evaluate/flags", headers, ALICE);
    assert_int_equal(m.a.answer.status, 304);
    bench_segments_changed(&m.segments, "vip");
    ask_with(&m.a, "POST", "/ofrep/v1/evaluate/flags", headers, ALICE);
    assert_int_equal(m.a.answer.status, 304); /* of another context */
    m.segments.members = "alice: vip.g1+";
    bench_segments_changed(&m.segments, "vip");
    ask_with(&m.a, "POST", "/ofrep/v1/evaluate/flags", headers, ALICE);
    assert_int_equal(m.a.answer.status, 200); /* 94 */
    ask_teardown(&m.a);
}

/* ---- the status ------------------------------------------------------------------------------ */

static const struct {
    unsigned what;
    bool as_degraded;
    int64_t age_ms;
    const char *part;
    const char *top;
    const char *why;
} states[] = {
    {0, false, 5, "true,\"potentiallyStale\":false,\"lastSynchronizedOn\":1699999999995", "healthy",
     "38"},
    {0, true, 300000, "true,\"potentiallyStale\":false,\"lastSynchronizedOn\":1699999700000",
     "healthy", "39: not older than the limit"},
    {0, false, 300001, "true,\"potentiallyStale\":true,\"lastSynchronizedOn\":1699999699999",
     "healthy", "39"},
    {0, true, 300001, "true,\"potentiallyStale\":true,\"lastSynchronizedOn\":1699999699999",
     "degraded", "39: with bigSegmentsStaleAsDegraded"},
    {NEVER, false, 0, "true,\"potentiallyStale\":true,\"lastSynchronizedOn\":0", "healthy", "38"},
    {NEVER, true, 0, "true,\"potentiallyStale\":true,\"lastSynchronizedOn\":0", "degraded", "38"},
    {TIME_FAILS, true, 300001, "false,\"potentiallyStale\":false,\"lastSynchronizedOn\":0",
     "degraded", "40"},
};

static void the_status_says_what_the_row_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(states); i++) {
        struct members_ask m;
        struct str want = {0};
        str_append_format(&want, ",\"bigSegmentStatus\":{\"available\":%s}}", states[i].part);
        setup(&m, true, states[i].as_degraded);
        m.segments.time_fails = (states[i].what & TIME_FAILS) != 0;
        m.segments.time_ms = (states[i].what & NEVER) != 0 ? 0 : SYNCHRONIZED - states[i].age_ms;
        ask(&m.a, "GET", "/status", "");
        assert_null(strstr(str_text(&m.a.answer.body), "bigSegmentStatus")); /* 1 */
        put(&m);
        ask(&m.a, "GET", "/status", "");
        const char *at = strstr(str_text(&m.a.answer.body), ",\"bigSegmentStatus\"");
        assert_non_null(at);
        if (strncmp(at, str_text(&want), want.len) != 0)
            fail_msg("%s: %s", states[i].why, at);
        str_clear(&want);
        str_append_format(&want, "\"status\":\"%s\"", states[i].top);
        if (strstr(at, str_text(&want)) == NULL)
            fail_msg("%s: %s", states[i].why, at);
        str_free(&want);
        ask_teardown(&m.a);
    }
}

/* Nothing happens but that time goes by. */
static void the_status_becomes_stale_by_itself(void **state)
{
    (void)state;
    struct members_ask m;
    setup(&m, true, false);
    put(&m);
    fake_clock_advance(&m.a.bench.clock, 300000);
    ask(&m.a, "GET", "/status", "");
    assert_non_null(strstr(str_text(&m.a.answer.body), "\"potentiallyStale\":false"));
    fake_clock_advance(&m.a.bench.clock, 1);
    ask(&m.a, "GET", "/status", "");
    assert_non_null(strstr(str_text(&m.a.answer.body), "\"potentiallyStale\":true"));
    ask_teardown(&m.a);
}

static void the_page_says_it_in_words(void **state)
{
    (void)state;
    static const struct {
        unsigned what;
        int64_t age_ms;
        const char *text;
    } pages[] = {
        {0, 5000, "Big Segments: &#9679; synchronized <time datetime=\"2023-11-14T22:13:15Z\">5 s"},
        {0, 300001, "Big Segments: &#9888; stale, synchronized <time"},
        {NEVER, 0, "Big Segments: &#9888; never synchronized"},
        {TIME_FAILS, 0, "Big Segments: &#9888; not available"},
        {TIME_FAILS, 0, "<p>Degraded: Big Segments are not available or stale."},
    };
    for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
        struct members_ask m;
        setup(&m, true, false);
        m.segments.time_fails = (pages[i].what & TIME_FAILS) != 0;
        m.segments.time_ms = (pages[i].what & NEVER) != 0 ? 0 : SYNCHRONIZED - pages[i].age_ms;
        put(&m);
        ask(&m.a, "GET", "/status.html", "");
        if (strstr(str_text(&m.a.answer.body), pages[i].text) == NULL)
            fail_msg("%s: %s", pages[i].text, str_text(&m.a.answer.body));
        ask_teardown(&m.a);
    }
}

/* 41: neither does the document change, nor does anybody wait. */
static void a_database_that_hangs_delays_no_status(void **state)
{
    (void)state;
    struct members_ask m;
    setup(&m, true, false);
    m.segments.hold = true;
    put(&m);
    ask_begin(&m.a, "GET", "/status", "");
    assert_int_equal(m.a.answer.status, 200);
    assert_non_null(strstr(str_text(&m.a.answer.body), "\"available\":false"));
    ask_teardown(&m.a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(evalx_says_what_the_row_says),
        cmocka_unit_test(a_second_request_asks_nobody_until_members_change),
        cmocka_unit_test(an_evaluation_waits_for_the_first_time),
        cmocka_unit_test(a_client_that_goes_away_leaves_nothing_behind),
        cmocka_unit_test(openfeature_is_told_the_same),
        cmocka_unit_test(openfeatures_etag_follows_the_members),
        cmocka_unit_test(the_status_says_what_the_row_says),
        cmocka_unit_test(the_status_becomes_stale_by_itself),
        cmocka_unit_test(the_page_says_it_in_words),
        cmocka_unit_test(a_database_that_hangs_delays_no_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
