/* tests/unit/source/test_files.h - a folder for one test, with files that are written and replaced.
 */
#ifndef TEST_FILES_H
#define TEST_FILES_H

#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEST_FILES_MAX 4

struct test_files {
    char folder[32];
    char *paths[TEST_FILES_MAX + 1]; /* NULL-terminated: folder/0, folder/1 ... */
};

static inline void test_files_open(struct test_files *f, size_t count)
{
    *f = (struct test_files){.folder = "/tmp/flagrelay-XXXXXX"};
    if (mkdtemp(f->folder) == NULL)
        abort();
    for (size_t i = 0; i < count; i++) {
        struct str path = {0};
        str_append_format(&path, "%s/%zu", f->folder, i);
        f->paths[i] = str_take_text(&path);
    }
}

static inline void test_files_close(struct test_files *f)
{
    for (size_t i = 0; f->paths[i] != NULL; i++) {
        if (unlink(f->paths[i]) != 0)
            (void)rmdir(f->paths[i]);
        mem_free(f->paths[i]);
    }
    if (rmdir(f->folder) != 0)
        abort();
}

/* As an editor does it that writes in place. */
static inline void test_file_write_bytes(const char *path, struct view text)
{
    FILE *file = fopen(path, "we");
    if (file == NULL || fwrite(text.data, 1, text.len, file) != text.len || fclose(file) != 0)
        abort();
}

static inline void test_file_write(const char *path, const char *text)
{
    test_file_write_bytes(path, view_of(text));
}

/* As an editor does it that writes another file and renames it. */
static inline void test_file_replace(const char *path, const char *text)
{
    struct str other = {0};
    str_append_format(&other, "%s.new", path);
    test_file_write(str_text(&other), text);
    if (rename(str_text(&other), path) != 0)
        abort();
    str_free(&other);
}

#endif
