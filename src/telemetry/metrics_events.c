/* telemetry/metrics_events.c - events of SDKs, per environment (events.md 15).
 *
 * Serving threads count for the process alone: what the environments do not have of the door's
 * numbers is shown with env="", so that the sum over all is what /status says.
 */
#include "telemetry/metric.h"

static const char *const kinds[EVENTS_KIND_COUNT] = {[EVENT_SERVER] = "server",
                                                     [EVENT_MOBILE] = "mobile",
                                                     [EVENT_BROWSER] = "browser",
                                                     [EVENTS_DIAGNOSTIC] = "diagnostic"};

static bool is_on(const struct telemetry_subject *s)
{
    return s->events != NULL && s->house != NULL && s->door->settings.enabled;
}

struct events_counts *gather_events_counts(const struct telemetry_subject *s)
{
    if (!is_on(s))
        return NULL;
    struct events_counts *counts = mem_zalloc(house_count(s->house) * sizeof *counts);
    for (unsigned slot = 0; slot < house_count(s->house); slot++)
        events_counts(s->events, slot, &counts[slot]);
    return counts;
}

struct row {
    const char *env;
    const struct events_counts *counts;
};

/* The environment in *slot, which counts up; false when there is none left. */
static bool next(const struct telemetry_subject *s, unsigned *slot, struct row *out)
{
    if (!is_on(s) || *slot >= house_count(s->house))
        return false;
    out->env = house_current(s->house, *slot)->facts->name;
    out->counts = &s->counts[*slot];
    (*slot)++;
    return true;
}

/* One number of each environment, at that place in its counts; returns their sum. */
static int64_t put_each(const struct telemetry_subject *s, struct metric_writer *w, size_t offset)
{
    struct row row;
    int64_t sum = 0;
    for (unsigned slot = 0; next(s, &slot, &row);) {
        int64_t number;
        memcpy(&number, (const char *)row.counts + offset, sizeof number);
        metric_put(w, (const char *[]){row.env}, number);
        sum += number;
    }
    return sum;
}

#define PUT_EACH(s, w, member) put_each(s, w, offsetof(struct events_counts, member))

/* ---- received -------------------------------------------------------------------------------- */

void gather_events_received(const struct telemetry_subject *s, struct metric_writer *w)
{
    struct row row;
    for (unsigned slot = 0; next(s, &slot, &row);)
        for (size_t k = 0; k < EVENTS_KIND_COUNT; k++)
            metric_put(w, (const char *[]){row.env, kinds[k]}, row.counts->received[k]);
}

void gather_events_received_bytes(const struct telemetry_subject *s, struct metric_writer *w)
{
    struct row row;
    for (unsigned slot = 0; next(s, &slot, &row);)
        for (size_t k = 0; k < EVENTS_KIND_COUNT; k++)
            metric_put(w, (const char *[]){row.env, kinds[k]}, row.counts->received_bytes[k]);
}

/* ---- waiting --------------------------------------------------------------------------------- */

void gather_events_queue(const struct telemetry_subject *s, struct metric_writer *w)
{
    (void)PUT_EACH(s, w, queue);
}

void gather_events_queue_bytes(const struct telemetry_subject *s, struct metric_writer *w)
{
    int64_t sum = PUT_EACH(s, w, queue_bytes);
    if (is_on(s))
        metric_put(w, (const char *[]){""},
                   atomic_load(&s->door->held_bytes) - sum + atomic_load(&s->door->reading_bytes));
}

void gather_events_limit(const struct telemetry_subject *s, struct metric_writer *w)
{
    if (is_on(s))
        metric_put(w, NULL, s->door->settings.max_queue_bytes);
}

void gather_events_spool(const struct telemetry_subject *s, struct metric_writer *w)
{
    int64_t bytes = is_on(s) ? events_spool_bytes(s->events) : -1;
    if (bytes >= 0)
        metric_put(w, NULL, bytes);
}

void gather_events_age(const struct telemetry_subject *s, struct metric_writer *w)
{
    struct row row;
    for (unsigned slot = 0; next(s, &slot, &row);)
        if (row.counts->oldest_age_ms >= 0)
            metric_put_ms(w, (const char *[]){row.env}, row.counts->oldest_age_ms);
}

/* ---- outcomes -------------------------------------------------------------------------------- */

void gather_events_sent(const struct telemetry_subject *s, struct metric_writer *w)
{
    (void)PUT_EACH(s, w, sent);
}

void gather_events_sent_bytes(const struct telemetry_subject *s, struct metric_writer *w)
{
    (void)PUT_EACH(s, w, sent_bytes);
}

void gather_events_duplicates(const struct telemetry_subject *s, struct metric_writer *w)
{
    (void)PUT_EACH(s, w, duplicates);
}

void gather_events_merged(const struct telemetry_subject *s, struct metric_writer *w)
{
    (void)PUT_EACH(s, w, merged);
}

void gather_events_dropped(const struct telemetry_subject *s, struct metric_writer *w)
{
    struct row row;
    int64_t rest[EVENT_DROP_COUNT];
    for (size_t i = 0; i < EVENT_DROP_COUNT; i++)
        rest[i] = atomic_load(&s->door->dropped[i]);
    for (unsigned slot = 0; next(s, &slot, &row);) {
        for (size_t i = 0; i < EVENT_DROP_COUNT; i++) {
            metric_put(w, (const char *[]){row.env, event_drop_name((enum event_drop)i)},
                       row.counts->dropped[i]);
            rest[i] -= row.counts->dropped[i];
        }
    }
    for (size_t i = 0; is_on(s) && i < EVENT_DROP_COUNT; i++)
        if (rest[i] != 0)
            metric_put(w, (const char *[]){"", event_drop_name((enum event_drop)i)}, rest[i]);
}

void gather_events_enabled(const struct telemetry_subject *s, struct metric_writer *w)
{
    struct row row;
    for (unsigned slot = 0; next(s, &slot, &row);)
        for (size_t k = EVENT_SERVER; k <= EVENT_BROWSER; k++)
            metric_put(w, (const char *[]){row.env, kinds[k]}, !row.counts->off[k]);
}
