/* events/event_array.h - the elements of a JSON array, without building a tree (events.md 17).
 * Pure. May call: base.
 */
#ifndef EVENTS_EVENT_ARRAY_H
#define EVENTS_EVENT_ARRAY_H

#include "base/error.h"
#include "base/view.h"

struct event_array {
    struct view *each; /* raw text of each element, without white space around it */
    size_t count;
};

/* Splits the whole text, which must be one strictly well-formed JSON array (or null: no elements)
 * of at most 512 levels, and of no more elements than a text of its size can have when they are
 * events; views borrow from it. Invalid UTF-8 inside strings passes. False with *err
 * ("unexpected end of data at byte 12") and *out empty otherwise. */
MUST_CHECK bool event_array_split(struct view text, struct event_array *out, struct error *err);

/* Keeps `out` usable: empty. */
void event_array_free(struct event_array *a);

#endif
