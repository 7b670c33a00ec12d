/* flags/name.h - the name of an attribute, made to be compared often: hash, length and first bytes
 * stand side by side, so that the text itself is rarely looked at. */
#ifndef FLAGS_NAME_H
#define FLAGS_NAME_H

#include "flags/key_set.h"

#define NAME_HEAD_BYTES 16

struct name {
    const char *data; /* borrowed */
    uint32_t len;
    uint32_t hash;                                     /* key_set_hash() */
    uint64_t head[NAME_HEAD_BYTES / sizeof(uint64_t)]; /* the first bytes, then zeros */
};

static inline struct name name_of(struct view text)
{
    struct name name = {.data = text.len != 0 ? text.data : "",
                        .len = (uint32_t)text.len,
                        .hash = key_set_hash(text)};
    memcpy(name.head, name.data, text.len < NAME_HEAD_BYTES ? text.len : NAME_HEAD_BYTES);
    return name;
}

static inline bool name_equal(const struct name *a, const struct name *b)
{
    bool alike = a->hash == b->hash && a->len == b->len && a->head[0] == b->head[0] &&
                 a->head[1] == b->head[1];
    if (!alike || a->len <= NAME_HEAD_BYTES)
        return alike;
    return memcmp(a->data, b->data, a->len) == 0;
}

#endif
