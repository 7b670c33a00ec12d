/* api/expect_walk.c - one assertion about the status document (status.md 14.2, 14.3).
 *
 * The path is walked over the table of status_fields.c. What no document can have is an error; what
 * this one happens not to have makes the assertion fail.
 */
#include "api/expect_path.h"
#include "api/status.h"

/* Where the walk stands. */
struct place {
    enum status_type type; /* of what is here */
    bool element;          /* inside an array, at one of its objects */
    const struct status_shape *shape;
    const struct status_row *row; /* the scalar, or the array */
    struct status_subject subject;
    bool present;
};

static const struct status_row *row_find(const struct status_shape *shape, struct view name)
{
    for (size_t i = 0; i < shape->count; i++)
        if (view_is(name, shape->rows[i].name))
            return &shape->rows[i];
    return NULL;
}

static bool complain(struct str *problem, struct view what, const char *text)
{
    expect_quote(problem, what);
    str_append_text(problem, text);
    return false;
}

static bool unknown_field(struct str *problem, struct view name)
{
    str_append_text(problem, "unknown field ");
    expect_quote(problem, name);
    return false;
}

static void enter_environment(struct place *p, struct view name)
{
    p->type = STATUS_OBJECT;
    p->subject.env = status_find_listed(p->subject.document, name);
    p->present = p->present && p->subject.env != NULL;
}

static bool take_member(struct place *p, const struct expect_step *step, struct str *problem)
{
    if (p->type == STATUS_MAP) {
        enter_environment(p, step->name);
        return true;
    }
    if (p->type == STATUS_ARRAY)
        return complain(problem, step->name,
                        " addresses a field, but that part of the status is an array");
    if (p->type != STATUS_OBJECT)
        return complain(problem, step->name, " addresses a field of a value that has none");
    const struct status_row *row = row_find(p->shape, step->name);
    if (row == NULL)
        return unknown_field(problem, step->name);
    p->present = p->present && status_row_present(row, &p->subject);
    p->type = row->type;
    p->row = row;
    if (row->shape != NULL)
        p->shape = row->shape;
    return true;
}

/* The value of a scalar row; false: it is absent. */
static bool row_value(const struct status_row *row, const struct status_subject *s, struct str *out)
{
    return status_row_present(row, s) && row->get != NULL && row->get(s, out);
}

static bool element_matches(const struct place *p, size_t index, const struct status_row *field,
                            struct view wanted)
{
    struct status_subject s = p->subject;
    struct str value = {0};
    s.index = index;
    bool same = row_value(field, &s, &value) && view_equal(str_view(&value), wanted);
    str_free(&value);
    return same;
}

static void enter_element(struct place *p, const struct expect_step *step,
                          const struct status_row *field)
{
    size_t count = p->present && p->row->count != NULL ? p->row->count(&p->subject) : 0;
    size_t index = step->index;
    if (field != NULL)
        for (index = 0; index < count && !element_matches(p, index, field, step->value);)
            index++;
    p->present = index < count;
    p->subject.index = index;
    p->type = STATUS_OBJECT;
}

static bool take_element(struct place *p, const struct expect_step *step, struct str *problem)
{
    const struct status_row *field = NULL;
    if (p->type == STATUS_OBJECT)
        return complain(problem, step->text,
                        " addresses an array, but that part of the status is an object");
    if (p->type == STATUS_MAP)
        return complain(problem, step->text,
                        " addresses an array, but that part of the status is a map");
    if (p->type != STATUS_ARRAY)
        return complain(problem, step->text, " addresses a field of a value that has none");
    if (step->kind == STEP_FILTER) {
        field = row_find(p->shape, step->name);
        if (field == NULL)
            return unknown_field(problem, step->name);
    }
    enter_element(p, step, field);
    return true;
}

/* Everything is parsed before anything is judged: 400 goes before 422. */
static bool path_is_well_formed(struct view path, struct str *problem)
{
    struct expect_step step;
    size_t steps = 0;
    while (expect_step_take(&path, &step, problem))
        steps++;
    if (problem->len == 0 && steps == 0)
        str_append_text(problem, "empty path");
    return problem->len == 0;
}

static bool walk(struct place *p, struct view path, struct str *problem)
{
    struct view rest = path;
    struct expect_step step;
    while (expect_step_take(&rest, &step, problem)) {
        bool good = step.kind == STEP_MEMBER ? take_member(p, &step, problem)
                                             : take_element(p, &step, problem);
        if (!good)
            return false;
    }
    if (p->type == STATUS_OBJECT || p->type == STATUS_ARRAY || p->type == STATUS_MAP)
        return complain(problem, path, " is not a single value, so it cannot be compared");
    return true;
}

void expect_clause_check(struct view clause, const struct status_shape *shape,
                         const struct status_subject *s, struct expect_result *out)
{
    struct view path;
    bool negated;
    bool malformed;
    struct place place = {.type = STATUS_OBJECT, .shape = shape, .subject = *s, .present = true};
    *out = (struct expect_result){.verdict = EXPECT_MALFORMED};
    if (!expect_clause_split(clause, &path, &negated, &out->expected, &malformed, &out->problem)) {
        if (!malformed)
            out->verdict = EXPECT_CANNOT;
        return;
    }
    if (!path_is_well_formed(path, &out->problem))
        return;
    out->verdict = EXPECT_CANNOT;
    if (!walk(&place, path, &out->problem))
        return;
    out->has_actual = place.present && row_value(place.row, &place.subject, &out->actual);
    bool equal = view_equal(str_view(&out->actual), out->expected);
    out->verdict = out->has_actual && equal != negated ? EXPECT_HOLDS : EXPECT_FAILS;
}
