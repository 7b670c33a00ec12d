/* flags/model_segment_write.c - the canonical text of a segment (evaluation.md 2.4). */
#include "flags/model_write.h"

static void contexts_write(struct str *out, bool *first, const void *item)
{
    const struct model_target *target = item;
    model_write_text_if_any(out, first, "contextKind", target->context_kind);
    model_write_texts(out, first, "values", &target->values);
}

static void segment_rule_write(struct str *out, bool *first, const void *item)
{
    const struct model_segment_rule *rule = item;
    json_write_member_text(out, first, "id", rule->id);
    model_write_clauses(out, first, &rule->clauses);
    model_write_optional(out, first, "weight", &rule->weight);
    model_write_text_if_any(out, first, "bucketBy", rule->bucket_by);
    model_write_text_if_any(out, first, "rolloutContextKind", rule->rollout_context_kind);
}

void model_segment_write(const struct model_segment *segment, struct str *out)
{
    bool first = true;
    str_append_char(out, '{');
    json_write_member_text(out, &first, "key", segment->key);
    model_write_texts(out, &first, "included", &segment->included);
    model_write_texts(out, &first, "excluded", &segment->excluded);
    model_write_objects(out, &first, "includedContexts", &segment->included_contexts,
                        sizeof(struct model_target), contexts_write);
    model_write_objects(out, &first, "excludedContexts", &segment->excluded_contexts,
                        sizeof(struct model_target), contexts_write);
    json_write_member_text(out, &first, "salt", segment->salt);
    model_write_objects(out, &first, "rules", &segment->rules, sizeof(struct model_segment_rule),
                        segment_rule_write);
    model_write_bool_if_true(out, &first, "unbounded", segment->unbounded);
    model_write_text_if_any(out, &first, "unboundedContextKind", segment->unbounded_context_kind);
    json_write_member_int(out, &first, "version", segment->version);
    model_write_int_or_null(out, &first, "generation", &segment->generation);
    json_write_member_bool(out, &first, "deleted", segment->deleted);
    str_append_char(out, '}');
}
