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

#include "base/clock.h"
#include "base/mailbox.h"
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

#endif
