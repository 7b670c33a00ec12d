/* base/str.c - see str.h. */
#include "base/str.h"

#include "base/buf.h"

#include <inttypes.h>
#include <stdio.h>

void str_reserve(struct str *s, size_t extra)
{
    size_t needed = s->len + extra + 1;
    if (needed <= s->room)
        return;
    size_t room = s->room != 0 ? s->room * 2 : 64;
    if (room < needed)
        room = needed;
    s->data = mem_realloc(s->data, room);
    s->data[s->len] = '\0'; /* also where nothing is appended after all */
    s->room = room;
}

void str_append(struct str *s, struct view text)
{
    str_reserve(s, text.len);
    if (text.len != 0)
        memcpy(s->data + s->len, text.data, text.len);
    s->len += text.len;
    s->data[s->len] = '\0';
}

void str_append_text(struct str *s, const char *text)
{
    str_append(s, view_of(text));
}

void str_append_char(struct str *s, char c)
{
    str_append(s, view_make(&c, 1));
}

void str_append_int(struct str *s, int64_t number)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRId64, number);
    str_append(s, view_make(digits, (size_t)len));
}

void str_append_vformat(struct str *s, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int needed = vsnprintf(NULL, 0, format, args);
    if (needed > 0) {
        str_reserve(s, (size_t)needed);
        (void)vsnprintf(s->data + s->len, (size_t)needed + 1, format, again);
        s->len += (size_t)needed;
    }
    va_end(again);
}

void str_append_format(struct str *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    str_append_vformat(s, format, args);
    va_end(args);
}

void str_clear(struct str *s)
{
    s->len = 0;
    if (s->data != NULL)
        s->data[0] = '\0';
}

void str_free(struct str *s)
{
    mem_free(s->data);
    *s = (struct str){0};
}

char *str_take_text(struct str *s)
{
    str_reserve(s, 0);
    s->data[s->len] = '\0';
    char *text = s->data;
    *s = (struct str){0};
    return text;
}

struct buf *str_to_buf(const struct str *s)
{
    return buf_copy(str_view(s));
}
