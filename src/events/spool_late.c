/* events/spool_late.c - batches that a start found and that wait on disk until there is room for
 * them in memory: until those that were handed over before have outcomes (13.2, 13.6).
 */
#include "events/spool_private.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <unistd.h>

bool spool_late_is_due(const struct spool *s)
{
    return !s->closing && !list_empty(&s->index.waiting) &&
           s->index.handed_bytes < SPOOL_HANDED_MAX;
}

void spool_late_take(struct spool *s, struct spool_job *job)
{
    job->read = (struct spool_place){0};
    job->text = NULL;
    if (spool_late_is_due(s))
        (void)spool_index_waiting_take(&s->index, &job->read);
}

static bool read_at(int fd, struct buf *out, int64_t offset)
{
    size_t done = 0;
    while (done < out->len) {
        ssize_t n = pread(fd, out->data + done, out->len - done, offset + (int64_t)done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

void spool_late_read(const struct spool_writer *w, struct spool_job *job)
{
    struct str path = {0};
    if (job->read.length == 0)
        return;
    spool_file_path(w->dir, job->read.number, &path);
    int fd = open(str_text(&path), O_RDONLY | O_CLOEXEC);
    job->text = buf_new(job->read.length);
    if (fd < 0 || !read_at(fd, job->text, job->read.offset)) {
        buf_unref(job->text);
        job->text = NULL;
    }
    if (fd >= 0)
        (void)close(fd);
    str_free(&path);
}

/* What could be read at the start and cannot now stays on disk for the next one. */
static void loss_tell(const struct spool *s, uint64_t number)
{
    struct str path = {0};
    spool_file_path(s->settings.dir, number, &path);
    log_always(log_global(), LOG_WARN,
               "Events spool file \"%s\" cannot be read any more; a batch in it waits for the next "
               "start",
               str_text(&path));
    str_free(&path);
}

/* A batch whose body nobody keeps waits for nobody's outcome, and so for no room either. */
void spool_batch_hand_over(struct spool *s, const struct spool_record *r)
{
    struct spool_batch batch = spool_record_batch(r);
    struct buf *body = buf_copy(r->body);
    s->reader.batch(s->reader.owner, &batch, buf_ref(body));
    if (atomic_load(&body->refs) > 1)
        spool_index_handed(&s->index, batch.payload_id, body->len);
    buf_unref(body);
}

void spool_late_hand_over(struct spool *s, struct spool_place place, struct buf *text)
{
    struct spool_record r = {0};
    struct view rest = text != NULL ? buf_view(text) : view_make("", 0);
    bool wanted = place.length != 0 && !s->closing;
    bool found = spool_record_take(&rest, &r) == SPOOL_FOUND && r.type == SPOOL_BATCH;
    if (wanted && found)
        spool_batch_hand_over(s, &r);
    else if (wanted)
        loss_tell(s, place.number);
    spool_record_done(&r);
    buf_unref(text);
}
