/* What is told of flags that cannot be evaluated as they are (evaluation.md 1). */
#include "evaluate_test.h"

#include "flags/evalx.h"

struct told {
    struct str text; /* "KEY: PROBLEM\n" for each call */
};

static void problem_told(void *owner, struct view flag_key, const char *problem)
{
    struct told *t = owner;
    str_append_format(&t->text, "%.*s: %s\n", VIEW_ARGS(flag_key), problem);
}

#define USER "{\"kind\":\"user\",\"key\":\"u\"}"
#define FLAG(key, more)                                                                            \
    "\"" key "\":{\"key\":\"" key "\",\"on\":true,\"variations\":[0],\"offVariation\":0" more "}"
#define FELL ",\"fallthrough\":{\"variation\":0}"
#define RULE(clause) FELL ",\"rules\":[{\"variation\":0,\"clauses\":[" clause "]}]"
#define NEEDS(key) FELL ",\"prerequisites\":[{\"key\":\"" key "\"}]"
#define MATCH(key) "{\"op\":\"segmentMatch\",\"values\":[\"" key "\"]}"
#define SEGMENT(key, more) "\"" key "\":{\"key\":\"" key "\"" more "}"
#define CIRCULAR                                                                                   \
    " caused a circular reference; this is probably a temporary condition due to an incomplete "   \
    "update\n"

static const struct {
    const char *flags;
    const char *segments;
    const char *told;
} rows[] = {
    {FLAG("f", FELL), "", ""},
    {FLAG("f", ""), "", "f: rollout or experiment with no variations\n"},
    {FLAG("f", ",\"fallthrough\":{\"variation\":7}"), "",
     "f: rule, fallthrough, or target referenced a nonexistent variation index 7\n"},
    {FLAG("f", ",\"fallthrough\":{\"variation\":-1}"), "",
     "f: rule, fallthrough, or target referenced a nonexistent variation index -1\n"},
    {"\"f\":{\"offVariation\":3}", "",
     "f: rule, fallthrough, or target referenced a nonexistent variation index 3\n"},
    {FLAG("f", RULE("{\"op\":\"in\"}")), "", "f: rule clause did not specify an attribute\n"},
    {FLAG("f", RULE("{\"op\":\"in\",\"contextKind\":\"user\",\"attribute\":\"/a//b\"}")), "",
     "f: invalid attribute reference \"/a//b\"\n"},
    {FLAG("f", ",\"fallthrough\":{\"rollout\":{\"contextKind\":\"user\",\"bucketBy\":\"/~\","
               "\"variations\":[{}]}}"),
     "", "f: invalid attribute reference \"/~\"\n"},
    {FLAG("f", NEEDS("f")), "", "f: prerequisite relationship to \"f\"" CIRCULAR},
    {FLAG("a", NEEDS("b")) "," FLAG("b", NEEDS("a")), "",
     "b: prerequisite relationship to \"a\"" CIRCULAR},
    {FLAG("a", NEEDS("b")) "," FLAG("b", RULE("{\"op\":\"in\"}")), "",
     "b: rule clause did not specify an attribute\n"},
    {FLAG("a", ",\"offVariation\":9" NEEDS("nope")), "",
     "a: rule, fallthrough, or target referenced a nonexistent variation index 9\n"},
    {FLAG("f", RULE(MATCH("s"))), SEGMENT("s", ",\"rules\":[{\"clauses\":[" MATCH("s") "]}]"),
     "f: segment \"s\" had an invalid configuration: segment rule referencing segment "
     "\"s\"" CIRCULAR},
    {FLAG("f", RULE(MATCH("s"))),
     SEGMENT("s",
             ",\"rules\":[{\"weight\":1,\"rolloutContextKind\":\"user\",\"bucketBy\":\"//\"}]"),
     "f: segment \"s\" had an invalid configuration: invalid attribute reference \"//\"\n"},
    {FLAG("f", RULE(MATCH("s"))) "," FLAG("g", RULE(MATCH("s"))),
     SEGMENT("s", ",\"rules\":[{\"clauses\":[{\"op\":\"in\"}]}]"),
     "f: segment \"s\" had an invalid configuration: rule clause did not specify an attribute\n"
     "g: segment \"s\" had an invalid configuration\n"},
};

static void all_evaluate(struct dataset *d, struct told *told, bool with_reasons)
{
    struct error err;
    struct str body = {0};
    struct evalx_facts facts;
    struct evaluation_listener listener = {.owner = told, .problem = problem_told};
    struct context *c = context_parse(VIEW_LITERAL(USER), &err);
    struct evalx_request request = {
        .data = d, .context = c, .listener = &listener, .with_reasons = with_reasons};
    evalx_write(&request, &body, &facts);
    str_free(&body);
    context_free(c);
}

/* Each version of a flag is told of once. */
static void told_once(size_t row, bool with_reasons)
{
    struct told told = {0};
    struct dataset *d = evaluate_dataset(rows[row].flags, rows[row].segments);
    all_evaluate(d, &told, with_reasons);
    test_assert_text(view_of(str_text(&told.text)), rows[row].told, rows[row].flags);
    str_clear(&told.text);
    all_evaluate(d, &told, with_reasons);
    test_assert_text(view_of(str_text(&told.text)), "", rows[row].flags);
    struct item *it = test_item(ITEM_FLAG, "f", "{\"on\":true,\"version\":9}");
    struct dataset *next = dataset_with_item_take(d, it);
    all_evaluate(next, &told, with_reasons);
    test_assert_text(view_of(str_text(&told.text)), "f: rollout or experiment with no variations\n",
                     "a new version");
    str_free(&told.text);
    dataset_unref(next);
    dataset_unref(d);
}

static void problems_are_told_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        told_once(i, true);
        told_once(i, false);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(problems_are_told_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
