/* store/sqlite_aside.c - a damaged database file makes way for a new one (data-store.md 9.5).
 *
 *   flags.db, flags.db-wal, flags.db-shm --> flags.db.corrupt-20260102T030405Z, ...-wal, ...-shm
 *
 * The log goes first: whatever is left after a kill in the middle is found damaged again and moved.
 */
#include "store/sqlite_file.h"

#include "base/log.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define KEPT 3

static const char *const parts[] = {"-wal", "-shm", ""};

static void path_of(struct str *out, const char *base, const char *part)
{
    str_clear(out);
    str_append_text(out, base);
    str_append_text(out, part);
}

/* A name that is free; two files may be damaged within one second. */
static void aside_name(const char *real, struct str *out)
{
    char stamp[32] = "";
    time_t now = time(NULL);
    struct tm utc;
    if (gmtime_r(&now, &utc) != NULL)
        (void)strftime(stamp, sizeof stamp, ".corrupt-%Y%m%dT%H%M%SZ", &utc);
    path_of(out, real, stamp);
    for (unsigned i = 2; access(str_text(out), F_OK) == 0; i++) {
        path_of(out, real, stamp);
        str_append_format(out, ".%u", i);
    }
}

static bool move_parts(const char *from, const char *to)
{
    struct str old = {0};
    struct str new = {0};
    bool ok = true;
    for (size_t i = 0; i < ARRAY_LEN(parts) && ok; i++) {
        path_of(&old, from, parts[i]);
        path_of(&new, to, parts[i]);
        ok = rename(str_text(&old), str_text(&new)) == 0 || errno == ENOENT;
    }
    str_free(&old);
    str_free(&new);
    return ok;
}

/* ---- old sets -------------------------------------------------------------------------------- */

struct names {
    char **items;
    size_t count;
};

static int order(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool ends(const char *name, const char *tail)
{
    size_t len = strlen(name);
    return len >= strlen(tail) && strcmp(name + len - strlen(tail), tail) == 0;
}

static void names_collect(DIR *folder, const char *start, struct names *out)
{
    for (struct dirent *e = readdir(folder); e != NULL; e = readdir(folder)) {
        if (strncmp(e->d_name, start, strlen(start)) != 0 || ends(e->d_name, "-wal") ||
            ends(e->d_name, "-shm"))
            continue;
        out->items = mem_realloc(out->items, (out->count + 1) * sizeof *out->items);
        out->items[out->count++] = mem_copy_text(e->d_name, strlen(e->d_name));
    }
    if (out->count != 0)
        qsort(out->items, out->count, sizeof *out->items, order);
}

static void remove_set(const char *folder, const char *name)
{
    struct str path = {0};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        str_clear(&path);
        str_append_format(&path, "%s/%s%s", folder, name, parts[i]);
        (void)unlink(str_text(&path));
    }
    str_free(&path);
}

/* Names sort by time. */
static void prune(const char *real)
{
    const char *slash = strrchr(real, '/');
    const char *file = slash != NULL ? slash + 1 : real;
    char *path = slash == real   ? mem_copy_text("/", 1)
                 : slash != NULL ? mem_copy_text(real, (size_t)(slash - real))
                                 : mem_copy_text(".", 1);
    struct str start = {0};
    struct names names = {0};
    str_append_format(&start, "%s.corrupt-", file);
    DIR *folder = opendir(path);
    if (folder != NULL) {
        names_collect(folder, str_text(&start), &names);
        (void)closedir(folder);
    }
    for (size_t i = 0; i < names.count; i++) {
        if (i + KEPT < names.count)
            remove_set(path, names.items[i]);
        mem_free(names.items[i]);
    }
    mem_free(names.items);
    str_free(&start);
    mem_free(path);
}

bool sqlite_file_set_aside(const struct sqlite_file *f, const char *reason, struct error *err)
{
    struct str to = {0};
    aside_name(f->real, &to);
    bool moved = move_parts(f->real, str_text(&to));
    if (moved) {
        log_always(log_global(), LOG_ERROR,
                   "SQLite database \"%s\" is damaged (%s); moved to \"%s\" and starting with an "
                   "empty one",
                   f->path, reason, str_text(&to));
        prune(f->real);
    } else {
        error_set(err,
                  "SQLite database \"%s\" is damaged (%s) and cannot be moved to \"%s\": %s; check "
                  "that the directory is writable",
                  f->path, reason, str_text(&to), strerror(errno));
    }
    str_free(&to);
    return moved;
}
