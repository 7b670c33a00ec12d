/* base/clock.c - see clock.h. */
#include "base/clock.h"

#include "base/mem.h"

#include <time.h>

static int64_t read_ms(clockid_t id)
{
    struct timespec t;
    (void)clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int64_t system_now_ms(const struct clock *c)
{
    (void)c;
    return read_ms(CLOCK_MONOTONIC);
}

static int64_t system_wall_ms(const struct clock *c)
{
    (void)c;
    return read_ms(CLOCK_REALTIME);
}

const struct clock *clock_system(void)
{
    static const struct clock system_clock = {system_now_ms, system_wall_ms};
    return &system_clock;
}

static int64_t fake_now_ms(const struct clock *c)
{
    return CONTAINER_OF(c, const struct fake_clock, base)->now_ms;
}

static int64_t fake_wall_ms(const struct clock *c)
{
    return CONTAINER_OF(c, const struct fake_clock, base)->wall_ms;
}

void fake_clock_init(struct fake_clock *c, int64_t now_ms, int64_t wall_ms)
{
    *c = (struct fake_clock){{fake_now_ms, fake_wall_ms}, now_ms, wall_ms};
}

void fake_clock_advance(struct fake_clock *c, int64_t ms)
{
    c->now_ms += ms;
    c->wall_ms += ms;
}
