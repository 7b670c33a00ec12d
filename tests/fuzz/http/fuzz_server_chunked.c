/* Any bytes as a chunked body.
 *
 * Laws: how the bytes were cut changes nothing; the body is never longer than its wire form. */
#include "http/server_chunked.h"

#include "base/str.h"

#include <stdlib.h>

static void must(bool law)
{
    if (!law)
        abort();
}

static enum chunked_state decode(struct view wire, size_t piece, struct str *body, size_t *taken)
{
    struct chunked c;
    chunked_init(&c);
    enum chunked_state state = CHUNKED_MORE;
    for (*taken = 0; *taken < wire.len && state == CHUNKED_MORE;) {
        size_t len = wire.len - *taken < piece ? wire.len - *taken : piece;
        struct view bytes = view_make(wire.data + *taken, len);
        struct view data;
        while ((state = chunked_next(&c, &bytes, &data)) == CHUNKED_DATA)
            str_append(body, data);
        *taken += len - bytes.len;
    }
    return state;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct view wire = view_make((const char *)data + 1, size - 1);
    struct str whole = {0};
    struct str pieces = {0};
    size_t taken_whole;
    size_t taken_pieces;
    enum chunked_state a = decode(wire, SIZE_MAX, &whole, &taken_whole);
    enum chunked_state b = decode(wire, 1 + data[0] % 16, &pieces, &taken_pieces);
    must(a == b && taken_whole == taken_pieces);
    must(view_equal(str_view(&whole), str_view(&pieces)));
    must(whole.len <= wire.len);
    str_free(&whole);
    str_free(&pieces);
    return 0;
}
