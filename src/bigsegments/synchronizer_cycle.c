/* bigsegments/synchronizer_cycle.c - the steps of one cycle (big-segments.md 4, 5.3).
 *
 *   POLLING --empty--> CONNECTING --200--> CLOSING_GAP --empty--> STAMPING --> STREAMING
 *     ^  |not empty                          ^  |not empty           ^          |   |
 *     '--'                                   '--'                    |          |   | 30 s
 *                                                                    |--event---'   v
 *                        event does not fit --> CHECKING --in sync---'<--known-- LOOKING
 *                                                  ^--------unknown cursor-----------'
 *   Any failure: sync_cycle_end().
 */
#include "bigsegments/synchronizer_private.h"

#include <inttypes.h>

#define STAMP_INTERVAL_MS 30000
#define SUSPICIOUS_ANSWERS 3

static void poll_begin(struct synchronizer *s, enum sync_step step);
static void stamp(struct synchronizer *s);

static void ask(struct synchronizer *s, enum membership_op_type type,
                void (*done)(struct membership_op *op))
{
    s->busy = true;
    s->op = (struct membership_op){.type = type, .time_ms = s->wall_ms, .done = done};
    membership_run(s->progress.store, &s->op);
}

/* True when the answer still means something. */
static bool answered(struct synchronizer *s)
{
    s->busy = false;
    if (s->step != SYNC_ENDING && !s->closing)
        return true;
    sync_go_on(s);
    return false;
}

/* ---- synchronised-on, and what follows ------------------------------------------------------- */

static void streaming(struct synchronizer *s);

static void on_stamped(struct membership_op *op)
{
    struct synchronizer *s = CONTAINER_OF(op, struct synchronizer, op);
    if (!answered(s))
        return;
    if (!op->ok) {
        log_line(s->progress.log, LOG_ERROR, "Updating store timestamp failed: %s",
                 op->problem.text);
        sync_cycle_end(s, op->problem.text);
        return;
    }
    s->complete = true;
    sync_delay_good(&s->delay);
    s->listener.synchronized(s->listener.owner, s->wall_ms); /* env/big_segments.c */
    sync_notify(s);
    streaming(s);
}

/* Steps 4 and 6. */
static void stamp(struct synchronizer *s)
{
    log_line(s->progress.log, LOG_DEBUG, "Marking store as synchronized");
    s->step = SYNC_STAMPING;
    s->wall_ms = clock_wall_ms(s->clock);
    ask(s, MEMBERSHIP_OP_WRITE_TIME, on_stamped);
}

static void on_looked(struct membership_op *op)
{
    struct synchronizer *s = CONTAINER_OF(op, struct synchronizer, op);
    bool known = op->ok && view_equal(str_view(&op->cursor), str_view(&s->progress.cursor));
    bool emptied = op->ok && !known && op->cursor.len == 0;
    str_free(&op->cursor);
    if (!answered(s))
        return;
    if (emptied)
        log_line(s->progress.log, LOG_WARN,
                 "The big segments are gone from the database; synchronizing from the start");
    if (!op->ok)
        sync_cycle_end(s, op->problem.text);
    else if (known)
        stamp(s);
    else
        poll_begin(s, SYNC_CHECKING); /* emptied, or another relay was faster */
}

static void on_quiet(uv_timer_t *timer)
{
    struct synchronizer *s = CONTAINER_OF(timer, struct synchronizer, timer);
    if (s->step != SYNC_STREAMING || !segment_stream_hold(s->stream))
        return; /* an event is being applied, and what follows starts the timer again */
    s->step = SYNC_LOOKING;
    ask(s, MEMBERSHIP_OP_READ_CURSOR, on_looked);
}

static void streaming(struct synchronizer *s)
{
    if (s->closing || s->step == SYNC_ENDING)
        return;
    s->step = SYNC_STREAMING;
    (void)uv_timer_start(&s->timer, on_quiet, STAMP_INTERVAL_MS, 0);
    segment_stream_let_go(s->stream);
}

/* ---- polls ----------------------------------------------------------------------------------- */

/* Is the database what the stream goes on from? */
static void in_sync(struct synchronizer *s)
{
    s->progress.counts.patches_already += s->missing;
    if (s->missing != 0)
        segment_stream_admit(s->stream);
    s->missing = 0;
    if (s->step == SYNC_CHECKING)
        sync_notify(s);
    if (!s->closing)
        stamp(s);
}

static void open_stream(struct synchronizer *s);

static void poll_succeeded(struct synchronizer *s, const struct segment_poll_result *r)
{
    const struct applied *a = &r->applied;
    bool gap = a->mismatched && !a->foreign; /* that stays, when the stream goes on from here */
    if (!s->polled && s->cycle > 1)
        log_line(s->progress.log, LOG_WARN, "Re-established connection");
    s->polled = true;
    s->suspicious = 0;
    s->progress.counts.patches_mismatched += a->skipped;
    if (r->useless || (gap && s->step == SYNC_CHECKING))
        sync_cycle_end(s, NULL);
    else if (r->moved)
        poll_begin(s, s->step);
    else if (s->step == SYNC_POLLING)
        open_stream(s);
    else
        in_sync(s);
}

static void on_cursor_reset(struct membership_op *op)
{
    struct synchronizer *s = CONTAINER_OF(op, struct synchronizer, op);
    if (!answered(s))
        return;
    if (op->ok)
        poll_begin(s, s->step);
    else
        sync_cycle_end(s, op->problem.text);
}

/* LaunchDarkly does not know the cursor, as it has said several times. */
static void start_over(struct synchronizer *s)
{
    log_line(s->progress.log, LOG_WARN,
             "LaunchDarkly refused version \"%s\" of the big segments %d times; synchronizing from "
             "the start",
             str_text(&s->progress.cursor), SUSPICIOUS_ANSWERS);
    s->suspicious = 0;
    ask(s, MEMBERSHIP_OP_RESET_CURSOR, on_cursor_reset);
}

static void poll_failed(struct synchronizer *s, const struct segment_poll_result *r)
{
    s->end.status = r->status;
    s->end.retry_after_s = r->retry_after_s;
    s->end.suspect = r->with_cursor && (r->status == 400 || r->status == 404);
    s->suspicious = s->end.suspect ? s->suspicious + 1 : 0;
    if (s->suspicious >= SUSPICIOUS_ANSWERS)
        start_over(s);
    else
        sync_cycle_end(s, r->problem.text);
}

static void on_polled(void *owner, const struct segment_poll_result *r)
{
    struct synchronizer *s = owner;
    s->poll = NULL;
    if (s->step == SYNC_ENDING || s->closing)
        sync_go_on(s);
    else if (r->ok)
        poll_succeeded(s, r);
    else
        poll_failed(s, r);
}

static void poll_begin(struct synchronizer *s, enum sync_step step)
{
    s->step = step;
    s->poll = segment_poll_start(&s->upstream, &s->progress, on_polled, s);
}

/* ---- the stream ------------------------------------------------------------------------------ */

static void on_opened(void *owner)
{
    struct synchronizer *s = owner;
    s->stream_since_ms = clock_now_ms(s->clock);
    poll_begin(s, SYNC_CLOSING_GAP);
}

static void on_connect_failed(void *owner, int status, int64_t retry_after_s, const char *problem)
{
    struct synchronizer *s = owner;
    s->end.status = status;
    s->end.retry_after_s = retry_after_s;
    sync_cycle_end(s, problem);
}

static void on_event(void *owner, const struct applied *a)
{
    struct synchronizer *s = owner;
    if (s->step != SYNC_STREAMING)
        return;
    (void)uv_timer_stop(&s->timer);
    s->missing = a->skipped;
    if (a->mismatched) {
        poll_begin(s, SYNC_CHECKING);
        return;
    }
    sync_notify(s);
    if (!s->closing)
        stamp(s);
}

static void on_broken(void *owner, const char *problem)
{
    sync_cycle_end(owner, problem);
}

/* Not an error of ours: the line says all (10). */
static void on_over(void *owner, const char *problem)
{
    struct synchronizer *s = owner;
    log_line(s->progress.log, LOG_DEBUG, "Stream ended");
    log_line(s->progress.log, LOG_WARN, "Stream connection failed: %s", problem);
    sync_cycle_end(s, NULL);
}

static void on_stream_closed(void *owner)
{
    struct synchronizer *s = owner;
    s->stream = NULL;
    sync_go_on(s);
}

static const struct segment_stream_listener stream_listener = {.opened = on_opened,
                                                               .failed = on_connect_failed,
                                                               .event = on_event,
                                                               .broken = on_broken,
                                                               .over = on_over,
                                                               .closed = on_stream_closed};

static void open_stream(struct synchronizer *s)
{
    s->step = SYNC_CONNECTING;
    s->stream = segment_stream_open(&s->upstream, &s->progress, &stream_listener, s);
}

void sync_cycle_begin(struct synchronizer *s)
{
    s->cycle++;
    s->polled = false;
    s->complete = false;
    s->missing = 0;
    s->stream_since_ms = 0;
    s->end = (struct sync_end){0};
    poll_begin(s, SYNC_POLLING);
}
