/* api/credential.c - the key in an Authorization header (http-api.md 3.1). */
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
