/* Any bytes as request heads.
 *
 * Law: how the bytes were cut into reads changes neither the result, nor how many bytes were taken,
 * nor what the head says. */
#include "http/server_head.h"

#include <stdlib.h>

#define LIMIT 2000

static void must(bool law)
{
    if (!law)
        abort();
}

struct outcome {
    enum head_state state;
    size_t taken;
    struct head head;
};

/* Pushes pieces of `piece` bytes until the head is decided. */
static struct outcome push_in_pieces(struct view text, size_t piece)
{
    struct outcome o = {.state = HEAD_MORE};
    head_init(&o.head, LIMIT);
    while (o.taken < text.len && o.state == HEAD_MORE) {
        size_t len = text.len - o.taken < piece ? text.len - o.taken : piece;
        struct view bytes = view_make(text.data + o.taken, len);
        o.state = head_push(&o.head, &bytes);
        o.taken += len - bytes.len;
        must(o.head.text.len <= LIMIT);
        must(o.state == HEAD_MORE ? bytes.len == 0 : true);
    }
    return o;
}

static void same(const struct outcome *a, const struct outcome *b)
{
    must(a->state == b->state && a->head.fault == b->head.fault);
    if (a->state != HEAD_DONE)
        return;
    must(a->taken == b->taken);
    must(a->head.method == b->head.method && a->head.length == b->head.length);
    must(a->head.chunked == b->head.chunked && a->head.close == b->head.close);
    must(view_equal(str_view(&a->head.text), str_view(&b->head.text)));
    must(view_equal(head_target(&a->head), head_target(&b->head)));
}

/* What is found lies within the text and is trimmed. */
static void search(const struct head *h)
{
    static const char *const names[] = {"Host", "Authorization", "A", "Content-Length"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct view value;
        if (!head_find(h, names[i], &value) || value.len == 0)
            continue;
        must(value.data >= h->text.data && value.data + value.len <= h->text.data + h->text.len);
        must(view_trim(value).len == value.len);
        must(memchr(value.data, '\n', value.len) == NULL);
        must(memchr(value.data, '\0', value.len) == NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    size_t piece = 1 + data[0] % 16;
    struct view text = view_make((const char *)data + 1, size - 1);
    struct outcome whole = push_in_pieces(text, SIZE_MAX);
    struct outcome pieces = push_in_pieces(text, piece);
    same(&whole, &pieces);
    if (whole.state == HEAD_DONE)
        search(&whole.head);
    head_free(&whole.head);
    head_free(&pieces.head);
    return 0;
}
