/* base/json_reader.c - see json_reader.h. Skipping is in json_skip.c, strings in json_string.c. */
#include "base/json_reader.h"

#include "base/decimal.h"
#include "base/json_private.h"

#include <math.h>

void json_reader_init(struct json_reader *r, struct view text)
{
    const char *start = text.data != NULL ? text.data : "";
    *r = (struct json_reader){.start = start, .pos = start, .end = start + text.len};
}

void json_reader_done(struct json_reader *r)
{
    str_free(&r->name);
}

size_t json_offset(const struct json_reader *r)
{
    return (size_t)(r->pos - r->start);
}

void json_fail(struct json_reader *r, const char *problem)
{
    if (r->problem == NULL)
        r->problem = problem;
}

/* Something else stands where `problem` says what should; or nothing at all. */
static void json_fail_at(struct json_reader *r, const char *pos, const char *problem)
{
    r->pos = pos;
    json_fail(r, pos < r->end ? problem : JSON_PROBLEM_END);
}

enum json_type json_peek(struct json_reader *r)
{
    if (r->problem != NULL)
        return JSON_NONE;
    r->pos = json_blanks_skip(r->pos, r->end);
    return r->pos < r->end ? json_type_of(*r->pos) : JSON_NONE;
}

/* True when a value of this type comes next. */
static bool json_expect(struct json_reader *r, enum json_type type, const char *problem)
{
    if (json_peek(r) == type)
        return true;
    if (r->problem == NULL)
        json_fail_at(r, r->pos, problem);
    return false;
}

/* Moves behind a scalar that ended at `end`, unless `problem` says that it did not. */
static bool json_consume(struct json_reader *r, const char *end, const char *problem)
{
    r->pos = end;
    r->first = false;
    if (problem != NULL)
        json_fail(r, problem);
    return problem == NULL;
}

bool json_read_bool(struct json_reader *r)
{
    if (!json_expect(r, JSON_BOOL, "expected a boolean"))
        return false;
    bool value = *r->pos == 't';
    const char *problem = NULL;
    const char *end = json_literal_end(r->pos, r->end, &problem);
    return json_consume(r, end, problem) && value;
}

bool json_read_null(struct json_reader *r)
{
    if (json_peek(r) != JSON_NULL)
        return false;
    const char *problem = NULL;
    const char *end = json_literal_end(r->pos, r->end, &problem);
    return json_consume(r, end, problem);
}

double json_read_number(struct json_reader *r)
{
    if (!json_expect(r, JSON_NUMBER, "expected a number"))
        return 0;
    const char *start = r->pos;
    const char *problem = NULL;
    const char *end = json_number_end(start, r->end, &problem);
    if (!json_consume(r, end, problem))
        return 0;
    return decimal_parse(view_make(start, (size_t)(end - start)));
}

int64_t json_read_int(struct json_reader *r)
{
    double number = json_read_number(r);
    if (number >= 0x1p63)
        return INT64_MAX;
    return number <= -0x1p63 ? INT64_MIN : (int64_t)number;
}

void json_read_string(struct json_reader *r, struct str *out)
{
    if (!json_expect(r, JSON_STRING, "expected a string"))
        return;
    size_t before = out->len;
    const char *problem = NULL;
    const char *end = json_string_decode(r->pos, r->end, out, &problem);
    if (!json_consume(r, end, problem) && out->data != NULL) {
        out->len = before;
        out->data[before] = '\0';
    }
}

struct view json_read_raw(struct json_reader *r)
{
    (void)json_peek(r);
    const char *start = r->pos;
    json_skip(r);
    return json_failed(r) ? view_make("", 0) : view_make(start, (size_t)(r->pos - start));
}

static void json_open(struct json_reader *r)
{
    if (r->depth == JSON_MAX_DEPTH) {
        json_fail(r, JSON_PROBLEM_DEPTH);
        return;
    }
    r->depth++;
    r->pos++;
    r->first = true;
}

void json_object_begin(struct json_reader *r)
{
    if (json_expect(r, JSON_OBJECT, "expected an object"))
        json_open(r);
}

void json_array_begin(struct json_reader *r)
{
    if (json_expect(r, JSON_ARRAY, "expected an array"))
        json_open(r);
}

/* Moves to the next member's first byte. False when the container ends here, which is consumed, or
 * when something else than a comma stands between members. */
static bool json_member_next(struct json_reader *r, char closing, const char *problem)
{
    const char *p = json_blanks_skip(r->pos, r->end);
    if (p < r->end && *p == closing) {
        r->pos = p + 1;
        r->first = false;
        r->depth--;
        return false;
    }
    if (!r->first) {
        if (p == r->end || *p != ',') {
            json_fail_at(r, p, problem);
            return false;
        }
        p = json_blanks_skip(p + 1, r->end);
    }
    r->pos = p;
    r->first = false;
    return true;
}

bool json_array_next(struct json_reader *r)
{
    if (r->problem != NULL || !json_member_next(r, ']', JSON_PROBLEM_ARRAY))
        return false;
    if (r->pos < r->end && json_type_of(*r->pos) != JSON_NONE)
        return true;
    json_fail_at(r, r->pos, JSON_PROBLEM_VALUE);
    return false;
}

bool json_object_next(struct json_reader *r, struct view *name)
{
    *name = view_make("", 0);
    if (r->problem != NULL || !json_member_next(r, '}', JSON_PROBLEM_OBJECT))
        return false;
    if (r->pos == r->end || *r->pos != '"') {
        json_fail_at(r, r->pos, JSON_PROBLEM_NAME);
        return false;
    }
    const char *problem = NULL;
    struct view text;
    const char *p = json_string_view(r->pos, r->end, &r->name, &text, &problem);
    if (problem != NULL)
        return json_consume(r, p, problem);
    p = json_blanks_skip(p, r->end);
    if (p == r->end || *p != ':') {
        json_fail_at(r, p, JSON_PROBLEM_COLON);
        return false;
    }
    r->pos = p + 1;
    *name = text;
    return true;
}

void json_expect_end(struct json_reader *r)
{
    if (r->problem != NULL)
        return;
    r->pos = json_blanks_skip(r->pos, r->end);
    if (r->pos != r->end)
        json_fail(r, "unexpected text after the value");
}
