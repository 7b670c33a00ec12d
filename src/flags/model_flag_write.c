/* flags/model_flag_write.c - the canonical text of a flag (evaluation.md 2.4). */
#include "flags/model_write.h"

static void prerequisite_write(struct str *out, bool *first, const void *item)
{
    const struct model_prerequisite *prerequisite = item;
    json_write_member_text(out, first, "key", prerequisite->key);
    json_write_member_int(out, first, "variation", prerequisite->variation);
}

static void target_write(struct str *out, bool *first, const void *item)
{
    const struct model_target *target = item;
    model_write_text_if_any(out, first, "contextKind", target->context_kind);
    json_write_member_int(out, first, "variation", target->variation);
    model_write_texts(out, first, "values", &target->values);
}

static void weight_write(struct str *out, bool *first, const void *item)
{
    const struct model_weight *weight = item;
    json_write_member_int(out, first, "variation", weight->variation);
    json_write_member_int(out, first, "weight", weight->weight);
    model_write_bool_if_true(out, first, "untracked", weight->untracked);
}

static void rollout_write(struct str *out, const struct model_rollout *rollout)
{
    bool first = true;
    str_append_char(out, '{');
    model_write_text_if_any(out, &first, "kind", rollout->kind);
    model_write_text_if_any(out, &first, "contextKind", rollout->context_kind);
    model_write_objects(out, &first, "variations", &rollout->variations,
                        sizeof(struct model_weight), weight_write);
    model_write_optional(out, &first, "seed", &rollout->seed);
    model_write_text_if_any(out, &first, "bucketBy", rollout->bucket_by);
    str_append_char(out, '}');
}

static void choice_write(struct str *out, bool *first, const struct model_choice *choice)
{
    model_write_optional(out, first, "variation", &choice->variation);
    if (choice->rollout.variations.count != 0) {
        json_write_name(out, first, "rollout");
        rollout_write(out, &choice->rollout);
    }
}

static void rule_write(struct str *out, bool *first, const void *item)
{
    const struct model_rule *rule = item;
    choice_write(out, first, &rule->choice);
    model_write_text_if_any(out, first, "id", rule->id);
    model_write_clauses(out, first, &rule->clauses);
    json_write_member_bool(out, first, "trackEvents", rule->track_events);
}

static void fallthrough_write(struct str *out, bool *first, const struct model_choice *choice)
{
    bool first_member = true;
    json_write_name(out, first, "fallthrough");
    str_append_char(out, '{');
    choice_write(out, &first_member, choice);
    str_append_char(out, '}');
}

/* The new form only when the source had it; the old form always. */
static void availability_write(struct str *out, bool *first, const struct model_flag *flag)
{
    if (flag->availability.explicit_form) {
        bool member = true;
        json_write_name(out, first, "clientSideAvailability");
        str_append_char(out, '{');
        json_write_member_bool(out, &member, "usingMobileKey", flag->availability.using_mobile_key);
        json_write_member_bool(out, &member, "usingEnvironmentId",
                               flag->availability.using_environment_id);
        str_append_char(out, '}');
    }
    json_write_member_bool(out, first, "clientSide", model_flag_is_for_environment(flag));
}

static void migration_write(struct str *out, bool *first, const struct model_migration *migration)
{
    if (!migration->defined)
        return;
    bool first_member = true;
    json_write_name(out, first, "migration");
    str_append_char(out, '{');
    model_write_optional(out, &first_member, "checkRatio", &migration->check_ratio);
    str_append_char(out, '}');
}

void model_flag_write(const struct model_flag *flag, struct str *out)
{
    bool first = true;
    struct model_int debug_until = {.defined = flag->debug_events_until_ms != 0,
                                    .value = flag->debug_events_until_ms};
    str_append_char(out, '{');
    json_write_member_text(out, &first, "key", flag->key);
    json_write_member_bool(out, &first, "on", flag->on);
    model_write_objects(out, &first, "prerequisites", &flag->prerequisites,
                        sizeof(struct model_prerequisite), prerequisite_write);
    model_write_objects(out, &first, "targets", &flag->targets, sizeof(struct model_target),
                        target_write);
    model_write_objects(out, &first, "contextTargets", &flag->context_targets,
                        sizeof(struct model_target), target_write);
    model_write_objects(out, &first, "rules", &flag->rules, sizeof(struct model_rule), rule_write);
    fallthrough_write(out, &first, &flag->fallthrough);
    model_write_int_or_null(out, &first, "offVariation", &flag->off_variation);
    model_write_raws(out, &first, "variations", &flag->variations);
    availability_write(out, &first, flag);
    json_write_member_text(out, &first, "salt", flag->salt);
    json_write_member_bool(out, &first, "trackEvents", flag->track_events);
    json_write_member_bool(out, &first, "trackEventsFallthrough", flag->track_events_fallthrough);
    model_write_int_or_null(out, &first, "debugEventsUntilDate", &debug_until);
    json_write_member_int(out, &first, "version", flag->version);
    json_write_member_bool(out, &first, "deleted", flag->deleted);
    migration_write(out, &first, &flag->migration);
    model_write_optional(out, &first, "samplingRatio", &flag->sampling_ratio);
    model_write_bool_if_true(out, &first, "excludeFromSummaries", flag->exclude_from_summaries);
    str_append_char(out, '}');
}
