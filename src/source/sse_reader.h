/* source/sse_reader.h - reads server-sent events from bytes cut anywhere (streaming.md 2.1).
 *
 *   bytes --sse_reader_feed()--> on_data(name so far, piece)*  on_event(name)
 *
 * Pieces of a `data` value are passed on as they arrive, so an event of 300 MB is never held here.
 * The name may still be "" or change while data arrives, because `event:` may follow `data:`;
 * on_event() has the last word. Nothing depends on where the bytes are cut.
 */
#ifndef SOURCE_SSE_READER_H
#define SOURCE_SSE_READER_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

#define SSE_READER_MAX_EVENT ((size_t)512 << 20)

struct sse_reader_listener {
    /* A part of the event's data; LFs between several data lines included. */
    void (*on_data)(void *owner, struct view name, struct view piece);
    /* The event is whole. Also called without data, so that the owner can judge by the name; not
     * called for a block without `data` and `event`. */
    void (*on_event)(void *owner, struct view name, bool has_data);
    /* A `retry` field of a whole block; milliseconds, greater than 0. */
    void (*on_retry)(void *owner, int64_t ms);
};

enum sse_reader_state {
    SSE_START, /* nothing but a part of a byte order mark was seen */
    SSE_LINE,
    SSE_FIELD,
    SSE_COLON, /* behind the colon: one space may follow */
    SSE_VALUE,
    SSE_COMMENT,
    SSE_STOPPED
};

enum sse_field { SSE_OTHER, SSE_EVENT, SSE_DATA, SSE_ID, SSE_RETRY };

struct sse_reader {
    const struct sse_reader_listener *listener;
    void *owner;
    size_t max_event;
    enum sse_reader_state state;
    enum sse_field field;
    bool after_cr;
    bool too_large;
    size_t mark_len;    /* bytes of the byte order mark seen */
    char field_name[8]; /* the beginning of the field's name */
    size_t field_len;
    struct str value;   /* of an event, id or retry line */
    size_t block_bytes; /* of the field lines since the last empty line */
    bool has_event;
    bool has_data;
    bool has_id;
    int64_t retry_ms;
    struct str name;    /* of the event */
    struct str next_id; /* seen in this block */
    struct str last_id; /* of the last whole block that had one */
};

/* A reader for one connection. `max_event` is the limit for one event in bytes. */
void sse_reader_init(struct sse_reader *r, size_t max_event,
                     const struct sse_reader_listener *listener, void *owner);
void sse_reader_done(struct sse_reader *r);

/* False once an event was over the limit; nothing is read any more then. */
bool sse_reader_feed(struct sse_reader *r, struct view bytes);

/* For callbacks: nothing more is called, the rest of the bytes is dropped. */
void sse_reader_stop(struct sse_reader *r);

/* For the next connection: everything is forgotten but the last id. */
void sse_reader_reset(struct sse_reader *r);

/* Would an end of the stream now cut an event in two? */
bool sse_reader_in_event(const struct sse_reader *r);

/* To be sent back as Last-Event-ID; empty: none. */
struct view sse_reader_last_id(const struct sse_reader *r);

#endif
