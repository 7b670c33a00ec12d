/* events/output_event.h - events in the present schema, made from those of SDKs that cannot
 * summarise (events.md 10). Each appends one JSON object. Pure. May call: base, flags/context.h.
 */
#ifndef EVENTS_OUTPUT_EVENT_H
#define EVENTS_OUTPUT_EVENT_H

#include "events/input_event.h"

void output_index(const struct input_event *e, struct str *out);
void output_identify(const struct input_event *e, struct str *out);
void output_custom(const struct input_event *e, struct str *out);

/* `kind` is "feature" or "debug"; `variation` is the one that counts (7.4). */
void output_feature(const struct input_event *e, const char *kind, struct input_int variation,
                    struct str *out);

#endif
