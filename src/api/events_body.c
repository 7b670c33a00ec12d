/* api/events_body.c - a body is read, decoded and kept once, within the budget of events
 * (events.md 3.3, 13.2). Memory grows by doubling, never ahead of what has arrived, and no byte is
 * decoded for which there is no room. */
#include "api/events.h"

#define FIRST_ROOM_MIN 4096
#define FIRST_ROOM_MAX 16384  /* of a compressed body */
#define TYPICAL_COMPRESSION 4 /* a small post becomes so many times larger */

static size_t limit_of(const struct event_body *b)
{
    return b->thread->api->settings.door->settings.max_body;
}

/* A byte more than the limit tells that there are more. */
static size_t most_bytes(const struct event_body *b)
{
    int64_t claimed = http_request_content_length(b->req);
    bool exact = !b->compressed && claimed >= 0 && (uint64_t)claimed <= limit_of(b);
    return exact ? (size_t)claimed : limit_of(b) + 1;
}

/* What Content-Length says is not believed: a client that sends little holds little. Most bodies
 * arrive whole, and have exactly the room that they need. */
static size_t first_room(const struct event_body *b, size_t arrived)
{
    size_t room = b->compressed ? arrived * TYPICAL_COMPRESSION : arrived;
    if (b->compressed && room > FIRST_ROOM_MAX)
        room = FIRST_ROOM_MAX;
    if (room < FIRST_ROOM_MIN)
        room = FIRST_ROOM_MIN;
    return room < b->most ? room : b->most;
}

void event_body_begin(struct event_body *b, struct api_thread *thread, struct http_request *req,
                      enum body_coding coding)
{
    *b = (struct event_body){.thread = thread, .req = req, .decoder = thread->spare_decoder};
    list_init(&b->paused);
    thread->spare_decoder = NULL;
    if (b->decoder != NULL)
        body_decoder_reset(b->decoder, coding);
    else
        b->decoder = body_decoder_new(coding);
    b->compressed = coding != BODY_PLAIN;
    b->most = most_bytes(b);
}

static void give_decoder_back(struct event_body *b)
{
    if (b->thread->spare_decoder == NULL)
        b->thread->spare_decoder = b->decoder;
    else
        body_decoder_free(b->decoder);
    b->decoder = NULL;
}

void event_body_free(struct event_body *b)
{
    event_pause_end(b);
    give_decoder_back(b);
    events_hold_less(b->thread->api->settings.door, &b->hold, b->hold.bytes);
    buf_unref(b->bytes);
}

/* ---- room ------------------------------------------------------------------------------------ */

static size_t room_of(const struct event_body *b)
{
    return b->bytes != NULL ? b->bytes->len : 0;
}

bool event_body_grow(struct event_body *b)
{
    size_t room = room_of(b);
    size_t next = room == 0 ? b->first_room : room * 2;
    if (next > b->most)
        next = b->most;
    if (!events_hold_more(b->thread->api->settings.door, &b->hold, next - room))
        return false;
    b->bytes = b->bytes == NULL ? buf_new(next) : buf_resize(b->bytes, next);
    return true;
}

/* ---- bytes ----------------------------------------------------------------------------------- */

static enum http_body_step stop(struct event_body *b, enum event_body_fault fault)
{
    b->fault = fault;
    return HTTP_BODY_STOP;
}

/* Until all of *piece is taken, or something is in the way. */
enum http_body_step event_body_take(struct event_body *b, struct view *piece)
{
    if (b->bytes == NULL)
        b->first_room = first_room(b, piece->len);
    for (;;) {
        size_t room = room_of(b);
        size_t written;
        if (b->len == room && !event_body_grow(b) && !event_pause_unless_turn(b)) {
            b->was_paused = true;
            return HTTP_BODY_PAUSE;
        }
        enum body_decoded result =
            body_decode(b->decoder, piece, b->bytes->data + b->len, room_of(b) - b->len, &written);
        b->len += written;
        if (b->len > limit_of(b))
            return stop(b, EVENT_BODY_TOO_LARGE);
        if (result == BODY_NO_GZIP)
            return stop(b, EVENT_BODY_NO_GZIP);
        if (result == BODY_BAD_CODING)
            return stop(b, EVENT_BODY_BAD_CODING);
        if (result == BODY_DECODED)
            return HTTP_BODY_MORE;
    }
}

static enum event_body_fault fault_at_end(const struct event_body *b)
{
    static const enum event_body_fault faults[] = {
        [BODY_COMPLETE] = EVENT_BODY_FINE,
        [BODY_WAITING] = EVENT_BODY_CUT,
        [BODY_HEAD_MISSING] = EVENT_BODY_HEAD_MISSING,
        [BODY_HEAD_CUT] = EVENT_BODY_HEAD_CUT,
    };
    return faults[body_decoder_end(b->decoder)];
}

void event_body_end(struct event_body *b, enum http_body_end how)
{
    struct view nothing = {NULL, 0};
    if (b->fault != EVENT_BODY_FINE || how == HTTP_BODY_STOPPED || how == HTTP_BODY_STALLED)
        return;
    /* Paused at its very end, a few bytes may still be inside the decoder: a growth is for more. */
    if (b->was_paused && how == HTTP_BODY_WHOLE && event_body_take(b, &nothing) == HTTP_BODY_PAUSE)
        event_pause_end(b);
    if (b->fault == EVENT_BODY_FINE)
        b->fault = fault_at_end(b);
    if (b->fault == EVENT_BODY_FINE && how == HTTP_BODY_BROKEN)
        b->fault = EVENT_BODY_CUT;
}

struct buf *event_body_take_bytes(struct event_body *b)
{
    struct buf *bytes = b->bytes;
    size_t spare = room_of(b) - b->len;
    b->bytes = NULL;
    if (b->len == 0) {
        buf_unref(bytes);
        bytes = NULL;
    } else if (spare != 0) {
        bytes = buf_resize(bytes, b->len);
    }
    events_hold_less(b->thread->api->settings.door, &b->hold, spare);
    return bytes;
}
