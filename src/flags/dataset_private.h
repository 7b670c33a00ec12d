/* flags/dataset_private.h - the inside of a data set, for the files of flags/ only. */
#ifndef FLAGS_DATASET_PRIVATE_H
#define FLAGS_DATASET_PRIVATE_H

#include "base/str.h"
#include "flags/dataset.h"
#include "flags/key_index.h"
#include "flags/key_order.h"

#include <pthread.h>

struct image;

/* All items of one kind. An item keeps the position at which its key was first received. */
struct collection {
    struct sequence items;
    struct key_index index;
    size_t live;         /* items that are no tombstones */
    size_t unbounded;    /* big segments among them */
    size_t render_bytes; /* of "KEY":TEXT, for each of those */
};

struct dataset {
    _Atomic unsigned refs;
    struct collection collections[ITEM_KIND_COUNT];
    pthread_mutex_t making; /* held by whoever makes one of the following */
    struct item **_Atomic ordered[ITEM_KIND_COUNT];
    struct frame *_Atomic put_all;
    struct frame *_Atomic put_flags;
    struct buf *_Atomic poll_bodies[DATASET_POLL_COUNT];
    struct buf *_Atomic poll_versions[DATASET_POLL_COUNT];
    struct key_order *_Atomic by_key; /* of flags; also taken over from an older version */
    struct image *_Atomic image;      /* of flags, compiled */
    unsigned char *_Atomic audiences; /* of each segment, by position */
};

/* Puts an item in or replaces the one with its key; takes its reference. */
void collection_put_take(struct collection *c, struct item *it);

/* The item or tombstone, borrowed; NULL when unknown. */
struct item *collection_find(const struct collection *c, struct view key);

struct collection collection_share(const struct collection *c);
void collection_release(struct collection *c);

/* Where it is, or KEY_INDEX_NONE. */
size_t collection_position(const struct collection *c, struct view key);

/* All items of the collection in the order of dataset_ordered(); NULL when there are none. */
struct item **collection_order(const struct collection *c);

/* {KEY:ITEM,...} without tombstones, appended; dataset_ordered() was asked before. */
void dataset_map_write(struct dataset *d, enum item_kind kind, struct str *out);

/* The flags in the order of their keys; borrowed, made on first use. */
const struct key_order *dataset_by_key(struct dataset *d);

#endif
