/* flags/key_index.c - see key_index.h. */
#include "flags/key_index.h"

#include "base/map.h"

#include <stdatomic.h>

#define SLOT_BITS 5
#define HASH_BITS 32

struct leaf {
    uint32_t hash;
    uint32_t position;
};

union index_slot {
    struct leaf leaf;
    struct key_index_node *node;
};

/* A branch has a slot for each bit of `used`, in the order of the bits. When the hash is used up
 * the node is a list instead: `used` is the number of its slots, and all are leaves. */
struct key_index_node {
    _Atomic unsigned refs;
    uint32_t used;
    uint32_t branches; /* of the bits in `used`, those whose slot is a node */
    union index_slot slots[];
};

uint32_t key_index_hash(struct view key)
{
    uint64_t hash = map_hash(key);
    return (uint32_t)(hash ^ (hash >> 32));
}

static bool is_list(unsigned shift)
{
    return shift >= HASH_BITS;
}

static uint32_t bit_of(uint32_t hash, unsigned shift)
{
    return (uint32_t)1 << ((hash >> shift) & ((1U << SLOT_BITS) - 1));
}

static size_t slot_of(const struct key_index_node *node, uint32_t bit)
{
    return (size_t)__builtin_popcount(node->used & (bit - 1));
}

static size_t slot_count(const struct key_index_node *node, unsigned shift)
{
    return is_list(shift) ? node->used : (size_t)__builtin_popcount(node->used);
}

static struct key_index_node *node_new(size_t slots)
{
    struct key_index_node *node = mem_zalloc(sizeof *node + slots * sizeof node->slots[0]);
    atomic_init(&node->refs, 1);
    return node;
}

static bool slot_is_node(const struct key_index_node *node, unsigned shift, uint32_t bit)
{
    return !is_list(shift) && (node->branches & bit) != 0;
}

/* Calls `visit` for each node right below this one. */
static void children_each(const struct key_index_node *node, unsigned shift,
                          void (*visit)(struct key_index_node *child, unsigned shift))
{
    if (is_list(shift))
        return;
    for (uint32_t left = node->branches; left != 0; left &= left - 1)
        visit(node->slots[slot_of(node, left & -left)].node, shift + SLOT_BITS);
}

static void node_unref(struct key_index_node *node, unsigned shift)
{
    if (atomic_fetch_sub_explicit(&node->refs, 1, memory_order_acq_rel) != 1)
        return;
    children_each(node, shift, node_unref);
    mem_free(node);
}

static void node_ref(struct key_index_node *node, unsigned shift)
{
    (void)shift;
    atomic_fetch_add_explicit(&node->refs, 1, memory_order_relaxed);
}

/* An equal node that is ours alone, with `extra` slots more at its end, in exchange for our
 * reference. */
static struct key_index_node *node_own_take(struct key_index_node *node, unsigned shift,
                                            size_t extra)
{
    size_t count = slot_count(node, shift);
    size_t size = sizeof *node + (count + extra) * sizeof node->slots[0];
    if (atomic_load_explicit(&node->refs, memory_order_acquire) == 1)
        return extra == 0 ? node : mem_realloc(node, size);
    struct key_index_node *copy = node_new(count + extra);
    copy->used = node->used;
    copy->branches = node->branches;
    memcpy(copy->slots, node->slots, count * sizeof node->slots[0]);
    children_each(copy, shift, node_ref);
    node_unref(node, shift);
    return copy;
}

/* A leaf in a slot that is not in use yet. */
static struct key_index_node *leaf_insert_take(struct key_index_node *node, unsigned shift,
                                               struct leaf leaf)
{
    size_t count = slot_count(node, shift);
    uint32_t bit = is_list(shift) ? 0 : bit_of(leaf.hash, shift);
    size_t slot = is_list(shift) ? count : slot_of(node, bit);
    node = node_own_take(node, shift, 1);
    memmove(&node->slots[slot + 1], &node->slots[slot], (count - slot) * sizeof node->slots[0]);
    node->slots[slot].leaf = leaf;
    node->used = is_list(shift) ? node->used + 1 : node->used | bit;
    return node;
}

/* Recursion ends at the list below the last bits of the hash, seven levels down. */
static struct key_index_node *node_add_take(struct key_index_node *node, unsigned shift,
                                            struct leaf leaf)
{
    uint32_t bit = is_list(shift) ? 0 : bit_of(leaf.hash, shift);
    if ((node->used & bit) == 0 || is_list(shift))
        return leaf_insert_take(node, shift, leaf);
    node = node_own_take(node, shift, 0);
    union index_slot *slot = &node->slots[slot_of(node, bit)];
    struct key_index_node *below = slot->node;
    if (!slot_is_node(node, shift, bit)) {
        below = leaf_insert_take(node_new(0), shift + SLOT_BITS, slot->leaf);
        node->branches |= bit;
    }
    slot->node = node_add_take(below, shift + SLOT_BITS, leaf);
    return node;
}

static size_t leaf_match(const struct leaf *leaf, const struct sequence *items, struct view key,
                         uint32_t hash)
{
    bool same = leaf->hash == hash && view_equal(sequence_at(items, leaf->position)->key, key);
    return same ? leaf->position : KEY_INDEX_NONE;
}

static size_t list_find(const struct key_index_node *node, const struct sequence *items,
                        struct view key, uint32_t hash)
{
    size_t found = KEY_INDEX_NONE;
    for (size_t i = 0; i < node->used && found == KEY_INDEX_NONE; i++)
        found = leaf_match(&node->slots[i].leaf, items, key, hash);
    return found;
}

size_t key_index_find(const struct key_index *x, const struct sequence *items, struct view key,
                      uint32_t hash)
{
    const struct key_index_node *node = x->root;
    for (unsigned shift = 0; node != NULL; shift += SLOT_BITS) {
        if (is_list(shift))
            return list_find(node, items, key, hash);
        uint32_t bit = bit_of(hash, shift);
        if ((node->used & bit) == 0)
            return KEY_INDEX_NONE;
        const union index_slot *slot = &node->slots[slot_of(node, bit)];
        if (!slot_is_node(node, shift, bit))
            return leaf_match(&slot->leaf, items, key, hash);
        node = slot->node;
    }
    return KEY_INDEX_NONE;
}

void key_index_add(struct key_index *x, uint32_t hash, uint32_t position)
{
    struct key_index_node *root = x->root != NULL ? x->root : node_new(0);
    x->root = node_add_take(root, 0, (struct leaf){.hash = hash, .position = position});
}

struct key_index key_index_share(const struct key_index *x)
{
    if (x->root != NULL)
        node_ref(x->root, 0);
    return *x;
}

void key_index_release(struct key_index *x)
{
    if (x->root != NULL)
        node_unref(x->root, 0);
    x->root = NULL;
}
