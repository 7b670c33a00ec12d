/* base/percent.c - see percent.h. */
#include "base/percent.h"

void hex_write(const unsigned char *bytes, size_t digits, char *out)
{
    static const char letters[] = "0123456789abcdef";
    for (size_t i = 0; i < digits; i++)
        out[i] = letters[i % 2 == 0 ? bytes[i / 2] >> 4 : bytes[i / 2] & 15];
}

int percent_byte(struct view text, size_t at)
{
    if (text.len - at < 3 || text.data[at] != '%')
        return -1;
    int high = hex_value(text.data[at + 1]);
    int low = hex_value(text.data[at + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool percent_decode(struct view text, bool plus_is_blank, struct str *out)
{
    str_reserve(out, text.len);
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '+' && plus_is_blank) {
            c = ' ';
        } else if (c == '%') {
            int byte = percent_byte(text, i);
            if (byte < 0)
                return false;
            c = (char)byte;
            i += 2;
        }
        str_append_char(out, c);
    }
    return true;
}

char *percent_decode_lenient(struct view text)
{
    struct str out = {0};
    str_reserve(&out, text.len);
    for (size_t i = 0; i < text.len; i++) {
        int byte = percent_byte(text, i);
        char c = text.data[i];
        if (byte >= 0) {
            c = (char)byte;
            i += 2;
        }
        str_append_char(&out, c);
    }
    return str_take_text(&out);
}

static void byte_encode(char c, struct str *out)
{
    bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                 c == '-' || c == '_' || c == '.' || c == '~';
    if (plain)
        str_append_char(out, c);
    else
        str_append_format(out, "%%%02X", (unsigned char)c);
}

void percent_encode(struct view text, struct str *out)
{
    for (size_t i = 0; i < text.len; i++)
        byte_encode(text.data[i], out);
}

void percent_encode_form(struct view text, struct str *out)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == ' ')
            str_append_char(out, '+');
        else
            byte_encode(text.data[i], out);
    }
}
