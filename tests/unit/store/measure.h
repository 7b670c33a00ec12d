/* Time, memory and how long the loop is held, of one part of a test. */
#ifndef TEST_STORE_MEASURE_H
#define TEST_STORE_MEASURE_H

#include "flags/dataset.h"
#include "loop_hold.h"

#define MEASURE_HOLD_LIMIT_NS 10000000 /* of one turn of the loop */

struct measure {
    struct loop_hold hold;
    uint64_t start_ns;
    long before_mb;
};

void measure_open(struct measure *m, uv_loop_t *loop);
void measure_close(struct measure *m);

/* "flag-0" and so on, of 5 KB each and of one version. Ordered: dataset_ordered() was asked for
 * them before, so that it costs nothing in what is measured. */
struct dataset *measure_flags(unsigned count, int64_t version);
struct dataset *measure_flags_ordered(unsigned count, int64_t version);

void measure_begin(struct measure *m);

/* Prints what was measured since; fails the test when the loop was held too long, or it took more
 * memory or time, unless a sanitizer makes everything slow and big. */
void measure_end(struct measure *m, const char *what, long limit_mb, double limit_s);

#endif
