/* events/press.c - batches become gzip on the thread pool (8.1, 17).
 *
 *   events_batch_press() -> e->pressing -> thread pool: deflate -> events_publish()
 *
 * A batch of 4 MiB takes longer to compress than the control loop may be held; and what waits for
 * an upstream that is away takes a tenth of the memory. Two at a time: the pool is used by others,
 * too. Identical text gives identical bytes.
 */
#include "events/aside.h"

#include <stdlib.h>
#include <zlib.h>

#define PRESSES 2
#define LEVEL 6
#define GZIP_WINDOW (15 + 16) /* zlib: 32 KiB, with the head and tail of gzip */
#define CHUNK_BYTES ((size_t)64 << 10)

/* ---- deflate --------------------------------------------------------------------------------- */

struct chunk {
    struct chunk *next;
    unsigned char bytes[CHUNK_BYTES];
};

struct press {
    z_stream z;
    struct chunk *first;
    struct chunk *last;
    size_t full; /* bytes in chunks before the last one */
};

static void press_chunk_add(struct press *p)
{
    struct chunk *c = mem_alloc(sizeof *c);
    c->next = NULL;
    if (p->last != NULL) {
        p->last->next = c;
        p->full += CHUNK_BYTES;
    } else {
        p->first = c;
    }
    p->last = c;
    p->z.next_out = c->bytes;
    p->z.avail_out = CHUNK_BYTES;
}

static void press_begin(struct press *p)
{
    *p = (struct press){.first = NULL};
    if (deflateInit2(&p->z, LEVEL, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        abort(); /* no memory: as mem_alloc() */
    press_chunk_add(p);
}

static void press_text(struct press *p, struct view text, int flush)
{
    int state;
    p->z.next_in = (unsigned char *)(uintptr_t)text.data;
    p->z.avail_in = (unsigned)text.len;
    do {
        if (p->z.avail_out == 0)
            press_chunk_add(p);
        state = deflate(&p->z, flush);
    } while (p->z.avail_in != 0 || (flush == Z_FINISH && state != Z_STREAM_END));
}

static struct buf *press_end(struct press *p)
{
    press_text(p, (struct view){NULL, 0}, Z_FINISH);
    size_t tail = CHUNK_BYTES - p->z.avail_out;
    struct buf *out = buf_new(p->full + tail);
    size_t at = 0;
    for (struct chunk *c = p->first, *next; c != NULL; c = next) {
        next = c->next;
        size_t len = next != NULL ? CHUNK_BYTES : tail;
        memcpy(out->data + at, c->bytes, len);
        at += len;
        mem_free(c);
    }
    (void)deflateEnd(&p->z);
    return out;
}

struct buf *events_gzip_text(struct view text)
{
    struct press p;
    press_begin(&p);
    press_text(&p, text, Z_NO_FLUSH);
    return press_end(&p);
}

static struct buf *gzip_pieces(const struct events_piece *first)
{
    struct press p;
    press_begin(&p);
    struct view between = VIEW_LITERAL("[");
    for (const struct events_piece *piece = first; piece != NULL; piece = piece->next) {
        for (size_t i = 0; i < piece->events.count; i++) {
            press_text(&p, between, Z_NO_FLUSH);
            press_text(&p, piece->events.each[i], Z_NO_FLUSH);
            between = VIEW_LITERAL(",");
        }
    }
    press_text(&p, VIEW_LITERAL("]"), Z_NO_FLUSH);
    return press_end(&p);
}

struct buf *events_gunzip(const struct buf *gzip, size_t bytes)
{
    z_stream z = {.next_in = (unsigned char *)(uintptr_t)gzip->data,
                  .avail_in = (unsigned)gzip->len};
    struct buf *out = buf_new(bytes);
    if (inflateInit2(&z, GZIP_WINDOW) != Z_OK)
        abort();
    z.next_out = (unsigned char *)out->data;
    z.avail_out = (unsigned)bytes;
    bool whole = inflate(&z, Z_FINISH) == Z_STREAM_END && z.avail_out == 0;
    (void)inflateEnd(&z);
    if (whole)
        return out;
    buf_unref(out);
    return NULL;
}

/* ---- the thread pool ------------------------------------------------------------------------- */

static void press_next(struct events *e);

static void press_work(uv_work_t *work)
{
    struct events_batch *b = CONTAINER_OF(work, struct events_batch, work);
    b->gzip = b->text != NULL ? events_gzip_text(buf_view(b->text)) : gzip_pieces(b->pieces);
}

static void press_done(uv_work_t *work, int status)
{
    struct events_batch *b = CONTAINER_OF(work, struct events_batch, work);
    struct events *e = events_of(b->group->family);
    (void)status; /* it is never cancelled */
    e->presses--;
    events_batch_pressed(b);
    press_next(e);
    events_aside_look(e);
    events_look_whether_done(e);
}

static void press_next(struct events *e)
{
    while (e->presses < PRESSES && !list_empty(&e->pressing)) {
        struct events_batch *b = CONTAINER_OF(e->pressing.next, struct events_batch, node);
        list_remove(&b->node);
        list_remove(&b->spare);
        e->presses++;
        (void)uv_queue_work(e->settings.loop, &b->work, press_work, press_done);
    }
}

void events_press_start(struct events_batch *b)
{
    struct events *e = events_of(b->group->family);
    list_append(&e->pressing, &b->node);
    press_next(e);
}
