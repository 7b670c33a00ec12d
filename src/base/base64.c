/* base/base64.c - see base64.h. */
#include "base/base64.h"

#include <stdint.h>

#define NO_DIGIT 255
#define SKIPPED 254
#define PADDING 253

static uint8_t digit_of(unsigned char c)
{
    if (c >= 'A' && c <= 'Z')
        return (uint8_t)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (uint8_t)(c - 'a' + 26);
    if (c >= '0' && c <= '9')
        return (uint8_t)(c - '0' + 52);
    switch (c) {
    case '-':
    case '+':
        return 62;
    case '_':
    case '/':
        return 63;
    case '\r':
    case '\n':
        return SKIPPED;
    case '=':
        return PADDING;
    default:
        return NO_DIGIT;
    }
}

/* The end of the text: what did not fill three bytes, and the padding that goes with it. */
static bool finish(struct str *out, uint32_t bits, size_t digits, size_t padding)
{
    size_t left = digits % 4;
    if (left == 1 || (padding != 0 && (left == 0 || left + padding != 4)))
        return false;
    if (left >= 2)
        str_append_char(out, (char)(bits >> (left == 3 ? 10 : 4)));
    if (left == 3)
        str_append_char(out, (char)(bits >> 2));
    return true;
}

static void append_three(struct str *out, uint32_t bits)
{
    const char three[] = {(char)(bits >> 16), (char)(bits >> 8), (char)bits};
    str_append(out, view_make(three, sizeof three));
}

static bool decode(struct view text, struct str *out)
{
    uint32_t bits = 0;
    size_t digits = 0;
    size_t padding = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t digit = digit_of((unsigned char)text.data[i]);
        if (digit == SKIPPED)
            continue;
        if (digit == PADDING) {
            padding++;
            continue;
        }
        if (digit == NO_DIGIT || padding != 0)
            return false;
        bits = bits << 6 | digit;
        if (++digits % 4 == 0)
            append_three(out, bits);
    }
    return finish(out, bits, digits, padding);
}

bool base64_decode(struct view text, struct str *out)
{
    size_t before = out->len;
    str_reserve(out, text.len / 4 * 3 + 4);
    if (decode(text, out))
        return true;
    out->len = before;
    out->data[before] = '\0';
    return false;
}
