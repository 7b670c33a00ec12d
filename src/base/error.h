/* base/error.h - why something failed, as a sentence a user can act on.
 *
 * The message names the thing, what is wrong with it, and what to do. Whoever passes an error on
 * may put more in front of it, never behind.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "base/mem.h"

#define ERROR_TEXT_SIZE 1024

struct error {
    char text[ERROR_TEXT_SIZE]; /* zero-terminated; a longer message is cut and ends in "..." */
};

/* Replaces the text. */
void error_set(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

/* Puts a formatted text in front of the present one. */
void error_prefix(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);

#endif
