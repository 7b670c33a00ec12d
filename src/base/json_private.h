/* base/json_private.h - what the files that read JSON text share.
 *
 * Each function begins at the first byte of a thing and returns where it ended. When it is
 * malformed they set *problem and return the place of the problem. None reads at or beyond `end`.
 */
#ifndef BASE_JSON_PRIVATE_H
#define BASE_JSON_PRIVATE_H

#include "base/json_reader.h"
#include "base/json_scan.h"

#define JSON_PROBLEM_END "unexpected end of data"
#define JSON_PROBLEM_VALUE "expected a value"
#define JSON_PROBLEM_NAME "expected a property name in quotes"
#define JSON_PROBLEM_COLON "expected ':'"
#define JSON_PROBLEM_OBJECT "expected ',' or '}'"
#define JSON_PROBLEM_ARRAY "expected ',' or ']'"
#define JSON_PROBLEM_DEPTH "nested too deeply"

static inline const char *json_blanks_skip(const char *p, const char *end)
{
    while (p < end && json_is_blank(*p))
        p++;
    return p;
}

static inline enum json_type json_type_of(char c)
{
    switch (c) {
    case '"':
        return JSON_STRING;
    case '{':
        return JSON_OBJECT;
    case '[':
        return JSON_ARRAY;
    case 't':
    case 'f':
        return JSON_BOOL;
    case 'n':
        return JSON_NULL;
    default:
        return json_is_digit(c) || c == '-' ? JSON_NUMBER : JSON_NONE;
    }
}

/* true, false, null. */
const char *json_literal_end(const char *p, const char *end, const char **problem);

/* A number; one outside the range of f64 is a problem. */
const char *json_number_end(const char *p, const char *end, const char **problem);

/* A string, not decoded. */
const char *json_string_end(const char *p, const char *end, const char **problem);

/* A string, decoded and appended. */
const char *json_string_decode(const char *p, const char *end, struct str *out,
                               const char **problem);

/* A string as a view: of the text itself where nothing needs decoding, otherwise of `scratch`,
 * whose earlier contents are replaced. */
const char *json_string_view(const char *p, const char *end, struct str *scratch, struct view *text,
                             const char **problem);

#endif
