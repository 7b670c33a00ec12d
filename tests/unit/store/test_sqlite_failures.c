/* What goes wrong while the file is in use (data-store.md 9.5, 7.1, 7.3). */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* An open store with "f3 s:2" in it and in memory; LaunchDarkly is connected. */
static void begin_with(struct world *w, struct heard *h, int64_t busy_timeout_ms,
                       int64_t health_check_interval_ms)
{
    world_begin(w);
    w->settings.busy_timeout_ms = busy_timeout_ms;
    w->settings.health_check_interval_ms = health_check_interval_ms;
    world_open(w);
    heard_open(h, w, "prod");
    h->snapshot = dataset_text("f3 s:2");
    h->current = true;
    write_all(h, dataset_ref(h->snapshot));
    log_forget();
}

static void begin(struct world *w, struct heard *h)
{
    begin_with(w, h, 100, 0);
}

static void end(struct world *w, struct heard *h)
{
    heard_close(h);
    heard_forget(h);
    world_end(w);
}

/* The memory has one item more, and it is posted. */
static void change(struct heard *h, const char *key, int64_t version)
{
    struct item *it = flag(key, version);
    struct dataset *next = dataset_with_item_take(h->snapshot, item_ref(it));
    dataset_unref(h->snapshot);
    h->snapshot = next;
    (void)store_upsert_post(h->store, it);
    item_unref(it);
}

/* ---- the contents are gone or damaged -------------------------------------------------------- */

static void truncated(struct world *w)
{
    assert_int_equal(truncate(w->path, 0), 0);
}

static void overwritten(struct world *w)
{
    char page[4096];
    int fd = open(w->path, O_WRONLY);
    assert_true(fd >= 0);
    memset(page, 0x5a, sizeof page);
    for (off_t at = 0; at < 20; at++)
        assert_int_equal(pwrite(fd, page, sizeof page, at * 4096), sizeof page);
    (void)close(fd);
}

static void table_dropped(struct world *w)
{
    sql(w->path, "DROP TABLE item");
}

/* 74, while running: the write that meets the damage is in the new file, and so is all the rest. */
static void damage_is_set_aside_and_filled_from_memory(void **state)
{
    static void (*const rows[])(struct world * w) = {truncated, overwritten, table_dropped};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct world w;
        struct heard h;
        begin(&w, &h);
        sql(w.path, "PRAGMA wal_checkpoint(TRUNCATE)");
        rows[i](&w);
        print_message("damage %zu\n", i);
        change(&h, "g", 1);
        run_until_line(&w, "Successfully repopulated data store from snapshot");
        run_until_idle(&h);
        assert_logged("ERROR: SQLite database \"");
        assert_logged("and starting with an empty one");
        assert_logged("WARN: [env: ...test] Repopulating data store from in-memory snapshot");
        assert_int_equal(log_count("Data store returned error"), 0);
        assert_int_equal(h.state_changes, 0);
        assert_int_equal(h.failed_writes, 0);
        assert_dataset(read_back(&h), "f3 g1 s:2");
        assert_true(h.initialized);
        assert_int_equal(folder_count(&w, "flags.db.corrupt-", "Z"), 1);
        end(&w, &h);
    }
}

/* All environments of the file have lost theirs, not only the one that noticed. */
static void every_environment_is_filled_again(void **state)
{
    struct world w;
    struct heard one;
    struct heard two;
    (void)state;
    begin(&w, &one);
    heard_open(&two, &w, "other");
    two.snapshot = dataset_text("x9");
    two.current = true;
    write_all(&two, dataset_ref(two.snapshot));
    sql(w.path, "PRAGMA wal_checkpoint(TRUNCATE)");
    overwritten(&w);
    change(&one, "g", 1);
    run_until_idle(&one);
    run_turns(&w, 20);
    run_until_idle(&one);
    run_until_idle(&two);
    assert_dataset(read_back(&one), "f3 g1 s:2");
    assert_dataset(read_back(&two), "x9");
    assert_true(two.initialized);
    assert_int_equal(log_count("Repopulating data store from in-memory snapshot"), 2);
    heard_close(&two);
    heard_forget(&two);
    end(&w, &one);
}

static void remove_all(struct world *w)
{
    static const char *const parts[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        char path[128];
        (void)snprintf(path, sizeof path, "%s%s", w->path, parts[i]);
        (void)unlink(path);
    }
}

/* A write after the deletion goes into a new file, with everything else. */
static void a_deleted_file_is_made_again_by_the_next_write(void **state)
{
    struct world w;
    struct heard h;
    (void)state;
    begin(&w, &h);
    remove_all(&w);
    change(&h, "g", 1);
    run_until_line(&w, "Successfully repopulated data store from snapshot");
    run_until_idle(&h);
    assert_logged("\" was deleted or replaced; opening it again");
    assert_int_equal(sql_int(w.path, "SELECT count(*) FROM item"), 3);
    assert_int_equal(h.state_changes, 0);
    end(&w, &h);
}

/* And without any write the health check notices. */
static void a_deleted_file_is_made_again_by_the_health_check(void **state)
{
    struct world w;
    struct heard h;
    (void)state;
    begin_with(&w, &h, 100, 30);
    remove_all(&w);
    run_until_line(&w, "Successfully repopulated data store from snapshot");
    assert_int_equal(sql_int(w.path, "SELECT count(*) FROM item"), 2);
    end(&w, &h);
}

/* Each row: what the other file has and what it has afterwards. 60: not connected to LaunchDarkly,
 * the memory may be the older one, so nothing newer is lowered and nothing deleted. */
static void a_replaced_file_is_filled_by_the_rules(void **state)
{
    static const struct {
        const char *other;
        bool current;
        const char *after;
        const char *why;
    } rows[] = {
        {"f9 x1", true, "f3 g1 s:2", "connected: it becomes the memory"},
        {"f9 x1 s:1", false, "f9 x1 g1 s:2", "not connected: newer items only"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct world w;
        struct world w2;
        struct heard h;
        world_begin(&w2);
        world_open(&w2);
        heard_open(&h, &w2, "prod");
        write_all(&h, dataset_text(rows[i].other));
        heard_close(&h);
        heard_forget(&h);
        world_close(&w2);
        begin(&w, &h);
        remove_all(&w);
        assert_int_equal(rename(w2.path, w.path), 0);
        print_message("%s\n", rows[i].why);
        h.current = rows[i].current;
        change(&h, "g", 1);
        run_until_line(&w, "Successfully repopulated data store from snapshot");
        assert_dataset(read_back(&h), rows[i].after);
        end(&w, &h);
        world_end(&w2);
    }
}

/* 7.1: the rows are gone but no operation fails. */
static void an_emptied_database_is_noticed_and_filled(void **state)
{
    struct world w;
    struct heard h;
    (void)state;
    begin_with(&w, &h, 100, 30);
    sql(w.path, "DELETE FROM item; DELETE FROM marker");
    run_until_line(&w, "INFO: [env: ...test] Successfully repopulated data store from snapshot");
    assert_logged(
        "WARN: [env: ...test] Data store lost initialization data, possible store restart "
        "detected");
    assert_logged("WARN: [env: ...test] Repopulating data store from in-memory snapshot");
    assert_dataset(read_back(&h), "f3 s:2");
    assert_true(h.initialized);
    assert_int_equal(h.state_changes, 0);
    end(&w, &h);
}

/* ---- the file cannot be written -------------------------------------------------------------- */

static void assert_outage_logged(const char *text)
{
    char line[256];
    (void)snprintf(line, sizeof line, ": %s", text);
    assert_logged("ERROR: [env: ...test] Data store returned error: SQLite database \"");
    assert_true(log_count(line) >= 1);
    assert_logged("WARN: [env: ...test] Detected persistent store unavailability; updates will be "
                  "cached until it recovers");
    assert_logged("WARN: [env: ...test] Unexpected data store error when trying to store an update "
                  "received from the data source: SQLite database \"");
    assert_logged("ERROR: [env: ...test] Failed to store streaming update of g in data store; will "
                  "try again once data store is working");
}

static void assert_recovery_logged(void)
{
    assert_logged("WARN: [env: ...test] Successfully updated persistent store from cached data");
    assert_logged("WARN: [env: ...test] Persistent store is available again");
}

/* A second process holds the lock until its input ends. */
static pid_t lock_by_another(const char *path, int *release)
{
    static const char code[] = "import sqlite3, sys\n"
                               "c = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
                               "c.execute('begin immediate')\n"
                               "print('x', end='', flush=True)\n"
                               "sys.stdin.read()\n";
    int in[2];
    int out[2];
    char got;
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)dup2(in[0], 0);
        (void)dup2(out[1], 1);
        (void)execlp("python3", "python3", "-c", code, path, (char *)NULL);
        _exit(127);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    assert_int_equal(read(out[0], &got, 1), 1);
    (void)close(out[0]);
    *release = in[1];
    return child;
}

static void unlock(pid_t child, int release)
{
    int status;
    (void)close(release);
    assert_int_equal(waitpid(child, &status, 0), child);
}

/* The broadcast waits STORE_HOLD_UPSERT_MS once; what comes later does not wait at all. 61: and
 * what was missed is written when the lock is gone. */
static void a_lock_of_another_process_delays_one_broadcast_once(void **state)
{
    struct world w;
    struct heard h;
    int release;
    (void)state;
    begin_with(&w, &h, 1000, 0);
    pid_t child = lock_by_another(w.path, &release);
    uint64_t released = h.released;
    assert_true(store_writes_first(h.store));
    uint64_t before = uv_hrtime();
    change(&h, "g", 1);
    while (h.released == released)
        run_turns(&w, 1);
    assert_in_range((uv_hrtime() - before) / 1000000, STORE_HOLD_UPSERT_MS - 1, 900);
    assert_false(store_writes_first(h.store));
    assert_int_equal(h.state, STORE_VALID);
    run_until_state(&h, STORE_INTERRUPTED);
    assert_outage_logged("database is locked; another process holds its lock");
    assert_false(store_writes_first(h.store));
    change(&h, "i", 1);
    run_turns(&w, 3);
    assert_int_equal(h.failed_writes, 2);
    unlock(child, release);
    run_until_state(&h, STORE_VALID);
    assert_recovery_logged();
    assert_true(store_writes_first(h.store));
    assert_dataset(read_back(&h), "f3 g1 i1 s:2");
    end(&w, &h);
}

/* A lock that goes away in time is no outage, and updates wait for their writes again afterwards.
 */
static void a_short_lock_is_waited_for(void **state)
{
    struct world w;
    struct heard h;
    int release;
    (void)state;
    begin_with(&w, &h, 20000, 0);
    pid_t child = lock_by_another(w.path, &release);
    uint64_t released = h.released;
    change(&h, "g", 1);
    while (h.released == released)
        run_turns(&w, 1);
    assert_int_equal(store_pending(h.store), 1);
    change(&h, "i", 1);
    assert_false(store_writes_first(h.store));
    unlock(child, release);
    run_until_idle(&h);
    assert_true(store_writes_first(h.store));
    assert_dataset(read_back(&h), "f3 g1 i1 s:2");
    assert_int_equal(h.failed_writes, 0);
    assert_int_equal(h.state_changes, 0);
    end(&w, &h);
}

/* 75, in a file system of its own that is full. */
static void disk_full(struct world *w, struct heard *h)
{
    char filler[128];
    char page[4096] = {1};
    (void)snprintf(filler, sizeof filler, "%s/filler", w->folder);
    int fd = open(filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    while (write(fd, page, sizeof page) > 0)
        continue;
    (void)close(fd);
    change(h, "g", 1);
    run_until_state(h, STORE_INTERRUPTED);
    assert_outage_logged("database or disk is full; free some disk space");
    assert_dataset(read_back(h), "f3 s:2");
    assert_int_equal(unlink(filler), 0);
    run_until_state(h, STORE_VALID);
    assert_recovery_logged();
    assert_dataset(read_back(h), "f3 g1 s:2");
}

static void a_full_disk_is_an_outage_until_space_is_freed(void **state)
{
    struct world w;
    struct heard h;
    (void)state;
    world_begin(&w);
    if (mount("none", w.folder, "tmpfs", 0, "size=512k") != 0) {
        world_end(&w);
        skip();
    }
    world_open(&w);
    heard_open(&h, &w, "prod");
    h.snapshot = dataset_text("f3 s:2");
    h.current = true;
    write_all(&h, dataset_ref(h.snapshot));
    log_forget();
    disk_full(&w, &h);
    heard_close(&h);
    heard_forget(&h);
    world_close(&w);
    assert_int_equal(umount2(w.folder, MNT_DETACH), 0);
    world_end(&w);
}

/* The file may not grow: every write fails with an I/O error. */
static void an_input_output_error_is_an_outage(void **state)
{
    struct world w;
    struct heard h;
    struct rlimit limit;
    (void)state;
    begin(&w, &h);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    struct rlimit small = {0, limit.rlim_max};
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    change(&h, "g", 1);
    run_until_state(&h, STORE_INTERRUPTED);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_outage_logged("disk I/O error (SQLite code ");
    run_until_state(&h, STORE_VALID);
    assert_recovery_logged();
    assert_dataset(read_back(&h), "f3 g1 s:2");
    end(&w, &h);
}

/* The folder is gone: there is nowhere to open the file again until it is back. */
static void a_vanished_folder_is_an_outage(void **state)
{
    struct world w;
    struct heard h;
    char away[80];
    (void)state;
    begin(&w, &h);
    (void)snprintf(away, sizeof away, "%s-away", w.folder);
    assert_int_equal(rename(w.folder, away), 0);
    change(&h, "g", 1);
    run_until_state(&h, STORE_INTERRUPTED);
    assert_logged(
        "ERROR: [env: ...test] Data store returned error: cannot open SQLite database \"");
    assert_int_equal(rename(away, w.folder), 0);
    run_until_state(&h, STORE_VALID);
    assert_dataset(read_back(&h), "f3 g1 s:2");
    end(&w, &h);
}

/* Closing does not wait for a lock longer than its 3 s, and says what was lost. */
static void closing_gives_up_on_a_locked_file(void **state)
{
    struct world w;
    struct heard h;
    int release;
    (void)state;
    begin_with(&w, &h, 60000, 0);
    pid_t child = lock_by_another(w.path, &release);
    uint64_t before = uv_hrtime();
    change(&h, "g", 1);
    change(&h, "i", 1);
    heard_close(&h);
    assert_in_range((uv_hrtime() - before) / 1000000, 2500, 15000);
    assert_logged(
        "WARN: [env: ...test] 2 update(s) were not written to the data store before the end");
    world_close(&w);
    unlock(child, release);
    heard_forget(&h);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damage_is_set_aside_and_filled_from_memory),
        cmocka_unit_test(every_environment_is_filled_again),
        cmocka_unit_test(a_deleted_file_is_made_again_by_the_next_write),
        cmocka_unit_test(a_deleted_file_is_made_again_by_the_health_check),
        cmocka_unit_test(a_replaced_file_is_filled_by_the_rules),
        cmocka_unit_test(an_emptied_database_is_noticed_and_filled),
        cmocka_unit_test(a_lock_of_another_process_delays_one_broadcast_once),
        cmocka_unit_test(a_short_lock_is_waited_for),
        cmocka_unit_test(a_full_disk_is_an_outage_until_space_is_freed),
        cmocka_unit_test(an_input_output_error_is_an_outage),
        cmocka_unit_test(a_vanished_folder_is_an_outage),
        cmocka_unit_test(closing_gives_up_on_a_locked_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
