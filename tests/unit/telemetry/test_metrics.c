/* The table of metrics keeps the rules of Prometheus, and says nothing about what is not there. */
#include "telemetry/metric.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text);
    size_t end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static void names_are_in_order_and_tell_their_kind(void **state)
{
    (void)state;
    for (size_t i = 0; i < metric_count; i++) {
        const struct metric *m = &metrics[i];
        bool standard = strncmp(m->name, "process_", 8) == 0;
        assert_true(i == 0 || strcmp(metrics[i - 1].name, m->name) < 0);
        assert_int_equal(strspn(m->name, "abcdefghijklmnopqrstuvwxyz_"), strlen(m->name));
        assert_true(standard || strncmp(m->name, "flagrelay_", 10) == 0);
        assert_int_equal(m->kind == METRIC_COUNTER, ends_with(m->name, "_total"));
    }
}

static void labels_are_in_order_and_named_well(void **state)
{
    (void)state;
    for (size_t i = 0; i < metric_count; i++) {
        const char *const *labels = metrics[i].labels;
        for (size_t k = 0; k < METRIC_LABELS_MAX && labels[k] != NULL; k++) {
            assert_int_equal(strspn(labels[k], "abcdefghijklmnopqrstuvwxyz"), strlen(labels[k]));
            assert_true(k == 0 || strcmp(labels[k - 1], labels[k]) < 0);
        }
    }
}

/* It is written as it stands. */
static void help_needs_no_escapes(void **state)
{
    (void)state;
    for (size_t i = 0; i < metric_count; i++) {
        assert_null(strpbrk(metrics[i].help, "\\\n"));
        assert_true(ends_with(metrics[i].help, "."));
    }
}

/* Gauges of unknown value are absent, never 0 (7). */
static void what_is_not_open_yet_is_absent(void **state)
{
    struct events_door door;
    struct mailbox nowhere;
    struct events_door_settings settings = {.enabled = true};
    struct str out = {0};
    (void)state;
    events_door_init(&door, &settings, &nowhere);
    struct telemetry_subject subject = {.clock = clock_system(), .door = &door};
    telemetry_write(&subject, &out);
    assert_non_null(strstr(str_text(&out), "\nflagrelay_build_info{compiler=\""));
    assert_non_null(strstr(str_text(&out), "\nprocess_cpu_seconds_total "));
    assert_non_null(strstr(str_text(&out), "\nprocess_resident_memory_bytes "));
    assert_non_null(strstr(str_text(&out), "\nprocess_start_time_seconds "));
    assert_null(strstr(str_text(&out), "env="));
    assert_null(strstr(str_text(&out), "flagrelay_events_"));
    assert_null(strstr(str_text(&out), "flagrelay_http_"));
    str_free(&out);
}

/* The value behind a name that has no labels. */
static int64_t value_of(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    assert_non_null(at);
    return strtoll(at + strlen(name), NULL, 10);
}

static void the_process_is_this_one(void **state)
{
    struct events_door door = {.settings = {.enabled = false}};
    struct telemetry_subject subject = {.clock = clock_system(), .door = &door};
    struct str out = {0};
    (void)state;
    telemetry_write(&subject, &out);
    int64_t started = value_of(str_text(&out), "\nprocess_start_time_seconds ");
    int64_t fds = value_of(str_text(&out), "\nprocess_open_fds ");
    int64_t now = clock_wall_ms(clock_system()) / 1000;
    assert_true(started > now - 600 && started <= now + 5);
    assert_true(fds >= 3 && fds <= value_of(str_text(&out), "\nprocess_max_fds "));
    assert_true(value_of(str_text(&out), "\nprocess_resident_memory_bytes ") > 100000);
    str_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_in_order_and_tell_their_kind),
        cmocka_unit_test(labels_are_in_order_and_named_well),
        cmocka_unit_test(help_needs_no_escapes),
        cmocka_unit_test(what_is_not_open_yet_is_absent),
        cmocka_unit_test(the_process_is_this_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
