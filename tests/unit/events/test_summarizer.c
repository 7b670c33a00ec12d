/* What a summariser remembers between events and flushes, and what it refuses: events.md 7;
 * checklist 36 to 53. */
#include "summarizer_bench.h"

#define INDEX_OF(key) "{'kind':'index','creationDate':1,'context':{'kind':'user','key':'" key "'}}"
#define CUSTOM_OF(key)                                                                             \
    "{'kind':'custom','creationDate':1,'key':'k','context':{'kind':'user','key':'" key "'}}"
#define CUSTOM_SENT(key)                                                                           \
    "{'kind':'custom','creationDate':1,'key':'k','contextKeys':{'user':'" key "'}}"
#define FEATURE_OF(more)                                                                           \
    "{'kind':'feature','creationDate':1,'key':'plain','value':'b','default':'d',"                  \
    "'context':{'kind':'user','key':'u'}" more "}"

static const struct {
    const char *event;
    const char *problem;
} malformed[] = {
    {"null", "invalid event data"},
    {"3", "expected an object"},
    {"'x'", "expected an object"},
    {"[]", "expected an object"},
    {"true", "expected an object"},
    {"{}", "invalid event data"},
    {"{'kind':''}", "invalid event data"},
    {"{'kind':null}", "invalid event data"},
    {"{'kind':false}", "\"kind\": expected a string"},
    {"{'kind':3}", "\"kind\": expected a string"},
    {"{'kind':['feature']}", "\"kind\": expected a string"},
    {"{'kind':'custom','key':'k'}", "received an event with no user or context property"},
    {"{'kind':'feature','context':null,'user':null}",
     "received an event with no user or context property"},
    {"{'kind':'identify','key':'u'}", "received an event with no user or context property"},
    {"{'kind':'custom','creationDate':'x','user':{'key':'u'}}",
     "\"creationDate\": expected a number"},
    {"{'kind':'identify','creationDate':-1,'user':{'key':'u'}}",
     "\"creationDate\": expected a number that is not negative"},
    {"{'kind':'custom','creationDate':-0.5,'user':{'key':'u'}}",
     "\"creationDate\": expected a number that is not negative"},
    {"{'kind':'custom','creationDate':1e999,'user':{'key':'u'}}",
     "\"creationDate\": a number is out of range"},
    {"{'kind':'custom','key':5,'user':{'key':'u'}}", "\"key\": expected a string"},
    {"{'kind':'custom','metricValue':'5','user':{'key':'u'}}",
     "\"metricValue\": expected a number"},
    {FEATURE_OF(",'key':{}"), "\"key\": expected a string"},
    {FEATURE_OF(",'version':'7'"), "\"version\": expected a number"},
    {FEATURE_OF(",'variation':true"), "\"variation\": expected a number"},
    {FEATURE_OF(",'trackEvents':1"), "\"trackEvents\": expected a boolean"},
    {FEATURE_OF(",'excludeFromSummaries':'true'"), "\"excludeFromSummaries\": expected a boolean"},
    {FEATURE_OF(",'debugEventsUntilDate':false"), "\"debugEventsUntilDate\": expected a number"},
    {FEATURE_OF(",'debugEventsUntilDate':-5"),
     "\"debugEventsUntilDate\": expected a number that is not negative"},
    {FEATURE_OF(",'samplingRatio':'1'"), "\"samplingRatio\": expected a number"},
    {FEATURE_OF(",'reason':'OFF'"), "\"reason\": expected an object"},
    {FEATURE_OF(",'reason':{'kind':1}"), "\"reason.kind\": expected a string"},
    {FEATURE_OF(",'reason':{'kind':'OFF','ruleIndex':'1'}"),
     "\"reason.ruleIndex\": expected a number"},
    {FEATURE_OF(",'reason':{'kind':'OFF','ruleId':1}"), "\"reason.ruleId\": expected a string"},
    {FEATURE_OF(",'reason':{'kind':'OFF','inExperiment':'x'}"),
     "\"reason.inExperiment\": expected a boolean"},
    {FEATURE_OF(",'reason':{'kind':'OFF','prerequisiteKey':[]}"),
     "\"reason.prerequisiteKey\": expected a string"},
    {FEATURE_OF(",'reason':{'kind':'OFF','errorKind':0}"),
     "\"reason.errorKind\": expected a string"},
    {FEATURE_OF(",'reason':{'kind':'OFF','bigSegmentsStatus':true}"),
     "\"reason.bigSegmentsStatus\": expected a string"},
    {FEATURE_OF(",'context':'u'"), "expected object, got string at position 0"},
    {FEATURE_OF(",'context':{}"), "\"key\" property not found in JSON context object"},
    {FEATURE_OF(",'context':{'key':1}"), "expected string, got number at position 7"},
    {FEATURE_OF(",'context':{'key':null}"), "expected string, got null at position 7"},
    {FEATURE_OF(",'context':{'kind':'','key':'x'}"), "context kind cannot be empty"},
    {FEATURE_OF(",'context':{'kind':5,'key':'x'}"), "expected string, got number at position 8"},
    {FEATURE_OF(",'context':{'kind':'user','key':''}"), "context key must not be empty"},
    {FEATURE_OF(",'context':{'kind':'org'}"), "\"key\" property not found in JSON context object"},
    {FEATURE_OF(",'context':{'kind':'kind','key':'x'}"), "\"kind\" is not a valid context kind"},
    {FEATURE_OF(",'context':{'kind':'a b','key':'x'}"),
     "context kind contains disallowed characters"},
    {FEATURE_OF(",'context':{'kind':'multi'}"), "multi-context must contain at least one kind"},
    {FEATURE_OF(",'context':{'kind':'multi','org':{}}"),
     "\"key\" property not found in JSON context object"},
    {FEATURE_OF(",'context':{'kind':'multi','org':'x'}"),
     "expected object, got string at position 22"},
    {FEATURE_OF(",'context':5,'user':{'key':'u'}"), "expected object, got number at position 0"},
};

/* Checklist 50: each is dropped alone, and the reason is told. */
static void malformed_events_are_dropped(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(malformed); i++) {
        struct summarizer_bench b;
        struct str post = {0};
        struct str line = {0};
        bench_open(&b, 0);
        str_append_format(&post, "[%s]", malformed[i].event);
        str_append_format(&line, "Error in event processing, event was discarded: %s\n",
                          malformed[i].problem);
        bench_post(&b, str_text(&post));
        if (b.results[SUMMARIZER_MALFORMED] != 1 ||
            strstr(str_text(&b.log), str_text(&line)) == NULL)
            fail_msg("%s\ngot  %swant %s", malformed[i].event, str_text(&b.log), str_text(&line));
        bench_flush_is(&b, "", malformed[i].event);
        assert_int_equal(summarizer_bytes(b.s), 0);
        bench_close(&b);
        str_free(&line);
        str_free(&post);
    }
}

/* Only kinds and keys are read: whatever an attribute is, it passes. */
static void attributes_are_not_looked_at(void **state)
{
    (void)state;
    struct summarizer_bench b;
    bench_open(&b, 0);
    bench_post(&b,
               "[{'kind':'identify','context':{'kind':'user','key':'u','name':5,'anonymous':'x',"
               "'_meta':3}},{'kind':'identify','user':{'key':'u','custom':4,'email':[]}}]");
    bench_flush_is(&b,
                   "[{'kind':'identify','creationDate':0,'context':{'kind':'user','key':'u',"
                   "'name':5,'anonymous':'x','_meta':3}},{'kind':'identify','creationDate':0,"
                   "'context':{'key':'u','custom':4,'email':[]}}]",
                   "as they are");
    bench_close(&b);
}

/* Checklist 37. */
static void a_context_is_known_for_five_minutes_of_the_group(void **state)
{
    (void)state;
    struct summarizer_bench b;
    bench_open(&b, 0);
    b.moment.now_ms = 1000 + 299999;
    bench_post(&b, "[" CUSTOM_OF("u") "," CUSTOM_OF("u") "]");
    bench_flush_is(&b, "[" INDEX_OF("u") "," CUSTOM_SENT("u") "," CUSTOM_SENT("u") "]", "once");
    bench_post(&b, "[" CUSTOM_OF("u") "]");
    bench_flush_is(&b, "[" CUSTOM_SENT("u") "]", "a flush forgets no contexts");
    b.moment.now_ms = 1000 + 300000;
    bench_post(&b, "[" CUSTOM_OF("u") "]");
    bench_flush_is(&b, "[" INDEX_OF("u") "," CUSTOM_SENT("u") "]", "five minutes of the group");
    b.moment.now_ms = 1000 + 3 * 300000 + 5;
    bench_post(&b, "[" CUSTOM_OF("u") "]");
    bench_flush_is(&b, "[" INDEX_OF("u") "," CUSTOM_SENT("u") "]", "more than twice as many");
    b.moment.now_ms = 1000 + 4 * 300000;
    bench_post(&b, "[" CUSTOM_OF("u") "]");
    bench_flush_is(&b, "[" INDEX_OF("u") "," CUSTOM_SENT("u") "]", "and the rhythm stays");
    bench_close(&b);
}

static void post_contexts(struct summarizer_bench *b, unsigned first, unsigned count)
{
    struct str post = {0};
    for (unsigned i = 0; i < count; i++)
        str_append_format(&post, "%s{'kind':'identify','context':{'kind':'user','key':'k%u'}}",
                          i > 0 ? "," : "[", first + i);
    str_append_char(&post, ']');
    bench_post(b, str_text(&post));
    summarizer_clear(b->s);
    str_free(&post);
}

/* Checklist 38. */
static void a_thousand_contexts_are_known(void **state)
{
    (void)state;
    struct summarizer_bench b;
    bench_open(&b, 0);
    post_contexts(&b, 0, 1000);
    bench_post(&b, "[" CUSTOM_OF("k0") "]");
    bench_flush_is(&b, "[" CUSTOM_SENT("k0") "]", "all thousand are known");
    post_contexts(&b, 1000, 1);
    bench_post(&b, "[" CUSTOM_OF("k0") "," CUSTOM_OF("k1") "]");
    bench_flush_is(&b, "[" CUSTOM_SENT("k0") "," INDEX_OF("k1") "," CUSTOM_SENT("k1") "]",
                   "the one that was used longest ago left");
    size_t bytes = summarizer_bytes(b.s);
    post_contexts(&b, 2000, 3000);
    assert_in_range(summarizer_bytes(b.s), bytes, bytes + 2000);
    bench_close(&b);
}

/* Keys that are longer than what is kept of them are still different keys. */
static void long_keys_are_told_apart(void **state)
{
    (void)state;
    struct summarizer_bench b;
    struct str post = {0};
    struct str body = {0};
    bench_open(&b, 0);
    for (int i = 0; i < 3; i++)
        str_append_format(&post, "%s{'kind':'custom','context':{'kind':'user','key':'%0600d'}}",
                          i > 0 ? "," : "[", i % 2);
    str_append_char(&post, ']');
    bench_post(&b, str_text(&post));
    assert_int_equal(summarizer_flush(b.s, &body), 5);
    assert_in_range(summarizer_bytes(b.s), 2 * 64, 2 * 128);
    bench_close(&b);
    str_free(&body);
    str_free(&post);
}

/* Checklist 53. */
static void a_full_outbox_drops_events_but_no_counters(void **state)
{
    (void)state;
    static const char warning[] =
        "Exceeded event queue capacity. Increase capacity to avoid dropping events.";
    struct summarizer_bench b;
    bench_open(&b, 1);
    bench_post(&b, "[" FEATURE_OF(",'version':7,'variation':1,'trackEvents':true") "," FEATURE_OF(
                       ",'version':7,'variation':1,'trackEvents':true") "]");
    assert_int_equal(b.results[SUMMARIZER_FULL], 2);
    assert_int_equal(summarizer_waiting(b.s), 1);
    const char *told = strstr(str_text(&b.log), warning);
    assert_non_null(told);
    assert_null(strstr(told + 1, warning));
    bench_flush_is(
        &b,
        "[" INDEX_OF(
            "u") ",{'kind':'summary','startDate':1,'endDate':1,'features':{"
                 "'plain':{'default':'d','counters':[{'variation':1,'version':7,'value':'b',"
                 "'count':2}],'contextKinds':['user']}}}]",
        "the summary is complete");
    bench_post(&b, "[{'kind':'x'}]");
    assert_int_equal(b.results[SUMMARIZER_TAKEN], 1);
    summarizer_set_capacity(b.s, 2);
    bench_post(&b, "[{'kind':'y'},{'kind':'z'},{'kind':'z'}]");
    assert_int_equal(b.results[SUMMARIZER_FULL], 4);
    bench_flush_is(&b, "[{'kind':'x'},{'kind':'y'}]", "the new limit");
    bench_close(&b);
}

/* Checklist 47; the server's time may go backwards. */
static void debugging_ends_by_the_earlier_clock(void **state)
{
    (void)state;
    struct summarizer_bench b;
    struct str body = {0};
    bench_open(&b, 0);
    summarizer_set_server_time(b.s, 1700000005000);
    bench_post(&b, "[" FEATURE_OF(",'version':7,'debugEventsUntilDate':1700000005000") "]");
    assert_int_equal(summarizer_waiting(b.s), 1);
    bench_post(&b, "[" FEATURE_OF(",'version':7,'debugEventsUntilDate':1700000005001") "]");
    assert_int_equal(summarizer_waiting(b.s), 2);
    summarizer_set_server_time(b.s, 1690000000000);
    bench_post(&b, "[" FEATURE_OF(",'version':7,'debugEventsUntilDate':1700000000001") "]");
    assert_int_equal(summarizer_waiting(b.s), 3);
    b.moment.wall_ms = 1700000000001;
    bench_post(&b, "[" FEATURE_OF(",'version':7,'debugEventsUntilDate':1700000000001") "]");
    assert_int_equal(summarizer_waiting(b.s), 3);
    bench_close(&b);
    str_free(&body);
}

/* 7.4: what the store does not tell, when there is none. */
static void without_data_a_flag_is_unknown_to_the_store(void **state)
{
    (void)state;
    struct summarizer_bench b;
    bench_open(&b, 0);
    b.moment.data = NULL;
    b.moment.schema = 1;
    bench_post(&b, "[" FEATURE_OF(",'key':'track','version':7") "]");
    assert_int_equal(b.results[SUMMARIZER_NO_DATA], 1);
    bench_flush_is(&b, "", "schema 1 without variation: dropped, the context is not known");
    bench_post(&b, "[" FEATURE_OF(",'key':'track','version':7,'variation':0") "]");
    bench_post(&b, "[" FEATURE_OF(",'key':'track'") "]");
    b.moment.schema = 2;
    bench_post(&b, "[" FEATURE_OF(",'key':'track','version':7") "]");
    assert_int_equal(b.results[SUMMARIZER_TAKEN], 3);
    bench_flush_is(
        &b,
        "[" INDEX_OF(
            "u") ",{'kind':'summary','startDate':1,'endDate':1,'features':{"
                 "'track':{'default':'d','counters':[{'variation':0,'version':7,'value':'b',"
                 "'count':1},{'unknown':true,'value':'b','count':1},{'version':7,'value':'b',"
                 "'count':1}],'contextKinds':['user']}}}]",
        "all others are counted");
    bench_close(&b);
}

/* What 13.2 counts goes with what it stands for. */
static void memory_is_counted(void **state)
{
    (void)state;
    struct summarizer_bench b;
    bench_open(&b, 0);
    bench_post(&b, "[" FEATURE_OF(",'version':7,'trackEvents':true") "]");
    size_t one = summarizer_bytes(b.s);
    assert_in_range(one, 400, 1000);
    bench_post(&b, "[" FEATURE_OF(",'version':7") "]");
    assert_int_equal(summarizer_bytes(b.s), one);
    bench_post(&b, "[" FEATURE_OF(",'version':8") "]");
    assert_in_range(summarizer_bytes(b.s), one + 96, one + 300);
    summarizer_clear(b.s);
    assert_in_range(summarizer_bytes(b.s), 64, 80);
    bench_flush_is(&b, "", "cleared");
    bench_close(&b);
}

/* Many versions and kinds of one flag find their counters as fast as few. */
static void many_counters_stay_apart(void **state)
{
    (void)state;
    struct summarizer_bench b;
    struct str body = {0};
    bench_open(&b, 0);
    for (int i = 0; i < 20000; i++) {
        struct str event = {0};
        str_append_format(&event,
                          "[{'kind':'feature','key':'plain','version':%d,'variation':%d,'value':1,"
                          "'context':{'kind':'kind-%d','key':'x'}}]",
                          i / 2, i % 2, i);
        bench_post(&b, str_text(&event));
        str_free(&event);
    }
    assert_int_equal(b.results[SUMMARIZER_TAKEN], 20000);
    (void)summarizer_flush(b.s, &body);
    assert_int_equal(text_count(str_text(&body), "\"count\":1}"), 20000);
    assert_non_null(strstr(str_text(&body), "\"kind-19999\"]}}}]"));
    bench_close(&b);
    str_free(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(malformed_events_are_dropped),
        cmocka_unit_test(attributes_are_not_looked_at),
        cmocka_unit_test(a_context_is_known_for_five_minutes_of_the_group),
        cmocka_unit_test(a_thousand_contexts_are_known),
        cmocka_unit_test(long_keys_are_told_apart),
        cmocka_unit_test(a_full_outbox_drops_events_but_no_counters),
        cmocka_unit_test(debugging_ends_by_the_earlier_clock),
        cmocka_unit_test(without_data_a_flag_is_unknown_to_the_store),
        cmocka_unit_test(memory_is_counted),
        cmocka_unit_test(many_counters_stay_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
