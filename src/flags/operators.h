/* flags/operators.h - the comparisons of evaluation.md 5.3. */
#ifndef FLAGS_OPERATORS_H
#define FLAGS_OPERATORS_H

#include "flags/compiled.h"

compiled_match operator_in, operator_starts_with, operator_ends_with, operator_contains,
    operator_matches, operator_number, operator_date, operator_version;

#endif
