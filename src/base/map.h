/* base/map.h - a hash map from text to pointer, for one thread at a time.
 *
 * Keys are copied. Values belong to the caller, who walks the map before map_free() if they must be
 * released. The hash is seeded once per process, so keys from outside cannot be chosen to collide.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/view.h"

#include <stdint.h>

struct map_entry;

struct map {
    struct map_entry **buckets; /* NULL while empty; `struct map m = {0};` is an empty map */
    size_t bucket_count;        /* a power of two */
    size_t count;
};

/* The value, or NULL when the key is not there. */
void *map_get(const struct map *m, struct view key);

/* Returns the value that was there before, or NULL. `value` must not be NULL. */
void *map_set(struct map *m, struct view key, void *value);

/* Returns the value that was there, or NULL. */
void *map_remove(struct map *m, struct view key);

/* Calls `visit` for each entry, in no particular order; `visit` must not change the map. */
void map_each(const struct map *m, void (*visit)(struct view key, void *value, void *arg),
              void *arg);

/* Frees the keys and the table; the map is empty afterwards. */
void map_free(struct map *m);

/* The seeded 64-bit hash that the map uses; the same for equal text within one process. */
uint64_t map_hash(struct view text);

#endif
