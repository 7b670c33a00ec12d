/* Big segments in evaluation (evaluation.md 6.2, checklist 65 to 71). */
#include "evaluate_test.h"

/* What a membership source of this test answers; counts the questions. */
struct answers {
    enum big_segments_status status;
    const char *only_key; /* another key gets BIG_SEGMENTS_STALE */
    const char *included; /* segment references */
    const char *excluded;
    int queries;
};

static enum big_segments_status answer_query(void *owner, struct view context_key)
{
    struct answers *a = owner;
    a->queries++;
    if (a->only_key != NULL && !view_is(context_key, a->only_key))
        return BIG_SEGMENTS_STALE;
    return a->status;
}

static enum membership answer_find(void *owner, struct view context_key, struct view segment)
{
    struct answers *a = owner;
    (void)context_key;
    if (a->included != NULL && view_is(segment, a->included))
        return MEMBERSHIP_INCLUDED;
    if (a->excluded != NULL && view_is(segment, a->excluded))
        return MEMBERSHIP_EXCLUDED;
    return MEMBERSHIP_UNKNOWN;
}

#define FLAG(clauses)                                                                              \
    "\"f\":{\"key\":\"f\",\"on\":true,\"variations\":[0,1,2],\"offVariation\":2,\"fallthrough\":{" \
    "\"variation\":0},\"rules\":[{\"id\":\"r\",\"variation\":1,\"clauses\":[" clauses "]}]}"
#define IN(keys) "{\"op\":\"segmentMatch\",\"values\":[" keys "]}"
#define BIG(key, more)                                                                             \
    "\"" key "\":{\"key\":\"" key "\",\"unbounded\":true,\"generation\":2" more "}"
#define RULE ",\"rules\":[{}]"
#define USER "{\"kind\":\"user\",\"key\":\"u\"}"
#define ORG "{\"kind\":\"org\",\"key\":\"o\"}"
#define MULTI "{\"kind\":\"multi\",\"user\":{\"key\":\"u\"},\"org\":{\"key\":\"o\"}}"
#define MATCHED(status) "1 1 {\"kind\":\"RULE_MATCH\",\"ruleIndex\":0,\"ruleId\":\"r\"" status "}"
#define FELL(status) "0 0 {\"kind\":\"FALLTHROUGH\"" status "}"
#define STATUS(name) ",\"bigSegmentsStatus\":\"" name "\""

static const struct {
    struct evaluate_row row;
    struct answers answers;
    bool without_source;
    int queries;
} rows[] = {
    {{FLAG(IN("\"s\"")), BIG("s", ""), USER, FELL(STATUS("NOT_CONFIGURED")), "65: no store"},
     {0},
     true,
     0},
    {{FLAG(IN("\"s\"")), BIG("s", RULE), USER, MATCHED(STATUS("NOT_CONFIGURED")),
      "65: rules are still evaluated"},
     {0},
     true,
     0},
    {{FLAG(IN("\"s\"")), "\"s\":{\"key\":\"s\",\"unbounded\":true" RULE "}", USER,
      FELL(STATUS("NOT_CONFIGURED")), "66: no generation, rules are not evaluated"},
     {.status = BIG_SEGMENTS_HEALTHY},
     false,
     0},
    {{FLAG(IN("\"s\"")), BIG("s", ",\"unboundedContextKind\":\"org\"" RULE), USER, FELL(""),
      "67: no such kind: no query, no status, no rules"},
     {.status = BIG_SEGMENTS_HEALTHY},
     false,
     0},
    {{FLAG(IN("\"s\"")), BIG("s", ",\"unboundedContextKind\":\"org\""), ORG,
      MATCHED(STATUS("HEALTHY")), "a kind of its own"},
     {.status = BIG_SEGMENTS_HEALTHY, .included = "s.g2"},
     false,
     1},
    {{FLAG(IN("\"s\"")), BIG("s", ",\"excluded\":[\"u\"]"), USER, MATCHED(STATUS("HEALTHY")),
      "64, 68: included; the lists of the segment do not count"},
     {.status = BIG_SEGMENTS_HEALTHY, .included = "s.g2"},
     false,
     1},
    {{FLAG(IN("\"s\"")), BIG("s", RULE), USER, FELL(STATUS("HEALTHY")),
      "68: excluded, rules are not evaluated"},
     {.status = BIG_SEGMENTS_HEALTHY, .excluded = "s.g2"},
     false,
     1},
    {{FLAG(IN("\"s\"")), BIG("s", RULE), USER, MATCHED(STATUS("HEALTHY")),
      "68: neither, rules are evaluated"},
     {.status = BIG_SEGMENTS_HEALTHY, .included = "s.g1"},
     false,
     1},
    {{FLAG(IN("\"s\",\"t\"") "," IN("\"s\"")), BIG("s", "") "," BIG("t", ""), USER,
      FELL(STATUS("STALE")), "69: one query per key"},
     {.status = BIG_SEGMENTS_STALE, .included = "t.g2"},
     false,
     1},
    {{FLAG(IN("\"s\"") "," IN("\"t\"")),
      BIG("s", "") "," BIG("t", ",\"unboundedContextKind\":\"org\""),
      "{\"kind\":\"multi\",\"user\":{\"key\":\"u\"},\"org\":{\"key\":\"u\"}}",
      FELL(STATUS("HEALTHY")), "69: the kind does not matter, the key does"},
     {.status = BIG_SEGMENTS_HEALTHY, .included = "s.g2"},
     false,
     1},
    {{FLAG(IN("\"s\"")), BIG("s", RULE), USER, MATCHED(STATUS("STORE_ERROR")),
      "70: no membership, rules are evaluated"},
     {.status = BIG_SEGMENTS_STORE_ERROR, .included = "s.g2"},
     false,
     1},
    {{FLAG(IN("\"s\"")), BIG("s", ""), USER, MATCHED(STATUS("STALE")), "70: stale"},
     {.status = BIG_SEGMENTS_STALE, .included = "s.g2"},
     false,
     1},
    {{FLAG(IN("\"s\",\"t\"")), BIG("s", "") "," BIG("t", ",\"unboundedContextKind\":\"org\""),
      MULTI, FELL(STATUS("STALE")), "71: the worst of two queries"},
     {.status = BIG_SEGMENTS_HEALTHY, .only_key = "o"},
     false,
     2},
    {{"\"f\":{\"key\":\"f\",\"on\":true,\"variations\":[0],\"offVariation\":0,\"prerequisites\":[{"
      "\"key\":"
      "\"p\",\"variation\":1}]},\"p\":{\"key\":\"p\",\"on\":true,\"variations\":[0],"
      "\"fallthrough\":{"
      "\"variation\":0},\"rules\":[{\"clauses\":[" IN("\"s\"") "]}]}",
      BIG("s", ""), USER,
      "0 0 {\"kind\":\"PREREQUISITE_FAILED\",\"prerequisiteKey\":\"p\"" STATUS("STALE") "} p",
      "71: from a prerequisite"},
     {.status = BIG_SEGMENTS_STALE},
     false,
     1},
    {{"\"f\":{\"key\":\"f\",\"on\":true,\"rules\":[{\"clauses\":[" IN("\"s\"") "]}]}", BIG("s", ""),
      USER, "null -1 {\"kind\":\"ERROR\",\"errorKind\":\"MALFORMED_FLAG\"" STATUS("HEALTHY") "}",
      "71: with an error"},
     {.status = BIG_SEGMENTS_HEALTHY},
     false,
     1},
    {{FLAG(IN("\"s\"")),
      "\"s\":{\"key\":\"s\",\"rules\":[{\"clauses\":[" IN("\"t\"") "]}]}," BIG("t", ""), USER,
      MATCHED(STATUS("HEALTHY")), "a big segment within an ordinary one"},
     {.status = BIG_SEGMENTS_HEALTHY, .included = "t.g2"},
     false,
     1},
};

static void memberships(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct answers answers = rows[i].answers;
        struct membership_source source = {
            .owner = &answers, .query = answer_query, .find = answer_find};
        evaluate_row_check(&rows[i].row, rows[i].without_source ? NULL : &source);
        test_assert_int(answers.queries, rows[i].queries, rows[i].row.why);
    }
}

/* 71: what one flag found does not stick to the next, but what is remembered of a segment counts
 * again. */
static void the_status_is_of_each_flag(void **state)
{
    (void)state;
    struct answers answers = {.status = BIG_SEGMENTS_STALE};
    struct membership_source source = {
        .owner = &answers, .query = answer_query, .find = answer_find};
    struct dataset *d = evaluate_dataset(
        FLAG(
            IN("\"s\"")) ",\"g\":{\"key\":\"g\",\"on\":true,\"variations\":[0],\"fallthrough\":{"
                         "\"variation\":"
                         "0}},\"h\":{\"key\":\"h\",\"on\":true,\"variations\":[0],\"fallthrough\":{"
                         "\"variation\":0},\"rules\":[{\"clauses\":[" IN("\"s\"") "]}]}",
        BIG("s", ""));
    struct error err;
    struct context *c = context_parse(VIEW_LITERAL(USER), &err);
    struct evaluator *e = evaluator_new(d, c, &source);
    struct evaluation result;
    assert_true(evaluator_flag(e, view_of("f"), &result));
    assert_int_equal(result.big_segments, BIG_SEGMENTS_STALE);
    assert_true(evaluator_flag(e, view_of("g"), &result));
    assert_int_equal(result.big_segments, BIG_SEGMENTS_NONE);
    assert_true(evaluator_flag(e, view_of("h"), &result));
    assert_int_equal(result.big_segments, BIG_SEGMENTS_STALE);
    assert_int_equal(answers.queries, 1);
    assert_false(evaluator_wants_memberships(e));
    evaluator_free(e);
    context_free(c);
    dataset_unref(d);
}

static void an_answer_that_is_not_there_yet_is_wanted(void **state)
{
    (void)state;
    struct answers answers = {.status = BIG_SEGMENTS_WANTED};
    struct membership_source source = {
        .owner = &answers, .query = answer_query, .find = answer_find};
    struct dataset *d = evaluate_dataset(FLAG(IN("\"s\"")), BIG("s", ""));
    struct error err;
    struct context *c = context_parse(VIEW_LITERAL(USER), &err);
    struct evaluator *e = evaluator_new(d, c, &source);
    struct evaluation result;
    assert_false(evaluator_wants_memberships(e));
    assert_true(evaluator_flag(e, view_of("f"), &result));
    assert_true(evaluator_wants_memberships(e));
    evaluator_free(e);
    context_free(c);
    dataset_unref(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memberships),
        cmocka_unit_test(the_status_is_of_each_flag),
        cmocka_unit_test(an_answer_that_is_not_there_yet_is_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
