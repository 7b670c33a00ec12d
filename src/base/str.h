/* base/str.h - text that grows while it is being built, owned by one place.
 *
 * `struct str s = {0};` is an empty one. The text is always followed by a zero byte once something
 * was appended. str_free() makes it empty again; str_clear() keeps the memory for the next use.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/mem.h"
#include "base/view.h"

#include <stdarg.h>
#include <stdint.h>

struct buf;

struct str {
    char *data; /* NULL until the first append */
    size_t len;
    size_t room; /* bytes allocated, the zero byte included */
};

void str_append(struct str *s, struct view text);
void str_append_text(struct str *s, const char *text);
void str_append_char(struct str *s, char c);
void str_append_int(struct str *s, int64_t number);
void str_append_format(struct str *s, const char *format, ...) PRINTF_LIKE(2, 3);
void str_append_vformat(struct str *s, const char *format, va_list args) PRINTF_LIKE(2, 0);

/* At least `extra` further bytes fit without another allocation. */
void str_reserve(struct str *s, size_t extra);

void str_clear(struct str *s);
void str_free(struct str *s);

static inline struct view str_view(const struct str *s)
{
    return view_make(s->data, s->len);
}

/* Zero-terminated; "" when nothing was appended. Valid until the next change. */
static inline const char *str_text(const struct str *s)
{
    return s->data != NULL ? s->data : "";
}

/* The text as the caller's own zero-terminated memory; `s` is empty afterwards. */
char *str_take_text(struct str *s);

/* The text as a shared buffer with one reference; `s` keeps its own copy. */
struct buf *str_to_buf(const struct str *s);

#endif
