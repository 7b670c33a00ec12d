/* base/clock.h - the time comes in through the door.
 *
 * Nothing below main.c asks the operating system: it asks the clock it was given, so a test can
 * turn ten minutes in no time. Monotonic time is for differences and deadlines, wall time for
 * printing.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

struct clock {
    int64_t (*now_ms)(const struct clock *c);  /* monotonic, milliseconds, from any origin */
    int64_t (*wall_ms)(const struct clock *c); /* Unix time, milliseconds */
};

static inline int64_t clock_now_ms(const struct clock *c)
{
    return c->now_ms(c);
}

static inline int64_t clock_wall_ms(const struct clock *c)
{
    return c->wall_ms(c);
}

/* The operating system's clocks; the same object for everybody, usable on any thread. */
const struct clock *clock_system(void);

/* A clock that stands still until the test moves it. */
struct fake_clock {
    struct clock base;
    int64_t now_ms;
    int64_t wall_ms;
};

void fake_clock_init(struct fake_clock *c, int64_t now_ms, int64_t wall_ms);
void fake_clock_advance(struct fake_clock *c, int64_t ms);

#endif
