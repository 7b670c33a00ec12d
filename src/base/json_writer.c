/* base/json_writer.c - see json_writer.h. */
#include "base/json_writer.h"

#include "base/decimal.h"
#include "base/json_private.h"
#include "base/utf8.h"

#include <math.h>

/* The escape of a control character, a quote, a backslash or one of the HTML characters. */
static void escape_append(struct str *out, unsigned char c)
{
    static const char letters[256] = {['"'] = '"',  ['\\'] = '\\', ['\b'] = 'b', ['\f'] = 'f',
                                      ['\n'] = 'n', ['\r'] = 'r',  ['\t'] = 't'};
    static const char digits[] = "0123456789abcdef";
    char escape[6] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]};
    if (letters[c] != 0)
        escape[1] = letters[c];
    str_append(out, view_make(escape, letters[c] != 0 ? 2 : 6));
}

void json_write_string(struct str *out, struct view text)
{
    const char *p = text.data != NULL ? text.data : "";
    const char *end = p + text.len;
    const char *run = p; /* not yet written */
    str_reserve(out, text.len + 2);
    str_append_char(out, '"');
    while ((p = json_scan(p, end, true)) < end) {
        size_t len = (unsigned char)*p < 0x80 ? 0 : utf8_sequence_len(p, end);
        if (len == 0) {
            str_append(out, view_make(run, (size_t)(p - run)));
            if ((unsigned char)*p < 0x80)
                escape_append(out, (unsigned char)*p);
            else
                str_append_text(out, UTF8_REPLACEMENT);
            run = p + 1;
            len = 1;
        }
        p += len;
    }
    str_append(out, view_make(run, (size_t)(end - run)));
    str_append_char(out, '"');
}

void json_write_string_html(struct str *out, struct view text)
{
    const char *p = text.data != NULL ? text.data : "";
    const char *end = p + text.len;
    str_append_char(out, '"');
    for (size_t len; p < end; p += len) {
        unsigned char c = (unsigned char)*p;
        len = utf8_sequence_len(p, end);
        if (len == 0) {
            str_append_text(out, "\\ufffd");
            len = 1;
        } else if (len == 3 && memcmp(p, "\xE2\x80\xA8", 3) == 0) {
            str_append_text(out, "\\u2028");
        } else if (len == 3 && memcmp(p, "\xE2\x80\xA9", 3) == 0) {
            str_append_text(out, "\\u2029");
        } else if (c < 0x20 || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&') {
            escape_append(out, c);
        } else {
            str_append(out, view_make(p, len));
        }
    }
    str_append_char(out, '"');
}

void json_write_number(struct str *out, double number)
{
    if (!isfinite(number)) {
        str_append_text(out, "null");
        return;
    }
    char text[DECIMAL_SIZE];
    str_append(out, view_make(text, decimal_print(number, text)));
}

void json_write_name(struct str *out, bool *first, const char *name)
{
    if (!*first)
        str_append_char(out, ',');
    *first = false;
    json_write_string(out, view_of(name));
    str_append_char(out, ':');
}

void json_write_member_bool(struct str *out, bool *first, const char *name, bool value)
{
    json_write_name(out, first, name);
    str_append_text(out, value ? "true" : "false");
}

void json_write_member_int(struct str *out, bool *first, const char *name, int64_t value)
{
    json_write_name(out, first, name);
    str_append_int(out, value);
}

void json_write_member_text(struct str *out, bool *first, const char *name, struct view value)
{
    json_write_name(out, first, name);
    json_write_string(out, value);
}
