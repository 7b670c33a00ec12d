/* events/input_value.h - the value of one property of an event, read as what it must be. The first
 * failure is kept; all functions but input_value_ok() return something harmless then.
 */
#ifndef EVENTS_INPUT_VALUE_H
#define EVENTS_INPUT_VALUE_H

#include "base/error.h"
#include "base/json_reader.h"
#include "events/input_event.h"

struct input_value {
    const char *name; /* of the property */
    struct view text; /* well-formed JSON */
    const char *problem;
};

struct input_value input_value_of(const char *name, struct view text);

/* Keeps the first problem, a static text. */
void input_value_fail(struct input_value *v, const char *problem);

/* False with *err, which names the property, when something failed. */
MUST_CHECK bool input_value_ok(const struct input_value *v, struct error *err);

enum json_type input_value_type(const struct input_value *v);

struct view input_value_string(struct input_value *v); /* as it stands there */
bool input_value_bool(struct input_value *v);
double input_value_number(struct input_value *v);
struct input_int input_value_int(struct input_value *v); /* truncated */

/* A number of at least 0, truncated: Unix milliseconds. */
int64_t input_value_date(struct input_value *v);

/* Is this JSON, or nothing, the string `text`, however it is written? */
bool input_text_is(struct view json, const char *text);

#endif
