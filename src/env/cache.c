/* env/cache.c - for how long the data in memory may be served before the database is asked again,
 * and what its answer does (data-store.md 4, 5, 6).
 *
 *   put --> may be served for localTtl            item written --> its kind must be read again
 *   a request after that --house_data_wanted()--> one read for all who wait --merge.c--> answered
 *
 * The data set in memory always holds the newest data of the environment; this file only decides
 * whether it may be served. While a write is queued or running it may: memory is what the database
 * will be.
 */
#include "env/env_private.h"

#define NEVER INT64_MIN
#define ALWAYS INT64_MAX
#define EMPTY_CHECK_MAX_MS 30000

static int64_t now_ms(const struct env *e)
{
    return clock_now_ms(e->house->settings.clock);
}

/* The end of a time that begins now. */
static int64_t ttl_end(const struct env *e)
{
    int64_t ttl = e->house->settings.local_ttl_ms;
    return ttl < 0 ? ALWAYS : now_ms(e) + ttl;
}

static int64_t empty_end(const struct env *e)
{
    int64_t ttl = e->house->settings.local_ttl_ms;
    return now_ms(e) + (ttl < 0 || ttl > EMPTY_CHECK_MAX_MS ? EMPTY_CHECK_MAX_MS : ttl);
}

static void mark_fresh(struct env *e, unsigned kinds, int64_t until)
{
    for (int kind = 0; kind < ITEM_KIND_COUNT; kind++) {
        if ((kinds & (1u << kind)) != 0)
            e->cache.until_ms[kind] = until;
    }
}

/* Which of these kinds must be read before they may be served? */
static unsigned stale_kinds(const struct env *e, unsigned kinds)
{
    unsigned stale = 0;
    int64_t now = now_ms(e);
    if (kinds == 0 || (e->data != NULL && store_pending(e->store) != 0))
        return 0;
    if (e->data == NULL)
        return now <= e->cache.empty_until_ms ? 0 : STORE_ALL_KINDS;
    for (int kind = 0; kind < ITEM_KIND_COUNT; kind++) {
        if ((kinds & (1u << kind)) != 0 && now > e->cache.until_ms[kind])
            stale |= 1u << kind;
    }
    return stale;
}

/* ---- answering the threads ------------------------------------------------------------------- */

/* Answers the threads whose wishes are met by kinds that were just read, or are fresh anyway. */
static void answer_served(struct env *e, unsigned read)
{
    for (size_t i = 0; i < e->house->fanouts.count; i++) {
        unsigned wanted = e->cache.wanted[i];
        if (wanted == 0 || stale_kinds(e, wanted & ~read) != 0)
            continue;
        e->cache.wanted[i] = 0;
        fanout_answer_post(&e->house->fanouts, i, e->slot, e->published, wanted, NULL);
    }
}

static void answer_failed(struct env *e, const char *problem)
{
    for (size_t i = 0; i < e->house->fanouts.count; i++) {
        unsigned wanted = e->cache.wanted[i];
        e->cache.wanted[i] = 0;
        if (wanted != 0)
            fanout_answer_post(&e->house->fanouts, i, e->slot, e->published, wanted, problem);
    }
}

static void read_begin(struct env *e, unsigned kinds)
{
    if (e->cache.reading != 0 || kinds == 0 || !e->cache.persistent)
        return;
    e->cache.reading = kinds;
    e->cache.overtaken = false;
    store_read_post(e->store, kinds);
}

/* What is still wanted and not at hand is asked for. */
static void read_wanted(struct env *e)
{
    unsigned stale = 0;
    for (size_t i = 0; i < e->house->fanouts.count; i++)
        stale |= stale_kinds(e, e->cache.wanted[i]);
    read_begin(e, stale);
}

void env_cache_want(struct env *e, size_t thread, unsigned kinds)
{
    if (e->closing)
        return; /* the server closes the connection */
    e->cache.wanted[thread] |= kinds;
    answer_served(e, 0);
    read_wanted(e);
}

void env_cache_load(struct env *e)
{
    if (e->data == NULL)
        read_begin(e, STORE_ALL_KINDS);
}

/* ---- what happens to the data ---------------------------------------------------------------- */

static void refresh_later(struct env *e);

void env_cache_put(struct env *e)
{
    e->cache.overtaken = true;
    mark_fresh(e, STORE_ALL_KINDS, ttl_end(e));
    refresh_later(e);
}

void env_cache_written(struct env *e, unsigned kinds, bool whole)
{
    if (e->house->settings.local_ttl_ms < 0 || !e->cache.persistent)
        return;
    mark_fresh(e, kinds, whole ? ttl_end(e) : NEVER);
    env_publish_state(e);
}

static void read_failed(struct env *e, const char *problem)
{
    bool serve = e->data != NULL && e->house->settings.serve_from_memory_during_outage;
    if (e->data ==
        NULL) { /* as if it were empty: it will be asked again (data-store.md 6.3, Cdown) */
        e->cache.empty_until_ms = empty_end(e);
        env_publish_state(e);
        serve = true;
    }
    answer_failed(e, serve ? NULL : problem);
}

void env_cache_read_done(struct env *e, const struct store_contents *contents)
{
    e->cache.reading = 0;
    if (e->closing) {
        dataset_unref(contents->data);
        return;
    }
    if (!contents->ok) {
        read_failed(e, contents->problem);
    } else if (e->cache.overtaken) {
        dataset_unref(contents->data);
        answer_served(e, contents->kinds);
    } else {
        bool had_data = e->data != NULL;
        if (had_data || contents->initialized)
            mark_fresh(e, contents->kinds, ttl_end(e));
        else
            e->cache.empty_until_ms = empty_end(e);
        env_read_apply(e, contents);
        answer_served(e, contents->kinds);
    }
    read_wanted(e);
    refresh_later(e);
}

/* ---- reads that nobody asked for --------------------------------------------------------------
 *
 * Where there is no data, some may come into the database. And an environment that is cut off from
 * LaunchDarkly follows its siblings by what they write (data-store.md 10). */

static void on_timer(uv_timer_t *timer)
{
    struct env *e = CONTAINER_OF(timer, struct env, cache.timer);
    bool cut_off = e->data != NULL && e->connection.state != CONNECTION_VALID;
    bool bare = e->data == NULL && (e->start == START_TIMED_OUT || e->start == START_OPEN);
    if (cut_off || bare)
        read_begin(e, stale_kinds(e, STORE_ALL_KINDS));
    refresh_later(e);
}

static void refresh_later(struct env *e)
{
    int64_t ttl = e->house->settings.local_ttl_ms;
    bool bare = e->data == NULL;
    if (!e->cache.persistent || e->closing || (!bare && ttl <= 0))
        return;
    int64_t wait = bare ? EMPTY_CHECK_MAX_MS : ttl;
    (void)uv_timer_start(&e->cache.timer, on_timer, (uint64_t)wait + 1, 0);
}

void env_cache_init(struct env *e)
{
    struct env_cache *c = &e->cache;
    c->persistent = store_database_name(e->house->settings.database) != NULL;
    c->wanted = mem_zalloc((e->house->fanouts.count + 1) * sizeof *c->wanted);
    mark_fresh(e, STORE_ALL_KINDS, c->persistent ? NEVER : ALWAYS);
    c->empty_until_ms = c->persistent ? NEVER : ALWAYS;
    (void)uv_timer_init(e->house->settings.loop, &c->timer);
    uv_unref((uv_handle_t *)&c->timer);
}

void env_cache_free(struct env *e)
{
    mem_free(e->cache.wanted);
}
