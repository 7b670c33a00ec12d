/* An HTTP/1.1 answer, head and body. The first two bytes choose how the rest is cut.
 *
 * Law: what is decoded, and what is said to be wrong, does not depend on where the bytes are cut.
 */
#include "http/client_body.h"
#include "http/client_head.h"

#include <stdlib.h>

#define MAX_DECODED ((size_t)1 << 20)

static void must(bool holds)
{
    if (!holds)
        abort();
}

struct answer {
    struct http_head head;
    struct client_body body;
    bool in_body;
    bool over;
    bool extra;
    struct error problem;
    struct str decoded;
};

static void on_bytes(void *owner, struct view bytes)
{
    struct answer *a = owner;
    must(bytes.len > 0);
    str_append(&a->decoded, bytes);
    if (a->decoded.len > MAX_DECODED)
        client_body_stop(&a->body);
}

static void body_begin(struct answer *a)
{
    const struct http_head *h = &a->head;
    enum client_body_framing framing = h->chunked               ? CLIENT_BODY_CHUNKED
                                       : h->content_length >= 0 ? CLIENT_BODY_LENGTH
                                                                : CLIENT_BODY_UNTIL_CLOSE;
    client_body_init(&a->body, framing, h->content_length, h->gzip, on_bytes, a);
    a->in_body = true;
    a->over = framing == CLIENT_BODY_LENGTH && h->content_length == 0;
}

static void feed(struct answer *a, struct view bytes)
{
    size_t used;
    if (!a->in_body) {
        enum client_head_state state = client_head_feed(&a->head, bytes, &used, &a->problem);
        must(used <= bytes.len);
        bytes = view_from(bytes, used);
        if (state == CLIENT_HEAD_WHOLE)
            body_begin(a);
        a->over = a->over || state == CLIENT_HEAD_BROKEN;
    }
    if (a->in_body && !a->over && bytes.len > 0)
        a->over = client_body_feed(&a->body, bytes, &a->problem) != CLIENT_BODY_MORE;
}

static void digest(struct view bytes, unsigned seed, struct str *out)
{
    struct answer a = {0};
    client_head_init(&a.head);
    while (bytes.len > 0 && !a.over) {
        seed = seed * 1103515245u + (seed != 0 ? 12345u : 0);
        size_t len = seed == 0 ? bytes.len : 1 + (seed >> 16) % (seed % 3 == 0 ? 64 : 4);
        if (len > bytes.len)
            len = bytes.len;
        char *piece = mem_copy_text(bytes.data, len);
        feed(&a, view_make(piece, len));
        mem_free(piece);
        bytes = view_from(bytes, len);
    }
    if (a.in_body && !a.over)
        (void)client_body_eof(&a.body, &a.problem);
    bool stopped = a.body.stopped; /* then how much came out depends on the cuts */
    str_append_format(out, "%d %d %d %s ", a.head.status, a.head.keeps, a.in_body,
                      stopped ? "" : a.problem.text);
    str_append(out, http_head_value(&a.head, "content-type"));
    str_append(out, stopped ? view_make("", 0) : str_view(&a.decoded));
    client_body_free(&a.body);
    client_head_free(&a.head);
    str_free(&a.decoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct view bytes = view_make((const char *)data + 2, size - 2);
    struct str whole = {0};
    struct str pieces = {0};
    digest(bytes, 0, &whole);
    digest(bytes, (unsigned)(data[0] << 8 | data[1]) + 1, &pieces);
    must(view_equal(str_view(&whole), str_view(&pieces)));
    str_free(&whole);
    str_free(&pieces);
    return 0;
}
