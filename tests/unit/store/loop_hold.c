/* See loop_hold.h. */
#include "loop_hold.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static const uint64_t limits_us[] = {100, 1000, 2000, 5000, 10000};

static uint64_t now_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Right behind the callbacks of sockets, once in each turn. */
static void on_check(uv_check_t *check)
{
    struct loop_hold *h = check->data;
    uint64_t now = now_ns();
    uint64_t held = now - h->last_ns;
    size_t i = 0;
    while (i < ARRAY_LEN(limits_us) && held >= limits_us[i] * 1000)
        i++;
    h->turns[i]++;
    if (held > h->longest_ns)
        h->longest_ns = held;
    h->last_ns = now_ns();
}

void loop_hold_begin(struct loop_hold *h, uv_loop_t *loop)
{
    memset(h, 0, sizeof *h);
    assert_int_equal(uv_check_init(loop, &h->check), 0);
    h->check.data = h;
    h->last_ns = now_ns();
    assert_int_equal(uv_check_start(&h->check, on_check), 0);
    uv_unref((uv_handle_t *)&h->check);
}

void loop_hold_forget(struct loop_hold *h)
{
    memset(h->turns, 0, sizeof h->turns);
    h->longest_ns = 0;
    h->last_ns = now_ns();
}

void loop_hold_end(struct loop_hold *h)
{
    uv_close((uv_handle_t *)&h->check, NULL);
}

void loop_hold_print(const struct loop_hold *h, const char *what)
{
    print_message("%s: turns", what);
    for (size_t i = 0; i < ARRAY_LEN(limits_us); i++)
        print_message(" < %g ms: %llu,", (double)limits_us[i] / 1000,
                      (unsigned long long)h->turns[i]);
    print_message(" more: %llu, longest %.2f ms\n", (unsigned long long)h->turns[5],
                  (double)h->longest_ns / 1e6);
}
