/* events/family.c - one endpoint family of one environment: its groups, its clock, its end.
 *
 * One timer, armed for the next thing that is due: a flush, a second attempt, the next attempt of a
 * failing family, a look for idle groups. Nothing waits: it is not armed.
 */
#include "events/aside.h"

#define HOUR_MS 3600000

static void on_timer(uv_timer_t *timer)
{
    struct events_family *f = timer->data;
    f->armed_ms = INT64_MAX;
    events_family_wake(f);
}

struct events_family *events_family_new(struct events_env *env, enum event_family kind)
{
    struct events_family *f = mem_zalloc(sizeof *f);
    f->env = env;
    f->kind = kind;
    f->log = kind == EVENT_USAGE ? log_scope_part(env->facts->log, "(usage metrics)")
                                 : log_scope_ref(env->log);
    f->armed_ms = INT64_MAX;
    list_init(&f->groups);
    list_init(&f->batches);
    list_init(&f->ready);
    list_init(&f->flying);
    list_init(&f->aside);
    list_init(&f->aside_node);
    (void)uv_timer_init(env->events->settings.loop, &f->timer);
    f->timer.data = f;
    env->events->handles++;
    return f;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct events_family *f = handle->data;
    struct events *e = events_of(f);
    map_free(&f->by_key);
    log_scope_unref(f->log);
    mem_free(f);
    events_handle_closed(e);
}

void events_family_close(struct events_family *f)
{
    events_aside_clear(f);
    events_memory_tell(f);
    LIST_EACH_SAFE (node, &f->groups)
        events_group_free(CONTAINER_OF(node, struct events_group, node));
    uv_close((uv_handle_t *)&f->timer, on_timer_closed);
}

/* ---- time ------------------------------------------------------------------------------------ */

static int64_t look_interval_ms(const struct events *e)
{
    int64_t two = 2 * e->settings.flush_interval_ms;
    return two > HOUR_MS ? two : HOUR_MS;
}

/* The next moment of this phase that is still to come. */
static int64_t next_moment(int64_t last_ms, int64_t interval_ms, int64_t now_ms)
{
    return last_ms == 0 ? now_ms + interval_ms
                        : last_ms + ((now_ms - last_ms) / interval_ms + 1) * interval_ms;
}

/* Queues that had nothing since the last time go at once, summaries after an hour (5.3, 7.7). */
static void idle_free(struct events_family *f, enum event_path path)
{
    LIST_EACH_SAFE (node, &f->groups) {
        struct events_group *g = CONTAINER_OF(node, struct events_group, node);
        bool idle = !g->used && !g->waits && g->batches == 0;
        if (g->path != path)
            continue;
        g->used = false;
        if (idle && path == EVENT_SUMMARIZE)
            log_line(f->log, LOG_DEBUG,
                     "Shutting down inactive summarizing relay for schema %lld, tags \"%s\"",
                     (long long)g->schema, g->tags);
        if (idle)
            events_group_free(g);
    }
}

static void tick(struct events_family *f, int64_t now)
{
    const struct events *e = events_of(f);
    if (now >= f->memory_tell_ms)
        events_memory_tell(f);
    if (now >= f->tick_ms) {
        events_family_flush(f);
        idle_free(f, EVENT_VERBATIM);
        f->tick_ms = next_moment(f->tick_ms, e->settings.flush_interval_ms, now);
    }
    if (now >= f->look_ms) {
        idle_free(f, EVENT_SUMMARIZE);
        f->look_ms = next_moment(f->look_ms, look_interval_ms(e), now);
    }
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t next_due(const struct events_family *f)
{
    int64_t due = INT64_MAX;
    LIST_EACH (node, &f->groups) {
        const struct events_group *g = CONTAINER_OF(node, struct events_group, node);
        bool ticks = g->path == EVENT_VERBATIM || g->waits;
        due = earlier(due, ticks ? f->tick_ms : f->look_ms);
        if (ticks)
            break;
    }
    LIST_EACH (node, &f->flying) {
        const struct events_batch *b = CONTAINER_OF(node, struct events_batch, node);
        if (b->state == EVENTS_BATCH_PAUSED)
            due = earlier(due, b->due_ms);
    }
    if (f->memory_dropped != 0)
        due = earlier(due, f->memory_tell_ms);
    bool blocked = f->failing || f->not_before_ms > events_now(events_of(f));
    if (!list_empty(&f->ready) && blocked && events_family_busy(f) == 0)
        due = earlier(due, later(f->failing ? f->try_ms : 0, f->not_before_ms));
    return due;
}

void events_family_schedule(struct events_family *f)
{
    struct events *e = events_of(f);
    int64_t due = next_due(f);
    if (e->phase == EVENTS_ENDING || due == f->armed_ms)
        return;
    f->armed_ms = due;
    int64_t wait_ms = due - events_now(e);
    if (due == INT64_MAX)
        (void)uv_timer_stop(&f->timer);
    else
        (void)uv_timer_start(&f->timer, on_timer, wait_ms > 0 ? (uint64_t)wait_ms : 0, 0);
}

void events_family_wake(struct events_family *f)
{
    tick(f, events_now(events_of(f)));
    events_pump(f);
    events_family_schedule(f);
    events_aside_look(events_of(f));
    events_look_whether_done(events_of(f));
}

void events_family_hurry(struct events_family *f)
{
    if (f->failing && f->kind != EVENT_USAGE)
        f->try_ms = events_now(events_of(f));
    events_pump(f);
    events_family_schedule(f);
}

/* ---- posts ----------------------------------------------------------------------------------- */

void events_family_take(struct events_family *f, struct event_post *post)
{
    struct events *e = events_of(f);
    bool probe = f->switches[post->path].off;
    if (!events_switch_passes(f, post->path)) {
        events_count_drop(f->env, EVENT_DROP_SWITCHED_OFF, post->events.count);
        return;
    }
    tick(f, events_now(e));
    struct events_group *g = events_group_find(f, post->path, post->schema, post->tags);
    events_disk_post(g, post);
    events_family_add(g, post);
    if (probe || e->phase != EVENTS_OPEN)
        events_group_flush(g);
}

void events_family_add(struct events_group *g, struct event_post *post)
{
    events_group_add(g, post);
    events_family_schedule(g->family);
}

void events_family_flush(struct events_family *f)
{
    LIST_EACH (node, &f->groups)
        events_group_flush(CONTAINER_OF(node, struct events_group, node));
}

/* A usage report only until its first attempt has ended, or there will be none for long. */
static bool is_waited_for(const struct events_batch *b)
{
    const struct events_family *f = b->group->family;
    return f->kind != EVENT_USAGE || b->state == EVENTS_BATCH_PRESSING ||
           b->state == EVENTS_BATCH_FLYING || (b->attempts == 0 && !f->failing);
}

bool events_family_is_done(const struct events_family *f)
{
    LIST_EACH (node, &f->groups)
        if (CONTAINER_OF(node, struct events_group, node)->waits)
            return false;
    LIST_EACH (node, &f->batches)
        if (is_waited_for(CONTAINER_OF(node, struct events_batch, each)))
            return false;
    return true;
}

size_t events_family_abandon(struct events_family *f, enum event_drop reason)
{
    size_t count = 0;
    LIST_EACH (node, &f->groups)
        count += events_group_clear(CONTAINER_OF(node, struct events_group, node));
    events_count_drop(f->env, reason, count);
    LIST_EACH_SAFE (node, &f->batches) {
        struct events_batch *b = CONTAINER_OF(node, struct events_batch, each);
        if (b->doomed)
            continue;
        count += events_batch_is_safe(b) ? 0 : b->count;
        events_batch_drop(b, reason);
    }
    return count;
}
