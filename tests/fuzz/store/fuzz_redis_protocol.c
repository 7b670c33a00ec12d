/* Any bytes from a Redis: the same answers however they were cut into reads, or an error.
 *
 * Input: how they are cut (one byte), what the server sends.
 */
#include "store/redis_protocol.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Everything about an answer, as text. */
static void print(const struct redis_reply *r, struct str *out)
{
    str_append_format(out, "%d %lld %zu(", (int)r->type, (long long)r->number, r->count);
    str_append(out, r->text);
    for (size_t i = 0; i < r->count; i++)
        print(r->elements[i], out);
    str_append_char(out, ')');
}

static bool drain(struct redis_reader *reader, struct str *out, struct error *err)
{
    struct redis_reply *r = NULL;
    while (redis_reader_next(reader, &r, err)) {
        if (r == NULL)
            return true;
        print(r, out);
        (void)redis_reply_is(r, "OK");
        (void)redis_reply_fails_with(r, "MOVED");
        (void)redis_reply_failure(r);
        redis_reply_free(r);
    }
    return false;
}

/* What is understood of the bytes when they come in pieces of this size; 0: all at once. */
static void read_all(struct view bytes, size_t piece, struct str *out)
{
    struct redis_reader *reader = redis_reader_new();
    struct error err = {""};
    bool fine = true;
    while (fine && bytes.len > 0) {
        size_t len = piece > 0 && piece < bytes.len ? piece : bytes.len;
        fine =
            redis_reader_feed(reader, view_make(bytes.data, len), &err) && drain(reader, out, &err);
        bytes = view_from(bytes, len);
    }
    if (!fine && err.text[0] == '\0')
        abort();
    str_append_text(out, fine ? " fine" : " broken");
    redis_reader_free(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str whole = {0};
    struct str cut = {0};
    if (size == 0)
        return 0;
    struct view bytes = view_make((const char *)data + 1, size - 1);
    read_all(bytes, 0, &whole);
    read_all(bytes, data[0] % 16 + 1u, &cut);
    if (!view_equal(str_view(&whole), str_view(&cut)))
        abort();
    str_free(&whole);
    str_free(&cut);
    return 0;
}
