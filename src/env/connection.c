/* env/connection.c - how the connection to LaunchDarkly is doing (streaming.md 6.1, status.md 4,
 * 5).
 *
 *                 put                     failure                   refused
 *   INITIALIZING -----> VALID <------------------> INTERRUPTED   any -----> OFF --put--> VALID
 *                                  good event
 * Only this file assigns connection.state.
 */
#include "env/env_private.h"

#include "base/duration.h"
#include "base/str.h"

static bool state_set(struct env *e, enum connection_state next)
{
    struct connection *c = &e->connection;
    if (next == c->state)
        return false;
    log_line(e->facts->log, LOG_DEBUG, "Data source is %s, was %s", connection_state_name(next),
             connection_state_name(c->state));
    c->state = next;
    c->since_mono_ms = clock_now_ms(e->house->settings.clock);
    c->since_wall_ms = clock_wall_ms(e->house->settings.clock);
    return true;
}

void connection_init(struct env *e)
{
    struct connection *c = &e->connection;
    *c = (struct connection){.state = CONNECTION_INITIALIZING};
    c->since_mono_ms = clock_now_ms(e->house->settings.clock);
    c->since_wall_ms = clock_wall_ms(e->house->settings.clock);
}

bool connection_good(struct env *e)
{
    struct connection *c = &e->connection;
    if (c->outage)
        (void)uv_timer_stop(&e->outage_timer);
    c->outage = false;
    c->count_used = 0;
    return state_set(e, CONNECTION_VALID);
}

static void count_error(struct connection *c, const struct source_failure *failure)
{
    for (size_t i = 0; i < c->count_used; i++) {
        if (c->counts[i].kind == failure->kind &&
            c->counts[i].status_code == failure->status_code) {
            c->counts[i].times++;
            return;
        }
    }
    if (c->count_used < ARRAY_LEN(c->counts))
        c->counts[c->count_used++] = (struct outage_count){failure->kind, failure->status_code, 1};
}

static void describe_counts(const struct connection *c, struct str *out)
{
    for (size_t i = 0; i < c->count_used; i++) {
        const struct outage_count *n = &c->counts[i];
        str_append_format(out, "%s%s", i != 0 ? ", " : "", connection_error_name(n->kind));
        if (n->status_code != 0)
            str_append_format(out, "(%d)", n->status_code);
        str_append_format(out, " (%u time%s)", n->times, n->times == 1 ? "" : "s");
    }
}

static void outage_due(uv_timer_t *timer)
{
    struct env *e = CONTAINER_OF(timer, struct env, outage_timer);
    struct str length = {0};
    struct str counts = {0};
    duration_print(e->house->settings.disconnected_status_ms * 1000000, &length);
    describe_counts(&e->connection, &counts);
    log_always(
        e->facts->log, LOG_ERROR,
        "LaunchDarkly data source outage - updates have been unavailable for at least %s with "
        "the following errors: %s",
        str_text(&length), str_text(&counts));
    str_free(&length);
    str_free(&counts);
}

static void outage_begin(struct env *e)
{
    int64_t limit = e->house->settings.disconnected_status_ms;
    e->connection.outage = true;
    (void)uv_timer_start(&e->outage_timer, outage_due, limit > 0 ? (uint64_t)limit : 0, 0);
}

static void error_note(struct env *e, enum source_error_kind kind, int status_code)
{
    e->connection.has_error = true;
    e->connection.error_kind = kind;
    e->connection.error_status_code = status_code;
    e->connection.error_wall_ms = clock_wall_ms(e->house->settings.clock);
}

void connection_failed(struct env *e, const struct source_failure *failure)
{
    struct connection *c = &e->connection;
    error_note(e, failure->kind, failure->status_code);
    count_error(c, failure);
    if (!c->outage)
        outage_begin(e);
    if (!failure->recoverable)
        (void)state_set(e, CONNECTION_OFF);
    else if (c->state == CONNECTION_VALID)
        (void)state_set(e, CONNECTION_INTERRUPTED);
}

void connection_store_error(struct env *e)
{
    error_note(e, SOURCE_ERROR_STORE, 0);
}
