/* flags/evaluate_clause.c - clauses of rules (evaluation.md 5.1, 5.2). */
#include "flags/evaluate_private.h"

static enum match match_of(bool matches)
{
    return matches ? MATCH_YES : MATCH_NO;
}

static bool one_matches(struct evaluator *e, const struct compiled_clause *clause,
                        const struct value *v)
{
    e->work += 1 + (v->type == JSON_STRING ? v->is.text.len / 64 : 0);
    return clause->match(clause, v, &e->matcher);
}

/* An array matches when one of its elements does. */
static bool value_matches(struct evaluator *e, const struct compiled_clause *clause,
                          const struct value *v)
{
    if (clause->match == NULL)
        return false;
    if (v->type != JSON_ARRAY)
        return one_matches(e, clause, v);
    for (size_t i = 0; i < v->is.array.count; i++) {
        if (one_matches(e, clause, &v->is.array.items[i]))
            return true;
    }
    return false;
}

static enum match segments_clause(struct evaluator *e, const struct compiled_clause *clause)
{
    for (size_t i = 0; i < clause->values.segments.count; i++) {
        enum match found = evaluate_segment(e, &clause->values.segments.items[i]);
        if (found == MATCH_ERROR)
            return MATCH_ERROR;
        if (found == MATCH_YES)
            return match_of(!clause->negate);
    }
    return match_of(clause->negate);
}

static enum match kind_clause(struct evaluator *e, const struct compiled_clause *clause)
{
    bool found = false;
    for (size_t i = 0; i < e->context->part_count && !found; i++) {
        struct value kind = value_of_text(e->context->parts[i].kind);
        found = value_matches(e, clause, &kind);
    }
    return match_of(found != clause->negate);
}

/* Without a context of the kind, or without a value, the clause does not match, negated or not. */
static enum match attribute_clause(struct evaluator *e, const struct compiled_clause *clause)
{
    const struct context_part *part = evaluator_part(e, clause->context_kind, clause->kind_is_user);
    if (part == NULL)
        return MATCH_NO;
    const struct value *v = context_part_resolve(part, &clause->attribute);
    if (v == NULL)
        return MATCH_NO;
    return match_of(value_matches(e, clause, v) != clause->negate);
}

static enum match clause_match(struct evaluator *e, const struct compiled_clause *clause)
{
    if (clause->matches_segments)
        return segments_clause(e, clause);
    if (clause->attribute.problem != REFERENCE_VALID) {
        evaluate_problem_reference(e, &clause->attribute);
        return MATCH_ERROR;
    }
    return clause->tests_kind ? kind_clause(e, clause) : attribute_clause(e, clause);
}

enum match evaluate_clauses(struct evaluator *e, const struct compiled_clauses *clauses)
{
    enum match found = MATCH_YES;
    for (size_t i = 0; i < clauses->count && found == MATCH_YES; i++)
        found = clause_match(e, &clauses->items[i]);
    return found;
}
