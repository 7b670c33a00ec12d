/* events/summary_read.c - see summary_read.h.
 *
 *   {"kind":"summary","startDate":..,"features":{"flag":{"counters":[{..}, ..], ..}, ..}, ..}
 *    '- event_read()                             '- flag_read()     '- counter_read()
 *
 * Numbers are taken only as plain integers, texts only when they decode to themselves: everything
 * else could come out as something else.
 */
#include "events/summary_read.h"

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "base/utf8.h"

/* Nobody is told why an event is none: one text for all. */
static void refuse(struct json_reader *r)
{
    json_fail(r, "not a summary event");
}

static void refuse_unless(struct json_reader *r, bool ok)
{
    if (!ok)
        refuse(r);
}

/* Something that is not Unicode decodes to the replacement character, as many other texts do. */
static void text_check(struct json_reader *r, struct view text)
{
    refuse_unless(r, text.len == 0 || memmem(text.data, text.len, UTF8_REPLACEMENT,
                                             strlen(UTF8_REPLACEMENT)) == NULL);
}

/* A member stands there once. */
static void once(struct json_reader *r, bool *seen)
{
    refuse_unless(r, !*seen);
    *seen = true;
}

/* Digits, perhaps with a sign, of at most 2^53 either way; "-0" is another number than 0. */
static bool integer_parse(struct view text, int64_t *out)
{
    bool negative = text.len > 0 && text.data[0] == '-';
    struct view digits = view_from(text, negative);
    int64_t value = 0;
    if (digits.len == 0 || digits.len > 16)
        return false;
    for (size_t i = 0; i < digits.len; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return false;
        value = value * 10 + (digits.data[i] - '0');
    }
    *out = negative ? -value : value;
    return value <= (int64_t)SUMMARY_COUNT_MOST && (value != 0 || !negative);
}

static void integer_read(struct json_reader *r, struct input_int *out)
{
    once(r, &out->defined);
    refuse_unless(r, integer_parse(json_read_raw(r), &out->value));
}

/* Any value, once. */
static void value_read(struct json_reader *r, struct view *out)
{
    refuse_unless(r, out->len == 0);
    *out = json_read_raw(r);
}

static void true_read(struct json_reader *r, bool *out)
{
    once(r, out);
    refuse_unless(r, json_read_bool(r));
}

/* What is the next value of an object or array for? */
struct reading {
    struct json_reader r;
    struct summary *out;
    struct str *more;
    struct str text; /* scratch */
};

static void counter_read(struct reading *in, struct summary_flag *f)
{
    struct json_reader *r = &in->r;
    struct summary_count c = {0};
    struct input_int count = {0};
    bool unknown = false;
    struct view name;
    for (json_object_begin(r); json_object_next(r, &name);) {
        if (view_is(name, "variation"))
            integer_read(r, &c.variation);
        else if (view_is(name, "version"))
            integer_read(r, &c.version);
        else if (view_is(name, "unknown"))
            true_read(r, &unknown);
        else if (view_is(name, "value"))
            value_read(r, &c.value);
        else if (view_is(name, "count"))
            integer_read(r, &count);
        else
            refuse(r);
    }
    refuse_unless(r, count.value > 0 && unknown != c.version.defined);
    c.count = (uint64_t)count.value;
    if (!json_failed(r))
        refuse_unless(r, summary_count_add(in->out, f, &c));
}

static void counters_read(struct reading *in, struct summary_flag *f)
{
    struct json_reader *r = &in->r;
    bool any = false;
    for (json_array_begin(r); json_array_next(r); any = true)
        counter_read(in, f);
    refuse_unless(r, any);
}

static void kinds_read(struct reading *in, struct summary_flag *f)
{
    struct json_reader *r = &in->r;
    summary_kinds_begin(f);
    for (json_array_begin(r); json_array_next(r);) {
        str_clear(&in->text);
        json_read_string(r, &in->text);
        text_check(r, str_view(&in->text));
        if (!json_failed(r))
            summary_kind_add(in->out, f, str_view(&in->text));
    }
}

/* `name` is its key. */
static void flag_read(struct reading *in, struct view name)
{
    struct json_reader *r = &in->r;
    struct view default_value = {0};
    bool counters = false;
    bool kinds = false;
    text_check(r, name);
    struct summary_flag *f = summary_flag_add(in->out, name);
    refuse_unless(r, f != NULL);
    for (json_object_begin(r); json_object_next(r, &name);) {
        if (view_is(name, "default")) {
            value_read(r, &default_value);
        } else if (view_is(name, "counters")) {
            once(r, &counters);
            counters_read(in, f);
        } else if (view_is(name, "contextKinds")) {
            once(r, &kinds);
            kinds_read(in, f);
        } else {
            refuse(r);
        }
    }
    refuse_unless(r, counters);
    if (!json_failed(r) && default_value.len > 0)
        summary_default_set(in->out, f, default_value);
}

static void features_read(struct reading *in, bool *seen)
{
    struct view name;
    once(&in->r, seen);
    for (json_object_begin(&in->r); json_object_next(&in->r, &name);)
        flag_read(in, name);
}

static void kind_read(struct reading *in, bool *seen)
{
    once(&in->r, seen);
    str_clear(&in->text);
    json_read_string(&in->r, &in->text);
    refuse_unless(&in->r, view_is(str_view(&in->text), "summary"));
}

/* Any other member, kept as it is. */
static void other_read(struct reading *in, struct view name)
{
    text_check(&in->r, name);
    str_append_char(in->more, ',');
    json_write_string(in->more, name);
    str_append_char(in->more, ':');
    json_write_dense(in->more, json_read_raw(&in->r));
}

static void event_read(struct reading *in)
{
    struct json_reader *r = &in->r;
    struct input_int start = {0};
    struct input_int end = {0};
    bool kind = false;
    bool features = false;
    struct view name;
    for (json_object_begin(r); json_object_next(r, &name);) {
        if (view_is(name, "startDate"))
            integer_read(r, &start);
        else if (view_is(name, "endDate"))
            integer_read(r, &end);
        else if (view_is(name, "kind"))
            kind_read(in, &kind);
        else if (view_is(name, "features"))
            features_read(in, &features);
        else
            other_read(in, name);
    }
    json_expect_end(r);
    refuse_unless(r, kind && features && start.defined && end.defined);
    refuse_unless(r, start.value >= 0 && end.value >= 0);
    in->out->start_ms = start.value;
    in->out->end_ms = end.value;
}

bool summary_read(struct view event, struct summary *out, struct str *more)
{
    struct reading in = {.out = out, .more = more};
    json_reader_init(&in.r, event);
    in.r.far_numbers = true; /* values are not looked at */
    event_read(&in);
    bool ok = !json_failed(&in.r);
    json_reader_done(&in.r);
    str_free(&in.text);
    return ok;
}
