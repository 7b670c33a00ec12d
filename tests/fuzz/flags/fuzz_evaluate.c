/* Evaluation. The first line is a context, each further line an item: 'f' or 's', one byte that is
 * its key, its JSON.
 *
 * Laws: the body for all flags is JSON, and the same when it is made again, from a data set that
 * was made in another way, or in steps; a flag alone comes out as it does among all, and what
 * OpenFeature is told of it is JSON. */
#include "base/json_reader.h"
#include "flags/evalx.h"
#include "flags/ofrep.h"

#include <stdlib.h>

static void must(bool holds)
{
    if (!holds)
        abort();
}

static struct view line_take(struct view *rest)
{
    const char *end = rest->len != 0 ? memchr(rest->data, '\n', rest->len) : NULL;
    size_t len = end != NULL ? (size_t)(end - rest->data) : rest->len;
    struct view line = view_make(rest->data, len);
    *rest = view_from(*rest, end != NULL ? len + 1 : len);
    return line;
}

/* Builds the data set once by itself and once patch by patch. */
static struct dataset *items_read(struct view lines, struct dataset **patched)
{
    struct dataset_builder *b = dataset_builder_new();
    *patched = dataset_empty();
    while (lines.len != 0) {
        struct error err;
        struct view line = line_take(&lines);
        if (line.len < 3)
            continue;
        enum item_kind kind = line.data[0] == 's' ? ITEM_SEGMENT : ITEM_FLAG;
        struct item *it = item_parse(kind, view_make(line.data + 1, 1), view_from(line, 2), &err);
        if (it == NULL)
            continue;
        dataset_builder_add_take(b, item_ref(it));
        struct dataset *next = dataset_with_item_take(*patched, it);
        dataset_unref(*patched);
        *patched = next;
    }
    return dataset_builder_finish_take(b);
}

static enum big_segments_status query(void *owner, struct view context_key)
{
    (void)owner;
    return (enum big_segments_status)(1 + context_key.len % 5);
}

static enum membership find(void *owner, struct view context_key, struct view segment)
{
    (void)owner;
    return (enum membership)((context_key.len + segment.len) % 3);
}

static void body_make(struct dataset *d, const struct context *c, bool with_reasons,
                      struct str *out)
{
    struct membership_source source = {.query = query, .find = find};
    struct evalx_facts facts;
    struct evalx_request request = {
        .data = d, .context = c, .membership = &source, .with_reasons = with_reasons};
    str_clear(out);
    evalx_write(&request, out, &facts);
}

static void body_check(struct str *body)
{
    struct json_reader r;
    json_reader_init(&r, str_view(body));
    json_skip(&r);
    json_expect_end(&r);
    must(!json_failed(&r));
    json_reader_done(&r);
}

static void body_make_in_steps(struct dataset *d, const struct context *c, bool with_reasons,
                               struct str *out)
{
    struct membership_source source = {.query = query, .find = find};
    struct evalx_request request = {
        .data = d, .context = c, .membership = &source, .with_reasons = with_reasons};
    struct evalx_facts facts;
    struct evalx x;
    str_clear(out);
    evalx_begin(&x, &request);
    for (size_t work = 0; !evalx_go_on(&x, work, out);)
        work++;
    evalx_end(&x, &facts);
}

static void ofrep_check(const struct evaluation *result, struct view key)
{
    struct str text = {0};
    must(ofrep_result_write(result, key, &text) == (result->reason != REASON_ERROR));
    body_check(&text);
    str_free(&text);
}

static void each_alone_check(struct dataset *d, const struct context *c)
{
    struct membership_source source = {.query = query, .find = find};
    size_t count;
    struct item *const *flags = dataset_ordered(d, ITEM_FLAG, &count);
    struct evaluator *together = evaluator_new(d, c, &source);
    for (size_t i = 0; i < count; i++) {
        struct evaluation a;
        struct evaluation b;
        struct evaluator *alone = evaluator_new(d, c, &source);
        bool found = evaluator_flag(alone, flags[i]->key, &a);
        must(found == evaluator_flag(together, flags[i]->key, &b));
        must(found != flags[i]->deleted);
        if (found)
            ofrep_check(&a, flags[i]->key);
        if (found)
            must(a.reason == b.reason && a.variation == b.variation &&
                 a.big_segments == b.big_segments && a.prerequisite_count == b.prerequisite_count);
        evaluator_free(alone);
    }
    evaluator_free(together);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view rest = view_make((const char *)data, size);
    struct error err;
    struct context *c = context_parse(line_take(&rest), &err);
    if (c == NULL)
        return 0;
    struct dataset *patched;
    struct dataset *d = items_read(rest, &patched);
    struct str body = {0};
    struct str again = {0};
    for (int with_reasons = 0; with_reasons < 2; with_reasons++) {
        body_make(d, c, with_reasons, &body);
        body_check(&body);
        body_make(patched, c, with_reasons, &again);
        must(view_equal(str_view(&body), str_view(&again)));
        body_make_in_steps(d, c, with_reasons, &again);
        must(view_equal(str_view(&body), str_view(&again)));
    }
    each_alone_check(d, c);
    str_free(&body);
    str_free(&again);
    dataset_unref(d);
    dataset_unref(patched);
    context_free(c);
    return 0;
}
