/* events/input_reason.h - why a flag has its value, in an event (events.md 10.2). */
#ifndef EVENTS_INPUT_REASON_H
#define EVENTS_INPUT_REASON_H

#include "events/input_value.h"

/* Not defined when it has no kind, or an empty one. */
void input_reason_read(struct input_value *v, struct input_reason *out);

/* Appends the object of a defined reason; what does not meet its condition is left out. */
void input_reason_write(const struct input_reason *reason, struct str *out);

#endif
