/* events/events.c - the room as a whole: posts come in, the budget, the end.
 *
 *   events_take() --dedupe.c--> events_family_take() -> group.c -> press.c -> publisher.c
 */
#include "events/aside.h"

#include <inttypes.h>

#define ATTEMPT_TIMEOUT_MS 30000
#define USAGE_LIMIT_MS 2000 /* closing takes no longer than that for the sake of usage reports */

int64_t events_now(const struct events *e)
{
    return clock_now_ms(e->settings.clock);
}

/* ---- the budget and the counters ------------------------------------------------------------- */

void events_hold(struct events *e, size_t bytes)
{
    atomic_fetch_add_explicit(&e->door->held_bytes, (int64_t)bytes, memory_order_relaxed);
}

void events_release(struct events *e, size_t bytes)
{
    atomic_fetch_sub_explicit(&e->door->held_bytes, (int64_t)bytes, memory_order_relaxed);
}

int64_t events_room(const struct events *e)
{
    return e->door->settings.max_queue_bytes - atomic_load(&e->door->held_bytes) -
           atomic_load(&e->door->reading_bytes);
}

void events_count_drop(struct events_env *env, enum event_drop reason, size_t count)
{
    atomic_fetch_add(&env->events->door->dropped[reason], (int64_t)count);
    env->counts.dropped[reason] += (int64_t)count;
}

void events_count_merged(struct events_env *env, size_t count)
{
    atomic_fetch_add(&env->events->door->merged_events, (int64_t)count);
    env->counts.merged += (int64_t)count;
}

void events_count_pending(struct events *e, int64_t change)
{
    atomic_fetch_add_explicit(&e->door->pending_events, change, memory_order_relaxed);
}

/* ---- walking --------------------------------------------------------------------------------- */

struct events_family *events_family_next(const struct events *e, size_t *place)
{
    struct events_family *f = NULL;
    while (f == NULL && *place < e->env_count * EVENT_FAMILY_COUNT) {
        const struct events_env *env = e->envs[*place / EVENT_FAMILY_COUNT];
        f = env != NULL ? env->families[*place % EVENT_FAMILY_COUNT] : NULL;
        ++*place;
    }
    return f;
}

static void each_family(const struct events *e, void (*visit)(struct events_family *f))
{
    struct events_family *f;
    for (size_t place = 0; (f = events_family_next(e, &place)) != NULL;)
        visit(f);
}

void events_flush(struct events *e)
{
    each_family(e, events_family_flush);
    each_family(e, events_family_schedule);
}

void events_wake(struct events *e)
{
    each_family(e, events_family_wake);
}

/* ---- posts ----------------------------------------------------------------------------------- */

struct events_env *events_env_at(struct events *e, unsigned slot, struct env_facts *facts)
{
    e->envs = mem_extend(e->envs, &e->env_count, slot + 1, sizeof(struct events_env *));
    if (e->envs[slot] == NULL) {
        struct events_env *env = mem_zalloc(sizeof *env);
        env->events = e;
        env->slot = slot;
        env->facts = env_facts_ref(facts);
        env->log = log_scope_ref(facts->events_log);
        e->envs[slot] = env;
    }
    return e->envs[slot];
}

struct events_family *events_family_at(struct events *e, unsigned slot, struct env_facts *facts,
                                       enum event_family kind)
{
    struct events_env *env = events_env_at(e, slot, facts);
    if (env->families[kind] == NULL)
        env->families[kind] = events_family_new(env, kind);
    return env->families[kind];
}

/* More than half of the budget is in use: everything leaves now (13.3). */
static void half_look(struct events *e)
{
    bool over = events_room(e) < e->door->settings.max_queue_bytes / 2;
    if (over && !e->over_half)
        events_flush(e);
    e->over_half = over;
    events_aside_relieve(e);
}

static void post_handle(struct events *e, struct event_post *post)
{
    struct events_env *env = events_env_at(e, post->slot, post->snapshot->facts);
    env->counts.received[post->family] += (int64_t)post->events.count;
    env->counts.received_bytes[post->family] += (int64_t)post->body->len;
    if (e->phase == EVENTS_ENDING) {
        events_count_drop(env, EVENT_DROP_SHUTDOWN, post->events.count);
        return;
    }
    if (events_dedupe_seen(&e->dedupe, post->slot, post->family, view_of(post->payload_id),
                           events_now(e))) {
        atomic_fetch_add(&e->door->duplicates, 1);
        env->counts.duplicates++;
        return;
    }
    if (post->events.count == 0)
        return;
    events_family_take(events_family_at(e, post->slot, post->snapshot->facts, post->family), post);
    half_look(e);
    events_merge_look(e);
}

void events_take(struct events *e, struct event_post *post)
{
    post_handle(e, post);
    event_post_free(post);
}

void events_take_usage(struct events *e, unsigned slot, struct env_facts *facts, struct buf *body)
{
    struct event_post *post = mem_zalloc(sizeof *post);
    struct error ignored;
    post->family = EVENT_USAGE;
    post->path = EVENT_VERBATIM;
    post->schema = 4;
    post->tags = mem_copy_text("", 0);
    post->body = body;
    if (e->phase != EVENTS_ENDING && event_array_split(buf_view(body), &post->events, &ignored)) {
        struct events_family *f = events_family_at(e, slot, facts, EVENT_USAGE);
        events_family_take(f, post);
        events_family_flush(f);
        events_family_schedule(f);
    }
    event_post_free(post);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void on_closing_timer(uv_timer_t *timer);

static char *without_slashes(const char *uri)
{
    size_t len = strlen(uri);
    while (len > 0 && uri[len - 1] == '/')
        len--;
    return mem_copy_text(uri, len);
}

static void announce(const struct events *e)
{
    const struct events_listener *l = &e->listener;
    for (unsigned i = 0; i < l->environment_count(l->owner); i++) {
        const struct env_snapshot *s = l->environment(l->owner, i);
        if (s != NULL && !s->facts->local)
            log_always(s->facts->log, LOG_INFO, "Proxying events for this environment");
    }
}

bool events_open(const struct events_settings *settings, const struct events_listener *listener,
                 struct events_door *door, struct events **out, struct error *err)
{
    struct events *e = mem_zalloc(sizeof *e);
    e->settings = *settings;
    if (!events_disk_open(e, err)) {
        mem_free(e);
        return false;
    }
    if (e->settings.attempt_timeout_ms == 0)
        e->settings.attempt_timeout_ms = ATTEMPT_TIMEOUT_MS;
    e->uri = without_slashes(settings->uri);
    e->listener = *listener;
    e->door = door;
    list_init(&e->pressing);
    list_init(&e->spare);
    list_init(&e->aside);
    events_diagnostics_init(&e->diagnostics);
    events_dedupe_init(&e->dedupe, settings->dedupe_window_ms);
    (void)uv_timer_init(settings->loop, &e->closing_timer);
    e->closing_timer.data = e;
    e->handles = 1;
    door->events = e;
    *out = e;
    if (door->settings.enabled)
        announce(e);
    events_disk_replay(e);
    return true;
}

static void family_reload(struct events_family *f)
{
    const struct events_settings *s = &events_of(f)->settings;
    LIST_EACH (node, &f->groups) {
        struct events_group *g = CONTAINER_OF(node, struct events_group, node);
        if (g->summarizer != NULL)
            summarizer_set_capacity(g->summarizer, s->capacity_set ? s->capacity : 0);
    }
    events_pump(f);
    events_family_schedule(f);
}

void events_reload(struct events *e, const struct events_settings *settings)
{
    struct events_settings *mine = &e->settings;
    char *uri = without_slashes(settings->uri);
    bool moved = strcmp(uri, e->uri) != 0;
    mem_free(e->uri);
    e->uri = uri;
    mine->flush_interval_ms = settings->flush_interval_ms;
    mine->capacity = settings->capacity;
    mine->capacity_set = settings->capacity_set;
    mine->max_batch_bytes = settings->max_batch_bytes;
    mine->max_in_flight = settings->max_in_flight;
    mine->retry_max_age_ms = settings->retry_max_age_ms;
    mine->usage_capacity = settings->usage_capacity;
    e->dedupe.window_ms = settings->dedupe_window_ms;
    each_family(e, family_reload);
    if (moved)
        each_family(e, events_family_hurry);
}

void events_handle_closed(struct events *e)
{
    if (--e->handles != 0)
        return;
    for (size_t i = 0; i < e->env_count; i++) {
        if (e->envs[i] == NULL)
            continue;
        env_facts_unref(e->envs[i]->facts);
        log_scope_unref(e->envs[i]->log);
        mem_free(e->envs[i]);
    }
    void (*closed)(void *arg) = e->closed;
    void *arg = e->closed_arg;
    events_dedupe_free(&e->dedupe);
    str_free(&e->scratch);
    mem_free(e->envs);
    mem_free(e->uri);
    mem_free(e);
    closed(arg);
}

static void on_handle_closed(uv_handle_t *handle)
{
    events_handle_closed(handle->data);
}

static void handles_close(struct events *e);

static void on_spool_closed(void *arg)
{
    struct events *e = arg;
    e->spool = NULL;
    handles_close(e);
}

/* Nothing waits any more, or nothing more is waited for. */
static void handles_close(struct events *e)
{
    if (e->presses != 0 || !events_diagnostics_are_done(&e->diagnostics) ||
        uv_is_closing((uv_handle_t *)&e->closing_timer))
        return;
    if (e->spool != NULL) {
        if (!e->spool_closing)
            spool_close(e->spool, on_spool_closed, e);
        e->spool_closing = true;
        return;
    }
    e->door->events = NULL;
    each_family(e, events_family_close);
    uv_close((uv_handle_t *)&e->closing_timer, on_handle_closed);
}

static bool all_done(const struct events *e)
{
    struct events_family *f;
    for (size_t place = 0; (f = events_family_next(e, &place)) != NULL;)
        if (!events_family_is_done(f))
            return false;
    return events_diagnostics_are_done(&e->diagnostics);
}

/* Reports that did not arrive at the first attempt keep nobody waiting. */
static void usage_abandon(struct events_family *f)
{
    if (f->kind == EVENT_USAGE)
        (void)events_family_abandon(f, EVENT_DROP_SHUTDOWN);
}

void events_look_whether_done(struct events *e)
{
    if (e->phase == EVENTS_DELIVERING && all_done(e)) {
        e->phase = EVENTS_ENDING;
        each_family(e, usage_abandon);
    }
    if (e->phase == EVENTS_ENDING)
        handles_close(e);
}

static void abandon(struct events *e)
{
    struct events_family *f;
    size_t count = 0;
    each_family(e, usage_abandon); /* not among those that SDKs miss */
    int64_t kept = e->spool != NULL ? atomic_load(&e->door->pending_events) : 0;
    for (size_t place = 0; (f = events_family_next(e, &place)) != NULL;)
        count += events_family_abandon(f, EVENT_DROP_SHUTDOWN);
    if (count != 0)
        log_always(log_global(), LOG_WARN, "Shutting down with %zu undelivered events", count);
    if (kept > (int64_t)count)
        log_always(log_global(), LOG_INFO,
                   "%" PRId64 " events stay in spoolDir \"%s\" for the next start",
                   kept - (int64_t)count, e->settings.spool_dir);
}

/* Of the time that is left. */
static void deliver_for(struct events *e, int64_t ms)
{
    e->left_ms -= ms;
    (void)uv_timer_start(&e->closing_timer, on_closing_timer, (uint64_t)ms, 0);
}

/* At first posts that are still in the mailbox may come in; then usage reports, at last all events
 * have had their time. */
static void on_closing_timer(uv_timer_t *timer)
{
    struct events *e = timer->data;
    if (e->phase == EVENTS_ENDING)
        return;
    if (e->phase == EVENTS_CLOSING) {
        e->phase = EVENTS_DELIVERING;
        each_family(e, events_family_hurry);
        events_flush(e);
        deliver_for(e, e->left_ms < USAGE_LIMIT_MS ? e->left_ms : USAGE_LIMIT_MS);
    } else if (e->left_ms != 0) {
        each_family(e, usage_abandon);
        deliver_for(e, e->left_ms);
    } else {
        abandon(e);
        events_diagnostics_abandon(e);
        e->phase = EVENTS_ENDING;
    }
    events_look_whether_done(e);
}

void events_close(struct events *e, int64_t limit_ms, void (*closed)(void *arg), void *arg)
{
    e->closed = closed;
    e->closed_arg = arg;
    e->phase = EVENTS_CLOSING;
    e->left_ms = limit_ms > 1 ? limit_ms : 1;
    (void)uv_timer_start(&e->closing_timer, on_closing_timer, 0, 0);
}
