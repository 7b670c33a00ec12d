/* flags/poll.c - what polls of a whole data set get, and the version that their ETag says
 * (http-api.md 6.2, 8). */
#include "base/percent.h"
#include "flags/dataset_private.h"

#include <openssl/sha.h>
#include <stdatomic.h>

#define VERSION_DIGITS 15

static struct buf *taken(struct str *text)
{
    struct buf *b = str_to_buf(text);
    str_free(text);
    return b;
}

static struct buf *flags_make(struct dataset *d)
{
    struct str text = {0};
    str_reserve(&text, d->collections[ITEM_FLAG].render_bytes + 2);
    dataset_map_write(d, ITEM_FLAG, &text);
    return taken(&text);
}

static struct buf *all_make(struct dataset *d)
{
    struct str text = {0};
    str_reserve(&text, d->collections[ITEM_FLAG].render_bytes +
                           d->collections[ITEM_SEGMENT].render_bytes + 64);
    str_append_text(&text, "{\"flags\":");
    dataset_map_write(d, ITEM_FLAG, &text);
    str_append_text(&text, ",\"segments\":");
    dataset_map_write(d, ITEM_SEGMENT, &text);
    str_append_char(&text, '}');
    return taken(&text);
}

/* KEY:VERSION of every item, tombstones too, by ascending key, with nothing in between. */
static void versions_write(const struct collection *c, const struct key_order *by_key,
                           struct str *out)
{
    for (size_t i = 0; i < by_key->count; i++) {
        const struct item *it = sequence_at(&c->items, by_key->positions[i]);
        str_append(out, it->key);
        str_append_char(out, ':');
        str_append_int(out, it->version);
    }
}

static struct buf *digits_of(struct str *text)
{
    unsigned char hash[SHA_DIGEST_LENGTH];
    (void)SHA1((const unsigned char *)str_text(text), text->len, hash);
    struct buf *digits = buf_new(VERSION_DIGITS);
    hex_write(hash, VERSION_DIGITS, digits->data);
    str_free(text);
    return digits;
}

static struct buf *flags_version_make(struct dataset *d)
{
    struct str text = {0};
    versions_write(&d->collections[ITEM_FLAG], dataset_by_key(d), &text);
    return digits_of(&text);
}

static struct buf *all_version_make(struct dataset *d)
{
    struct str text = {0};
    struct key_order *segments = key_order_new(&d->collections[ITEM_SEGMENT].items);
    versions_write(&d->collections[ITEM_FLAG], dataset_by_key(d), &text);
    str_append_char(&text, '|');
    versions_write(&d->collections[ITEM_SEGMENT], segments, &text);
    key_order_unref(segments);
    return digits_of(&text);
}

static const struct {
    struct buf *(*body)(struct dataset *d);
    struct buf *(*version)(struct dataset *d);
} makers[DATASET_POLL_COUNT] = {
    [DATASET_POLL_FLAGS] = {flags_make, flags_version_make},
    [DATASET_POLL_ALL] = {all_make, all_version_make},
};

/* The text in `*made`; the first caller makes it, others who come meanwhile wait for it. */
static struct buf *made_once(struct dataset *d, struct buf *_Atomic *made,
                             struct buf *(*make)(struct dataset *d))
{
    struct buf *b = atomic_load_explicit(made, memory_order_acquire);
    if (b != NULL)
        return b;
    (void)pthread_mutex_lock(&d->making);
    b = atomic_load_explicit(made, memory_order_relaxed);
    if (b == NULL) {
        b = make(d);
        atomic_store_explicit(made, b, memory_order_release);
    }
    (void)pthread_mutex_unlock(&d->making);
    return b;
}

/* The orders are made before the text, because all are made under the same mutex. */
struct buf *dataset_poll_body(struct dataset *d, enum dataset_poll poll)
{
    size_t count;
    for (size_t kind = 0; kind < ITEM_KIND_COUNT; kind++)
        (void)dataset_ordered(d, (enum item_kind)kind, &count);
    return made_once(d, &d->poll_bodies[poll], makers[poll].body);
}

struct view dataset_poll_version(struct dataset *d, enum dataset_poll poll)
{
    (void)dataset_by_key(d);
    return buf_view(made_once(d, &d->poll_versions[poll], makers[poll].version));
}
