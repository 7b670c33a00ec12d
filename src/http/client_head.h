/* http/client_head.h - the head of an answer, from bytes cut anywhere. Private to http/. */
#ifndef HTTP_CLIENT_HEAD_H
#define HTTP_CLIENT_HEAD_H

#include "base/error.h"
#include "base/str.h"
#include "http/client.h"

#include <stdbool.h>
#include <stdint.h>

struct http_head {
    struct str text;
    size_t fields_at; /* the first header's line within the text */
    int status;
    bool chunked;
    bool gzip;
    bool keeps;             /* the connection may be used for another request */
    int64_t content_length; /* -1: not given */
    struct view reason;     /* a part of `text` */
};

enum client_head_state { CLIENT_HEAD_MORE, CLIENT_HEAD_WHOLE, CLIENT_HEAD_BROKEN };

/* `struct http_head h; client_head_init(&h);` is a head of which nothing has come. */
void client_head_init(struct http_head *h);

/* Ready for the next one. */
void client_head_free(struct http_head *h);

/* Takes bytes up to the end of the head; *used says how many. BROKEN with *err for what is no
 * HTTP/1 answer, is larger than 64 KiB, or has a body of unclear length. */
enum client_head_state client_head_feed(struct http_head *h, struct view bytes, size_t *used,
                                        struct error *err);

/* Takes the next line out of *rest, without its end. */
struct view client_head_line(struct view *rest);

/* Name and value of a header line; false when it is none. */
bool client_head_split(struct view line, struct view *name, struct view *value);

#endif
