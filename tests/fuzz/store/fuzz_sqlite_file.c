/* Any bytes as the database file, and a file of ours with any damage: it is refused, or it works,
 * whatever was in it.
 *
 * Input: the first byte says what is damaged (enum target); the rest is the file, or edits of five
 * bytes each: place (3), length (1), value (1). Law: after an Init the file holds exactly that data
 * set, and the marker. */
#include "base/str.h"
#include "store/sqlite_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_SIZE 65536

static void drop_line(enum log_level level, struct view line, void *arg)
{
    (void)level;
    (void)line;
    (void)arg;
}

static void path_of(char out[static 128], const char *name)
{
    (void)snprintf(out, 128, "/dev/shm/fuzz-sqlite-%ld/%s", (long)getpid(), name);
}

/* Removes what the last input left; makes the folder when it is the first. */
static void folder_empty(void)
{
    char folder[128];
    char path[512];
    path_of(folder, "");
    (void)mkdir(folder, 0700);
    DIR *d = opendir(folder);
    if (d == NULL)
        abort();
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        (void)snprintf(path, sizeof path, "%s%s", folder, e->d_name);
        (void)unlink(path);
    }
    (void)closedir(d);
}

static void file_write(const char *path, const uint8_t *data, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    (void)close(fd);
}

static struct item *flag(const char *key)
{
    struct error err;
    struct item *it = item_parse(ITEM_FLAG, view_of(key), VIEW_LITERAL("{\"version\":5}"), &err);
    if (it == NULL)
        abort();
    return it;
}

static bool run(struct sqlite_file *f, struct store_op *op)
{
    op->prefix = "prod";
    op->log = log_global();
    op->wall_ms = 1700000000000;
    sqlite_file_run(f, op);
    dataset_unref(op->read);
    return op->ok;
}

static void check_read(struct sqlite_file *f)
{
    struct store_op op = {
        .type = STORE_OP_READ, .kinds = STORE_ALL_KINDS, .prefix = "prod", .log = log_global()};
    sqlite_file_run(f, &op);
    if (!op.ok || !op.marked || dataset_count(op.read, ITEM_FLAG) != 1 ||
        dataset_count(op.read, ITEM_SEGMENT) != 0 ||
        dataset_find(op.read, ITEM_FLAG, VIEW_LITERAL("kept")) == NULL)
        abort();
    dataset_unref(op.read);
}

static void use(struct sqlite_file *f)
{
    struct item *it = flag("other");
    struct dataset *empty = dataset_empty();
    struct dataset *data = dataset_with_item_take(empty, flag("kept"));
    struct store_op read = {.type = STORE_OP_READ, .kinds = STORE_ALL_KINDS};
    struct store_op upsert = {.type = STORE_OP_UPSERT, .items = &it, .item_count = 1};
    struct store_op probe = {.type = STORE_OP_PROBE};
    struct store_op init = {.type = STORE_OP_INIT, .data = data};
    (void)run(f, &read);
    (void)run(f, &upsert);
    (void)run(f, &probe);
    if (run(f, &init))
        check_read(f);
    sqlite_file_copy_log(f);
    sqlite_file_close(f, true);
    item_unref(it);
    dataset_unref(data);
    dataset_unref(empty);
}

/* ---- a file of ours, and its log before it was copied ---------------------------------------- */

enum target { TARGET_BYTES, TARGET_FILE, TARGET_LOG, TARGET_COUNT };

struct sample {
    struct str file;
    struct str log;
};

static void file_read(const char *name, struct str *out)
{
    char path[128];
    char piece[4096];
    path_of(path, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        abort();
    for (ssize_t got = read(fd, piece, sizeof piece); got > 0; got = read(fd, piece, sizeof piece))
        str_append(out, view_make(piece, (size_t)got));
    (void)close(fd);
}

static struct dataset *sample_data(void)
{
    struct dataset_builder *b = dataset_builder_new();
    for (unsigned i = 0; i < 40; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "flag-%u", i);
        dataset_builder_add_take(b, flag(key));
        dataset_builder_add_take(b, item_tombstone(ITEM_SEGMENT, view_of(key), i));
    }
    return dataset_builder_finish_take(b);
}

static bool open_file(struct sqlite_file *f, struct error *err)
{
    char path[128];
    path_of(path, "flags.db");
    struct store_settings settings = {.path = path, .busy_timeout_ms = 1};
    sqlite_file_init(f, &settings);
    return sqlite_file_ready(f, err);
}

static void sample_make(struct sample *out)
{
    struct sqlite_file f;
    struct error err;
    struct dataset *data = sample_data();
    struct store_op init = {.type = STORE_OP_INIT, .data = data};
    folder_empty();
    if (!open_file(&f, &err) || !run(&f, &init))
        abort();
    sqlite_file_copy_log(&f);
    if (!run(&f, &init))
        abort();
    file_read("flags.db", &out->file);
    file_read("flags.db-wal", &out->log);
    sqlite_file_free(&f);
    dataset_unref(data);
}

static void edit(struct str *text, const uint8_t *data, size_t size)
{
    for (size_t i = 0; i + 5 <= size && text->len != 0; i += 5) {
        size_t at = (data[i] | (size_t)data[i + 1] << 8 | (size_t)data[i + 2] << 16) % text->len;
        size_t len = data[i + 3] < text->len - at ? data[i + 3] : text->len - at;
        memset(text->data + at, data[i + 4], len);
    }
}

static void place_damaged(const struct sample *sample, enum target target, const uint8_t *data,
                          size_t size)
{
    char path[128];
    struct str file = {0};
    struct str log = {0};
    str_append(&file, str_view(&sample->file));
    str_append(&log, str_view(&sample->log));
    edit(target == TARGET_FILE ? &file : &log, data, size);
    path_of(path, "flags.db");
    file_write(path, (const uint8_t *)file.data, file.len);
    path_of(path, "flags.db-wal");
    if (target == TARGET_LOG)
        file_write(path, (const uint8_t *)log.data, log.len);
    str_free(&file);
    str_free(&log);
}

/* ---- one input ------------------------------------------------------------------------------- */

static void try_file(void)
{
    struct sqlite_file f;
    struct error err;
    if (open_file(&f, &err))
        use(&f);
    else if (strstr(err.text, "is not a flagrelay database") == NULL &&
             strstr(err.text, "was written by a newer version") == NULL &&
             strstr(err.text, "cannot open SQLite database") == NULL)
        abort();
    sqlite_file_free(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sample sample; /* made once per process */
    char path[128];
    if (size == 0 || size > MAX_SIZE)
        return 0;
    log_capture(drop_line, NULL);
    if (sample.file.len == 0)
        sample_make(&sample);
    folder_empty();
    path_of(path, "flags.db");
    if (data[0] % TARGET_COUNT == TARGET_BYTES)
        file_write(path, data + 1, size - 1);
    else
        place_damaged(&sample, data[0] % TARGET_COUNT, data + 1, size - 1);
    try_file();
    folder_empty();
    path_of(path, "");
    (void)rmdir(path);
    return 0;
}
