/* See measure.h. */
#include "measure.h"

#include "harness.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#ifndef __has_feature
#define __has_feature(name) 0 /* gcc has macros instead */
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||                               \
    __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MEASURED false
#else
#define MEASURED true
#endif

#define FLAG_BYTES 5000

/* The most memory since the last peak_forget(), in MB. */
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

void measure_open(struct measure *m, uv_loop_t *loop)
{
    (void)mallopt(M_MMAP_THRESHOLD, 1 << 20); /* as run.c does */
    loop_hold_begin(&m->hold, loop);
}

void measure_close(struct measure *m)
{
    loop_hold_end(&m->hold);
}

void measure_begin(struct measure *m)
{
    loop_hold_forget(&m->hold);
    peak_forget();
    m->before_mb = peak_mb();
    m->start_ns = uv_hrtime();
}

void measure_end(struct measure *m, const char *what, long limit_mb, double limit_s)
{
    double seconds = (double)(uv_hrtime() - m->start_ns) / 1e9;
    long more_mb = peak_mb() - m->before_mb;
    print_message("%s: %.2f s, at most %ld MB more\n", what, seconds, more_mb);
    loop_hold_print(&m->hold, what);
    if (MEASURED) {
        assert_true(m->hold.longest_ns < MEASURE_HOLD_LIMIT_NS);
        assert_true(more_mb < limit_mb);
        assert_true(seconds < limit_s);
    }
}

struct dataset *measure_flags(unsigned count, int64_t version)
{
    struct dataset_builder *b = dataset_builder_new();
    char key[32];
    for (unsigned i = 0; i < count; i++) {
        (void)snprintf(key, sizeof key, "flag-%u", i);
        dataset_builder_add_take(b, flag_sized(key, version, FLAG_BYTES));
    }
    return dataset_builder_finish_take(b);
}

struct dataset *measure_flags_ordered(unsigned count, int64_t version)
{
    struct dataset *d = measure_flags(count, version);
    size_t ordered;
    (void)dataset_ordered(d, ITEM_FLAG, &ordered);
    return d;
}
