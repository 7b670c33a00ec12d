/* events/spool.c - see spool.h and spool_private.h. */
#include "events/spool_private.h"

#include "base/log.h"
#include "base/random.h"

#include <inttypes.h>
#include <unistd.h>

/* ---- life ------------------------------------------------------------------------------------ */

static void spool_free(struct spool *s)
{
    spool_index_free(&s->index);
    if (s->lock_fd >= 0)
        (void)close(s->lock_fd);
    mem_free(s->writer.dir);
    mem_free(s);
}

bool spool_open(const struct spool_settings *settings, struct spool **out, struct error *err)
{
    struct spool *s = mem_zalloc(sizeof *s);
    s->settings = *settings;
    s->writer.dir = mem_copy_text(settings->dir, strlen(settings->dir));
    s->settings.dir = s->writer.dir;
    s->writer.sync = settings->sync;
    s->writer.fd = -1;
    s->lock_fd = -1;
    s->next_seq = 1;
    s->told_ms = INT64_MIN;
    list_init(&s->queue);
    list_init(&s->job.entries);
    spool_index_init(&s->index);
    if (!spool_folder_open(s, err)) {
        LIST_EACH_SAFE (node, &s->queue)
            spool_entry_free(s, CONTAINER_OF(node, struct spool_entry, node));
        spool_free(s);
        return false;
    }
    s->writer.number = s->newest;
    (void)uv_timer_init(settings->loop, &s->timer);
    s->timer.data = s;
    *out = s;
    return true;
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct spool *s = handle->data;
    void (*closed)(void *arg) = s->closed;
    void *arg = s->closed_arg;
    spool_free(s);
    closed(arg);
}

void spool_end(struct spool *s)
{
    spool_wish_grant(s, spool_wish_take(s));
    LIST_EACH_SAFE (node, &s->queue)
        spool_entry_free(s, CONTAINER_OF(node, struct spool_entry, node));
    uv_close((uv_handle_t *)&s->timer, on_timer_closed);
}

void spool_close(struct spool *s, void (*closed)(void *arg), void *arg)
{
    s->closing = true;
    s->closed = closed;
    s->closed_arg = arg;
    spool_job_schedule(s);
}

/* ---- room ------------------------------------------------------------------------------------ */

void spool_tell(struct spool *s, const char *problem)
{
    int64_t now = clock_now_ms(s->settings.clock);
    if (s->told_ms != INT64_MIN && now - s->told_ms < SPOOL_TOLD_MS)
        return;
    s->told_ms = now;
    log_always(log_global(), LOG_ERROR,
               "Cannot write to events spool: %s; events are kept in memory only (spoolDir \"%s\")",
               problem, s->settings.dir);
}

static bool is_waiting(const struct spool *s)
{
    return s->failing && clock_now_ms(s->settings.clock) < s->retry_ms;
}

static bool is_full(const struct spool *s, int64_t bytes)
{
    return s->index.bytes + s->queued_bytes + bytes > s->settings.max_bytes;
}

bool spool_works(const struct spool *s)
{
    return !s->closing && !is_waiting(s) && !is_full(s, 1);
}

int64_t spool_bytes(const struct spool *s)
{
    return s->index.bytes;
}

static bool takes(struct spool *s, int64_t bytes)
{
    char problem[96];
    if (s->closing || is_waiting(s))
        return false;
    if (s->queued_bytes + bytes > SPOOL_QUEUE_MAX) {
        spool_tell(s, "the disk is too slow");
        return false;
    }
    if (!is_full(s, bytes))
        return true;
    (void)snprintf(problem, sizeof problem, "the limit of %" PRId64 " bytes is reached",
                   s->settings.max_bytes);
    spool_tell(s, problem);
    return false;
}

/* ---- appends --------------------------------------------------------------------------------- */

static struct spool_entry *entry_new(enum spool_type type, struct view payload_id, struct buf *body)
{
    struct spool_entry *e = mem_zalloc(sizeof *e);
    e->type = type;
    e->payload_id = mem_copy_text(payload_id.data, payload_id.len);
    e->body = body != NULL ? buf_ref(body) : NULL;
    return e;
}

size_t spool_entry_bytes(const struct spool_entry *e)
{
    return e->head.len + (e->body != NULL ? e->body->len : 0);
}

void spool_entry_free(struct spool *s, struct spool_entry *e)
{
    list_remove(&e->node);
    s->queued_bytes -= (int64_t)spool_entry_bytes(e);
    if (e->members != NULL)
        spool_index_members_unref(&s->index, e->members);
    buf_unref(e->body);
    str_free(&e->head);
    mem_free(e->payload_id);
    mem_free(e);
}

static void entry_queue(struct spool *s, struct spool_entry *e)
{
    list_append(&s->queue, &e->node);
    s->queued_bytes += (int64_t)spool_entry_bytes(e);
}

/* Longer than any head but for tags that are. */
#define HEAD_TYPICAL 512

uint64_t spool_post_append(struct spool *s, const struct spool_post *post, struct buf *body,
                           spool_written *written, void *owner)
{
    struct spool_post numbered = *post;
    if (!takes(s, (int64_t)body->len + HEAD_TYPICAL))
        return 0;
    numbered.seq = s->next_seq++;
    struct spool_entry *e = entry_new(SPOOL_POST, post->payload_id, body);
    spool_post_head(&numbered, body->len, &e->head);
    e->members = spool_index_members(&s->index, &post->group);
    e->seq = numbered.seq;
    e->written = written;
    e->owner = owner;
    entry_queue(s, e);
    spool_job_schedule(s);
    return numbered.seq;
}

static struct spool_entry *batch_entry(struct spool_members *members,
                                       const struct spool_batch *batch, struct buf *body)
{
    struct spool_entry *e = entry_new(SPOOL_BATCH, batch->payload_id, body);
    spool_batch_head(batch, body->len, &e->head);
    e->members = members;
    e->seq = batch->up_to;
    e->more = batch->more;
    return e;
}

void spool_batch_unwritten(struct spool *s, const struct spool_batch *batch)
{
    struct spool_members *m = spool_index_members(&s->index, &batch->group);
    spool_index_unwritten(&s->index, m, batch->payload_id, batch->up_to);
    spool_index_members_unref(&s->index, m);
}

bool spool_batch_append(struct spool *s, const struct spool_batch *batch, struct buf *body,
                        spool_written *written, void *owner)
{
    struct spool_members *m = spool_index_members(&s->index, &batch->group);
    if (spool_index_has_unwritten(m) || !takes(s, (int64_t)body->len + HEAD_TYPICAL)) {
        spool_index_unwritten(&s->index, m, batch->payload_id, batch->up_to);
        spool_index_members_unref(&s->index, m);
        return false;
    }
    struct spool_entry *e = batch_entry(m, batch, body);
    e->written = written;
    e->owner = owner;
    entry_queue(s, e);
    spool_job_schedule(s);
    return true;
}

void spool_done_queue(struct spool *s, struct view payload_id, const char *outcome)
{
    struct spool_entry *e = entry_new(SPOOL_DONE, payload_id, NULL);
    spool_done_head(payload_id, outcome, &e->head);
    e->ours = true;
    entry_queue(s, e);
}

/* A batch without events that covers posts; takes the reference. */
static void cover_queue(struct spool *s, struct spool_members *m, uint64_t up_to)
{
    char id[37];
    random_uuid(id);
    struct spool_batch batch = {
        .group = *spool_index_group(m),
        .wall_ms = clock_wall_ms(s->settings.clock),
        .payload_id = view_of(id),
        .up_to = up_to,
    };
    struct buf *body = buf_copy(VIEW_LITERAL("[]"));
    struct spool_entry *e = batch_entry(m, &batch, body);
    e->ours = true;
    entry_queue(s, e);
    spool_done_queue(s, view_of(id), "dropped");
    buf_unref(body);
}

void spool_posts_forget(struct spool *s, const struct spool_group *group, uint64_t up_to)
{
    struct spool_members *m = spool_index_members(&s->index, group);
    if (!s->closing && !spool_index_has_unwritten(m)) {
        cover_queue(s, m, up_to);
        spool_job_schedule(s);
        return;
    }
    spool_index_unwritten_extend(m, up_to);
    spool_index_members_unref(&s->index, m);
}

void spool_outcome_append(struct spool *s, struct view payload_id, const char *outcome)
{
    struct spool_members *m;
    uint64_t up_to;
    if (s->closing || s->queued_bytes > SPOOL_QUEUE_MAX)
        return;
    if (spool_index_unwritten_done(&s->index, payload_id, &m, &up_to))
        cover_queue(s, m, up_to);
    else
        spool_done_queue(s, payload_id, outcome);
    spool_job_schedule(s);
}
