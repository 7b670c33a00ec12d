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

/* The byte that "%XX" at `at` stands for; -1: there is no such escape. */
int percent_byte(struct view text, size_t at);

/* Appends the decoded text; false, with a part of it appended, when an escape is broken. */
bool percent_decode(struct view text, bool plus_is_blank, struct str *out);

/* The decoded text, zero-terminated, the caller's; a broken escape stays as it is. */
char *percent_decode_lenient(struct view text);

/* Appends the text as the value of a form: letters, digits and "-_.~" stay, a blank becomes "+". */
void percent_encode_form(struct view text, struct str *out);

#endif
