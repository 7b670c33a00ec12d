/* bigsegments/patch_reader.h - cuts patches out of arrays that arrive in pieces (big-segments.md 3,
 * 5).
 *
 *   bytes --feed--> waiting --next--> one patch --> applied --next--> ...
 *                                     '-- its text is all that is held of the array
 *
 * Several arrays may follow one another: those of a stream, one per event. Nothing depends on where
 * the bytes are cut. Pure. May call: base, source/json_push.h.
 */
#ifndef BIGSEGMENTS_PATCH_READER_H
#define BIGSEGMENTS_PATCH_READER_H

#include "bigsegments/patch.h"

struct patch_reader;

enum patch_read {
    PATCH_READ_MORE,      /* nothing is whole; more bytes are needed */
    PATCH_READ_PATCH,     /* *patch is set; it is valid until the next call of next() */
    PATCH_READ_ARRAY_END, /* an array is over */
    PATCH_READ_FAILED     /* *err says why; final */
};

/* `max_patch` is the limit for the text of one patch in bytes (bigSegmentsMaxPatchBytes). */
struct patch_reader *patch_reader_new(size_t max_patch);
void patch_reader_free(struct patch_reader *r); /* accepts NULL */

/* Keeps the bytes until they are asked for. */
void patch_reader_feed(struct patch_reader *r, struct view bytes);

/* What was fed since the last call was one whole array, or null; blanks alone are nothing. */
void patch_reader_array_end(struct patch_reader *r);

enum patch_read patch_reader_next(struct patch_reader *r, struct patch **patch, struct error *err);

/* Bytes that were fed and not looked at yet. */
size_t patch_reader_waiting(const struct patch_reader *r);

#endif
