/* http/client_body.h - the body of an answer: chunked, of known length or up to the end of the
 * connection; gzip decoded as it arrives. Private to http/. */
#ifndef HTTP_CLIENT_BODY_H
#define HTTP_CLIENT_BODY_H

#include "base/error.h"
#include "base/view.h"

#include <stdbool.h>
#include <stdint.h>
#include <zlib.h>

enum client_body_framing { CLIENT_BODY_LENGTH, CLIENT_BODY_CHUNKED, CLIENT_BODY_UNTIL_CLOSE };

enum client_body_state { CLIENT_BODY_MORE, CLIENT_BODY_WHOLE, CLIENT_BODY_BROKEN };

enum client_chunk_state {
    CHUNK_SIZE,
    CHUNK_EXTENSION,
    CHUNK_DATA,
    CHUNK_DATA_END,
    CHUNK_TRAILER_START,
    CHUNK_TRAILER
};

struct client_body {
    enum client_body_framing framing;
    enum client_chunk_state chunk;
    unsigned digits;   /* of the chunk size being read */
    size_t line_bytes; /* of extensions and trailers so far */
    int64_t remaining; /* of the body, or of the present chunk */
    bool gzip;
    bool gzip_whole; /* the last member is complete */
    bool stopped;
    bool extra;         /* bytes came behind the end */
    z_stream *inflater; /* made when the first byte arrives */
    void (*on_bytes)(void *owner, struct view bytes);
    void *owner;
};

/* `length` counts for CLIENT_BODY_LENGTH. */
void client_body_init(struct client_body *b, enum client_body_framing framing, int64_t length,
                      bool gzip, void (*on_bytes)(void *owner, struct view bytes), void *owner);
void client_body_free(struct client_body *b);

/* Passes on what the bytes decode to. BROKEN with *err. Bytes behind the end are
 * dropped, and remembered in b->extra. */
enum client_body_state client_body_feed(struct client_body *b, struct view bytes,
                                        struct error *err);

/* The connection has ended: was that the end of the body? BROKEN with *err "unexpected EOF". */
enum client_body_state client_body_eof(struct client_body *b, struct error *err);

/* For on_bytes: nothing more is passed on. */
void client_body_stop(struct client_body *b);

#endif
