/* events/input_event.h - one event of an SDK that cannot summarise, read (events.md 7.1). Pure.
 *
 * Texts are views into the event's JSON, as they stand there: a string with its quotes and escapes.
 * May call: flags/context.h, base.
 */
#ifndef EVENTS_INPUT_EVENT_H
#define EVENTS_INPUT_EVENT_H

#include "base/error.h"
#include "base/str.h"
#include "flags/context.h"

#include <stdbool.h>
#include <stdint.h>

enum input_kind { INPUT_FEATURE, INPUT_CUSTOM, INPUT_IDENTIFY, INPUT_OTHER };

struct input_int {
    bool defined;
    int64_t value;
};

struct input_bool {
    bool defined;
    bool value;
};

/* 10.2; an empty view: not there. */
struct input_reason {
    bool defined;
    struct view kind;
    struct input_int rule_index;
    struct view rule_id;
    bool in_experiment;
    struct view prerequisite_key;
    struct view error_kind;
    struct view big_segments_status;
};

struct input_event {
    enum input_kind kind;
    struct view text; /* all of it; nothing else is set for INPUT_OTHER */
    int64_t creation_ms;
    struct view key; /* JSON; "\"\"" when absent */
    struct view context_text;
    struct context *context; /* kinds and keys; owned */

    struct input_int version;
    struct input_int variation;
    struct view value; /* JSON; "null" when absent */
    struct view default_value;
    struct input_bool track_events;
    int64_t debug_until_ms; /* 0: not set */
    bool exclude_from_summaries;
    struct input_reason reason;
    struct view prerequisite_of; /* JSON; empty: none */

    struct view data; /* JSON; empty: none */
    struct view url;
    bool has_metric;
    double metric;

    struct input_int sampling_ratio;
};

/* False with *err when the event is to be discarded; it says nothing of what the event contains.
 * `text` must live as long as *out, which is released with input_event_done() in both cases. */
MUST_CHECK bool input_event_parse(struct view text, struct input_event *out, struct error *err);
void input_event_done(struct input_event *e);

#endif
