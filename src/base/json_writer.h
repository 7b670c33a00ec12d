/* base/json_writer.h - JSON text appended to a str, by the rules of spec evaluation.md 2.5. */
#ifndef BASE_JSON_WRITER_H
#define BASE_JSON_WRITER_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* Quoted; escapes only U+0000-U+001F, '"' and '\'. Invalid UTF-8 is written as U+FFFD. */
void json_write_string(struct str *out, struct view text);

/* As json_write_string(), and <, >, &, U+2028, U+2029 as \u003c ... (spec status.md 2). */
void json_write_string_html(struct str *out, struct view text);

/* evaluation.md 2.5: integers as digits, otherwise shortest round-trip %g style. What is no
 * number or infinite becomes null. */
void json_write_number(struct str *out, double number);

/* `raw` is valid JSON text (json_read_raw): written again without white space, strings and numbers
 * in the forms above, members in their order. */
void json_write_compact(struct str *out, struct view raw);

/* The same, but nothing is changed: only white space between the tokens goes. */
void json_write_dense(struct str *out, struct view raw);

/* "name": with a comma in front unless *first; sets *first to false. */
void json_write_name(struct str *out, bool *first, const char *name);

/* The name, and its value. */
void json_write_member_bool(struct str *out, bool *first, const char *name, bool value);
void json_write_member_int(struct str *out, bool *first, const char *name, int64_t value);
void json_write_member_text(struct str *out, bool *first, const char *name, struct view value);

#endif
