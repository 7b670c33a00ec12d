/* store/aws_file.c - see aws_file.h. */
#include "store/aws_file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <unistd.h>
#include <uv.h>

#define PART 4096

static bool read_all(int fd, size_t max_bytes, struct str *out, struct error *err)
{
    char part[PART];
    ssize_t got;
    while ((got = read(fd, part, sizeof part)) > 0) {
        if (out->len + (size_t)got > max_bytes) {
            error_set(err, "it is longer than %zu bytes", max_bytes);
            break;
        }
        str_append(out, view_make(part, (size_t)got));
    }
    if (got < 0)
        error_set(err, "%s", uv_strerror(uv_translate_sys_error(errno)));
    OPENSSL_cleanse(part, sizeof part);
    return got == 0;
}

enum aws_file_result aws_file_read(const char *path, size_t max_bytes, struct str *out,
                                   struct error *err)
{
    int fd = path[0] != '\0' ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
    if (path[0] == '\0' || (fd < 0 && (errno == ENOENT || errno == ENOTDIR)))
        return AWS_FILE_ABSENT;
    if (fd < 0) {
        error_set(err, "%s", uv_strerror(uv_translate_sys_error(errno)));
        return AWS_FILE_FAILED;
    }
    bool ok = read_all(fd, max_bytes, out, err);
    (void)close(fd);
    return ok ? AWS_FILE_READ : AWS_FILE_FAILED;
}

bool aws_file_home(struct str *out)
{
    char home[PATH_MAX];
    size_t size = sizeof home;
    if (uv_os_homedir(home, &size) != 0)
        return false;
    str_append_text(out, home);
    return true;
}

void aws_file_wipe(struct str *text)
{
    if (text->data != NULL)
        OPENSSL_cleanse(text->data, text->len);
    str_free(text);
}
