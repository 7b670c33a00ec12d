/* http/server_gzip.c - see server_gzip.h. */
#include "http/server_gzip.h"

#include <assert.h>
#include <stdatomic.h>
#include <zlib.h>

#define BODY_MIN 1024
#define BODY_MAX ((size_t)1 << 30) /* more would hold the others up for seconds */
#define LEVEL_ONCE 1               /* for one client alone, while others wait */
#define LEVEL_SHARED 6             /* paid for once, saved many times */
#define GZIP_FORMAT (15 + 16)

/* ---- what the client accepts ---------------------------------------------------------------- */

/* ";q=0", "; q=0.000": the coding is not wanted. Anything else is. */
static bool is_refused(struct view parameters)
{
    struct view text = view_trim(parameters);
    if (text.len < 3 || (text.data[0] | 0x20) != 'q' || text.data[1] != '=')
        return false;
    for (size_t i = 2; i < text.len; i++) {
        if (text.data[i] != '0' && text.data[i] != '.')
            return false;
    }
    return true;
}

bool gzip_is_accepted(struct view accept_encoding)
{
    bool anything = false;
    struct view rest;
    while (view_take_element(&accept_encoding, &rest)) {
        struct view coding = view_trim(view_take_until(&rest, ";"));
        bool wanted = !is_refused(view_from(rest, 1));
        if (view_equal_nocase(coding, VIEW_LITERAL("gzip")) ||
            view_equal_nocase(coding, VIEW_LITERAL("x-gzip")))
            return wanted;
        if (view_is(coding, "*"))
            anything = wanted;
    }
    return anything;
}

/* ---- what is worth it ----------------------------------------------------------------------- */

static bool is_compressed_type(struct view type)
{
    static const char *const types[] = {"image/", "video/", "audio/", "application/gzip",
                                        "application/zip"};
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (view_starts(type, types[i]))
            return true;
    }
    return false;
}

bool gzip_is_worthwhile(const struct http_headers *headers, size_t body_len)
{
    if (body_len < BODY_MIN || body_len > BODY_MAX)
        return false;
    for (size_t i = 0; headers != NULL && i < headers->count; i++) {
        struct view name = view_of(headers->rows[i].name);
        if (view_equal_nocase(name, VIEW_LITERAL("content-encoding")))
            return false;
        if (view_equal_nocase(name, VIEW_LITERAL("content-type")) &&
            is_compressed_type(headers->rows[i].value))
            return false;
    }
    return true;
}

/* ---- packing -------------------------------------------------------------------------------- */

static void deflate_begin(z_stream *z, int level)
{
    *z = (z_stream){.zalloc = Z_NULL};
    int result = deflateInit2(z, level, Z_DEFLATED, GZIP_FORMAT, 8, Z_DEFAULT_STRATEGY);
    assert(result == Z_OK && "zlib got its memory");
    (void)result;
}

static struct buf *deflate_whole(z_stream *z, struct view plain)
{
    size_t room = deflateBound(z, plain.len);
    char *out = mem_alloc(room);
    z->next_in = (Bytef *)(uintptr_t)plain.data;
    z->avail_in = (uInt)plain.len;
    z->next_out = (Bytef *)out;
    z->avail_out = (uInt)room;
    int result = deflate(z, Z_FINISH);
    assert(result == Z_STREAM_END && "the bound is enough");
    (void)result;
    struct buf *packed = buf_copy(view_make(out, z->total_out));
    mem_free(out);
    return packed;
}

static struct buf *pack_well(const struct buf *plain)
{
    z_stream z;
    deflate_begin(&z, LEVEL_SHARED);
    struct buf *packed = deflate_whole(&z, buf_view(plain));
    (void)deflateEnd(&z);
    return packed;
}

static void entry_clear(struct gzip_entry *e)
{
    buf_unref(e->plain);
    buf_unref(e->packed);
    *e = (struct gzip_entry){0};
}

static bool is_held_elsewhere(const struct buf *b)
{
    return atomic_load_explicit(&b->refs, memory_order_acquire) > 1;
}

static void drop_abandoned(struct gzip_cache *cache)
{
    for (size_t i = 0; i < GZIP_CACHE_MAX; i++) {
        struct gzip_entry *e = &cache->entries[i];
        if (e->plain != NULL && !is_held_elsewhere(e->plain))
            entry_clear(e);
    }
}

static size_t entry_size(const struct gzip_entry *e)
{
    return e->plain != NULL ? e->plain->len : 0;
}

/* The entry of this body, or the place for it: a free one, or that of the smallest body. */
static struct gzip_entry *entry_for(struct gzip_cache *cache, const struct buf *plain)
{
    struct gzip_entry *place = &cache->entries[0];
    for (size_t i = 0; i < GZIP_CACHE_MAX; i++) {
        struct gzip_entry *e = &cache->entries[i];
        if (e->plain == plain)
            return e;
        if (entry_size(e) < entry_size(place))
            place = e;
    }
    return place;
}

struct buf *gzip_pack_once(struct gzip_cache *cache, struct view plain)
{
    drop_abandoned(cache);
    if (cache->once == NULL) {
        cache->once = mem_alloc(sizeof *cache->once);
        deflate_begin(cache->once, LEVEL_ONCE);
    } else {
        (void)deflateReset(cache->once);
    }
    return deflate_whole(cache->once, plain);
}

struct buf *gzip_pack(struct gzip_cache *cache, struct buf *plain)
{
    if (!is_held_elsewhere(plain)) /* by the service, besides the caller */
        return gzip_pack_once(cache, buf_view(plain));
    drop_abandoned(cache);
    struct gzip_entry *e = entry_for(cache, plain);
    if (e->plain == plain)
        return buf_ref(e->packed);
    entry_clear(e);
    e->plain = buf_ref(plain);
    e->packed = pack_well(plain);
    return buf_ref(e->packed);
}

void gzip_cache_free(struct gzip_cache *cache)
{
    for (size_t i = 0; i < GZIP_CACHE_MAX; i++)
        entry_clear(&cache->entries[i]);
    if (cache->once != NULL)
        (void)deflateEnd(cache->once);
    mem_free(cache->once);
    cache->once = NULL;
}
