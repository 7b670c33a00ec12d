/* store/sqlite_place.c - is there a file, may it be opened, and whose is it? Before SQLite sees it,
 * because SQLite may write to whatever it opens (data-store.md 9.3, 9.5). */
#include "store/sqlite_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define HEADER_SIZE 105 /* the file's header, and the head of the schema table's first page */

void sqlite_file_cannot_open(const struct sqlite_file *f, const char *reason, struct error *err)
{
    error_set(err,
              "cannot open SQLite database \"%s\": %s; check that the directory exists and is "
              "writable",
              f->path, reason);
}

const char *sqlite_network_file_system(int64_t type)
{
    static const struct {
        uint32_t type;
        const char *name;
    } rows[] = {{0x6969, "NFS"}, {0xFF534D42, "CIFS"}, {0xFE534D42, "SMB2"}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].type == (uint32_t)type)
            return rows[i].name;
    }
    return NULL;
}

/* Makes the file if there is none, also behind a symbolic link: SQLite would leave its mode to the
 * umask. */
static int descriptor_open(const struct sqlite_file *f)
{
    return open(f->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

static uint32_t big_endian(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

enum sqlite_opened sqlite_file_foreign(const struct sqlite_file *f, uint32_t application,
                                       uint32_t version, struct error *err)
{
    if (application != SQLITE_FILE_APPLICATION_ID)
        error_set(err, "\"%s\" is not a flagrelay database", f->path);
    else
        error_set(err, "\"%s\" was written by a newer version (schema %u, this program knows %d)",
                  f->path, version, SQLITE_FILE_SCHEMA);
    return SQLITE_OPEN_REFUSED;
}

/* Whose file is it? Looks at bytes, because SQLite may write to whatever it opens. A file of ours
 * that was not finished has no application id and no tables yet: its schema page has no cells. */
static enum sqlite_opened header_look(const struct sqlite_file *f, int fd, struct error *err)
{
    unsigned char h[HEADER_SIZE] = {0};
    ssize_t got = pread(fd, h, sizeof h, 0);
    if (got < 0) {
        sqlite_file_cannot_open(f, strerror(errno), err);
        return SQLITE_OPEN_REFUSED;
    }
    if (got == 0)
        return SQLITE_OPENED;
    if (got < (ssize_t)sizeof h || memcmp(h, "SQLite format 3", 16) != 0) {
        error_set(err, "file is not a database");
        return SQLITE_OPEN_DAMAGED;
    }
    uint32_t version = big_endian(h + 60);
    uint32_t application = big_endian(h + 68);
    bool no_tables = h[100] == 13 && h[103] == 0 && h[104] == 0;
    if (application == SQLITE_FILE_APPLICATION_ID ? version > SQLITE_FILE_SCHEMA
                                                  : application != 0 || !no_tables)
        return sqlite_file_foreign(f, application, version, err);
    return SQLITE_OPENED;
}

static enum sqlite_opened real_path_find(struct sqlite_file *f, struct error *err)
{
    struct stat link;
    char resolved[PATH_MAX];
    const char *real = f->path;
    if (lstat(f->path, &link) == 0 && S_ISLNK(link.st_mode))
        real = realpath(f->path, resolved);
    if (real == NULL) {
        sqlite_file_cannot_open(f, strerror(errno), err);
        return SQLITE_OPEN_REFUSED;
    }
    mem_free(f->real);
    f->real = mem_copy_text(real, strlen(real));
    return SQLITE_OPENED;
}

static enum sqlite_opened file_look(struct sqlite_file *f, int fd, struct error *err)
{
    struct stat file;
    struct statfs system;
    if (fstat(fd, &file) != 0 || fstatfs(fd, &system) != 0) {
        sqlite_file_cannot_open(f, strerror(errno), err);
        return SQLITE_OPEN_REFUSED;
    }
    f->device = file.st_dev;
    f->inode = file.st_ino;
    f->checked = file.st_size == 0;
    if (sqlite_network_file_system((int64_t)system.f_type) != NULL) {
        error_set(err, "\"%s\" is on a network file system, where SQLite cannot lock safely",
                  f->path);
        return SQLITE_OPEN_REFUSED;
    }
    return header_look(f, fd, err);
}

enum sqlite_opened sqlite_file_look(struct sqlite_file *f, struct error *err)
{
    int fd = descriptor_open(f);
    if (fd < 0) {
        sqlite_file_cannot_open(f, strerror(errno), err);
        return SQLITE_OPEN_REFUSED;
    }
    enum sqlite_opened result = real_path_find(f, err);
    if (result == SQLITE_OPENED)
        result = file_look(f, fd, err);
    (void)close(fd);
    return result;
}
