/* Any bytes as a body of any coding.
 *
 * Laws: how the bytes and the room were cut changes neither the result nor what comes out; no byte
 * is written beyond the room. */
#include "http/body_decoder.h"

#include "base/str.h"

#include <stdlib.h>

#define MOST ((size_t)1 << 18)

static void must(bool law)
{
    if (!law)
        abort();
}

struct outcome {
    enum body_decoded result;
    enum body_decoder_state end;
    struct str text;
};

static enum body_decoded push(struct body_decoder *d, struct view piece, size_t room,
                              struct str *text)
{
    char out[4096 + 1];
    for (;;) {
        size_t written;
        out[room] = 'x';
        enum body_decoded result = body_decode(d, &piece, out, room, &written);
        must(written <= room && out[room] == 'x');
        str_append(text, view_make(out, written));
        must(result != BODY_DECODED || piece.len == 0);
        if (result != BODY_NO_ROOM || text->len > MOST)
            return result;
        must(written == room);
    }
}

static struct outcome decode(struct body_decoder *d, enum body_coding coding, struct view wire,
                             size_t cut, size_t room)
{
    struct outcome o = {.result = BODY_DECODED};
    body_decoder_reset(d, coding);
    while (wire.len != 0 && o.result == BODY_DECODED) {
        struct view piece = view_make(wire.data, wire.len < cut ? wire.len : cut);
        wire = view_from(wire, piece.len);
        o.result = push(d, piece, room, &o.text);
    }
    o.end = body_decoder_end(d);
    return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum body_coding codings[] = {BODY_GZIP, BODY_DEFLATE, BODY_PLAIN};
    if (size < 3)
        return 0;
    enum body_coding coding = codings[data[0] % ARRAY_LEN(codings)];
    struct view wire = view_make((const char *)data + 3, size - 3);
    struct body_decoder *d = body_decoder_new(coding);
    struct outcome a = decode(d, coding, wire, SIZE_MAX, 4096);
    struct outcome b = decode(d, coding, wire, 1 + data[1] % 16, 1 + data[2]);
    if (a.text.len <= MOST && b.text.len <= MOST) {
        must(a.result == b.result);
        must(a.result != BODY_DECODED || a.end == b.end);
        must(a.result != BODY_DECODED || view_equal(str_view(&a.text), str_view(&b.text)));
    }
    str_free(&a.text);
    str_free(&b.text);
    body_decoder_free(d);
    return 0;
}
