/* flags/compile_clause.c - clauses: attribute, operator, prepared values (evaluation.md 5). */
#include "flags/compile_private.h"
#include "flags/key_index.h"

#define NEAR_BYTES 64

struct view compile_keep(struct compiling *c, struct view text)
{
    bool in_source = text.data >= c->source.data && text.data < c->source.data + c->source.len;
    return in_source ? text : arena_copy(c->arena, text);
}

struct view compile_near(struct compiling *c, struct view text)
{
    return text.len <= NEAR_BYTES ? arena_copy(c->arena, text) : compile_keep(c, text);
}

bool compile_kind_is_user(struct view kind)
{
    return kind.len == 0 || view_is(kind, "user");
}

struct key_set compile_key_set(struct compiling *c, const struct model_list *texts)
{
    struct view *items = texts->items;
    for (size_t i = 0; i < texts->count; i++)
        items[i] = compile_keep(c, items[i]);
    return key_set_make(c->arena, items, texts->count);
}

struct compiled_key compile_key(struct compiling *c, struct view key)
{
    return (struct compiled_key){.key = compile_keep(c, key), .hash = key_index_hash(key)};
}

static void clause_compile(struct compiling *c, const struct model_clause *model,
                           struct compiled_clause *out)
{
    out->negate = model->negate;
    out->context_kind = compile_keep(c, model->context_kind);
    out->kind_is_user = compile_kind_is_user(model->context_kind);
    out->tests_kind = view_is(model->attribute, "kind");
    out->attribute =
        reference_parse(c->arena, compile_near(c, model->attribute), model->context_kind.len != 0);
    compile_operator(c, model, out);
}

struct compiled_clauses compile_clauses(struct compiling *c, const struct model_list *clauses)
{
    const struct model_clause *models = clauses->items;
    struct compiled_clause *items = arena_alloc(c->arena, clauses->count * sizeof *items);
    for (size_t i = 0; i < clauses->count; i++)
        clause_compile(c, &models[i], &items[i]);
    return (struct compiled_clauses){.items = items, .count = clauses->count};
}
