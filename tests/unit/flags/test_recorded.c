/* Random flags and segments, odd and malformed ones among them, for random contexts of all schemas:
 * every flag comes out as it did from the evaluation engine of the reference relay (Go,
 * version 3.0.1). The recording holds items, then contexts with
 * {KEY:[VALUE,VARIATION,REASON,IS_EXPERIMENT],...}. */
#include "flags_test.h"

#include "flags/evalx.h"

#include "base/json_writer.h"

struct recording {
    struct dataset_builder *builder;
    struct dataset *data; /* from the first context on */
    int contexts;
};

static struct view column_take(char **line)
{
    char *start = *line;
    size_t len = strcspn(start, "\t\n");
    *line = start + len + (start[len] != '\0');
    return view_make(start, len);
}

static void item_add(struct recording *r, enum item_kind kind, char *line)
{
    struct error err;
    struct view key = column_take(&line);
    struct item *it = item_parse(kind, key, column_take(&line), &err);
    if (it == NULL)
        fail_msg("%.*s: %s", VIEW_ARGS(key), err.text);
    else
        dataset_builder_add_take(r->builder, it);
}

static void result_print(const struct evaluation *result, void *arg)
{
    struct str *out = arg;
    str_append_text(out, out->len == 1 ? "" : ",");
    json_write_string(out, result->key);
    str_append_format(out, ":[%.*s,%lld,", VIEW_ARGS(result->value), (long long)result->variation);
    evaluation_reason_write(result, out);
    str_append_format(out, ",%s]", result->is_experiment ? "true" : "false");
}

static void results_check(struct recording *r, struct view json, struct view want)
{
    struct error err;
    struct str got = {0};
    struct context *c = context_parse(json, &err);
    if (c == NULL) {
        fail_msg("%.*s: %s", VIEW_ARGS(json), err.text);
        return;
    }
    struct evaluator *e = evaluator_new(r->data, c, NULL);
    str_append_char(&got, '{');
    evaluator_each(e, EVALX_ALL, result_print, &got);
    str_append_char(&got, '}');
    size_t same = 0;
    while (same < got.len && same < want.len && got.data[same] == want.data[same])
        same++;
    if (same < got.len || same < want.len)
        fail_msg("%.*s\ngot  ...%.200s\nwant ...%.200s", VIEW_ARGS(json), got.data + same,
                 want.data + same);
    str_free(&got);
    evaluator_free(e);
    context_free(c);
}

static void row_check(struct recording *r, char *line)
{
    struct view kind = column_take(&line);
    if (view_is(kind, "flags")) {
        item_add(r, ITEM_FLAG, line);
    } else if (view_is(kind, "segments")) {
        item_add(r, ITEM_SEGMENT, line);
    } else {
        if (r->data == NULL)
            r->data = dataset_builder_finish_take(r->builder);
        struct view json = column_take(&line);
        results_check(r, json, column_take(&line));
        r->contexts++;
    }
}

static void evaluations_are_those_of_the_reference_engine(void **state)
{
    (void)state;
    struct recording r = {.builder = dataset_builder_new()};
    FILE *rows = fopen(TEST_FOLDER "/fixtures/recorded_evaluations.tsv", "r");
    char *line = NULL;
    size_t room = 0;
    assert_non_null(rows);
    while (getline(&line, &room, rows) > 0)
        row_check(&r, line);
    free(line);
    assert_int_equal(fclose(rows), 0);
    assert_int_equal(r.contexts, 40);
    dataset_unref(r.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(evaluations_are_those_of_the_reference_engine)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
