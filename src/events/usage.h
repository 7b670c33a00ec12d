/* events/usage.h - which SDKs use this relay, as it is reported to LaunchDarkly (section 11).
 *
 *   request, stream --usage_count_*()--> usage_counts            one per serving thread
 *                                           ^      | usage_part, a letter there and back
 *   every minute: usage.c ------------------'      v
 *                 '<--- usage_report.c: relayMetrics, relayUsage ---> the family EVENT_USAGE
 *
 * Spec: events.md 11, http-api.md 11.2. May call: events.h, env/facts.h, base.
 */
#ifndef EVENTS_USAGE_H
#define EVENTS_USAGE_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/mailbox.h"
#include "base/str.h"
#include "env/facts.h"

/* ---- what a serving thread counts ------------------------------------------------------------
 *
 * A thread has its own and needs no lock. Bounded: an environment has at most 10,000 clients per
 * thread; what comes on top is counted without instance and tags, then without its name.
 */

enum usage_platform { USAGE_SERVER, USAGE_MOBILE, USAGE_BROWSER };

/* Who asks; the headers as they came, "" when absent. */
struct usage_client {
    enum usage_platform platform;
    struct view user_agent;
    struct view wrapper;
    struct view instance_id;
    struct view tags;
};

/* Per environment and thread; the spare ones are for clients without instance and tags. */
#define USAGE_MAX_CLIENTS 10000
#define USAGE_MAX_BYTES ((size_t)4 << 20)
#define USAGE_SPARE_CLIENTS 1000
#define USAGE_SPARE_BYTES ((size_t)1 << 20)

struct usage_counts;
struct usage_counter; /* one client of one environment on one thread; all its streams share it */

struct usage_counts *usage_counts_new(const struct clock *clock);

/* On the serving thread, or after it ended; accepts NULL. */
void usage_counts_free(struct usage_counts *u);

/* A request of this client passed the gate; `polls`: it asked for flags, without a stream. */
void usage_count_request(struct usage_counts *u, unsigned slot, struct env_facts *facts,
                         const struct usage_client *client, bool polls);

/* A stream was opened; to be followed by usage_count_stream_end(). */
struct usage_counter *usage_count_stream(struct usage_counts *u, unsigned slot,
                                         struct env_facts *facts,
                                         const struct usage_client *client);
void usage_count_stream_end(struct usage_counts *u, struct usage_counter *c);

/* ---- what crosses to the control thread ------------------------------------------------------ */

/* One client in the time since the last part; Unix milliseconds. */
struct usage_line {
    struct buf *client; /* one reference; usage_client_unpack() */
    int64_t open;       /* streams, now */
    int64_t polls;
    int64_t first_ms;
    int64_t last_ms;
    int64_t stream_ms; /* sum over all streams */
};

struct usage_part_env {
    unsigned slot;
    struct env_facts *facts; /* one reference */
    struct usage_line *lines;
    size_t count;
};

struct usage_part {
    struct usage_part_env *envs; /* those with clients */
    size_t count;
};

/* What was counted since the last time; clients without open streams are forgotten. On the serving
 * thread, or after it ended. To be freed by the caller. */
struct usage_part *usage_counts_take(struct usage_counts *u);
void usage_part_free(struct usage_part *part);

/* By what clients are told apart, as one text: the platform, then each field with a zero byte
 * behind it, as no header has one inside. Takes the place of what is in `out`, and borrows from it.
 */
struct view usage_key_pack(enum usage_platform platform, const struct view *fields, size_t count,
                           struct str *out);

/* Of a packed user agent, wrapper, instance and tags; borrows from the text. */
void usage_client_unpack(struct view packed, struct usage_client *out);

/* ---- the control thread's side --------------------------------------------------------------- */

struct events; /* events.h */

struct usage_settings {
    const struct clock *clock;
    uv_loop_t *loop;
    struct events *events; /* outlives the usage */
    bool enabled;          /* not disableUsageReporting */
    struct usage_counts *const *counts;
    size_t thread_count;
    /* How letters get to the threads and back. */
    void *owner;
    void (*post)(void *owner, size_t thread, struct letter *l); /* usual target: api.c */
    struct mailbox *mailbox;
};

struct usage;

/* Asks all threads every minute from now on. */
struct usage *usage_open(const struct usage_settings *settings);

/* Does what is due, as the timer does; for tests with a clock of their own. */
void usage_wake(struct usage *u);

/* Disabled: what is counted is thrown away. */
void usage_enable(struct usage *u, bool enabled);

/* Nothing is posted to the threads any more. */
void usage_stop(struct usage *u);

/* The threads have ended: one last report; then `closed`, from a later turn; the memory is gone
 * then. */
void usage_close(struct usage *u, void (*closed)(void *arg), void *arg);

#endif
