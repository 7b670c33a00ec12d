/* events/summary.h - how often each flag had which value: between two flushes (events.md 7.4), or
 * in summaries that are read to be merged (summary_merge.h). Written as 10.5 says.
 *
 *   feature events --summary_add()-->  flags -> counters (variation, version)
 *   summary event  --summary_read()-->       -> context kinds     --summary_write()--> JSON
 *
 * Everything is written in the order in which it appeared. May call: base, flags/context.h.
 */
#ifndef EVENTS_SUMMARY_H
#define EVENTS_SUMMARY_H

#include "base/map.h"
#include "base/str.h"
#include "events/input_event.h"

/* Up to here every whole number is one as JSON, too. */
#define SUMMARY_COUNT_MOST (UINT64_C(1) << 53)

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

/* The parts of a summary one by one. Texts are copied; JSON is kept without white space. */

/* A flag without anything; NULL when there is one with this (decoded) key. */
struct summary_flag *summary_flag_add(struct summary *s, struct view key);

void summary_default_set(struct summary *s, struct summary_flag *f, struct view json);

/* It has a list of kinds, even if there will be none in it. */
void summary_kinds_begin(struct summary_flag *f);
void summary_kind_add(struct summary *s, struct summary_flag *f, struct view kind);

struct summary_count {
    struct input_int variation;
    struct input_int version; /* not defined: the flag was unknown */
    struct view value;        /* JSON; empty: there is none */
    uint64_t count;
};

/* False, and nothing is counted, when this variation and version have another value already, or
 * when the count would pass SUMMARY_COUNT_MOST. */
MUST_CHECK bool summary_count_add(struct summary *s, struct summary_flag *f,
                                  const struct summary_count *c);

/* Can all of `from` be counted in `into`? Not when a flag has another default, a variation and
 * version another value, or when a count would pass SUMMARY_COUNT_MOST. */
bool summary_fits(struct summary *into, const struct summary *from);

/* Counts all of `from`, which fits; the dates are the least and the greatest. */
void summary_join(struct summary *into, const struct summary *from);

/* Appends the summary event; `more` is what follows behind its features: nothing, or members with a
 * comma in front of each. */
void summary_write(const struct summary *s, struct view more, struct str *out);

/* Nothing was counted; `struct summary s = {0};` is such a summary, too. */
void summary_clear(struct summary *s);

#endif
