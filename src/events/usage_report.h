/* events/usage_report.h - one environment's clients of all threads become events (11.1, 11.2).
 * Pure. May call: usage.h, base.
 */
#ifndef EVENTS_USAGE_REPORT_H
#define EVENTS_USAGE_REPORT_H

#include "base/str.h"
#include "events/usage.h"

struct usage_report; /* empty at first */

struct usage_report *usage_report_new(void);
void usage_report_free(struct usage_report *r); /* accepts NULL */

/* Clients that are the same in what is reported are added up. */
void usage_report_add(struct usage_report *r, const struct usage_line *line);

/* The time that a report is about, Unix milliseconds, and who reports. */
struct usage_span {
    const char *relay_id;
    int64_t start_ms;
    int64_t end_ms;
};

/* Appends a JSON array: relayMetrics if there is anything, then a relayUsage for each client. False
 * when there is nothing to report, and nothing is appended. */
bool usage_report_write(const struct usage_report *r, const struct usage_span *span,
                        struct str *out);

/* A user agent or wrapper as metrics name it (http-api.md 11.2): '_' for each '/', and for nothing
 * but blanks. Replaces what is in `out`. */
void usage_name_clean(struct view name, struct str *out);

#endif
