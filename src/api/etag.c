/* api/etag.c - what a client says that it has already (http-api.md 6.2).
 *
 * ld-relay's tag relay-V has no quotes, which HTTP forbids and some caches drop; it is still
 * understood, so that caches stay warm when flagrelay takes over.
 */
#include "api/api_private.h"

#define OLD_PREFIX "relay-"

struct view etag_bare(struct view tag, bool *quoted)
{
    struct view rest = view_starts(tag, "W/") ? view_from(tag, 2) : tag;
    *quoted = rest.len >= 2 && rest.data[0] == '"' && rest.data[rest.len - 1] == '"';
    return *quoted ? view_make(rest.data + 1, rest.len - 2) : rest;
}

static bool element_matches(struct view element, struct view version)
{
    bool quoted;
    struct view tag = etag_bare(element, &quoted);
    if (view_starts(tag, OLD_PREFIX))
        return view_equal(view_from(tag, sizeof OLD_PREFIX - 1), version);
    return quoted && view_equal(tag, version);
}

static bool bare_element_matches(struct view element, struct view version)
{
    bool quoted;
    return view_equal(etag_bare(element, &quoted), version);
}

static bool list_matches(struct view list, struct view version,
                         bool (*matches)(struct view element, struct view version))
{
    struct view rest = list;
    struct view element;
    if (view_is(view_trim(rest), "*"))
        return true;
    while (view_take_element(&rest, &element))
        if (matches(element, version))
            return true;
    return false;
}

bool etag_matches(struct view if_none_match, struct view version)
{
    return list_matches(if_none_match, version, element_matches);
}

bool etag_matches_bare(struct view if_none_match, struct view version)
{
    return list_matches(if_none_match, version, bare_element_matches);
}
