/* flags/render.c - the `put` of a data set (streaming.md 8): item texts one behind the other. */
#include "flags/dataset_private.h"

#include <stdatomic.h>

void dataset_map_write(struct dataset *d, enum item_kind kind, struct str *out)
{
    size_t count;
    struct item *const *items = dataset_ordered(d, kind, &count);
    const char *before = "";
    str_append_char(out, '{');
    for (size_t i = 0; i < count; i++) {
        if (items[i]->deleted)
            continue;
        str_append_text(out, before);
        str_append(out, items[i]->quoted_key);
        str_append_char(out, ':');
        str_append(out, buf_view(items[i]->text));
        before = ",";
    }
    str_append_char(out, '}');
}

static struct frame *put_all_make(struct dataset *d)
{
    struct frame_builder b;
    size_t bytes =
        d->collections[ITEM_FLAG].render_bytes + d->collections[ITEM_SEGMENT].render_bytes + 64;
    frame_begin(&b, "put", bytes);
    str_append_text(&b.text, "{\"path\":\"/\",\"data\":{\"flags\":");
    dataset_map_write(d, ITEM_FLAG, &b.text);
    str_append_text(&b.text, ",\"segments\":");
    dataset_map_write(d, ITEM_SEGMENT, &b.text);
    str_append_text(&b.text, "}}");
    return frame_finish(&b, FRAME_PUT);
}

static struct frame *put_flags_make(struct dataset *d)
{
    struct frame_builder b;
    frame_begin(&b, "put", d->collections[ITEM_FLAG].render_bytes + 2);
    dataset_map_write(d, ITEM_FLAG, &b.text);
    return frame_finish(&b, FRAME_PUT);
}

/* The frame in `*made`; the first caller makes it, others who come meanwhile wait for it. */
static struct frame *made_once(struct dataset *d, struct frame *_Atomic *made,
                               struct frame *(*make)(struct dataset *))
{
    struct frame *f = atomic_load_explicit(made, memory_order_acquire);
    if (f != NULL)
        return f;
    (void)pthread_mutex_lock(&d->making);
    f = atomic_load_explicit(made, memory_order_relaxed);
    if (f == NULL) {
        f = make(d);
        atomic_store_explicit(made, f, memory_order_release);
    }
    (void)pthread_mutex_unlock(&d->making);
    return f;
}

/* The order is made before the frame, because both are made under the same mutex. */
static void order_prepare(struct dataset *d)
{
    size_t count;
    for (size_t kind = 0; kind < ITEM_KIND_COUNT; kind++)
        (void)dataset_ordered(d, (enum item_kind)kind, &count);
}

struct frame *dataset_put_all(struct dataset *d)
{
    order_prepare(d);
    return made_once(d, &d->put_all, put_all_make);
}

struct frame *dataset_put_flags(struct dataset *d)
{
    order_prepare(d);
    return made_once(d, &d->put_flags, put_flags_make);
}
