/* Log lines: telemetry.md 8, checklist 38, 39, 41, 44, 45. */
#include "base/log.h"

#include "base/str.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* 2026-08-01 10:30:45.123 UTC */
#define WALL_MS INT64_C(1785580245123)

/* All that was written since the last look, lines joined with '|'. */
struct capture {
    struct str lines;
    unsigned errors;
};

struct bench {
    struct fake_clock clock;
    struct capture capture;
};

static void capture_line(enum log_level level, struct view line, void *arg)
{
    struct capture *c = arg;
    if (c->lines.len > 0)
        str_append_char(&c->lines, '|');
    str_append(&c->lines, line);
    c->errors += level == LOG_ERROR;
}

static int setup(void **state)
{
    struct bench *b = mem_zalloc(sizeof *b);
    fake_clock_init(&b->clock, 1000000, WALL_MS);
    log_set_clock(&b->clock.base);
    log_capture(capture_line, &b->capture);
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;
    log_set_clock(NULL);
    log_capture(NULL, NULL);
    log_set_format(LOG_FORMAT_TEXT);
    log_show_names(false);
    log_level_override(false);
    log_scope_set_level(log_global(), LOG_INFO);
    str_free(&b->capture.lines);
    mem_free(b);
    return 0;
}

/* The lines so far without date, time and blank in front of each, if they are as expected. */
static void check_lines(struct bench *b, const char *expected)
{
    assert_string_equal(str_text(&b->capture.lines), expected);
    str_clear(&b->capture.lines);
}

#define STAMP "2026/08/01 10:30:45.123000 "

static void a_line_has_the_form_of_8_1(void **state)
{
    log_line(log_global(), LOG_INFO, "Starting %s %d", "flagrelay", 1);
    check_lines(*state, STAMP "INFO: Starting flagrelay 1");
    log_line(log_global(), LOG_WARN, "w");
    log_line(log_global(), LOG_ERROR, "e");
    check_lines(*state, STAMP "WARN: w|" STAMP "ERROR: e");
}

static void time_goes_on(void **state)
{
    struct bench *b = *state;
    log_line(log_global(), LOG_INFO, "a");
    fake_clock_advance(&b->clock, 1);
    log_line(log_global(), LOG_INFO, "b");
    fake_clock_advance(&b->clock, 1000);
    log_line(log_global(), LOG_INFO, "c");
    b->clock.wall_ms = -1;
    log_line(log_global(), LOG_INFO, "d");
    check_lines(b, STAMP "INFO: a|2026/08/01 10:30:45.124000 INFO: b|"
                         "2026/08/01 10:30:46.124000 INFO: c|1969/12/31 23:59:59.999000 INFO: d");
}

/* Every level of a scope against every level of a line; `none` silences all (38). */
static void levels_filter(void **state)
{
    struct bench *b = *state;
    struct log_scope *s = log_scope_new("...c123", "Prod", LOG_INFO);
    for (enum log_level scope = LOG_DEBUG; scope <= LOG_NONE; scope++) {
        log_scope_set_level(s, scope);
        for (enum log_level line = LOG_DEBUG; line <= LOG_ERROR; line++) {
            assert_int_equal(log_enabled(s, line), line >= scope);
            log_line(s, line, "text");
            log_always(s, line, "text");
            assert_int_equal(b->capture.lines.len > 0, line >= scope);
            str_clear(&b->capture.lines);
            fake_clock_advance(&b->clock, 20000);
        }
    }
    log_scope_unref(s);
}

/* 39: an environment may say more or less than the process. */
static void each_scope_has_its_level(void **state)
{
    struct log_scope *more = log_scope_new("...more", "", LOG_DEBUG);
    struct log_scope *less = log_scope_new("...less", "", LOG_ERROR);
    struct log_scope *scopes[] = {log_global(), more, less};
    for (size_t i = 0; i < ARRAY_LEN(scopes); i++) {
        log_line(scopes[i], LOG_DEBUG, "d");
        log_line(scopes[i], LOG_INFO, "i");
    }
    check_lines(*state,
                STAMP "INFO: i|" STAMP "DEBUG: [env: ...more] d|" STAMP "INFO: [env: ...more] i");
    log_level_override(true);
    log_line(less, LOG_DEBUG, "d");
    check_lines(*state, STAMP "DEBUG: [env: ...less] d");
    log_level_override(false);
    log_line(less, LOG_WARN, "w");
    check_lines(*state, "");
    log_scope_unref(more);
    log_scope_unref(less);
}

/* 38: the lines that configuration.md 13.2 exempts have a scope of their own. */
static void a_scope_without_tail_has_no_prefix(void **state)
{
    struct log_scope *listener = log_scope_new("", "", LOG_INFO);
    log_scope_set_level(log_global(), LOG_NONE);
    log_line(log_global(), LOG_ERROR, "silenced");
    log_line(listener, LOG_INFO, "Starting server listening on port 8030");
    check_lines(*state, STAMP "INFO: Starting server listening on port 8030");
    log_scope_unref(listener);
}

/* 41, and 8.3. */
static void prefixes(void **state)
{
    struct log_scope *s = log_scope_new("...c123", "Prod", LOG_INFO);
    struct log_scope *part = log_scope_part(s, "BigSegmentSynchronizer:");
    struct log_scope *autoconfig = log_scope_part(log_global(), "AutoConfiguration");
    log_line(s, LOG_INFO, "a");
    log_line(part, LOG_INFO, "b");
    log_line(autoconfig, LOG_INFO, "c");
    check_lines(*state, STAMP "INFO: [env: ...c123] a|" STAMP
                              "INFO: [env: ...c123] BigSegmentSynchronizer: b|" STAMP
                              "INFO: AutoConfiguration c");
    log_show_names(true);
    log_line(s, LOG_INFO, "a");
    check_lines(*state, STAMP "INFO: [env: Prod ...c123] a");
    log_scope_unref(autoconfig);
    log_scope_unref(s);
    log_line(part, LOG_INFO, "the parent is kept");
    check_lines(*state,
                STAMP "INFO: [env: Prod ...c123] BigSegmentSynchronizer: the parent is kept");
    log_scope_unref(part);
    log_scope_unref(NULL);
}

static void a_part_has_the_level_of_its_parent(void **state)
{
    struct log_scope *s = log_scope_new("...c123", "", LOG_INFO);
    struct log_scope *part = log_scope_part(s, "(event proxy)");
    log_scope_set_level(part, LOG_ERROR);
    log_line(s, LOG_INFO, "i");
    log_scope_set_level(s, LOG_DEBUG);
    log_line(part, LOG_DEBUG, "d");
    check_lines(*state, STAMP "DEBUG: [env: ...c123] (event proxy) d");
    log_scope_unref(part);
    log_scope_unref(s);
}

static void a_line_is_a_record(void **state)
{
    struct log_scope *s = log_scope_new("...\x1b[0m", "two\nlines", LOG_INFO);
    log_line(log_global(), LOG_INFO, "end\n");
    log_line(log_global(), LOG_INFO, "in\nner\r\n\n");
    log_line(log_global(), LOG_INFO, "%s", "\x1b[31mred\x7F\ttab \xC3\xA4");
    check_lines(*state, STAMP "INFO: end|" STAMP "INFO: in\\nner\\r\\n|" STAMP
                              "INFO: \\x1b[31mred\\x7f\ttab \xC3\xA4");
    log_show_names(true);
    log_line(s, LOG_INFO, "x");
    check_lines(*state, STAMP "INFO: [env: two\\nlines ...\\x1b[0m] x");
    log_scope_unref(s);
}

static void an_endless_message_is_cut(void **state)
{
    struct bench *b = *state;
    struct str text = {0};
    for (size_t i = 0; i < (size_t)2 * LOG_MESSAGE_MAX; i++)
        str_append_char(&text, 'x');
    log_line(log_global(), LOG_INFO, "%s", str_text(&text));
    assert_int_equal(b->capture.lines.len, strlen(STAMP "INFO: ") + LOG_MESSAGE_MAX);
    assert_string_equal(b->capture.lines.data + b->capture.lines.len - 4, "x...");
    str_free(&text);
}

/* 44, and 8.5: three members first, then what is known. */
static void json_lines(void **state)
{
    struct log_scope *s = log_scope_new("...c123", "Prod \"1\"", LOG_INFO);
    struct log_scope *part = log_scope_part(s, "(event proxy)");
    struct log_scope *hidden = log_scope_new("****", "", LOG_INFO);
    log_set_format(LOG_FORMAT_JSON);
    log_line(log_global(), LOG_INFO, "a \"b\"\nc\x1b\n");
    check_lines(*state, "{\"timestamp\":\"2026-08-01T10:30:45.123000Z\",\"level\":\"INFO\","
                        "\"message\":\"a \\\"b\\\"\\nc\\u001b\"}");
    log_line(part, LOG_ERROR, "%s", "\xFF");
    check_lines(*state, "{\"timestamp\":\"2026-08-01T10:30:45.123000Z\",\"level\":\"ERROR\","
                        "\"message\":\"\xEF\xBF\xBD\",\"env\":\"c123\","
                        "\"envName\":\"Prod \\\"1\\\"\",\"component\":\"event proxy\"}");
    log_line(hidden, LOG_WARN, "x");
    check_lines(*state, "{\"timestamp\":\"2026-08-01T10:30:45.123000Z\",\"level\":\"WARN\","
                        "\"message\":\"x\",\"env\":\"****\"}");
    log_scope_unref(hidden);
    log_scope_unref(part);
    log_scope_unref(s);
}

/* How many lines are in the capture; empties it. */
static unsigned lines_take(struct bench *b)
{
    unsigned count = b->capture.lines.len > 0;
    for (size_t i = 0; i < b->capture.lines.len; i++)
        count += b->capture.lines.data[i] == '|';
    str_clear(&b->capture.lines);
    return count;
}

/* 45: 1000 equal errors give 5 lines; the next one, 10 s later, tells the other 995. */
static void repeats_are_held_back(void **state)
{
    struct bench *b = *state;
    struct log_scope *s = log_scope_new("...c123", "", LOG_INFO);
    for (int i = 0; i < 1001; i++) {
        if (i == 1000) {
            assert_int_equal(lines_take(b), 5);
            fake_clock_advance(&b->clock, 10000);
        }
        log_line(s, LOG_ERROR, "Lost %d", i);
    }
    check_lines(b,
                "2026/08/01 10:30:55.123000 ERROR: [env: ...c123] Lost 1000 (repeated 995 times)");
    log_scope_unref(s);
}

static void the_count_is_a_member_in_json(void **state)
{
    struct bench *b = *state;
    struct log_scope *s = log_scope_new("...c123", "", LOG_INFO);
    log_set_format(LOG_FORMAT_JSON);
    for (int i = 0; i < 8; i++) {
        if (i == 7) {
            lines_take(b);
            fake_clock_advance(&b->clock, 10000);
        }
        log_line(s, LOG_ERROR, "Lost");
    }
    check_lines(b, "{\"timestamp\":\"2026-08-01T10:30:55.123000Z\",\"level\":\"ERROR\","
                   "\"message\":\"Lost\",\"env\":\"c123\",\"count\":2}");
    log_scope_unref(s);
}

/* One line per second for a minute: five, then one every ten seconds; after a quiet time five
 * again. */
static void a_flood_gives_a_line_every_ten_seconds(void **state)
{
    struct bench *b = *state;
    struct log_scope *s = log_scope_new("...c123", "", LOG_INFO);
    struct str at = {0};
    for (int second = 0; second < 60; second++) {
        log_line(s, LOG_WARN, "Flood");
        if (lines_take(b) > 0)
            str_append_format(&at, " %d", second);
        fake_clock_advance(&b->clock, 1000);
    }
    assert_string_equal(str_text(&at), " 0 1 2 3 4 14 24 34 44 54");
    fake_clock_advance(&b->clock, 3000);
    log_line(s, LOG_WARN, "Flood");
    fake_clock_advance(&b->clock, 9000);
    assert_int_equal(lines_take(b), 0); /* 9 s after the last one written */
    for (int i = 0; i < 10; i++)
        log_line(s, LOG_WARN, "Flood");
    assert_int_equal(lines_take(b), 1);
    fake_clock_advance(&b->clock, 20000);
    log_line(s, LOG_WARN, "Flood");
    assert_int_equal(lines_take(b), 1);
    fake_clock_advance(&b->clock, 20000);
    for (int i = 0; i < 10; i++)
        log_line(s, LOG_WARN, "Flood");
    assert_int_equal(lines_take(b), 5);
    str_free(&at);
    log_scope_unref(s);
}

static void slow_repeats_are_all_written(void **state)
{
    struct bench *b = *state;
    struct log_scope *s = log_scope_new("...c123", "", LOG_INFO);
    for (int i = 0; i < 100; i++) {
        log_line(s, LOG_ERROR, "Every 2.5 s");
        fake_clock_advance(&b->clock, 2500);
    }
    assert_int_equal(lines_take(b), 100);
    log_scope_unref(s);
}

/* Each format and each scope is counted for itself; debug lines and log_always() are not. */
static void what_is_never_limited(void **state)
{
    struct bench *b = *state;
    struct log_scope *s = log_scope_new("...c123", "", LOG_DEBUG);
    struct log_scope *other = log_scope_new("...d456", "", LOG_DEBUG);
    struct log_scope *part = log_scope_part(s, "(event proxy)");
    for (int i = 0; i < 20; i++)
        log_line(s, LOG_INFO, "one");
    assert_int_equal(lines_take(b), 5);
    for (int i = 0; i < 20; i++) {
        log_line(s, LOG_DEBUG, "one");
        log_always(s, LOG_INFO, "one");
    }
    assert_int_equal(lines_take(b), 40);
    for (int i = 0; i < 5; i++) {
        log_line(s, LOG_INFO, "two");
        log_line(other, LOG_INFO, "two");
        log_line(part, LOG_INFO, "two");
    }
    assert_int_equal(lines_take(b), 15);
    log_scope_unref(part);
    log_scope_unref(other);
    log_scope_unref(s);
}

static void level_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool ok;
        enum log_level level;
    } rows[] = {
        {"debug", true, LOG_DEBUG},  {"INFO", true, LOG_INFO}, {"Warn", true, LOG_WARN},
        {"eRrOr", true, LOG_ERROR},  {"none", true, LOG_NONE}, {"warning", false, LOG_DEBUG},
        {"trace", false, LOG_DEBUG}, {"", false, LOG_DEBUG},   {"inf", false, LOG_DEBUG},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        enum log_level level = LOG_DEBUG;
        assert_int_equal(log_level_parse(view_of(rows[i].name), &level), rows[i].ok);
        assert_int_equal(level, rows[i].level);
    }
    assert_string_equal(log_level_name(LOG_DEBUG), "debug");
    assert_string_equal(log_level_name(LOG_NONE), "none");
}

static void the_global_scope_outlives_everybody(void **state)
{
    log_scope_unref(log_global());
    log_scope_unref(log_global());
    log_line(log_scope_ref(log_global()), LOG_INFO, "still here");
    check_lines(*state, STAMP "INFO: still here");
}

/* The descriptor `fd` leads to a pipe until restored; what was written is returned as text. */
struct redirect {
    int fd;
    int saved;
    int pipe[2];
};

static void redirect_open(struct redirect *r, int fd)
{
    r->fd = fd;
    r->saved = dup(fd);
    assert_int_equal(pipe(r->pipe), 0);
    assert_true(dup2(r->pipe[1], fd) >= 0);
}

static void redirect_close(struct redirect *r, char *text, size_t size)
{
    assert_true(dup2(r->saved, r->fd) >= 0);
    close(r->saved);
    close(r->pipe[1]);
    ssize_t len = read(r->pipe[0], text, size - 1);
    text[len > 0 ? len : 0] = '\0';
    close(r->pipe[0]);
}

/* 38: errors go to stderr, the rest to stdout; each line is there as soon as it was logged. */
static void lines_go_to_their_streams(void **state)
{
    (void)state;
    struct redirect out;
    struct redirect err;
    char out_text[256];
    char err_text[256];
    log_capture(NULL, NULL);
    redirect_open(&out, STDOUT_FILENO);
    redirect_open(&err, STDERR_FILENO);
    log_line(log_global(), LOG_WARN, "w%d", 1);
    log_line(log_global(), LOG_ERROR, "e%d", 1);
    log_line(log_global(), LOG_INFO, "i%d", 1);
    redirect_close(&err, err_text, sizeof err_text);
    redirect_close(&out, out_text, sizeof out_text);
    assert_string_equal(out_text, STAMP "WARN: w1\n" STAMP "INFO: i1\n");
    assert_string_equal(err_text, STAMP "ERROR: e1\n");
}

/* Fills the pipe behind stdout; returns how many bytes went in. */
static size_t pipe_fill(struct redirect *r)
{
    static const char filler[4096];
    size_t filled = 0;
    int flags = fcntl(r->pipe[1], F_GETFL);
    assert_int_equal(fcntl(r->pipe[1], F_SETFL, flags | O_NONBLOCK), 0);
    for (ssize_t n; (n = write(r->pipe[1], filler, sizeof filler)) > 0;)
        filled += (size_t)n;
    assert_int_equal(fcntl(r->pipe[1], F_SETFL, flags), 0);
    return filled;
}

/* Nobody reads: lines are lost instead of stopping the thread, and are counted. */
static void a_full_pipe_delays_nobody(void **state)
{
    (void)state;
    struct redirect out;
    char text[512];
    char drain[4096];
    log_capture(NULL, NULL);
    redirect_open(&out, STDOUT_FILENO);
    size_t filled = pipe_fill(&out);
    for (int i = 0; i < 3; i++)
        log_line(log_global(), LOG_WARN, "lost");
    while (filled > 0)
        filled -= (size_t)read(out.pipe[0], drain, sizeof drain);
    log_always(log_global(), LOG_INFO, "i%d", 1);
    log_always(log_global(), LOG_INFO, "i%d", 2);
    redirect_close(&out, text, sizeof text);
    assert_string_equal(text, STAMP "INFO: i1\n" STAMP "WARN: 3 log lines were lost because nobody "
                                    "read them in time\n" STAMP "INFO: i2\n");
}

/* stdout was closed: nothing happens but that the lines are lost. */
static void a_closed_pipe_is_survived(void **state)
{
    (void)state;
    struct redirect out;
    char text[512];
    log_capture(NULL, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    redirect_open(&out, STDOUT_FILENO);
    close(out.pipe[0]);
    log_always(log_global(), LOG_INFO, "nobody is there");
    assert_int_equal(pipe(out.pipe), 0);
    assert_true(dup2(out.pipe[1], STDOUT_FILENO) >= 0);
    log_always(log_global(), LOG_INFO, "i%d", 1);
    redirect_close(&out, text, sizeof text);
    assert_non_null(strstr(text, "INFO: i1\n"));
    assert_non_null(strstr(text, "WARN: 1 log lines were lost"));
}

/* Without a clock of its own a line has the system's time, with microseconds. */
static void system_time_has_microseconds(void **state)
{
    struct bench *b = *state;
    bool fraction = false;
    log_set_clock(NULL);
    for (int i = 0; i < 20; i++) {
        log_always(log_global(), LOG_INFO, "x");
        assert_string_equal(b->capture.lines.data + 26, " INFO: x");
        fraction |= memcmp(b->capture.lines.data + 23, "000", 3) != 0;
        str_clear(&b->capture.lines);
    }
    assert_true(fraction);
}

#define THREADS 4
#define TURNS 500

static void log_much(void *arg)
{
    struct log_scope *s = arg;
    for (int i = 0; i < TURNS; i++) {
        log_line(s, LOG_INFO, "line %d", i);
        log_line(log_global(), LOG_DEBUG, "line %d", i);
        log_scope_set_level(s, i % 2 ? LOG_INFO : LOG_WARN);
        log_level_override(i % 16 == 0);
        log_show_names(i % 3 == 0);
    }
    log_scope_unref(s);
}

static void count_line(enum log_level level, struct view line, void *arg)
{
    _Atomic unsigned *count = arg;
    assert_true(level <= LOG_ERROR);
    assert_true(view_starts(line, STAMP));
    (*count)++;
}

/* Lines and settings from several threads at once; the thread sanitizer judges. */
static void any_thread_may_log(void **state)
{
    (void)state;
    _Atomic unsigned count = 0;
    uv_thread_t threads[THREADS];
    struct log_scope *s = log_scope_new("...c123", "Prod", LOG_INFO);
    log_capture(count_line, &count);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(uv_thread_create(&threads[i], log_much, log_scope_ref(s)), 0);
    log_scope_unref(s);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(uv_thread_join(&threads[i]), 0);
    log_capture(NULL, NULL);
    assert_true(count >= 5);
}

#define log_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    setenv("TZ", "UTC", 1);
    const struct CMUnitTest tests[] = {
        log_test(a_line_has_the_form_of_8_1),
        log_test(time_goes_on),
        log_test(levels_filter),
        log_test(each_scope_has_its_level),
        log_test(a_scope_without_tail_has_no_prefix),
        log_test(prefixes),
        log_test(a_part_has_the_level_of_its_parent),
        log_test(a_line_is_a_record),
        log_test(an_endless_message_is_cut),
        log_test(json_lines),
        log_test(repeats_are_held_back),
        log_test(the_count_is_a_member_in_json),
        log_test(a_flood_gives_a_line_every_ten_seconds),
        log_test(slow_repeats_are_all_written),
        log_test(what_is_never_limited),
        log_test(level_names),
        log_test(the_global_scope_outlives_everybody),
        log_test(lines_go_to_their_streams),
        log_test(a_full_pipe_delays_nobody),
        log_test(a_closed_pipe_is_survived),
        log_test(system_time_has_microseconds),
        log_test(any_thread_may_log),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
