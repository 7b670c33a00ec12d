/* flags/sequence.h - items by position, shared between versions of a data set.
 *
 *            root                 a radix tree, 16 slots a node; position 0x2A3 is slot 2 of the
 * root, /  |  \                then slot A, then slot 3. A node that another version refers to as
 *      [...] [...] [...]          well is copied before it is changed, one that is ours alone is
 *       / \    |     |            changed in place. So a put is built without copying, and a patch
 *   items ...                     copies one path.
 *
 * A struct sequence owns one reference to its root; only its owner may change it. Reference counts
 * are atomic, so any number of sequences on any threads may share nodes.
 */
#ifndef FLAGS_SEQUENCE_H
#define FLAGS_SEQUENCE_H

#include "flags/item.h"

#include <stddef.h>

struct sequence_node;

struct sequence {
    struct sequence_node *root; /* NULL while empty; `struct sequence s = {0};` is an empty one */
    unsigned height;            /* levels of nodes */
    size_t count;
};

/* The item at a position below count, borrowed. */
struct item *sequence_at(const struct sequence *s, size_t position);

/* Replaces the item at `position`, or appends when position is count. Takes the item's reference.
 */
void sequence_set_take(struct sequence *s, size_t position, struct item *it);

/* A second owner of the same contents. */
struct sequence sequence_share(const struct sequence *s);

/* Drops the contents; the sequence is empty afterwards. */
void sequence_release(struct sequence *s);

#endif
