/* events/spool_read.c - a batch whose record is on disk comes back (13.2, 13.6).
 *
 *   spool_batch_read() -> s->wish -> job: read the record -> got()
 */
#include "events/spool_private.h"

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

void spool_batch_read(struct spool *s, struct view payload_id, spool_got *got, void *owner)
{
    char *id = mem_copy_text(payload_id.data, payload_id.len);
    s->wish = (struct spool_wish){.payload_id = id, .got = got, .owner = owner};
    spool_job_schedule(s);
}

struct spool_wish spool_wish_take(struct spool *s)
{
    struct spool_wish wish = s->wish;
    s->wish = (struct spool_wish){.payload_id = NULL};
    if (wish.payload_id != NULL && !s->closing)
        (void)spool_index_place(&s->index, view_of(wish.payload_id), &wish.place, &wish.number);
    return wish;
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

void spool_wish_read(const struct spool_writer *w, struct spool_wish *wish)
{
    struct str path = {0};
    if (wish->place.length == 0)
        return;
    spool_file_path(w->dir, wish->number, &path);
    int fd = open(str_text(&path), O_RDONLY | O_CLOEXEC);
    wish->text = buf_new(wish->place.length);
    if (fd < 0 || !read_at(fd, wish->text, wish->place.offset)) {
        buf_unref(wish->text);
        wish->text = NULL;
    }
    if (fd >= 0)
        (void)close(fd);
    str_free(&path);
}

/* What was written, or could be read at the start, and cannot be read now stays on disk. */
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

void spool_wish_grant(struct spool *s, struct spool_wish wish)
{
    struct spool_record r = {0};
    struct view rest = wish.text != NULL ? buf_view(wish.text) : view_make("", 0);
    if (wish.payload_id == NULL)
        return;
    bool found = !s->closing && spool_record_take(&rest, &r) == SPOOL_FOUND &&
                 r.type == SPOOL_BATCH &&
                 view_is(str_view(&r.texts[SPOOL_PAYLOAD_ID]), wish.payload_id);
    struct spool_batch batch = found ? spool_record_batch(&r) : (struct spool_batch){0};
    if (!found && !s->closing && wish.place.length != 0)
        loss_tell(s, wish.number);
    wish.got(wish.owner, found ? &batch : NULL, r.body);
    spool_record_done(&r);
    buf_unref(wish.text);
    mem_free(wish.payload_id);
}
