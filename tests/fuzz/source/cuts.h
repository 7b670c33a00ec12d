/* tests/fuzz/source/cuts.h - hands bytes to a reader in pieces that a seed decides. */
#ifndef FUZZ_CUTS_H
#define FUZZ_CUTS_H

#include "base/str.h"

#include <stdlib.h>

/* Seed 0: all at once. `feed` is called for each piece, in order. */
static inline void feed_in_pieces(struct view bytes, unsigned seed,
                                  void (*feed)(void *reader, struct view piece), void *reader)
{
    while (bytes.len > 0) {
        seed = seed * 1103515245u + (seed != 0 ? 12345u : 0);
        size_t len = seed == 0 ? bytes.len : 1 + (seed >> 16) % (seed % 3 == 0 ? 64 : 4);
        if (len > bytes.len)
            len = bytes.len;
        /* In memory of its own, so that a reader that looks too far is caught. */
        char *piece = mem_copy_text(bytes.data, len);
        feed(reader, view_make(piece, len));
        mem_free(piece);
        bytes = view_from(bytes, len);
    }
}

static inline void must(bool holds)
{
    if (!holds)
        abort();
}

#endif
