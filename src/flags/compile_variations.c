/* flags/compile_variations.c - what the evalx body says of a flag, ready for each variation
 * (evaluation.md 9.3, 13.2).
 *
 *   "KEY":{"value":V,"variation":N,"version":M,"trackEvents":true,"debugEventsUntilDate":D}
 *   ^text                                     ^head_len           what stands here in between, for
 *                                                                  some contexts: trackReason,
 * reason
 */
#include "flags/compile_private.h"

/* Where things stand in the text of a variation. */
struct places {
    size_t value_at;
    size_t value_len;
    size_t head_len;
};

static void text_write(const struct model_flag *model, struct view value, int64_t index,
                       struct view debug, struct str *out, struct places *at)
{
    json_write_string(out, model->key);
    str_append_text(out, ":{\"value\":");
    at->value_at = out->len;
    at->value_len = value.len;
    str_append(out, value);
    str_append_text(out, ",\"variation\":");
    if (index >= 0)
        str_append_int(out, index);
    else
        str_append_text(out, "null");
    str_append_text(out, ",\"version\":");
    str_append_int(out, model->version);
    at->head_len = out->len;
    if (model->track_events)
        str_append_text(out, ",\"trackEvents\":true");
    str_append(out, debug);
    str_append_char(out, '}');
}

static struct compiled_variation variation_compile(struct compiling *c,
                                                   const struct model_flag *model,
                                                   struct view value, int64_t index,
                                                   struct view debug)
{
    struct places at;
    str_clear(&c->scratch);
    text_write(model, value, index, debug, &c->scratch, &at);
    struct view text = arena_copy(c->arena, str_view(&c->scratch));
    return (struct compiled_variation){.text = text.data,
                                       .len = (uint32_t)text.len,
                                       .head_len = (uint32_t)at.head_len,
                                       .value_at = (uint32_t)at.value_at,
                                       .value_len = (uint32_t)at.value_len};
}

static struct view debug_compile(struct compiling *c, const struct model_flag *model)
{
    if (model->debug_events_until_ms == 0)
        return view_make("", 0);
    str_clear(&c->scratch);
    str_append_text(&c->scratch, ",\"debugEventsUntilDate\":");
    str_append_int(&c->scratch, model->debug_events_until_ms);
    return arena_copy(c->arena, str_view(&c->scratch));
}

void compile_variations(struct compiling *c, const struct model_flag *model,
                        struct compiled_flag *out)
{
    const struct view *values = model->variations.items;
    size_t count = model->variations.count;
    struct compiled_variation *items = arena_alloc(c->arena, count * sizeof *items);
    out->debug_text = debug_compile(c, model);
    for (size_t i = 0; i < count; i++)
        items[i] = variation_compile(c, model, values[i], (int64_t)i, out->debug_text);
    out->variations = items;
    out->variation_count = (uint32_t)count;
    out->none = variation_compile(c, model, VIEW_LITERAL("null"), -1, out->debug_text);
}
