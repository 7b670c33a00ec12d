/* events/spool_writer.c - see spool_writer.h. */
#include "events/spool_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

void spool_file_path(const char *dir, uint64_t number, struct str *out)
{
    str_append_format(out, "%s/events-%010" PRIu64 ".spool", dir, number);
}

static bool fail(struct error *err)
{
    error_set(err, "%s", strerror(errno));
    return false;
}

void spool_writer_close(struct spool_writer *w)
{
    if (w->fd >= 0)
        (void)close(w->fd);
    w->fd = -1;
    w->dirty = false;
}

/* All of it, or an error. */
static bool write_all(int fd, struct iovec *parts, int count, struct error *err)
{
    while (count > 0) {
        ssize_t n = writev(fd, parts, count);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail(err);
        size_t left = (size_t)n;
        for (; count > 0 && left >= parts->iov_len; parts++, count--)
            left -= parts->iov_len;
        if (count > 0) {
            parts->iov_base = (char *)parts->iov_base + left;
            parts->iov_len -= left;
        }
    }
    return true;
}

/* A file is there after a crash of the machine only when its folder knows it. */
static bool folder_sync(const struct spool_writer *w, struct error *err)
{
    int fd = open(w->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (!ok)
        (void)fail(err);
    if (fd >= 0)
        (void)close(fd);
    return ok;
}

static bool file_begin(struct spool_writer *w, struct error *err)
{
    struct str path = {0};
    struct iovec magic = {(char *)SPOOL_MAGIC, SPOOL_MAGIC_LEN};
    if (!spool_writer_sync(w, err))
        return false;
    spool_writer_close(w);
    w->number++;
    spool_file_path(w->dir, w->number, &path);
    w->fd = open(str_text(&path), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    bool ok = w->fd >= 0;
    if (!ok)
        (void)fail(err);
    ok = ok && write_all(w->fd, &magic, 1, err);
    ok = ok && (w->sync == SPOOL_SYNC_NEVER || folder_sync(w, err));
    if (!ok && w->fd >= 0) {
        (void)unlink(str_text(&path));
        spool_writer_close(w);
    }
    w->size = SPOOL_MAGIC_LEN;
    str_free(&path);
    return ok;
}

/* Somebody has tidied up: what goes into the file is gone with the process. */
static bool is_removed(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && st.st_nlink == 0;
}

bool spool_writer_append(struct spool_writer *w, struct view head, struct view body,
                         struct error *err)
{
    int64_t bytes = (int64_t)(head.len + body.len);
    bool full = w->size > SPOOL_MAGIC_LEN && w->size + bytes > SPOOL_FILE_MAX;
    if ((w->fd < 0 || full || is_removed(w->fd)) && !file_begin(w, err))
        return false;
    struct iovec parts[] = {{(char *)head.data, head.len}, {(char *)body.data, body.len}};
    if (write_all(w->fd, parts, body.len > 0 ? 2 : 1, err)) {
        w->size += bytes;
        w->dirty = true;
        return true;
    }
    /* Half a record would hide those behind it: it goes, or the file is the last one's. */
    if (ftruncate(w->fd, w->size) != 0)
        spool_writer_close(w);
    return false;
}

bool spool_writer_sync(struct spool_writer *w, struct error *err)
{
    if (!w->dirty || w->sync == SPOOL_SYNC_NEVER)
        return true;
    w->dirty = false; /* after a failure the system has thrown away what it could not write */
    return fdatasync(w->fd) == 0 || fail(err);
}
