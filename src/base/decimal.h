/* base/decimal.h - between decimal text and f64, exactly, in any locale (spec evaluation.md 2.5).
 */
#ifndef BASE_DECIMAL_H
#define BASE_DECIMAL_H

#include "base/view.h"

/* The f64 nearest to a number in JSON's form, which the text must have; ties go to even. Infinite
 * when it is out of range. */
double decimal_parse(struct view text);

#define DECIMAL_SIZE 32

/* The text of a finite number without a zero byte; returns its length. Digits alone when it equals
 * an int64, otherwise the shortest digits that parse back to it in the style of %g. */
size_t decimal_print(double number, char out[static DECIMAL_SIZE]);

#endif
