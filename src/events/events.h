/* events/ - analytics events of SDKs: taken in, grouped, summarised, delivered (events.md).
 *
 *   door.h --> events.c --> family --> group: verbatim queue | summarizer.h
 *                             |           '-- flush: time, size, count --> batch --> press
 *                             '-- publisher <--'        spool.h (spoolDir) <---'
 *                                     '-- requests under way, retries, switched off -->
 * LaunchDarkly
 *
 * Who lives here: event.h, event_array.h, door.c (posts, and how they cross), events.c (the whole),
 * usage.h with usage*.c (what the relay reports itself), dedupe.c (posts that come twice),
 * family.c, group.c, group_summary.c (what waits), counts.c, batch.c, press.c (gzip), merge.c (less
 * memory), publisher.c, outcome.c, answer.c, switch.c (delivery), diagnostic.c, disk.c (what is
 * written when), aside.c (what waits there alone), spool*.c (how), summarizer.c with input_*.c,
 * output_event.c, summary*.c and known_contexts.c.
 *
 * Lives on the control thread but for the door and usage_counts.c. One timer per family, armed only
 * while something waits. May call: env/snapshot.h, source/retry.h, flags, http client, base.
 */
#ifndef EVENTS_EVENTS_H
#define EVENTS_EVENTS_H

#include "base/error.h"
#include "base/random.h"
#include "events/door.h"
#include "events/spool.h"
#include "http/client.h"

struct events_settings {
    const struct clock *clock;
    struct random *random;
    uv_loop_t *loop;
    struct http_client *client; /* outlives events */
    const char *uri;            /* eventsUri; slashes at its end are taken off; copied */
    int64_t flush_interval_ms;
    size_t capacity;   /* per group; the default is 1000 */
    bool capacity_set; /* it was configured: a hard limit (13.3) */
    size_t max_batch_bytes;
    int max_in_flight; /* per family */
    int64_t retry_max_age_ms;
    int64_t attempt_timeout_ms; /* of one request; 0: 30 s (8.2) */
    int64_t dedupe_window_ms;
    size_t usage_capacity; /* of usage events; a hard limit (11) */
    const char *spool_dir; /* "": none */
    int64_t spool_max_bytes;
    enum spool_sync spool_sync;
};

/* What events ask of the house. */
struct events_listener {
    void *owner;
    /* The environment as it is now, borrowed for this turn; NULL when it was removed. */
    const struct env_snapshot *(*environment)(void *owner, unsigned slot);
    size_t (*environment_count)(void *owner); /* slots are smaller than that */
};

/* Connects itself to the door. False with *err when the process must not start (spool). */
MUST_CHECK bool events_open(const struct events_settings *settings,
                            const struct events_listener *listener, struct events_door *door,
                            struct events **out, struct error *err);

/* Other values from now on: uri, flush interval (from the next flush), capacity, batch size,
 * requests in flight, ages. Nothing else of the settings counts (12). */
void events_reload(struct events *e, const struct events_settings *settings);

/* For the door, on the control thread; each takes its argument. */
void events_take(struct events *e, struct event_post *post);
void events_take_diagnostic(struct events *e, struct event_diagnostic *d);

/* The relay's own events about an environment (11), a JSON array: they leave at once. Takes the
 * reference to the body. */
void events_take_usage(struct events *e, unsigned slot, struct env_facts *facts, struct buf *body);

/* ---- what became of them (telemetry.md 7) ----------------------------------------------------
 *
 * The door counts for the process; this is the share of one environment. What a serving thread
 * refuses, before events_take(), is in the door's numbers alone.
 */

/* Kinds of what is received: a family of SDKs, or this. */
#define EVENTS_DIAGNOSTIC ((int)EVENT_USAGE)
#define EVENTS_KIND_COUNT (EVENTS_DIAGNOSTIC + 1)

struct events_counts {
    /* since the start */
    int64_t received[EVENTS_KIND_COUNT];
    int64_t received_bytes[EVENTS_KIND_COUNT]; /* of the posts, decoded */
    int64_t sent;                              /* usage events included, as in `dropped` */
    int64_t sent_bytes;                        /* before compression */
    int64_t dropped[EVENT_DROP_COUNT];
    int64_t duplicates; /* posts */
    int64_t merged;     /* summaries that were added to others, for want of memory */
    /* now */
    int64_t queue;
    int64_t queue_bytes;          /* of the budget */
    int64_t oldest_age_ms;        /* of the oldest batch; -1: there is none */
    bool off[EVENT_FAMILY_COUNT]; /* by a permanent answer */
};

/* Of the environment in that slot; zeros when it had no events yet. Walks all that waits. */
void events_counts(const struct events *e, unsigned slot, struct events_counts *out);

/* On disk, of all environments; -1: there is no spool. */
int64_t events_spool_bytes(const struct events *e);

/* Everything that waits becomes batches now. */
void events_flush(struct events *e);

/* Flushes, waits for deliveries until `limit_ms` is over, spools or counts what is left; then
 * `closed`, from a later turn; the memory is gone then (12.1). */
void events_close(struct events *e, int64_t limit_ms, void (*closed)(void *arg), void *arg);

#endif
