/* api/members.h - what evaluations know of big segments; members.c. Private to the room. */
#ifndef API_MEMBERS_H
#define API_MEMBERS_H

#include "api/api_private.h"

/* For one evaluation. */
struct members {
    struct membership_source source;
    struct api_passage *passage;
    int64_t now_ms; /* monotonic */
    bool is_stale;
};

/* The source for an evaluation over the passage's data set; lives as long as `m`. NULL: there are
 * no big segments, or nothing that knows their members. */
const struct membership_source *members_begin(struct members *m, struct api_passage *p);

/* After an evaluation that wanted memberships: the request waits for them and takes the context,
 * then route->with_context comes again. Or it is refused. */
void members_wait(struct http_request *req, struct api_passage *p, struct context **c);

#endif
