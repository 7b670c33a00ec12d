/* flags/compile_segment.c - a segment in the form in which it is evaluated. */
#include "flags/compile_private.h"

#include <stdlib.h>

static const struct compiled_members *members_compile(struct compiling *c,
                                                      const struct model_list *list)
{
    const struct model_target *models = list->items;
    struct compiled_members *items = arena_alloc(c->arena, list->count * sizeof *items);
    for (size_t i = 0; i < list->count; i++) {
        items[i].context_kind = compile_keep(c, models[i].context_kind);
        items[i].keys = compile_key_set(c, &models[i].values);
    }
    return items;
}

static void rules_compile(struct compiling *c, const struct model_segment *model,
                          struct compiled_segment *out)
{
    const struct model_segment_rule *models = model->rules.items;
    size_t count = model->rules.count;
    struct compiled_segment_rule *items = arena_alloc(c->arena, count * sizeof *items);
    for (size_t i = 0; i < count; i++) {
        struct model_rollout rollout = {.context_kind = models[i].rollout_context_kind,
                                        .bucket_by = models[i].bucket_by};
        items[i].clauses = compile_clauses(c, &models[i].clauses);
        items[i].has_weight = models[i].weight.defined;
        items[i].threshold = (float)models[i].weight.value / 100000.0F;
        compile_bucketing(c, model->key, model->salt, &rollout, &items[i].rollout);
    }
    out->rules = items;
    out->rule_count = count;
}

static void segment_compile(struct compiling *c, const struct model_segment *model,
                            struct compiled_segment *out)
{
    out->included = compile_key_set(c, &model->included);
    out->excluded = compile_key_set(c, &model->excluded);
    out->included_contexts = members_compile(c, &model->included_contexts);
    out->included_context_count = model->included_contexts.count;
    out->excluded_contexts = members_compile(c, &model->excluded_contexts);
    out->excluded_context_count = model->excluded_contexts.count;
    rules_compile(c, model, out);
    out->unbounded = model->unbounded;
    out->unbounded_context_kind = compile_keep(c, model->unbounded_context_kind);
    out->has_generation = model->generation.defined;
    str_clear(&c->scratch);
    str_append(&c->scratch, model->key);
    str_append_format(&c->scratch, ".g%lld", (long long)model->generation.value);
    out->big_reference = arena_copy(c->arena, str_view(&c->scratch));
}

struct compiled_segment *compile_segment(struct view source)
{
    struct arena model_arena = {0};
    struct arena arena = {0};
    struct model_segment model = {0};
    struct error err;
    struct compiled_segment *segment = arena_alloc(&arena, sizeof *segment);
    struct compiling c = {.source = source, .arena = &arena};
    if (!model_segment_parse(source, &model_arena, &model, &err))
        abort(); /* the canonical text of an item is an item */
    segment_compile(&c, &model, segment);
    segment->patterns = c.patterns;
    segment->pattern_count = c.pattern_count;
    segment->arena = arena;
    str_free(&c.scratch);
    arena_free(&model_arena);
    return segment;
}
