/* flags/model_segment.c - the JSON of a segment to its model (evaluation.md 2.3). */
#include "flags/model_reader.h"

static void contexts_read(struct model_reader *m, void *field)
{
    static const struct model_property rows[] = {
        MODEL_PROPERTY("contextKind", model_read_text, struct model_target, context_kind),
        MODEL_PROPERTY("values", model_read_texts_or_null, struct model_target, values),
    };
    static const struct model_properties contexts = MODEL_PROPERTIES(rows);
    model_read_objects(m, &contexts, sizeof(struct model_target), true, field);
}

static void segment_rules_read(struct model_reader *m, void *field)
{
    static const struct model_property rows[] = {
        MODEL_PROPERTY("id", model_read_text, struct model_segment_rule, id),
        MODEL_PROPERTY("clauses", model_read_clauses, struct model_segment_rule, clauses),
        MODEL_PROPERTY("weight", model_read_optional_or_null, struct model_segment_rule, weight),
        MODEL_PROPERTY("bucketBy", model_read_text_or_null, struct model_segment_rule, bucket_by),
        MODEL_PROPERTY("rolloutContextKind", model_read_text, struct model_segment_rule,
                       rollout_context_kind),
    };
    static const struct model_properties rule = MODEL_PROPERTIES(rows);
    model_read_objects(m, &rule, sizeof(struct model_segment_rule), true, field);
}

static const struct model_property segment_rows[] = {
    MODEL_PROPERTY("key", model_read_text, struct model_segment, key),
    MODEL_PROPERTY("included", model_read_texts_or_null, struct model_segment, included),
    MODEL_PROPERTY("excluded", model_read_texts_or_null, struct model_segment, excluded),
    MODEL_PROPERTY("includedContexts", contexts_read, struct model_segment, included_contexts),
    MODEL_PROPERTY("excludedContexts", contexts_read, struct model_segment, excluded_contexts),
    MODEL_PROPERTY("salt", model_read_text, struct model_segment, salt),
    MODEL_PROPERTY("rules", segment_rules_read, struct model_segment, rules),
    MODEL_PROPERTY("unbounded", model_read_bool, struct model_segment, unbounded),
    MODEL_PROPERTY("unboundedContextKind", model_read_text, struct model_segment,
                   unbounded_context_kind),
    MODEL_PROPERTY("version", model_read_int, struct model_segment, version),
    MODEL_PROPERTY("generation", model_read_optional_or_null, struct model_segment, generation),
    MODEL_PROPERTY("deleted", model_read_bool, struct model_segment, deleted),
};

bool model_segment_parse(struct view json, struct arena *arena, struct model_segment *out,
                         struct error *err)
{
    static const struct model_properties segment = MODEL_PROPERTIES(segment_rows);
    return model_parse(json, arena, &segment, out, err);
}
