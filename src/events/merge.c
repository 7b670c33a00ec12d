/* events/merge.c - memory for events runs out while they cannot be sent: kept batches of one group
 * become one, in which summaries are added up (10.5, 13.5). Nothing is lost but the moments
 * between.
 *
 *   three quarters of the budget --> the oldest batches of a group that were never tried
 *     --> thread pool: gunzip, summary_merge.h, gzip --> one batch in their place, if it is smaller
 *
 * One such job at a time. Batches that were tried are left alone: what was sent once is sent again
 * as it was (13.7); those that the spool has are left to it.
 */
#include "events/events_private.h"

#include "events/summary_merge.h"

#define FREE_PART 4  /* of the budget, when merging begins */
#define TEXT_PART 16 /* of it, for texts of one job; summaries take three times that at most */
#define AGAIN_MS 100
#define FEW_BATCHES 8 /* fewer wait for more, unless they are large */
#define GAIN_PART 4   /* a merge is worth it when this part of the memory is won */

/* ---- on the thread pool ---------------------------------------------------------------------- */

/* The events of one body: summaries are counted in, others written, a comma before each. False when
 * memory was bad. */
static bool body_add(const struct events_batch *b, struct summary_merge *summaries,
                     struct str *others, size_t *count)
{
    struct event_array events;
    struct buf *text = events_batch_unpack(b, &events);
    bool ok = text != NULL;
    for (size_t i = 0; i < events.count; i++) {
        if (summary_merge_add(summaries, events.each[i]))
            continue;
        str_append_char(others, ',');
        str_append(others, events.each[i]);
        ++*count;
    }
    event_array_free(&events);
    buf_unref(text);
    return ok;
}

static void on_work(uv_work_t *work)
{
    struct events_merge *m = CONTAINER_OF(work, struct events_merge, work);
    struct summary_merge *summaries = summary_merge_new();
    struct str text = {0};
    bool ok = true;
    m->count = 0;
    LIST_EACH (node, &m->batches)
        ok = ok &&
             body_add(CONTAINER_OF(node, struct events_batch, node), summaries, &text, &m->count);
    str_append_char(&text, ',');
    size_t written = summary_merge_write(summaries, &text);
    text.len -= written == 0;
    str_append_char(&text, ']');
    text.data[0] = '[';
    m->count += written;
    m->bytes = text.len;
    m->gzip = ok ? events_gzip_text(str_view(&text)) : NULL;
    summary_merge_free(summaries);
    str_free(&text);
}

/* ---- what became of it ----------------------------------------------------------------------- */

/* All that were given to the job, without those that were dropped meanwhile. */
struct merged {
    struct events_batch *last; /* NULL: none is left */
    size_t batches;
    size_t count;
    size_t held;
    bool whole;
};

static struct merged merged_of(struct events_merge *m)
{
    struct merged all = {.whole = true};
    LIST_EACH_SAFE (node, &m->batches) {
        struct events_batch *b = CONTAINER_OF(node, struct events_batch, node);
        if (b->doomed) {
            all.whole = false;
            events_batch_free(b);
            continue;
        }
        all.last = b;
        all.batches++;
        all.count += b->count;
        all.held += b->held;
    }
    return all;
}

static bool is_worth_it(const struct events_merge *m, const struct merged *all)
{
    const struct events *e = CONTAINER_OF(m, struct events, merge);
    return m->gzip != NULL && all->whole && m->count <= EVENTS_BATCH_MAX_EVENTS &&
           m->bytes <= e->settings.max_batch_bytes &&
           sizeof *all->last + m->gzip->len <= all->held - all->held / GAIN_PART;
}

static void merge_tell(struct events_family *f, const struct merged *all)
{
    int64_t now = events_now(events_of(f));
    if (f->merge_told_ms != 0 && now - f->merge_told_ms < EVENTS_MINUTE_MS)
        return;
    f->merge_told_ms = now;
    log_always(f->log, LOG_WARN,
               "Event memory is nearly full; summaries of events that wait are merged: %zu batches "
               "became one",
               all->batches);
}

/* One for all of them. It is as old as the newest, so that nothing is dropped sooner than it would
 * have been. */
static void replace(struct events_merge *m, const struct merged *all)
{
    struct events_group *g = all->last->group;
    struct events_batch *one = events_batch_new(g, m->count, m->bytes);
    one->born_ms = all->last->born_ms;
    one->number = all->last->number;
    one->up_to = all->last->up_to;
    one->gzip = m->gzip;
    m->gzip = NULL;
    events_disk_replaced(one, &m->batches);
    LIST_EACH_SAFE (node, &m->batches)
        events_batch_free(CONTAINER_OF(node, struct events_batch, node));
    events_count_merged(g->family->env, all->count - m->count);
    events_batch_account(one);
    merge_tell(g->family, all);
    events_publish(one);
}

/* They are as small as they get. */
static void put_back(struct events_merge *m)
{
    LIST_EACH_SAFE (node, &m->batches) {
        struct events_batch *b = CONTAINER_OF(node, struct events_batch, node);
        b->merged_in_vain = true;
        events_keep(b);
    }
}

static void on_worked(uv_work_t *work, int status)
{
    struct events_merge *m = CONTAINER_OF(work, struct events_merge, work);
    struct events *e = CONTAINER_OF(m, struct events, merge);
    struct events_family *f = m->group->family;
    struct merged all = merged_of(m);
    (void)status; /* it is never cancelled */
    e->presses--;
    m->group = NULL;
    if (all.last != NULL && is_worth_it(m, &all))
        replace(m, &all);
    else
        put_back(m);
    buf_unref(m->gzip);
    m->gzip = NULL;
    events_pump(f);
    events_family_schedule(f);
    events_merge_look(e);
    events_look_whether_done(e);
}

/* ---- which ----------------------------------------------------------------------------------- */

static bool is_candidate(const struct events_batch *b)
{
    return b->attempts == 0 && !b->spooled && !b->merged_in_vain;
}

/* What a job works with is not counted in the budget, so it has to fit into what is free of it. */
static size_t text_most(const struct events *e)
{
    size_t part = (size_t)e->door->settings.max_queue_bytes / TEXT_PART;
    return part < e->settings.max_batch_bytes ? part : e->settings.max_batch_bytes;
}

/* Does it still go into the run of its group? One that does not ends it. Two always do. */
static bool run_takes(struct events_group *g, const struct events_batch *b)
{
    struct events_run *run = &g->run;
    run->full = run->full ||
                (run->batches >= 2 && (run->bytes + b->bytes > text_most(events_of(g->family)) ||
                                       run->count + b->count > EVENTS_BATCH_MAX_EVENTS));
    if (run->full)
        return false;
    run->batches++;
    run->bytes += b->bytes;
    run->count += b->count;
    return true;
}

static bool run_is_enough(const struct events_run *run)
{
    return run->batches >= (run->full ? 2 : FEW_BATCHES);
}

/* The oldest batch of those groups of the family whose oldest batches are worth a job; NULL: there
 * is none. */
static const struct events_batch *oldest_of(struct events_family *f)
{
    LIST_EACH (node, &f->groups)
        CONTAINER_OF(node, struct events_group, node)->run = (struct events_run){0};
    LIST_EACH (node, &f->ready) {
        const struct events_batch *b = CONTAINER_OF(node, struct events_batch, node);
        if (is_candidate(b))
            (void)run_takes(b->group, b);
    }
    LIST_EACH (node, &f->ready) {
        const struct events_batch *b = CONTAINER_OF(node, struct events_batch, node);
        if (is_candidate(b) && run_is_enough(&b->group->run))
            return b;
    }
    return NULL;
}

static void job_start(struct events *e, struct events_group *g)
{
    struct events_merge *m = &e->merge;
    g->run = (struct events_run){0};
    list_init(&m->batches);
    LIST_EACH_SAFE (node, &g->family->ready) {
        struct events_batch *b = CONTAINER_OF(node, struct events_batch, node);
        if (b->group != g || !is_candidate(b))
            continue;
        if (!run_takes(g, b))
            break;
        list_remove(&b->node);
        list_append(&m->batches, &b->node);
        b->state = EVENTS_BATCH_MERGING;
    }
    m->group = g;
    e->presses++;
    (void)uv_queue_work(e->settings.loop, &m->work, on_work, on_worked);
}

void events_merge_look(struct events *e)
{
    int64_t now = events_now(e);
    const struct events_batch *oldest = NULL;
    if (e->phase == EVENTS_ENDING || e->merge.group != NULL || now < e->merge.not_before_ms ||
        events_room(e) > e->door->settings.max_queue_bytes / FREE_PART)
        return;
    size_t place = 0;
    struct events_family *f;
    while ((f = events_family_next(e, &place)) != NULL) {
        const struct events_batch *b = oldest_of(f);
        if (b != NULL && (oldest == NULL || b->number < oldest->number))
            oldest = b;
    }
    if (oldest != NULL)
        job_start(e, oldest->group);
    else
        e->merge.not_before_ms = now + AGAIN_MS;
}
