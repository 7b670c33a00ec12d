/* The life of a file source: autoconfig-offline.md 8.3, with real files and a real loop. */
#include "source/file.h"

#include "test_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define GIVE_UP_MS 20000

/* A source and all it has said: "put ...;", "failed ...;", "closed;", and its log lines. */
struct bench {
    uv_loop_t loop;
    uv_timer_t deadline;
    uv_timer_t pause;
    struct test_files files;
    struct source *source;
    struct str said;
    struct str log;
    bool close_at_put;
    bool closed;
    bool late;
};

static void describe(struct dataset *d, struct str *out)
{
    size_t count;
    struct item *const *items = dataset_ordered(d, ITEM_FLAG, &count);
    for (size_t i = 0; i < count; i++)
        str_append_format(out, " %.*s v%lld", VIEW_ARGS(items[i]->key),
                          (long long)items[i]->version);
}

static void on_put(void *owner, struct dataset *data)
{
    struct bench *b = owner;
    assert_false(b->closed);
    str_append_text(&b->said, "put");
    describe(data, &b->said);
    str_append_char(&b->said, ';');
    dataset_unref(data);
    if (b->close_at_put)
        source_close(b->source);
}

static void on_failed(void *owner, const struct source_failure *failure)
{
    struct bench *b = owner;
    assert_int_equal(failure->kind, SOURCE_ERROR_INVALID_DATA);
    assert_true(failure->recoverable);
    assert_non_null(strstr(str_text(&b->log), failure->message));
    str_append_text(&b->said, "failed;");
}

static void on_closed(void *owner)
{
    struct bench *b = owner;
    assert_false(b->closed);
    b->closed = true;
    str_append_text(&b->said, "closed;");
}

static void on_patch(void *owner, struct item *it)
{
    (void)owner;
    (void)it;
    fail_msg("files have no patches");
}

static void on_alive(void *owner)
{
    (void)owner;
}

static uv_mutex_t log_lock; /* a look logs on its own thread */

static void on_log(enum log_level level, struct view line, void *arg)
{
    struct bench *b = arg;
    (void)level;
    uv_mutex_lock(&log_lock);
    str_append(&b->log, line);
    str_append_char(&b->log, '\n');
    uv_mutex_unlock(&log_lock);
}

static void on_deadline(uv_timer_t *timer)
{
    ((struct bench *)timer->data)->late = true;
}

static void bench_open(struct bench *b, const char *text, int64_t interval_ms)
{
    *b = (struct bench){0};
    uv_loop_init(&b->loop);
    uv_mutex_init(&log_lock);
    log_capture(on_log, b);
    test_files_open(&b->files, 2);
    if (text != NULL)
        test_file_write(b->files.paths[0], text);
    test_file_write(b->files.paths[1], "segments: {s: {}}");
    uv_timer_init(&b->loop, &b->deadline);
    b->deadline.data = b;
    uv_timer_start(&b->deadline, on_deadline, GIVE_UP_MS, 0);
    uv_timer_init(&b->loop, &b->pause);
    struct source_file_settings settings = {(const char *const *)b->files.paths, interval_ms,
                                            false};
    struct source_sink sink = {.owner = b,
                               .put = on_put,
                               .patch = on_patch,
                               .alive = on_alive,
                               .failed = on_failed,
                               .closed = on_closed};
    b->source = source_file_open(&settings, &b->loop, log_global(), &sink);
    assert_int_equal(b->said.len, 0);
}

/* Turns the loop until the source has said all that, and nothing else. */
static void wait_said(struct bench *b, const char *expected)
{
    while (!b->late && strcmp(str_text(&b->said), expected) != 0) {
        if (strncmp(str_text(&b->said), expected, b->said.len) != 0)
            fail_msg("said \"%s\" instead of \"%s\"", str_text(&b->said), expected);
        uv_run(&b->loop, UV_RUN_ONCE);
    }
    if (b->late)
        fail_msg("said no more than \"%s\" of \"%s\"", str_text(&b->said), expected);
}

static void on_pause_over(uv_timer_t *timer)
{
    (void)timer;
}

static void turn_for(struct bench *b, uint64_t ms)
{
    uv_update_time(&b->loop);
    uv_timer_start(&b->pause, on_pause_over, ms, 0);
    while (uv_is_active((uv_handle_t *)&b->pause))
        uv_run(&b->loop, UV_RUN_ONCE);
}

static void check_log(struct bench *b, const char *part, unsigned times)
{
    unsigned seen = 0;
    for (const char *p = str_text(&b->log); (p = strstr(p, part)) != NULL; p++)
        seen++;
    if (seen != times)
        fail_msg("%u times \"%s\" in:\n%s", seen, part, str_text(&b->log));
}

static void bench_close(struct bench *b)
{
    if (!b->closed) {
        source_close(b->source);
        source_close(b->source); /* twice is once */
    }
    while (!b->closed && !b->late)
        uv_run(&b->loop, UV_RUN_ONCE);
    assert_true(b->closed);
    uv_close((uv_handle_t *)&b->deadline, NULL);
    uv_close((uv_handle_t *)&b->pause, NULL);
    uv_run(&b->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&b->loop), 0);
    log_capture(NULL, NULL);
    test_files_close(&b->files);
    str_free(&b->said);
    str_free(&b->log);
    uv_mutex_destroy(&log_lock);
}

static void files_are_loaded_and_a_change_is_seen(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "flagValues: {a: 1}", 100);
    wait_said(&b, "put a v1;");
    check_log(&b, "Loaded 1 flag(s) and 1 segment(s) from 2 file(s)", 1);
    check_log(&b, "Reloading", 0);
    test_file_write(b.files.paths[0], "flagValues: {a: 2, b: 1}");
    wait_said(&b, "put a v1;put a v2 b v1;");
    test_file_replace(b.files.paths[0], "{\"flagValues\":{\"b\":1}}");
    wait_said(&b, "put a v1;put a v2 b v1;put b v1;");
    check_log(&b, "INFO: Reloading flag data after detecting a change", 2);
    turn_for(&b, 300);
    wait_said(&b, "put a v1;put a v2 b v1;put b v1;");
    bench_close(&b);
}

/* The interval is an hour: only the watched folder can tell. */
static void a_change_is_heard_of_at_once(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "flagValues: {a: 1}", 3600000);
    wait_said(&b, "put a v1;");
    test_file_replace(b.files.paths[0], "flagValues: {a: 2}");
    wait_said(&b, "put a v1;put a v2;");
    test_file_write(b.files.paths[0], "flagValues: {a: 3}");
    wait_said(&b, "put a v1;put a v2;put a v3;");
    bench_close(&b);
}

/* Kubernetes replaces a link far above the file; no event says so. */
static void a_link_that_is_swapped_is_found_by_polling(void **state)
{
    (void)state;
    struct bench b;
    struct test_files real;
    struct str link = {0};
    test_files_open(&real, 2);
    test_file_write(real.paths[0], "flagValues: {a: 1}");
    test_file_write(real.paths[1], "flagValues: {a: 2}");
    bench_open(&b, NULL, 100);
    assert_int_equal(symlink(real.paths[0], b.files.paths[0]), 0);
    wait_said(&b, "put a v1;");
    str_append_format(&link, "%s.link", real.paths[0]);
    assert_int_equal(symlink(real.paths[1], str_text(&link)), 0);
    assert_int_equal(rename(str_text(&link), real.paths[0]), 0);
    wait_said(&b, "put a v1;put a v2;");
    bench_close(&b);
    test_files_close(&real);
    str_free(&link);
}

static void a_bad_edit_keeps_the_data_and_is_logged_once(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, "flagValues: {a: 1}", 100);
    wait_said(&b, "put a v1;");
    test_file_replace(b.files.paths[0], "flagValues:\n  a: [1\n");
    wait_said(&b, "put a v1;failed;");
    turn_for(&b, 350);
    check_log(&b, "ERROR: Unable to load flags: error parsing file: ", 1);
    check_log(&b, "The flags loaded before stay in use", 1);
    test_file_replace(b.files.paths[0], "flagValues:\n  a: 1\n  b\n");
    wait_said(&b, "put a v1;failed;failed;");
    test_file_replace(b.files.paths[0], "flagValues: {a: 2}");
    wait_said(&b, "put a v1;failed;failed;put a v2;");
    bench_close(&b);
}

static void a_missing_file_is_picked_up_when_it_appears(void **state)
{
    (void)state;
    struct bench b;
    bench_open(&b, NULL, 100);
    wait_said(&b, "failed;");
    check_log(&b, "ERROR: Unable to load flags: unable to read file: no such file or directory", 1);
    check_log(&b, "There are no flags yet", 1);
    turn_for(&b, 250);
    wait_said(&b, "failed;");
    test_file_replace(b.files.paths[0], "flagValues: {a: 1}");
    wait_said(&b, "failed;put a v1;");
    bench_close(&b);
}

static void a_file_that_vanishes_and_comes_back_unchanged_is_good_again(void **state)
{
    (void)state;
    struct bench b;
    struct str aside = {0};
    bench_open(&b, "flagValues: {a: 1}", 100);
    str_append_format(&aside, "%s.aside", b.files.paths[0]);
    wait_said(&b, "put a v1;");
    assert_int_equal(rename(b.files.paths[0], str_text(&aside)), 0);
    wait_said(&b, "put a v1;failed;");
    assert_int_equal(rename(str_text(&aside), b.files.paths[0]), 0);
    wait_said(&b, "put a v1;failed;put a v1;");
    check_log(&b, "The flag data files are as they were when last loaded", 1);
    bench_close(&b);
    str_free(&aside);
}

/* Writes 20 flags with pauses of 2 ms; false when the machine made one of them longer than 20 ms.
 */
static bool write_slowly(struct bench *b)
{
    bool fair = true;
    FILE *file = fopen(b->files.paths[0], "we");
    assert_non_null(file);
    (void)fputs("flagValues:\n", file);
    for (int i = 10; i < 30; i++) {
        uint64_t before = uv_hrtime();
        (void)fprintf(file, "  f%d: 1\n", i);
        (void)fflush(file);
        turn_for(b, 2);
        fair = fair && uv_hrtime() - before < 20000000;
    }
    (void)fclose(file);
    return fair;
}

/* The first half is good YAML with fewer flags; it must not be taken for the whole. */
static void a_file_that_is_written_slowly_is_read_when_it_rests(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        struct bench b;
        bench_open(&b, "flagValues: {a: 1}", 3600000);
        wait_said(&b, "put a v1;");
        bool fair = write_slowly(&b);
        struct str all = {0};
        str_append_text(&all, "put a v1;put");
        for (int i = 10; i < 30; i++)
            str_append_format(&all, " f%d v1", i);
        str_append_char(&all, ';');
        if (fair)
            wait_said(&b, str_text(&all));
        str_free(&all);
        bench_close(&b);
        if (fair)
            return;
    }
    skip(); /* the machine is too busy to say anything */
}

static void a_source_can_be_closed_at_any_moment(void **state)
{
    (void)state;
    for (int turns = 0; turns < 8; turns++) {
        struct bench b;
        bench_open(&b, "flagValues: {a: 1}", 100);
        for (int i = 0; i < turns; i++)
            uv_run(&b.loop, UV_RUN_NOWAIT);
        bench_close(&b);
    }
    struct bench b;
    bench_open(&b, "flagValues: {a: 1}", 100);
    b.close_at_put = true;
    wait_said(&b, "put a v1;closed;");
    bench_close(&b);
}

static void a_check_loads_once(void **state)
{
    (void)state;
    struct bench b;
    struct error err;
    bench_open(&b, "flagvalues: {a: 1}", 100);
    struct source_file_settings settings = {(const char *const *)b.files.paths, 100, false};
    struct dataset *d = source_file_load(&settings, log_global(), &err);
    assert_non_null(d);
    check_log(&b, "WARN: Properties that nobody reads: \"flagvalues\"", 1);
    dataset_unref(d);
    test_file_write(b.files.paths[0], "[");
    assert_null(source_file_load(&settings, log_global(), &err));
    assert_non_null(strstr(err.text, "Unable to load flags: error parsing file: "));
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_loaded_and_a_change_is_seen),
        cmocka_unit_test(a_change_is_heard_of_at_once),
        cmocka_unit_test(a_link_that_is_swapped_is_found_by_polling),
        cmocka_unit_test(a_bad_edit_keeps_the_data_and_is_logged_once),
        cmocka_unit_test(a_missing_file_is_picked_up_when_it_appears),
        cmocka_unit_test(a_file_that_vanishes_and_comes_back_unchanged_is_good_again),
        cmocka_unit_test(a_file_that_is_written_slowly_is_read_when_it_rests),
        cmocka_unit_test(a_source_can_be_closed_at_any_moment),
        cmocka_unit_test(a_check_loads_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
