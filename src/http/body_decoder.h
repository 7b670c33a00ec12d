/* http/body_decoder.h - the body of a request as its Content-Encoding says, undone as it arrives
 * (events.md 3.3).
 *
 *   pieces of the body --body_decode()--> the caller's memory, never more than it has room for
 *                      --body_decoder_end()--> was that all?
 *
 * A few bytes may stand for gigabytes: the caller decides before each step how much it takes.
 * Several gzip members, one behind the other, are one body. Usable on any thread, one at a time.
 */
#ifndef HTTP_BODY_DECODER_H
#define HTTP_BODY_DECODER_H

#include "base/mem.h"
#include "base/view.h"

#include <stdint.h>

enum body_coding { BODY_PLAIN, BODY_GZIP, BODY_DEFLATE, BODY_UNKNOWN };

/* Letter case does not matter; "identity" and the empty text are PLAIN, "x-gzip" is GZIP, more than
 * one coding is UNKNOWN. */
enum body_coding body_coding_of(struct view content_encoding);

struct body_decoder;

/* Of any coding but UNKNOWN. */
struct body_decoder *body_decoder_new(enum body_coding coding);
void body_decoder_free(struct body_decoder *d); /* accepts NULL */

/* The same memory for another body. */
void body_decoder_reset(struct body_decoder *d, enum body_coding coding);

enum body_decoded {
    BODY_DECODED,   /* all of *in was taken */
    BODY_NO_ROOM,   /* all of the room was used; there may be more */
    BODY_NO_GZIP,   /* it does not begin as gzip does */
    BODY_BAD_CODING /* broken behind its beginning */
};

/* Takes bytes off the front of *in and writes what they stand for; *written counts it, also when
 * the result is an error. Errors are final. */
enum body_decoded body_decode(struct body_decoder *d, struct view *in, char *out, size_t room,
                              size_t *written);

/* Is the beginning of the body known to be what the coding wants? */
bool body_decoder_has_begun(const struct body_decoder *d);

enum body_decoder_state {
    BODY_COMPLETE,     /* it may end here */
    BODY_WAITING,      /* it ends later */
    BODY_HEAD_MISSING, /* gzip: not one byte came */
    BODY_HEAD_CUT      /* gzip: not all of the first header came */
};

/* If no more bytes come: what was that? */
enum body_decoder_state body_decoder_end(const struct body_decoder *d);

#endif
