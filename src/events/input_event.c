/* events/input_event.c - see input_event.h.
 *
 *   {"kind":...,"key":...} --one pass--> the raw text of each property --by kind--> what it means
 *
 * The kind may stand at the end and decides what is looked at; of a repeated property the last one
 * counts.
 */
#include "events/input_event.h"

#include "events/input_reason.h"
#include "events/input_value.h"

enum property {
    KIND,
    CREATION_DATE,
    KEY,
    CONTEXT,
    USER,
    VERSION,
    VARIATION,
    VALUE,
    DEFAULT,
    TRACK_EVENTS,
    DEBUG_UNTIL,
    EXCLUDE,
    SAMPLING_RATIO,
    REASON,
    PREREQUISITE_OF,
    DATA,
    METRIC,
    URL,
    PROPERTY_COUNT
};

/* The kinds that look at a property. */
#define FEATURE (1U << INPUT_FEATURE)
#define CUSTOM (1U << INPUT_CUSTOM)
#define ALL (FEATURE | CUSTOM | 1U << INPUT_IDENTIFY)

/* Each gets a value that is there and not null, and fails by input_value_fail(). */
static void creation_date_read(struct input_value *v, struct input_event *e)
{
    e->creation_ms = input_value_date(v);
}

static void key_read(struct input_value *v, struct input_event *e)
{
    e->key = input_value_string(v);
}

static void version_read(struct input_value *v, struct input_event *e)
{
    e->version = input_value_int(v);
}

static void variation_read(struct input_value *v, struct input_event *e)
{
    e->variation = input_value_int(v);
}

static void value_read(struct input_value *v, struct input_event *e)
{
    e->value = v->text;
}

static void default_read(struct input_value *v, struct input_event *e)
{
    e->default_value = v->text;
}

static void track_events_read(struct input_value *v, struct input_event *e)
{
    e->track_events = (struct input_bool){.defined = true, .value = input_value_bool(v)};
}

static void debug_until_read(struct input_value *v, struct input_event *e)
{
    e->debug_until_ms = input_value_date(v);
}

static void exclude_read(struct input_value *v, struct input_event *e)
{
    e->exclude_from_summaries = input_value_bool(v);
}

/* Only feature events are known to have one: elsewhere it is kept when it can be. */
static void sampling_ratio_read(struct input_value *v, struct input_event *e)
{
    if (e->kind == INPUT_FEATURE || input_value_type(v) == JSON_NUMBER)
        e->sampling_ratio = input_value_int(v);
}

static void reason_read(struct input_value *v, struct input_event *e)
{
    input_reason_read(v, &e->reason);
}

static void prerequisite_of_read(struct input_value *v, struct input_event *e)
{
    e->prerequisite_of = input_value_type(v) == JSON_STRING ? v->text : view_make("", 0);
}

static void data_read(struct input_value *v, struct input_event *e)
{
    e->data = v->text;
}

static void metric_read(struct input_value *v, struct input_event *e)
{
    e->has_metric = true;
    e->metric = input_value_number(v);
}

static void url_read(struct input_value *v, struct input_event *e)
{
    e->url = input_value_type(v) == JSON_STRING ? v->text : view_make("", 0);
}

/* Without `read` the property is handled apart. */
static const struct {
    struct view name;
    unsigned kinds;
    void (*read)(struct input_value *v, struct input_event *e);
} properties[PROPERTY_COUNT] = {
    [KIND] = {{"kind", 4}, ALL, NULL},
    [CREATION_DATE] = {{"creationDate", 12}, ALL, creation_date_read},
    [KEY] = {{"key", 3}, FEATURE | CUSTOM, key_read},
    [CONTEXT] = {{"context", 7}, ALL, NULL},
    [USER] = {{"user", 4}, ALL, NULL},
    [VERSION] = {{"version", 7}, FEATURE, version_read},
    [VARIATION] = {{"variation", 9}, FEATURE, variation_read},
    [VALUE] = {{"value", 5}, FEATURE, value_read},
    [DEFAULT] = {{"default", 7}, FEATURE, default_read},
    [TRACK_EVENTS] = {{"trackEvents", 11}, FEATURE, track_events_read},
    [DEBUG_UNTIL] = {{"debugEventsUntilDate", 20}, FEATURE, debug_until_read},
    [EXCLUDE] = {{"excludeFromSummaries", 20}, FEATURE, exclude_read},
    [SAMPLING_RATIO] = {{"samplingRatio", 13}, ALL, sampling_ratio_read},
    [REASON] = {{"reason", 6}, FEATURE, reason_read},
    [PREREQUISITE_OF] = {{"prereqOf", 8}, FEATURE, prerequisite_of_read},
    [DATA] = {{"data", 4}, CUSTOM, data_read},
    [METRIC] = {{"metricValue", 11}, CUSTOM, metric_read},
    [URL] = {{"url", 3}, CUSTOM, url_read},
};

static enum property property_find(struct view name)
{
    size_t at = 0;
    while (at < PROPERTY_COUNT && !view_equal(properties[at].name, name))
        at++;
    return (enum property)at;
}

/* The raw text of each known property; empty when it is not there, or null. */
static bool raw_read(struct view text, struct view raw[static PROPERTY_COUNT], struct error *err)
{
    struct json_reader r;
    struct view name;
    json_reader_init(&r, text);
    r.far_numbers = true; /* those that nobody looks at pass */
    bool is_null = json_read_null(&r);
    if (!is_null)
        json_object_begin(&r);
    while (!is_null && json_object_next(&r, &name)) {
        enum property at = property_find(name);
        bool absent = json_peek(&r) == JSON_NULL;
        struct view value = json_read_raw(&r);
        if (at != PROPERTY_COUNT)
            raw[at] = absent ? view_make("", 0) : value;
    }
    json_expect_end(&r);
    if (is_null)
        json_fail(&r, "invalid event data");
    bool ok = !json_failed(&r);
    if (!ok)
        error_set(err, "%s", r.problem);
    json_reader_done(&r);
    return ok;
}

static bool kind_read(struct view raw, enum input_kind *out, struct error *err)
{
    static const char *const names[] = {
        [INPUT_FEATURE] = "feature",
        [INPUT_CUSTOM] = "custom",
        [INPUT_IDENTIFY] = "identify",
    };
    if (raw.len == 0 || input_text_is(raw, "")) {
        error_set(err, "invalid event data");
        return false;
    }
    struct input_value v = input_value_of("kind", raw);
    (void)input_value_string(&v);
    size_t at = 0;
    while (at < ARRAY_LEN(names) && !input_text_is(raw, names[at]))
        at++;
    *out = (enum input_kind)at;
    return input_value_ok(&v, err);
}

static bool context_read(const struct view raw[static PROPERTY_COUNT], struct input_event *e,
                         struct error *err)
{
    enum property at = raw[CONTEXT].len != 0 ? CONTEXT : USER;
    if (raw[at].len == 0) {
        error_set(err, "received an event with no user or context property");
        return false;
    }
    e->context_text = raw[at];
    e->context = context_parse_keys(raw[at], err);
    return e->context != NULL;
}

/* All that this kind looks at. */
static bool properties_read(const struct view raw[static PROPERTY_COUNT], struct input_event *e,
                            struct error *err)
{
    for (size_t i = 0; i < PROPERTY_COUNT; i++) {
        if (raw[i].len == 0 || properties[i].read == NULL ||
            (properties[i].kinds >> e->kind & 1) == 0)
            continue;
        struct input_value v = input_value_of(properties[i].name.data, raw[i]);
        properties[i].read(&v, e);
        if (!input_value_ok(&v, err))
            return false;
    }
    return true;
}

bool input_event_parse(struct view text, struct input_event *out, struct error *err)
{
    struct view raw[PROPERTY_COUNT] = {0};
    *out = (struct input_event){
        .text = text,
        .key = VIEW_LITERAL("\"\""),
        .value = VIEW_LITERAL("null"),
        .default_value = VIEW_LITERAL("null"),
    };
    if (!raw_read(text, raw, err) || !kind_read(raw[KIND], &out->kind, err))
        return false;
    if (out->kind == INPUT_OTHER)
        return true;
    return properties_read(raw, out, err) && context_read(raw, out, err);
}

void input_event_done(struct input_event *e)
{
    context_free(e->context);
    e->context = NULL;
}
