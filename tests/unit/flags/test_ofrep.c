/* Results as OpenFeature reads them (evaluation.md 12.3, checklist 90, 93). */
#include "evaluate_test.h"

#include "flags/ofrep.h"

#define FLAG(more)                                                                                 \
    "\"f\":{\"key\":\"f\",\"version\":3,\"on\":true,\"variations\":[true,null,{\"a\":1}],"         \
    "\"fallthrough\":{\"variation\":0}" more "}"
#define ROLLOUT(more) "{\"rollout\":{\"variations\":[{\"variation\":2,\"weight\":100000}]" more "}}"
#define RULE(choice, clauses) ",\"rules\":[{\"id\":\"r\"," choice ",\"clauses\":[" clauses "]}]"
#define RESULT(value, reason, variant, metadata)                                                   \
    "{\"key\":\"f\"" value ",\"reason\":\"" reason "\"" variant                                    \
    ",\"metadata\":{\"ldReason\":" metadata "}}"
#define TRUE ",\"value\":true"
#define OBJECT ",\"value\":{\"a\":1}"
#define VARIANT(n) ",\"variant\":\"" n "\""
#define MALFORMED                                                                                  \
    "{\"key\":\"f\",\"errorCode\":\"PARSE_ERROR\",\"errorDetails\":\"MALFORMED_FLAG\"}"
#define BIG "\"s\":{\"key\":\"s\",\"unbounded\":true,\"generation\":1,\"rules\":[{}]}"

static const struct {
    const char *flags;
    const char *segments;
    const char *want;
    const char *why;
} rows[] = {
    {FLAG(""), "", RESULT(TRUE, "STATIC", VARIANT("0"), "\"FALLTHROUGH\",\"version\":3"), "12.4"},
    {FLAG(",\"on\":false"), "", RESULT("", "DISABLED", "", "\"OFF\",\"version\":3"),
     "no variation, no value"},
    {FLAG(",\"on\":false,\"offVariation\":1"), "",
     RESULT("", "DISABLED", VARIANT("1"), "\"OFF\",\"version\":3"), "a null value is left out"},
    {FLAG(",\"fallthrough\":{\"variation\":5}"), "", MALFORMED, "93: malformed"},
    {FLAG(",\"prerequisites\":[{\"key\":\"p\\\"\"}],\"offVariation\":2"), "",
     RESULT(OBJECT, "DISABLED", VARIANT("2"),
            "\"PREREQUISITE_FAILED\",\"version\":3,\"prerequisiteKey\":\"p\\\"\""),
     "prerequisite failed"},
    {FLAG(",\"targets\":[{\"values\":[\"u\"],\"variation\":2}]"), "",
     RESULT(OBJECT, "TARGETING_MATCH", VARIANT("2"), "\"TARGET_MATCH\",\"version\":3"), "target"},
    {FLAG(RULE("\"variation\":2", "")), "",
     RESULT(OBJECT, "TARGETING_MATCH", VARIANT("2"),
            "\"RULE_MATCH\",\"version\":3,\"ruleIndex\":0,\"ruleId\":\"r\""),
     "rule"},
    {FLAG(",\"rules\":[" ROLLOUT("") "]"), "",
     RESULT(OBJECT, "SPLIT", VARIANT("2"), "\"RULE_MATCH\",\"version\":3,\"ruleIndex\":0"),
     "a rule with a rollout"},
    {"\"f\":{\"version\":3,\"on\":true,\"variations\":[0,1,2],\"fallthrough\":" ROLLOUT(
         ",\"kind\":\"experiment\"") "}",
     "",
     RESULT(",\"value\":2", "SPLIT", VARIANT("2"),
            "\"FALLTHROUGH\",\"version\":3,\"inExperiment\":true"),
     "an experiment"},
    {FLAG(",\"targets\":[{\"values\":[\"x\"],\"variation\":2}]"), "",
     RESULT(TRUE, "TARGETING_MATCH", VARIANT("0"), "\"FALLTHROUGH\",\"version\":3"),
     "fallthrough of a flag with targets"},
    {FLAG(RULE("\"variation\":2", "{\"op\":\"segmentMatch\",\"values\":[\"s\"]}")), BIG,
     RESULT(OBJECT, "TARGETING_MATCH", VARIANT("2"),
            "\"RULE_MATCH\",\"version\":3,\"ruleIndex\":0,\"ruleId\":\"r\",\"bigSegmentsStatus\":"
            "\"NOT_CONFIGURED\""),
     "big segments"},
};

static void results(void **state)
{
    (void)state;
    struct error err;
    struct context *c = context_parse(VIEW_LITERAL("{\"kind\":\"user\",\"key\":\"u\"}"), &err);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct dataset *d = evaluate_dataset(rows[i].flags, rows[i].segments);
        struct evaluator *e = evaluator_new(d, c, NULL);
        struct evaluation result;
        struct str text = {0};
        assert_true(evaluator_flag(e, view_of("f"), &result));
        bool ok = ofrep_result_write(&result, view_of("f"), &text);
        test_assert_text(str_view(&text), rows[i].want, rows[i].why);
        test_assert_int(ok, strcmp(rows[i].want, MALFORMED) != 0, rows[i].why);
        str_free(&text);
        evaluator_free(e);
        dataset_unref(d);
    }
    context_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(results)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
