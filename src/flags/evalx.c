/* flags/evalx.c - see evalx.h. Most flags are one copy of a text that was made with the flag. */
#include "flags/evalx.h"

#include "flags/evaluate_private.h"
#include "flags/image.h"

#define CACHE_LINE_BYTES 64
#define PREFETCH_AHEAD 2 /* flags */
#define PREFETCH_BYTES 1024
#define TEXT_AND_LEN(text) (text), sizeof(text) - 1

static bool is_let_through(const struct image_entry *entry, enum evalx_filter filter)
{
    return filter == EVALX_ALL ||
           (filter == EVALX_ENVIRONMENT ? entry->visible_environment : entry->visible_mobile);
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
    /* What a reason is when there is no more to say, which is nearly always. */
    static const struct view plain[] = {
        [REASON_OFF] = {TEXT_AND_LEN(",\"reason\":{\"kind\":\"OFF\"}")},
        [REASON_FALLTHROUGH] = {TEXT_AND_LEN(",\"reason\":{\"kind\":\"FALLTHROUGH\"}")},
        [REASON_TARGET_MATCH] = {TEXT_AND_LEN(",\"reason\":{\"kind\":\"TARGET_MATCH\"}")},
        [REASON_ERROR] = {0},
    };
    struct evaluation result;
    if (plain[o->reason].len != 0 && !o->in_experiment && o->big_segments == BIG_SEGMENTS_NONE) {
        str_append(out, plain[o->reason]);
        return;
    }
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
    str_append(out, view_make(variation->text, variation->head_len));
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

/* A comma or the opening brace, and a text that was made with the flag: what most flags come to. */
static inline void text_append(struct str *out, char before, const char *text, size_t len)
{
    if (out->room - out->len < len + 2)
        str_reserve(out, len + 1);
    out->data[out->len] = before;
    memcpy(out->data + out->len + 1, text, len);
    out->len += len + 1;
}

static void flag_write(struct evaluator *e, const struct image_entry *entry, char before,
                       bool with_reason, struct str *out)
{
    const struct compiled_flag *flag = entry->flag;
    struct outcome o;
    evaluator_outcome(e, flag, entry->position, &o);
    const struct compiled_variation *variation =
        o.variation >= 0 ? &flag->variations[o.variation] : &flag->none;
    if (with_reason || o.is_experiment || o.prerequisites != 0) {
        str_append_char(out, before);
        flag_write_in_parts(e, entry->position, flag, variation, &o, with_reason, out);
    } else {
        text_append(out, before, variation->text, variation->len);
    }
}

/* All compiled flags together are more than a processor's nearest cache holds, so the next ones are
 * asked for while one is evaluated. Most of what is read of a flag stands in the bytes from its
 * beginning on. */
static inline void entry_prefetch(const struct image *image, size_t i)
{
    if (i >= image->count)
        return;
    const struct image_entry *entry = &image->entries[i];
    const char *at = entry->fixed != NULL ? entry->fixed : (const char *)entry->flag;
    size_t bytes = entry->fixed != NULL ? entry->fixed_len : PREFETCH_BYTES;
    for (size_t line = 0; line < bytes; line += CACHE_LINE_BYTES)
        __builtin_prefetch(at + line);
}

void evalx_begin(struct evalx *x, const struct evalx_request *request)
{
    *x = (struct evalx){
        .request = *request,
        .evaluator = evaluator_new(request->data, request->context, request->membership),
        .before = '{',
    };
    evaluator_listen(x->evaluator, request->listener);
}

bool evalx_go_on(struct evalx *x, size_t work, struct str *out)
{
    const struct image *image = dataset_image(x->request.data);
    const enum evalx_filter filter = x->request.filter;
    const bool with_reasons = x->request.with_reasons;
    const size_t done = evaluator_work(x->evaluator);
    size_t at = x->at;
    char before = x->before;
    for (; at < image->count; at++) {
        const struct image_entry *entry = &image->entries[at];
        entry_prefetch(image, at + PREFETCH_AHEAD);
        if (!is_let_through(entry, filter))
            continue;
        if (entry->fixed != NULL && !with_reasons)
            text_append(out, before, entry->fixed, entry->fixed_len);
        else if (evaluator_work(x->evaluator) - done > work)
            break;
        else
            flag_write(x->evaluator, entry, before, with_reasons, out);
        before = ',';
    }
    x->at = at;
    x->before = before;
    if (at == image->count)
        str_append_text(out, before == '{' ? "{}" : "}");
    return at == image->count;
}

void evalx_end(struct evalx *x, struct evalx_facts *facts)
{
    facts->wants_memberships = evaluator_wants_memberships(x->evaluator);
    facts->patterns_given_up = evaluator_patterns_given_up(x->evaluator);
    evaluator_free(x->evaluator);
}

void evalx_write(const struct evalx_request *request, struct str *out, struct evalx_facts *facts)
{
    struct evalx x;
    evalx_begin(&x, request);
    (void)evalx_go_on(&x, SIZE_MAX, out);
    evalx_end(&x, facts);
}

bool evaluator_flag_for(struct evaluator *e, enum evalx_filter filter, struct view key,
                        struct evaluation *out)
{
    const struct item *it = dataset_find(e->data, ITEM_FLAG, key);
    if (it == NULL || (filter == EVALX_ENVIRONMENT && !it->visible_environment) ||
        (filter == EVALX_MOBILE && !it->visible_mobile))
        return false;
    return evaluator_flag(e, key, out);
}

void evaluator_each(struct evaluator *e, enum evalx_filter filter,
                    void (*visit)(const struct evaluation *result, void *arg), void *arg)
{
    size_t at = 0;
    (void)evaluator_each_go_on(e, filter, &at, SIZE_MAX, visit, arg);
}

bool evaluator_each_go_on(struct evaluator *e, enum evalx_filter filter, size_t *at, size_t work,
                          void (*visit)(const struct evaluation *result, void *arg), void *arg)
{
    const struct image *image = dataset_image(e->data);
    const size_t done = evaluator_work(e);
    for (; *at < image->count; ++*at) {
        struct evaluation result;
        const struct image_entry *entry = &image->entries[*at];
        if (!is_let_through(entry, filter))
            continue;
        if (evaluator_work(e) - done > work)
            return false;
        struct outcome o;
        evaluator_outcome(e, entry->flag, entry->position, &o);
        evaluator_tell(e, entry->position, &o, &result);
        visit(&result, arg);
    }
    return true;
}
