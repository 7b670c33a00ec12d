/* run_signals.c - what the process does about signals (configuration.md 14.4). */
#include "run_private.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static void stop(struct run *r, int number)
{
    const char *name = number == SIGTERM ? "SIGTERM" : "SIGINT";
    if (r->stage == RUN_ENDING_SOON || r->stage == RUN_ENDING) {
        log_always(log_global(), LOG_WARN, "Received %s again; exiting at once", name);
        _exit(EXIT_FAILURE);
    }
    log_always(log_global(), LOG_INFO, "Received %s; shutting down", name);
    run_stop_gracefully(r);
}

static void log_summary(const struct run *r)
{
    for (size_t i = 0; i < house_count(r->house); i++) {
        const struct env_snapshot *s = house_snapshot(r->house, i);
        size_t flags = s->data != NULL ? dataset_count(s->data, ITEM_FLAG) : 0;
        size_t segments = s->data != NULL ? dataset_count(s->data, ITEM_SEGMENT) : 0;
        log_always(log_global(), LOG_INFO,
                   "Environment \"%s\": connection %s, data store %s, %zu flag(s), %zu segment(s)",
                   s->facts->name, connection_state_name(s->state.connection),
                   s->state.store_failing ? "INTERRUPTED" : "VALID", flags, segments);
    }
    if (r->server == NULL)
        return;
    struct http_counts counts;
    http_server_counts(r->server, &counts);
    int64_t slow = counts.dropped_stall + counts.dropped_backlog;
    log_always(
        log_global(), LOG_INFO,
        "Clients: %lld connection(s), %lld stream(s); refused over the limit %lld, dropped as "
        "too slow %lld",
        (long long)counts.connections, (long long)counts.streams,
        (long long)counts.refused_over_limit, (long long)slow);
}

/* The numbers of /status. */
static void log_events(const struct events_door *door)
{
    int64_t lost = 0;
    for (size_t i = 0; i < EVENT_DROP_COUNT; i++)
        lost += atomic_load(&door->dropped[i]);
    log_always(log_global(), LOG_INFO,
               "Events: %lld received, %lld waiting, %lld sent, %lld lost; kinds of them that "
               "LaunchDarkly does not take now %lld, refuses %lld",
               (long long)atomic_load(&door->received_events),
               (long long)atomic_load(&door->pending_events),
               (long long)atomic_load(&door->sent_events), (long long)lost,
               (long long)atomic_load(&door->families_failing),
               (long long)atomic_load(&door->families_off));
}

static void debug_on(struct run *r)
{
    if (r->house != NULL)
        log_summary(r);
    if (r->house != NULL && r->config->events.send_events)
        log_events(&r->door);
    log_level_override(true);
    log_always(log_global(), LOG_INFO, "All log levels are debug until SIGUSR2");
}

static void debug_off(void)
{
    log_level_override(false);
    log_always(log_global(), LOG_INFO, "Log levels are those of the configuration again");
}

static void arrived(uv_signal_t *handle, int number)
{
    struct run *r = handle->data;
    switch (number) {
    case SIGTERM:
    case SIGINT:
        stop(r, number);
        break;
    case SIGHUP:
        if (r->stage == RUN_SERVING)
            run_reload(r);
        break;
    case SIGUSR1:
        debug_on(r);
        break;
    default:
        debug_off();
        break;
    }
}

void run_signals_open(struct run *r)
{
    static const int numbers[RUN_SIGNALS] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2};
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of its writer */
    for (size_t i = 0; i < RUN_SIGNALS; i++) {
        (void)uv_signal_init(&r->loop, &r->signals[i]);
        r->signals[i].data = r;
        (void)uv_signal_start(&r->signals[i], arrived, numbers[i]);
    }
}

static void closed(uv_handle_t *handle)
{
    (void)handle;
}

void run_signals_close(struct run *r)
{
    for (size_t i = 0; i < RUN_SIGNALS; i++)
        uv_close((uv_handle_t *)&r->signals[i], closed);
}
