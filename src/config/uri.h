/* config/uri.h - the absolute URIs of section 3.5; private to the room. */
#ifndef CONFIG_URI_H
#define CONFIG_URI_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>

/* What a URI is made of; views into the text. */
struct config_uri {
    struct view scheme; /* as written; empty: none */
    bool has_authority; /* "//" follows the scheme */
    struct view host;   /* without brackets' meaning: "[::1]" keeps them; may be empty */
    struct view port;   /* digits; may be empty */
    struct view rest;   /* path, query and fragment, or everything behind "scheme:" */
};

/* Splits and checks the syntax. False when the text is no URI. */
MUST_CHECK bool config_uri_split(struct view text, struct config_uri *out);

/* Checks that it is absolute and, with `schemes` (blank-separated, may be NULL), that it has one of
 * these and a host. The canonical text, with the scheme in lower case, is appended to `out` on
 * success. */
MUST_CHECK bool config_uri_check(struct view text, const char *schemes, struct str *out,
                                 struct error *err);

/* Do both name the same place: letter case of host, default port and a trailing slash do not count.
 */
bool config_uri_same(struct view a, struct view b);

#endif
