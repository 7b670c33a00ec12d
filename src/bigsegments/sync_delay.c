/* bigsegments/sync_delay.c - see sync_delay.h. */
#include "bigsegments/sync_delay.h"

#define LONG_STREAM_MS 60000
#define SHORT_DELAY_MS 1000 /* after a long stream; plus or minus a half */
#define DELAY_MS 10000      /* plus or minus a fifth, as the others */
#define MAX_DELAY_MS 120000
#define MAX_DOUBLINGS 4

void sync_delay_init(struct sync_delay *d)
{
    *d = (struct sync_delay){0};
    retry_init(&d->final);
}

void sync_delay_good(struct sync_delay *d)
{
    sync_delay_init(d);
}

/* Does the SDK key, or something else that lasts, have to change first? */
static bool is_final(const struct sync_end *end)
{
    return end->status != 0 && !end->suspect && !retry_status_recoverable(end->status);
}

static int64_t spread(int64_t ms, double part, struct random *random)
{
    return ms + (int64_t)((random->unit(random) * 2 - 1) * part * (double)ms);
}

int64_t sync_delay_next_ms(struct sync_delay *d, const struct sync_end *end, int64_t now_ms,
                           struct random *random)
{
    int64_t ms;
    if (is_final(end))
        return (int64_t)(retry_failed(&d->final, now_ms, RETRY_FINAL, 0, random) * 1000);
    if (end->stream_ms >= LONG_STREAM_MS) {
        ms = spread(SHORT_DELAY_MS, 0.5, random);
    } else {
        int64_t delay_ms = (int64_t)DELAY_MS << d->failures;
        ms = spread(delay_ms < MAX_DELAY_MS ? delay_ms : MAX_DELAY_MS, 0.2, random);
        d->failures += d->failures < MAX_DOUBLINGS;
    }
    return ms > end->retry_after_s * 1000 ? ms : end->retry_after_s * 1000;
}
