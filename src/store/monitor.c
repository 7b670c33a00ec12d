/* store/monitor.c - how the database is doing, and what is done when it was away
 * (data-store.md 4.6, 7).
 *
 *            an operation fails                      probe after 0.5 s, 1.0 s, ...
 *   VALID ---------------------------> INTERRUPTED <--------------------.
 *     |  ^                                  | it works                  | failed: the next
 *     |  '----- everything written ------ fill again with the owner's data   probe comes later
 *     '-- health check: marker gone, file gone --> fill again, still VALID
 *
 * Only this file assigns monitor.state.
 */
#include "store/store_private.h"

#define PROBE_MS 500
#define REPAIR_MAX_MS 10000
#define BARE_LOG_MS 600000

static void due(uv_timer_t *timer);

static void schedule(struct store *s)
{
    struct store_monitor *m = &s->monitor;
    int64_t wait = m->state == STORE_INTERRUPTED ? m->probe_ms : s->db->health_check_interval_ms;
    if (s->closing || wait <= 0 || !s->db->backend->class->monitored)
        return;
    (void)uv_timer_start(&m->timer, due, (uint64_t)wait, 0);
}

/* Checks of many environments are spread over the interval; that of the first comes after exactly
 * one: multiples of the golden ratio never cluster. */
static void schedule_first(struct store *s)
{
    double part = (double)s->db->opened * 0.6180339887498949;
    double interval = (double)s->db->health_check_interval_ms;
    double wait = interval * (1 - (part - (double)(size_t)part));
    schedule(s);
    if (wait >= 1 && uv_is_active((uv_handle_t *)&s->monitor.timer))
        (void)uv_timer_start(&s->monitor.timer, due, (uint64_t)wait, 0);
}

void store_monitor_start(struct store *s)
{
    s->monitor.probe_ms = PROBE_MS;
    s->monitor.state = STORE_VALID;
    schedule_first(s);
}

static void ask(struct store *s)
{
    struct store_monitor *m = &s->monitor;
    m->asked = true;
    store_queue_add(s, m->state == STORE_INTERRUPTED ? STORE_OP_PROBE : STORE_OP_CHECK,
                    STORE_FOR_SOURCE, NULL, NULL);
    store_queue_next(s);
}

static void due(uv_timer_t *timer)
{
    struct store *s = CONTAINER_OF(timer, struct store, monitor.timer);
    if (s->monitor.asked || s->monitor.filling)
        schedule(s);
    else
        ask(s);
}

static void state_set(struct store *s, enum store_state next)
{
    if (next == s->monitor.state)
        return;
    s->monitor.state = next;
    s->monitor.probe_ms = PROBE_MS;
    log_always(s->log, LOG_WARN, "%s",
               next == STORE_VALID ? "Persistent store is available again"
                                   : "Detected persistent store unavailability; updates will be "
                                     "cached until it recovers");
    schedule(s);
    s->listener.state_changed(s->listener.owner, next);
    if (next == STORE_INTERRUPTED)
        store_hold_release_all(s);
}

bool store_monitor_hopeless(const struct store *s)
{
    return s->monitor.state == STORE_INTERRUPTED && !s->monitor.filling;
}

void store_monitor_failed(struct store *s, const char *problem)
{
    log_line(s->log, LOG_ERROR, "Data store returned error: %s", problem);
    if (!s->closing)
        state_set(s, STORE_INTERRUPTED);
}

/* ---- filling the database again -------------------------------------------------------------- */

bool store_monitor_refill(struct store *s, enum store_purpose purpose)
{
    struct store_monitor *m = &s->monitor;
    m->wanted = true;
    m->purpose = purpose;
    s->listener.refill_wanted(s->listener.owner);
    bool answered = !m->wanted;
    m->wanted = false;
    return answered;
}

void store_refill_post(struct store *s, struct dataset *data, bool current)
{
    struct store_monitor *m = &s->monitor;
    if (!m->wanted)
        return;
    m->wanted = false;
    m->filling = m->purpose != STORE_FOR_SOURCE;
    if (m->purpose == STORE_FOR_REPOPULATION)
        log_always(s->log, LOG_WARN, "Repopulating data store from in-memory snapshot");
    bool whole = store_queue_supersede(s, &m->purpose) || current || !m->marked;
    struct store_job *j = store_queue_add(s, whole ? STORE_OP_INIT : STORE_OP_UPSERT, m->purpose,
                                          dataset_ref(data), NULL);
    store_hold_posted(s, j);
    store_queue_next(s);
}

static void recovery_ended(struct store *s, const struct store_op *op)
{
    struct store_monitor *m = &s->monitor;
    if (op->ok) {
        log_always(s->log, LOG_WARN, "Successfully updated persistent store from cached data");
        state_set(s, STORE_VALID);
        return;
    }
    log_line(s->log, LOG_ERROR,
             "Tried to write cached data to persistent store after a store outage, but failed: %s",
             op->problem.text);
    schedule(s);
    m->probe_ms = m->probe_ms * 2 < REPAIR_MAX_MS ? m->probe_ms * 2 : REPAIR_MAX_MS;
}

static void repopulation_ended(struct store *s, const struct store_op *op)
{
    if (op->ok) {
        log_always(s->log, LOG_INFO, "Successfully repopulated data store from snapshot");
        return;
    }
    log_line(s->log, LOG_ERROR, "Failed to repopulate data store from snapshot: %s",
             op->problem.text);
    store_monitor_failed(s, op->problem.text);
}

void store_monitor_refilled(struct store *s, enum store_purpose purpose, const struct store_op *op)
{
    s->monitor.filling = false;
    if (purpose == STORE_FOR_RECOVERY)
        recovery_ended(s, op);
    else
        repopulation_ended(s, op);
}

/* ---- what checks and probes say -------------------------------------------------------------- */

void store_monitor_probed(struct store *s, const struct store_op *op)
{
    struct store_monitor *m = &s->monitor;
    m->asked = false;
    if (!op->ok) {
        schedule(s);
        return;
    }
    m->marked = op->marked;
    if (!store_monitor_refill(s, STORE_FOR_RECOVERY))
        state_set(s, STORE_VALID);
}

static void bare_log(struct store *s)
{
    struct store_monitor *m = &s->monitor;
    int64_t now = clock_now_ms(s->db->clock);
    if (m->bare_logged && now - m->bare_logged_ms < BARE_LOG_MS)
        return;
    m->bare_logged = true;
    m->bare_logged_ms = now;
    log_always(s->log, LOG_WARN,
               "Cannot repopulate data store: no snapshot data available to restore");
}

static void repopulate(struct store *s, bool replaced)
{
    if (!store_monitor_refill(s, STORE_FOR_REPOPULATION) && !replaced)
        bare_log(s);
}

/* Is the marker there? Where it was before and is not any more, the data are gone (7.1). */
void store_monitor_marker(struct store *s, bool marked)
{
    struct store_monitor *m = &s->monitor;
    bool replaced = m->replaced;
    bool had = m->marked;
    m->replaced = false;
    m->marked = marked;
    if ((marked && !replaced) || m->state != STORE_VALID)
        return;
    if (had && !replaced)
        log_always(s->log, LOG_WARN,
                   "Data store lost initialization data, possible store restart detected");
    repopulate(s, replaced);
}

void store_monitor_checked(struct store *s, const struct store_op *op)
{
    struct store_monitor *m = &s->monitor;
    m->asked = false;
    if (!op->ok) {
        log_line(s->log, LOG_DEBUG, "Data store health check: connection error: %s",
                 op->problem.text);
        store_monitor_failed(s, op->problem.text);
        return;
    }
    schedule(s);
    store_monitor_marker(s, op->marked);
}

void store_monitor_lost(struct store *s)
{
    struct store_monitor *m = &s->monitor;
    if (s->closing || m->state != STORE_VALID)
        return;
    m->replaced = true;
    if (!m->asked)
        ask(s);
}
