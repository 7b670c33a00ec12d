/* base/duration.h - "1h30m", "100ms", ".5s" (spec configuration.md 3.4). */
#ifndef BASE_DURATION_H
#define BASE_DURATION_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* Nanoseconds; false when the text is not a duration or out of range (about +-292 years). */
bool duration_parse(struct view text, int64_t *nanoseconds);

/* "1h30m0s", "1m30s", "100ms", "1.5s", "0s". */
void duration_print(int64_t nanoseconds, struct str *out);

#endif
