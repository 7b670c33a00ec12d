/* flags/key_set.h - an immutable set of texts: targets, segment members, values of an `in` clause.
 *
 * Made once, in an arena; the texts are borrowed and must live as long. Any thread may look up.
 */
#ifndef FLAGS_KEY_SET_H
#define FLAGS_KEY_SET_H

#include "flags/arena.h"

#include <stdint.h>

struct key_set_slot;

struct key_set {
    const struct key_set_slot *slots; /* open addressing; NULL while the set is empty */
    size_t slot_count;                /* a power of two; at most half in use, of four slots three */
};

/* The hash of a text, seeded once per process. */
uint32_t key_set_hash(struct view text);

/* Of texts[0] to texts[count - 1], which may repeat. */
struct key_set key_set_make(struct arena *arena, const struct view *texts, size_t count);

/* `hash` is key_set_hash(text). */
bool key_set_has(const struct key_set *set, struct view text, uint32_t hash);

#endif
