/* telemetry/ - metrics for Prometheus: one table, one text, one listener (telemetry.md 2, 7).
 *
 *   GET /metrics --> metrics thread --question--> control thread: the rows of metrics.c are
 * gathered ^                                                |        (metrics_*.c), metric_text.c
 *        '---- all scrapes that wait <----- text ---------'        writes them down
 *
 * Nearly all that is counted lives on the control thread, so it is gathered there, once at a time:
 * scrapes that come meanwhile share the text. Serving threads take no part in it.
 *
 * Lives on: the control thread, but for the handler in scrape.c. May call: events, env,
 * bigsegments, http (server), base.
 */
#ifndef TELEMETRY_TELEMETRY_H
#define TELEMETRY_TELEMETRY_H

#include "base/clock.h"
#include "base/error.h"
#include "base/mailbox.h"
#include "env/env.h"
#include "events/events.h"
#include "http/server.h"

/* What there is to gather from, as it is at that moment; borrowed. */
struct telemetry_subject {
    const struct clock *clock;
    const struct house *house;        /* NULL: not open */
    const struct http_server *server; /* of the SDKs; NULL: not open */
    bool tls;                         /* it speaks it */
    const struct events *events;      /* NULL: not open */
    const struct events_door *door;
    const struct events_counts *counts; /* of all environments; filled in by telemetry_write() */
    const char *database;               /* "sqlite"; NULL: none */
    int64_t disconnected_status_ms;     /* disconnectedStatusTime */
};

/* Appends all metrics of the subject, Prometheus text format 0.0.4. On the control thread. */
void telemetry_write(const struct telemetry_subject *subject, struct str *out);

struct telemetry_settings {
    const char *listen_address; /* NULL: all addresses */
    int port;
    const struct clock *clock;
    uv_loop_t *loop;         /* of the control thread */
    struct mailbox *mailbox; /* of the control thread; open until telemetry_close() is done */
    void *owner;
    /* On the control thread, for each gathering; never after telemetry_close(). */
    void (*subject)(void *owner, struct telemetry_subject *out);
};

struct telemetry;

/* Listens and answers from now on. False with *err when it cannot ("listen tcp :8031: bind: address
 * already in use"). */
MUST_CHECK bool telemetry_open(const struct telemetry_settings *settings, struct telemetry **out,
                               struct error *err);

/* The port really listened on (for port 0). */
int telemetry_port(const struct telemetry *t);

/* What is asked from now on is answered 503. After `limit_ms` at the latest `closed` is called,
 * from a later turn; the memory is gone then. */
void telemetry_close(struct telemetry *t, int64_t limit_ms, void (*closed)(void *arg), void *arg);

#endif
