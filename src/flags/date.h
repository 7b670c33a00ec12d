/* flags/date.h - moments in `before` and `after` clauses (evaluation.md 5.4). Pure. */
#ifndef FLAGS_DATE_H
#define FLAGS_DATE_H

#include "flags/value.h"

/* Milliseconds since 1970, and nanoseconds beyond: 0 to 999999. */
struct date {
    int64_t ms;
    int32_t ns;
};

/* A number of milliseconds, or a text like "2017-12-06T00:00:00.000-07:00". */
bool date_parse(const struct value *v, struct date *out);

/* The moment that counts as invalid in a clause: 0001-01-01T00:00:00Z. */
bool date_is_zero(const struct date *d);

/* Negative, 0, positive. */
int date_compare(const struct date *a, const struct date *b);

#endif
