/* The canonical text of every item of the conformance data sets is, byte for byte, what the
 * reference relay put on /all (fixtures/make_golden.mjs). */
#include "flags_test.h"

#include "flags/evalx.h"

/* Cuts the next column off a line. */
static struct view column_take(char **line)
{
    char *start = *line;
    size_t len = strcspn(start, "\t\n");
    *line = start + len + (start[len] != '\0');
    return view_make(start, len);
}

/* Calls `row` with each line of a file; returns how many. */
static size_t rows_each(const char *path, void (*row)(char *line, void *arg), void *arg)
{
    FILE *rows = fopen(path, "r");
    char *line = NULL;
    size_t room = 0;
    size_t count = 0;
    assert_non_null(rows);
    while (getline(&line, &room, rows) > 0) {
        row(line, arg);
        count++;
    }
    free(line);
    assert_int_equal(fclose(rows), 0);
    return count;
}

static struct item *item_take(char **line)
{
    struct error err;
    enum item_kind kind = view_is(column_take(line), "flags") ? ITEM_FLAG : ITEM_SEGMENT;
    struct view key = column_take(line);
    struct view input = column_take(line);
    struct item *it = item_parse(kind, key, input, &err);
    if (it == NULL)
        fail_msg("%.*s: %s", VIEW_ARGS(key), err.text);
    return it;
}

static void item_check(char *line, void *unused)
{
    (void)unused;
    (void)column_take(&line);
    struct item *it = item_take(&line);
    struct view want = column_take(&line);
    if (it == NULL)
        return;
    assert_int_equal(it->deleted, want.len == 0);
    if (!it->deleted && !view_equal(buf_view(it->text), want))
        fail_msg("%.*s\ngot  %s\nwant %.*s", VIEW_ARGS(it->key), it->text->data, VIEW_ARGS(want));
    item_unref(it);
}

static void canonical_text_is_that_of_the_reference(void **state)
{
    (void)state;
    assert_true(rows_each(TEST_FOLDER "/fixtures/golden.tsv", item_check, NULL) > 100);
}

struct data_set_wanted {
    const char *name;
    struct dataset_builder *builder;
};

static void item_add(char *line, void *arg)
{
    struct data_set_wanted *wanted = arg;
    if (view_is(column_take(&line), wanted->name))
        dataset_builder_add_take(wanted->builder, item_take(&line));
}

static struct dataset *dataset_load(const char *name)
{
    struct data_set_wanted wanted = {.name = name, .builder = dataset_builder_new()};
    (void)rows_each(TEST_FOLDER "/fixtures/golden.tsv", item_add, &wanted);
    return dataset_builder_finish_take(wanted.builder);
}

struct data_sets {
    struct dataset *dataset;
    struct dataset *more;
};

static enum evalx_filter filter_of(struct view name)
{
    if (view_is(name, "environment"))
        return EVALX_ENVIRONMENT;
    return view_is(name, "mobile") ? EVALX_MOBILE : EVALX_ALL;
}

static void body_check(const struct evalx_request *request, struct view json, struct view want)
{
    struct str body = {0};
    struct evalx_facts facts;
    evalx_write(request, &body, &facts);
    size_t same = 0;
    while (same < body.len && same < want.len && body.data[same] == want.data[same])
        same++;
    if (same < body.len || same < want.len)
        fail_msg("%.*s, filter %d\ngot  ...%.300s\nwant ...%.*s", VIEW_ARGS(json), request->filter,
                 str_text(&body) + (same > 80 ? same - 80 : 0),
                 VIEW_ARGS(view_from(want, same > 80 ? same - 80 : 0)));
    str_free(&body);
}

static void answer_check(char *line, void *arg)
{
    const struct data_sets *sets = arg;
    struct error err = {.text = ""};
    bool is_body = view_is(column_take(&line), "body");
    struct evalx_request request = {.data = view_is(column_take(&line), "more") ? sets->more
                                                                                : sets->dataset};
    request.filter = filter_of(column_take(&line));
    request.with_reasons = view_is(column_take(&line), "reasons");
    struct view json = column_take(&line);
    struct view want = column_take(&line);
    struct context *context = context_parse(json, &err);
    request.context = context;
    if (is_body != (context != NULL))
        fail_msg("%.*s: \"%s\"", VIEW_ARGS(json), err.text);
    else if (is_body)
        body_check(&request, json, want);
    else if (!view_is(want, err.text))
        fail_msg("%.*s\ngot  %s\nwant %.*s", VIEW_ARGS(json), err.text, VIEW_ARGS(want));
    context_free(context);
}

static void answers_are_those_of_the_reference(void **state)
{
    (void)state;
    struct data_sets sets = {.dataset = dataset_load("dataset"), .more = dataset_load("more")};
    size_t count = rows_each(TEST_FOLDER "/fixtures/golden_evalx.tsv", answer_check, &sets);
    assert_true(count > 80);
    dataset_unref(sets.dataset);
    dataset_unref(sets.more);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical_text_is_that_of_the_reference),
        cmocka_unit_test(answers_are_those_of_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
