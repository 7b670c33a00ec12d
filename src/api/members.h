/* api/members.h - what evaluations know of big segments; members.c. Private to the room. */
#ifndef API_MEMBERS_H
#define API_MEMBERS_H

#include "api/api_private.h"

/* What one request knows, kept with its passage. Whatever was asked about is held on to, so that an
 * evaluation in slices says the same from its beginning to its end. */
struct members {
    struct membership_source source;
    struct fanout *fanout;
    unsigned slot;
    int64_t now_ms; /* monotonic */
    bool is_stale;
    struct member_wishes *wishes;
};

void members_free(struct members *m); /* accepts NULL */

/* The source for an evaluation over the passage's data set; lives as long as the passage, wherever
 * that is kept. NULL: there are no big segments, or nothing that knows their members. */
const struct membership_source *members_begin(struct api_passage *p);

/* After an evaluation that wanted memberships: the request waits for them and takes the context,
 * then route->with_context comes again. Or it is refused. */
void members_wait(struct http_request *req, struct api_passage *p, struct context **c);

#endif
