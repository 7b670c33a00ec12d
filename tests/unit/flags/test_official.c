/* The official evaluation cases, checklist 86: value, variation and the complete reason, for each
 * context in the present and in the legacy form (testdata/make_cases.py). */
#include "flags_test.h"

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "flags/evaluate.h"

struct suite {
    struct str name;
    struct dataset_builder *builder;
    struct view cases; /* raw JSON */
};

struct official_case {
    struct str name;
    struct str flag;
    struct view contexts; /* raw JSON */
    struct view value;    /* raw JSON */
    int64_t variation;
    struct str reason; /* empty: there is no such flag */
};

static void items_read(struct json_reader *r, enum item_kind kind, struct dataset_builder *b)
{
    struct view name;
    for (json_object_begin(r); json_object_next(r, &name);) {
        struct error err;
        struct str key = {0};
        str_append(&key, name);
        struct item *it = item_parse(kind, str_view(&key), json_read_raw(r), &err);
        if (it == NULL)
            fail_msg("%s: %s", str_text(&key), err.text);
        else
            dataset_builder_add_take(b, it);
        str_free(&key);
    }
}

static void suite_read(struct view line, struct suite *s)
{
    struct json_reader r;
    struct view name;
    *s = (struct suite){.builder = dataset_builder_new()};
    json_reader_init(&r, line);
    for (json_object_begin(&r); json_object_next(&r, &name);) {
        if (view_is(name, "name"))
            json_read_string(&r, &s->name);
        else if (view_is(name, "flags"))
            items_read(&r, ITEM_FLAG, s->builder);
        else if (view_is(name, "segments"))
            items_read(&r, ITEM_SEGMENT, s->builder);
        else
            s->cases = json_read_raw(&r);
    }
    assert_false(json_failed(&r));
    json_reader_done(&r);
}

static void case_read(struct json_reader *r, struct official_case *c)
{
    struct view name;
    *c = (struct official_case){0};
    for (json_object_begin(r); json_object_next(r, &name);) {
        if (view_is(name, "name"))
            json_read_string(r, &c->name);
        else if (view_is(name, "flag"))
            json_read_string(r, &c->flag);
        else if (view_is(name, "contexts"))
            c->contexts = json_read_raw(r);
        else if (view_is(name, "value"))
            c->value = json_read_raw(r);
        else if (view_is(name, "variation"))
            c->variation = json_read_int(r);
        else if (!json_read_null(r))
            json_read_string(r, &c->reason);
    }
}

static void case_free(struct official_case *c)
{
    str_free(&c->name);
    str_free(&c->flag);
    str_free(&c->reason);
}

static void result_check(const struct official_case *c, const struct evaluation *result,
                         const char *row)
{
    struct str value = {0};
    struct str reason = {0};
    json_write_compact(&value, c->value);
    evaluation_reason_write(result, &reason);
    test_assert_text(str_view(&reason), str_text(&c->reason), row);
    test_assert_int(result->variation, c->variation, row);
    test_assert_text(result->value, str_text(&value), row);
    str_free(&value);
    str_free(&reason);
}

static void context_check(const struct official_case *c, struct dataset *d, struct view json,
                          const char *row)
{
    struct error err;
    struct evaluation result;
    struct context *context = context_parse(json, &err);
    if (context == NULL) {
        fail_msg("%s: %.*s: %s", row, VIEW_ARGS(json), err.text);
        return;
    }
    struct evaluator *e = evaluator_new(d, context, NULL);
    bool found = evaluator_flag(e, str_view(&c->flag), &result);
    test_assert_int(found, c->reason.len != 0, row);
    if (found)
        result_check(c, &result, row);
    evaluator_free(e);
    context_free(context);
}

/* How many contexts were evaluated. */
static int case_check(const struct official_case *c, struct dataset *d, const char *suite)
{
    struct str row = {0};
    struct json_reader r;
    int count = 0;
    str_append_format(&row, "%s: %s", suite, str_text(&c->name));
    json_reader_init(&r, c->contexts);
    for (json_array_begin(&r); json_array_next(&r); count++)
        context_check(c, d, json_read_raw(&r), str_text(&row));
    json_reader_done(&r);
    str_free(&row);
    return count;
}

struct tally {
    int cases;
    int contexts;
};

static void suite_check(struct view line, struct tally *tally)
{
    struct suite s;
    struct json_reader r;
    suite_read(line, &s);
    struct dataset *d = dataset_builder_finish_take(s.builder);
    json_reader_init(&r, s.cases);
    for (json_array_begin(&r); json_array_next(&r); tally->cases++) {
        struct official_case c;
        case_read(&r, &c);
        tally->contexts += case_check(&c, d, str_text(&s.name));
        case_free(&c);
    }
    assert_false(json_failed(&r));
    json_reader_done(&r);
    dataset_unref(d);
    str_free(&s.name);
}

static void official_cases(void **state)
{
    (void)state;
    FILE *lines = fopen(TEST_FOLDER "/testdata/cases.jsonl", "r");
    assert_non_null(lines);
    struct tally tally = {0};
    char *line = NULL;
    size_t room = 0;
    ssize_t len;
    while ((len = getline(&line, &room, lines)) > 0)
        suite_check(view_make(line, (size_t)len), &tally);
    free(line);
    assert_int_equal(fclose(lines), 0);
    print_message("%d cases, %d contexts\n", tally.cases, tally.contexts);
    assert_true(tally.cases >= 500 && tally.contexts > tally.cases);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(official_cases)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
