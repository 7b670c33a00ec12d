/* flags/evalx.c - see evalx.h. Most flags are one copy of a text that was made with the flag. */
#include "flags/evalx.h"

#include "flags/evaluate_private.h"

static bool is_let_through(const struct item *it, enum evalx_filter filter)
{
    if (it->deleted)
        return false;
    return filter == EVALX_ALL ||
           (filter == EVALX_ENVIRONMENT ? it->visible_environment : it->visible_mobile);
}

static void prerequisites_write(const struct compiled_flag *flag, uint32_t count, struct str *out)
{
    if (count == 0)
        return;
    str_append_text(out, ",\"prerequisites\":");
    for (uint32_t i = 0; i < count; i++) {
        str_append_char(out, i == 0 ? '[' : ',');
        str_append(out, flag->prerequisites[i].quoted_key);
    }
    str_append_char(out, ']');
}

static void reason_write(struct evaluator *e, size_t position, const struct outcome *o,
                         struct str *out)
{
    struct evaluation result;
    evaluator_tell(e, position, o, &result);
    str_append_text(out, ",\"reason\":");
    evaluation_reason_write(&result, out);
}

/* What comes between the head of the text and the closing brace, in the order of evaluation.md 9.3.
 */
static void flag_write_in_parts(struct evaluator *e, size_t position,
                                const struct compiled_flag *flag,
                                const struct compiled_variation *variation, const struct outcome *o,
                                bool with_reason, struct str *out)
{
    str_append(out, view_make(variation->text.data, variation->head_len));
    if (flag->track_events || o->is_experiment)
        str_append_text(out, ",\"trackEvents\":true");
    if (o->is_experiment)
        str_append_text(out, ",\"trackReason\":true");
    if (with_reason || o->is_experiment)
        reason_write(e, position, o, out);
    str_append(out, flag->debug_text);
    prerequisites_write(flag, o->prerequisites, out);
    str_append_char(out, '}');
}

static void flag_write(struct evaluator *e, size_t position, struct item *it, bool with_reason,
                       struct str *out)
{
    const struct compiled_flag *flag = compiled_flag_of(it);
    struct outcome o = evaluator_outcome(e, position);
    const struct compiled_variation *variation =
        o.variation >= 0 ? &flag->variations[o.variation] : &flag->none;
    if (with_reason || o.is_experiment || o.prerequisites != 0)
        flag_write_in_parts(e, position, flag, variation, &o, with_reason, out);
    else
        str_append(out, variation->text);
}

void evalx_write(const struct evalx_request *request, struct str *out, struct evalx_facts *facts)
{
    struct evaluator *e = evaluator_new(request->data, request->context, request->membership);
    const struct sequence *items = &request->data->collections[ITEM_FLAG].items;
    const struct key_order *order = dataset_by_key(request->data);
    const char *before = "{";
    for (size_t i = 0; i < order->count; i++) {
        struct item *it = sequence_at(items, order->positions[i]);
        if (!is_let_through(it, request->filter))
            continue;
        str_append_char(out, *before);
        flag_write(e, order->positions[i], it, request->with_reasons, out);
        before = ",";
    }
    str_append_text(out, *before == '{' ? "{}" : "}");
    facts->wants_memberships = evaluator_wants_memberships(e);
    facts->patterns_given_up = evaluator_patterns_given_up(e);
    evaluator_free(e);
}

void evaluator_each(struct evaluator *e, enum evalx_filter filter,
                    void (*visit)(const struct evaluation *result, void *arg), void *arg)
{
    const struct sequence *items = &e->data->collections[ITEM_FLAG].items;
    const struct key_order *order = dataset_by_key(e->data);
    for (size_t i = 0; i < order->count; i++) {
        struct evaluation result;
        size_t position = order->positions[i];
        if (!is_let_through(sequence_at(items, position), filter))
            continue;
        struct outcome o = evaluator_outcome(e, position);
        evaluator_tell(e, position, &o, &result);
        visit(&result, arg);
    }
}
