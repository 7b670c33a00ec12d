/* env/start.c - how the start of an environment ends (spec streaming.md 6.2).
 *
 *   WAITING --put--> SUCCEEDED
 *      |---initTimeout--> TIMED_OUT    the database's contents are served, if there are any
 *      '---refused------> REFUSED      as an unknown credential, until LaunchDarkly sends data
 *
 *   OPEN (initTimeout 0) goes the same ways; a refusal leads to TIMED_OUT, as it serves already.
 */
#include "base/mask.h"
#include "env/env_private.h"

#define INIT_TIMEOUT_ADVISED_MS 60000

enum env_readiness env_readiness(const struct env *e)
{
    if (e->start == START_REFUSED && !e->initialized)
        return ENV_REFUSED;
    if (e->data == NULL && e->connection.state == CONNECTION_OFF)
        return ENV_REFUSED;
    if (e->start == START_SUCCEEDED && e->data == NULL)
        return ENV_STARTING; /* the first put is on its way into the database (hold.c) */
    bool early = e->house->settings.serve_store_while_initializing && e->data != NULL;
    return e->start == START_WAITING && !early ? ENV_STARTING : ENV_READY;
}

static bool pending(const struct env *e)
{
    return e->start == START_WAITING || e->start == START_OPEN;
}

/* The one place where a start ends. The data store counts as looked at from this moment. */
static void outcome_set(struct env *e, enum env_start outcome)
{
    if (e->start == START_WAITING)
        e->store_since_wall_ms = clock_wall_ms(e->house->settings.clock);
    e->start = outcome;
    (void)uv_timer_stop(&e->init_timer);
}

void env_start_tell(struct env *e, const char *reason, bool refused)
{
    const struct house_listener *listener = &e->house->listener;
    listener->start_ended(listener->owner, e->facts->name, reason, refused); /* usually run.c */
}

static void log_failure(const struct env *e, const char *reason)
{
    if (e->house->settings.ignore_connection_errors)
        log_always(log_global(), LOG_WARN,
                   "Ignoring error initializing LaunchDarkly client for \"%s\": %s", e->facts->name,
                   reason);
    else
        log_always(log_global(), LOG_ERROR, "Error initializing LaunchDarkly client for \"%s\": %s",
                   e->facts->name, reason);
}

bool env_start_succeed(struct env *e)
{
    if (!pending(e))
        return false;
    char tail[8];
    mask_key_tail(view_of(e->sdk_key), tail);
    outcome_set(e, START_SUCCEEDED);
    log_always(e->facts->log, LOG_INFO, "Initialized LaunchDarkly client");
    log_always(log_global(), LOG_INFO, "Initialized LaunchDarkly client for \"%s\" (SDK key %s)",
               e->facts->name, tail);
    return true;
}

/* The outcome is known to the serving threads before the log tells of it: whoever acts on the log
 * finds it true. `warning` may be NULL. */
static void fail(struct env *e, enum env_start outcome, const char *warning, const char *reason,
                 bool refused)
{
    outcome_set(e, outcome);
    if (outcome == START_TIMED_OUT)
        env_cache_load(e); /* what the database holds is served from now on */
    env_publish_state(e);
    if (warning != NULL)
        log_always(e->facts->log, LOG_WARN, "%s", warning);
    log_failure(e, reason);
    env_start_tell(e, reason, refused);
}

static void refuse(struct env *e)
{
    const char *reason = "LaunchDarkly client initialization failed";
    fail(e, e->start == START_OPEN ? START_TIMED_OUT : START_REFUSED, reason, reason, true);
}

void env_start_fail(struct env *e, const struct source_failure *failure)
{
    if (!pending(e))
        return;
    if (e->data_files != NULL)
        fail(e, START_TIMED_OUT, NULL, failure->message, true);
    else if (!failure->recoverable)
        refuse(e);
}

static void timed_out(uv_timer_t *timer)
{
    struct env *e = CONTAINER_OF(timer, struct env, init_timer);
    fail(e, START_TIMED_OUT, "Timeout encountered waiting for LaunchDarkly client initialization",
         "timeout encountered waiting for LaunchDarkly client initialization", false);
}

void env_start_begin(struct env *e)
{
    const struct house_settings *s = &e->house->settings;
    int64_t timeout = s->init_timeout_ms;
    if (timeout <= 0)
        outcome_set(e, START_OPEN);
    if (timeout <= 0 || s->serve_store_while_initializing)
        env_cache_load(e);
    if (timeout <= 0)
        return;
    if (e->data_files == NULL)
        log_always(e->facts->log, LOG_INFO,
                   "Waiting up to %lld milliseconds for LaunchDarkly client to start...",
                   (long long)timeout);
    if (timeout > INIT_TIMEOUT_ADVISED_MS)
        log_always(e->facts->log, LOG_WARN,
                   "Client was configured to block for up to %lld milliseconds. We recommend "
                   "blocking no longer than %d milliseconds",
                   (long long)timeout, INIT_TIMEOUT_ADVISED_MS);
    (void)uv_timer_start(&e->init_timer, timed_out, (uint64_t)timeout, 0);
}
