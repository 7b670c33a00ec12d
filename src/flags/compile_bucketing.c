/* flags/compile_bucketing.c - what the hash of a rollout is made of (evaluation.md 7). */
#include "flags/compile_private.h"

void compile_bucketing(struct compiling *c, struct view key, struct view salt,
                       const struct model_rollout *model, struct compiled_rollout *out)
{
    struct str prefix = {0};
    if (model->seed.defined) {
        str_append_int(&prefix, model->seed.value);
    } else {
        str_append(&prefix, key);
        str_append_char(&prefix, '.');
        str_append(&prefix, salt);
    }
    str_append_char(&prefix, '.');
    out->prefix = arena_copy(c->arena, str_view(&prefix));
    out->context_kind = compile_keep(c, model->context_kind);
    out->kind_is_user = compile_kind_is_user(model->context_kind);
    out->bucket_by =
        reference_parse(c->arena, compile_keep(c, model->bucket_by), model->context_kind.len != 0);
    str_free(&prefix);
}
