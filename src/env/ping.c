/* env/ping.c - when browsers and phones are told that something has changed
 * (streaming.md 9.2, 13.4).
 *
 *   change --> whom does it concern? --> the first at once --> 100 ms: further ones wait --> one
 * more
 *
 * A burst of changes upstream so costs every browser two polls. Before: hop 2 made a new data set;
 * after: the pings go out with its snapshot, or, at the end of the window, alone.
 */
#include "env/env_private.h"

#define WINDOW_MS 100

void env_pings_init(struct env *e)
{
    (void)uv_timer_init(e->house->settings.loop, &e->pings.window);
}

/* ---- whom ------------------------------------------------------------------------------------ */

static unsigned visible_to(const struct item *it)
{
    return (it->visible_mobile ? 1u << FANOUT_MOBILE_PING : 0) |
           (it->visible_environment ? 1u << FANOUT_BROWSER_PING : 0);
}

/* Segments, and flags on which others depend, may change the value of any flag. */
static unsigned concerned_by(const struct dataset *old, const struct item *it)
{
    if (it->kind != ITEM_FLAG || old == NULL || dataset_flag_is_needed(old, it->key))
        return PING_ALL;
    const struct item *before = dataset_find(old, ITEM_FLAG, it->key);
    unsigned now = it->deleted ? 0 : visible_to(it);
    return now | (before != NULL && !before->deleted ? visible_to(before) : 0);
}

unsigned env_pings_concerned(const struct dataset *old, struct item *const *items, size_t count)
{
    unsigned concerned = 0;
    for (size_t i = 0; i < count && concerned != PING_ALL; i++)
        concerned |= concerned_by(old, items[i]);
    return concerned;
}

unsigned env_pings_by_segments(struct dataset *data, const struct view *keys, size_t count)
{
    unsigned audience = 0;
    for (size_t i = 0; i < count; i++)
        audience |= dataset_segment_audience(data, keys[i]);
    return ((audience & DATASET_PHONES) != 0 ? 1u << FANOUT_MOBILE_PING : 0) |
           ((audience & DATASET_BROWSERS) != 0 ? 1u << FANOUT_BROWSER_PING : 0);
}

/* ---- when ------------------------------------------------------------------------------------ */

static void window_begin(struct env *e);

static void window_over(uv_timer_t *timer)
{
    struct env *e = CONTAINER_OF(timer, struct env, pings.window);
    unsigned due = e->pings.due;
    if (due == 0)
        return;
    window_begin(e);
    env_publish_pings(e, due);
}

static void window_begin(struct env *e)
{
    e->pings.due = 0;
    (void)uv_timer_start(&e->pings.window, window_over, WINDOW_MS, 0);
}

unsigned env_pings_now(struct env *e, unsigned concerned)
{
    if (concerned == 0)
        return 0;
    if (uv_is_active((uv_handle_t *)&e->pings.window)) {
        e->pings.due |= concerned;
        return 0;
    }
    window_begin(e);
    return concerned;
}
