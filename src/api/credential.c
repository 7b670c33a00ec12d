/* api/credential.c - the key in the headers of a request (http-api.md 3.1, 9.2). */
#include "api/api_private.h"

#define OLD_SCHEME "api_key "

bool api_credential_parse(struct view header, struct view *key)
{
    struct view rest = header;
    if (view_starts(rest, OLD_SCHEME))
        rest = view_trim(view_from(rest, sizeof OLD_SCHEME - 1));
    if (rest.len == 0 || memchr(rest.data, ' ', rest.len) != NULL)
        return false;
    *key = rest;
    return true;
}

/* The scheme in any letter case; a key that only looks like one has no blank behind it. */
static struct view without_scheme(struct view header)
{
    struct view rest = header;
    struct view scheme = view_take_until(&rest, " ");
    if (rest.len != 0 &&
        (view_equal_nocase(scheme, VIEW_LITERAL("Bearer")) || view_is(scheme, "api_key")))
        return view_trim(rest);
    return header;
}

bool api_credential_parse_any(struct view authorization, struct view api_key, struct view *key)
{
    struct view found = authorization.len != 0 ? without_scheme(authorization) : view_trim(api_key);
    for (size_t i = 0; i < found.len; i++)
        if (strchr(" \t\r\n\v\f", found.data[i]) != NULL)
            return false;
    *key = found;
    return found.len != 0;
}
