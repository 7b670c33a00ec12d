/* flags/model_flag.c - the JSON of a flag to its model (evaluation.md 2.2). */
#include "flags/model_reader.h"

static void prerequisites_read(struct model_reader *m, void *field)
{
    static const struct model_property rows[] = {
        MODEL_PROPERTY("key", model_read_text, struct model_prerequisite, key),
        MODEL_PROPERTY("variation", model_read_int, struct model_prerequisite, variation),
    };
    static const struct model_properties prerequisite = MODEL_PROPERTIES(rows);
    model_read_objects(m, &prerequisite, sizeof(struct model_prerequisite), true, field);
}

static void targets_read(struct model_reader *m, void *field)
{
    static const struct model_property rows[] = {
        MODEL_PROPERTY("contextKind", model_read_text, struct model_target, context_kind),
        MODEL_PROPERTY("values", model_read_texts_or_null, struct model_target, values),
        MODEL_PROPERTY("variation", model_read_int, struct model_target, variation),
    };
    static const struct model_properties target = MODEL_PROPERTIES(rows);
    model_read_objects(m, &target, sizeof(struct model_target), true, field);
}

static void weights_read(struct model_reader *m, void *field)
{
    static const struct model_property rows[] = {
        MODEL_PROPERTY("variation", model_read_int, struct model_weight, variation),
        MODEL_PROPERTY("weight", model_read_int, struct model_weight, weight),
        MODEL_PROPERTY("untracked", model_read_bool, struct model_weight, untracked),
    };
    static const struct model_properties weight = MODEL_PROPERTIES(rows);
    model_read_objects(m, &weight, sizeof(struct model_weight), false, field);
}

static void rollout_read(struct model_reader *m, void *field)
{
    static const struct model_property rows[] = {
        MODEL_PROPERTY("kind", model_read_text, struct model_rollout, kind),
        MODEL_PROPERTY("contextKind", model_read_text, struct model_rollout, context_kind),
        MODEL_PROPERTY("variations", weights_read, struct model_rollout, variations),
        MODEL_PROPERTY("bucketBy", model_read_text_or_null, struct model_rollout, bucket_by),
        MODEL_PROPERTY("seed", model_read_optional_or_null, struct model_rollout, seed),
    };
    static const struct model_properties rollout = MODEL_PROPERTIES(rows);
    if (json_read_null(&m->json))
        *(struct model_rollout *)field = (struct model_rollout){0};
    else
        model_read_object(m, &rollout, field);
}

static void fallthrough_read(struct model_reader *m, void *field)
{
    static const struct model_property rows[] = {
        MODEL_PROPERTY("variation", model_read_optional_or_null, struct model_choice, variation),
        MODEL_PROPERTY("rollout", rollout_read, struct model_choice, rollout),
    };
    static const struct model_properties choice = MODEL_PROPERTIES(rows);
    model_read_object(m, &choice, field);
}

static void rules_read(struct model_reader *m, void *field)
{
    static const struct model_property rows[] = {
        MODEL_PROPERTY("id", model_read_text, struct model_rule, id),
        MODEL_PROPERTY("variation", model_read_optional_or_null, struct model_rule,
                       choice.variation),
        MODEL_PROPERTY("rollout", rollout_read, struct model_rule, choice.rollout),
        MODEL_PROPERTY("clauses", model_read_clauses, struct model_rule, clauses),
        MODEL_PROPERTY("trackEvents", model_read_bool, struct model_rule, track_events),
    };
    static const struct model_properties rule = MODEL_PROPERTIES(rows);
    model_read_objects(m, &rule, sizeof(struct model_rule), true, field);
}

static void availability_read(struct model_reader *m, void *field)
{
    static const struct model_property rows[] = {
        MODEL_PROPERTY("usingMobileKey", model_read_bool, struct model_availability,
                       using_mobile_key),
        MODEL_PROPERTY("usingEnvironmentId", model_read_bool, struct model_availability,
                       using_environment_id),
    };
    static const struct model_properties availability = MODEL_PROPERTIES(rows);
    struct model_availability *a = field;
    *a = (struct model_availability){0};
    if (json_read_null(&m->json))
        return;
    a->explicit_form = true;
    model_read_object(m, &availability, a);
}

static void migration_read(struct model_reader *m, void *field)
{
    static const struct model_property rows[] = {
        MODEL_PROPERTY("checkRatio", model_read_optional, struct model_migration, check_ratio),
    };
    static const struct model_properties migration = MODEL_PROPERTIES(rows);
    struct model_migration *g = field;
    *g = (struct model_migration){.defined = true};
    if (!json_read_null(&m->json))
        model_read_object(m, &migration, g);
}

static const struct model_property flag_rows[] = {
    MODEL_PROPERTY("key", model_read_text, struct model_flag, key),
    MODEL_PROPERTY("on", model_read_bool, struct model_flag, on),
    MODEL_PROPERTY("prerequisites", prerequisites_read, struct model_flag, prerequisites),
    MODEL_PROPERTY("targets", targets_read, struct model_flag, targets),
    MODEL_PROPERTY("contextTargets", targets_read, struct model_flag, context_targets),
    MODEL_PROPERTY("rules", rules_read, struct model_flag, rules),
    MODEL_PROPERTY("fallthrough", fallthrough_read, struct model_flag, fallthrough),
    MODEL_PROPERTY("offVariation", model_read_optional_or_null, struct model_flag, off_variation),
    MODEL_PROPERTY("variations", model_read_raws_or_null, struct model_flag, variations),
    MODEL_PROPERTY("clientSideAvailability", availability_read, struct model_flag, availability),
    MODEL_PROPERTY("clientSide", model_read_bool, struct model_flag, client_side),
    MODEL_PROPERTY("salt", model_read_text, struct model_flag, salt),
    MODEL_PROPERTY("trackEvents", model_read_bool, struct model_flag, track_events),
    MODEL_PROPERTY("trackEventsFallthrough", model_read_bool, struct model_flag,
                   track_events_fallthrough),
    MODEL_PROPERTY("debugEventsUntilDate", model_read_int_or_null, struct model_flag,
                   debug_events_until_ms),
    MODEL_PROPERTY("version", model_read_int, struct model_flag, version),
    MODEL_PROPERTY("deleted", model_read_bool, struct model_flag, deleted),
    MODEL_PROPERTY("migration", migration_read, struct model_flag, migration),
    MODEL_PROPERTY("samplingRatio", model_read_optional, struct model_flag, sampling_ratio),
    MODEL_PROPERTY("excludeFromSummaries", model_read_bool, struct model_flag,
                   exclude_from_summaries),
};

bool model_flag_parse(struct view json, struct arena *arena, struct model_flag *out,
                      struct error *err)
{
    static const struct model_properties flag = MODEL_PROPERTIES(flag_rows);
    return model_parse(json, arena, &flag, out, err);
}

bool model_flag_is_for_environment(const struct model_flag *flag)
{
    return flag->availability.explicit_form ? flag->availability.using_environment_id
                                            : flag->client_side;
}

bool model_flag_is_for_mobile(const struct model_flag *flag)
{
    return !flag->availability.explicit_form || flag->availability.using_mobile_key;
}
