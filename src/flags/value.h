/* flags/value.h - one JSON value in memory: an attribute of a context.
 *
 * Lives in an arena, immutable once read. May be used by the files of flags/ only.
 */
#ifndef FLAGS_VALUE_H
#define FLAGS_VALUE_H

#include "base/json_reader.h"
#include "flags/arena.h"

/* Deeper values are refused: "nested too deeply" (evaluation.md 13.4). */
#define VALUE_MAX_DEPTH 500

struct value_member;

struct value {
    enum json_type type;
    uint32_t hash; /* of a string: key_set_hash() */
    union {
        bool boolean;
        double number;
        struct view text;
        struct {
            const struct value *items;
            size_t count;
        } array;
        struct {
            const struct value_member *items; /* a repeated name: the last one counts */
            size_t count;
        } object;
    } is;
};

struct value_member {
    struct view name;
    struct value value;
};

/* Reads the next value of the text. `scratch` is memory that several calls may share. */
void value_read(struct json_reader *r, struct arena *arena, struct str *scratch, struct value *out);

/* A string value; `text` must live as long as the value. */
struct value value_of_text(struct view text);

/* The same JSON value: numbers as f64, members in any order. */
bool value_equal(const struct value *a, const struct value *b);

/* The member of an object; NULL when it has none of this name, or the value is no object. */
const struct value *value_member_find(const struct value *v, struct view name);

#endif
