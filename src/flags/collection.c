/* flags/collection.c - the items of one kind: found by key, kept by position. */
#include "flags/dataset_private.h"

static size_t rendered_bytes(const struct item *it)
{
    return it->deleted ? 0 : it->quoted_key.len + it->text->len + 2; /* a colon, a comma */
}

static bool is_big_segment(const struct item *it)
{
    return it->unbounded && !it->deleted;
}

static void collection_account(struct collection *c, const struct item *old, const struct item *new)
{
    if (old != NULL) {
        c->live -= !old->deleted;
        c->unbounded -= is_big_segment(old);
        c->render_bytes -= rendered_bytes(old);
    }
    c->live += !new->deleted;
    c->unbounded += is_big_segment(new);
    c->render_bytes += rendered_bytes(new);
}

void collection_put_take(struct collection *c, struct item *it)
{
    uint32_t hash = key_index_hash(it->key);
    size_t position = key_index_find(&c->index, &c->items, it->key, hash);
    bool known = position != KEY_INDEX_NONE;
    collection_account(c, known ? sequence_at(&c->items, position) : NULL, it);
    if (!known) {
        position = c->items.count;
        key_index_add(&c->index, hash, (uint32_t)position);
    }
    sequence_set_take(&c->items, position, it);
}

size_t collection_position(const struct collection *c, struct view key)
{
    return key_index_find(&c->index, &c->items, key, key_index_hash(key));
}

struct item *collection_find(const struct collection *c, struct view key)
{
    size_t position = collection_position(c, key);
    return position != KEY_INDEX_NONE ? sequence_at(&c->items, position) : NULL;
}

struct collection collection_share(const struct collection *c)
{
    return (struct collection){.items = sequence_share(&c->items),
                               .index = key_index_share(&c->index),
                               .live = c->live,
                               .unbounded = c->unbounded,
                               .render_bytes = c->render_bytes};
}

void collection_release(struct collection *c)
{
    key_index_release(&c->index);
    sequence_release(&c->items);
    c->live = 0;
    c->unbounded = 0;
    c->render_bytes = 0;
}
