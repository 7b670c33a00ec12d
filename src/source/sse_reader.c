/* source/sse_reader.c - the state machine behind sse_reader.h: a line at a time, in any pieces. */
#include "source/sse_reader.h"

/* Names and ids are held in memory; nobody sends longer ones. */
#define SSE_MAX_SMALL_VALUE ((size_t)64 << 10)

void sse_reader_init(struct sse_reader *r, size_t max_event,
                     const struct sse_reader_listener *listener, void *owner)
{
    *r = (struct sse_reader){.listener = listener, .owner = owner, .max_event = max_event};
}

void sse_reader_done(struct sse_reader *r)
{
    str_free(&r->value);
    str_free(&r->name);
    str_free(&r->next_id);
    str_free(&r->last_id);
}

void sse_reader_stop(struct sse_reader *r)
{
    r->state = SSE_STOPPED;
}

static void sse_block_reset(struct sse_reader *r)
{
    r->block_bytes = 0;
    r->has_event = false;
    r->has_data = false;
    r->has_id = false;
    r->retry_ms = 0;
    str_clear(&r->name);
    str_clear(&r->next_id);
}

void sse_reader_reset(struct sse_reader *r)
{
    sse_block_reset(r);
    r->state = SSE_START;
    r->mark_len = 0;
    r->after_cr = false;
    r->too_large = false;
}

bool sse_reader_in_event(const struct sse_reader *r)
{
    return r->block_bytes > 0;
}

struct view sse_reader_last_id(const struct sse_reader *r)
{
    return str_view(&r->last_id);
}

static void sse_fail_too_large(struct sse_reader *r)
{
    r->too_large = true;
    r->state = SSE_STOPPED;
}

static enum sse_field sse_field_of(const struct sse_reader *r)
{
    struct view name = view_make(r->field_name, r->field_len);
    if (r->field_len > sizeof r->field_name)
        return SSE_OTHER;
    if (view_is(name, "data"))
        return SSE_DATA;
    if (view_is(name, "event"))
        return SSE_EVENT;
    if (view_is(name, "id"))
        return SSE_ID;
    return view_is(name, "retry") ? SSE_RETRY : SSE_OTHER;
}

static void sse_data_piece(struct sse_reader *r, struct view piece)
{
    if (piece.len > 0 && r->state != SSE_STOPPED)
        r->listener->on_data(r->owner, str_view(&r->name), piece);
}

/* The field's name is whole: at the colon, or at the end of a line without one. */
static void sse_field_named(struct sse_reader *r)
{
    r->field = sse_field_of(r);
    str_clear(&r->value);
    if (r->field != SSE_DATA)
        return;
    if (r->has_data)
        sse_data_piece(r, VIEW_LITERAL("\n"));
    r->has_data = true;
}

/* Milliseconds, or 0 for anything but a positive decimal number. */
static int64_t sse_retry_parse(struct view text)
{
    int64_t ms = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return 0;
        if (ms < INT32_MAX)
            ms = ms * 10 + (text.data[i] - '0');
    }
    return ms;
}

static void sse_field_ended(struct sse_reader *r)
{
    struct view value = str_view(&r->value);
    if (r->field == SSE_EVENT) {
        r->has_event = true;
        str_clear(&r->name);
        str_append(&r->name, value);
    } else if (r->field == SSE_ID && (value.len == 0 || memchr(value.data, 0, value.len) == NULL)) {
        r->has_id = true;
        str_clear(&r->next_id);
        str_append(&r->next_id, value);
    } else if (r->field == SSE_RETRY) {
        int64_t ms = sse_retry_parse(value);
        r->retry_ms = ms > 0 ? ms : r->retry_ms;
    }
}

/* An empty line: the block is whole. */
static void sse_block_ended(struct sse_reader *r)
{
    if (r->has_id) {
        str_clear(&r->last_id);
        str_append(&r->last_id, str_view(&r->next_id));
    }
    if (r->retry_ms > 0)
        r->listener->on_retry(r->owner, r->retry_ms);
    if ((r->has_data || r->has_event) && r->state != SSE_STOPPED)
        r->listener->on_event(r->owner, str_view(&r->name), r->has_data);
    sse_block_reset(r);
}

static void sse_line_ended(struct sse_reader *r)
{
    switch (r->state) {
    case SSE_START:
    case SSE_LINE:
        sse_block_ended(r);
        break;
    case SSE_FIELD:
        sse_field_named(r);
        sse_field_ended(r);
        break;
    case SSE_COLON:
    case SSE_VALUE:
        sse_field_ended(r);
        break;
    case SSE_COMMENT:
    case SSE_STOPPED:
        break;
    }
    if (r->state != SSE_STOPPED)
        r->state = SSE_LINE;
}

static void sse_value_piece(struct sse_reader *r, struct view piece)
{
    if (r->field == SSE_DATA)
        sse_data_piece(r, piece);
    else if (r->field != SSE_OTHER && r->value.len + piece.len > SSE_MAX_SMALL_VALUE)
        sse_fail_too_large(r);
    else if (r->field != SSE_OTHER)
        str_append(&r->value, piece);
}

static void sse_field_piece(struct sse_reader *r, struct view piece)
{
    for (size_t i = 0; i < piece.len && r->field_len <= sizeof r->field_name; i++) {
        if (r->field_len < sizeof r->field_name)
            r->field_name[r->field_len] = piece.data[i];
        r->field_len++;
    }
}

/* A part of a field line that is within the limit. */
static void sse_field_line_piece(struct sse_reader *r, struct view piece)
{
    if (r->state == SSE_FIELD) {
        const char *colon = memchr(piece.data, ':', piece.len);
        size_t len = colon != NULL ? (size_t)(colon - piece.data) : piece.len;
        sse_field_piece(r, view_make(piece.data, len));
        if (colon == NULL)
            return;
        sse_field_named(r);
        if (r->state == SSE_STOPPED)
            return;
        r->state = SSE_COLON;
        piece = view_from(piece, len + 1);
    }
    if (r->state == SSE_COLON && piece.len > 0) {
        r->state = SSE_VALUE;
        if (piece.data[0] == ' ')
            piece = view_from(piece, 1);
    }
    if (piece.len > 0)
        sse_value_piece(r, piece);
}

/* A part of one line, without its end, not empty. */
static void sse_line_piece(struct sse_reader *r, struct view piece)
{
    if (r->state == SSE_LINE) {
        r->state = piece.data[0] == ':' ? SSE_COMMENT : SSE_FIELD;
        r->field_len = 0;
    }
    if (r->state == SSE_COMMENT)
        return;
    size_t left = r->max_event - r->block_bytes;
    bool too_large = piece.len > left;
    if (too_large)
        piece.len = left;
    r->block_bytes += piece.len;
    if (piece.len > 0)
        sse_field_line_piece(r, piece);
    if (too_large && r->state != SSE_STOPPED)
        sse_fail_too_large(r);
}

/* Skips one byte order mark at the very start; returns the number of bytes it took. */
static size_t sse_mark_skip(struct sse_reader *r, struct view bytes)
{
    static const char mark[3] = {'\xEF', '\xBB', '\xBF'};
    size_t seen = r->mark_len;
    size_t used = 0;
    while (used < bytes.len && seen < sizeof mark && bytes.data[used] == mark[seen]) {
        seen++;
        used++;
    }
    r->mark_len = seen;
    if (used == bytes.len && seen < sizeof mark)
        return used;
    bool half = seen > 0 && seen < sizeof mark;
    r->state = half ? SSE_FIELD : SSE_LINE;
    r->field_len = half ? sizeof r->field_name + 1 : 0; /* a name that nobody knows */
    r->block_bytes = half ? seen : 0;
    return used;
}

static size_t sse_line_length(struct view bytes)
{
    const char *lf = memchr(bytes.data, '\n', bytes.len);
    size_t len = lf != NULL ? (size_t)(lf - bytes.data) : bytes.len;
    const char *cr = len > 0 ? memchr(bytes.data, '\r', len) : NULL;
    return cr != NULL ? (size_t)(cr - bytes.data) : len;
}

bool sse_reader_feed(struct sse_reader *r, struct view bytes)
{
    while (bytes.len > 0 && r->state != SSE_STOPPED) {
        if (r->state == SSE_START) {
            bytes = view_from(bytes, sse_mark_skip(r, bytes));
            continue;
        }
        if (r->after_cr) {
            r->after_cr = false;
            if (bytes.data[0] == '\n') {
                bytes = view_from(bytes, 1);
                continue;
            }
        }
        size_t len = sse_line_length(bytes);
        if (len > 0)
            sse_line_piece(r, view_make(bytes.data, len));
        if (len < bytes.len && r->state != SSE_STOPPED) {
            r->after_cr = bytes.data[len] == '\r';
            sse_line_ended(r);
            len++;
        }
        bytes = view_from(bytes, len);
    }
    return !r->too_large;
}
