/* base/frame.c - see frame.h. */
#include "base/frame.h"

#include <stdatomic.h>
#include <stdio.h>

/* The longest "ffff\r\n" in front of the event. */
#define FRAME_SIZE_LINE 18
/* What is kept free at the beginning of the text, so that it becomes the frame without a copy: a
 * put may have hundreds of megabytes. */
#define FRAME_HEAD (sizeof(struct frame) + FRAME_SIZE_LINE)

static void frame_head_reserve(struct str *text, size_t expected)
{
    str_reserve(text, FRAME_HEAD + expected);
    text->len = FRAME_HEAD;
}

/* The memory of `text`, which holds the event behind FRAME_HEAD bytes, becomes the frame. */
static struct frame *frame_settle(struct str *text, enum frame_kind kind, size_t data_at,
                                  size_t data_len)
{
    char size_line[24];
    size_t event_len = text->len - FRAME_HEAD;
    size_t size_len = (size_t)snprintf(size_line, sizeof size_line, "%zx\r\n", event_len);
    str_append_text(text, "\r\n");
    struct frame *f = mem_realloc(text->data, text->len);
    char *event = (char *)f + FRAME_HEAD;
    memcpy(event - size_len, size_line, size_len);
    atomic_init(&f->refs, 1);
    f->kind = kind;
    f->wire = view_make(event - size_len, size_len + event_len + 2);
    f->event = view_make(event, event_len);
    f->data = view_make((char *)f + data_at, data_len);
    *text = (struct str){0};
    return f;
}

void frame_begin(struct frame_builder *b, const char *event, size_t expected)
{
    *b = (struct frame_builder){0};
    frame_head_reserve(&b->text, expected + strlen(event) + 24);
    str_append_format(&b->text, "event: %s\ndata: ", event);
    b->data_at = b->text.len;
}

struct frame *frame_finish(struct frame_builder *b, enum frame_kind kind)
{
    size_t data_len = b->text.len - b->data_at;
    str_append_text(&b->text, "\n\n");
    return frame_settle(&b->text, kind, b->data_at, data_len);
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
    struct str text = {0};
    frame_head_reserve(&text, 4);
    str_append_text(&text, ":\n");
    return frame_settle(&text, FRAME_COMMENT, text.len, 0);
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
