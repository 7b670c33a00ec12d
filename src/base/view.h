/* base/view.h - borrowed text: a pointer and a length, valid for the call.
 *
 * A view never owns. Who keeps the text copies it (str.h, mem_copy_text) or shares it (buf.h).
 */
#ifndef BASE_VIEW_H
#define BASE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct view {
    const char *data; /* may be NULL only when len is 0 */
    size_t len;
};

/* For printf("%.*s", VIEW_ARGS(v)). */
#define VIEW_ARGS(v) (int)(v).len, ((v).data != NULL ? (v).data : "")

/* A view of a string literal, usable in static initialisers. */
#define VIEW_LITERAL(text) ((struct view){(text), sizeof(text) - 1})

static inline struct view view_make(const char *data, size_t len)
{
    return (struct view){data, len};
}

/* `text` is zero-terminated; NULL gives the empty view. */
static inline struct view view_of(const char *text)
{
    return (struct view){text, text != NULL ? strlen(text) : 0};
}

static inline bool view_equal(struct view a, struct view b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool view_is(struct view a, const char *text)
{
    return view_equal(a, view_of(text));
}

static inline bool view_starts(struct view a, const char *prefix)
{
    size_t len = strlen(prefix);
    return a.len >= len && (len == 0 || memcmp(a.data, prefix, len) == 0);
}

/* The part from byte `from` on; empty when the view is shorter. */
static inline struct view view_from(struct view a, size_t from)
{
    return from >= a.len ? (struct view){a.data, 0} : (struct view){a.data + from, a.len - from};
}

/* ASCII letters compare without case; everything else byte for byte. */
bool view_equal_nocase(struct view a, struct view b);

/* The same for the beginning of a view. */
bool view_starts_nocase(struct view a, const char *prefix);

/* Without blanks, tabs and CR at both ends. */
struct view view_trim(struct view a);

/* Cuts off the beginning up to one of the characters of `stops`, or everything. The stop stays. */
struct view view_take_until(struct view *rest, const char *stops);

/* Takes the next element of a comma-separated list off the front of *rest, trimmed; false at the
 * end, and for what is empty behind the last comma. */
bool view_take_element(struct view *rest, struct view *element);

/* Is it an element of this list? ASCII letters compare without case. */
bool view_list_has(struct view list, struct view element);

/* Is it one of these names? ASCII letters compare without case. */
bool view_is_among(struct view a, const char *const *names, size_t count);

/* Byte order, as memcmp; a prefix comes first. Negative, 0, positive. */
int view_compare(struct view a, struct view b);

#endif
