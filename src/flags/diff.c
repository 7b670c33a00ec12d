/* flags/diff.c - what a new full data set means for connected SDKs (streaming.md 13.6). */
#include "flags/dataset_private.h"

struct comparison {
    struct item **changed; /* room for every item of the new data set */
    size_t changed_count;
    size_t changed_bytes;
    size_t all_bytes;
    bool patchable; /* no key is gone, no version went down or stayed with another text */
};

static bool item_equal(const struct item *a, const struct item *b)
{
    return a == b || (a->version == b->version && a->deleted == b->deleted &&
                      view_equal(buf_view(a->text), buf_view(b->text)));
}

/* Tombstones count as keys: when one is gone, a flag may be created again with a lower version,
 * which only SDKs with a fresh put would take. */
static bool all_keys_remain(const struct dataset *old, const struct dataset *new)
{
    for (size_t kind = 0; kind < ITEM_KIND_COUNT; kind++) {
        const struct sequence *items = &old->collections[kind].items;
        for (size_t i = 0; i < items->count; i++) {
            struct view key = sequence_at(items, i)->key;
            if (dataset_find(new, (enum item_kind)kind, key) == NULL)
                return false;
        }
    }
    return true;
}

static void item_compare(struct comparison *c, const struct item *old, struct item *new)
{
    c->all_bytes += new->text->len;
    if (old != NULL && item_equal(old, new))
        return;
    if (old != NULL && new->version <= old->version)
        c->patchable = false;
    c->changed[c->changed_count++] = new;
    c->changed_bytes += new->text->len;
}

/* Segments first, then flags, each in dependency order (data-store.md 2.2). */
static void datasets_compare(struct comparison *c, const struct dataset *old, struct dataset *new)
{
    static const enum item_kind order[] = {ITEM_SEGMENT, ITEM_FLAG};
    size_t counts[ARRAY_LEN(order)];
    struct item *const *items[ARRAY_LEN(order)];
    for (size_t k = 0; k < ARRAY_LEN(order); k++)
        items[k] = dataset_ordered(new, order[k], &counts[k]);
    c->changed = mem_alloc((counts[0] + counts[1]) * sizeof(struct item *));
    for (size_t k = 0; k < ARRAY_LEN(order); k++) {
        for (size_t i = 0; i < counts[k]; i++)
            item_compare(c, dataset_find(old, order[k], items[k][i]->key), items[k][i]);
    }
}

void dataset_diff(struct dataset *old, struct dataset *new, struct dataset_diff *out)
{
    struct comparison c = {.patchable = all_keys_remain(old, new)};
    datasets_compare(&c, old, new);
    bool few = c.changed_bytes < c.all_bytes - c.changed_bytes;
    *out = (struct dataset_diff){.change = DATASET_REPLACED};
    if (c.patchable && c.changed_count == 0) {
        out->change = DATASET_EQUAL;
    } else if (c.patchable && few) {
        out->change = DATASET_PATCHES;
        out->changed = c.changed;
        out->changed_count = c.changed_count;
        c.changed = NULL;
    }
    mem_free(c.changed);
}

void dataset_diff_free(struct dataset_diff *diff)
{
    mem_free(diff->changed);
    *diff = (struct dataset_diff){0};
}
