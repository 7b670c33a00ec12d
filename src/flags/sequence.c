/* flags/sequence.c - see sequence.h. */
#include "flags/sequence.h"

#include <stdatomic.h>

#define SLOT_BITS 4
#define SLOT_COUNT ((size_t)1 << SLOT_BITS)

union sequence_slot {
    struct sequence_node *node; /* above the lowest level */
    struct item *item;          /* on the lowest level */
};

/* Slots are filled from the front; the others are NULL. */
struct sequence_node {
    _Atomic unsigned refs;
    union sequence_slot slots[SLOT_COUNT];
};

static size_t slot_of(size_t position, unsigned level)
{
    return (position >> (level * SLOT_BITS)) & (SLOT_COUNT - 1);
}

static struct sequence_node *node_new(void)
{
    struct sequence_node *node = mem_zalloc(sizeof *node);
    atomic_init(&node->refs, 1);
    return node;
}

static void node_unref(struct sequence_node *node, unsigned level)
{
    if (node == NULL || atomic_fetch_sub_explicit(&node->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < SLOT_COUNT; i++) {
        if (level == 0)
            item_unref(node->slots[i].item);
        else
            node_unref(node->slots[i].node, level - 1);
    }
    mem_free(node);
}

static void node_ref(struct sequence_node *node)
{
    atomic_fetch_add_explicit(&node->refs, 1, memory_order_relaxed);
}

/* The node itself when nobody else refers to it, otherwise a copy in exchange for our reference. */
static struct sequence_node *node_own_take(struct sequence_node *node, unsigned level)
{
    if (atomic_load_explicit(&node->refs, memory_order_acquire) == 1)
        return node;
    struct sequence_node *copy = node_new();
    for (size_t i = 0; i < SLOT_COUNT && node->slots[i].item != NULL; i++) {
        copy->slots[i] = node->slots[i];
        if (level == 0)
            (void)item_ref(copy->slots[i].item);
        else
            node_ref(copy->slots[i].node);
    }
    node_unref(node, level);
    return copy;
}

static struct sequence_node *node_set_take(struct sequence_node *node, unsigned level,
                                           size_t position, struct item *it)
{
    size_t slot = slot_of(position, level);
    node = node != NULL ? node_own_take(node, level) : node_new();
    if (level == 0) {
        item_unref(node->slots[slot].item);
        node->slots[slot].item = it;
    } else {
        node->slots[slot].node = node_set_take(node->slots[slot].node, level - 1, position, it);
    }
    return node;
}

struct item *sequence_at(const struct sequence *s, size_t position)
{
    const struct sequence_node *node = s->root;
    for (unsigned level = s->height - 1; level > 0; level--)
        node = node->slots[slot_of(position, level)].node;
    return node->slots[slot_of(position, 0)].item;
}

/* Positions that a tree of this height has. */
static size_t room(unsigned height)
{
    return height == 0 ? 0 : (size_t)1 << (height * SLOT_BITS);
}

void sequence_set_take(struct sequence *s, size_t position, struct item *it)
{
    if (position >= room(s->height)) {
        if (s->root != NULL) {
            struct sequence_node *root = node_new();
            root->slots[0].node = s->root;
            s->root = root;
        }
        s->height++;
    }
    s->root = node_set_take(s->root, s->height - 1, position, it);
    if (position == s->count)
        s->count++;
}

struct sequence sequence_share(const struct sequence *s)
{
    if (s->root != NULL)
        node_ref(s->root);
    return *s;
}

void sequence_release(struct sequence *s)
{
    if (s->root != NULL)
        node_unref(s->root, s->height - 1);
    *s = (struct sequence){0};
}
