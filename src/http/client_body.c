/* http/client_body.c - framing first (RFC 9112 6, 7), then gzip. */
#include "http/client_body.h"

#include "base/mem.h"

#define BODY_MAX_LINE_BYTES ((size_t)64 << 10)
#define BODY_INFLATE_BYTES ((size_t)32 << 10)

void client_body_init(struct client_body *b, enum client_body_framing framing, int64_t length,
                      bool gzip, void (*on_bytes)(void *owner, struct view bytes), void *owner)
{
    *b = (struct client_body){.framing = framing,
                              .remaining = framing == CLIENT_BODY_LENGTH ? length : 0,
                              .gzip = gzip,
                              .on_bytes = on_bytes,
                              .owner = owner};
}

void client_body_free(struct client_body *b)
{
    if (b->inflater != NULL)
        inflateEnd(b->inflater);
    mem_free(b->inflater);
    b->inflater = NULL;
}

void client_body_stop(struct client_body *b)
{
    b->stopped = true;
}

static bool body_inflater_start(struct client_body *b, struct error *err)
{
    if (b->inflater == NULL) {
        b->inflater = mem_zalloc(sizeof *b->inflater);
        if (inflateInit2(b->inflater, 16 + MAX_WBITS) != Z_OK) {
            error_set(err, "gzip: cannot start");
            return false;
        }
    } else if (b->gzip_whole && inflateReset(b->inflater) != Z_OK) {
        error_set(err, "gzip: cannot start anew");
        return false;
    }
    b->gzip_whole = false;
    return true;
}

/* gzip members may follow each other. */
static bool body_inflate(struct client_body *b, struct view bytes, struct error *err)
{
    char out[BODY_INFLATE_BYTES];
    while (bytes.len > 0 && !b->stopped) {
        if ((b->inflater == NULL || b->gzip_whole) && !body_inflater_start(b, err))
            return false;
        z_stream *z = b->inflater;
        z->next_in = (unsigned char *)(uintptr_t)bytes.data;
        z->avail_in = (unsigned)bytes.len;
        int result;
        do {
            z->next_out = (unsigned char *)out;
            z->avail_out = sizeof out;
            result = inflate(z, Z_SYNC_FLUSH);
            size_t made = sizeof out - z->avail_out;
            if (made > 0 && !b->stopped)
                b->on_bytes(b->owner, view_make(out, made));
        } while (result == Z_OK && (z->avail_in > 0 || z->avail_out == 0) && !b->stopped);
        b->gzip_whole = result == Z_STREAM_END;
        if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
            error_set(err, "gzip: %s", z->msg != NULL ? z->msg : "invalid data");
            return false;
        }
        bytes = view_from(bytes, bytes.len - z->avail_in);
    }
    return true;
}

static bool body_pass(struct client_body *b, struct view bytes, struct error *err)
{
    if (b->stopped || bytes.len == 0)
        return true;
    if (b->gzip)
        return body_inflate(b, bytes, err);
    b->on_bytes(b->owner, bytes);
    return true;
}

static enum client_body_state body_fail(struct error *err, const char *text)
{
    error_set(err, "%s", text);
    return CLIENT_BODY_BROKEN;
}

/* All bytes have come: is the gzip stream complete, too? */
static enum client_body_state body_whole(struct client_body *b, struct error *err)
{
    if (b->inflater != NULL && !b->gzip_whole && !b->stopped)
        return body_fail(err, "unexpected EOF");
    return CLIENT_BODY_WHOLE;
}

static int chunk_hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One byte outside of chunk data. */
static enum client_body_state chunk_byte(struct client_body *b, char c, struct error *err)
{
    int hex = chunk_hex(c);
    if (b->chunk == CHUNK_SIZE && hex >= 0 && b->digits < 15) {
        b->remaining = b->remaining * 16 + hex;
        b->digits++;
        return CLIENT_BODY_MORE;
    }
    if (++b->line_bytes > BODY_MAX_LINE_BYTES)
        return body_fail(err, "chunk extensions or trailers are too long");
    if (c == '\r') {
        if (b->chunk == CHUNK_SIZE && b->digits > 0)
            b->chunk = CHUNK_EXTENSION;
        return CLIENT_BODY_MORE;
    }
    if (b->chunk == CHUNK_DATA_END) {
        if (c != '\n')
            return body_fail(err, "malformed chunk: no end of line behind it");
        b->chunk = CHUNK_SIZE;
        b->digits = 0;
        b->remaining = 0;
    } else if (b->chunk == CHUNK_SIZE || b->chunk == CHUNK_EXTENSION) {
        if (b->digits == 0 ||
            (b->chunk == CHUNK_SIZE && c != '\n' && c != ';' && c != ' ' && c != '\t'))
            return body_fail(err, "malformed chunk size");
        b->chunk = CHUNK_EXTENSION;
        if (c == '\n')
            b->chunk = b->remaining > 0 ? CHUNK_DATA : CHUNK_TRAILER_START;
    } else if (b->chunk == CHUNK_TRAILER_START && c == '\n') {
        return CLIENT_BODY_WHOLE;
    } else {
        b->chunk = c == '\n' ? CHUNK_TRAILER_START : CHUNK_TRAILER;
    }
    return CLIENT_BODY_MORE;
}

static enum client_body_state body_feed_chunked(struct client_body *b, struct view bytes,
                                                struct error *err)
{
    while (bytes.len > 0 && !b->stopped) {
        if (b->chunk == CHUNK_DATA) {
            size_t len = (uint64_t)b->remaining < bytes.len ? (size_t)b->remaining : bytes.len;
            b->remaining -= (int64_t)len;
            b->line_bytes = 0;
            if (b->remaining == 0)
                b->chunk = CHUNK_DATA_END;
            if (!body_pass(b, view_make(bytes.data, len), err))
                return CLIENT_BODY_BROKEN;
            bytes = view_from(bytes, len);
            continue;
        }
        enum client_body_state state = chunk_byte(b, bytes.data[0], err);
        if (state == CLIENT_BODY_WHOLE) {
            b->extra = bytes.len > 1;
            return body_whole(b, err);
        }
        if (state == CLIENT_BODY_BROKEN)
            return state;
        bytes = view_from(bytes, 1);
    }
    return CLIENT_BODY_MORE;
}

enum client_body_state client_body_feed(struct client_body *b, struct view bytes, struct error *err)
{
    if (b->framing == CLIENT_BODY_CHUNKED)
        return body_feed_chunked(b, bytes, err);
    if (b->framing == CLIENT_BODY_LENGTH) {
        if ((uint64_t)b->remaining < bytes.len) {
            b->extra = true;
            bytes.len = (size_t)b->remaining;
        }
        b->remaining -= (int64_t)bytes.len;
    }
    if (!body_pass(b, bytes, err))
        return CLIENT_BODY_BROKEN;
    if (b->framing == CLIENT_BODY_LENGTH && b->remaining == 0)
        return body_whole(b, err);
    return CLIENT_BODY_MORE;
}

enum client_body_state client_body_eof(struct client_body *b, struct error *err)
{
    if (b->framing == CLIENT_BODY_UNTIL_CLOSE)
        return body_whole(b, err);
    return body_fail(err, "unexpected EOF");
}
