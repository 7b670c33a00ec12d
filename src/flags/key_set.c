/* flags/key_set.c - see key_set.h. */
#include "flags/key_set.h"

#include "base/map.h"

#define KEY_SET_DENSE 3 /* texts that fill one cache line and leave a slot free */

struct key_set_slot {
    const char *data; /* NULL: not in use */
    uint32_t len;
    uint32_t hash;
};

uint32_t key_set_hash(struct view text)
{
    return (uint32_t)map_hash(text);
}

/* The text itself is looked at last: it is somewhere else in memory. */
static bool slot_is(const struct key_set_slot *slot, struct view text, uint32_t hash)
{
    return slot->hash == hash && view_equal(view_make(slot->data, slot->len), text);
}

/* The slot that holds the text, or the free one where it belongs. */
static size_t slot_find(const struct key_set_slot *slots, size_t slot_count, struct view text,
                        uint32_t hash)
{
    size_t at = hash & (slot_count - 1);
    while (slots[at].data != NULL && !slot_is(&slots[at], text, hash))
        at = (at + 1) & (slot_count - 1);
    return at;
}

struct key_set key_set_make(struct arena *arena, const struct view *texts, size_t count)
{
    if (count == 0)
        return (struct key_set){0};
    size_t slot_count = 2;
    while (slot_count < (count <= KEY_SET_DENSE ? count + 1 : count * 2))
        slot_count *= 2;
    struct key_set_slot *slots = arena_alloc(arena, slot_count * sizeof *slots);
    for (size_t i = 0; i < count; i++) {
        uint32_t hash = key_set_hash(texts[i]);
        size_t at = slot_find(slots, slot_count, texts[i], hash);
        slots[at] = (struct key_set_slot){.data = texts[i].len != 0 ? texts[i].data : "",
                                          .len = (uint32_t)texts[i].len,
                                          .hash = hash};
    }
    return (struct key_set){.slots = slots, .slot_count = slot_count};
}

bool key_set_has(const struct key_set *set, struct view text, uint32_t hash)
{
    if (set->slots == NULL)
        return false;
    return set->slots[slot_find(set->slots, set->slot_count, text, hash)].data != NULL;
}
