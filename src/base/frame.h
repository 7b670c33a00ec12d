/* base/frame.h - one server-sent event as bytes, made once for every connection (spec
 * streaming.md 2.2, 13.1).
 *
 *   wire:  "204\r\n" "event: put\ndata: " {...data...} "\n\n" "\r\n"
 *          ^chunk    ^event (HTTP/2, HTTP/1.0 send from here to before the last \r\n)
 *                                         ^data (polls send only this)
 *
 * Immutable and reference counted; any thread may hold and send it.
 */
#ifndef BASE_FRAME_H
#define BASE_FRAME_H

#include "base/str.h"

/* What a waiting queue may do with it (streaming.md 13.2): a PUT makes everything unsent before it
 * superfluous, one PING is enough, a COMMENT is not queued behind other bytes. */
enum frame_kind { FRAME_PUT, FRAME_CHANGE, FRAME_PING, FRAME_COMMENT };

struct frame {
    _Atomic unsigned refs;
    enum frame_kind kind;
    struct view wire;  /* with HTTP/1.1 chunk framing */
    struct view event; /* without it */
    struct view data;  /* the value behind "data: " alone */
};

/* A frame that is being written: append the data to `text`, nothing else. Its memory becomes that
 * of the frame. */
struct frame_builder {
    struct str text;
    size_t data_at;
};

/* `event` is the event's name. `expected` bytes of data are made room for. */
void frame_begin(struct frame_builder *b, const char *event, size_t expected);

/* One reference; the builder is empty afterwards. The data must not contain line ends. */
struct frame *frame_finish(struct frame_builder *b, enum frame_kind kind);

/* Begin, append `data`, finish. */
struct frame *frame_new(enum frame_kind kind, const char *event, struct view data);

/* The constant frames; a new reference each time. */
struct frame *frame_ping(void);    /* "event: ping\ndata:  \n\n" */
struct frame *frame_comment(void); /* ":\n" */

struct frame *frame_ref(struct frame *f);
void frame_unref(struct frame *f); /* accepts NULL */

#endif
