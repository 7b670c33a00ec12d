/* base/utf8.h - which bytes are well-formed UTF-8 (RFC 3629: no surrogates, nothing overlong). */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* What stands in place of a byte that belongs to no well-formed sequence: U+FFFD. */
#define UTF8_REPLACEMENT "\xEF\xBF\xBD"

/* Bytes of the well-formed sequence at `p` (1 to 4), or 0 when there is none before `end`. */
static inline size_t utf8_sequence_len(const char *p, const char *end)
{
    const unsigned char *u = (const unsigned char *)p;
    size_t left = (size_t)(end - p);
    size_t len = u[0] < 0x80 ? 1 : u[0] < 0xC2 ? 0 : u[0] < 0xE0 ? 2 : u[0] < 0xF0 ? 3 : 4;
    if (len <= 1)
        return len;
    if (len > left || u[0] > 0xF4 || (u[1] & 0xC0) != 0x80)
        return 0;
    if ((u[0] == 0xE0 && u[1] < 0xA0) || (u[0] == 0xED && u[1] > 0x9F) ||
        (u[0] == 0xF0 && u[1] < 0x90) || (u[0] == 0xF4 && u[1] > 0x8F))
        return 0;
    if (len > 2 && (u[2] & 0xC0) != 0x80)
        return 0;
    return len == 4 && (u[3] & 0xC0) != 0x80 ? 0 : len;
}

/* Writes the code point, which is none of the surrogates; returns the number of bytes (1 to 4). */
static inline size_t utf8_encode(uint32_t code, char out[4])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = len - 1; i > 0; i--, code >>= 6)
        out[i] = (char)(0x80 | (code & 0x3F));
    out[0] = (char)(lead[len] | code);
    return len;
}

#endif
