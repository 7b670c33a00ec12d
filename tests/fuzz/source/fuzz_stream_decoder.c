/* The /all stream. The first two bytes choose how the rest is cut.
 *
 * Law: data sets, items, problems and their texts do not depend on where the bytes are cut. */
#include "source/stream_decoder.h"

#include "cuts.h"

#define MAX_EVENT 5000

static void put_items(struct dataset *d, enum item_kind kind, struct str *out)
{
    size_t count;
    struct item *const *items = dataset_ordered(d, kind, &count);
    for (size_t i = 0; i < count; i++) {
        str_append(out, items[i]->key);
        str_append(out, buf_view(items[i]->text));
    }
}

static void on_put(void *owner, struct dataset *data)
{
    str_append_text(owner, "put ");
    put_items(data, ITEM_FLAG, owner);
    put_items(data, ITEM_SEGMENT, owner);
    dataset_unref(data);
}

static void on_patch(void *owner, struct item *it)
{
    str_append_format(owner, "patch %d ", it->kind);
    str_append(owner, it->key);
    str_append(owner, buf_view(it->text));
    item_unref(it);
}

static void on_ignored(void *owner)
{
    str_append_text(owner, "ignored ");
}

static void on_unexpected(void *owner, struct view name)
{
    str_append_text(owner, "unexpected ");
    str_append(owner, name);
}

static void on_malformed(void *owner, struct view name, const char *problem)
{
    str_append_text(owner, "malformed ");
    str_append(owner, name);
    str_append_text(owner, problem);
}

static void on_retry(void *owner, int64_t ms)
{
    str_append_format(owner, "retry %lld ", (long long)ms);
}

static const struct stream_decoder_listener listener = {
    .put = on_put,
    .patch = on_patch,
    .ignored = on_ignored,
    .unexpected = on_unexpected,
    .malformed = on_malformed,
    .retry = on_retry,
};

static void feed(void *decoder, struct view piece)
{
    stream_decoder_feed(decoder, piece);
}

static void digest(struct view bytes, unsigned seed, struct str *out)
{
    struct stream_decoder *d = stream_decoder_new(MAX_EVENT, &listener, out);
    feed_in_pieces(bytes, seed, feed, d);
    str_append_format(out, "%d ", stream_decoder_in_event(d));
    str_append(out, stream_decoder_last_id(d));
    stream_decoder_free(d);
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
