/* api/ping_delay.c - a ping that is sent later, so that not all clients ask at once
 * (streaming.md 12.1). Streams have none while nothing changes. */
#include "api/api_private.h"

struct ping_delay {
    uv_timer_t timer;
    void (*over)(void *owner);
    void *owner;
};

static void released(uv_handle_t *handle)
{
    mem_free(CONTAINER_OF((uv_timer_t *)handle, struct ping_delay, timer));
}

static void elapsed(uv_timer_t *timer)
{
    struct ping_delay *d = CONTAINER_OF(timer, struct ping_delay, timer);
    uv_close((uv_handle_t *)timer, released);
    d->over(d->owner);
}

struct ping_delay *ping_delay_start(struct api_thread *thread, int64_t limit_ms,
                                    void (*over)(void *owner), void *owner)
{
    struct random *random = thread->api->settings.random;
    struct ping_delay *d = mem_zalloc(sizeof *d);
    double part = 1 - random->unit(random) / 2; /* (0.5, 1] */
    d->over = over;
    d->owner = owner;
    (void)uv_timer_init(http_thread_loop(thread->http), &d->timer);
    (void)uv_timer_start(&d->timer, elapsed, (uint64_t)(part * (double)limit_ms), 0);
    return d;
}

void ping_delay_cancel(struct ping_delay *d)
{
    if (d != NULL)
        uv_close((uv_handle_t *)&d->timer, released);
}
