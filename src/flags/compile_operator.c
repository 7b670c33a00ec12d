/* flags/compile_operator.c - the table of operators, and the values of a clause in the form in
 * which its operator compares. Values that the operator can never match are left out. */
#include "flags/compile_private.h"
#include "flags/operators.h"

#include <stdlib.h>

/* The values of one clause, read from their JSON. */
struct value_list {
    const struct value *items;
    size_t count;
};

static int number_order(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static size_t type_count(const struct value_list *list, enum json_type type)
{
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++)
        count += list->items[i].type == type;
    return count;
}

static const double *numbers_of(struct compiling *c, const struct value_list *list, size_t *count)
{
    double *numbers = arena_alloc(c->arena, type_count(list, JSON_NUMBER) * sizeof *numbers);
    *count = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].type == JSON_NUMBER)
            numbers[(*count)++] = list->items[i].is.number;
    }
    qsort(numbers, *count, sizeof *numbers, number_order);
    return numbers;
}

/* Kept copies of the texts among the values; `to` has room for them. */
static size_t texts_keep(struct compiling *c, const struct value_list *list, struct view *to)
{
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].type == JSON_STRING)
            to[count++] = compile_near(c, list->items[i].is.text);
    }
    return count;
}

static void in_compile(struct compiling *c, const struct value_list *list,
                       struct compiled_clause *out)
{
    size_t number_count;
    struct view *texts = mem_alloc(list->count * sizeof *texts);
    out->values.in.texts = key_set_make(c->arena, texts, texts_keep(c, list, texts));
    mem_free(texts);
    out->values.in.numbers = numbers_of(c, list, &number_count);
    out->values.in.number_count = (uint32_t)number_count;
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].type == JSON_BOOL)
            out->values.in.has[list->items[i].is.boolean] = true;
    }
}

static void texts_compile(struct compiling *c, const struct value_list *list,
                          struct compiled_clause *out)
{
    size_t count = type_count(list, JSON_STRING);
    struct view *texts = arena_alloc(c->arena, count * sizeof *texts);
    out->values.texts.items = texts;
    out->values.texts.count = texts_keep(c, list, texts);
}

static void numbers_compile(struct compiling *c, const struct value_list *list,
                            struct compiled_clause *out)
{
    out->values.numbers.items = numbers_of(c, list, &out->values.numbers.count);
}

static void patterns_compile(struct compiling *c, const struct value_list *list,
                             struct compiled_clause *out)
{
    struct pattern **patterns = arena_alloc(c->arena, list->count * sizeof(struct pattern *));
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct pattern *p =
            list->items[i].type == JSON_STRING ? pattern_compile(list->items[i].is.text) : NULL;
        if (p == NULL)
            continue;
        patterns[count++] = p;
        c->patterns =
            arena_extend(c->arena, c->patterns, c->pattern_count, sizeof(struct pattern *));
        c->patterns[c->pattern_count++] = p;
    }
    out->values.patterns.items = patterns;
    out->values.patterns.count = count;
}

static void dates_compile(struct compiling *c, const struct value_list *list,
                          struct compiled_clause *out)
{
    struct date *dates = arena_alloc(c->arena, list->count * sizeof *dates);
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (date_parse(&list->items[i], &dates[count]) && !date_is_zero(&dates[count]))
            count++;
    }
    out->values.dates.items = dates;
    out->values.dates.count = count;
}

static void versions_compile(struct compiling *c, const struct value_list *list,
                             struct compiled_clause *out)
{
    struct semver *versions = arena_alloc(c->arena, list->count * sizeof *versions);
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct value *v = &list->items[i];
        if (v->type == JSON_STRING && semver_parse(v->is.text, &versions[count]))
            count++;
    }
    out->values.versions.items = versions;
    out->values.versions.count = count;
}

static void segments_compile(struct compiling *c, const struct value_list *list,
                             struct compiled_clause *out)
{
    struct compiled_key *keys = arena_alloc(c->arena, list->count * sizeof *keys);
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].type == JSON_STRING)
            keys[count++] = compile_key(c, list->items[i].is.text);
    }
    out->values.segments.items = keys;
    out->values.segments.count = count;
    out->matches_segments = true;
}

static const struct {
    const char *name;
    compiled_match *match;
    unsigned char wanted;
    void (*compile)(struct compiling *c, const struct value_list *list,
                    struct compiled_clause *out);
} operators[] = {
    {"in", operator_in, 0, in_compile},
    {"startsWith", operator_starts_with, 0, texts_compile},
    {"endsWith", operator_ends_with, 0, texts_compile},
    {"contains", operator_contains, 0, texts_compile},
    {"matches", operator_matches, 0, patterns_compile},
    {"lessThan", operator_number, COMPILED_LESS, numbers_compile},
    {"lessThanOrEqual", operator_number, COMPILED_LESS | COMPILED_EQUAL, numbers_compile},
    {"greaterThan", operator_number, COMPILED_GREATER, numbers_compile},
    {"greaterThanOrEqual", operator_number, COMPILED_GREATER | COMPILED_EQUAL, numbers_compile},
    {"before", operator_date, COMPILED_LESS, dates_compile},
    {"after", operator_date, COMPILED_GREATER, dates_compile},
    {"semVerEqual", operator_version, COMPILED_EQUAL, versions_compile},
    {"semVerLessThan", operator_version, COMPILED_LESS, versions_compile},
    {"semVerGreaterThan", operator_version, COMPILED_GREATER, versions_compile},
    {"segmentMatch", NULL, 0, segments_compile},
};

/* Texts that stand in the item's text are not copied. */
static void value_compile(struct compiling *c, struct view raw, struct value *out)
{
    struct json_reader r;
    json_reader_init(&r, raw);
    struct view inside = raw.len >= 2 ? view_make(raw.data + 1, raw.len - 2) : view_make("", 0);
    if (json_peek(&r) == JSON_STRING && memchr(inside.data, '\\', inside.len) == NULL)
        *out = value_of_text(compile_keep(c, inside));
    else
        value_read(&r, c->arena, &c->scratch, out);
    json_reader_done(&r);
}

void compile_operator(struct compiling *c, const struct model_clause *model,
                      struct compiled_clause *out)
{
    const struct view *raws = model->values.items;
    for (size_t i = 0; i < ARRAY_LEN(operators); i++) {
        if (!view_is(model->op, operators[i].name))
            continue;
        struct value *values = mem_alloc(model->values.count * sizeof *values);
        for (size_t n = 0; n < model->values.count; n++)
            value_compile(c, raws[n], &values[n]);
        struct value_list list = {.items = values, .count = model->values.count};
        out->match = operators[i].match;
        out->wanted = operators[i].wanted;
        operators[i].compile(c, &list, out);
        mem_free(values);
    }
}
