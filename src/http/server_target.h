/* http/server_target.h - the request target: path segments and query. Private to http/.
 *
 *   /sdk//evalx/./a%2Fb?filter=x   ->   segments "sdk" "evalx" "a/b", query "filter=x"
 *
 * The raw path is split at '/' first and each segment is percent-decoded on its own, so %2F is data
 * (http-api.md 2.2). Empty segments and "." are skipped and ".." takes one back, so an uncanonical
 * path is routed like the clean one. Scheme and host of an absolute form are ignored.
 */
#ifndef HTTP_SERVER_TARGET_H
#define HTTP_SERVER_TARGET_H

#include "base/str.h"

#include <stdbool.h>

#define TARGET_SEGMENTS_MAX 8 /* more than any pattern has */

struct target {
    struct view query;   /* without '?' */
    bool asterisk;       /* the target is "*" */
    bool has_path;       /* false for "*" and "host:port": no route can match */
    bool trailing_slash; /* the last byte of a path other than "/" */
    size_t depth;        /* number of segments; those beyond TARGET_SEGMENTS_MAX are not kept */
    struct view segments[TARGET_SEGMENTS_MAX];
    char *decoded; /* memory of the segments that had escapes; NULL when none had */
};

/* `raw` must stay as long as *out is in use. False when the path is malformed (answer 400); nothing
 * has to be released then. */
bool target_parse(struct view raw, struct target *out);
void target_free(struct target *t);

/* The first value of that name in a query string, by the rules of http-api.md 1.3, is appended. */
bool query_find(struct view query, const char *name, struct str *out);

#endif
