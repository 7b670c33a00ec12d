/* What becomes of one post, row by row: events.md 7, 10, 16; checklist 33 to 54 as far as one post
 * shows it. Rows that are marked "recorded" are what ld-relay 8.10.1 forwarded. */
#include "summarizer_bench.h"

#define AT "'creationDate':1700000000000,"
#define U "'context':{'kind':'user','key':'u'}"
#define FEATURE(more)                                                                              \
    "{'kind':'feature'," AT "'key':'plain'," U ",'value':'b','default':'d'" more "}"
#define INDEX "{'kind':'index'," AT U "}"
#define SUMMARY_OF(key, counters)                                                                  \
    "{'kind':'summary','startDate':1700000000000,'endDate':1700000000000,'features':{'" key        \
    "':{'default':'d','counters':[" counters "],'contextKinds':['user']}}}"
#define SUMMARY SUMMARY_OF("plain", "{'variation':1,'version':7,'value':'b','count':1}")
#define FULL(kind, more)                                                                           \
    "{'kind':'" kind "'," AT "'key':'plain','version':7," U                                        \
    ",'variation':1,'value':'b','default':'d'" more "}"

static const struct {
    int64_t schema;
    const char *post;
    const char *body;
    const char *why;
} rows[] = {
    {1,
     "[{'kind':'feature','creationDate':1000,'key':'flag-a','user':{'key':'u1','name': 'Ann'},"
     "'value':'y','default':'z','version':6},{'kind':'feature','creationDate':1500,"
     "'key':'flag-b','context':{'kind':'org','key':'o1'},'value':true,'default':false,'version':3,"
     "'variation':0,'reason':{'kind':'FALLTHROUGH'},'samplingRatio':5},{'kind':'feature',"
     "'creationDate':900,'key':'nope','user':{'key':'u1'},'value':1.5,'default':1.5}]",
     "[{'kind':'index','creationDate':1000,'context':{'key':'u1','name': 'Ann'}},"
     "{'kind':'feature','creationDate':1000,'key':'flag-a','version':6,"
     "'context':{'key':'u1','name': 'Ann'},'variation':1,'value':'y','default':'z'},"
     "{'kind':'index','creationDate':1500,'context':{'kind':'org','key':'o1'}},"
     "{'kind':'debug','creationDate':1500,'key':'flag-b','version':3,"
     "'context':{'kind':'org','key':'o1'},'variation':0,'value':true,'default':false,"
     "'reason':{'kind':'FALLTHROUGH'},'samplingRatio':5},"
     "{'kind':'summary','startDate':900,'endDate':1500,'features':{"
     "'flag-a':{'default':'z','counters':[{'variation':1,'version':6,'value':'y','count':1}],"
     "'contextKinds':['user']},"
     "'flag-b':{'default':false,'counters':[{'variation':0,'version':3,'value':true,'count':1}],"
     "'contextKinds':['org']},"
     "'nope':{'default':1.5,'counters':[{'unknown':true,'value':1.5,'count':1}],"
     "'contextKinds':['user']}}}]",
     "checklist 33: example 16.2"},
    {2,
     "[{'kind':'custom','creationDate':1000,'key':'bought','context':{'kind':'multi',"
     "'user':{'key':'u1'},'org':{'key':'o1'}},'data':{'a':1},'metricValue':2.5},"
     "{'kind':'identify','creationDate':1001,'context':{'kind':'user','key':'u1'}},"
     "{'kind':'custom','creationDate':1002,'key':'n','user':{'key':'u1'},'data':null,"
     "'metricValue':null},{'kind':'migration_op','x':  1},{'kind':''},3]",
     "[{'kind':'index','creationDate':1000,'context':{'kind':'multi','user':{'key':'u1'},"
     "'org':{'key':'o1'}}},{'kind':'custom','creationDate':1000,'key':'bought','data':{'a':1},"
     "'contextKeys':{'org':'o1','user':'u1'},'metricValue':2.5},"
     "{'kind':'identify','creationDate':1001,'context':{'kind':'user','key':'u1'}},"
     "{'kind':'custom','creationDate':1002,'key':'n','contextKeys':{'user':'u1'}},"
     "{'kind':'migration_op','x':  1}]",
     "checklist 34: example 16.3"},
    {4,
     "[{'kind':'feature'," AT "'key':'plain','context':{'kind':'user','key':'u',"
     "'anonymous':true,'name':'N'},'value':'b','default':'d','version':7,'variation':1,"
     "'trackEvents':true,'debugEventsUntilDate':99999999999999}]",
     "[{'kind':'index'," AT "'context':{'kind':'user','key':'u','anonymous':true,'name':'N'}},"
     "{'kind':'feature'," AT "'key':'plain','version':7,'context':{'kind':'user','key':'u',"
     "'anonymous':true,'name':'N'},'variation':1,'value':'b','default':'d'},"
     "{'kind':'debug'," AT "'key':'plain','version':7,'context':{'kind':'user','key':'u',"
     "'anonymous':true,'name':'N'},'variation':1,'value':'b','default':'d'}," SUMMARY "]",
     "checklist 35: everything that one event can become, in order"},

    {1,
     "[{'kind':'feature'," AT "'key':'plain','user':{'key':'u','privateAttrs':['x']},'value':'b',"
     "'default':'d','version':7}]",
     "[{'kind':'index'," AT "'context':{'key':'u','privateAttrs':['x']}}," SUMMARY "]",
     "recorded, checklist 43 and 52: the variation is inferred, private names stay"},
    {1, "[" FEATURE(",'value':'zz','version':7") "]",
     "[" INDEX "," SUMMARY_OF("plain", "{'version':7,'value':'zz','count':1}") "]",
     "recorded, checklist 43: no variation has this value"},
    {2, "[" FEATURE(",'version':7,'reason':{'kind':'FALLTHROUGH'}") "]",
     "[" INDEX "," SUMMARY_OF("plain", "{'version':7,'value':'b','count':1}") "]",
     "recorded, checklist 44: schema 2 says it or there is none"},
    {1, "[" FEATURE(",'version':7,'trackEvents':false") "]",
     "[" INDEX "," SUMMARY_OF("plain", "{'version':7,'value':'b','count':1}") "]",
     "an event that says whether it is tracked says its variation, too"},
    {4,
     "[" FEATURE(",'version':7,'variation':1,'trackEvents':true,'reason':{'kind':'RULE_MATCH',"
                 "'ruleIndex':1,'ruleId':'r','inExperiment':true}") "]",
     "[" INDEX "," FULL("feature", ",'reason':{'kind':'RULE_MATCH','ruleIndex':1,'ruleId':'r',"
                                   "'inExperiment':true}") "," SUMMARY "]",
     "recorded: tracked"},
    {4, "[" FEATURE(",'version':7,'variation':1,'debugEventsUntilDate':99999999999999") "]",
     "[" INDEX "," FULL("debug", "") "," SUMMARY "]", "recorded: debug"},
    {4, "[" FEATURE(",'version':7,'variation':1,'debugEventsUntilDate':1000") "]",
     "[" INDEX "," SUMMARY "]", "recorded, checklist 48: debugging is over"},
    {4, "[" FEATURE(",'version':7,'variation':1,'debugEventsUntilDate':1700000000000") "]",
     "[" INDEX "," SUMMARY "]", "until now is not until later"},
    {2, "[" FEATURE(",'key':'track','version':7,'variation':1") "]",
     "[" INDEX ",{'kind':'feature'," AT "'key':'track','version':7," U
     ",'variation':1,'value':'b','default':'d'}," SUMMARY_OF(
         "track", "{'variation':1,'version':7,'value':'b','count':1}") "]",
     "recorded, checklist 46: tracked by the store"},
    {2, "[" FEATURE(",'key':'track','version':7,'variation':1,'trackEvents':false") "]",
     "[" INDEX "," SUMMARY_OF("track", "{'variation':1,'version':7,'value':'b','count':1}") "]",
     "recorded, checklist 45: the event says that it is not tracked"},
    {2, "[" FEATURE(",'key':'gone','version':7,'variation':1") "]",
     "[" INDEX "," SUMMARY_OF("gone", "{'variation':1,'version':7,'value':'b','count':1}") "]",
     "checklist 46: the flag is deleted"},
    {2, "[" FEATURE(",'key':'debug','version':7,'variation':1") "]",
     "[" INDEX ",{'kind':'debug'," AT "'key':'debug','version':7," U
     ",'variation':1,'value':'b','default':'d'}," SUMMARY_OF(
         "debug", "{'variation':1,'version':7,'value':'b','count':1}") "]",
     "recorded: debug by the store"},
    {4, "[" FEATURE(",'key':'nope','value':'d'") "]",
     "[" INDEX "," SUMMARY_OF("nope", "{'unknown':true,'value':'d','count':1}") "]",
     "recorded: unknown flag"},
    {4,
     "[" FEATURE(",'key':'track','variation':1,'trackEvents':true,"
                 "'debugEventsUntilDate':99999999999999") "]",
     "[" INDEX "," SUMMARY_OF("track", "{'unknown':true,'value':'b','count':1}") "]",
     "checklist 42: without version nothing but a counter of unknown ones"},
    {4, "[" FEATURE(",'version':7,'variation':1,'excludeFromSummaries':true") "]", "[" INDEX "]",
     "recorded, checklist 40: excluded and not tracked"},
    {4,
     "[" FEATURE(",'version':7,'variation':1,'excludeFromSummaries':true,'trackEvents':true") "]",
     "[" INDEX "," FULL("feature", "") "]", "checklist 40: excluded and tracked"},
    {4,
     "[" FEATURE(",'version':7,'variation':1,'trackEvents':true,'samplingRatio':0") "," FEATURE(
         ",'version':7,'variation':1,'trackEvents':true,'samplingRatio':1") "," FEATURE(",'version'"
                                                                                        ":7,'"
                                                                                        "variation'"
                                                                                        ":1,'"
                                                                                        "trackEvent"
                                                                                        "s':true,'"
                                                                                        "samplingRa"
                                                                                        "tio':2") "]",
     "[" INDEX "," FULL("feature", ",'samplingRatio':0") "," FULL("feature", "") "," FULL(
         "feature", ",'samplingRatio':2") "," SUMMARY_OF("plain", "{'variation':1,'version':7,'"
                                                                  "value':'b','count':3}") "]",
     "recorded, checklist 41: no sampling is done"},
    {4,
     "[" FEATURE(",'version':7,'variation':1") "," FEATURE(
         ",'version':7,'variation':1") "," FEATURE(",'version':8,'variation':2,'value':'c','"
                                                   "creationDate':1700000000005,'default':9") "]",
     "[" INDEX ",{'kind':'summary','startDate':1700000000000,'endDate':1700000000005,"
     "'features':{'plain':{'default':'d','counters':["
     "{'variation':1,'version':7,'value':'b','count':2},"
     "{'variation':2,'version':8,'value':'c','count':1}],'contextKinds':['user']}}}]",
     "recorded: two versions; the first default stays"},
    {4,
     "[{'kind':'identify','key':'u'," AT U "},{'kind':'custom'," AT "'key':'k'," U
     ",'data':{'a':[1]},'metricValue':1.5},{'kind':'custom'," AT "'key':'k2'," U ",'data':null}]",
     "[{'kind':'identify'," AT U "},{'kind':'custom'," AT "'key':'k','data':{'a':[1]},"
     "'contextKeys':{'user':'u'},'metricValue':1.5},{'kind':'custom'," AT "'key':'k2',"
     "'contextKeys':{'user':'u'}}]",
     "recorded, checklist 39: identify makes the context known"},
    {4, "[{'kind':'identify'," AT U "},{'kind':'identify'," AT U ",'samplingRatio':3}]",
     "[{'kind':'identify'," AT U "},{'kind':'identify'," AT U ",'samplingRatio':3}]",
     "checklist 39: identify is never deduplicated"},
    {4,
     "[{'kind':'custom'," AT "'key':'k','context':{'kind':'multi','user':{'key':'u'},"
     "'org':{'key':'o'}}},{'kind':'custom'," AT "'key':'k2','context':{'kind':'org','key':'o'}}]",
     "[{'kind':'index'," AT "'context':{'kind':'multi','user':{'key':'u'},'org':{'key':'o'}}},"
     "{'kind':'custom'," AT "'key':'k','contextKeys':{'org':'o','user':'u'}},"
     "{'kind':'index'," AT "'context':{'kind':'org','key':'o'}},"
     "{'kind':'custom'," AT "'key':'k2','contextKeys':{'org':'o'}}]",
     "recorded: several kinds"},
    {4,
     "[" FEATURE(
         ",'context':{'kind':'user','key':'u','anonymous':true,'name':'N','_meta':"
         "{'redactedAttributes':['email']}},'trackEvents':true,'version':7,'variation':1") "]",
     "[{'kind':'index'," AT "'context':{'kind':'user','key':'u','anonymous':true,'name':'N',"
     "'_meta':{'redactedAttributes':['email']}}},"
     "{'kind':'feature'," AT "'key':'plain','version':7,'context':{'kind':'user','key':'u',"
     "'anonymous':true,'name':'N','_meta':{'redactedAttributes':['email']}},'variation':1,"
     "'value':'b','default':'d'}," SUMMARY "]",
     "recorded, checklist 52: anonymous, redacted by the SDK"},
    {4,
     "[{'kind':'alias','key':'a','contextKind':'user','previousKey':'b'," AT "'x':1},"
     "{'kind':'summary','features':{},'startDate':1,'endDate':2},{'kind':'x','y':1e999}]",
     "[{'kind':'alias','key':'a','contextKind':'user','previousKey':'b'," AT "'x':1},"
     "{'kind':'summary','features':{},'startDate':1,'endDate':2},{'kind':'x','y':1e999}]",
     "recorded, checklist 49: other kinds pass byte for byte"},
    {4,
     "[null,3,'x',[],{},{'kind':''},{'kind':3},"
     "{'kind':'custom','key':'bad date','creationDate':'x'," U "},"
     "{'kind':'custom','key':'negative date','creationDate':-1," U "},"
     "{'kind':'custom','key':'no context'," AT "'x':1},"
     "{'kind':'custom','key':'empty key'," AT "'context':{'kind':'user','key':''}},"
     "{'kind':'custom','key':'bad kind'," AT "'context':{'kind':'a b','key':'x'}},"
     "{'kind':'custom','key':'empty user key'," AT "'user':{'key':''}},"
     "{'kind':'custom','key':'good'," AT U "}]",
     "[{'kind':'index'," AT "'context':{'key':''}},{'kind':'custom'," AT
     "'key':'empty user key','contextKeys':{'user':''}}," INDEX ",{'kind':'custom'," AT
     "'key':'good','contextKeys':{'user':'u'}}]",
     "recorded, checklist 50 and 51: bad ones are dropped one by one"},

    {4,
     "[{'kind':'custom','creationDate':1700000000000.5,'key':'k'," U ",'url':'https://x',"
     "'samplingRatio':2}]",
     "[" INDEX ",{'kind':'custom'," AT "'key':'k','contextKeys':{'user':'u'},'samplingRatio':2,"
     "'url':'https://x'}]",
     "a fraction in a date is cut off; url and samplingRatio stay"},
    {4, "[{'kind':'custom','creationDate':1.7e12,'key':'k'," U ",'url':3,'samplingRatio':'x'}]",
     "[" INDEX ",{'kind':'custom'," AT "'key':'k','contextKeys':{'user':'u'}}]",
     "url and samplingRatio of custom events that are none are left out"},
    {4, "[" FEATURE(",'version':7,'variation':1,'trackEvents':true,'prereqOf':'outer'") "]",
     "[" INDEX "," FULL("feature", ",'prereqOf':'outer'") "," SUMMARY "]", "prereqOf stays"},
    {4, "[" FEATURE(",'version':7,'variation':1,'trackEvents':true,'prereqOf':5") "]",
     "[" INDEX "," FULL("feature", "") "," SUMMARY "]", "prereqOf that is no string is ignored"},
    {4,
     "[" FEATURE(",'version':7.9,'variation':1.0,'trackEvents':true,'value':{ 'b' :1.50,'a':"
                 "[2 ]},'default': '  <&> '") "]",
     "[" INDEX ",{'kind':'feature'," AT "'key':'plain','version':7," U ",'variation':1,"
     "'value':{'b':1.50,'a':[2]},'default':'  <&> '},"
     "{'kind':'summary','startDate':1700000000000,'endDate':1700000000000,'features':{'plain':"
     "{'default':'  <&> ','counters':[{'variation':1,'version':7,'value':{'b':1.50,'a':[2]},"
     "'count':1}],'contextKinds':['user']}}}]",
     "checklist 52: values lose white space alone; version and variation are truncated"},
    {4, "[{'kind':'feature','version':7,'variation':1,'user':{'key':'u'}}]",
     "[{'kind':'index','creationDate':0,'context':{'key':'u'}},"
     "{'kind':'summary','startDate':0,'endDate':0,'features':{'':{'default':null,'counters':["
     "{'variation':1,'version':7,'value':null,'count':1}],'contextKinds':['user']}}}]",
     "what is absent: date 0, empty key, null values"},
    {4,
     "[{'kind':'feature','creationDate':null,'key':null,'version':null,'variation':null,"
     "'value':null,'default':null,'trackEvents':null,'debugEventsUntilDate':null,"
     "'excludeFromSummaries':null,'samplingRatio':null,'reason':null,'prereqOf':null,"
     "'context':null,'user':{'key':'u'}}]",
     "[{'kind':'index','creationDate':0,'context':{'key':'u'}},"
     "{'kind':'summary','startDate':0,'endDate':0,'features':{'':{'default':null,'counters':["
     "{'unknown':true,'value':null,'count':1}],'contextKinds':['user']}}}]",
     "null is as good as absent"},
    {4,
     "[" FEATURE(",'creationDate':0") "," FEATURE(",'creationDate':20") "," FEATURE(
         ",'creationDate':10") "]",
     "[{'kind':'index','creationDate':0," U "},{'kind':'summary','startDate':10,'endDate':20,"
     "'features':{'plain':{'default':'d','counters':[{'unknown':true,'value':'b','count':3}],"
     "'contextKinds':['user']}}}]",
     "a date of 0 leaves no trace"},
    {4, "[" FEATURE(",'key':'__proto__'") "," FEATURE(",'key':'a\\u0022\\u0000b'") "]",
     "[" INDEX ",{'kind':'summary','startDate':1700000000000,'endDate':1700000000000,'features':{"
     "'__proto__':{'default':'d','counters':[{'unknown':true,'value':'b','count':1}],"
     "'contextKinds':['user']},'a\\'\\u0000b':{'default':'d','counters':[{'unknown':true,"
     "'value':'b','count':1}],'contextKinds':['user']}}}]",
     "any string is a flag key"},
    {4,
     "[{'kind':'featur\\u0065','key':'\\u0070lain'," AT U ",'value':'b','default':'d',"
     "'version':7,'variation':1}]",
     "[" INDEX "," SUMMARY "]", "escapes mean what they mean"},
    {4, "[{'kind':'x','kind':'identify'," AT U "}]", "[{'kind':'identify'," AT U "}]",
     "of a repeated property the last one counts"},
    {4,
     "[" FEATURE(",'version':7,'variation':1") "," FEATURE(
         ",'version':7,'variation':1,'context':{'"
         "kind':'org','key':'o'}") "," FEATURE(",'version':7,'variation':1,'context':{'kind':'"
                                               "multi','user':{'key':'u'},"
                                               "'device':{'key':'d'}}") "]",
     "[" INDEX ",{'kind':'index'," AT "'context':{'kind':'org','key':'o'}},{'kind':'index'," AT
     "'context':{'kind':'multi','user':{'key':'u'},'device':{'key':'d'}}},"
     "{'kind':'summary','startDate':1700000000000,'endDate':1700000000000,'features':{'plain':"
     "{'default':'d','counters':[{'variation':1,'version':7,'value':'b','count':3}],"
     "'contextKinds':['user','org','device']}}}]",
     "kinds of all contexts, each once"},
    {4,
     "[{'kind':'custom'," AT "'key':'k','context':{'kind':'multi','user':{'key':'u'}}},"
     "{'kind':'custom'," AT "'key':'k'," U "}]",
     "[{'kind':'index'," AT "'context':{'kind':'multi','user':{'key':'u'}}},{'kind':'custom'," AT
     "'key':'k','contextKeys':{'user':'u'}},{'kind':'custom'," AT
     "'key':'k','contextKeys':{'user':'u'}}]",
     "one kind is the same as that context alone"},
    {4,
     "[{'kind':'custom'," AT "'key':'k','context':{'kind':'org','key':'a:b%'}},"
     "{'kind':'custom'," AT "'key':'k','user':{'key':'org:a%3Ab%25'}},"
     "{'kind':'custom'," AT "'key':'k','context':{'kind':'org','key':'a%3Ab%25'}}]",
     "[{'kind':'index'," AT "'context':{'kind':'org','key':'a:b%'}},{'kind':'custom'," AT
     "'key':'k','contextKeys':{'org':'a:b%'}},{'kind':'custom'," AT
     "'key':'k','contextKeys':{'user':'org:a%3Ab%25'}},{'kind':'index'," AT
     "'context':{'kind':'org','key':'a%3Ab%25'}},{'kind':'custom'," AT
     "'key':'k','contextKeys':{'org':'a%3Ab%25'}}]",
     "fully qualified keys: a user whose key looks like another kind's is the same (7.1)"},
    {4, "[]", "", "nothing gives nothing"},
};

static void posts_become_bodies(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct summarizer_bench b;
        bench_open(&b, 1000);
        b.moment.schema = rows[i].schema;
        bench_post(&b, rows[i].post);
        bench_flush_is(&b, rows[i].body, rows[i].why);
        bench_flush_is(&b, "", rows[i].why);
        bench_close(&b);
    }
}

static const struct {
    const char *reason;
    const char *written;
    const char *why;
} reasons[] = {
    {"{'kind':'OFF'}", ",'reason':{'kind':'OFF'}", "kind alone"},
    {"{'kind':'NEW_KIND','x':1e999}", ",'reason':{'kind':'NEW_KIND'}",
     "unknown kinds pass, unknown properties do not"},
    {"{}", "", "without kind there is none"},
    {"{'kind':'','ruleIndex':1}", "", "an empty kind is none"},
    {"{'kind':null}", "", "null is absent"},
    {"{'kind':'FALLTHROUGH','ruleIndex':0,'ruleId':''}",
     ",'reason':{'kind':'FALLTHROUGH','ruleIndex':0}", "ruleIndex stays with any kind"},
    {"{'kind':'RULE_MATCH','ruleId':'r'}", ",'reason':{'kind':'RULE_MATCH'}",
     "ruleId needs ruleIndex"},
    {"{'kind':'RULE_MATCH','ruleIndex':2.0,'ruleId':'r','inExperiment':false}",
     ",'reason':{'kind':'RULE_MATCH','ruleIndex':2,'ruleId':'r'}", "inExperiment only when true"},
    {"{'kind':'PREREQUISITE_FAILED','prerequisiteKey':'p','errorKind':'X'}",
     ",'reason':{'kind':'PREREQUISITE_FAILED','prerequisiteKey':'p'}", "prerequisiteKey"},
    {"{'kind':'ERROR','prerequisiteKey':'p','errorKind':'MALFORMED_FLAG'}",
     ",'reason':{'kind':'ERROR','errorKind':'MALFORMED_FLAG'}", "errorKind"},
    {"{'kind':'OFF','bigSegmentsStatus':'STALE'}",
     ",'reason':{'kind':'OFF','bigSegmentsStatus':'STALE'}", "bigSegmentsStatus"},
    {"{'kind':'OFF','bigSegmentsStatus':''}", ",'reason':{'kind':'OFF'}", "an empty one is none"},
};

static void reasons_keep_what_is_defined(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
        struct summarizer_bench b;
        struct str post = {0};
        struct str body = {0};
        bench_open(&b, 0);
        str_append_format(&post,
                          "[{'kind':'feature'," AT "'key':'plain'," U
                          ",'value':'b','default':'d','version':7,'variation':1,"
                          "'excludeFromSummaries':true,'trackEvents':true,'reason':%s}]",
                          reasons[i].reason);
        str_append_format(&body,
                          "[" INDEX ",{'kind':'feature'," AT "'key':'plain','version':7," U
                          ",'variation':1,'value':'b','default':'d'%s}]",
                          reasons[i].written);
        bench_post(&b, str_text(&post));
        bench_flush_is(&b, str_text(&body), reasons[i].why);
        bench_close(&b);
        str_free(&body);
        str_free(&post);
    }
}

static const struct {
    const char *value;
    int variation; /* -1: none */
} inferred[] = {
    {"null", 0},
    {"1", 1},
    {"1.0", 1},
    {"10e-1", 1},
    {"'1'", 2},
    {"'\\u0031'", 2},
    {"[1,{'b':[2.0],'a':1}]", 3},
    {"[1,{'a':7,'b':[2],'a':1}]", 3},
    {"{'y':0,'x':{}}", 4},
    {"false", 5},
    {"[]", 7},
    {"{}", 8},
    {"true", -1},
    {"2", -1},
    {"''", -1},
    {"[1]", -1},
    {"[1,{'a':1,'b':[3]}]", -1},
    {"{'y':0}", -1},
    {"{'y':0,'x':{},'z':0}", -1},
    {"{'y':0,'x':null}", -1},
};

/* Checklist 43; numbers as f64, members in any order (17). */
static void schema_1_values_are_compared_as_json(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(inferred); i++) {
        struct summarizer_bench b;
        struct str post = {0};
        struct str body = {0};
        bench_open(&b, 0);
        b.moment.schema = 1;
        str_append_format(&post,
                          "[{'kind':'feature'," AT "'key':'values'," U
                          ",'value':%s,'default':'d','version':7}]",
                          inferred[i].value);
        str_append_text(&body, "[" INDEX ",{'kind':'summary','startDate':1700000000000,"
                               "'endDate':1700000000000,'features':{'values':{'default':'d',"
                               "'counters':[{");
        if (inferred[i].variation >= 0)
            str_append_format(&body, "'variation':%d,", inferred[i].variation);
        str_append_format(&body, "'version':7,'value':%s,'count':1}],'contextKinds':['user']}}}]",
                          inferred[i].value);
        bench_post(&b, str_text(&post));
        bench_flush_is(&b, str_text(&body), inferred[i].value);
        bench_close(&b);
        str_free(&body);
        str_free(&post);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(posts_become_bodies),
        cmocka_unit_test(reasons_keep_what_is_defined),
        cmocka_unit_test(schema_1_values_are_compared_as_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
