/* http/body_decoder.c - see body_decoder.h.
 *
 *   gzip:     FIRST_HEADER -> DATA -> BETWEEN -> NEXT_HEADER -> DATA ...
 *   deflate:  WRAPPER? -> DATA -> DONE              zlib's wrapper, which some leave out
 *
 * zlib does the work; what it does not tell apart is where in a gzip stream it failed.
 */
#include "http/body_decoder.h"

#include <assert.h>
#include <zlib.h>

#define GZIP_HEADER_BYTES 10 /* at least; before they are here nobody judges */
#define GZIP_WINDOW (15 + 16)
#define ZLIB_WINDOW 15
#define RAW_WINDOW (-15)
#define STEP_MAX ((size_t)1 << 30) /* zlib counts in 32 bits */

enum decoder_at { AT_HEADER, AT_DATA, AT_END, AT_NO_GZIP };

struct body_decoder {
    enum body_coding coding;
    enum decoder_at at;
    bool first_member;
    uint64_t taken;           /* bytes of the body */
    unsigned char wrapper[2]; /* of deflate, until both are here */
    z_stream z;
    gz_header header;
};

/* ---- which coding --------------------------------------------------------------------------- */

static enum body_coding coding_named(struct view name)
{
    if (view_equal_nocase(name, VIEW_LITERAL("gzip")) ||
        view_equal_nocase(name, VIEW_LITERAL("x-gzip")))
        return BODY_GZIP;
    if (view_equal_nocase(name, VIEW_LITERAL("deflate")))
        return BODY_DEFLATE;
    bool none = name.len == 0 || view_equal_nocase(name, VIEW_LITERAL("identity"));
    return none ? BODY_PLAIN : BODY_UNKNOWN;
}

enum body_coding body_coding_of(struct view content_encoding)
{
    enum body_coding coding = BODY_PLAIN;
    struct view name;
    while (view_take_element(&content_encoding, &name)) {
        enum body_coding next = coding_named(name);
        if (next != BODY_PLAIN && coding != BODY_PLAIN)
            return BODY_UNKNOWN;
        if (next != BODY_PLAIN)
            coding = next;
    }
    return coding;
}

/* ---- life ----------------------------------------------------------------------------------- */

static void begin_member(struct body_decoder *d, int window)
{
    int result = d->z.state == NULL ? inflateInit2(&d->z, window) : inflateReset2(&d->z, window);
    assert(result == Z_OK && "zlib got its memory");
    (void)result;
    d->header = (gz_header){0};
    if (window == GZIP_WINDOW)
        (void)inflateGetHeader(&d->z, &d->header);
}

void body_decoder_reset(struct body_decoder *d, enum body_coding coding)
{
    assert(coding != BODY_UNKNOWN);
    d->coding = coding;
    d->at = coding == BODY_PLAIN ? AT_DATA : AT_HEADER;
    d->first_member = true;
    d->taken = 0;
    if (coding == BODY_GZIP)
        begin_member(d, GZIP_WINDOW);
}

struct body_decoder *body_decoder_new(enum body_coding coding)
{
    struct body_decoder *d = mem_zalloc(sizeof *d);
    body_decoder_reset(d, coding);
    return d;
}

void body_decoder_free(struct body_decoder *d)
{
    if (d == NULL)
        return;
    if (d->z.state != NULL)
        (void)inflateEnd(&d->z);
    mem_free(d);
}

/* ---- decoding ------------------------------------------------------------------------------- */

/* Takes and counts. */
static struct view take(struct body_decoder *d, struct view *in, size_t len)
{
    struct view taken = view_make(in->data, len);
    *in = view_from(*in, len);
    d->taken += len;
    return taken;
}

static enum body_decoded copy_plain(struct body_decoder *d, struct view *in, char *out, size_t room,
                                    size_t *written)
{
    size_t len = in->len < room ? in->len : room;
    struct view piece = take(d, in, len);
    if (len != 0)
        memcpy(out, piece.data, len);
    *written += len;
    return in->len != 0 ? BODY_NO_ROOM : BODY_DECODED;
}

/* One call of zlib. */
static int inflate_some(struct body_decoder *d, struct view *in, char *out, size_t room,
                        size_t *written)
{
    size_t offered = in->len < STEP_MAX ? in->len : STEP_MAX;
    size_t space = room < STEP_MAX ? room : STEP_MAX;
    d->z.next_in = (Bytef *)(uintptr_t)in->data;
    d->z.avail_in = (uInt)offered;
    d->z.next_out = (Bytef *)out;
    d->z.avail_out = (uInt)space;
    int result = inflate(&d->z, Z_NO_FLUSH);
    (void)take(d, in, offered - d->z.avail_in);
    *written += space - d->z.avail_out;
    return result;
}

static void note_progress(struct body_decoder *d)
{
    if (d->at == AT_HEADER && (d->coding == BODY_DEFLATE || d->header.done == 1))
        d->at = AT_DATA;
}

/* Too few bytes to judge are taken as such, whatever they are. */
static enum body_decoded no_gzip(struct body_decoder *d, struct view *in)
{
    d->at = AT_NO_GZIP;
    size_t missing = d->taken < GZIP_HEADER_BYTES ? GZIP_HEADER_BYTES - (size_t)d->taken : 0;
    (void)take(d, in, in->len < missing ? in->len : missing);
    return d->taken >= GZIP_HEADER_BYTES ? BODY_NO_GZIP : BODY_DECODED;
}

static enum body_decoded failed(struct body_decoder *d, struct view *in)
{
    bool header = d->coding == BODY_GZIP && d->first_member && d->at == AT_HEADER;
    return header ? no_gzip(d, in) : BODY_BAD_CODING;
}

/* Is there another member behind the one that ended? */
static bool next_member(struct body_decoder *d)
{
    if (d->coding != BODY_GZIP)
        return false;
    d->first_member = false;
    d->at = AT_HEADER;
    begin_member(d, GZIP_WINDOW);
    return true;
}

static enum body_decoded inflate_all(struct body_decoder *d, struct view *in, char *out,
                                     size_t room, size_t *written)
{
    for (;;) {
        if (d->at == AT_END && in->len == 0)
            return BODY_DECODED;
        if (d->at == AT_END && !next_member(d))
            return BODY_BAD_CODING;
        size_t before = *written;
        size_t left = in->len;
        int result = inflate_some(d, in, out + before, room - before, written);
        note_progress(d);
        if (result == Z_STREAM_END)
            d->at = AT_END;
        else if (result != Z_OK && result != Z_BUF_ERROR)
            return failed(d, in);
        else if (*written == room)
            return BODY_NO_ROOM;
        else if (in->len == 0 || (*written == before && in->len == left))
            return BODY_DECODED;
    }
}

/* Both forms are sent as "deflate": the first two bytes tell. */
static void choose_wrapper(struct body_decoder *d)
{
    unsigned head = (unsigned)d->wrapper[0] << 8 | d->wrapper[1];
    bool zlib = (d->wrapper[0] & 0x0f) == Z_DEFLATED && d->wrapper[0] >> 4 <= 7 && head % 31 == 0;
    begin_member(d, zlib ? ZLIB_WINDOW : RAW_WINDOW);
}

static enum body_decoded begin_deflate(struct body_decoder *d, struct view *in, char *out,
                                       size_t room, size_t *written)
{
    while (d->taken < sizeof d->wrapper && in->len != 0) {
        size_t place = (size_t)d->taken;
        d->wrapper[place] = (unsigned char)take(d, in, 1).data[0];
    }
    if (d->taken < sizeof d->wrapper)
        return BODY_DECODED;
    choose_wrapper(d);
    struct view head = {(const char *)d->wrapper, sizeof d->wrapper};
    d->taken = 0; /* counted again */
    d->at = AT_DATA;
    return inflate_all(d, &head, out, room, written);
}

enum body_decoded body_decode(struct body_decoder *d, struct view *in, char *out, size_t room,
                              size_t *written)
{
    *written = 0;
    if (d->coding == BODY_PLAIN)
        return copy_plain(d, in, out, room, written);
    if (d->at == AT_NO_GZIP)
        return no_gzip(d, in);
    if (room == 0)
        return in->len != 0 ? BODY_NO_ROOM : BODY_DECODED;
    if (d->coding == BODY_DEFLATE && d->at == AT_HEADER) {
        enum body_decoded begun = begin_deflate(d, in, out, room, written);
        if (begun != BODY_DECODED || d->at == AT_HEADER)
            return begun;
    }
    size_t more = 0;
    enum body_decoded result = inflate_all(d, in, out + *written, room - *written, &more);
    *written += more;
    return result;
}

bool body_decoder_has_begun(const struct body_decoder *d)
{
    return d->at == AT_DATA || d->at == AT_END || !d->first_member;
}

enum body_decoder_state body_decoder_end(const struct body_decoder *d)
{
    if (d->coding == BODY_PLAIN || d->at == AT_END)
        return BODY_COMPLETE;
    bool header = d->coding == BODY_GZIP && !body_decoder_has_begun(d);
    if (!header)
        return BODY_WAITING;
    return d->taken == 0 ? BODY_HEAD_MISSING : BODY_HEAD_CUT;
}
