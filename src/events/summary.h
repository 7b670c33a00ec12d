/* events/summary.h - how often each flag had which value, between two flushes
 * (events.md 7.4, 10.5).
 *
 *   feature events --summary_add()--> flags -> counters (variation, version)
 *                                           -> context kinds      --summary_write()--> JSON
 *
 * Everything is written in the order in which it appeared. May call: base, flags/context.h.
 */
#ifndef EVENTS_SUMMARY_H
#define EVENTS_SUMMARY_H

#include "base/map.h"
#include "base/str.h"
#include "events/input_event.h"

struct summary_flag;

struct summary {
    struct map by_key;          /* flags, counters and kinds: summary.c says under which keys */
    struct summary_flag *first; /* in order of appearance */
    struct summary_flag *last;
    uint64_t flag_count;
    int64_t start_ms;
    int64_t end_ms;
    size_t bytes; /* as 13.2 counts them */
    struct str scratch;
};

/* Counts one feature event, whose variation is the one that counts. `key` is its decoded key. */
void summary_add(struct summary *s, struct view key, const struct input_event *e,
                 struct input_int variation);

static inline bool summary_is_empty(const struct summary *s)
{
    return s->first == NULL;
}

/* Appends the summary event. */
void summary_write(const struct summary *s, struct str *out);

/* Nothing was counted; `struct summary s = {0};` is such a summary, too. */
void summary_clear(struct summary *s);

#endif
