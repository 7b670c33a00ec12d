/* env/segment_time.c - when was the database of big segments known to be complete
 * (big-segments.md 7, 9)?
 *
 *   every 5 s --READ_TIME--> database --.
 *   the synchroniser has written it ----+--> snapshot: reasons, /status
 *
 * It is read from the database, because another relay may be the one that writes it.
 */
#include "env/env_private.h"

/* A read that takes so many intervals more has failed: the last one was three intervals ago. */
#define HANGING_INTERVALS 2

static bool is_fresh(const struct env *e, int64_t synchronized_on_ms)
{
    int64_t now = clock_wall_ms(e->house->settings.clock);
    return synchronized_on_ms > 0 && now - synchronized_on_ms < SEGMENTS_STALE_MS;
}

/* Somebody has brought the database up to date: what was read before may be wrong. */
static bool is_complete_again(const struct env *e, int64_t synchronized_on_ms)
{
    const struct env_segment_time *t = &e->segments.time;
    return t->last_ms >= 0 && !is_fresh(e, t->last_ms) && is_fresh(e, synchronized_on_ms);
}

/* Everybody sees it before those who waited for it go on. */
static void become(struct env *e, bool available, int64_t synchronized_on_ms)
{
    struct env_segment_time *t = &e->segments.time;
    bool is_news = !t->is_known || t->available != available ||
                   (available && t->last_ms != synchronized_on_ms);
    bool outdated = available && is_complete_again(e, synchronized_on_ms);
    if (outdated)
        env_members_outdate(e);
    t->is_known = true;
    t->available = available;
    if (available)
        t->last_ms = synchronized_on_ms;
    if (is_news || outdated)
        env_publish_state(e);
    env_members_settle(e);
}

static void read_done(struct membership_op *op)
{
    struct env_segment_time *t = CONTAINER_OF(op, struct env_segment_time, op);
    struct env *e = CONTAINER_OF(t, struct env, segments.time);
    t->reading = false;
    if (e->closing || t->overtaken)
        return;
    if (!op->ok)
        log_line(e->facts->log, LOG_ERROR, "Big Segment store status query returned error: %s",
                 op->problem.text);
    become(e, op->ok, op->time_ms);
}

static void read_begin(struct env *e)
{
    struct env_segment_time *t = &e->segments.time;
    log_line(e->facts->log, LOG_DEBUG, "querying Big Segment store metadata");
    t->reading = true;
    t->overtaken = false;
    t->intervals = 0;
    t->op = (struct membership_op){.type = MEMBERSHIP_OP_READ_TIME, .done = read_done};
    membership_run(e->segments.store, &t->op);
}

/* A database that does not answer is not asked again. */
static void on_timer(uv_timer_t *timer)
{
    struct env_segment_time *t = CONTAINER_OF(timer, struct env_segment_time, timer);
    struct env *e = CONTAINER_OF(t, struct env, segments.time);
    if (!t->reading)
        read_begin(e);
    else if (++t->intervals == HANGING_INTERVALS && !t->overtaken)
        become(e, false, 0);
}

void env_segment_time_init(struct env *e)
{
    e->segments.time.last_ms = -1;
    (void)uv_timer_init(e->house->settings.loop, &e->segments.time.timer);
}

void env_segment_time_begin(struct env *e)
{
    uint64_t interval_ms = (uint64_t)e->house->settings.segments_poll_ms;
    (void)uv_timer_start(&e->segments.time.timer, on_timer, interval_ms, interval_ms);
    read_begin(e);
}

void env_segment_time_written(struct env *e, int64_t synchronized_on_ms)
{
    e->segments.time.overtaken = e->segments.time.reading;
    become(e, true, synchronized_on_ms);
}

bool env_segment_time_is_awaited(const struct env *e)
{
    return e->segments.time.reading && !e->segments.time.is_known;
}

void env_segment_time_show(const struct env *e, struct env_segments_state *out)
{
    const struct env_segment_time *t = &e->segments.time;
    out->available = t->available;
    out->synchronized_on_ms = t->available ? t->last_ms : 0;
}
