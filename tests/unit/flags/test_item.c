/* Items: canonical text, facts, errors (evaluation.md 2, checklist 1 to 10). */
#include "flags_test.h"

/* What the rows below leave out: a flag with this beginning and default values is written like
 * that. */
#define FLAG_AFTER_RULES                                                                           \
    "\"fallthrough\":{},\"offVariation\":null,\"variations\":[],\"clientSide\":false,"             \
    "\"salt\":\"\",\"trackEvents\":false,\"trackEventsFallthrough\":false,"                        \
    "\"debugEventsUntilDate\":null,\"version\":0,\"deleted\":false}"
#define FLAG_LISTS(rules)                                                                          \
    "{\"key\":\"\",\"on\":false,\"prerequisites\":[],\"targets\":[],\"contextTargets\":[],"        \
    "\"rules\":" rules ","
#define FLAG_FROM_FALLTHROUGH(rest) FLAG_LISTS("[]") rest
#define FLAG_RULES(rules) FLAG_LISTS("[" rules "]") FLAG_AFTER_RULES
#define FLAG_DEFAULT FLAG_RULES("")
#define FLAG_VARIATIONS(list)                                                                      \
    FLAG_FROM_FALLTHROUGH("\"fallthrough\":{},\"offVariation\":null,\"variations\":[" list         \
                          "],\"clientSide\":false,\"salt\":\"\",\"trackEvents\":false,"            \
                          "\"trackEventsFallthrough\":false,\"debugEventsUntilDate\":null,"        \
                          "\"version\":0,\"deleted\":false}")
#define FLAG_TAIL(tail)                                                                            \
    FLAG_FROM_FALLTHROUGH("\"fallthrough\":{},\"offVariation\":null,\"variations\":[],"            \
                          "\"clientSide\":false,\"salt\":\"\",\"trackEvents\":false,"              \
                          "\"trackEventsFallthrough\":false," tail)
#define FLAG_VERSION(number)                                                                       \
    FLAG_TAIL("\"debugEventsUntilDate\":null,\"version\":" number ",\"deleted\":false}")
#define FLAG_AVAILABILITY(text)                                                                    \
    FLAG_FROM_FALLTHROUGH("\"fallthrough\":{},\"offVariation\":null,\"variations\":[]," text       \
                          ",\"salt\":\"\",\"trackEvents\":false,\"trackEventsFallthrough\":false," \
                          "\"debugEventsUntilDate\":null,\"version\":0,\"deleted\":false}")
#define FLAG_FALLTHROUGH(choice)                                                                   \
    FLAG_FROM_FALLTHROUGH("\"fallthrough\":" choice                                                \
                          ",\"offVariation\":null,\"variations\":[],\"clientSide\":false,"         \
                          "\"salt\":\"\",\"trackEvents\":false,\"trackEventsFallthrough\":false,"  \
                          "\"debugEventsUntilDate\":null,\"version\":0,\"deleted\":false}")
#define RULE(clauses) "{\"clauses\":[" clauses "],\"trackEvents\":false}"
#define SEGMENT(lists, salt_and_rules, tail)                                                       \
    "{\"key\":\"\"," lists ",\"salt\":\"\",\"rules\":" salt_and_rules "," tail
#define SEGMENT_LISTS                                                                              \
    "\"included\":[],\"excluded\":[],\"includedContexts\":[],\"excludedContexts\":[]"
#define SEGMENT_TAIL "\"version\":0,\"generation\":null,\"deleted\":false}"
#define SEGMENT_DEFAULT SEGMENT(SEGMENT_LISTS, "[]", SEGMENT_TAIL)

static const char flag_289[] =
    "{\"key\":\"f\",\"on\":true,\"prerequisites\":[],\"targets\":[],\"contextTargets\":[],"
    "\"rules\":[],\"fallthrough\":{\"variation\":0},\"offVariation\":null,\"variations\":[true],"
    "\"clientSide\":true,\"salt\":\"\",\"trackEvents\":false,\"trackEventsFallthrough\":false,"
    "\"debugEventsUntilDate\":null,\"version\":3,\"deleted\":false}";

static const char segment_154[] =
    "{\"key\":\"s\",\"included\":[\"u1\"],\"excluded\":[],\"includedContexts\":[],"
    "\"excludedContexts\":[],\"salt\":\"\",\"rules\":[],\"version\":2,\"generation\":null,"
    "\"deleted\":false}";

static const struct {
    enum item_kind kind;
    const char *json;
    const char *text;
    const char *why;
} canonical[] = {
    {ITEM_FLAG,
     "{\"key\":\"f\",\"version\":3,\"on\":true,\"clientSide\":true,\"fallthrough\":{\"variation\":"
     "0}"
     ",\"variations\":[true],\"x\":1}",
     flag_289, "the example of 2.4"},
    {ITEM_SEGMENT, "{\"version\":2,\"key\":\"s\",\"included\":[\"u1\"]}", segment_154,
     "the example of streaming.md 14"},
    {ITEM_FLAG, "{}", FLAG_DEFAULT, "nothing is required"},
    {ITEM_SEGMENT, "{}", SEGMENT_DEFAULT, "nothing is required"},
    {ITEM_FLAG, " { \"y\" : [ { \"key\" : null } ] , \"on\" : false } ", FLAG_DEFAULT,
     "unknown properties and white space go"},
    {ITEM_FLAG, "{\"Key\":\"f\",\"ON\":true}", FLAG_DEFAULT, "names are case-sensitive"},
    {ITEM_FLAG,
     "{\"offVariation\":null,\"rules\":null,\"variations\":null,\"debugEventsUntilDate\":null,"
     "\"clientSideAvailability\":null,\"prerequisites\":null,\"targets\":null,"
     "\"contextTargets\":null}",
     FLAG_DEFAULT, "checklist 4: null is absent"},
    {ITEM_FLAG,
     "{\"rules\":[{\"x\":1,\"rollout\":null,\"variation\":null,\"clauses\":[{\"attribute\":null,"
     "\"op\":\"in\",\"y\":2,\"values\":null}]}]}",
     FLAG_RULES(RULE("{\"attribute\":\"\",\"op\":\"in\",\"values\":[],\"negate\":false}")),
     "checklist 1 and 4: within rules and clauses"},
    {ITEM_FLAG, "{\"rules\":[{}]}", FLAG_RULES(RULE("")), "an empty rule"},
    {ITEM_FLAG, "{\"rules\":[{\"clauses\":null}]}", FLAG_RULES(RULE("")), "clauses may be null"},
    {ITEM_FLAG, "{\"rules\":[{\"id\":\"a\"}],\"rules\":[{\"id\":\"b\"}]}",
     FLAG_RULES("{\"id\":\"a\",\"clauses\":[],\"trackEvents\":false},"
                "{\"id\":\"b\",\"clauses\":[],\"trackEvents\":false}"),
     "repeated arrays are joined"},
    {ITEM_FLAG, "{\"version\":1,\"version\":2}", FLAG_VERSION("2"), "the last scalar wins"},
    {ITEM_FLAG,
     "{\"rules\":[{\"trackEvents\":true,\"clauses\":[{\"negate\":true,\"values\":[ 1.0 , \"a\" ],"
     "\"op\":\"in\",\"attribute\":\"/a/"
     "b\",\"contextKind\":\"org\"}],\"id\":\"r\",\"variation\":1}]}",
     FLAG_RULES("{\"variation\":1,\"id\":\"r\",\"clauses\":[{\"contextKind\":\"org\",\"attribute\":"
                "\"/a/b\",\"op\":\"in\",\"values\":[1,\"a\"],\"negate\":true}],"
                "\"trackEvents\":true}"),
     "order of a rule and a clause; references as received"},
    {ITEM_FLAG, "{\"rules\":[{\"rollout\":{\"variations\":[]}}]}", FLAG_RULES(RULE("")),
     "a rollout without variations is none"},
    {ITEM_FLAG,
     "{\"fallthrough\":{\"rollout\":{\"bucketBy\":\"a/"
     "b\",\"seed\":-3.9,\"variations\":[{\"weight\":"
     "60000,\"variation\":1},{\"untracked\":true}],\"kind\":\"experiment\",\"contextKind\":\"org\"}"
     ","
     "\"variation\":2}}",
     FLAG_FALLTHROUGH(
         "{\"variation\":2,\"rollout\":{\"kind\":\"experiment\",\"contextKind\":\"org\","
         "\"variations\":[{\"variation\":1,\"weight\":60000},{\"variation\":0,\"weight\":0,"
         "\"untracked\":true}],\"seed\":-3,\"bucketBy\":\"a/b\"}}"),
     "order of a rollout"},
    {ITEM_FLAG,
     "{\"fallthrough\":{\"rollout\":{\"seed\":null,\"bucketBy\":null,\"variations\":[{}]}}}",
     FLAG_FALLTHROUGH("{\"rollout\":{\"variations\":[{\"variation\":0,\"weight\":0}]}}"),
     "checklist 4: seed and bucketBy"},
    {ITEM_FLAG, "{\"fallthrough\":{\"variation\":1},\"fallthrough\":{\"variation\":null}}",
     FLAG_FALLTHROUGH("{}"), "a null behind a number"},
    {ITEM_FLAG, "{\"version\":1.9,\"fallthrough\":{\"variation\":-1.5}}",
     FLAG_FROM_FALLTHROUGH(
         "\"fallthrough\":{\"variation\":-1},\"offVariation\":null,\"variations\":[],"
         "\"clientSide\":false,\"salt\":\"\",\"trackEvents\":false,\"trackEventsFallthrough\":"
         "false,"
         "\"debugEventsUntilDate\":null,\"version\":1,\"deleted\":false}"),
     "checklist 6: ints truncate towards zero"},
    {ITEM_FLAG, "{\"version\":1e30}", FLAG_VERSION("9223372036854775807"), "ints are clamped"},
    {ITEM_FLAG, "{\"clientSide\":true}", FLAG_AVAILABILITY("\"clientSide\":true"), "old form"},
    {ITEM_FLAG, "{\"clientSideAvailability\":{},\"clientSide\":true}",
     FLAG_AVAILABILITY("\"clientSideAvailability\":{\"usingMobileKey\":false,"
                       "\"usingEnvironmentId\":false},\"clientSide\":false"),
     "checklist 3: the new form wins, both are written"},
    {ITEM_FLAG, "{\"clientSideAvailability\":{\"usingEnvironmentId\":true}}",
     FLAG_AVAILABILITY("\"clientSideAvailability\":{\"usingMobileKey\":false,"
                       "\"usingEnvironmentId\":true},\"clientSide\":true"),
     "clientSide is the environment-id availability"},
    {ITEM_FLAG,
     "{\"clientSideAvailability\":{\"usingMobileKey\":true},"
     "\"clientSideAvailability\":null,\"clientSide\":true}",
     FLAG_AVAILABILITY("\"clientSide\":true"), "null at last is absent"},
    {ITEM_FLAG, "{\"debugEventsUntilDate\":1500000000000.7}",
     FLAG_TAIL("\"debugEventsUntilDate\":1500000000000,\"version\":0,\"deleted\":false}"),
     "the fraction of the date goes"},
    {ITEM_FLAG, "{\"debugEventsUntilDate\":0}", FLAG_DEFAULT, "date 0 is not set"},
    {ITEM_FLAG,
     "{\"excludeFromSummaries\":true,\"samplingRatio\":0,\"migration\":{\"checkRatio\":2,\"x\":1}}",
     FLAG_TAIL("\"debugEventsUntilDate\":null,\"version\":0,\"deleted\":false,"
               "\"migration\":{\"checkRatio\":2},\"samplingRatio\":0,"
               "\"excludeFromSummaries\":true}"),
     "what is behind deleted"},
    {ITEM_FLAG, "{\"migration\":null,\"excludeFromSummaries\":false}",
     FLAG_TAIL("\"debugEventsUntilDate\":null,\"version\":0,\"deleted\":false,\"migration\":{}}"),
     "null is a migration without ratio"},
    {ITEM_FLAG,
     "{\"variations\":[ 1.5, 123456.5, 1234567.5, 0.0001, 0.00001, 1e19, -0.0, 1e18, "
     "9007199254740993 ]}",
     FLAG_VARIATIONS("1.5,123456.5,1.2345675e+06,0.0001,1e-05,1e+19,0,1000000000000000000,"
                     "9007199254740992"),
     "checklist 8: numbers"},
    {ITEM_FLAG, "{\"variations\":[\"\\u0001\\b\\t\\n\\f\\r\\\"\\\\\\/<>&\\u007f\\u2028\\u00e9\"]}",
     FLAG_VARIATIONS("\"\\u0001\\b\\t\\n\\f\\r\\\"\\\\/<>&\x7f\xe2\x80\xa8\xc3\xa9\""),
     "checklist 8: the only escapes"},
    {ITEM_FLAG, "{\"variations\":[\"\\ud83d\\ude00\", \"\\ud83d\", {\"\\ud83d\\ude00\":1}]}",
     FLAG_VARIATIONS("\"\xf0\x9f\x98\x80\",\"\xef\xbf\xbd\",{\"\xf0\x9f\x98\x80\":1}"),
     "checklist 10: surrogates"},
    {ITEM_FLAG, "{\"variations\":[ { \"b\" : [ 1 , 2 ] , \"a\" : { } } , [ ] , null , true ]}",
     FLAG_VARIATIONS("{\"b\":[1,2],\"a\":{}},[],null,true"), "members keep their order"},
    {ITEM_SEGMENT,
     "{\"included\":null,\"excluded\":null,\"includedContexts\":null,\"excludedContexts\":null,"
     "\"rules\":null,\"generation\":null}",
     SEGMENT_DEFAULT, "null is absent"},
    {ITEM_SEGMENT,
     "{\"excludedContexts\":[{\"values\":null}],\"includedContexts\":[{\"values\":[\"a\"],"
     "\"contextKind\":\"org\",\"variation\":1}],\"excluded\":[\"c\",\"d\"],\"included\":[\"b\"]}",
     SEGMENT(
         "\"included\":[\"b\"],\"excluded\":[\"c\",\"d\"],\"includedContexts\":[{\"contextKind\":"
         "\"org\",\"values\":[\"a\"]}],\"excludedContexts\":[{\"values\":[]}]",
         "[]", SEGMENT_TAIL),
     "lists of a segment"},
    {ITEM_SEGMENT,
     "{\"rules\":[{\"weight\":null,\"bucketBy\":null},{\"rolloutContextKind\":\"org\","
     "\"bucketBy\":\"/a~1b\",\"weight\":5,\"clauses\":[],\"id\":\"x\"}]}",
     SEGMENT(SEGMENT_LISTS,
             "[{\"id\":\"\",\"clauses\":[]},{\"id\":\"x\",\"clauses\":[],\"weight\":5,"
             "\"bucketBy\":\"/a~1b\",\"rolloutContextKind\":\"org\"}]",
             SEGMENT_TAIL),
     "rules of a segment"},
    {ITEM_SEGMENT, "{\"unbounded\":true,\"unboundedContextKind\":\"org\",\"generation\":2}",
     SEGMENT(SEGMENT_LISTS, "[]",
             "\"unbounded\":true,\"unboundedContextKind\":\"org\",\"version\":0,\"generation\":2,"
             "\"deleted\":false}"),
     "a big segment"},
};

static void canonical_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(canonical); i++) {
        struct item *it = test_item(canonical[i].kind, "k", canonical[i].json);
        test_assert_text(buf_view(it->text), canonical[i].text, canonical[i].why);
        struct item *again = test_item(canonical[i].kind, "k", it->text->data);
        test_assert_text(buf_view(again->text), canonical[i].text, "parsed again");
        item_unref(again);
        item_unref(it);
    }
}

static void the_examples_have_the_sizes_of_the_specification(void **state)
{
    (void)state;
    assert_int_equal(strlen(flag_289), 289);
    assert_int_equal(strlen(segment_154), 154);
    struct item *flag = item_tombstone(ITEM_FLAG, view_of("f"), 3);
    struct item *segment = item_tombstone(ITEM_SEGMENT, view_of("s"), 3);
    assert_int_equal(flag->text->len, 280);
    assert_int_equal(segment->text->len, 156);
    item_unref(flag);
    item_unref(segment);
}

#define FLAG_TOMBSTONE(version)                                                                    \
    "{\"key\":\"$deleted\",\"on\":false,\"prerequisites\":[],\"targets\":[],\"contextTargets\":[]" \
    ","                                                                                            \
    "\"rules\":[],\"fallthrough\":{},\"offVariation\":null,\"variations\":[],\"clientSide\":"      \
    "false,"                                                                                       \
    "\"salt\":\"\",\"trackEvents\":false,\"trackEventsFallthrough\":false,"                        \
    "\"debugEventsUntilDate\":null,\"version\":" version ",\"deleted\":true}"
#define SEGMENT_TOMBSTONE(version)                                                                 \
    "{\"key\":\"$deleted\",\"included\":[],\"excluded\":[],\"includedContexts\":[],"               \
    "\"excludedContexts\":[],\"salt\":\"\",\"rules\":[],\"version\":" version                      \
    ",\"generation\":null,\"deleted\":true}"

/* Checklist 9; data-store.md 2.1: every writer's form is taken, the full one is kept. */
static const struct {
    enum item_kind kind;
    const char *json;
    const char *text;
    const char *why;
} tombstones[] = {
    {ITEM_FLAG, FLAG_TOMBSTONE("3"), FLAG_TOMBSTONE("3"), "full"},
    {ITEM_FLAG, "{\"version\":5,\"deleted\":true}", FLAG_TOMBSTONE("5"), "Node"},
    {ITEM_FLAG, "{\"key\":\"x\",\"version\":5,\"deleted\":true}", FLAG_TOMBSTONE("5"), "Python"},
    {ITEM_FLAG, "{\"on\":true,\"deleted\":true,\"prerequisites\":[{\"key\":\"a\"}],\"version\":-1}",
     FLAG_TOMBSTONE("-1"), "only the version stays"},
    {ITEM_SEGMENT, SEGMENT_TOMBSTONE("3"), SEGMENT_TOMBSTONE("3"), "full"},
    {ITEM_SEGMENT, "{\"deleted\":true,\"unbounded\":true}", SEGMENT_TOMBSTONE("0"), "short"},
};

static void deleted_items_are_tombstones(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(tombstones); i++) {
        struct item *it = test_item(tombstones[i].kind, "gone", tombstones[i].json);
        test_assert_text(buf_view(it->text), tombstones[i].text, tombstones[i].why);
        test_assert_text(it->key, "gone", tombstones[i].why);
        assert_true(it->deleted);
        assert_false(it->unbounded || it->visible_environment || it->visible_mobile);
        assert_int_equal(it->need_count, 0);
        item_unref(it);
    }
}

/* Checklist 2 and 3. */
static const struct {
    const char *json;
    bool environment;
    bool mobile;
} visibility[] = {
    {"{}", false, true},
    {"{\"clientSide\":true}", true, true},
    {"{\"clientSideAvailability\":null,\"clientSide\":true}", true, true},
    {"{\"clientSideAvailability\":{},\"clientSide\":true}", false, false},
    {"{\"clientSide\":true,\"clientSideAvailability\":{\"usingMobileKey\":true}}", false, true},
    {"{\"clientSideAvailability\":{\"usingEnvironmentId\":true}}", true, false},
};

static void visible_to_browsers_and_phones(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(visibility); i++) {
        struct item *it = test_item(ITEM_FLAG, "k", visibility[i].json);
        test_assert_int(it->visible_environment, visibility[i].environment, visibility[i].json);
        test_assert_int(it->visible_mobile, visibility[i].mobile, visibility[i].json);
        item_unref(it);
    }
}

/* Checklist 5, and what else makes a whole item unreadable. */
static const struct {
    enum item_kind kind;
    const char *json;
    const char *message;
} malformed[] = {
    {ITEM_FLAG, "{\"fallthrough\":null}", "\"fallthrough\": expected an object at offset 15"},
    {ITEM_FLAG, "{\"on\":null}", "\"on\": expected a boolean at offset 6"},
    {ITEM_FLAG, "{\"key\":null}", "\"key\": expected a string at offset 7"},
    {ITEM_FLAG, "{\"salt\":null}", "\"salt\": expected a string at offset 8"},
    {ITEM_FLAG, "{\"samplingRatio\":null}", "\"samplingRatio\": expected a number at offset 17"},
    {ITEM_FLAG, "{\"migration\":{\"checkRatio\":null}}", "\"migration\": expected a number"},
    {ITEM_FLAG, "{\"fallthrough\":{\"rollout\":{\"variations\":null}}}",
     "\"fallthrough\": expected an array"},
    {ITEM_FLAG, "{\"version\":\"1\"}", "\"version\": expected a number at offset 11"},
    {ITEM_FLAG, "{\"clientSide\":null}", "\"clientSide\": expected a boolean"},
    {ITEM_FLAG, "{\"rules\":[null]}", "\"rules\": expected an object"},
    {ITEM_FLAG, "{\"prerequisites\":[null]}", "\"prerequisites\": expected an object"},
    {ITEM_FLAG, "{\"targets\":[{\"values\":[1]}]}", "\"targets\": expected a string"},
    {ITEM_FLAG, "{\"targets\":[{\"contextKind\":null}]}", "\"targets\": expected a string"},
    {ITEM_FLAG, "{\"variations\":true}", "\"variations\": expected an array at offset 14"},
    {ITEM_FLAG, "{\"rules\":[{\"clauses\":[{\"op\":null}]}]}", "\"rules\": expected a string"},
    {ITEM_FLAG, "{\"variations\":[1,]}", "\"variations\": "},
    {ITEM_FLAG, "null", "expected an object at offset 0"},
    {ITEM_FLAG, "[]", "expected an object at offset 0"},
    {ITEM_FLAG, "{} x", "unexpected text after the value at offset 3"},
    {ITEM_FLAG, "", ""},
    {ITEM_FLAG, "{\"x\":", ""},
    {ITEM_SEGMENT, "{\"included\":\"a\"}", "\"included\": expected an array at offset 12"},
    {ITEM_SEGMENT, "{\"unboundedContextKind\":null}",
     "\"unboundedContextKind\": expected a string"},
    {ITEM_SEGMENT, "{\"rules\":[{\"rolloutContextKind\":null}]}", "\"rules\": expected a string"},
    {ITEM_SEGMENT, "{\"unbounded\":null}", "\"unbounded\": expected a boolean"},
};

static void malformed_items_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(malformed); i++) {
        struct error err = {.text = ""};
        if (item_parse(malformed[i].kind, view_of("k"), view_of(malformed[i].json), &err) != NULL)
            fail_msg("%s: taken", malformed[i].json);
        size_t len = strlen(malformed[i].message);
        if (strncmp(err.text, malformed[i].message, len) != 0)
            fail_msg("%s\ngot  %s\nwant %s", malformed[i].json, err.text, malformed[i].message);
        assert_true(strlen(err.text) > 0);
    }
}

static const struct {
    enum item_kind kind;
    const char *json;
    const char *needs;
} dependencies[] = {
    {ITEM_FLAG, "{}", ""},
    {ITEM_FLAG, "{\"prerequisites\":[{\"key\":\"b\"},{\"key\":\"a\"}]}", " b a"},
    {ITEM_FLAG, "{\"rules\":[{\"clauses\":[{\"op\":\"segmentMatch\",\"values\":[\"s\"]}]}]}",
     " /s"},
    {ITEM_FLAG,
     "{\"prerequisites\":[{\"key\":\"b\"}],\"rules\":[{\"clauses\":[{\"op\":\"in\",\"values\":["
     "\"no\"]},{\"op\":\"segmentMatch\",\"values\":[\"s\",2,\"t\"],\"negate\":true}]},{\"clauses\":"
     "[{"
     "\"op\":\"segmentMatch\",\"values\":[\"s\"]}]}]}",
     " b /s /t /s"},
    {ITEM_SEGMENT,
     "{\"rules\":[{\"clauses\":[{\"op\":\"in\",\"values\":[\"no\"]},{\"op\":\"segmentMatch\","
     "\"values\":[\"s\",1,[\"t\"],null,\"\\u0075\"]}]},{\"clauses\":[{\"op\":\"segmentMatch\","
     "\"values\":[\"v\"]}]}]}",
     " s u v"},
};

static void needs_are_the_keys_an_item_refers_to(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(dependencies); i++) {
        struct item *it = test_item(dependencies[i].kind, "k", dependencies[i].json);
        struct str needs = {0};
        for (size_t n = 0; n < it->need_count; n++)
            str_append_format(&needs, " %.*s", VIEW_ARGS(it->needs[n]));
        for (size_t n = 0; n < it->asked_count; n++)
            str_append_format(&needs, " /%.*s", VIEW_ARGS(it->needs[it->need_count + n]));
        assert_string_equal(str_text(&needs), dependencies[i].needs);
        str_free(&needs);
        item_unref(it);
    }
}

static const struct {
    const char *key;
    const char *quoted;
} keys[] = {
    {"", "\"\""},
    {"plain-key.1", "\"plain-key.1\""},
    {"\xc3\xbcn\xc3\xaf/c\xc3\xb6", "\"\xc3\xbcn\xc3\xaf/c\xc3\xb6\""},
    {"a\"b\\c\n", "\"a\\\"b\\\\c\\n\""},
    {"broken\xff", "\"broken\xef\xbf\xbd\""},
};

static void the_key_is_that_of_the_map(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
        struct item *it = test_item(ITEM_FLAG, keys[i].key, "{\"key\":\"other\",\"version\":7}");
        test_assert_text(it->key, keys[i].key, "key");
        test_assert_text(it->quoted_key, keys[i].quoted, "quoted key");
        assert_int_equal(it->version, 7);
        item_unref(it);
    }
}

/* Checklist 98: as deep as the reader goes is an error, not a crash; 500 levels are fine. */
static void deep_values(void **state)
{
    (void)state;
    static const struct {
        size_t depth;
        bool ok;
    } rows[] = {{500, true}, {100000, false}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct str json = {0};
        struct error err;
        str_append_text(&json, "{\"variations\":[");
        for (size_t n = 0; n < rows[i].depth; n++)
            str_append_char(&json, '[');
        for (size_t n = 0; n < rows[i].depth; n++)
            str_append_char(&json, ']');
        str_append_text(&json, "]}");
        struct item *it = item_parse(ITEM_FLAG, view_of("k"), str_view(&json), &err);
        assert_int_equal(it != NULL, rows[i].ok);
        item_unref(it);
        str_free(&json);
    }
}

static void kinds_have_two_names(void **state)
{
    (void)state;
    assert_string_equal(item_kind_stream_name(ITEM_FLAG), "flags");
    assert_string_equal(item_kind_stream_name(ITEM_SEGMENT), "segments");
    assert_string_equal(item_kind_store_name(ITEM_FLAG), "features");
    assert_string_equal(item_kind_store_name(ITEM_SEGMENT), "segments");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical_text),
        cmocka_unit_test(the_examples_have_the_sizes_of_the_specification),
        cmocka_unit_test(deleted_items_are_tombstones),
        cmocka_unit_test(visible_to_browsers_and_phones),
        cmocka_unit_test(malformed_items_are_refused),
        cmocka_unit_test(needs_are_the_keys_an_item_refers_to),
        cmocka_unit_test(the_key_is_that_of_the_map),
        cmocka_unit_test(deep_values),
        cmocka_unit_test(kinds_have_two_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
