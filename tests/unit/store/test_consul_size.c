/* 10,000 flags of 5 KB: time, memory, and how long the loop is held (issue: 50 MB on each store).
 */
#include "consul_world.h"
#include "loop_hold.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FLAGS 10000
#define FLAG_BYTES 5000
#define HOLD_LIMIT_NS 10000000

/* A sanitizer makes everything slow and big. */
#ifndef __has_feature
#define __has_feature(name) 0 /* gcc has macros instead */
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||                               \
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MEASURED false
#else
#define MEASURED true
#endif

static struct dataset *flags_of_version(int64_t version)
{
    struct dataset_builder *b = dataset_builder_new();
    char key[32];
    for (int i = 0; i < FLAGS; i++) {
        (void)snprintf(key, sizeof key, "flag-%d", i);
        dataset_builder_add_take(b, flag_sized(key, version, FLAG_BYTES));
    }
    return dataset_builder_finish_take(b);
}

/* The most memory since the last call of peak_forget(), in MB. */
static long peak_mb(void)
{
    char line[256];
    long kb = 0;
    FILE *f = fopen("/proc/self/status", "re");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, "VmHWM:", 6) == 0)
            kb = strtol(line + 6, NULL, 10);
    }
    if (f != NULL)
        (void)fclose(f);
    return kb / 1024;
}

static void peak_forget(void)
{
    FILE *f = fopen("/proc/self/clear_refs", "we");
    if (f == NULL)
        return;
    (void)fputs("5", f);
    (void)fclose(f);
}

struct measure {
    struct loop_hold hold;
    uint64_t start_ns;
    long before_mb;
};

static void measure_begin(struct measure *m)
{
    loop_hold_forget(&m->hold);
    peak_forget();
    m->before_mb = peak_mb();
    m->start_ns = uv_hrtime();
}

static void measure_end(struct measure *m, const char *what, long limit_mb)
{
    long more_mb = peak_mb() - m->before_mb;
    print_message("%s: %.2f s, at most %ld MB more\n", what,
                  (double)(uv_hrtime() - m->start_ns) / 1e9, more_mb);
    loop_hold_print(&m->hold, what);
    if (!MEASURED)
        return;
    assert_true(m->hold.longest_ns < HOLD_LIMIT_NS);
    assert_true(more_mb < limit_mb);
}

static void ten_thousand_flags_go_through_without_holding_the_loop(void **state)
{
    struct consul_world c;
    struct measure m;
    (void)state;
    consul_begin(&c);
    loop_hold_begin(&m.hold, &c.w.loop);
    struct dataset *first = flags_of_version(1);
    size_t ordered;
    (void)dataset_ordered(first, ITEM_FLAG, &ordered);
    measure_begin(&m);
    write_all(&c.h, dataset_ref(first));
    measure_end(&m, "Init", 20);
    measure_begin(&m);
    assert_int_equal(dataset_count(read_back(&c.h), ITEM_FLAG), FLAGS);
    measure_end(&m, "read", 200);
    struct dataset *second = flags_of_version(2);
    (void)dataset_ordered(second, ITEM_FLAG, &ordered);
    measure_begin(&m);
    write_all(&c.h, dataset_ref(second));
    measure_end(&m, "Init over it", 20);
    dataset_unref(first);
    dataset_unref(second);
    assert_int_equal(c.h.state_changes, 0);
    loop_hold_end(&m.hold);
    consul_end(&c);
}

/* data-store.md 6.2: an SDK that asks 5 s after the database came back gets data, also when
 * LaunchDarkly is away and every item has to be compared (7.3). */
static void a_repair_item_by_item_takes_less_than_five_seconds(void **state)
{
    static const char *const options[] = {"-data-dir={folder}/data", NULL};
    struct consul_world c;
    struct measure m;
    (void)state;
    memset(&c, 0, sizeof c);
    world_begin(&c.w);
    consul_start(&c, 0, options);
    consul_settings(&c);
    consul_open(&c);
    loop_hold_begin(&m.hold, &c.w.loop);
    c.h.snapshot = flags_of_version(2);
    write_all(&c.h, dataset_ref(c.h.snapshot));
    for (int half = 0; half < 2; half++) {
        server_kill(&c.server);
        store_read_post(c.h.store, STORE_ALL_KINDS);
        run_until_state(&c.h, STORE_INTERRUPTED);
        if (half == 1) {
            dataset_unref(c.h.snapshot);
            c.h.snapshot = flags_of_version(3);
        }
        consul_start(&c, c.server.port, options);
        measure_begin(&m);
        run_until_state(&c.h, STORE_VALID);
        if (MEASURED)
            assert_true(uv_hrtime() - m.start_ns < 5000000000);
        measure_end(&m, half == 0 ? "repair, nothing newer" : "repair, all newer", 200);
    }
    const struct dataset *read = read_back(&c.h);
    assert_int_equal(dataset_count(read, ITEM_FLAG), FLAGS);
    assert_int_equal(dataset_find(read, ITEM_FLAG, view_of("flag-9999"))->version, 3);
    loop_hold_end(&m.hold);
    consul_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ten_thousand_flags_go_through_without_holding_the_loop),
        cmocka_unit_test(a_repair_item_by_item_takes_less_than_five_seconds),
    };
    return cmocka_run_group_tests(tests, consul_build, NULL);
}
