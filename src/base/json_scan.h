/* base/json_scan.h - finds the next byte of a JSON string that is not just text, eight at a time.
 *
 * For the files of base/ that read and write JSON. A word's byte is marked by its high bit when it
 * is what is looked for; marks above the lowest one may be wrong, so only the lowest is used.
 */
#ifndef BASE_JSON_SCAN_H
#define BASE_JSON_SCAN_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define JSON_BYTES(byte) (UINT64_C(0x0101010101010101) * (byte))

static inline bool json_is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static inline bool json_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Marks '"', '\' and control characters. */
static inline uint64_t json_marks(uint64_t word)
{
    uint64_t quote = word ^ JSON_BYTES(0x22);
    uint64_t backslash = word ^ JSON_BYTES(0x5C);
    uint64_t marks = (word - JSON_BYTES(0x20)) & ~word;
    marks |= (quote - JSON_BYTES(1)) & ~quote;
    marks |= (backslash - JSON_BYTES(1)) & ~backslash;
    return marks & JSON_BYTES(0x80);
}

/* The first '"', '\' or control character - and, with `ascii`, the first byte that is not ASCII -
 * between p and end, or end. */
static inline const char *json_scan(const char *p, const char *end, bool ascii)
{
    for (; end - p >= 8; p += 8) {
        uint64_t word;
        memcpy(&word, p, sizeof word);
        word = le64toh(word);
        uint64_t marks = json_marks(word) | (ascii ? word & JSON_BYTES(0x80) : 0);
        if (marks != 0)
            return p + (__builtin_ctzll(marks) >> 3);
    }
    for (; p < end; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '"' || c == '\\' || c < 0x20 || (ascii && c >= 0x80))
            break;
    }
    return p;
}

#endif
