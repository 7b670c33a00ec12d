/* run_stop.c - the way down (streaming.md 10.5).
 *
 *   signal --shutdownDelay--> house_close(), http_server_close(), telemetry_close(), side by side
 *                                   |              '-- no more posts --> usage_close(),
 *                                   |                                    then events_close()
 *                                   '-- all done --> databases --> handles --> loop is empty
 *
 * From house_close() on nothing is posted to the serving threads any more, so they may end in any
 * order; events know what they need of their environments.
 */
#include "run_private.h"

#include <unistd.h>

#define SPREAD_MAX_MS 5000
#define TIMEOUT_MIN_MS 1000
#define TIMEOUT_NOW_MS 5000
#define METRICS_LIMIT_MS 500 /* nobody waits longer for those who ask for metrics */
#define EVENTS_SPARE_MS 500  /* before the end of all, for closing what was used */

static void handle_closed(uv_handle_t *handle)
{
    (void)handle;
}

static void close_handles(struct run *r)
{
    if (!r->handles_open)
        return;
    r->handles_open = false;
    run_signals_close(r);
    mailbox_close(&r->mailbox);
    uv_close((uv_handle_t *)&r->beat, handle_closed);
    uv_close((uv_handle_t *)&r->delay, handle_closed);
}

static void database_closed(void *arg)
{
    struct run *r = arg;
    r->database = NULL;
    close_handles(r);
}

static void close_database(struct run *r)
{
    if (r->database != NULL)
        store_database_close(r->database, database_closed, r);
    else
        close_handles(r);
}

static void memberships_closed(void *arg)
{
    close_database(arg);
}

/* The next step, as soon as all of the last one is done. */
static void go_on(struct run *r)
{
    if (r->house != NULL || r->server != NULL || r->usage != NULL || r->events != NULL ||
        r->telemetry != NULL || r->outside_closing)
        return;
    r->outside_closing = true;
    if (r->client != NULL)
        http_client_close(r->client); /* nobody is left that could use it */
    r->client = NULL;
    if (r->memberships != NULL)
        membership_database_close(r->memberships, memberships_closed, r);
    else
        close_database(r);
}

void run_house_closed(void *owner)
{
    struct run *r = owner;
    r->house = NULL;
    go_on(r);
}

static void events_closed(void *arg)
{
    struct run *r = arg;
    r->events = NULL;
    go_on(r);
}

/* What was accepted is delivered, as far as time allows (events.md 12.1). */
static void end_events(struct run *r)
{
    int64_t left_ms = r->end_ms - clock_now_ms(clock_system()) - EVENTS_SPARE_MS;
    if (r->events != NULL)
        events_close(r->events, left_ms, events_closed, r);
}

static void metrics_closed(void *arg)
{
    struct run *r = arg;
    r->telemetry = NULL;
    go_on(r);
}

static void usage_closed(void *arg)
{
    struct run *r = arg;
    r->usage = NULL;
    end_events(r);
    go_on(r);
}

static void server_closed(void *arg)
{
    struct run *r = arg;
    r->server = NULL;
    api_threads_ended(r->api);
    goals_close(r->goals); /* nobody is left who could be answered */
    r->goals = NULL;
    if (r->usage != NULL)
        usage_close(r->usage, usage_closed, r);
    else
        end_events(r);
    go_on(r);
}

/* Everything after this would be kept waiting by something that does not end. */
static void timed_out(uv_timer_t *timer)
{
    const struct run *r = timer->data;
    log_always(log_global(), LOG_WARN,
               "Not everything ended within gracefulShutdownTimeout; exiting all the same");
    _exit(r->exit_code);
}

static void begin(struct run *r, int64_t spread_ms, int64_t limit_ms)
{
    r->stage = RUN_ENDING;
    r->end_ms = clock_now_ms(clock_system()) + limit_ms;
    (void)uv_timer_start(&r->delay, timed_out, (uint64_t)limit_ms, 0);
    if (r->house != NULL)
        house_close(r->house);
    if (r->usage != NULL)
        usage_stop(r->usage);
    if (r->telemetry != NULL)
        telemetry_close(r->telemetry, METRICS_LIMIT_MS, metrics_closed, r);
    if (r->server != NULL)
        http_server_close(r->server, spread_ms, limit_ms - limit_ms / 4, &r->loop, server_closed,
                          r);
    else
        end_events(r);
    go_on(r);
}

static void begin_gracefully(uv_timer_t *timer)
{
    struct run *r = timer->data;
    int64_t limit_ms = config_ms(r->latest->main.graceful_shutdown_timeout_ns);
    if (limit_ms < TIMEOUT_MIN_MS)
        limit_ms = TIMEOUT_MIN_MS;
    begin(r, limit_ms / 2 < SPREAD_MAX_MS ? limit_ms / 2 : SPREAD_MAX_MS, limit_ms);
}

void run_stop_gracefully(struct run *r)
{
    int64_t delay_ms = config_ms(r->latest->main.shutdown_delay_ns);
    r->stage = RUN_ENDING_SOON;
    if (r->api != NULL)
        api_set_stopping(r->api);
    (void)uv_timer_start(&r->delay, begin_gracefully, delay_ms > 0 ? (uint64_t)delay_ms : 0, 0);
}

void run_stop_now(struct run *r, int exit_code)
{
    if (r->stage == RUN_ENDING)
        return;
    r->exit_code = exit_code;
    begin(r, 0, TIMEOUT_NOW_MS);
}
