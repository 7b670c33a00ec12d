/* base/view.c - see view.h. */
#include "base/view.h"

static char lower(char c)
{
    if (c >= 'A' && c <= 'Z')
        c = (char)(c + ('a' - 'A'));
    return c;
}

bool view_equal_nocase(struct view a, struct view b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.data[i]) != lower(b.data[i]))
            return false;
    }
    return true;
}

bool view_starts_nocase(struct view a, const char *prefix)
{
    struct view wanted = view_of(prefix);
    return a.len >= wanted.len && view_equal_nocase(view_make(a.data, wanted.len), wanted);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

struct view view_trim(struct view a)
{
    while (a.len != 0 && is_blank(a.data[0])) {
        a.data++;
        a.len--;
    }
    while (a.len != 0 && is_blank(a.data[a.len - 1]))
        a.len--;
    return a;
}

struct view view_take_until(struct view *rest, const char *stops)
{
    size_t len = 0;
    while (len < rest->len && (rest->data[len] == '\0' || strchr(stops, rest->data[len]) == NULL))
        len++;
    struct view part = view_make(rest->data, len);
    *rest = view_from(*rest, len);
    return part;
}

bool view_take_element(struct view *rest, struct view *element)
{
    if (rest->len == 0)
        return false;
    const char *comma = memchr(rest->data, ',', rest->len);
    size_t len = comma != NULL ? (size_t)(comma - rest->data) : rest->len;
    *element = view_trim(view_make(rest->data, len));
    *rest = view_from(*rest, len + 1);
    return true;
}

bool view_list_has(struct view list, struct view element)
{
    struct view each;
    while (view_take_element(&list, &each))
        if (view_equal_nocase(each, element))
            return true;
    return false;
}

bool view_is_among(struct view a, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (view_equal_nocase(a, view_of(names[i])))
            return true;
    return false;
}

int view_compare(struct view a, struct view b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter != 0 ? memcmp(a.data, b.data, shorter) : 0;
    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}
