/* Rows of evaluation: data, context, what comes out. */
#ifndef EVALUATE_TEST_H
#define EVALUATE_TEST_H

#include "flags_test.h"

#include "base/json_reader.h"
#include "flags/evaluate.h"

struct evaluate_row {
    const char *flags;    /* members of the map */
    const char *segments; /* members of the map */
    const char *context;
    const char
        *want; /* of flag "f": VALUE VARIATION REASON PREREQUISITE... and "e" for an experiment */
    const char *why;
};

static inline void evaluate_items_add(struct dataset_builder *b, enum item_kind kind,
                                      const char *members)
{
    struct json_reader r;
    struct str json = {0};
    struct view name;
    str_append_format(&json, "{%s}", members);
    json_reader_init(&r, str_view(&json));
    for (json_object_begin(&r); json_object_next(&r, &name);) {
        struct error err;
        struct str key = {0};
        str_append(&key, name);
        struct item *it = item_parse(kind, view_of(str_text(&key)), json_read_raw(&r), &err);
        if (it == NULL)
            fail_msg("%s: %s", members, err.text);
        else
            dataset_builder_add_take(b, it);
        str_free(&key);
    }
    if (json_failed(&r))
        fail_msg("%s: %s", members, r.problem);
    json_reader_done(&r);
    str_free(&json);
}

static inline struct dataset *evaluate_dataset(const char *flags, const char *segments)
{
    struct dataset_builder *b = dataset_builder_new();
    evaluate_items_add(b, ITEM_FLAG, flags);
    evaluate_items_add(b, ITEM_SEGMENT, segments);
    return dataset_builder_finish_take(b);
}

/* What the row's `want` is compared with. */
static inline void evaluate_print(struct dataset *d, const struct evaluation *result,
                                  struct str *out)
{
    const struct item *it = dataset_find(d, ITEM_FLAG, view_of("f"));
    str_append_format(out, "%.*s %lld ", VIEW_ARGS(result->value), (long long)result->variation);
    evaluation_reason_write(result, out);
    for (size_t i = 0; i < result->prerequisite_count; i++)
        str_append_format(out, " %.*s", VIEW_ARGS(it->needs[i]));
    if (result->is_experiment)
        str_append_text(out, " e");
}

static inline void evaluate_row_check(const struct evaluate_row *row,
                                      const struct membership_source *membership)
{
    struct error err;
    struct evaluation result;
    struct str text = {0};
    struct dataset *d = evaluate_dataset(row->flags, row->segments);
    struct context *c = context_parse(view_of(row->context), &err);
    if (c == NULL) {
        fail_msg("%s: %s", row->context, err.text);
        return;
    }
    struct evaluator *e = evaluator_new(d, c, membership);
    assert_true(evaluator_flag(e, view_of("f"), &result));
    evaluate_print(d, &result, &text);
    test_assert_text(str_view(&text), row->want, row->why);
    str_free(&text);
    evaluator_free(e);
    context_free(c);
    dataset_unref(d);
}

#endif
