/* http/server_chunked.h - a request body in chunks (RFC 9112 7.1). Private to http/.
 *
 * Strict: lines end in CR LF. Extensions and trailers are accepted, bounded and ignored.
 */
#ifndef HTTP_SERVER_CHUNKED_H
#define HTTP_SERVER_CHUNKED_H

#include "base/view.h"

#include <stdint.h>

enum chunked_state { CHUNKED_MORE, CHUNKED_DATA, CHUNKED_DONE, CHUNKED_BAD };

struct chunked {
    int at;           /* where the grammar stands, server_chunked.c */
    uint64_t left;    /* bytes of the chunk that are to come */
    unsigned digits;  /* of the size */
    unsigned skipped; /* bytes of the present extension, or of all trailers */
    bool line_empty;  /* the present trailer line has no byte yet */
};

void chunked_init(struct chunked *c);

/* Takes bytes off the front of *bytes. DATA: *data is a piece of the body, call again. MORE: *bytes
 * is used up. DONE: what is left in *bytes belongs to the next request. DONE and BAD are final. */
enum chunked_state chunked_next(struct chunked *c, struct view *bytes, struct view *data);

/* The last `len` bytes of the DATA that came last will come again. */
void chunked_put_back(struct chunked *c, size_t len);

#endif
