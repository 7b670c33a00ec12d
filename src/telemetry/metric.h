/* telemetry/metric.h - what a metric is, and how its values become text.
 *
 *   metrics[]: name, kind, labels, help, gather --metric_put*()--> metric_writer --> "name 1\n"
 */
#ifndef TELEMETRY_METRIC_H
#define TELEMETRY_METRIC_H

#include "telemetry/telemetry.h"

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE };

#define METRIC_LABELS_MAX 6

struct metric_writer;

/* One family; NULL ends its label names early. */
struct metric {
    const char *name;
    enum metric_kind kind;
    const char *labels[METRIC_LABELS_MAX]; /* in the order of their bytes */
    const char *help;
    /* Puts each series that has a value now. */
    void (*gather)(const struct telemetry_subject *s, struct metric_writer *w);
};

/* In the order of their names' bytes. */
extern const struct metric metrics[];
extern const size_t metric_count;

struct metric_writer {
    struct str *out;
    const struct metric *metric; /* the family that is being gathered */
    bool begun;                  /* its head is written */
};

/* From now on values are those of this family; its head is written with the first one, so that a
 * family without values is absent. */
void metric_begin(struct metric_writer *w, const struct metric *m);

/* Puts one series: a value for each label, "" for none, any bytes; NULL when there are no labels.
 */
void metric_put(struct metric_writer *w, const char *const *values, int64_t number);

/* The same in seconds, 1500 is "1.5"; `ms` is not negative. */
void metric_put_ms(struct metric_writer *w, const char *const *values, int64_t ms);

/* ---- metrics_process.c ----------------------------------------------------------------------- */

void gather_build_info(const struct telemetry_subject *s, struct metric_writer *w);
void gather_cpu(const struct telemetry_subject *s, struct metric_writer *w);
void gather_resident(const struct telemetry_subject *s, struct metric_writer *w);
void gather_virtual(const struct telemetry_subject *s, struct metric_writer *w);
void gather_open_fds(const struct telemetry_subject *s, struct metric_writer *w);
void gather_max_fds(const struct telemetry_subject *s, struct metric_writer *w);
void gather_start_time(const struct telemetry_subject *s, struct metric_writer *w);
void gather_connections(const struct telemetry_subject *s, struct metric_writer *w);
void gather_rejected(const struct telemetry_subject *s, struct metric_writer *w);

/* ---- metrics_env.c --------------------------------------------------------------------------- */

void gather_environment_up(const struct telemetry_subject *s, struct metric_writer *w);
void gather_dataset_items(const struct telemetry_subject *s, struct metric_writer *w);
void gather_store_available(const struct telemetry_subject *s, struct metric_writer *w);
void gather_stream_clients(const struct telemetry_subject *s, struct metric_writer *w);
void gather_segments_time(const struct telemetry_subject *s, struct metric_writer *w);
void gather_segments_patches(const struct telemetry_subject *s, struct metric_writer *w);
void gather_segments_members(const struct telemetry_subject *s, struct metric_writer *w);

/* ---- metrics_events.c ------------------------------------------------------------------------ */

/* Of each environment, by slot; to be freed by the caller. NULL: there are no events. */
struct events_counts *gather_events_counts(const struct telemetry_subject *s);

void gather_events_received(const struct telemetry_subject *s, struct metric_writer *w);
void gather_events_received_bytes(const struct telemetry_subject *s, struct metric_writer *w);
void gather_events_queue(const struct telemetry_subject *s, struct metric_writer *w);
void gather_events_queue_bytes(const struct telemetry_subject *s, struct metric_writer *w);
void gather_events_limit(const struct telemetry_subject *s, struct metric_writer *w);
void gather_events_sent(const struct telemetry_subject *s, struct metric_writer *w);
void gather_events_sent_bytes(const struct telemetry_subject *s, struct metric_writer *w);
void gather_events_dropped(const struct telemetry_subject *s, struct metric_writer *w);
void gather_events_duplicates(const struct telemetry_subject *s, struct metric_writer *w);
void gather_events_merged(const struct telemetry_subject *s, struct metric_writer *w);
void gather_events_spool(const struct telemetry_subject *s, struct metric_writer *w);
void gather_events_age(const struct telemetry_subject *s, struct metric_writer *w);
void gather_events_enabled(const struct telemetry_subject *s, struct metric_writer *w);

#endif
