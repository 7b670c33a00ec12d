/* All flags for one context (evaluation.md 9.3, 9.4; checklist 74 to 79, 84), and how threads share
 * what is compiled. */
#include "evaluate_test.h"

#include "flags/evalx.h"

#include <pthread.h>

/* 9.4: the worked example. */
#define WORKED_FLAGS                                                                               \
    "\"delta\":{\"key\":\"delta\",\"version\":1,\"on\":true,\"fallthrough\":{\"variation\":5},"    \
    "\"variations\":[1]},"                                                                         \
    "\"gamma\":{\"key\":\"gamma\",\"version\":12,\"on\":true,\"prerequisites\":[{\"key\":"         \
    "\"alpha\","                                                                                   \
    "\"variation\":0}],\"rules\":[{\"id\":\"r1\",\"variation\":1,\"trackEvents\":true,"            \
    "\"clauses\":[{"                                                                               \
    "\"contextKind\":\"user\",\"attribute\":\"key\",\"op\":\"in\",\"values\":[\"me\"]}]}],"        \
    "\"fallthrough\":{\"variation\":0},\"variations\":[\"no\",{\"a\":[1,2.5,\"x\"]}],"             \
    "\"debugEventsUntilDate\":1700000000000,\"clientSide\":true},"                                 \
    "\"alpha\":{\"key\":\"alpha\",\"version\":3,\"on\":true,\"fallthrough\":{\"variation\":0},"    \
    "\"variations\":[true,false],\"clientSide\":true},"                                            \
    "\"beta\":{\"key\":\"beta\",\"version\":7,\"on\":false,\"variations\":[\"x\"],"                \
    "\"clientSideAvailability\":{\"usingMobileKey\":false,\"usingEnvironmentId\":true}}"
#define GAMMA                                                                                      \
    "\"gamma\":{\"value\":{\"a\":[1,2.5,\"x\"]},\"variation\":1,\"version\":12,\"trackEvents\":"   \
    "true,"                                                                                        \
    "\"trackReason\":true,\"reason\":{\"kind\":\"RULE_MATCH\",\"ruleIndex\":0,\"ruleId\":\"r1\"}," \
    "\"debugEventsUntilDate\":1700000000000,\"prerequisites\":[\"alpha\"]}"
#define ME "{\"kind\":\"user\",\"key\":\"me\"}"

static const struct {
    const char *flags;
    enum evalx_filter filter;
    bool with_reasons;
    const char *want;
    const char *why;
} rows[] = {
    {WORKED_FLAGS, EVALX_ENVIRONMENT, true,
     "{\"alpha\":{\"value\":true,\"variation\":0,\"version\":3,\"reason\":{\"kind\":"
     "\"FALLTHROUGH\"}},"
     "\"beta\":{\"value\":null,\"variation\":null,\"version\":7,\"reason\":{\"kind\":\"OFF\"}}"
     "," GAMMA "}",
     "74: the worked example"},
    {WORKED_FLAGS, EVALX_ENVIRONMENT, false,
     "{\"alpha\":{\"value\":true,\"variation\":0,\"version\":3},\"beta\":{\"value\":null,"
     "\"variation\":null,\"version\":7}," GAMMA "}",
     "76: an experiment forces the reason"},
    {WORKED_FLAGS, EVALX_MOBILE, false,
     "{\"alpha\":{\"value\":true,\"variation\":0,\"version\":3},\"delta\":{\"value\":null,"
     "\"variation\":null,\"version\":1}," GAMMA "}",
     "73, 75: mobile"},
    {WORKED_FLAGS, EVALX_ALL, true,
     "{\"alpha\":{\"value\":true,\"variation\":0,\"version\":3,\"reason\":{\"kind\":"
     "\"FALLTHROUGH\"}},"
     "\"beta\":{\"value\":null,\"variation\":null,\"version\":7,\"reason\":{\"kind\":\"OFF\"}},"
     "\"delta\":{\"value\":null,\"variation\":null,\"version\":1,\"reason\":{\"kind\":\"ERROR\","
     "\"errorKind\":\"MALFORMED_FLAG\"}}," GAMMA "}",
     "73: all"},
    {"", EVALX_ALL, true, "{}", "no flags"},
    {"\"a\":{\"deleted\":true}", EVALX_ALL, true, "{}", "9: tombstones are absent"},
    {"\"a\":{\"key\":\"k\\\"\",\"version\":2,\"trackEvents\":true,\"debugEventsUntilDate\":1000}",
     EVALX_ALL, false,
     "{\"k\\\"\":{\"value\":null,\"variation\":null,\"version\":2,\"trackEvents\":true,"
     "\"debugEventsUntilDate\":1000}}",
     "79: an expired date; the flag's own key is the name"},
    {"\"a\":{\"key\":\"a\",\"version\":2,\"on\":true,\"trackEvents\":true,\"debugEventsUntilDate\":"
     "5,"
     "\"variations\":[1],\"fallthrough\":{\"variation\":0},\"prerequisites\":[{\"key\":\"b\"}]},"
     "\"b\":{\"key\":\"b\",\"clientSideAvailability\":{}}",
     EVALX_ENVIRONMENT, false, "{}", "what browsers may not see"},
    {"\"a\":{\"key\":\"a\",\"version\":2,\"on\":true,\"trackEvents\":true,\"debugEventsUntilDate\":"
     "5,"
     "\"variations\":[1],\"offVariation\":0,\"clientSide\":true,\"prerequisites\":[{\"key\":"
     "\"b\\\"\"},"
     "{\"key\":\"c\"}]},\"b\\\"\":{\"key\":\"b\\\"\",\"clientSideAvailability\":{}}",
     EVALX_ENVIRONMENT, true,
     "{\"a\":{\"value\":1,\"variation\":0,\"version\":2,\"trackEvents\":true,\"reason\":{\"kind\":"
     "\"PREREQUISITE_FAILED\",\"prerequisiteKey\":\"b\\\"\"},\"debugEventsUntilDate\":5,"
     "\"prerequisites\":[\"b\\\"\"]}}",
     "78: the failing one is listed, though browsers may not see it"},
};

static void evalx_of(struct dataset *d, const struct context *c, enum evalx_filter filter,
                     bool with_reasons, struct str *out)
{
    struct evalx_facts facts;
    struct evalx_request request = {
        .data = d, .context = c, .filter = filter, .with_reasons = with_reasons};
    evalx_write(&request, out, &facts);
    assert_false(facts.wants_memberships);
    assert_int_equal(facts.patterns_given_up, 0);
}

static void bodies(void **state)
{
    (void)state;
    struct error err;
    struct context *c = context_parse(VIEW_LITERAL(ME), &err);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct dataset *d = evaluate_dataset(rows[i].flags, "");
        struct str body = {0};
        evalx_of(d, c, rows[i].filter, rows[i].with_reasons, &body);
        test_assert_text(str_view(&body), rows[i].want, rows[i].why);
        str_clear(&body);
        evalx_of(d, c, rows[i].filter, rows[i].with_reasons, &body);
        test_assert_text(str_view(&body), rows[i].want, "84: the same again");
        str_free(&body);
        dataset_unref(d);
    }
    context_free(c);
}

#define LOOKS_AT_A(key)                                                                            \
    "\"" key "\":{\"key\":\"" key "\",\"version\":1,\"on\":true,\"variations\":[0,1],\"rules\":[{" \
    "\"variation\":1,\"clauses\":[{\"attribute\":\"a\",\"op\":\"in\",\"values\":[\"x\"]}]}]}"

/* In as many steps as there are flags that look at the context; an end may come before the last. */
static void steps_make_the_same_body(void **state)
{
    (void)state;
    struct error err;
    struct evalx_facts facts;
    struct evalx x;
    struct str whole = {0};
    struct str body = {0};
    struct context *c = context_parse(
        VIEW_LITERAL("{\"kind\":\"user\",\"key\":\"u\",\"a\":[\"v\",\"w\",\"x\"]}"), &err);
    struct dataset *d =
        evaluate_dataset(LOOKS_AT_A("p") "," LOOKS_AT_A("q") "," LOOKS_AT_A("r"), "");
    struct evalx_request request = {.data = d, .context = c, .with_reasons = true};
    evalx_of(d, c, EVALX_ALL, true, &whole);
    evalx_begin(&x, &request);
    assert_false(evalx_go_on(&x, 0, &body));
    assert_false(evalx_go_on(&x, 2, &body));
    assert_true(evaluator_work(x.evaluator) >= 6);
    assert_true(evalx_go_on(&x, 0, &body));
    evalx_end(&x, &facts);
    test_assert_text(str_view(&body), str_text(&whole), "in steps");
    str_clear(&body);
    evalx_begin(&x, &request);
    assert_false(evalx_go_on(&x, 0, &body));
    evalx_end(&x, &facts);
    str_free(&body);
    str_free(&whole);
    dataset_unref(d);
    context_free(c);
}

/* A patch of a known flag, a new one, a deletion: the order of keys stays right. */
static void patches_are_seen(void **state)
{
    (void)state;
    struct error err;
    struct context *c = context_parse(VIEW_LITERAL(ME), &err);
    struct dataset *d = evaluate_dataset("\"m\":{\"key\":\"m\",\"version\":1}", "");
    struct item *const patches[] = {
        test_item(ITEM_FLAG, "m", "{\"key\":\"m\",\"version\":2}"),
        test_item(ITEM_FLAG, "a", "{\"key\":\"a\",\"version\":1}"),
        item_tombstone(ITEM_FLAG, view_of("m"), 3),
        test_segment("s", 1, ""),
    };
    static const char *const want[] = {
        "{\"m\":{\"value\":null,\"variation\":null,\"version\":2}}",
        "{\"a\":{\"value\":null,\"variation\":null,\"version\":1},\"m\":{\"value\":null,"
        "\"variation\":null,"
        "\"version\":2}}",
        "{\"a\":{\"value\":null,\"variation\":null,\"version\":1}}",
        "{\"a\":{\"value\":null,\"variation\":null,\"version\":1}}",
    };
    for (size_t i = 0; i < ARRAY_LEN(patches); i++) {
        struct str body = {0};
        evalx_of(d, c, EVALX_ALL, false, &body);
        struct dataset *next = dataset_with_item_take(d, patches[i]);
        dataset_unref(d);
        d = next;
        str_clear(&body);
        evalx_of(d, c, EVALX_ALL, false, &body);
        test_assert_text(str_view(&body), want[i], "patched");
        str_free(&body);
    }
    dataset_unref(d);
    context_free(c);
}

static void a_data_set_can_be_prepared(void **state)
{
    (void)state;
    struct dataset *d = evaluate_dataset(WORKED_FLAGS, "");
    assert_false(evaluation_is_prepared(d));
    evaluation_prepare(d);
    evaluation_prepare(d);
    assert_true(evaluation_is_prepared(d));
    struct dataset *next = dataset_with_item_take(d, test_flag("x", 1, ""));
    assert_false(evaluation_is_prepared(next));
    dataset_unref(d);
    dataset_unref(next);
}

static void visit_count(const struct evaluation *result, void *arg)
{
    int *count = arg;
    assert_true(result->key.len != 0);
    (*count)++;
}

static void each_flag_is_visited(void **state)
{
    (void)state;
    struct error err;
    struct context *c = context_parse(VIEW_LITERAL(ME), &err);
    struct dataset *d = evaluate_dataset(WORKED_FLAGS, "");
    struct evaluator *e = evaluator_new(d, c, NULL);
    int count = 0;
    evaluator_each(e, EVALX_ENVIRONMENT, visit_count, &count);
    assert_int_equal(count, 3);
    evaluator_free(e);
    dataset_unref(d);
    context_free(c);
}

struct worker {
    pthread_t thread;
    pthread_barrier_t *start;
    struct dataset *data;
    struct str body;
};

static void *work(void *argument)
{
    struct worker *w = argument;
    struct error err;
    struct evalx_facts facts;
    struct context *c = context_parse(VIEW_LITERAL(ME), &err);
    struct evalx_request request = {.data = w->data, .context = c, .with_reasons = true};
    (void)pthread_barrier_wait(w->start);
    evalx_write(&request, &w->body, &facts);
    context_free(c);
    dataset_unref(w->data);
    return NULL;
}

/* All compile the same flags at the same time; the thread sanitizer is the judge. */
static void threads_share_compiled_flags(void **state)
{
    (void)state;
    enum { THREADS = 4, ROUNDS = 50 };
    for (int round = 0; round < ROUNDS; round++) {
        struct worker workers[THREADS] = {0};
        pthread_barrier_t start;
        assert_int_equal(pthread_barrier_init(&start, NULL, THREADS), 0);
        struct dataset *d = evaluate_dataset(WORKED_FLAGS, "");
        for (int i = 0; i < THREADS; i++) {
            workers[i] = (struct worker){.start = &start, .data = dataset_ref(d)};
            assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
        }
        dataset_unref(d);
        for (int i = 0; i < THREADS; i++)
            assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
        for (int i = 0; i < THREADS; i++) {
            assert_string_equal(str_text(&workers[i].body), rows[3].want);
            str_free(&workers[i].body);
        }
        (void)pthread_barrier_destroy(&start);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies),
        cmocka_unit_test(steps_make_the_same_body),
        cmocka_unit_test(patches_are_seen),
        cmocka_unit_test(a_data_set_can_be_prepared),
        cmocka_unit_test(each_flag_is_visited),
        cmocka_unit_test(threads_share_compiled_flags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
