/* The delays of streaming.md 4, and the trace of 14.7. */
#include "source/retry.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Chance that always gives the same number. */
struct fixed_random {
    struct random base;
    double number;
};

static double fixed_unit(struct random *r)
{
    return ((struct fixed_random *)r)->number;
}

static void check_wait(double wait_s, double delay_s, double chance, const char *why)
{
    double expected = delay_s - chance * delay_s / 2;
    if (wait_s < expected - 1e-9 || wait_s > expected + 1e-9)
        fail_msg("%s: waits %f s, expected %f s", why, wait_s, expected);
}

enum step { REFUSED, FINAL, EVENT, RETRY_FIELD, ASKED };

static const struct {
    enum step step;
    int64_t at_s;
    int64_t number; /* ms of a retry field, or s of Retry-After */
    double delay_s; /* of a failure, before jitter */
    const char *why;
} trace[] = {
    {REFUSED, 0, 0, 1, "14.7: connect refused"},
    {REFUSED, 1, 0, 2, "14.7: HTTP 503"},
    {EVENT, 3, 0, 0, "put"},
    {REFUSED, 50, 0, 4, "14.7: EOF after 47 s of good stream"},
    {EVENT, 53, 0, 0, "put"},
    {EVENT, 119, 0, 0, "later events do not move the time since when it is good"},
    {REFUSED, 120, 0, 1, "14.7: EOF after 67 s of good stream"},
    {FINAL, 121, 0, 300, "14.7: HTTP 401, extended delays"},
    {FINAL, 400, 0, 600, "extended delays double"},
    {REFUSED, 1000, 0, 1200, "and hold for other failures, too"},
    {FINAL, 2000, 0, 2400, "doubled again"},
    {FINAL, 4000, 0, 3600, "up to an hour"},
    {FINAL, 8000, 0, 3600, "and no more"},
    {EVENT, 10000, 0, 0, "the key was repaired"},
    {REFUSED, 10059, 0, 3600, "59 s of good stream are too little"},
    {EVENT, 20000, 0, 0, "again"},
    {REFUSED, 20060, 0, 1, "60 s of good stream: the normal delays"},
    {REFUSED, 20061, 0, 2, "second"},
    {REFUSED, 20063, 0, 4, "third"},
    {REFUSED, 20067, 0, 8, "fourth"},
    {REFUSED, 20075, 0, 16, "fifth"},
    {REFUSED, 20091, 0, 30, "sixth"},
    {REFUSED, 20121, 0, 30, "seventh"},
    {REFUSED, 90000, 0, 30, "time alone, without an event, resets nothing"},
    {RETRY_FIELD, 90001, 5000, 0, "retry: 5000"},
    {REFUSED, 90002, 0, 5, "the new base, counted from 0"},
    {REFUSED, 90003, 0, 10, "doubles"},
    {RETRY_FIELD, 90004, 1, 0, "retry: 1 is clamped"},
    {REFUSED, 90005, 0, 1, "to 1 s"},
    {RETRY_FIELD, 90006, 9999999999, 0, "retry: 9999999999 is clamped"},
    {REFUSED, 90007, 0, 30, "to 30 s"},
    {ASKED, 90008, 120, 120, "Retry-After is more than the delay"},
};

static void trace_holds(void **state)
{
    (void)state;
    static const double chances[] = {0, 0.5, 0.999};
    for (size_t c = 0; c < ARRAY_LEN(chances); c++) {
        struct fixed_random random = {{fixed_unit}, chances[c]};
        struct retry r;
        retry_init(&r);
        for (size_t i = 0; i < ARRAY_LEN(trace); i++) {
            int64_t now_ms = trace[i].at_s * 1000;
            if (trace[i].step == EVENT)
                retry_good(&r, now_ms);
            else if (trace[i].step == RETRY_FIELD)
                retry_set_base(&r, trace[i].number);
            else if (trace[i].step == ASKED)
                check_wait(retry_failed(&r, now_ms, RETRY_TRANSIENT, trace[i].number, &random.base),
                           trace[i].delay_s, 0, trace[i].why);
            else
                check_wait(retry_failed(&r, now_ms,
                                        trace[i].step == FINAL ? RETRY_FINAL : RETRY_TRANSIENT, 0,
                                        &random.base),
                           trace[i].delay_s, chances[c], trace[i].why);
        }
    }
}

static void a_thousand_failures_stay_at_the_limit(void **state)
{
    (void)state;
    struct fixed_random random = {{fixed_unit}, 0};
    struct retry r;
    retry_init(&r);
    double wait_s = 0;
    for (int i = 0; i < 1000; i++)
        wait_s = retry_failed(&r, i, RETRY_TRANSIENT, 0, &random.base);
    check_wait(wait_s, 30, 0, "transient");
    for (int i = 0; i < 1000; i++)
        wait_s = retry_failed(&r, i, RETRY_FINAL, 0, &random.base);
    check_wait(wait_s, 3600, 0, "final");
}

static const struct {
    int status;
    bool recoverable;
} statuses[] = {{400, true},  {401, false}, {403, false}, {404, false}, {405, false}, {408, true},
                {410, false}, {429, true},  {499, false}, {500, true},  {503, true},  {599, true},
                {204, true},  {206, true},  {301, true},  {304, true}};

static void statuses_are_classified(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(statuses); i++)
        if (retry_status_recoverable(statuses[i].status) != statuses[i].recoverable)
            fail_msg("status %d", statuses[i].status);
}

static const struct {
    const char *value;
    int64_t seconds;
    const char *why;
} retry_afters[] = {
    {"", 0, "absent"},
    {"7", 7, "seconds"},
    {" 7 ", 7, "blanks around"},
    {"300", 300, "the limit"},
    {"301", 300, "over the limit"},
    {"99999999999999999999999", 300, "far over the limit"},
    {"-1", 0, "negative"},
    {"1.5", 0, "no whole number"},
    {"Wed, 21 Oct 2026 07:28:00 GMT", 0, "a date is not understood"},
};

static void retry_after_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(retry_afters); i++)
        if (retry_after_parse(429, view_of(retry_afters[i].value)) != retry_afters[i].seconds ||
            retry_after_parse(503, view_of(retry_afters[i].value)) != retry_afters[i].seconds ||
            retry_after_parse(500, view_of(retry_afters[i].value)) != 0)
            fail_msg("row \"%s\"", retry_afters[i].why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trace_holds),
        cmocka_unit_test(a_thousand_failures_stay_at_the_limit),
        cmocka_unit_test(statuses_are_classified),
        cmocka_unit_test(retry_after_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
