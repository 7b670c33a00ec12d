/* flags/evaluate_problem.c - why a flag is malformed, in words (evaluation.md 1). */
#include "flags/evaluate_private.h"

#include <stdatomic.h>

void evaluate_problem(struct evaluator *e, const char *format, ...)
{
    va_list args;
    if (e->listener == NULL || e->problem.len != 0)
        return;
    va_start(args, format);
    str_append_vformat(&e->problem, format, args);
    va_end(args);
}

void evaluate_problem_reference(struct evaluator *e, const struct reference *reference)
{
    if (reference->problem == REFERENCE_UNDEFINED)
        evaluate_problem(e, "rule clause did not specify an attribute");
    else
        evaluate_problem(e, "invalid attribute reference \"%.*s\"", (int)reference->name.len,
                         reference->name.data);
}

void evaluate_problem_in_segment(struct evaluator *e, struct view segment_key)
{
    if (e->listener == NULL)
        return;
    struct str inner = e->problem;
    e->problem = (struct str){0};
    str_append_format(&e->problem, "segment \"%.*s\" had an invalid configuration",
                      VIEW_ARGS(segment_key));
    if (inner.len != 0)
        str_append_format(&e->problem, ": %s", str_text(&inner));
    str_free(&inner);
}

void evaluate_problem_tell(struct evaluator *e, struct item *flag)
{
    if (e->problem.len == 0)
        return;
    if (!atomic_exchange_explicit(&flag->complained, true, memory_order_relaxed))
        e->listener->problem(e->listener->owner, flag->key, str_text(&e->problem));
    str_clear(&e->problem);
}
