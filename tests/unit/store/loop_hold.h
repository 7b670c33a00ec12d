/* How long a loop's turns take: processor time of its thread between one wait and the next, so that
 * a busy machine changes nothing. */
#ifndef TEST_STORE_LOOP_HOLD_H
#define TEST_STORE_LOOP_HOLD_H

#include <stdint.h>
#include <uv.h>

struct loop_hold {
    uv_check_t check;
    uint64_t last_ns;
    uint64_t longest_ns;
    uint64_t turns[6]; /* of less than 0.1, 1, 2, 5, 10 ms, and the rest */
};

void loop_hold_begin(struct loop_hold *h, uv_loop_t *loop);
void loop_hold_forget(struct loop_hold *h); /* what was measured so far */
void loop_hold_end(struct loop_hold *h);

/* "< 0.1 ms: 5, < 1 ms: 3, ..., longest 1.2 ms" on standard output, behind `what`. */
void loop_hold_print(const struct loop_hold *h, const char *what);

#endif
