/* base/percent.h - "%41" -> "A" in text from a URL, hexadecimal digits, and the other way. */
#ifndef BASE_PERCENT_H
#define BASE_PERCENT_H

#include "base/str.h"

#include <stdbool.h>

/* 0 to 15; -1: it is no hexadecimal digit. */
static inline int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Writes so many hexadecimal digits of the bytes, in lower case, without a zero behind them. */
void hex_write(const unsigned char *bytes, size_t digits, char *out);

/* The byte that "%XX" at `at` stands for; -1: there is no such escape. */
int percent_byte(struct view text, size_t at);

/* Appends the decoded text; false, with a part of it appended, when an escape is broken. */
bool percent_decode(struct view text, bool plus_is_blank, struct str *out);

/* The decoded text, zero-terminated, the caller's; a broken escape stays as it is. */
char *percent_decode_lenient(struct view text);

/* Appends the text for a part of a path or a query: letters, digits and "-_.~" stay, all else is
 * written as "%XX". */
void percent_encode(struct view text, struct str *out);

/* The same for the value of a form: a blank becomes "+". */
void percent_encode_form(struct view text, struct str *out);

#endif
