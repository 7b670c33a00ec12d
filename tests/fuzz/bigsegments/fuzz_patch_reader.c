/* Patches from a poll or a stream.
 *
 * Laws: how the bytes are cut does not matter; a patch's lists have as many hashes as it says; and
 * nothing is left waiting once everything was asked for. A zero byte ends an array.
 */
#include "bigsegments/patch_reader.h"

#include "../source/cuts.h"

#define LIMIT 4096

static void digest_text(struct str *digest, struct view text)
{
    str_append_int(digest, (int64_t)text.len);
    str_append_char(digest, ':');
    str_append(digest, text);
}

static void digest_patch(struct str *digest, const struct patch *p)
{
    digest_text(digest, str_view(&p->segment_id));
    digest_text(digest, str_view(&p->previous_version));
    digest_text(digest, str_view(&p->version));
    for (int list = 0; list < PATCH_LIST_COUNT; list++) {
        struct patch_hashes hashes;
        struct view hash;
        size_t count = 0;
        patch_hashes_begin(&hashes, p, (enum patch_list)list);
        for (; patch_hashes_next(&hashes, &hash); count++)
            digest_text(digest, hash);
        patch_hashes_end(&hashes);
        must(count == p->counts[list]);
    }
}

struct reading {
    struct patch_reader *reader;
    struct str *digest;
    bool eager; /* asks after every piece */
};

static void ask(struct reading *r)
{
    struct patch *p;
    struct error err;
    enum patch_read read;
    while ((read = patch_reader_next(r->reader, &p, &err)) == PATCH_READ_PATCH ||
           read == PATCH_READ_ARRAY_END) {
        if (read == PATCH_READ_PATCH)
            digest_patch(r->digest, p);
        else
            str_append_char(r->digest, ']');
    }
    must(read == PATCH_READ_FAILED || patch_reader_waiting(r->reader) == 0);
    if (read == PATCH_READ_FAILED && !r->eager)
        str_append_text(r->digest, err.text);
}

static void feed(void *reader, struct view piece)
{
    struct reading *r = reader;
    while (piece.len > 0) {
        const char *zero = memchr(piece.data, '\0', piece.len);
        size_t len = zero != NULL ? (size_t)(zero - piece.data) : piece.len;
        patch_reader_feed(r->reader, view_make(piece.data, len));
        if (zero != NULL)
            patch_reader_array_end(r->reader);
        piece = view_from(piece, zero != NULL ? len + 1 : len);
    }
    if (r->eager)
        ask(r);
}

static void digest(struct view bytes, unsigned seed, struct str *out)
{
    struct reading r = {patch_reader_new(LIMIT), out, seed != 0};
    feed_in_pieces(bytes, seed, feed, &r);
    r.eager = false;
    ask(&r);
    patch_reader_free(r.reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view bytes = view_make((const char *)data, size);
    struct str whole = {0};
    struct str cut = {0};
    digest(bytes, 0, &whole);
    digest(bytes, 1 + (unsigned)size, &cut);
    must(view_equal(str_view(&whole), str_view(&cut)));
    str_free(&whole);
    str_free(&cut);
    return 0;
}
