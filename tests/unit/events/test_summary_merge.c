/* Many summaries become few, and say the same: events.md 10.5, 13.5.
 *
 * JSON in these tests is written with ' in place of ". */
#include "events/summary_merge.h"

#include "summarizer_bench.h"

#define DATED(start, end, features)                                                                \
    "{'kind':'summary','startDate':" start ",'endDate':" end ",'features':{" features "}}"
#define WITH(features, more)                                                                       \
    "{'kind':'summary','startDate':5,'endDate':9,'features':{" features "}" more "}"
#define OF(features) WITH(features, "")
#define FLAG(key, counters) "'" key "':{'default':0,'counters':[" counters "]}"
#define COUNT(n) "{'variation':0,'version':1,'value':'v','count':" n "}"
#define F(counters) FLAG("f", counters)
#define CONTEXT(key) ",'context':{'kind':'user','key':'" key "'}"

#define VARIATION(v, n) "{'variation':" v ",'version':1,'value':1,'count':" n "},"
#define EIGHT(n)                                                                                   \
    VARIATION("1", n)                                                                              \
    VARIATION("2", n)                                                                              \
    VARIATION("3", n)                                                                              \
    VARIATION("4", n)                                                                              \
    VARIATION("5", n) VARIATION("6", n) VARIATION("7", n) VARIATION("8", n)
#define ZEROS(n)                                                                                   \
    "{'variation':0,'version':0,'value':1,'count':" n "},"                                         \
    "{'variation':0,'unknown':true,'value':1,'count':" n "},"                                      \
    "{'version':0,'value':1,'count':" n "},{'unknown':true,'value':1,'count':" n "}"

#define MOST "9007199254740992"

/* What is counted must be written; of an event that is written as it came, `want` is NULL. */
static const struct {
    const char *why;
    const char *events[4];
    const char *want;
} merged[] = {
    {"nothing comes out as nothing", {NULL}, ""},
    {"one comes out as it came", {OF(F(COUNT("3")))}, NULL},
    {"no flag at all", {OF("")}, NULL},
    {"counts add up", {OF(F(COUNT("3"))), OF(F(COUNT("4")))}, OF(F(COUNT("7")))},
    {"within one event, too", {OF(F(COUNT("3") "," COUNT("4")))}, OF(F(COUNT("7")))},
    {"the least start and the greatest end",
     {DATED("5", "9", ""), DATED("7", "8", ""), DATED("6", "11", ""), DATED("4", "4", "")},
     DATED("4", "11", "")},
    {"a start of 0 is the least", {DATED("5", "9", ""), DATED("0", "0", "")}, DATED("0", "9", "")},
    {"flags are in order of appearance",
     {OF(FLAG("b", COUNT("1"))), OF(FLAG("a", COUNT("1")) "," FLAG("b", COUNT("1")))},
     OF(FLAG("b", COUNT("2")) "," FLAG("a", COUNT("1")))},
    {"flag keys are compared decoded, and any text is one",
     {OF(FLAG("a", COUNT("1")) "," FLAG("", COUNT("1")) "," FLAG("__proto__", COUNT("1"))),
      OF(FLAG("\\u0061", COUNT("1")) "," FLAG("\\u0000\\n\xc3\xa9", COUNT("1")))},
     OF(FLAG("a", COUNT("2")) "," FLAG("", COUNT("1")) "," FLAG("__proto__", COUNT("1")) "," FLAG(
         "\\u0000\\n\xc3\xa9", COUNT("1")))},
    {"variations, versions, no variation and unknown are counted apart",
     {OF(F("{'variation':0,'version':1,'value':1,'count':1},"
           "{'variation':1,'version':1,'value':1,'count':2},"
           "{'variation':0,'version':2,'value':1,'count':4},"
           "{'version':1,'value':1,'count':8},"
           "{'unknown':true,'value':1,'count':16},"
           "{'variation':0,'unknown':true,'value':1,'count':32}")),
      OF(F("{'unknown':true,'value':1,'count':1},"
           "{'version':1,'value':1,'count':1},"
           "{'variation':0,'version':2,'value':1,'count':1}"))},
     OF(F("{'variation':0,'version':1,'value':1,'count':1},"
          "{'variation':1,'version':1,'value':1,'count':2},"
          "{'variation':0,'version':2,'value':1,'count':5},"
          "{'version':1,'value':1,'count':9},"
          "{'unknown':true,'value':1,'count':17},"
          "{'variation':0,'unknown':true,'value':1,'count':32}"))},
    {"so they are when a flag has many",
     {OF(F(EIGHT("1") ZEROS("1"))), OF(F(ZEROS("2")))},
     OF(F(EIGHT("1") ZEROS("3")))},
    {"numbers below 0 and large ones",
     {OF(F("{'variation':-1,'version':" MOST ",'value':1,'count':1},"
           "{'variation':0,'version':-" MOST ",'value':1,'count':1}"))},
     NULL},
    {"no value is not null",
     {OF(F("{'version':1,'count':1}")), OF(F("{'version':1,'count':1}")),
      OF(F("{'version':1,'value':null,'count':1}"))},
     OF(F("{'version':1,'count':2}")) "," OF(F("{'version':1,'value':null,'count':1}"))},
    {"no default is not null",
     {OF("'f':{'counters':[" COUNT("1") "]}"), OF("'f':{'counters':[" COUNT("1") "]}"),
      OF("'f':{'default':null,'counters':[" COUNT("1") "]}")},
     OF("'f':{'counters':[" COUNT("2") "]}") "," OF(
         "'f':{'default':null,'counters':[" COUNT("1") "]}")},
    {"another default is another summary, and what fits to the first goes there",
     {OF(FLAG("a", COUNT("1"))), OF("'a':{'default':1,'counters':[" COUNT("1") "]}"),
      OF("'a':{'default':1,'counters':[" COUNT("1") "]}"), OF(FLAG("b", COUNT("1")))},
     OF(FLAG("a", COUNT("1")) "," FLAG("b", COUNT("1"))) "," OF(
         "'a':{'default':1,'counters':[" COUNT("2") "]}")},
    {"another value of a variation and version is another summary",
     {OF(F(COUNT("1"))), OF(F("{'variation':0,'version':1,'value':'w','count':2}")),
      OF(F("{'variation':0,'version':1,'value':'w','count':2}"))},
     OF(F(COUNT("1"))) "," OF(F("{'variation':0,'version':1,'value':'w','count':4}"))},
    {"white space does not matter, spelling and order do",
     {OF(F("{'version':1,'value':{'a':[1,'x y']},'count':1}")),
      OF(" 'f' : { 'default' : 0 , 'counters' : [ {'version':1,'value': { 'a' : [ 1 , 'x y' ] } ,"
         "'count': 1 } ] } "),
      OF(F("{'version':1,'value':{'a':[1.0,'x y']},'count':1}"))},
     OF(F("{'version':1,'value':{'a':[1,'x y']},'count':2}")) "," OF(
         F("{'version':1,'value':{'a':[1.0,'x y']},'count':1}"))},
    {"members in any order",
     {"{ 'features' : {'f':{'contextKinds':['user'],'counters':[{'count':1,'value':'v','version':1,"
      "'variation':0}],'default':0}},'endDate':9,'kind':'\\u0073ummary','startDate':5 }"},
     OF("'f':{'default':0,'counters':[" COUNT("1") "],'contextKinds':['user']}")},
    {"kinds are united, in order of appearance",
     {OF("'f':{'default':0,'counters':[" COUNT("1") "],'contextKinds':['user','org']}"),
      OF("'f':{'default':0,'counters':[" COUNT("1") "],'contextKinds':['a','\\u006frg','a','']}")},
     OF("'f':{'default':0,'counters':[" COUNT("2") "],'contextKinds':['user','org','a','']}")},
    {"kinds that come later",
     {OF(F(COUNT("1"))), OF("'f':{'default':0,'counters':[" COUNT("1") "],'contextKinds':['a']}")},
     OF("'f':{'default':0,'counters':[" COUNT("2") "],'contextKinds':['a']}")},
    {"an empty list of kinds is a list",
     {OF(F(COUNT("1"))), OF("'f':{'default':0,'counters':[" COUNT("1") "],'contextKinds':[]}")},
     OF("'f':{'default':0,'counters':[" COUNT("2") "],'contextKinds':[]}")},
    {"a sum may reach 2^53",
     {OF(F(COUNT("9007199254740000"))), OF(F(COUNT("992")))},
     OF(F(COUNT(MOST)))},
    {"what would pass 2^53 is another summary",
     {OF(F(COUNT("9007199254740000"))), OF(F(COUNT("993"))), OF(F(COUNT("992")))},
     OF(F(COUNT(MOST))) "," OF(F(COUNT("993")))},
    {"each context has its own summary",
     {WITH(F(COUNT("1")), CONTEXT("a")), WITH(F(COUNT("2")), CONTEXT("b")),
      WITH(F(COUNT("4")), ",'context': { 'kind' : 'user' , 'key' : 'a' } "), OF(F(COUNT("8")))},
     WITH(F(COUNT("5")), CONTEXT("a")) "," WITH(F(COUNT("2")), CONTEXT("b")) "," OF(F(COUNT("8")))},
    {"other members stay, wherever they stood, in their order",
     {"{'x':[1.50, 1e999],'kind':'summary','\\u0079':{},'startDate':5,'endDate':9,'features':{},"
      "'x':null}",
      WITH("", ",'x':[1.50,1e999],'y':{},'x':null")},
     WITH("", ",'x':[1.50,1e999],'y':{},'x':null")},
    {"another order is another set of members",
     {WITH("", ",'x':1,'y':2"), WITH("", ",'y':2,'x':1")},
     WITH("", ",'x':1,'y':2") "," WITH("", ",'y':2,'x':1")},
};

static const struct {
    const char *event;
    const char *why;
} refused[] = {
    {"", "no JSON"},
    {"null", "no object"},
    {"[]", "no object"},
    {"'summary'", "no object"},
    {"{}", "no kind"},
    {"{'kind':'index','startDate':5,'endDate':9,'features':{}}", "another kind"},
    {"{'kind':null,'startDate':5,'endDate':9,'features':{}}", "no kind"},
    {"{'kind':'summary','kind':'summary','startDate':5,'endDate':9,'features':{}}", "two kinds"},
    {"{'kind':'summary','endDate':9,'features':{}}", "no start"},
    {"{'kind':'summary','startDate':5,'features':{}}", "no end"},
    {"{'kind':'summary','startDate':5,'endDate':9}", "no features"},
    {"{'kind':'summary','startDate':5,'startDate':5,'endDate':9,'features':{}}", "two starts"},
    {"{'kind':'summary','startDate':5,'endDate':9,'features':{},'features':{}}", "two features"},
    {DATED("-1", "9", ""), "start below 0"},
    {DATED("5", "-1", ""), "end below 0"},
    {DATED("5.5", "9", ""), "a fraction"},
    {DATED("5.0", "9", ""), "written as a fraction"},
    {DATED("5e0", "9", ""), "with an exponent"},
    {DATED("5", "-0", ""), "another number than 0"},
    {DATED("5", "9007199254740993", ""), "beyond 2^53"},
    {DATED("5", "18446744073709551621", ""), "far beyond 2^53"},
    {DATED("'5'", "9", ""), "no number"},
    {DATED("null", "9", ""), "no number"},
    {DATED("[5]", "9", ""), "no number"},
    {OF("") "]", "something behind it"},
    {"{'kind':'summary','startDate':5,'endDate':9,'features':null}", "features are no object"},
    {"{'kind':'summary','startDate':5,'endDate':9,'features':[]}", "features are no object"},
    {OF("'f':null"), "a flag is no object"},
    {OF("'f':{'default':0}"), "no counters"},
    {OF("'f':{'default':0,'counters':[]}"), "no counter"},
    {OF("'f':{'default':0,'counters':null}"), "counters are no array"},
    {OF("'f':{'default':0,'counters':{}}"), "counters are no array"},
    {OF("'f':{'default':0,'default':0,'counters':[" COUNT("1") "]}"), "two defaults"},
    {OF("'f':{'counters':[" COUNT("1") "],'counters':[" COUNT("1") "]}"), "counters twice"},
    {OF("'f':{'counters':[" COUNT("1") "],'x':0}"), "unknown member of a flag"},
    {OF("'f':{'counters':[" COUNT("1") "],'contextKinds':null}"), "kinds are no array"},
    {OF("'f':{'counters':[" COUNT("1") "],'contextKinds':[1]}"), "a kind is no text"},
    {OF("'f':{'counters':[" COUNT("1") "],'contextKinds':[],'contextKinds':[]}"), "kinds twice"},
    {OF("'f':{'counters':[" COUNT("1") "],'contextKinds':['\\ud800']}"), "a kind is no Unicode"},
    {OF(FLAG("a", COUNT("1")) "," FLAG("a", COUNT("1"))), "a flag twice"},
    {OF(FLAG("a", COUNT("1")) "," FLAG("\\u0061", COUNT("1"))), "a flag twice"},
    {OF(FLAG("\\ud800", COUNT("1"))), "a flag key is no Unicode"},
    {OF(FLAG("\xff", COUNT("1"))), "a flag key is no UTF-8"},
    {WITH("", ",'\xff':1"), "a name is no UTF-8"},
    {OF(F("3")), "a counter is no object"},
    {OF(F("null")), "a counter is no object"},
    {OF(F("{'count':1}")), "neither version nor unknown"},
    {OF(F("{'version':1,'unknown':true,'count':1}")), "version and unknown"},
    {OF(F("{'unknown':false,'count':1}")), "unknown is not true"},
    {OF(F("{'unknown':1,'count':1}")), "unknown is not true"},
    {OF(F("{'unknown':true,'unknown':true,'count':1}")), "unknown twice"},
    {OF(F("{'version':null,'count':1}")), "null in place of a number"},
    {OF(F("{'variation':null,'version':1,'count':1}")), "null in place of a number"},
    {OF(F("{'variation':1.5,'version':1,'count':1}")), "a fraction"},
    {OF(F("{'variation':0,'variation':0,'version':1,'count':1}")), "a variation twice"},
    {OF(F("{'version':9007199254740993,'count':1}")), "beyond 2^53"},
    {OF(F("{'version':-9007199254740993,'count':1}")), "beyond -2^53"},
    {OF(F("{'version':1,'value':1,'value':1,'count':1}")), "a value twice"},
    {OF(F("{'version':1,'x':1,'count':1}")), "unknown member of a counter"},
    {OF(F("{'version':1}")), "no count"},
    {OF(F("{'version':1,'count':0}")), "nothing counted"},
    {OF(F("{'version':1,'count':-1}")), "less than nothing counted"},
    {OF(F("{'version':1,'count':1.5}")), "a fraction"},
    {OF(F("{'version':1,'count':'1'}")), "no number"},
    {OF(F("{'version':1,'count':9007199254740993}")), "beyond 2^53"},
    {OF(F(COUNT(MOST) "," COUNT("1"))), "a sum beyond 2^53"},
    {OF(F("{'version':1,'value':1,'count':1},{'version':1,'value':2,'count':1}")),
     "two values of one version"},
    {OF(F("{'version':1,'value':1,'count':1},{'version':1,'count':1}")),
     "two values of one version"},
};

static bool merge_add(struct summary_merge *m, const char *quoted)
{
    char *json = bench_json(quoted);
    bool added = summary_merge_add(m, view_of(json));
    mem_free(json);
    return added;
}

static void merge_is(const struct summary_merge *m, const char *quoted, const char *why)
{
    struct str out = {0};
    struct event_array events;
    struct error err;
    char *want = bench_json(quoted);
    size_t count = summary_merge_write(m, &out);
    if (!view_is(str_view(&out), want))
        fail_msg("%s\ngot  %s\nwant %s", why, str_text(&out), want);
    struct str body = {0};
    str_append_format(&body, "[%s]", str_text(&out));
    assert_true(event_array_split(str_view(&body), &events, &err));
    assert_int_equal(events.count, count);
    event_array_free(&events);
    str_free(&body);
    str_free(&out);
    mem_free(want);
}

static void summaries_are_merged(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(merged); i++) {
        struct summary_merge *m = summary_merge_new();
        size_t count = 0;
        for (; count < ARRAY_LEN(merged[i].events) && merged[i].events[count] != NULL; count++)
            if (!merge_add(m, merged[i].events[count]))
                fail_msg("%s: event %zu is refused", merged[i].why, count);
        assert_int_equal(summary_merge_bytes(m) == 0, count == 0);
        merge_is(m, merged[i].want != NULL ? merged[i].want : merged[i].events[0], merged[i].why);
        summary_merge_free(m);
    }
}

/* Whatever is there already. */
static void what_could_not_be_kept_is_refused(void **state)
{
    (void)state;
    static const char *const before[] = {"", OF(F(COUNT("1")))};
    for (size_t i = 0; i < ARRAY_LEN(refused) * ARRAY_LEN(before); i++) {
        struct summary_merge *m = summary_merge_new();
        const char *there = before[i % ARRAY_LEN(before)];
        const char *why = refused[i / ARRAY_LEN(before)].why;
        if (there[0] != '\0')
            assert_true(merge_add(m, there));
        size_t bytes = summary_merge_bytes(m);
        if (merge_add(m, refused[i / ARRAY_LEN(before)].event))
            fail_msg("taken: %s", why);
        assert_int_equal(summary_merge_bytes(m), bytes);
        merge_is(m, there, why);
        summary_merge_free(m);
    }
}

/* The ninth default of a flag is refused; what fits to one of the eight is not. */
static void chains_end(void **state)
{
    (void)state;
    struct summary_merge *m = summary_merge_new();
    struct str event = {0};
    for (int i = 0; i < 20; i++) {
        str_clear(&event);
        str_append_format(&event, OF("'f':{'default':%d,'counters':[" COUNT("1") "]}"), i % 10);
        assert_int_equal(merge_add(m, str_text(&event)), i % 10 < 8);
    }
    assert_true(merge_add(m, WITH("'f':{'default':8,'counters':[" COUNT("1") "]}", ",'x':1")));
    struct str out = {0};
    assert_int_equal(summary_merge_write(m, &out), 9);
    str_free(&out);
    str_free(&event);
    summary_merge_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(summaries_are_merged),
        cmocka_unit_test(what_could_not_be_kept_is_refused),
        cmocka_unit_test(chains_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
