/* http/client_head_value.c - what users of the client ask about the head of an answer. */
#include "http/client_head.h"

struct view http_head_value(const struct http_head *h, const char *name)
{
    struct view rest = view_from(str_view(&h->text), h->fields_at);
    struct view found;
    struct view value;
    while (rest.len > 0) {
        struct view line = client_head_line(&rest);
        if (client_head_split(line, &found, &value) && view_equal_nocase(found, view_of(name)))
            return value;
    }
    return view_make("", 0);
}

bool http_head_next(const struct http_head *h, size_t *at, struct view *name, struct view *value)
{
    struct view text = view_from(str_view(&h->text), h->fields_at);
    struct view rest = view_from(text, *at);
    while (rest.len > 0) {
        struct view line = client_head_line(&rest);
        *at = text.len - rest.len;
        if (client_head_split(line, name, value))
            return true;
    }
    return false;
}
