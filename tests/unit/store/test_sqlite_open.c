/* Whose file is it, and is it sound? (data-store.md 9.5, at start) */
#include "harness.h"

#include "base/str.h"
#include "store/sqlite_file.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void file_write(const char *path, const char *data, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, len), (ssize_t)len);
    (void)close(fd);
}

static void file_read(const char *path, struct str *out)
{
    char piece[4096];
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    for (ssize_t got = read(fd, piece, sizeof piece); got > 0; got = read(fd, piece, sizeof piece))
        str_append(out, view_make(piece, (size_t)got));
    (void)close(fd);
}

/* "@" in `text` stands for the path. */
static void assert_refused(struct world *w, const char *text)
{
    struct error err;
    char expected[512];
    const char *at = strchr(text, '@');
    assert_non_null(at);
    assert_false(store_database_open(&w->settings, &w->loop, &w->clock.base, &w->db, &err));
    (void)snprintf(expected, sizeof expected, "%.*s%s%s", (int)(at - text), text, w->settings.path,
                   at + 1);
    assert_string_equal(err.text, expected);
    w->db = NULL;
}

/* 73: and the file is as it was, byte for byte, with nothing beside it. */
static void files_of_others_are_refused_and_not_touched(void **state)
{
    static const struct {
        const char *sql;
        const char *error;
    } rows[] = {
        {"PRAGMA application_id = 7; CREATE TABLE t (x)", "\"@\" is not a flagrelay database"},
        {"PRAGMA application_id = 7", "\"@\" is not a flagrelay database"},
        {"CREATE TABLE t (x)", "\"@\" is not a flagrelay database"},
        {"PRAGMA journal_mode = WAL; CREATE TABLE t (x)", "\"@\" is not a flagrelay database"},
        {"PRAGMA application_id = 1718383225; PRAGMA user_version = 9; CREATE TABLE t (x)",
         "\"@\" was written by a newer version (schema 9, this program knows 1)"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct world w;
        struct str before = {0};
        struct str after = {0};
        world_begin(&w);
        sql(w.path, rows[i].sql);
        file_read(w.path, &before);
        assert_refused(&w, rows[i].error);
        file_read(w.path, &after);
        assert_true(view_equal(str_view(&before), str_view(&after)));
        assert_int_equal(folder_count(&w, "flags.db", ""), 1);
        str_free(&before);
        str_free(&after);
        world_end(&w);
    }
}

/* What another program has only in its log so far is seen as well, and stays where it is. */
static void a_foreign_file_is_recognised_by_its_log(void **state)
{
    struct world w;
    sqlite3 *other = NULL;
    (void)state;
    world_begin(&w);
    assert_int_equal(sqlite3_open(w.path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other,
                                  "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;"
                                  "CREATE TABLE t (x)",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_refused(&w, "\"@\" is not a flagrelay database");
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    assert_int_equal(sql_int(w.path, "SELECT count(*) FROM sqlite_schema"), 1);
    world_end(&w);
}

static void places_that_cannot_hold_a_file_are_refused(void **state)
{
    static const struct {
        const char *path;
        const char *error;
    } rows[] = {
        {"missing/flags.db", "cannot open SQLite database \"@\": No such file or directory; check "
                             "that the directory exists and is writable"},
        {".", "cannot open SQLite database \"@\": Is a directory; check that the directory exists "
              "and is writable"},
        {"", "cannot open SQLite database \"@\": No such file or directory; check that the "
             "directory exists and is writable"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct world w;
        world_begin(&w);
        w.settings.path = rows[i].path;
        assert_refused(&w, rows[i].error);
        world_end(&w);
    }
}

/* Root may write everywhere, so a child does this as nobody. True when `check` returned true. */
static bool as_nobody(struct world *w, bool (*check)(struct world *w))
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        bool dropped =
            geteuid() != 0 || (setgroups(0, NULL) == 0 && setgid(65534) == 0 && setuid(65534) == 0);
        _exit(dropped && check(w) ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool permission_is_named(struct world *w)
{
    struct error err;
    return !store_database_open(&w->settings, &w->loop, &w->clock.base, &w->db, &err) &&
           strstr(err.text, "cannot open SQLite database") == err.text &&
           strstr(err.text, "ermission denied; check that the directory exists and is writable") !=
               NULL;
}

static void a_folder_without_write_permission_is_refused(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    assert_int_equal(chmod(w.folder, 0555), 0);
    assert_true(as_nobody(&w, permission_is_named));
    world_end(&w);
}

static void a_file_without_write_permission_is_refused(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    world_open(&w);
    world_close(&w);
    assert_int_equal(chmod(w.folder, 0755), 0);
    assert_int_equal(chmod(w.path, 0444), 0);
    assert_true(as_nobody(&w, permission_is_named));
    world_end(&w);
}

/* ---- damage ---------------------------------------------------------------------------------- */

/* A sound file with some pages. */
static void make_file(struct world *w)
{
    struct heard h;
    struct dataset_builder *b = dataset_builder_new();
    world_open(w);
    heard_open(&h, w, "prod");
    for (unsigned i = 0; i < 200; i++) {
        char key[16];
        (void)snprintf(key, sizeof key, "f%u", i);
        dataset_builder_add_take(b, flag_sized(key, 1, 500));
    }
    write_all(&h, dataset_builder_finish_take(b));
    heard_close(&h);
    heard_forget(&h);
    world_close(w);
    log_forget();
}

static void damage_garbage(const char *path)
{
    struct str text = {0};
    for (unsigned i = 0; i < 100; i++)
        str_append_text(&text,
                        "this is no database, but it is long enough to look like some file\n");
    file_write(path, text.data, text.len);
    str_free(&text);
}

static void damage_short(const char *path)
{
    file_write(path, "x", 1);
}

static void damage_middle(const char *path)
{
    struct str text = {0};
    file_read(path, &text);
    if (text.len > 4096)
        memset(text.data + 4096, 0x5a, text.len - 4096);
    file_write(path, text.data, text.len);
    str_free(&text);
}

static void damage_one_page(const char *path)
{
    struct str text = {0};
    file_read(path, &text);
    if (text.len > 8192)
        memset(text.data + text.len / 2 / 4096 * 4096, 0, 4096);
    file_write(path, text.data, text.len);
    str_free(&text);
}

static void damage_half(const char *path)
{
    struct stat file;
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(truncate(path, file.st_size / 2 - 100), 0);
}

static void damage_header_only(const char *path)
{
    assert_int_equal(truncate(path, 300), 0);
}

static void damage_table_dropped(const char *path)
{
    sql(path, "DROP TABLE item");
}

static void damage_other_columns(const char *path)
{
    sql(path, "DROP TABLE marker; CREATE TABLE marker (x)");
}

/* 74 */
static void a_damaged_file_is_set_aside(void **state)
{
    static void (*const rows[])(const char *path) = {
        damage_garbage, damage_short,       damage_middle,        damage_one_page,
        damage_half,    damage_header_only, damage_table_dropped, damage_other_columns,
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct world w;
        struct heard h;
        char line[256];
        world_begin(&w);
        make_file(&w);
        rows[i](w.path);
        world_open(&w);
        heard_open(&h, &w, "prod");
        assert_dataset(read_back(&h), "");
        assert_false(h.initialized);
        print_message("damage %zu\n", i);
        (void)snprintf(line, sizeof line, "ERROR: SQLite database \"%s\" is damaged (", w.path);
        assert_logged(line);
        (void)snprintf(line, sizeof line, "; moved to \"%s.corrupt-2", w.path);
        assert_logged(line);
        assert_logged("Z\" and starting with an empty one");
        assert_int_equal(folder_count(&w, "flags.db.corrupt-", "Z"), 1);
        write_all(&h, dataset_text("f2"));
        assert_dataset(read_back(&h), "f2");
        assert_int_equal(h.state_changes, 0);
        assert_int_equal(log_count("Data store returned error"), 0);
        heard_close(&h);
        heard_forget(&h);
        world_end(&w);
    }
}

static void at_most_three_damaged_files_are_kept(void **state)
{
    static const char *const old[] = {
        "flags.db.corrupt-20200101T000000Z", "flags.db.corrupt-20200101T000000Z-wal",
        "flags.db.corrupt-20210101T000000Z", "flags.db.corrupt-20220101T000000Z"};
    struct world w;
    (void)state;
    world_begin(&w);
    for (size_t i = 0; i < ARRAY_LEN(old); i++) {
        char path[256];
        (void)snprintf(path, sizeof path, "%s/%s", w.folder, old[i]);
        file_write(path, "x", 1);
    }
    for (unsigned i = 0; i < 2; i++) {
        damage_garbage(w.path);
        world_open(&w);
        world_close(&w);
    }
    assert_int_equal(folder_count(&w, "flags.db.corrupt-", ""), 3);
    assert_int_equal(folder_count(&w, "flags.db.corrupt-2022", ""), 1);
    world_end(&w);
}

static bool damage_is_reported(struct world *w)
{
    struct error err;
    return !store_database_open(&w->settings, &w->loop, &w->clock.base, &w->db, &err) &&
           strstr(err.text, "is damaged (file is not a database) and cannot be moved to") != NULL &&
           strstr(err.text, "Permission denied; check that the directory is writable") != NULL;
}

static void a_damaged_file_that_cannot_be_moved_is_refused(void **state)
{
    struct world w;
    (void)state;
    world_begin(&w);
    damage_garbage(w.path);
    assert_int_equal(chmod(w.path, 0666), 0);
    assert_int_equal(chmod(w.folder, 0555), 0);
    assert_true(as_nobody(&w, damage_is_reported));
    world_end(&w);
}

/* ---- what a kill leaves behind --------------------------------------------------------------- */

/* Each row is the state of a new file at some moment of its creation. */
static void a_creation_that_was_interrupted_is_finished(void **state)
{
    static const char *const rows[] = {
        "",
        "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL",
        "PRAGMA journal_mode = WAL",
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct world w;
        struct heard h;
        world_begin(&w);
        sql(w.path, rows[i]);
        world_open(&w);
        heard_open(&h, &w, "prod");
        write_all(&h, dataset_text("f1"));
        assert_dataset(read_back(&h), "f1");
        assert_int_equal(log_count("damaged"), 0);
        heard_close(&h);
        heard_forget(&h);
        world_end(&w);
    }
}

static void a_symbolic_link_is_followed(void **state)
{
    struct world w;
    struct heard h;
    char link[128];
    (void)state;
    world_begin(&w);
    make_file(&w);
    (void)snprintf(link, sizeof link, "%s/link", w.folder);
    assert_int_equal(symlink(w.path, link), 0);
    damage_middle(w.path);
    w.settings.path = link;
    world_open(&w);
    heard_open(&h, &w, "prod");
    write_all(&h, dataset_text("f1"));
    assert_dataset(read_back(&h), "f1");
    assert_int_equal(folder_count(&w, "flags.db.corrupt-", "Z"), 1);
    assert_int_equal(folder_count(&w, "link", ""), 1);
    heard_close(&h);
    heard_forget(&h);
    world_end(&w);
}

static void network_file_systems_are_known(void **state)
{
    (void)state;
    assert_string_equal(sqlite_network_file_system(0x6969), "NFS");
    assert_string_equal(sqlite_network_file_system(0xFF534D42), "CIFS");
    assert_string_equal(sqlite_network_file_system((int32_t)0xFF534D42), "CIFS");
    assert_string_equal(sqlite_network_file_system(0xFE534D42), "SMB2");
    assert_null(sqlite_network_file_system(0xEF53));
}

/* 76: the second process of a rolling restart. */
static void a_file_in_use_is_opened_as_well(void **state)
{
    struct world w;
    struct world w2;
    struct heard h;
    struct heard h2;
    (void)state;
    world_begin(&w);
    world_begin(&w2);
    world_open(&w);
    w2.settings.path = w.path;
    world_open(&w2);
    heard_open(&h, &w, "prod");
    heard_open(&h2, &w2, "prod");
    write_all(&h, dataset_text("f1"));
    for (int64_t version = 2; version < 40; version++)
        write_item(version % 2 == 0 ? &h : &h2, flag("f", version));
    assert_dataset(read_back(&h), "f39");
    assert_int_equal(h.failed_writes + h2.failed_writes, 0);
    heard_close(&h);
    world_close(&w);
    write_item(&h2, flag("f", 40));
    assert_dataset(read_back(&h2), "f40");
    heard_close(&h2);
    heard_forget(&h);
    heard_forget(&h2);
    world_end(&w2);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_others_are_refused_and_not_touched),
        cmocka_unit_test(a_foreign_file_is_recognised_by_its_log),
        cmocka_unit_test(places_that_cannot_hold_a_file_are_refused),
        cmocka_unit_test(a_folder_without_write_permission_is_refused),
        cmocka_unit_test(a_file_without_write_permission_is_refused),
        cmocka_unit_test(a_damaged_file_is_set_aside),
        cmocka_unit_test(at_most_three_damaged_files_are_kept),
        cmocka_unit_test(a_damaged_file_that_cannot_be_moved_is_refused),
        cmocka_unit_test(a_creation_that_was_interrupted_is_finished),
        cmocka_unit_test(a_symbolic_link_is_followed),
        cmocka_unit_test(network_file_systems_are_known),
        cmocka_unit_test(a_file_in_use_is_opened_as_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
