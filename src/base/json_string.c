/* base/json_string.c - strings of JSON text: their end, and what they stand for. */
#include "base/json_private.h"
#include "base/percent.h"
#include "base/utf8.h"

#define PROBLEM_CONTROL "control character in a string"
#define PROBLEM_ESCAPE "unknown escape in a string"
#define PROBLEM_HEX "expected four hexadecimal digits behind \\u"

static const char *string_fail(const char *p, const char *end, const char *what,
                               const char **problem)
{
    *problem = p < end ? what : JSON_PROBLEM_END;
    return p;
}

/* The four digits behind "\u"; `p` is at the first one. */
static const char *hex_read(const char *p, const char *end, uint32_t *code, const char **problem)
{
    *code = 0;
    for (int i = 0; i < 4; i++, p++) {
        int value = p < end ? hex_value(*p) : -1;
        if (value < 0)
            return string_fail(p, end, PROBLEM_HEX, problem);
        *code = *code << 4 | (uint32_t)value;
    }
    return p;
}

/* The text of "\n" and the like by the letter behind the backslash; 0 for all other letters. */
static char escape_value(char letter)
{
    static const char values[256] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                     ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};
    return values[(unsigned char)letter];
}

/* The low half of a surrogate pair, when "\uDC00" to "\uDFFF" stands at `p`; otherwise 0. */
static uint32_t low_surrogate_at(const char *p, const char *end)
{
    uint32_t code;
    const char *problem = NULL;
    if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
        return 0;
    (void)hex_read(p + 2, end, &code, &problem);
    return problem == NULL && code >= 0xDC00 && code <= 0xDFFF ? code : 0;
}

/* `p` is at the first digit behind "\u". */
static const char *unicode_escape_decode(const char *p, const char *end, struct str *out,
                                         const char **problem)
{
    uint32_t code;
    p = hex_read(p, end, &code, problem);
    if (*problem != NULL)
        return p;
    if (code >= 0xD800 && code <= 0xDFFF) {
        uint32_t low = code <= 0xDBFF ? low_surrogate_at(p, end) : 0;
        p += low != 0 ? 6 : 0;
        code = low != 0 ? 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00) : 0xFFFD;
    }
    char utf8[4];
    str_append(out, view_make(utf8, utf8_encode(code, utf8)));
    return p;
}

/* `p` is behind the backslash. */
static const char *escape_decode(const char *p, const char *end, struct str *out,
                                 const char **problem)
{
    if (p < end && *p == 'u')
        return unicode_escape_decode(p + 1, end, out, problem);
    if (p == end || escape_value(*p) == 0)
        return string_fail(p, end, PROBLEM_ESCAPE, problem);
    str_append_char(out, escape_value(*p));
    return p + 1;
}

const char *json_string_end(const char *p, const char *end, const char **problem)
{
    for (p++;;) {
        p = json_scan(p, end, false);
        if (p < end && *p == '"')
            return p + 1;
        if (p == end || *p != '\\')
            return string_fail(p, end, PROBLEM_CONTROL, problem);
        p++;
        if (p < end && escape_value(*p) != 0) {
            p++;
        } else if (p < end && *p == 'u') {
            uint32_t code;
            p = hex_read(p + 1, end, &code, problem);
            if (*problem != NULL)
                return p;
        } else {
            return string_fail(p, end, PROBLEM_ESCAPE, problem);
        }
    }
}

/* Moves over text that stands for itself: to a quote, an escape, a control character, a byte that
 * is no UTF-8, or the end. */
static const char *text_end(const char *p, const char *end)
{
    for (;;) {
        p = json_scan(p, end, true);
        if (p == end || (unsigned char)*p < 0x80)
            return p;
        size_t len = utf8_sequence_len(p, end);
        if (len == 0)
            return p;
        p += len;
    }
}

/* `p` is behind the opening quote. */
static const char *text_decode(const char *p, const char *end, struct str *out,
                               const char **problem)
{
    for (;;) {
        const char *stop = text_end(p, end);
        str_append(out, view_make(p, (size_t)(stop - p)));
        p = stop;
        if (p < end && *p == '"')
            return p + 1;
        if (p < end && *p == '\\') {
            p = escape_decode(p + 1, end, out, problem);
            if (*problem != NULL)
                return p;
        } else if (p < end && (unsigned char)*p >= 0x80) {
            str_append_text(out, UTF8_REPLACEMENT);
            p++;
        } else {
            return string_fail(p, end, PROBLEM_CONTROL, problem);
        }
    }
}

const char *json_string_decode(const char *p, const char *end, struct str *out,
                               const char **problem)
{
    return text_decode(p + 1, end, out, problem);
}

const char *json_string_view(const char *p, const char *end, struct str *scratch, struct view *text,
                             const char **problem)
{
    p++;
    const char *stop = text_end(p, end);
    if (stop < end && *stop == '"') {
        *text = view_make(p, (size_t)(stop - p));
        return stop + 1;
    }
    str_clear(scratch);
    p = text_decode(p, end, scratch, problem);
    *text = str_view(scratch);
    return p;
}
