/* base/frame.c - see frame.h. */
#include "base/frame.h"

#include <stdatomic.h>
#include <stdio.h>

static struct frame *frame_wrap(enum frame_kind kind, struct view event, size_t data_at,
                                size_t data_len)
{
    char size_line[24];
    size_t size_len = (size_t)snprintf(size_line, sizeof size_line, "%zx\r\n", event.len);
    struct frame *f = mem_alloc(sizeof *f + size_len + event.len + 2);
    atomic_init(&f->refs, 1);
    f->kind = kind;
    memcpy(f->memory, size_line, size_len);
    memcpy(f->memory + size_len, event.data, event.len);
    memcpy(f->memory + size_len + event.len, "\r\n", 2);
    f->wire = view_make(f->memory, size_len + event.len + 2);
    f->event = view_make(f->memory + size_len, event.len);
    f->data = view_make(f->memory + size_len + data_at, data_len);
    return f;
}

void frame_begin(struct frame_builder *b, const char *event, size_t expected)
{
    *b = (struct frame_builder){0};
    str_reserve(&b->text, expected + strlen(event) + 24);
    str_append_format(&b->text, "event: %s\ndata: ", event);
    b->data_at = b->text.len;
}

struct frame *frame_finish(struct frame_builder *b, enum frame_kind kind)
{
    size_t data_len = b->text.len - b->data_at;
    str_append_text(&b->text, "\n\n");
    struct frame *f = frame_wrap(kind, str_view(&b->text), b->data_at, data_len);
    str_free(&b->text);
    return f;
}

struct frame *frame_new(enum frame_kind kind, const char *event, struct view data)
{
    struct frame_builder b;
    frame_begin(&b, event, data.len);
    str_append(&b.text, data);
    return frame_finish(&b, kind);
}

struct frame *frame_ping(void)
{
    return frame_new(FRAME_PING, "ping", VIEW_LITERAL(" "));
}

struct frame *frame_comment(void)
{
    return frame_wrap(FRAME_COMMENT, VIEW_LITERAL(":\n"), 2, 0);
}

struct frame *frame_ref(struct frame *f)
{
    atomic_fetch_add_explicit(&f->refs, 1, memory_order_relaxed);
    return f;
}

void frame_unref(struct frame *f)
{
    if (f != NULL && atomic_fetch_sub_explicit(&f->refs, 1, memory_order_acq_rel) == 1)
        mem_free(f);
}
