/* flags/compile_flag.c - a flag in the form in which it is evaluated. */
#include "flags/compile_private.h"

#include <stdlib.h>

/* The sums are made in f32, one after the other: other arithmetic gives other buckets. */
static void weights_compile(struct compiling *c, const struct model_rollout *model,
                            struct compiled_rollout *out)
{
    const struct model_weight *models = model->variations.items;
    size_t count = model->variations.count;
    struct compiled_weight *weights = arena_alloc(c->arena, count * sizeof *weights);
    float sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += (float)models[i].weight / 100000.0F;
        weights[i] = (struct compiled_weight){
            .threshold = sum, .untracked = models[i].untracked, .variation = models[i].variation};
    }
    out->weights = weights;
    out->weight_count = count;
}

static void choice_compile(struct compiling *c, const struct model_flag *flag,
                           const struct model_choice *model, struct compiled_choice *out)
{
    out->variation = model->variation.defined ? model->variation.value : COMPILED_NO_CHOICE;
    if (model->variation.defined || model->rollout.variations.count == 0)
        return;
    struct compiled_rollout *rollout = arena_alloc(c->arena, sizeof *rollout);
    rollout->experiment = view_is(model->rollout.kind, "experiment");
    compile_bucketing(c, flag->key, flag->salt, &model->rollout, rollout);
    weights_compile(c, &model->rollout, rollout);
    out->rollout = rollout;
}

static void prerequisites_compile(struct compiling *c, const struct model_flag *model,
                                  struct compiled_flag *out)
{
    const struct model_prerequisite *models = model->prerequisites.items;
    size_t count = model->prerequisites.count;
    struct compiled_prerequisite *items = arena_alloc(c->arena, count * sizeof *items);
    for (size_t i = 0; i < count; i++) {
        str_clear(&c->scratch);
        json_write_string(&c->scratch, models[i].key);
        items[i] = (struct compiled_prerequisite){
            .flag = compile_key(c, models[i].key),
            .variation = models[i].variation,
            .quoted_key = arena_copy(c->arena, str_view(&c->scratch)),
        };
    }
    out->prerequisites = items;
    out->prerequisite_count = (uint32_t)count;
}

static void target_compile(struct compiling *c, const struct model_target *model,
                           const struct key_set *keys, struct compiled_target *out)
{
    *out = (struct compiled_target){.context_kind = compile_keep(c, model->context_kind),
                                    .kind_is_user = compile_kind_is_user(model->context_kind),
                                    .variation = model->variation,
                                    .keys = keys};
}

static const struct key_set *keys_compile(struct compiling *c, const struct model_target *model)
{
    struct key_set *keys = arena_alloc(c->arena, sizeof *keys);
    *keys = compile_key_set(c, &model->values);
    return keys;
}

/* The first entry of `targets` with this variation; NULL when there is none. */
static const struct model_target *user_target_find(const struct model_flag *model,
                                                   int64_t variation)
{
    const struct model_target *targets = model->targets.items;
    for (size_t i = 0; i < model->targets.count; i++) {
        if (targets[i].variation == variation)
            return &targets[i];
    }
    return NULL;
}

/* Entries of `contextTargets` for users that list nobody stand for one of `targets`
 * (evaluation.md 4.4). Entries that cannot match are left out. */
static void context_targets_compile(struct compiling *c, const struct model_flag *model,
                                    struct compiled_flag *out)
{
    const struct model_target *models = model->context_targets.items;
    size_t count = model->context_targets.count;
    struct compiled_target *items = arena_alloc(c->arena, count * sizeof *items);
    for (size_t i = 0; i < count; i++) {
        const struct model_target *meant = &models[i];
        if (compile_kind_is_user(meant->context_kind) && meant->values.count == 0)
            meant = user_target_find(model, meant->variation);
        if (meant != NULL)
            target_compile(c, meant, keys_compile(c, meant), &items[out->target_count++]);
    }
    out->targets = items;
}

static void targets_compile(struct compiling *c, const struct model_flag *model,
                            struct compiled_flag *out)
{
    if (model->context_targets.count != 0) {
        context_targets_compile(c, model, out);
        return;
    }
    const struct model_target *models = model->targets.items;
    struct compiled_target *items = arena_alloc(c->arena, model->targets.count * sizeof *items);
    for (size_t i = 0; i < model->targets.count; i++)
        target_compile(c, &models[i], keys_compile(c, &models[i]), &items[i]);
    out->targets = items;
    out->target_count = (uint32_t)model->targets.count;
}

static void rules_compile(struct compiling *c, const struct model_flag *model,
                          struct compiled_flag *out)
{
    const struct model_rule *models = model->rules.items;
    size_t count = model->rules.count;
    struct compiled_rule *items = arena_alloc(c->arena, count * sizeof *items);
    for (size_t i = 0; i < count; i++) {
        items[i].id = compile_keep(c, models[i].id);
        items[i].track_events = models[i].track_events;
        items[i].clauses = compile_clauses(c, &models[i].clauses);
        choice_compile(c, model, &models[i].choice, &items[i].choice);
    }
    out->rules = items;
    out->rule_count = (uint32_t)count;
}

static void flag_compile(struct compiling *c, const struct model_flag *model,
                         struct compiled_flag *out)
{
    out->key = compile_keep(c, model->key);
    out->on = model->on;
    out->track_events = model->track_events;
    out->track_events_fallthrough = model->track_events_fallthrough;
    out->has_off_variation = model->off_variation.defined;
    out->off_variation = model->off_variation.value;
    out->debug_events_until_ms = model->debug_events_until_ms;
    choice_compile(c, model, &model->fallthrough, &out->fallthrough);
    compile_variations(c, model, out);
    prerequisites_compile(c, model, out);
    targets_compile(c, model, out);
    rules_compile(c, model, out);
    out->has_conditions = model->prerequisites.count != 0 || model->targets.count != 0 ||
                          model->context_targets.count != 0 || model->rules.count != 0;
}

struct compiled_flag *compile_flag(struct view source)
{
    struct arena model_arena = {0};
    struct arena arena = {0};
    struct model_flag model = {0};
    struct error err;
    struct compiled_flag *flag = arena_alloc(&arena, sizeof *flag);
    struct compiling c = {.source = source, .arena = &arena};
    if (!model_flag_parse(source, &model_arena, &model, &err))
        abort(); /* the canonical text of an item is an item */
    flag_compile(&c, &model, flag);
    flag->patterns = c.patterns;
    flag->pattern_count = c.pattern_count;
    flag->arena = arena;
    str_free(&c.scratch);
    arena_free(&model_arena);
    return flag;
}
