/* flags/evaluate.c - see evaluate.h: an evaluator's life, and what it tells of an outcome. */
#include "flags/evaluate_private.h"

#include "base/json_writer.h"

struct evaluator *evaluator_new(struct dataset *d, const struct context *c,
                                const struct membership_source *membership)
{
    struct evaluator *e = mem_zalloc(sizeof *e);
    e->data = d;
    e->context = c;
    e->user = context_part_find(c, VIEW_LITERAL(CONTEXT_USER));
    e->membership = membership;
    return e;
}

void evaluator_free(struct evaluator *e)
{
    if (e == NULL)
        return;
    pattern_matcher_free(e->matcher);
    str_free(&e->problem);
    mem_free(e->queried);
    mem_free(e->flags);
    mem_free(e->segments);
    mem_free(e);
}

void evaluator_listen(struct evaluator *e, const struct evaluation_listener *listener)
{
    e->listener = listener;
}

bool evaluator_wants_memberships(const struct evaluator *e)
{
    return e->wants_memberships;
}

size_t evaluator_patterns_given_up(const struct evaluator *e)
{
    return e->matcher != NULL ? pattern_matcher_given_up(e->matcher) : 0;
}

size_t evaluator_work(const struct evaluator *e)
{
    return e->work + (e->matcher != NULL ? pattern_matcher_work(e->matcher) : 0);
}

void evaluator_tell(struct evaluator *e, size_t position, const struct outcome *outcome,
                    struct evaluation *out)
{
    struct item *it = sequence_at(&e->data->collections[ITEM_FLAG].items, position);
    const struct compiled_flag *flag = compiled_flag_of(it);
    *out = (struct evaluation){
        .reason = outcome->reason,
        .variation = outcome->variation,
        .value = VIEW_LITERAL("null"),
        .key = flag->key,
        .version = it->version,
        .in_experiment = outcome->in_experiment,
        .is_experiment = outcome->is_experiment,
        .by_rollout = outcome->by_rollout,
        .has_conditions = flag->has_conditions,
        .track_events = flag->track_events,
        .debug_until_ms = flag->debug_events_until_ms,
        .prerequisite_count = outcome->prerequisites,
        .big_segments = outcome->big_segments,
    };
    if (outcome->variation != EVALUATION_NO_VARIATION) {
        const struct compiled_variation *variation = &flag->variations[outcome->variation];
        out->value = view_make(variation->text + variation->value_at, variation->value_len);
    }
    if (outcome->reason == REASON_RULE_MATCH) {
        out->rule_index = outcome->rule;
        out->rule_id = flag->rules[outcome->rule].id;
    }
    if (outcome->reason == REASON_PREREQUISITE_FAILED)
        out->prerequisite = flag->prerequisites[outcome->failed_prerequisite].flag.key;
}

bool evaluator_flag(struct evaluator *e, struct view key, struct evaluation *out)
{
    const struct collection *flags = &e->data->collections[ITEM_FLAG];
    size_t position = key_index_find(&flags->index, &flags->items, key, key_index_hash(key));
    struct item *it = position != KEY_INDEX_NONE ? sequence_at(&flags->items, position) : NULL;
    if (it == NULL || it->deleted)
        return false;
    struct outcome outcome;
    evaluator_outcome(e, compiled_flag_of(it), position, &outcome);
    evaluator_tell(e, position, &outcome, out);
    return true;
}

const char *reason_kind_name(enum reason_kind kind)
{
    static const char *const names[] = {
        [REASON_OFF] = "OFF",
        [REASON_FALLTHROUGH] = "FALLTHROUGH",
        [REASON_TARGET_MATCH] = "TARGET_MATCH",
        [REASON_RULE_MATCH] = "RULE_MATCH",
        [REASON_PREREQUISITE_FAILED] = "PREREQUISITE_FAILED",
        [REASON_ERROR] = "ERROR",
    };
    return names[kind];
}

const char *big_segments_status_name(enum big_segments_status status)
{
    static const char *const names[] = {
        [BIG_SEGMENTS_NONE] = "",
        [BIG_SEGMENTS_HEALTHY] = "HEALTHY",
        [BIG_SEGMENTS_STALE] = "STALE",
        [BIG_SEGMENTS_STORE_ERROR] = "STORE_ERROR",
        [BIG_SEGMENTS_NOT_CONFIGURED] = "NOT_CONFIGURED",
        [BIG_SEGMENTS_WANTED] = "STORE_ERROR",
    };
    return names[status];
}

void evaluation_reason_write(const struct evaluation *result, struct str *out)
{
    str_append_text(out, "{\"kind\":\"");
    str_append_text(out, reason_kind_name(result->reason));
    str_append_char(out, '"');
    if (result->reason == REASON_RULE_MATCH) {
        str_append_text(out, ",\"ruleIndex\":");
        str_append_int(out, (int64_t)result->rule_index);
        if (result->rule_id.len != 0) {
            str_append_text(out, ",\"ruleId\":");
            json_write_string(out, result->rule_id);
        }
    }
    if (result->in_experiment)
        str_append_text(out, ",\"inExperiment\":true");
    if (result->reason == REASON_PREREQUISITE_FAILED) {
        str_append_text(out, ",\"prerequisiteKey\":");
        json_write_string(out, result->prerequisite);
    }
    if (result->reason == REASON_ERROR)
        str_append_text(out, ",\"errorKind\":\"MALFORMED_FLAG\"");
    if (result->big_segments != BIG_SEGMENTS_NONE) {
        str_append_text(out, ",\"bigSegmentsStatus\":\"");
        str_append_text(out, big_segments_status_name(result->big_segments));
        str_append_char(out, '"');
    }
    str_append_char(out, '}');
}
