/* source/retry.c - delays that double, minus up to half by chance. */
#include "source/retry.h"

#define RETRY_BASE_MS 1000
#define RETRY_MAX_MS 30000
#define RETRY_EXTENDED_BASE_MS ((int64_t)300000)
#define RETRY_EXTENDED_MAX_MS ((int64_t)3600000)
#define RETRY_RESET_MS 60000
#define RETRY_AFTER_MAX_S 300
#define RETRY_MAX_DOUBLINGS 16

void retry_init(struct retry *r)
{
    *r = (struct retry){.base_ms = RETRY_BASE_MS};
}

void retry_good(struct retry *r, int64_t now_ms)
{
    if (r->good)
        return;
    r->good = true;
    r->good_since_ms = now_ms;
}

void retry_set_base(struct retry *r, int64_t base_ms)
{
    if (base_ms < RETRY_BASE_MS)
        base_ms = RETRY_BASE_MS;
    if (base_ms > RETRY_MAX_MS)
        base_ms = RETRY_MAX_MS;
    r->base_ms = base_ms;
    r->failures = 0;
}

static int64_t retry_delay_ms(const struct retry *r)
{
    int64_t base = r->extended ? RETRY_EXTENDED_BASE_MS : r->base_ms;
    int64_t limit = r->extended ? RETRY_EXTENDED_MAX_MS : RETRY_MAX_MS;
    int64_t delay = base << r->failures;
    return delay < limit ? delay : limit;
}

double retry_failed(struct retry *r, int64_t now_ms, enum retry_reason reason,
                    int64_t retry_after_s, struct random *random)
{
    if (r->good && now_ms - r->good_since_ms >= RETRY_RESET_MS) {
        r->failures = 0;
        r->extended = false;
    }
    r->good = false;
    if (reason == RETRY_FINAL && !r->extended) {
        r->failures = 0;
        r->extended = true;
    }
    double delay_s = (double)retry_delay_ms(r) / 1000;
    double wait_s = delay_s - random->unit(random) * delay_s / 2;
    if (r->failures < RETRY_MAX_DOUBLINGS)
        r->failures++;
    return wait_s > (double)retry_after_s ? wait_s : (double)retry_after_s;
}

bool retry_status_recoverable(int status)
{
    return status < 400 || status >= 500 || status == 400 || status == 408 || status == 429;
}

int64_t retry_after_parse(int status, struct view value)
{
    value = view_trim(value);
    int64_t seconds = 0;
    if (status != 429 && status != 503)
        return 0;
    for (size_t i = 0; i < value.len; i++) {
        if (value.data[i] < '0' || value.data[i] > '9')
            return 0;
        seconds = seconds * 10 + (value.data[i] - '0');
        if (seconds > RETRY_AFTER_MAX_S)
            seconds = RETRY_AFTER_MAX_S;
    }
    return seconds;
}
