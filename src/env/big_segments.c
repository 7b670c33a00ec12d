/* env/big_segments.c - the big segments of one environment (big-segments.md 2, 8).
 *
 *   a data set with an unbounded segment is adopted --> synchroniser --changed--> what is known of
 *                                                                      members is outdated, pings
 *
 * The store is there from the start; whatever asks it has an operation of its own. Once started,
 * the synchroniser ends with the environment.
 */
#include "env/env_private.h"

/* ---- members have changed ---------------------------------------------------------------------
 *
 * The first ping goes out at once, the others of one second together at its end: each of them makes
 * every browser and phone ask for all flags. Those whose flags ask for none of the segments are
 * left in peace. */

#define WINDOW_MS 1000

static void window_over(uv_timer_t *timer);

static void ping(struct env *e, unsigned concerned)
{
    unsigned kinds = env_pings_now(e, concerned);
    e->segments.due = 0;
    (void)uv_timer_start(&e->segments.window, window_over, WINDOW_MS, 0);
    if (kinds != 0)
        env_publish_pings(e, kinds);
    else
        env_publish_state(e);
}

static void window_over(uv_timer_t *timer)
{
    struct env *e = CONTAINER_OF(timer, struct env, segments.window);
    if (e->segments.due != 0)
        ping(e, e->segments.due);
}

static void changed(void *owner, const struct view *segment_keys, size_t count)
{
    struct env *e = owner;
    if (e->closing)
        return;
    env_members_outdate(e);
    unsigned concerned = env_pings_by_segments(e->data, segment_keys, count);
    if (concerned == 0 || uv_is_active((uv_handle_t *)&e->segments.window)) {
        e->segments.due |= concerned;
        env_publish_state(e);
    } else {
        ping(e, concerned);
    }
}

static void synchronized(void *owner, int64_t wall_ms)
{
    const struct env *e = owner;
    if (!e->closing)
        env_segment_time_written(owner, wall_ms);
}

/* ---- opening and closing --------------------------------------------------------------------- */

static void synchronizer_closed(void *owner)
{
    struct env *e = owner;
    e->segments.synchronizer = NULL;
    env_free_when_closed(e);
}

static void store_closed(void *owner)
{
    struct env *e = owner;
    e->segments.store = NULL;
    env_free_when_closed(e);
}

void env_big_segments_init(struct env *e)
{
    (void)uv_timer_init(e->house->settings.loop, &e->segments.window);
    env_segment_time_init(e);
}

void env_big_segments_open(struct env *e)
{
    const struct house_settings *s = &e->house->settings;
    struct store_place place = {e->facts->store_prefix, e->facts->store_table};
    if (s->memberships != NULL)
        e->segments.store = membership_store_open(s->memberships, &place, e->facts->log);
}

/* Local files have no LaunchDarkly behind them: what the database holds is all there is. */
static void synchronizer_start(struct env *e)
{
    const struct house_settings *s = &e->house->settings;
    struct synchronizer_listener listener = {.owner = e,
                                             .changed = changed,
                                             .synchronized = synchronized,
                                             .closed = synchronizer_closed};
    struct synchronizer_settings settings = {.base_uri = s->base_uri,
                                             .stream_uri = s->stream_uri,
                                             .sdk_key = e->sdk_key,
                                             .max_patch_bytes = s->max_patch_bytes,
                                             .trace = s->trace_big_segments,
                                             .shared = &e->house->shared,
                                             .store = e->segments.store,
                                             .loop = s->loop,
                                             .clock = s->clock,
                                             .log = e->facts->log};
    if (e->data_files == NULL)
        e->segments.synchronizer = synchronizer_open(&settings, &listener);
}

void env_big_segments_look(struct env *e)
{
    if (e->segments.in_use || e->closing || e->data == NULL || !dataset_has_big_segments(e->data))
        return;
    e->segments.in_use = true;
    if (e->segments.store != NULL) {
        env_segment_time_begin(e);
        synchronizer_start(e);
        return;
    }
    log_always(e->facts->log, LOG_WARN,
               "environment uses Big Segments, which need Redis or DynamoDB (or SQLite for "
               "evaluation by the relay only)");
}

void env_big_segments_close(struct env *e)
{
    if (e->segments.synchronizer != NULL)
        synchronizer_close(e->segments.synchronizer);
    if (e->segments.store != NULL)
        membership_store_close(e->segments.store, store_closed, e);
}

void env_big_segments_show(const struct env *e, struct env_segments_state *out)
{
    out->in_use = e->segments.in_use && e->segments.store != NULL;
    out->generation = e->members.generation;
    env_segment_time_show(e, out);
}
