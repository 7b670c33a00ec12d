/* flags/key_index.h - from a key to its position in a sequence, shared between versions of a data
 * set.
 *
 *   hash 01100 10111 ...      a hash trie: five bits of the hash choose one of 32 slots per level,
 * and |     |              only slots in use take memory. Nodes are shared and copied like those of
 *      [node]->[node]->...    a sequence. Keys that agree in all 32 bits end in one list.
 *
 * Keys never leave and never move: a data set keeps deleted items as tombstones. So replacing an
 * item does not touch the index at all.
 */
#ifndef FLAGS_KEY_INDEX_H
#define FLAGS_KEY_INDEX_H

#include "flags/sequence.h"

#include <stdint.h>

#define KEY_INDEX_NONE SIZE_MAX

struct key_index_node;

struct key_index {
    struct key_index_node *root; /* NULL while empty; `struct key_index x = {0};` is an empty one */
};

/* The hash under which a key is kept; the same everywhere in one process. */
uint32_t key_index_hash(struct view key);

/* The position of the item with this key, or KEY_INDEX_NONE. */
size_t key_index_find(const struct key_index *x, const struct sequence *items, struct view key,
                      uint32_t hash);

/* Adds a key that is not there yet. */
void key_index_add(struct key_index *x, uint32_t hash, uint32_t position);

/* A second owner of the same contents. */
struct key_index key_index_share(const struct key_index *x);

/* Drops the contents; the index is empty afterwards. */
void key_index_release(struct key_index *x);

#endif
