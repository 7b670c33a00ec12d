/* http/server_route.h - which row of the routing table a request belongs to. Private to http/.
 *
 * Patterns are taken apart once, when the server opens: "/a/{envId}.gif" is two segments, the
 * second a variable with text behind it. A request is compared by the number of segments first.
 */
#ifndef HTTP_SERVER_ROUTE_H
#define HTTP_SERVER_ROUTE_H

#include "http/server.h"
#include "http/server_target.h"

#define ROUTE_VARIABLES_MAX 4

struct route_table;

/* `routes` must outlive the table. Patterns are the program's own: a faulty one is an assertion. */
struct route_table *route_table_new(const struct http_route *routes, size_t count);
void route_table_free(struct route_table *t); /* accepts NULL */

struct route_match {
    const struct http_route *route; /* NULL: see path_known */
    bool path_known;                /* some row has this path; without a route: 405, else 404 */
    struct view variables[ROUTE_VARIABLES_MAX]; /* in the order of the pattern */
};

/* HEAD matches rows with GET that answer it. */
void route_match(const struct route_table *t, enum http_method method, const struct target *target,
                 struct route_match *out);

/* Each method of each row with this path, once, in table order. */
void route_allowed(const struct route_table *t, const struct target *target, const char *separator,
                   struct str *out);

#endif
