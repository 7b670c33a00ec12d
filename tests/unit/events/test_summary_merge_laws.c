/* Whatever is merged in whatever groups, what is said stays the same: events.md 10.5. With random
 * summaries, with those of real SDKs, and with very large ones. */
#include "events/summary_merge.h"

#include "summarizer_bench.h"
#include "summary_tally.h"

/* The same numbers each time. */
struct dice {
    uint64_t state;
};

/* 0 to sides - 1. */
static unsigned roll(struct dice *d, unsigned sides)
{
    d->state = d->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(d->state >> 33) % sides;
}

static const char *pick(struct dice *d, const char *const *texts, unsigned count)
{
    return texts[roll(d, count)];
}

#define PICK(d, ...)                                                                               \
    pick(d, (const char *const[]){__VA_ARGS__},                                                    \
         (unsigned)ARRAY_LEN(((const char *const[]){__VA_ARGS__})))

/* Mostly the same values and defaults, as of real flags; now and then another one. */
static void counter_append(struct dice *d, struct str *out)
{
    str_append_text(out, "{");
    str_append_text(out, PICK(d, "'variation':0,", "'variation':1,", "'variation': 2 ,", ""));
    str_append_text(out, PICK(d, "'version':7,", "'version':8,", "'unknown':true,"));
    if (roll(d, 16) == 0)
        str_append_text(out, PICK(d, "'value':'w',", "'value':[1,{}],", "'value':null,"));
    else
        str_append_text(out, PICK(d, "'value':[1,{ }],", "'value' : [ 1, {}],"));
    str_append_text(out, "'count':");
    str_append_text(out, roll(d, 64) == 0 ? "9007199254740000}"
                                          : PICK(d, "1}", "2}", "3}", "1234}", "0 }"));
}

static void flag_append(struct dice *d, struct str *out, unsigned number)
{
    str_append_text(out, PICK(d, "'flag-", "'fl\\u0061g-"));
    str_append_format(out, "%u' :{", number);
    if (roll(d, 16) == 0)
        str_append_text(out, PICK(d, "", "'default':1,"));
    else
        str_append_text(out, "'default':null,");
    str_append_text(out, PICK(d, "", "'contextKinds':['user'],", "'contextKinds':['org','user'],",
                              "'contextKinds':[],"));
    str_append_text(out, "'counters':[");
    for (unsigned left = 1 + roll(d, 3); left > 0; left--) {
        counter_append(d, out);
        str_append_text(out, left > 1 ? "," : "]}");
    }
}

static char *summary_random(struct dice *d)
{
    struct str text = {0};
    unsigned start = roll(d, 100000);
    str_append_format(&text, "{'kind':'summary','startDate':%u,'endDate':%u,'features':{", start,
                      start + roll(d, 100));
    bool first = true;
    for (unsigned i = 0; i < 6; i++) {
        if (roll(d, 2) == 0)
            continue;
        if (!first)
            str_append_char(&text, ',');
        flag_append(d, &text, i);
        first = false;
    }
    str_append_char(&text, '}');
    str_append_text(&text, PICK(d, "}", ",'context':{'key':'a'}}", ",'context':{'key': 'b'} }"));
    char *json = bench_json(str_text(&text));
    str_free(&text);
    return json;
}

/* A merge, and what was said to it. */
struct pot {
    struct summary_merge *m;
    struct tally tally;
};

static void pot_open(struct pot *p)
{
    *p = (struct pot){.m = summary_merge_new()};
}

static void pot_close(struct pot *p)
{
    tally_free(&p->tally);
    summary_merge_free(p->m);
}

static bool pot_add(struct pot *p, struct view event)
{
    bool added = summary_merge_add(p->m, event);
    if (added)
        tally_add(&p->tally, TALLY_BEFORE, event);
    return added;
}

static void pot_write(const struct pot *p, struct str *body)
{
    str_append_char(body, '[');
    (void)summary_merge_write(p->m, body);
    str_append_char(body, ']');
}

/* What comes out says what went in, and goes into `next`. */
static void pot_pour(struct pot *from, struct pot *next)
{
    struct str body = {0};
    struct event_array events;
    struct error err;
    pot_write(from, &body);
    assert_true(event_array_split(str_view(&body), &events, &err));
    for (size_t i = 0; i < events.count; i++) {
        tally_add(&from->tally, TALLY_AFTER, events.each[i]);
        if (!pot_add(next, events.each[i]))
            fail_msg("refused: %.*s", VIEW_ARGS(events.each[i]));
    }
    if (!tally_balanced(&from->tally))
        fail_msg("not what went in: %s", str_text(&body));
    event_array_free(&events);
    str_free(&body);
}

static void pot_is(const struct pot *p, const struct pot *same)
{
    struct str one = {0};
    struct str other = {0};
    pot_write(p, &one);
    pot_write(same, &other);
    assert_string_equal(str_text(&one), str_text(&other));
    str_free(&one);
    str_free(&other);
}

/* Five times forty summaries are merged, and what comes out of those with what is in the sixth. */
static unsigned merge_groups(struct dice *d)
{
    struct pot all;
    unsigned taken = 0;
    pot_open(&all);
    for (int group = 0; group < 5; group++) {
        struct pot pot;
        struct pot again;
        pot_open(&pot);
        pot_open(&again);
        for (int i = 0; i < 40; i++) {
            char *event = summary_random(d);
            taken += pot_add(roll(d, 8) == 0 ? &all : &pot, view_of(event));
            mem_free(event);
        }
        pot_pour(&pot, &again);
        pot_is(&again, &pot);
        pot_pour(&again, &all);
        pot_close(&again);
        pot_close(&pot);
    }
    struct pot again;
    pot_open(&again);
    pot_pour(&all, &again);
    pot_close(&again);
    pot_close(&all);
    return taken;
}

static void what_is_said_stays_the_same(void **state)
{
    (void)state;
    struct dice d = {.state = 20};
    unsigned taken = 0;
    for (int i = 0; i < 50; i++)
        taken += merge_groups(&d);
    assert_in_range(taken, 1000, 9000); /* of 10000: many of both */
}

/* What SDKs sent for a few evaluations; each is merged with itself. */
static const struct {
    const char *sdk;
    const char *event;
    const char *twice;
} real[] = {
    {"node-server-sdk",
     "{'startDate':1795641192498,'endDate':1795641192508,'features':{'plain':{'default':'default',"
     "'counters':[{'value':'a','count':4,'variation':0,'version':1}],'contextKinds':['user','org']}"
     ",'unknown':{'default':'default','counters':[{'value':'default','count':4,'unknown':true}],"
     "'contextKinds':['user','org']}},'kind':'summary'}",
     "{'kind':'summary','startDate':1795641192498,'endDate':1795641192508,'features':{'plain':"
     "{'default':'default','counters':[{'variation':0,'version':1,'value':'a','count':8}],"
     "'contextKinds':['user','org']},'unknown':{'default':'default','counters':[{'unknown':true,"
     "'value':'default','count':8}],'contextKinds':['user','org']}}}"},
    {"launchdarkly-js-client-sdk 2",
     "{'startDate':1795641189583,'endDate':1795641189583,'features':{'debugged':{'default':null,"
     "'counters':[{'value':'a','count':1,'variation':0,'version':2}]},'unknown':{'default':"
     "'default','counters':[{'value':'default','count':2,'unknown':true}]}},'kind':'summary'}",
     "{'kind':'summary','startDate':1795641189583,'endDate':1795641189583,'features':{'debugged':"
     "{'default':null,'counters':[{'variation':0,'version':2,'value':'a','count':2}]},'unknown':"
     "{'default':'default','counters':[{'unknown':true,'value':'default','count':4}]}}}"},
    {"js-client-sdk 4, a summary for each context",
     "{'startDate':1795641190825,'endDate':1795641190826,'features':{'tracked':{'default':"
     "'default','counters':[{'value':'a','count':2,'variation':0,'version':3}],'contextKinds':"
     "['user','org']}},'kind':'summary','context':{'kind':'multi','user':{'key':'bob'},'org':"
     "{'_meta':{'redactedAttributes':['private']},'key':'o:1'}}}",
     "{'kind':'summary','startDate':1795641190825,'endDate':1795641190826,'features':{'tracked':"
     "{'default':'default','counters':[{'variation':0,'version':3,'value':'a','count':4}],"
     "'contextKinds':['user','org']}},'context':{'kind':'multi','user':{'key':'bob'},'org':"
     "{'_meta':{'redactedAttributes':['private']},'key':'o:1'}}}"},
    {"Python",
     "{'kind':'summary','startDate':1795641193211,'endDate':1795641193212,'features':{'plain':"
     "{'default':'fallback','contextKinds':['user','org'],'counters':[{'count':3,'value':'a',"
     "'variation':0,'version':1}]}}}",
     "{'kind':'summary','startDate':1795641193211,'endDate':1795641193212,'features':{'plain':"
     "{'default':'fallback','counters':[{'variation':0,'version':1,'value':'a','count':6}],"
     "'contextKinds':['user','org']}}}"},
};

static void summaries_of_real_sdks_are_merged(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(real); i++) {
        struct summary_merge *m = summary_merge_new();
        struct str out = {0};
        char *event = bench_json(real[i].event);
        char *twice = bench_json(real[i].twice);
        bool added = true;
        for (int times = 0; times < 2; times++)
            added = summary_merge_add(m, view_of(event)) && added;
        (void)summary_merge_write(m, &out);
        if (!added || !view_is(str_view(&out), twice))
            fail_msg("%s\ngot  %s\nwant %s", real[i].sdk, str_text(&out), twice);
        mem_free(twice);
        mem_free(event);
        str_free(&out);
        summary_merge_free(m);
    }
}

#define MANY 10000

/* `each` has a place for a number; a comma comes between. */
static void many_append(struct str *out, const char *begin, const char *each, const char *end)
{
    str_append_text(out, begin);
    for (int i = 0; i < MANY; i++) {
        str_append_format(out, i > 0 ? ",%.*s%d%s" : "%.*s%d%s", (int)strcspn(each, "#"), each, i,
                          strchr(each, '#') + 1);
    }
    str_append_text(out, end);
}

static const struct {
    const char *begin;
    const char *each;
    const char *end;
} large[] = {
    {"[{'kind':'summary','startDate':5,'endDate':9,'features':{",
     "'f#':{'default':0,'counters':[{'version':1,'value':'v','count':1}],'contextKinds':['a']}",
     "}}]"},
    {"[{'kind':'summary','startDate':5,'endDate':9,'features':{'f':{'default':0,'counters':[",
     "{'version':#,'value':'v','count':1}", "],'contextKinds':['a']}}}]"},
    {"[{'kind':'summary','startDate':5,'endDate':9,'features':{'f':{'default':0,'counters':[{"
     "'version':1,'value':'v','count':1}],'contextKinds':[",
     "'k#'", "]}}}]"},
    {"[",
     "{'kind':'summary','startDate':5,'endDate':9,'features':{'f':{'default':0,'counters':[{"
     "'version':1,'value':'v','count':1}]}},'context':{'key':'u#'}}",
     "]"},
};

/* Ten thousand flags, counters, kinds or contexts; each twice. */
static void large_summaries_are_merged(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(large); i++) {
        struct pot pot;
        struct str text = {0};
        struct str out = {0};
        struct event_array events;
        struct error err;
        many_append(&text, large[i].begin, large[i].each, large[i].end);
        char *json = bench_json(str_text(&text));
        assert_true(event_array_split(view_of(json), &events, &err));
        pot_open(&pot);
        for (size_t j = 0; j < 2 * events.count; j++)
            assert_true(pot_add(&pot, events.each[j % events.count]));
        pot_write(&pot, &out);
        for (char *p = json; (p = strstr(p, "\"count\":1")) != NULL;)
            p[strlen("\"count\":")] = '2';
        assert_string_equal(str_text(&out), json);
        assert_true(summary_merge_bytes(pot.m) > MANY);
        pot_close(&pot);
        event_array_free(&events);
        mem_free(json);
        str_free(&out);
        str_free(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_said_stays_the_same),
        cmocka_unit_test(summaries_of_real_sdks_are_merged),
        cmocka_unit_test(large_summaries_are_merged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
