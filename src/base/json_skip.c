/* base/json_skip.c - moves over values without looking at what they mean, but checks their grammar.
 *
 * A loop, not a recursion: which of the open brackets are objects is kept as one bit per level.
 *
 *   skip_value()   "text"  12  {"name": ...   -> a value follows, or the value is over
 *   skip_behind()  }  ]  }  , "name": ...     -> a value follows, or all is over
 */
#include "base/decimal.h"
#include "base/json_private.h"

#include <math.h>

#define PROBLEM_LITERAL "expected true, false or null"
#define PROBLEM_NUMBER "a number ends too early"
#define PROBLEM_LEADING_ZERO "a number begins with a superfluous zero"
#define PROBLEM_RANGE "a number is out of range"

const char *json_literal_end(const char *p, const char *end, const char **problem)
{
    struct view literal = *p == 't'   ? VIEW_LITERAL("true")
                          : *p == 'f' ? VIEW_LITERAL("false")
                                      : VIEW_LITERAL("null");
    for (size_t i = 0; i < literal.len; i++, p++) {
        if (p == end || *p != literal.data[i]) {
            *problem = p == end ? JSON_PROBLEM_END : PROBLEM_LITERAL;
            return p;
        }
    }
    return p;
}

static const char *digits_skip(const char *p, const char *end)
{
    while (p < end && json_is_digit(*p))
        p++;
    return p;
}

/* Behind the point, the 'e' or the sign at least one digit is due. */
static const char *digits_expect(const char *p, const char *end, const char **problem)
{
    const char *stop = digits_skip(p, end);
    if (stop == p && *problem == NULL)
        *problem = p == end ? JSON_PROBLEM_END : PROBLEM_NUMBER;
    return stop;
}

/* Only an exponent or hundreds of digits can pass the range of f64. */
static bool is_out_of_range(const char *start, const char *end, bool exponent)
{
    return (exponent || end - start > 300) &&
           isinf(decimal_parse(view_make(start, (size_t)(end - start))));
}

/* By the grammar alone. */
static const char *number_end(const char *p, const char *end, bool *exponent, const char **problem)
{
    p += *p == '-';
    const char *first = p;
    p = digits_expect(p, end, problem);
    if (p - first > 1 && *first == '0') {
        *problem = PROBLEM_LEADING_ZERO;
        return first;
    }
    if (*problem == NULL && p < end && *p == '.')
        p = digits_expect(p + 1, end, problem);
    *exponent = *problem == NULL && p < end && (*p == 'e' || *p == 'E');
    if (*exponent) {
        p++;
        p += p < end && (*p == '+' || *p == '-');
        p = digits_expect(p, end, problem);
    }
    return p;
}

const char *json_number_end(const char *p, const char *end, const char **problem)
{
    bool exponent;
    const char *stop = number_end(p, end, &exponent, problem);
    if (*problem == NULL && is_out_of_range(p, stop, exponent)) {
        *problem = PROBLEM_RANGE;
        return p;
    }
    return stop;
}

/* Where skipping stands. */
struct skip {
    const char *p;
    const char *end;
    const char *problem;
    unsigned level;
    unsigned limit;
    bool far_numbers;
    uint64_t objects[JSON_MAX_DEPTH / 64 + 1]; /* bit set: that level is an object */
};

static void skip_fail(struct skip *s, const char *problem)
{
    s->problem = s->p < s->end ? problem : JSON_PROBLEM_END;
}

static bool skip_in_object(const struct skip *s)
{
    return (s->objects[s->level / 64] >> (s->level % 64) & 1) != 0;
}

/* "name": - false when something else stands there. */
static bool skip_name(struct skip *s)
{
    if (s->p == s->end || *s->p != '"') {
        skip_fail(s, JSON_PROBLEM_NAME);
        return false;
    }
    s->p = json_string_end(s->p, s->end, &s->problem);
    if (s->problem != NULL)
        return false;
    s->p = json_blanks_skip(s->p, s->end);
    if (s->p == s->end || *s->p != ':') {
        skip_fail(s, JSON_PROBLEM_COLON);
        return false;
    }
    s->p = json_blanks_skip(s->p + 1, s->end);
    return true;
}

/* A bracket opens. True when a value follows; an empty container is over at once. */
static bool skip_open(struct skip *s, bool object)
{
    if (s->level == s->limit) {
        s->problem = JSON_PROBLEM_DEPTH;
        return false;
    }
    s->level++;
    uint64_t bit = UINT64_C(1) << (s->level % 64);
    uint64_t *word = &s->objects[s->level / 64];
    *word = object ? *word | bit : *word & ~bit;
    s->p = json_blanks_skip(s->p + 1, s->end);
    if (s->p < s->end && *s->p == (object ? '}' : ']')) {
        s->p++;
        s->level--;
        return false;
    }
    return !object || skip_name(s);
}

/* The end of a value that is no container. */
static const char *scalar_end(const char *p, const char *end, bool far_numbers,
                              const char **problem)
{
    bool exponent;
    switch (p < end ? json_type_of(*p) : JSON_NONE) {
    case JSON_STRING:
        return json_string_end(p, end, problem);
    case JSON_NUMBER:
        return far_numbers ? number_end(p, end, &exponent, problem)
                           : json_number_end(p, end, problem);
    case JSON_BOOL:
    case JSON_NULL:
        return json_literal_end(p, end, problem);
    case JSON_OBJECT:
    case JSON_ARRAY:
    case JSON_NONE:
        break;
    }
    *problem = p < end ? JSON_PROBLEM_VALUE : JSON_PROBLEM_END;
    return p;
}

static bool is_container(const char *p, const char *end)
{
    return p < end && (*p == '{' || *p == '[');
}

/* A scalar, or the opening of a container. True when a value follows. */
static bool skip_value(struct skip *s)
{
    if (is_container(s->p, s->end))
        return skip_open(s, *s->p == '{');
    s->p = scalar_end(s->p, s->end, s->far_numbers, &s->problem);
    return false;
}

/* Behind a value: closes what ends here. True when another value follows. */
static bool skip_behind(struct skip *s)
{
    while (s->level > 0 && s->problem == NULL) {
        bool object = skip_in_object(s);
        s->p = json_blanks_skip(s->p, s->end);
        if (s->p < s->end && *s->p == ',') {
            s->p = json_blanks_skip(s->p + 1, s->end);
            return !object || skip_name(s);
        }
        if (s->p == s->end || *s->p != (object ? '}' : ']')) {
            skip_fail(s, object ? JSON_PROBLEM_OBJECT : JSON_PROBLEM_ARRAY);
            return false;
        }
        s->p++;
        s->level--;
    }
    return false;
}

static void skip_container(struct json_reader *r)
{
    struct skip s = {.p = r->pos,
                     .end = r->end,
                     .limit = JSON_MAX_DEPTH - r->depth,
                     .far_numbers = r->far_numbers};
    while (skip_value(&s) || skip_behind(&s))
        continue;
    r->pos = s.p;
    r->problem = s.problem;
}

void json_skip(struct json_reader *r)
{
    if (json_peek(r) == JSON_NONE && r->problem != NULL)
        return;
    if (is_container(r->pos, r->end))
        skip_container(r);
    else
        r->pos = scalar_end(r->pos, r->end, r->far_numbers, &r->problem);
    r->first = false;
}
