/* events/input_reason.c - see input_reason.h. */
#include "events/input_reason.h"

#include "base/json_writer.h"

static void kind_read(struct input_value *v, struct input_reason *out)
{
    out->kind = input_value_string(v);
}

static void rule_index_read(struct input_value *v, struct input_reason *out)
{
    out->rule_index = input_value_int(v);
}

static void rule_id_read(struct input_value *v, struct input_reason *out)
{
    out->rule_id = input_value_string(v);
}

static void in_experiment_read(struct input_value *v, struct input_reason *out)
{
    out->in_experiment = input_value_bool(v);
}

static void prerequisite_key_read(struct input_value *v, struct input_reason *out)
{
    out->prerequisite_key = input_value_string(v);
}

static void error_kind_read(struct input_value *v, struct input_reason *out)
{
    out->error_kind = input_value_string(v);
}

static void big_segments_status_read(struct input_value *v, struct input_reason *out)
{
    out->big_segments_status = input_value_string(v);
}

static const struct {
    const char *name;
    const char *problem_name;
    void (*read)(struct input_value *v, struct input_reason *out);
} properties[] = {
    {"kind", "reason.kind", kind_read},
    {"ruleIndex", "reason.ruleIndex", rule_index_read},
    {"ruleId", "reason.ruleId", rule_id_read},
    {"inExperiment", "reason.inExperiment", in_experiment_read},
    {"prerequisiteKey", "reason.prerequisiteKey", prerequisite_key_read},
    {"errorKind", "reason.errorKind", error_kind_read},
    {"bigSegmentsStatus", "reason.bigSegmentsStatus", big_segments_status_read},
};

/* Null is as good as absent. */
static void property_read(struct input_value *outer, struct view name, struct view value,
                          struct input_reason *out)
{
    size_t at = 0;
    while (at < ARRAY_LEN(properties) && !view_is(name, properties[at].name))
        at++;
    if (at == ARRAY_LEN(properties) || view_is(value, "null"))
        return;
    struct input_value v = input_value_of(properties[at].problem_name, value);
    properties[at].read(&v, out);
    if (v.problem != NULL && outer->problem == NULL) {
        outer->name = v.name;
        outer->problem = v.problem;
    }
}

static bool is_empty(struct view json)
{
    return json.len == 0 || view_is(json, "\"\"");
}

void input_reason_read(struct input_value *v, struct input_reason *out)
{
    struct json_reader r;
    struct view name;
    json_reader_init(&r, v->text);
    r.far_numbers = true; /* in what nobody looks at */
    for (json_object_begin(&r); json_object_next(&r, &name);)
        property_read(v, name, json_read_raw(&r), out);
    if (json_failed(&r))
        input_value_fail(v, r.problem);
    json_reader_done(&r);
    out->defined = !is_empty(out->kind);
}

static void string_write(struct str *out, const char *name, struct view json)
{
    str_append_format(out, ",\"%s\":", name);
    str_append(out, json);
}

void input_reason_write(const struct input_reason *reason, struct str *out)
{
    str_append_text(out, "{\"kind\":");
    str_append(out, reason->kind);
    if (reason->rule_index.defined) {
        str_append_text(out, ",\"ruleIndex\":");
        str_append_int(out, reason->rule_index.value);
        if (!is_empty(reason->rule_id))
            string_write(out, "ruleId", reason->rule_id);
    }
    if (reason->in_experiment)
        str_append_text(out, ",\"inExperiment\":true");
    if (reason->prerequisite_key.len != 0 && input_text_is(reason->kind, "PREREQUISITE_FAILED"))
        string_write(out, "prerequisiteKey", reason->prerequisite_key);
    if (reason->error_kind.len != 0 && input_text_is(reason->kind, "ERROR"))
        string_write(out, "errorKind", reason->error_kind);
    if (!is_empty(reason->big_segments_status))
        string_write(out, "bigSegmentsStatus", reason->big_segments_status);
    str_append_char(out, '}');
}
