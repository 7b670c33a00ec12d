/* env/env.c - the life of one environment: opened, started, fed, closed (spec streaming.md 6.2).
 *
 *   WAITING --put--> SUCCEEDED
 *      |---initTimeout--> TIMED_OUT    the data store's contents are served, if there are any
 *      '---refused------> REFUSED      as an unknown credential, until an attempt succeeds
 */
#include "base/mask.h"
#include "env/env_private.h"
#include "source/file.h"
#include "source/stream.h"

#include <string.h>

/* The level of the Go SDK whose behaviour this program has as a client (status.md 2). */
#define CLIENT_VERSION "7.6.0"
#define INIT_TIMEOUT_ADVISED_MS 60000

static char *copy_text(const char *text)
{
    return mem_copy_text(text, strlen(text));
}

static char **copy_texts(const char *const *texts)
{
    if (texts == NULL)
        return NULL;
    size_t count = 0;
    while (texts[count] != NULL)
        count++;
    char **copy = mem_zalloc((count + 1) * sizeof(char *));
    for (size_t i = 0; i < count; i++)
        copy[i] = copy_text(texts[i]);
    return copy;
}

static void free_texts(char **texts)
{
    for (size_t i = 0; texts != NULL && texts[i] != NULL; i++)
        mem_free(texts[i]);
    mem_free(texts);
}

enum env_readiness env_readiness(const struct env *e)
{
    if (e->data == NULL && e->connection.state == CONNECTION_OFF)
        return ENV_REFUSED;
    bool early = e->house->settings.serve_store_while_initializing && e->data != NULL;
    return e->start == START_WAITING && !early ? ENV_STARTING : ENV_READY;
}

/* ---- the end of the start
 * ------------------------------------------------------------------------ */

static void start_end(struct env *e, enum env_start outcome, const char *reason)
{
    const struct house_listener *listener = &e->house->listener;
    e->start = outcome;
    (void)uv_timer_stop(&e->init_timer);
    listener->start_ended(listener->owner, e->facts->name, reason, outcome == START_REFUSED);
}

static void log_start_error(struct env *e, const char *reason)
{
    if (e->house->settings.ignore_connection_errors)
        log_always(log_global(), LOG_WARN,
                   "Ignoring error initializing LaunchDarkly client for \"%s\": %s", e->facts->name,
                   reason);
    else
        log_always(log_global(), LOG_ERROR, "Error initializing LaunchDarkly client for \"%s\": %s",
                   e->facts->name, reason);
}

void env_start_succeeded(struct env *e)
{
    if (e->start != START_WAITING)
        return;
    char tail[8];
    mask_key_tail(view_of(e->sdk_key), tail);
    log_always(e->facts->log, LOG_INFO, "Initialized LaunchDarkly client");
    log_always(log_global(), LOG_INFO, "Initialized LaunchDarkly client for \"%s\" (SDK key %s)",
               e->facts->name, tail);
    start_end(e, START_SUCCEEDED, NULL);
}

static void start_timed_out(uv_timer_t *timer)
{
    struct env *e = CONTAINER_OF(timer, struct env, init_timer);
    const char *reason = "timeout encountered waiting for LaunchDarkly client initialization";
    log_always(e->facts->log, LOG_WARN,
               "Timeout encountered waiting for LaunchDarkly client initialization");
    log_start_error(e, reason);
    start_end(e, START_TIMED_OUT, reason);
    env_stored_apply(e);
    env_publish_state(e);
}

static void start_refused(struct env *e)
{
    const char *reason = "LaunchDarkly client initialization failed";
    log_always(e->facts->log, LOG_WARN, "%s", reason);
    log_start_error(e, reason);
    start_end(e, START_REFUSED, reason);
}

/* ---- what the source says
 * ------------------------------------------------------------------------ */

static void source_put(void *owner, struct dataset *data)
{
    struct env *e = owner;
    bool first = !e->initialized;
    e->initialized = true;
    connection_good(e);
    if (first && e->data_files == NULL)
        log_always(e->facts->log, LOG_INFO, "LaunchDarkly streaming is active");
    env_start_succeeded(e);
    env_put_apply(e, data);
}

/* Before the first put a single item is no data set to serve; the put will contain it. */
static void source_patch(void *owner, struct item *it)
{
    struct env *e = owner;
    if (!e->initialized) {
        item_unref(it);
        return;
    }
    connection_good(e);
    env_patch_apply(e, it);
}

static void source_alive(void *owner)
{
    struct env *e = owner;
    if (e->initialized)
        connection_good(e);
}

static void source_failed(void *owner, const struct source_failure *failure)
{
    struct env *e = owner;
    enum env_readiness before = env_readiness(e);
    connection_failed(e, failure);
    if (!failure->recoverable && e->start == START_WAITING)
        start_refused(e);
    if (env_readiness(e) != before)
        env_publish_state(e);
}

/* ---- what the store says
 * ------------------------------------------------------------------------- */

static void store_read_done(void *owner, const struct store_contents *contents)
{
    struct env *e = owner;
    if (!contents->ok)
        return;
    if (!contents->initialized || e->data != NULL) {
        dataset_unref(contents->data);
        return;
    }
    dataset_unref(e->stored);
    e->stored = contents->data;
    if (e->start == START_TIMED_OUT ||
        (e->start == START_WAITING && e->house->settings.serve_store_while_initializing))
        env_stored_apply(e);
}

static void store_write_failed(void *owner, const char *problem)
{
    struct env *e = owner;
    (void)problem;
    connection_store_error(e);
}

static void store_state_changed(void *owner, enum store_state state)
{
    struct env *e = owner;
    e->store_state = state;
    e->store_since_wall_ms = clock_wall_ms(e->house->settings.clock);
}

static void store_refill_wanted(void *owner)
{
    struct env *e = owner;
    if (e->data != NULL)
        store_init_post(e->store, e->data);
}

/* ---- opening and closing
 * ------------------------------------------------------------------------- */

struct env *env_open(struct house *h, const struct env_settings *settings, unsigned slot)
{
    struct env *e = mem_zalloc(sizeof *e);
    char tail[8];
    mask_key_tail(view_of(settings->sdk_key), tail);
    struct log_scope *log = log_scope_new(tail, settings->name, settings->log_level);
    e->house = h;
    e->slot = slot;
    e->facts = env_facts_new(settings->name, settings->env_id, log);
    log_scope_unref(log);
    e->sdk_key = copy_text(settings->sdk_key);
    e->mobile_key = copy_text(settings->mobile_key);
    e->filter_key = copy_text(settings->filter_key);
    e->prefix = copy_text(settings->prefix);
    e->data_files = copy_texts(settings->data_files);
    e->created_wall_ms = clock_wall_ms(h->settings.clock);
    e->store_since_wall_ms = e->created_wall_ms;
    connection_init(e);
    (void)uv_timer_init(h->settings.loop, &e->init_timer);
    (void)uv_timer_init(h->settings.loop, &e->outage_timer);
    e->timers_open = 2;
    return e;
}

static void env_free_when_closed(struct env *e)
{
    if (e->source_open || e->store_open || e->timers_open != 0)
        return;
    struct house *h = e->house;
    dataset_unref(e->data);
    dataset_unref(e->stored);
    env_facts_unref(e->facts);
    mem_free(e->sdk_key);
    mem_free(e->mobile_key);
    mem_free(e->filter_key);
    mem_free(e->prefix);
    free_texts(e->data_files);
    house_env_closed(h, e);
}

static void source_closed(void *owner)
{
    struct env *e = owner;
    e->source_open = false;
    env_free_when_closed(e);
}

static void store_closed(void *owner)
{
    struct env *e = owner;
    e->store_open = false;
    env_free_when_closed(e);
}

static void timer_closed(uv_handle_t *handle)
{
    struct env *e = handle->data;
    e->timers_open--;
    env_free_when_closed(e);
}

static void open_store(struct env *e)
{
    struct store_listener listener = {.owner = e,
                                      .read_done = store_read_done,
                                      .write_failed = store_write_failed,
                                      .state_changed = store_state_changed,
                                      .refill_wanted = store_refill_wanted,
                                      .closed = store_closed};
    e->store = store_open(e->house->settings.database, e->prefix, e->facts->log, &listener);
    e->store_open = true;
    store_read_post(e->store);
}

static void open_source(struct env *e)
{
    const struct house_settings *s = &e->house->settings;
    struct source_sink sink = {.owner = e,
                               .put = source_put,
                               .patch = source_patch,
                               .alive = source_alive,
                               .failed = source_failed,
                               .closed = source_closed};
    e->source_open = true;
    if (e->data_files != NULL) {
        struct source_file_settings files = {(const char *const *)e->data_files,
                                             s->file_monitoring_ms, s->ignore_duplicate_keys};
        e->source = source_file_open(&files, s->loop, s->clock, e->facts->log, &sink);
        return;
    }
    log_always(e->facts->log, LOG_INFO, "Starting LaunchDarkly client %s", CLIENT_VERSION);
    struct source_stream_settings stream = {e->house->stream_uri, e->sdk_key, e->filter_key};
    e->source =
        source_stream_open(&stream, s->client, s->loop, s->clock, s->random, e->facts->log, &sink);
}

static void begin_waiting(struct env *e)
{
    int64_t timeout = e->house->settings.init_timeout_ms;
    if (timeout <= 0) {
        e->start = START_TIMED_OUT;
        return;
    }
    if (e->data_files == NULL)
        log_always(e->facts->log, LOG_INFO,
                   "Waiting up to %lld milliseconds for LaunchDarkly client to start...",
                   (long long)timeout);
    if (timeout > INIT_TIMEOUT_ADVISED_MS)
        log_always(e->facts->log, LOG_WARN,
                   "Client was configured to block for up to %lld milliseconds. We recommend "
                   "blocking no longer than %d milliseconds",
                   (long long)timeout, INIT_TIMEOUT_ADVISED_MS);
    (void)uv_timer_start(&e->init_timer, start_timed_out, (uint64_t)timeout, 0);
}

void env_start_sources(struct env *e)
{
    open_store(e);
    open_source(e);
    begin_waiting(e);
    env_publish_state(e);
}

void env_close(struct env *e)
{
    if (e->closing)
        return;
    e->closing = true;
    e->init_timer.data = e;
    e->outage_timer.data = e;
    uv_close((uv_handle_t *)&e->init_timer, timer_closed);
    uv_close((uv_handle_t *)&e->outage_timer, timer_closed);
    if (e->source_open)
        source_close(e->source);
    if (e->store_open)
        store_close(e->store);
}
