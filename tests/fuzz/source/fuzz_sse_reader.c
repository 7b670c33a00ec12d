/* Server-sent events. The first two bytes choose how the rest is cut.
 *
 * Law: names, data, ids and retries do not depend on where the bytes are cut. */
#include "source/sse_reader.h"

#include "cuts.h"

#define MAX_EVENT 500

static void on_data(void *owner, struct view name, struct view piece)
{
    (void)name;
    must(piece.len > 0);
    str_append(owner, piece);
}

static void on_event(void *owner, struct view name, bool has_data)
{
    str_append_text(owner, has_data ? "\nevent " : "\nname ");
    str_append(owner, name);
    str_append_char(owner, '\n');
}

static void on_retry(void *owner, int64_t ms)
{
    must(ms > 0);
    str_append_format(owner, "\nretry %lld\n", (long long)ms);
}

static const struct sse_reader_listener listener = {on_data, on_event, on_retry};

static void feed(void *reader, struct view piece)
{
    (void)sse_reader_feed(reader, piece);
}

static void digest(struct view bytes, unsigned seed, struct str *out)
{
    struct sse_reader r;
    sse_reader_init(&r, MAX_EVENT, &listener, out);
    feed_in_pieces(bytes, seed, feed, &r);
    str_append_format(out, "\n%d %d ", sse_reader_feed(&r, view_make("", 0)),
                      sse_reader_in_event(&r));
    str_append(out, sse_reader_last_id(&r));
    sse_reader_done(&r);
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
