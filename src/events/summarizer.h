/* events/summarizer.h - makes current events out of those of SDKs that cannot summarise (events.md
 * 7): what a server-side SDK's event processor does. Pure but for log lines. May call: flags, base.
 *
 *   event --> parse --> summary counters, index event, feature / debug / custom / identify event
 *                          '--------- summarizer_flush() --> "[...]" ---------'
 *
 * One per group. Time comes with the calls.
 */
#ifndef EVENTS_SUMMARIZER_H
#define EVENTS_SUMMARIZER_H

#include "base/log.h"
#include "base/str.h"
#include "flags/dataset.h"

#include <stdint.h>

struct summarizer;

struct summarizer_settings {
    size_t capacity;       /* events in the outbox between two flushes; 0: no limit of its own */
    struct log_scope *log; /* borrowed; outlives it */
    int64_t now_ms;        /* monotonic: known contexts are forgotten every 5 minutes from here */
};

struct summarizer *summarizer_new(const struct summarizer_settings *settings);
void summarizer_free(struct summarizer *s);

/* What became of one event. */
enum summarizer_result {
    SUMMARIZER_TAKEN,
    SUMMARIZER_MALFORMED, /* logged */
    SUMMARIZER_NO_DATA,   /* 7.4 */
    SUMMARIZER_FULL       /* the outbox is; counters were updated all the same */
};

struct summarizer_moment {
    int64_t now_ms;       /* monotonic */
    int64_t wall_ms;      /* Unix time */
    int64_t schema;       /* of the post */
    struct dataset *data; /* NULL: there is none; borrowed */
};

enum summarizer_result summarizer_add(struct summarizer *s, struct view event,
                                      const struct summarizer_moment *moment);

/* Appends the whole body, "[...]", of what was collected, and starts anew; returns the number of
 * events in it (the summary is one), 0 when there is nothing and nothing was appended. */
size_t summarizer_flush(struct summarizer *s, struct str *out);

/* Drops outbox and counters (8.4). */
void summarizer_clear(struct summarizer *s);

/* The Date of the last successful upstream answer, Unix milliseconds (7.4). */
void summarizer_set_server_time(struct summarizer *s, int64_t wall_ms);

/* Events in the outbox, and all memory as 13.2 counts it. */
size_t summarizer_waiting(const struct summarizer *s);
size_t summarizer_bytes(const struct summarizer *s);

/* Lowers or raises the limit (0: none); holds from the next event on. */
void summarizer_set_capacity(struct summarizer *s, size_t capacity);

#endif
