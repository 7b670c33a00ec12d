/* config/file_read.c - a whole file as text, or the reason why not in the reference's words. */
#include "config/file.h"

#include "config/value.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

void config_reason_append(int number, struct str *out)
{
    const char *text = strerror(number);
    if (text[0] == '\0')
        return;
    str_append_char(out, config_lower(text[0]));
    str_append_text(out, text + 1);
}

static void reason_set(struct error *err, const char *step, const char *path, int number)
{
    struct str reason = {0};
    config_reason_append(number, &reason);
    error_set(err, "%s %s: %s", step, path, str_text(&reason));
    str_free(&reason);
}

/* Appends what is left to read. Room for all of it is made at once, so that no copy of a secret
 * stays behind in memory that was given up. */
static bool content_append(int fd, const char *path, size_t limit, const char *what,
                           struct str *out, struct error *err)
{
    char bytes[16384];
    struct stat st;
    ssize_t got;
    bool ok = true;
    if (fstat(fd, &st) == 0 && st.st_size > 0 && (size_t)st.st_size <= limit)
        str_reserve(out, (size_t)st.st_size);
    do {
        got = read(fd, bytes, sizeof bytes);
        if (got > 0 && out->len + (size_t)got > limit) {
            bool mebi = limit >= 1048576;
            error_set(err, "%s is larger than %zu %s", what, mebi ? limit >> 20 : limit >> 10,
                      mebi ? "MiB" : "KiB");
            ok = false;
        } else if (got > 0) {
            str_append(out, view_make(bytes, (size_t)got));
        } else if (got < 0 && errno != EINTR) {
            reason_set(err, "read", path, errno);
            ok = false;
        }
    } while (ok && got != 0);
    explicit_bzero(bytes, sizeof bytes);
    return ok;
}

bool config_file_read(const char *path, size_t limit, const char *what, struct str *out,
                      struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        reason_set(err, "open", path, errno);
        return false;
    }
    bool ok = content_append(fd, path, limit, what, out, err);
    close(fd);
    return ok;
}
