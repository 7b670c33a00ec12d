/* env/env.c - the life of one environment: opened, fed, closed. */
#include "base/mask.h"
#include "env/env_private.h"
#include "source/file.h"
#include "source/stream.h"

#include <string.h>

/* The level of the Go SDK whose behaviour this program has as a client (status.md 2). */
#define CLIENT_VERSION "7.6.0"

static char *copy_text(const char *text)
{
    return mem_copy_text(text, strlen(text));
}

/* ---- what the serving threads know ----------------------------------------------------------- */

struct env_snapshot *env_snapshot_take(struct env *e)
{
    const struct connection *c = &e->connection;
    struct env_state state = {
        .readiness = env_readiness(e),
        .start_ended = e->start != START_WAITING,
        .initialized = e->initialized,
        .connection = c->state,
        .connection_since_ms = c->since_wall_ms,
        .connection_since_mono_ms = c->since_mono_ms,
        .has_error = c->has_error,
        .error_kind = c->error_kind,
        .error_status_code = c->error_status_code,
        .error_ms = c->error_wall_ms,
        .store_failing = e->store_state == STORE_INTERRUPTED,
        .store_since_ms = e->store_since_wall_ms,
        .empty_until_mono_ms = e->cache.empty_until_ms,
    };
    env_big_segments_show(e, &state.segments);
    memcpy(state.fresh_until_mono_ms, e->cache.until_ms, sizeof state.fresh_until_mono_ms);
    uint64_t number = e->published != NULL ? e->published->number + 1 : 1;
    struct env_snapshot *next = env_snapshot_new(e->facts, number, &state, e->data);
    env_snapshot_unref(e->published);
    e->published = next;
    return next;
}

/* ---- what the source says -------------------------------------------------------------------- */

static void source_put(void *owner, struct dataset *data)
{
    struct env *e = owner;
    bool first = !e->initialized;
    e->initialized = true;
    (void)connection_good(e);
    if (first && e->data_files == NULL)
        log_always(e->facts->log, LOG_INFO, "LaunchDarkly streaming is active");
    bool ended = env_start_succeed(e);
    env_put_apply(e, data);
    if (ended)
        env_start_tell(e, NULL, false);
}

/* Before the first put a single item is no data set to serve; the put will contain it. */
static void source_patch(void *owner, struct item *it)
{
    struct env *e = owner;
    if (!e->initialized) {
        item_unref(it);
        return;
    }
    if (connection_good(e))
        env_publish_state(e);
    env_patch_apply(e, it);
}

static void source_alive(void *owner)
{
    struct env *e = owner;
    if (e->initialized && connection_good(e))
        env_publish_state(e);
}

static void source_failed(void *owner, const struct source_failure *failure)
{
    struct env *e = owner;
    connection_failed(e, failure);
    env_publish_state(e);
    env_start_fail(e, failure);
}

/* ---- what the store says --------------------------------------------------------------------- */

static void store_read_done(void *owner, const struct store_contents *contents)
{
    env_cache_read_done(owner, contents);
}

static void store_written(void *owner, unsigned kinds, bool whole)
{
    env_cache_written(owner, kinds, whole);
}

static void store_released(void *owner, uint64_t number)
{
    env_hold_end(owner, number);
}

static void store_write_failed(void *owner, const char *problem)
{
    struct env *e = owner;
    (void)problem; /* the store has logged it */
    connection_store_error(e);
    env_publish_state(e);
}

/* A database that was away at the start may hold what nobody could read then. */
static void store_back(struct env *e)
{
    if (e->data == NULL && e->start != START_WAITING) {
        env_cache_load(e);
        return;
    }
    if (e->house->settings.local_ttl_ms < 0 || !e->initialized)
        return;
    log_always(e->facts->log, LOG_WARN,
               "Restarting stream to refresh data after data store outage");
    source_restart(e->source);
}

static void store_state_changed(void *owner, enum store_state state)
{
    struct env *e = owner;
    bool back = e->store_state == STORE_INTERRUPTED && state == STORE_VALID;
    e->store_state = state;
    e->store_since_wall_ms = clock_wall_ms(e->house->settings.clock);
    env_publish_state(e);
    if (back)
        store_back(e);
}

static void store_refill_wanted(void *owner)
{
    struct env *e = owner;
    env_hold_end_all(e); /* what fills the database makes their writes superfluous */
    if (e->data != NULL)
        store_refill_post(e->store, e->data, e->connection.state == CONNECTION_VALID);
}

/* ---- opening and closing --------------------------------------------------------------------- */

struct env *env_open(struct house *h, const struct env_settings *settings, unsigned slot)
{
    struct env *e = mem_zalloc(sizeof *e);
    int64_t now = clock_wall_ms(h->settings.clock);
    e->house = h;
    e->slot = slot;
    e->facts = env_facts_new(settings, now);
    e->sdk_key = copy_text(settings->sdk_key);
    e->mobile_key = copy_text(settings->mobile_key);
    e->data_files = settings->data_files != NULL ? texts_copy(settings->data_files) : NULL;
    e->store_since_wall_ms = now;
    list_init(&e->held);
    connection_init(e);
    (void)uv_timer_init(h->settings.loop, &e->init_timer);
    (void)uv_timer_init(h->settings.loop, &e->outage_timer);
    env_cache_init(e);
    env_pings_init(e);
    env_members_init(e);
    env_big_segments_init(e);
    e->timers_open = 6;
    return e;
}

void env_free_when_closed(struct env *e)
{
    bool segments_open = e->segments.store != NULL || e->segments.synchronizer != NULL;
    if (e->source_open || e->store_open || segments_open || e->timers_open != 0)
        return;
    struct house *h = e->house;
    env_hold_forget(e);
    dataset_unref(e->data);
    dataset_unref(e->told);
    env_cache_free(e);
    env_members_free(e);
    env_snapshot_unref(e->published);
    env_facts_unref(e->facts);
    mem_free(e->sdk_key);
    mem_free(e->mobile_key);
    texts_free(e->data_files);
    mem_free(e);
    house_env_closed(h);
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

static void close_timer(struct env *e, uv_timer_t *timer)
{
    timer->data = e;
    uv_close((uv_handle_t *)timer, timer_closed);
}

static void open_store(struct env *e)
{
    struct store_listener listener = {.owner = e,
                                      .read_done = store_read_done,
                                      .released = store_released,
                                      .written = store_written,
                                      .write_failed = store_write_failed,
                                      .state_changed = store_state_changed,
                                      .refill_wanted = store_refill_wanted,
                                      .closed = store_closed};
    struct store_place place = {e->facts->store_prefix, e->facts->store_table};
    e->store = store_open(e->house->settings.database, &place, e->facts->log, &listener);
    e->store_open = true;
    e->store_state = store_state(e->store);
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
        e->source = source_file_open(&files, s->loop, e->facts->log, &sink);
        return;
    }
    log_always(e->facts->log, LOG_INFO, "Starting LaunchDarkly client %s", CLIENT_VERSION);
    struct source_stream_settings stream = {e->house->stream_uri, e->sdk_key, e->facts->filter_key};
    e->source =
        source_stream_open(&stream, s->client, s->loop, s->clock, s->random, e->facts->log, &sink);
}

void env_start_sources(struct env *e)
{
    open_store(e);
    env_big_segments_open(e);
    open_source(e);
    env_start_begin(e);
    env_publish_state(e);
}

void env_close(struct env *e)
{
    if (e->closing)
        return;
    e->closing = true;
    env_prepare_forget(e);
    close_timer(e, &e->init_timer);
    close_timer(e, &e->outage_timer);
    close_timer(e, &e->cache.timer);
    close_timer(e, &e->pings.window);
    close_timer(e, &e->segments.time.timer);
    close_timer(e, &e->segments.window);
    if (e->source_open)
        source_close(e->source);
    env_big_segments_close(e);
    if (e->store_open)
        store_close(e->store);
}
