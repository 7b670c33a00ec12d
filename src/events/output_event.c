/* events/output_event.c - see output_event.h. */
#include "events/output_event.h"

#include "base/json_writer.h"
#include "events/input_reason.h"

static void head_write(struct str *out, const char *kind, const struct input_event *e)
{
    str_append_format(out, "{\"kind\":\"%s\",\"creationDate\":%lld", kind,
                      (long long)e->creation_ms);
}

static void raw_write(struct str *out, const char *name, struct view json)
{
    str_append_format(out, ",\"%s\":", name);
    str_append(out, json);
}

static void dense_write(struct str *out, const char *name, struct view json)
{
    str_append_format(out, ",\"%s\":", name);
    json_write_dense(out, json);
}

static void int_write(struct str *out, const char *name, struct input_int number)
{
    if (number.defined)
        str_append_format(out, ",\"%s\":%lld", name, (long long)number.value);
}

static void sampling_ratio_write(struct str *out, const struct input_event *e)
{
    if (e->sampling_ratio.value != 1)
        int_write(out, "samplingRatio", e->sampling_ratio);
}

/* index and identify */
static void context_event_write(struct str *out, const char *kind, const struct input_event *e)
{
    head_write(out, kind, e);
    raw_write(out, "context", e->context_text);
}

void output_index(const struct input_event *e, struct str *out)
{
    context_event_write(out, "index", e);
    str_append_char(out, '}');
}

void output_identify(const struct input_event *e, struct str *out)
{
    context_event_write(out, "identify", e);
    sampling_ratio_write(out, e);
    str_append_char(out, '}');
}

static void context_keys_write(struct str *out, const struct context *c)
{
    str_append_text(out, ",\"contextKeys\":{");
    for (size_t i = 0; i < context_kind_count(c); i++) {
        if (i > 0)
            str_append_char(out, ',');
        json_write_string(out, context_kind_at(c, i));
        str_append_char(out, ':');
        json_write_string(out, context_key_at(c, i));
    }
    str_append_char(out, '}');
}

void output_custom(const struct input_event *e, struct str *out)
{
    head_write(out, "custom", e);
    raw_write(out, "key", e->key);
    if (e->data.len != 0)
        dense_write(out, "data", e->data);
    context_keys_write(out, e->context);
    if (e->has_metric) {
        str_append_text(out, ",\"metricValue\":");
        json_write_number(out, e->metric);
    }
    sampling_ratio_write(out, e);
    if (e->url.len != 0)
        raw_write(out, "url", e->url);
    str_append_char(out, '}');
}

void output_feature(const struct input_event *e, const char *kind, struct input_int variation,
                    struct str *out)
{
    head_write(out, kind, e);
    raw_write(out, "key", e->key);
    int_write(out, "version", e->version);
    raw_write(out, "context", e->context_text);
    int_write(out, "variation", variation);
    dense_write(out, "value", e->value);
    dense_write(out, "default", e->default_value);
    if (e->prerequisite_of.len != 0)
        raw_write(out, "prereqOf", e->prerequisite_of);
    if (e->reason.defined) {
        str_append_text(out, ",\"reason\":");
        input_reason_write(&e->reason, out);
    }
    sampling_ratio_write(out, e);
    str_append_char(out, '}');
}
