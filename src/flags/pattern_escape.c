/* flags/pattern_escape.c - characters and escapes of patterns. */
#include "base/percent.h"
#include "base/utf8.h"
#include "flags/pattern_private.h"

#define CODE_MAX 0x10FFFF

bool pattern_take(struct pattern_cursor *c, const char *text)
{
    if (c->failed || !view_starts(view_make(c->at, (size_t)(c->end - c->at)), text))
        return false;
    c->at += strlen(text);
    return true;
}

uint32_t pattern_take_code(struct pattern_cursor *c)
{
    size_t len = c->failed || c->at == c->end ? 0 : utf8_sequence_len(c->at, c->end);
    if (len == 0) {
        c->failed = true;
        return 0;
    }
    static const unsigned char lead_bits[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t code = (unsigned char)c->at[0] & lead_bits[len];
    for (size_t i = 1; i < len; i++)
        code = code << 6 | ((unsigned char)c->at[i] & 0x3F);
    c->at += len;
    return code;
}

static bool is_alnum(uint32_t code)
{
    return (code >= '0' && code <= '9') || (code >= 'a' && code <= 'z') ||
           (code >= 'A' && code <= 'Z');
}

static uint32_t hex_digit_take(struct pattern_cursor *c)
{
    uint32_t code = pattern_take_code(c);
    int value = code < 0x80 ? hex_value((char)code) : -1;
    if (value < 0)
        c->failed = true;
    return value < 0 ? 0 : (uint32_t)value;
}

/* Behind "\x": two digits, or any number of them in braces. */
static uint32_t hex_take(struct pattern_cursor *c)
{
    if (!pattern_take(c, "{")) {
        uint32_t high = hex_digit_take(c);
        return high * 16 + hex_digit_take(c);
    }
    uint32_t code = hex_digit_take(c);
    while (!c->failed && !pattern_take(c, "}")) {
        code = code * 16 + hex_digit_take(c);
        if (code > CODE_MAX)
            c->failed = true;
    }
    return code;
}

static bool octal_follows(const struct pattern_cursor *c)
{
    char next = pattern_peek(c);
    return next >= '0' && next <= '7';
}

/* Up to three digits. One digit other than 0 alone would be a reference to a group. */
static uint32_t octal_take(struct pattern_cursor *c, uint32_t first)
{
    uint32_t code = first - '0';
    if (first != '0' && !octal_follows(c))
        c->failed = true;
    for (int i = 0; i < 2 && octal_follows(c); i++)
        code = code * 8 + (pattern_take_code(c) - '0');
    return code;
}

uint32_t pattern_take_escape(struct pattern_cursor *c)
{
    static const char control_letters[] = "afnrtv";
    static const char controls[] = "\a\f\n\r\t\v";
    uint32_t code = pattern_take_code(c);
    if (c->failed)
        return 0;
    if (code >= '0' && code <= '7')
        return octal_take(c, code);
    if (code == 'x')
        return hex_take(c);
    const char *control = code < 0x80 && code != 0 ? strchr(control_letters, (int)code) : NULL;
    if (control != NULL)
        return (unsigned char)controls[control - control_letters];
    if (code >= 0x80 || is_alnum(code))
        c->failed = true;
    return code;
}

void pattern_write_code(struct str *out, uint32_t code)
{
    if (is_alnum(code))
        str_append_char(out, (char)code);
    else
        str_append_format(out, "\\x{%x}", code);
}
