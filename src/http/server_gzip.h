/* http/server_gzip.h - compressed answers (http-api.md 10.5). Private to http/.
 *
 * A body that the service keeps and sends again, such as all flags of one data version, is
 * compressed once per thread: the cache knows it by its buffer, which never changes while somebody
 * holds it. Once nobody but the cache holds a buffer, it can never be sent again and is dropped. In
 * a full cache the smallest body gives way: it is the one that is quickly compressed again.
 *
 * What is for one client alone is compressed with a state that the thread keeps, once it needed it:
 * 256 KiB that are not asked for and cleared with every answer.
 */
#ifndef HTTP_SERVER_GZIP_H
#define HTTP_SERVER_GZIP_H

#include "base/buf.h"
#include "http/server.h"

#define GZIP_CACHE_MAX 8

struct gzip_cache {
    struct gzip_entry {
        struct buf *plain; /* NULL: free place */
        struct buf *packed;
    } entries[GZIP_CACHE_MAX];
    struct z_stream_s *once; /* NULL until it is needed */
};

/* Does this Accept-Encoding allow gzip? (RFC 9110 12.5.3) */
bool gzip_is_accepted(struct view accept_encoding);

/* Is a body with these headers large enough, and not compressed already? */
bool gzip_is_worthwhile(const struct http_headers *headers, size_t body_len);

/* A new reference to the compressed form. */
struct buf *gzip_pack(struct gzip_cache *cache, struct buf *plain);

/* The same of bytes that are for one client alone. */
struct buf *gzip_pack_once(struct gzip_cache *cache, struct view plain);

void gzip_cache_free(struct gzip_cache *cache);

#endif
