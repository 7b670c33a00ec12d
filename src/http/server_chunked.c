/* http/server_chunked.c - see server_chunked.h.
 *
 *   SIZE --blank--> BLANK --;--> EXTENSION
 *     |               |             |
 *     +------CR-------+------CR-----+---> SIZE_LF --> DATA -> DATA_CR -> DATA_LF -> SIZE
 *                                            |
 *                                            +-(size 0)-> TRAILER <-> TRAILER_LF -> DONE
 */
#include "http/server_chunked.h"

#define SIZE_DIGITS_MAX 15
#define EXTENSION_MAX 4096
#define TRAILERS_MAX 16384

enum {
    AT_SIZE,
    AT_BLANK,
    AT_EXTENSION,
    AT_SIZE_LF,
    AT_DATA,
    AT_DATA_CR,
    AT_DATA_LF,
    AT_TRAILER,
    AT_TRAILER_LF,
    AT_DONE,
    AT_BAD
};

void chunked_init(struct chunked *c)
{
    *c = (struct chunked){.at = AT_SIZE};
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static bool is_text(char c)
{
    return ((unsigned char)c >= ' ' && c != 0x7f) || c == '\t';
}

/* Between the size and the end of its line there may be blanks, then an extension. */
static int after_blank(struct chunked *c, char byte)
{
    if (byte == ';')
        return AT_EXTENSION;
    if (byte == '\r')
        return AT_SIZE_LF;
    bool blank = byte == ' ' || byte == '\t';
    return blank && ++c->skipped <= EXTENSION_MAX ? AT_BLANK : AT_BAD;
}

static int after_size(struct chunked *c, char byte)
{
    int digit = digit_value(byte);
    if (digit >= 0 && c->digits < SIZE_DIGITS_MAX) {
        c->left = c->left * 16 + (uint64_t)digit;
        c->digits++;
        return AT_SIZE;
    }
    if (digit >= 0 || c->digits == 0)
        return AT_BAD;
    c->skipped = 0;
    return after_blank(c, byte);
}

static int after_extension(struct chunked *c, char byte)
{
    if (byte == '\r')
        return AT_SIZE_LF;
    return is_text(byte) && ++c->skipped <= EXTENSION_MAX ? AT_EXTENSION : AT_BAD;
}

static int after_size_line(struct chunked *c, char byte)
{
    if (byte != '\n')
        return AT_BAD;
    c->digits = 0;
    c->skipped = 0;
    c->line_empty = true;
    return c->left != 0 ? AT_DATA : AT_TRAILER;
}

static int after_trailer(struct chunked *c, char byte)
{
    if (byte == '\r')
        return AT_TRAILER_LF;
    c->line_empty = false;
    return is_text(byte) && ++c->skipped <= TRAILERS_MAX ? AT_TRAILER : AT_BAD;
}

static int after_trailer_line(struct chunked *c, char byte)
{
    if (byte != '\n')
        return AT_BAD;
    if (c->line_empty)
        return AT_DONE;
    c->line_empty = true;
    return ++c->skipped <= TRAILERS_MAX ? AT_TRAILER : AT_BAD;
}

static int step(struct chunked *c, char byte)
{
    switch (c->at) {
    case AT_SIZE:
        return after_size(c, byte);
    case AT_BLANK:
        return after_blank(c, byte);
    case AT_EXTENSION:
        return after_extension(c, byte);
    case AT_SIZE_LF:
        return after_size_line(c, byte);
    case AT_DATA_CR:
        return byte == '\r' ? AT_DATA_LF : AT_BAD;
    case AT_DATA_LF:
        return byte == '\n' ? AT_SIZE : AT_BAD;
    case AT_TRAILER:
        return after_trailer(c, byte);
    case AT_TRAILER_LF:
        return after_trailer_line(c, byte);
    default:
        return AT_BAD;
    }
}

static void take_data(struct chunked *c, struct view *bytes, struct view *data)
{
    size_t len = bytes->len < c->left ? bytes->len : (size_t)c->left;
    *data = view_make(bytes->data, len);
    *bytes = view_from(*bytes, len);
    c->left -= len;
    if (c->left == 0)
        c->at = AT_DATA_CR;
}

void chunked_put_back(struct chunked *c, size_t len)
{
    c->left += len;
    c->at = AT_DATA;
}

enum chunked_state chunked_next(struct chunked *c, struct view *bytes, struct view *data)
{
    while (bytes->len != 0 && c->at != AT_DONE && c->at != AT_BAD) {
        if (c->at == AT_DATA) {
            take_data(c, bytes, data);
            return CHUNKED_DATA;
        }
        c->at = step(c, bytes->data[0]);
        *bytes = view_from(*bytes, 1);
    }
    if (c->at == AT_DONE)
        return CHUNKED_DONE;
    return c->at == AT_BAD ? CHUNKED_BAD : CHUNKED_MORE;
}
