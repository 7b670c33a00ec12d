/* http/client_head.h - the head of an answer, from bytes cut anywhere. Private to http/. */
#ifndef HTTP_CLIENT_HEAD_H
#define HTTP_CLIENT_HEAD_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct client_head {
    struct str text;
    int status;
    bool chunked;
    bool gzip;
    int64_t content_length; /* -1: not given */
    struct view reason;     /* the views are parts of `text`; empty: absent */
    struct view content_type;
    struct view retry_after;
    struct view location;
};

enum client_head_state { CLIENT_HEAD_MORE, CLIENT_HEAD_WHOLE, CLIENT_HEAD_BROKEN };

void client_head_init(struct client_head *h);
void client_head_free(struct client_head *h);

/* Takes bytes up to the end of the head; *used says how many. BROKEN with *err for what is no
 * HTTP/1 answer, is larger than 64 KiB, or has a body of unclear length. */
enum client_head_state client_head_feed(struct client_head *h, struct view bytes, size_t *used,
                                        struct error *err);

#endif
