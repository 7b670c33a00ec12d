/* base/json_reader.h - a pull reader over one JSON text in memory.
 *
 * A cursor that remembers failure: after the first error every call returns a harmless value and
 * changes nothing, so a parser is a straight line with one look at `problem` at its end. Depth is
 * limited (JSON_MAX_DEPTH). Strings: escaped surrogate pairs decode to one code point, a lone
 * surrogate or invalid UTF-8 to U+FFFD (spec evaluation.md 2.1). Numbers are f64.
 *
 *   struct json_reader r; json_reader_init(&r, text);
 *   struct view name;
 *   for (json_object_begin(&r); json_object_next(&r, &name);) {
 *       if (view_is(name, "version")) version = json_read_int(&r);
 *       else json_skip(&r);                          // every property's value must be consumed
 *   }
 *   if (json_failed(&r)) ... r.problem, json_offset(&r)
 */
#ifndef BASE_JSON_READER_H
#define BASE_JSON_READER_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

#define JSON_MAX_DEPTH 1024

enum json_type {
    JSON_NULL,
    JSON_BOOL,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
    JSON_NONE /* end of text, or something that starts no value */
};

struct json_reader {
    const char *start;
    const char *pos;
    const char *end;
    const char *problem; /* static text: NULL while all is well */
    unsigned depth;      /* one that starts higher may go less deep */
    bool far_numbers;    /* what is skipped may have numbers out of the range of f64 */
    bool first;          /* just behind a '[' or '{' */
    struct str name;     /* decoded property name; freed by json_reader_done() */
};

void json_reader_init(struct json_reader *r, struct view text);

/* Releases scratch memory; the reader must not be used afterwards. */
void json_reader_done(struct json_reader *r);

static inline bool json_failed(const struct json_reader *r)
{
    return r->problem != NULL;
}

/* Bytes from the start of the text to the place of the problem, or to where reading stands. */
size_t json_offset(const struct json_reader *r);

/* Makes the reader fail with the caller's own static text, e.g. "missing \"path\"". */
void json_fail(struct json_reader *r, const char *problem);

/* The type of the next value, without consuming it. */
enum json_type json_peek(struct json_reader *r);

/* Each consumes one value; another type is the problem "expected a boolean" and the like. */
bool json_read_bool(struct json_reader *r);
double json_read_number(struct json_reader *r);
int64_t json_read_int(
    struct json_reader *r); /* any number, truncated towards 0, clamped to int64 */
void json_read_string(struct json_reader *r, struct str *out); /* appends the decoded text */

/* True, and consumed, when the next value is null. */
bool json_read_null(struct json_reader *r);

/* The raw text of the next value, checked for syntax, white space inside kept. */
struct view json_read_raw(struct json_reader *r);

/* Consumes any value. */
void json_skip(struct json_reader *r);

/* next() is true while there is another member; it consumes the closing bracket when there is none.
 * `name` is valid until the next call of json_object_next() on this reader, at any depth. */
void json_object_begin(struct json_reader *r);
bool json_object_next(struct json_reader *r, struct view *name);
void json_array_begin(struct json_reader *r);
bool json_array_next(struct json_reader *r);

/* Only white space may be left; anything else is the problem "unexpected text after the value". */
void json_expect_end(struct json_reader *r);

#endif
