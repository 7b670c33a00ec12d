/* Evaluation (evaluation.md 4 to 8, checklist 20 to 71). Each row: flags and segments, a context,
 * and how flag "f" comes out: value, variation, reason, evaluated prerequisites, "e" for an
 * experiment. */
#include "evaluate_test.h"

/* A flag that is on, off variation 2, fallthrough to 0. Later properties win. */
#define FLAG(key, more)                                                                            \
    "\"" key "\":{\"key\":\"" key                                                                  \
    "\",\"version\":1,\"on\":true,\"offVariation\":2,\"fallthrough\":{\"variation\":0},"           \
    "\"variations\":[\"a\",\"b\",\"c\"]" more "}"
#define RULES(rules) ",\"rules\":[" rules "]"
#define RULE(id, clauses) "{\"id\":\"" id "\",\"variation\":1,\"clauses\":[" clauses "]}"
#define CLAUSE(attribute, op, values)                                                              \
    "{\"attribute\":\"" attribute "\",\"op\":\"" op "\",\"values\":[" values "]}"
#define KIND_CLAUSE(kind, attribute, op, values)                                                   \
    "{\"contextKind\":\"" kind "\",\"attribute\":\"" attribute "\",\"op\":\"" op                   \
    "\",\"values\":[" values "]}"
#define NOT_CLAUSE(attribute, op, values)                                                          \
    "{\"attribute\":\"" attribute "\",\"op\":\"" op "\",\"values\":[" values "],\"negate\":true}"
#define IF(clauses) FLAG("f", RULES(RULE("r", clauses)))
#define NEEDS(list) ",\"prerequisites\":[" list "]"
#define NEED(key, variation) "{\"key\":\"" key "\",\"variation\":" variation "}"
#define IN_SEGMENT(keys) IF(CLAUSE("", "segmentMatch", keys))
#define SEGMENT(key, more) "\"" key "\":{\"key\":\"" key "\",\"version\":1" more "}"

#define USER                                                                                       \
    "{\"kind\":\"user\",\"key\":\"u\",\"name\":\"n\",\"n\":3,\"list\":[\"x\",\"y\"],\"empty\":[]}"
#define ORG "{\"kind\":\"org\",\"key\":\"o\",\"plan\":\"gold\"}"
#define MULTI "{\"kind\":\"multi\",\"user\":{\"key\":\"u\",\"n\":3},\"org\":{\"key\":\"o\"}}"

#define MATCHED "\"b\" 1 {\"kind\":\"RULE_MATCH\",\"ruleIndex\":0,\"ruleId\":\"r\"}"
#define FELL "\"a\" 0 {\"kind\":\"FALLTHROUGH\"}"
#define OFF "\"c\" 2 {\"kind\":\"OFF\"}"
#define MALFORMED "null -1 {\"kind\":\"ERROR\",\"errorKind\":\"MALFORMED_FLAG\"}"
#define FAILED(key) "\"c\" 2 {\"kind\":\"PREREQUISITE_FAILED\",\"prerequisiteKey\":\"" key "\"}"
#define TARGET(value, index) "\"" value "\" " index " {\"kind\":\"TARGET_MATCH\"}"

static const struct evaluate_row rows[] = {
    /* 20 to 25: the parts of a flag */
    {FLAG("f", ""), "", USER, FELL, "fallthrough"},
    {FLAG("f", ",\"on\":false" NEEDS(NEED("f", "0")) RULES("{}")), "", USER, OFF,
     "20: nothing else is looked at"},
    {FLAG("f", ",\"on\":false,\"offVariation\":null"), "", USER, "null -1 {\"kind\":\"OFF\"}",
     "21: no off variation"},
    {FLAG("f", ",\"on\":false,\"offVariation\":3"), "", USER, MALFORMED, "22: off variation"},
    {FLAG("f", ",\"on\":false,\"offVariation\":-1"), "", USER, MALFORMED, "22: negative"},
    {FLAG("f", ",\"targets\":[{\"values\":[\"u\"],\"variation\":9}]"), "", USER, MALFORMED,
     "22: target"},
    {FLAG("f", RULES("{\"variation\":9}")), "", USER, MALFORMED, "22: rule"},
    {FLAG("f", ",\"fallthrough\":{\"variation\":9}"), "", USER, MALFORMED, "22: fallthrough"},
    {FLAG("f", ",\"fallthrough\":{\"variation\":null,\"rollout\":{\"variations\":[{\"variation\":9,"
               "\"weight\":100000}]}}"),
     "", USER, MALFORMED, "22: rollout"},
    {FLAG("f", ",\"fallthrough\":{\"variation\":null}"), "", USER, MALFORMED, "23: no fallthrough"},
    {FLAG("f", ",\"fallthrough\":{\"variation\":null,\"rollout\":{\"variations\":[]}}"), "", USER,
     MALFORMED, "23: empty rollout"},
    {FLAG("f", ",\"fallthrough\":{\"variation\":null}" RULES(RULE("r", ""))), "", USER, MATCHED,
     "23: not reached"},
    {FLAG("f", RULES("{\"id\":\"r\",\"variation\":1,\"rollout\":{\"variations\":[{\"variation\":2,"
                     "\"weight\":100000}]}}")),
     "", USER, MATCHED, "24: the variation wins"},
    {FLAG("f", RULES("{\"variation\":1}")), "", USER,
     "\"b\" 1 {\"kind\":\"RULE_MATCH\",\"ruleIndex\":0}", "25: no clauses, no id"},
    {FLAG("f", RULES(RULE("x", CLAUSE("n", "in", "4")) "," RULE("r", ""))), "", USER,
     "\"b\" 1 {\"kind\":\"RULE_MATCH\",\"ruleIndex\":1,\"ruleId\":\"r\"}", "the second rule"},

    /* 26 to 31: prerequisites */
    {FLAG("f", NEEDS(NEED("p", "0"))) "," FLAG("p", ""), "", USER, FELL " p", "satisfied"},
    {FLAG("f", NEEDS(NEED("p", "1") "," NEED("q", "0"))) "," FLAG("p", "") "," FLAG("q", ""), "",
     USER, FAILED("p") " p", "26: the first that fails"},
    {FLAG("f", NEEDS(NEED("p", "0") "," NEED("q", "1"))) "," FLAG("p", "") "," FLAG("q", ""), "",
     USER, FAILED("q") " p q", "26: the second"},
    {FLAG("f", NEEDS(NEED("p", "2"))) "," FLAG("p", ",\"on\":false"), "", USER, FAILED("p") " p",
     "27: off, though with the right variation"},
    {FLAG("f", NEEDS(NEED("p", "0") "," NEED("nope", "0"))) "," FLAG("p", ""), "", USER,
     FAILED("nope") " p", "28: not found, not listed"},
    {FLAG("f", NEEDS(NEED("p", "0"))) ",\"p\":{\"deleted\":true}", "", USER, FAILED("p"),
     "9: deleted"},
    {FLAG("f", NEEDS(NEED("", "0"))), "", USER, FAILED(""), "an empty key is named"},
    {FLAG("f", ",\"offVariation\":null" NEEDS(NEED("p", "0"))), "", USER,
     "null -1 {\"kind\":\"PREREQUISITE_FAILED\",\"prerequisiteKey\":\"p\"}", "no off variation"},
    {FLAG("f", ",\"offVariation\":7" NEEDS(NEED("p", "0"))), "", USER, MALFORMED,
     "failed, and the off variation is out of range"},
    {FLAG("f", NEEDS(NEED("f", "0"))), "", USER, MALFORMED, "29: itself"},
    {FLAG("f", NEEDS(NEED("p", "0"))) "," FLAG("p", NEEDS(NEED("f", "0"))), "", USER, MALFORMED,
     "29: a cycle of two"},
    {FLAG("f", NEEDS(NEED("p", "0"))) "," FLAG("p", NEEDS(NEED("q", "0"))) "," FLAG(
         "q", NEEDS(NEED("f", "0"))),
     "", USER, MALFORMED, "29: a cycle of three"},
    {FLAG("f", NEEDS(NEED("x", "0") "," NEED("p", "0"))) "," FLAG("x", "") "," FLAG(
         "p", NEEDS(NEED("q", "0"))) "," FLAG("q", NEEDS(NEED("p", "0"))),
     "", USER, MALFORMED " x", "29: a cycle below; what was evaluated before stays"},
    {FLAG("f", NEEDS(NEED("p", "0") "," NEED("q", "0"))) "," FLAG(
         "p", NEEDS(NEED("d", "0"))) "," FLAG("q", NEEDS(NEED("d", "0"))) "," FLAG("d", ""),
     "", USER, FELL " p q", "29: a diamond"},
    {FLAG("f", NEEDS(NEED("x", "1") "," NEED("f", "0"))) "," FLAG("x", ""), "", USER,
     FAILED("x") " x", "30: the cycle is not reached"},
    {FLAG("f", NEEDS(NEED("p", "0"))) "," FLAG("p", RULES(RULE("", CLAUSE("", "in", "1")))), "",
     USER, MALFORMED, "31: malformed clause"},
    {FLAG("f", NEEDS(NEED("p", "0"))) "," FLAG("p", ",\"fallthrough\":{\"variation\":9}"), "", USER,
     FAILED("p") " p", "31: variation out of range"},
    {FLAG("f", NEEDS(NEED("p", "0"))) "," FLAG(
         "p", ",\"fallthrough\":{\"variation\":null,\"rollout\":{\"contextKind\":\"user\","
              "\"bucketBy\":\"//\",\"variations\":[{\"weight\":1}]}}"),
     "", USER, FAILED("p") " p", "4.7: invalid bucketBy in a prerequisite"},
    {FLAG("f", NEEDS(NEED("p", "0"))) "," FLAG("p", NEEDS(NEED("q", "0"))) "," FLAG(
         "q", RULES(RULE("", CLAUSE("", "in", "1")))),
     "", USER, MALFORMED, "31: two levels down"},

    /* 32, 33: targets */
    {FLAG("f", ",\"targets\":[{\"values\":[\"u\"],\"variation\":2}]" RULES(RULE("r", ""))), "",
     USER, TARGET("c", "2"), "32: before rules"},
    {FLAG("f", ",\"targets\":[{\"values\":[\"x\"],\"variation\":1},{\"values\":[\"u\"],"
               "\"variation\":2}]"),
     "", USER, TARGET("c", "2"), "the second target"},
    {FLAG("f", ",\"targets\":[{\"values\":[\"x\\\"\",\"y\\\"\",\"u\\\"\"],\"variation\":1}]"), "",
     "{\"kind\":\"user\",\"key\":\"u\\\"\"}", TARGET("b", "1"), "keys with escapes"},
    {FLAG("f", ",\"targets\":[{\"values\":[\"o\"],\"variation\":1}]"), "", ORG, FELL,
     "of users only"},
    {FLAG("f", ",\"targets\":[{\"contextKind\":\"org\",\"values\":[\"o\"],\"variation\":1}]"), "",
     ORG, TARGET("b", "1"), "a kind in targets"},
    {FLAG("f", ",\"contextTargets\":[{\"contextKind\":\"org\",\"values\":[\"o\"],\"variation\":1},"
               "{\"contextKind\":\"user\",\"values\":[\"u\"],\"variation\":2}]"),
     "", MULTI, TARGET("b", "1"), "32: the order decides"},
    {FLAG("f",
          ",\"targets\":[{\"values\":[\"x\"],\"variation\":1},{\"values\":[\"u\"],\"variation\":2},"
          "{\"values\":[\"u\"],\"variation\":1}],\"contextTargets\":[{\"variation\":1,"
          "\"values\":[]},{\"contextKind\":\"user\",\"variation\":2,\"values\":[]}]"),
     "", USER, TARGET("c", "2"), "32: the first of the same variation only"},
    {FLAG(
         "f",
         ",\"targets\":[{\"values\":[\"u\"],\"variation\":1}],\"contextTargets\":[{\"contextKind\":"
         "\"org\",\"values\":[\"x\"],\"variation\":1}]"),
     "", MULTI, FELL, "33: targets that nobody refers to"},
    {FLAG("f", ",\"contextTargets\":[{\"contextKind\":\"user\",\"values\":[],\"variation\":1}]"),
     "", USER, FELL, "an entry for users with nothing to refer to"},
    {FLAG("f", ",\"contextTargets\":[{\"values\":[\"u\"],\"variation\":1}]"), "", USER,
     TARGET("b", "1"), "an entry for users with values of its own"},

    /* 34 to 47: clauses */
    {FLAG("f", RULES(RULE("x", CLAUSE("", "in", "1")) "," RULE("r", ""))), "", USER, MALFORMED,
     "34: a later rule would match"},
    {FLAG("f",
          RULES(RULE("x", CLAUSE("n", "in", "4") "," CLAUSE("", "in", "1")) "," RULE("r", ""))),
     "", USER, "\"b\" 1 {\"kind\":\"RULE_MATCH\",\"ruleIndex\":1,\"ruleId\":\"r\"}",
     "5.1: the first non-match stops"},
    {IF(NOT_CLAUSE("missing", "in", "1")), "", USER, FELL, "35: negated, no attribute"},
    {IF("{\"contextKind\":\"org\",\"attribute\":\"key\",\"op\":\"in\",\"values\":[\"x\"],"
        "\"negate\":true}"),
     "", USER, FELL, "35: negated, no such kind"},
    {IF(NOT_CLAUSE("n", "soundsLike", "1")), "", USER, MATCHED, "36: unknown operator"},
    {IF(CLAUSE("n", "soundsLike", "1")), "", USER, FELL, "36: unknown operator"},
    {IF(CLAUSE("list", "in", "\"y\"")), "", USER, MATCHED, "37: an element"},
    {IF(NOT_CLAUSE("list", "in", "\"y\"")), "", USER, FELL, "37: an element, negated"},
    {IF(CLAUSE("empty", "in", "\"y\"")), "", USER, FELL, "37: no element"},
    {IF(NOT_CLAUSE("empty", "in", "\"y\"")), "", USER, MATCHED, "37: no element, negated"},
    {IF(CLAUSE("x", "in", "null,[1],{}")), "",
     "{\"kind\":\"user\",\"key\":\"u\",\"x\":[null,[1],{}]}", FELL,
     "37: nested elements never match"},
    {IF(CLAUSE("x", "in", "{}")), "", "{\"kind\":\"user\",\"key\":\"u\",\"x\":{}}", FELL,
     "5.3: objects never match"},
    {IF(CLAUSE("kind", "in", "\"org\"")), "", MULTI, MATCHED, "38: kind of any"},
    {IF(NOT_CLAUSE("kind", "in", "\"org\"")), "", MULTI, FELL, "38: negated"},
    {IF(NOT_CLAUSE("kind", "in", "\"org\"")), "", USER, MATCHED, "38: negated"},
    {IF(KIND_CLAUSE("nope", "kind", "startsWith", "\"us\"")), "", USER, MATCHED,
     "38: contextKind is ignored"},
    {IF(KIND_CLAUSE("org", "/kind", "in", "\"org\"")), "", MULTI, MATCHED,
     "38: an ordinary attribute"},
    {IF(KIND_CLAUSE("org", "/kind", "in", "\"user\"")), "", MULTI, FELL,
     "38: an ordinary attribute"},
    {IF(CLAUSE("n", "in", "true,\"3\",[3]")), "", USER, FELL, "39: types do not convert"},
    {IF(CLAUSE("n", "in", "\"x\",5,3.0,1")), "", USER, MATCHED, "39: 3 is 3.0"},
    {IF(CLAUSE("x", "in", "0")), "", "{\"kind\":\"user\",\"key\":\"u\",\"x\":-0.0}", MATCHED,
     "5.3: 0 is -0"},
    {IF(CLAUSE("anonymous", "in", "false")), "", USER, MATCHED, "39: booleans"},
    {IF(CLAUSE("anonymous", "in", "0,\"false\",true")), "", USER, FELL, "39: booleans"},
    {IF(CLAUSE("key", "startsWith", "\"\"")), "", USER, MATCHED, "40: empty text"},
    {IF(CLAUSE("key", "contains", "\"U\"")), "", USER, FELL, "40: letter case"},
    {IF(CLAUSE("key", "endsWith", "\"uu\"")), "", USER, FELL, "longer than the value"},
    {IF(CLAUSE("n", "contains", "\"3\"")), "", USER, FELL, "a number is no text"},
    {IF(CLAUSE("key", "matches", "\"(\",\"^u$\"")), "", USER, MATCHED, "41: an invalid pattern"},
    {IF(CLAUSE("key", "matches", "\"(\"")), "", USER, FELL, "41: an invalid pattern"},
    {IF(NOT_CLAUSE("key", "matches", "\"(\"")), "", USER, MATCHED, "41: negated"},
    {IF(CLAUSE("key", "matches", "5,null")), "", USER, FELL, "a pattern is a text"},
    {IF(CLAUSE("x", "before", "\"2017-12-06T07:00:00.0000002Z\"")), "",
     "{\"kind\":\"user\",\"key\":\"u\",\"x\":\"2017-12-06T00:00:00.0000001-07:00\"}", MATCHED,
     "43: below a millisecond"},
    {IF(CLAUSE("x", "after", "\"0001-01-01T00:00:00Z\"")), "",
     "{\"kind\":\"user\",\"key\":\"u\",\"x\":1}", FELL, "5.4: the zero time is no clause value"},
    {IF(CLAUSE("x", "before", "9300000000000")), "",
     "{\"kind\":\"user\",\"key\":\"u\",\"x\":9200000000000}", MATCHED, "5.4: far dates"},
    {IF(CLAUSE("x", "semVerEqual", "\"nope\",\"2.0\"")), "",
     "{\"kind\":\"user\",\"key\":\"u\",\"x\":\"2.0.0+b\"}", MATCHED, "44"},
    {IF(CLAUSE("n", "semVerEqual", "\"3\"")), "", USER, FELL, "44: a number is no version"},
    {IF(CLAUSE("n", "lessThan", "1,5")), "", USER, MATCHED, "several values are or"},
    {IF(CLAUSE("n", "lessThanOrEqual", "3")), "", USER, MATCHED, "equal"},
    {IF(CLAUSE("n", "greaterThanOrEqual", "4")), "", USER, FELL, "less"},
    {IF(CLAUSE("key", "lessThan", "\"z\"")), "", USER, FELL, "46"},
    {IF("{\"op\":\"in\",\"values\":[1]}"), "", USER, MALFORMED, "47: no attribute"},
    {IF(KIND_CLAUSE("user", "//", "in", "1")), "", USER, MALFORMED, "invalid reference"},
    {IF(KIND_CLAUSE("org", "/a~2", "in", "1")), "", USER, MALFORMED,
     "invalid reference of a kind that is not there"},
    {IF(CLAUSE("//", "in", "1")), "", USER, FELL, "7: a literal name"},

    /* 48 to 54: segments */
    {IN_SEGMENT("\"s\""), SEGMENT("s", ",\"included\":[\"u\"],\"excluded\":[\"u\"]"), USER, MATCHED,
     "48: included beats excluded"},
    {IN_SEGMENT("\"s\""), SEGMENT("s", ",\"excluded\":[\"u\"],\"rules\":[{}]"), USER, FELL,
     "48: excluded beats rules"},
    {IN_SEGMENT("\"s\""), SEGMENT("s", ",\"rules\":[{}]"), USER, MATCHED, "a rule"},
    {IN_SEGMENT("\"s\""), SEGMENT("s", ",\"included\":[\"o\"]"), ORG, FELL, "48: of users only"},
    {IN_SEGMENT("\"s\""), SEGMENT("s", ",\"includedContexts\":[{\"values\":[\"u\"]}]"), USER, FELL,
     "49: ignored for a user alone"},
    {IN_SEGMENT("\"s\""), SEGMENT("s", ",\"includedContexts\":[{\"values\":[\"u\"]}]"), MULTI,
     MATCHED, "49: honoured with another kind"},
    {IN_SEGMENT("\"s\""),
     SEGMENT("s",
             ",\"excludedContexts\":[{\"contextKind\":\"org\",\"values\":[\"o\"]}],\"rules\":[{}]"),
     ORG, FELL, "excluded by kind"},
    {IN_SEGMENT("5,\"nope\",\"s\""), SEGMENT("s", ",\"included\":[\"u\"]"), USER, MATCHED,
     "50: unknown ones are skipped"},
    {IF(NOT_CLAUSE("", "segmentMatch", "\"nope\"")), "", USER, MATCHED, "50: negated"},
    {IF(NOT_CLAUSE("", "segmentMatch", "\"s\"")), SEGMENT("s", ",\"included\":[\"u\"]"), USER, FELL,
     "50: negated"},
    {IN_SEGMENT("\"s\""), SEGMENT("s", ",\"deleted\":true,\"rules\":[{}]"), USER, FELL,
     "9: deleted"},
    {IN_SEGMENT("\"s\""), SEGMENT("s", ",\"rules\":[{\"weight\":1,\"bucketBy\":\"missing\"}]"),
     USER, MATCHED, "51: a missing attribute is bucket 0"},
    {IN_SEGMENT("\"s\""), SEGMENT("s", ",\"rules\":[{\"weight\":0,\"bucketBy\":\"missing\"}]"),
     USER, FELL, "51: weight 0"},
    {IN_SEGMENT("\"s\""),
     SEGMENT("s", ",\"rules\":[{\"weight\":100000,\"rolloutContextKind\":\"org\"}]"), USER, FELL,
     "51: no such kind"},
    {IN_SEGMENT("\"s\""),
     SEGMENT("s",
             ",\"rules\":[{\"weight\":1,\"rolloutContextKind\":\"user\",\"bucketBy\":\"//\"}]"),
     USER, MALFORMED, "52: invalid bucketBy"},
    {IN_SEGMENT("\"s\""), SEGMENT("s", ",\"rules\":[{\"clauses\":[{\"op\":\"in\"}]}]"), USER,
     MALFORMED, "52: malformed clause"},
    {IN_SEGMENT("\"s\""),
     SEGMENT("s", ",\"rules\":[{\"clauses\":[" CLAUSE("", "segmentMatch", "\"s\"") "]}]"), USER,
     MALFORMED, "52: itself"},
    {IN_SEGMENT("\"s\""),
     SEGMENT("s", ",\"rules\":[{\"clauses\":[" CLAUSE(
                      "", "segmentMatch",
                      "\"t\"") "]}]") "," SEGMENT("t",
                                                  ",\"rules\":[{\"clauses\":[" CLAUSE(
                                                      "", "segmentMatch", "\"s\"") "]}]"),
     USER, MALFORMED, "52: a cycle of two"},
    {IF(CLAUSE("", "segmentMatch", "\"s\"") "," CLAUSE("", "segmentMatch", "\"t\"")),
     SEGMENT("s", ",\"rules\":[{\"clauses\":[" CLAUSE(
                      "", "segmentMatch", "\"t\"") "]}]") "," SEGMENT("t", ",\"included\":[\"u\"]"),
     USER, MATCHED, "54: the same segment twice is no cycle"},
    {IN_SEGMENT("\"segment3\""),
     SEGMENT("segment3", ",\"salt\":\"salty\",\"rules\":[{\"weight\":14955}]"),
     "{\"kind\":\"user\",\"key\":\"user-key\"}", MATCHED, "53"},
    {IN_SEGMENT("\"segment3\""),
     SEGMENT("segment3", ",\"salt\":\"salty\",\"rules\":[{\"weight\":14955}]"),
     "{\"kind\":\"user\",\"key\":\"unmatching-key\"}", FELL, "53"},

    /* 4.6: experiments */
    {FLAG("f", ",\"trackEventsFallthrough\":true"), "", USER, FELL " e", "fallthrough is tracked"},
    {FLAG("f", ",\"trackEventsFallthrough\":true" RULES(RULE("r", ""))), "", USER, MATCHED,
     "a rule is not fallthrough"},
    {FLAG("f", RULES("{\"id\":\"r\",\"variation\":1,\"trackEvents\":true}")), "", USER,
     MATCHED " e", "a tracked rule"},
    {FLAG("f", RULES("{\"id\":\"r\",\"variation\":9,\"trackEvents\":true}")), "", USER, MALFORMED,
     "an error is no experiment"},
};

static void evaluation_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        evaluate_row_check(&rows[i], NULL);
}

static void unknown_and_deleted_flags_are_not_there(void **state)
{
    (void)state;
    struct dataset *d = evaluate_dataset("\"gone\":{\"deleted\":true}", "");
    struct error err;
    struct context *c = context_parse(VIEW_LITERAL(USER), &err);
    struct evaluator *e = evaluator_new(d, c, NULL);
    struct evaluation result;
    assert_false(evaluator_flag(e, view_of("gone"), &result));
    assert_false(evaluator_flag(e, view_of("nope"), &result));
    evaluator_free(e);
    context_free(c);
    dataset_unref(d);
}

static struct dataset *chain_of(int length, const char *shape)
{
    struct dataset_builder *b = dataset_builder_new();
    for (int i = 0; i < length; i++) {
        char key[16];
        struct str json = {0};
        (void)snprintf(key, sizeof key, "f%d", i);
        str_append_format(&json,
                          "{\"key\":\"%s\",\"on\":true,\"fallthrough\":{\"variation\":0},"
                          "\"variations\":[1],\"prerequisites\":[",
                          key);
        for (const char *p = shape; i + 1 < length && *p != '\0'; p++)
            str_append_format(&json, "%s{\"key\":\"f%d\",\"variation\":0}", p == shape ? "" : ",",
                              i + 1);
        str_append_text(&json, "]}");
        dataset_builder_add_take(b, test_item(ITEM_FLAG, key, str_text(&json)));
        str_free(&json);
    }
    return dataset_builder_finish_take(b);
}

/* Checklist 85, 98: a chain of 30,000 flags, each of which names the next one twice. */
static void long_chains_take_linear_time_and_no_stack(void **state)
{
    (void)state;
    struct dataset *d = chain_of(30000, "xx");
    struct error err;
    struct context *c = context_parse(VIEW_LITERAL(USER), &err);
    struct evaluator *e = evaluator_new(d, c, NULL);
    struct evaluation result;
    assert_true(evaluator_flag(e, view_of("f0"), &result));
    assert_int_equal(result.reason, REASON_FALLTHROUGH);
    assert_int_equal(result.prerequisite_count, 2);
    evaluator_free(e);
    context_free(c);
    dataset_unref(d);
}

static struct dataset *segment_chain_of(int length)
{
    struct dataset_builder *b = dataset_builder_new();
    for (int i = 0; i < length; i++) {
        char key[16];
        char next[32];
        (void)snprintf(key, sizeof key, "s%d", i);
        (void)snprintf(next, sizeof next, "s%d s%d", i + 1, i + 1);
        if (i + 1 == length)
            dataset_builder_add_take(
                b, test_item(ITEM_SEGMENT, key, "{\"key\":\"last\",\"included\":[\"u\"]}"));
        else
            dataset_builder_add_take(b, test_segment(key, 1, next));
    }
    dataset_builder_add_take(b, test_item(ITEM_FLAG, "f",
                                          "{\"key\":\"f\",\"on\":true,\"variations\":[1],"
                                          "\"rules\":[{\"variation\":0,\"clauses\":[{\"op\":"
                                          "\"segmentMatch\",\"values\":[\"s0\"]}]}]}"));
    return dataset_builder_finish_take(b);
}

/* Checklist 98: 900 segments within one another are followed, more than 1,000 are malformed. */
static void long_segment_chains_end(void **state)
{
    (void)state;
    static const struct {
        int length;
        enum reason_kind reason;
    } lengths[] = {{100, REASON_RULE_MATCH}, {900, REASON_RULE_MATCH}, {3000, REASON_ERROR}};
    struct error err;
    struct context *c = context_parse(VIEW_LITERAL(USER), &err);
    for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
        struct dataset *d = segment_chain_of(lengths[i].length);
        struct evaluator *e = evaluator_new(d, c, NULL);
        struct evaluation result;
        assert_true(evaluator_flag(e, view_of("f"), &result));
        assert_int_equal(result.reason, lengths[i].reason);
        evaluator_free(e);
        dataset_unref(d);
    }
    context_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(evaluation_rows),
        cmocka_unit_test(unknown_and_deleted_flags_are_not_there),
        cmocka_unit_test(long_segment_chains_end),
        cmocka_unit_test(long_chains_take_linear_time_and_no_stack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
