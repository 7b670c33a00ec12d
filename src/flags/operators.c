/* flags/operators.c - see operators.h. Values of another type than the operator's never match. */
#include "flags/operators.h"

static bool number_is_among(const double *numbers, size_t count, double wanted)
{
    size_t low = 0;
    while (count > 0) {
        size_t half = count / 2;
        if (numbers[low + half] == wanted)
            return true;
        if (numbers[low + half] < wanted) {
            low += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return false;
}

bool operator_in(const struct compiled_clause *clause, const struct value *v,
                 struct pattern_matcher **matcher)
{
    (void)matcher;
    if (v->type == JSON_STRING)
        return key_set_has(&clause->values.in.texts, v->is.text, v->hash);
    if (v->type == JSON_NUMBER)
        return number_is_among(clause->values.in.numbers, clause->values.in.number_count,
                               v->is.number);
    return v->type == JSON_BOOL && clause->values.in.has[v->is.boolean];
}

/* True when `holds` is for one of the texts. */
static bool any_text(const struct compiled_clause *clause, const struct value *v,
                     bool (*holds)(struct view text, struct view wanted))
{
    if (v->type != JSON_STRING)
        return false;
    for (size_t i = 0; i < clause->values.texts.count; i++) {
        if (holds(v->is.text, clause->values.texts.items[i]))
            return true;
    }
    return false;
}

/* Most texts differ in the one byte that is looked at before the call. */
static bool text_starts(struct view text, struct view wanted)
{
    if (wanted.len == 0)
        return true;
    return text.len >= wanted.len && text.data[0] == wanted.data[0] &&
           memcmp(text.data, wanted.data, wanted.len) == 0;
}

static bool text_ends(struct view text, struct view wanted)
{
    if (wanted.len == 0)
        return true;
    return text.len >= wanted.len && text.data[text.len - 1] == wanted.data[wanted.len - 1] &&
           memcmp(text.data + (text.len - wanted.len), wanted.data, wanted.len) == 0;
}

static bool text_contains(struct view text, struct view wanted)
{
    return wanted.len == 0 ||
           (text.len != 0 && memmem(text.data, text.len, wanted.data, wanted.len) != NULL);
}

bool operator_starts_with(const struct compiled_clause *clause, const struct value *v,
                          struct pattern_matcher **matcher)
{
    (void)matcher;
    return any_text(clause, v, text_starts);
}

bool operator_ends_with(const struct compiled_clause *clause, const struct value *v,
                        struct pattern_matcher **matcher)
{
    (void)matcher;
    return any_text(clause, v, text_ends);
}

bool operator_contains(const struct compiled_clause *clause, const struct value *v,
                       struct pattern_matcher **matcher)
{
    (void)matcher;
    return any_text(clause, v, text_contains);
}

bool operator_matches(const struct compiled_clause *clause, const struct value *v,
                      struct pattern_matcher **matcher)
{
    if (v->type != JSON_STRING || clause->values.patterns.count == 0)
        return false;
    if (*matcher == NULL)
        *matcher = pattern_matcher_new();
    for (size_t i = 0; i < clause->values.patterns.count; i++) {
        if (pattern_search(clause->values.patterns.items[i], *matcher, v->is.text))
            return true;
    }
    return false;
}

/* Is this order one that the operator wants? */
static bool is_wanted(const struct compiled_clause *clause, int order)
{
    int outcome = order == 0 ? COMPILED_EQUAL : order < 0 ? COMPILED_LESS : COMPILED_GREATER;
    return (clause->wanted & outcome) != 0;
}

bool operator_number(const struct compiled_clause *clause, const struct value *v,
                     struct pattern_matcher **matcher)
{
    (void)matcher;
    if (v->type != JSON_NUMBER)
        return false;
    for (size_t i = 0; i < clause->values.numbers.count; i++) {
        double other = clause->values.numbers.items[i];
        if (is_wanted(clause, (v->is.number > other) - (v->is.number < other)))
            return true;
    }
    return false;
}

bool operator_date(const struct compiled_clause *clause, const struct value *v,
                   struct pattern_matcher **matcher)
{
    struct date date;
    (void)matcher;
    if (clause->values.dates.count == 0 || !date_parse(v, &date))
        return false;
    for (size_t i = 0; i < clause->values.dates.count; i++) {
        if (is_wanted(clause, date_compare(&date, &clause->values.dates.items[i])))
            return true;
    }
    return false;
}

bool operator_version(const struct compiled_clause *clause, const struct value *v,
                      struct pattern_matcher **matcher)
{
    struct semver version;
    (void)matcher;
    if (v->type != JSON_STRING || !semver_parse(v->is.text, &version))
        return false;
    for (size_t i = 0; i < clause->values.versions.count; i++) {
        if (is_wanted(clause, semver_compare(&version, &clause->values.versions.items[i])))
            return true;
    }
    return false;
}
