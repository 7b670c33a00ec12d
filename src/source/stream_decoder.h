/* source/stream_decoder.h - bytes of the /all stream to data sets and items (streaming.md 2.1, 5).
 *
 *   bytes --> sse_reader --put--> put_scan (as the bytes come) --> put
 *                        \-patch, delete--> text of the event --> patch
 *
 * No network, no time. After `malformed` nothing more is decoded until stream_decoder_reset().
 */
#ifndef SOURCE_STREAM_DECODER_H
#define SOURCE_STREAM_DECODER_H

#include "flags/dataset.h"
#include "source/sse_reader.h"

/* Each may call stream_decoder_stop(), none may free the decoder. */
struct stream_decoder_listener {
    void (*put)(void *owner, struct dataset *data); /* the reference is handed over */
    void (*patch)(void *owner, struct item *it);    /* the same; deletions are tombstones */
    void (*ignored)(void *owner);                   /* a good event with an unknown path */
    void (*unexpected)(void *owner, struct view name);
    void (*malformed)(void *owner, struct view name, const char *problem);
    void (*retry)(void *owner, int64_t ms);
};

struct stream_decoder;

/* `max_event`: bytes of one event, SSE_READER_MAX_EVENT. The listener must outlive the decoder. */
struct stream_decoder *stream_decoder_new(size_t max_event,
                                          const struct stream_decoder_listener *listener,
                                          void *owner);
void stream_decoder_free(struct stream_decoder *d); /* accepts NULL */

void stream_decoder_feed(struct stream_decoder *d, struct view bytes);

/* Nothing more is called and the unfinished event is given up. */
void stream_decoder_stop(struct stream_decoder *d);

/* For the next connection; the last event id stays. */
void stream_decoder_reset(struct stream_decoder *d);

bool stream_decoder_in_event(const struct stream_decoder *d);
struct view stream_decoder_last_id(const struct stream_decoder *d);

#endif
