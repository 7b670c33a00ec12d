/* events/spool_job.c - what waits goes to the disk together, one job at a time (13.6).
 *
 *   queue --schedule--> job: sync, delete files, write, sync --> index, written() --> schedule
 *             '-- the disk fails: again in 10 s; not synced yet: in 1 s
 */
#include "events/spool_private.h"

#include "base/log.h"

#include <unistd.h>

/* ---- on the thread pool ---------------------------------------------------------------------- */

/* What the files are not needed for any more must be sure before they go. */
static bool files_delete(struct spool_writer *w, struct spool_job *job)
{
    struct str path = {0};
    if (job->delete_count > 0 && !spool_writer_sync(w, &job->err))
        return false;
    for (size_t i = 0; i < job->delete_count; i++) {
        str_clear(&path);
        spool_file_path(w->dir, job->deletes[i], &path);
        (void)unlink(str_text(&path));
    }
    str_free(&path);
    return true;
}

/* Behind a record that cannot be written none is tried. */
static bool entries_write(struct spool_writer *w, struct spool_job *job)
{
    bool ok = true;
    LIST_EACH (node, &job->entries) {
        struct spool_entry *e = CONTAINER_OF(node, struct spool_entry, node);
        struct view body = e->body != NULL ? buf_view(e->body) : view_make("", 0);
        spool_head_seal(&e->head, body);
        ok = ok && spool_writer_append(w, str_view(&e->head), body, &job->err);
        e->ok = ok;
        e->number = w->number;
        e->place.length = (uint32_t)spool_entry_bytes(e);
        e->place.offset = (uint32_t)w->size - e->place.length;
    }
    return ok;
}

static void on_work(uv_work_t *work)
{
    struct spool *s = work->data;
    struct spool_job *job = &s->job;
    struct spool_writer *w = &s->writer;
    bool sync = job->sync || w->sync == SPOOL_SYNC_ALWAYS;
    job->ok = files_delete(w, job);
    job->ok = entries_write(w, job) && job->ok;
    if (sync && !spool_writer_sync(w, &job->err)) {
        job->ok = false;
        LIST_EACH (node, &job->entries)
            CONTAINER_OF(node, struct spool_entry, node)->ok = false;
    }
    spool_wish_read(w, &job->wish);
    job->dirty = w->dirty;
    if (job->last)
        spool_writer_close(w);
}

/* ---- results --------------------------------------------------------------------------------- */

static void index_entry(struct spool *s, const struct spool_entry *e)
{
    struct spool_index *x = &s->index;
    struct view id = view_of(e->payload_id);
    struct spool_segment *segment = spool_index_segment(x, e->number);
    if (segment->bytes == 0)
        spool_index_grow(x, segment, SPOOL_MAGIC_LEN);
    spool_index_grow(x, segment, (int64_t)spool_entry_bytes(e));
    s->newest = e->number;
    if (e->type == SPOOL_POST)
        spool_index_post(e->members, e->seq, segment);
    else if (e->type == SPOOL_BATCH)
        spool_index_batch(x, e->members, id, e->seq, e->more, segment, e->place);
    else
        spool_index_done(x, id);
}

/* Outcomes and what covers posts wait for a better time, in their order; others are told. */
static void entry_failed(struct spool *s, struct spool_entry *e, struct list *again)
{
    if (e->ours) {
        list_remove(&e->node);
        list_append(again, &e->node);
    } else if (e->type == SPOOL_BATCH) {
        spool_index_unwritten(&s->index, e->members, view_of(e->payload_id), e->seq);
    }
}

static void state_set(struct spool *s, const struct spool_job *job)
{
    s->dirty = job->dirty;
    if (!job->ok) {
        s->retry_ms = clock_now_ms(s->settings.clock) + SPOOL_RETRY_MS;
        spool_tell(s, job->err.text);
    } else if (s->failing) {
        log_always(log_global(), LOG_INFO, "Events spool can be written again");
        s->told_ms = INT64_MIN;
    }
    s->failing = !job->ok;
}

static void entries_end(struct spool *s, struct list *entries)
{
    struct list again;
    list_init(&again);
    LIST_EACH_SAFE (node, entries) {
        struct spool_entry *e = CONTAINER_OF(node, struct spool_entry, node);
        if (e->ok)
            index_entry(s, e);
        else
            entry_failed(s, e, &again);
    }
    list_move_all(&s->queue, &again);
    list_move_all(&again, &s->queue);
}

static void on_worked(uv_work_t *work, int status)
{
    struct spool *s = work->data;
    bool last = s->job.last;
    struct list entries;
    (void)status;
    list_init(&entries);
    list_move_all(&s->job.entries, &entries);
    struct spool_wish wish = s->job.wish;
    s->job.running = false;
    if (!s->job.ok) /* nobody waits for a disk that fails */
        list_move_all(&s->queue, &entries);
    state_set(s, &s->job);
    entries_end(s, &entries);
    LIST_EACH_SAFE (node, &entries) {
        struct spool_entry *e = CONTAINER_OF(node, struct spool_entry, node);
        if (e->written != NULL)
            e->written(e->owner, e->ok);
        spool_entry_free(s, e);
    }
    spool_wish_grant(s, wish);
    if (last)
        spool_end(s);
    else
        spool_job_schedule(s);
}

/* ---- starting -------------------------------------------------------------------------------- */

static void deletes_collect(struct spool *s, struct spool_job *job)
{
    struct spool_segment *segment;
    job->delete_count = 0;
    while (!s->index.reading && job->delete_count < SPOOL_DELETES &&
           (segment = spool_index_unneeded(&s->index, s->newest)) != NULL) {
        job->deletes[job->delete_count++] = segment->number;
        spool_index_remove(&s->index, segment);
    }
}

static void job_start(struct spool *s, bool sync)
{
    struct spool_job *job = &s->job;
    (void)uv_timer_stop(&s->timer);
    deletes_collect(s, job);
    job->wish = spool_wish_take(s);
    list_move_all(&s->queue, &job->entries);
    job->last = s->closing;
    job->sync = sync || s->closing;
    job->running = true;
    job->work.data = s;
    (void)uv_queue_work(s->settings.loop, &job->work, on_work, on_worked);
}

static void timer_arm(struct spool *s, int64_t wait_ms)
{
    if (uv_is_active((uv_handle_t *)&s->timer) == 0)
        (void)uv_timer_start(&s->timer, spool_job_on_timer, wait_ms > 0 ? (uint64_t)wait_ms : 0, 0);
}

void spool_job_schedule(struct spool *s)
{
    bool waits = !list_empty(&s->queue);
    int64_t until_retry_ms = s->failing ? s->retry_ms - clock_now_ms(s->settings.clock) : 0;
    if (s->job.running)
        return;
    bool deletes = !s->index.reading && spool_index_unneeded(&s->index, s->newest) != NULL;
    if (s->closing || s->wish.payload_id != NULL || ((waits || deletes) && until_retry_ms <= 0))
        job_start(s, false);
    else if (waits)
        timer_arm(s, until_retry_ms);
    else if (s->dirty && s->settings.sync == SPOOL_SYNC_INTERVAL)
        timer_arm(s, SPOOL_SYNC_MS);
}

void spool_job_on_timer(uv_timer_t *timer)
{
    struct spool *s = timer->data;
    bool sync = s->dirty && s->settings.sync == SPOOL_SYNC_INTERVAL;
    if (sync && !s->job.running)
        job_start(s, true);
    else
        spool_job_schedule(s);
}
