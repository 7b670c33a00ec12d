/* flags/item.h - one flag or segment at one version, immutable, shared by any number of threads.
 *
 *   upstream JSON --item_parse()--> struct item --> canonical text (streams, polls, databases: same
 * bytes)
 *                                              \-> facts for ordering and visibility
 *
 * Lives on any thread, reference counted. Pure functions, no I/O. May call: base.
 */
#ifndef FLAGS_ITEM_H
#define FLAGS_ITEM_H

#include "base/buf.h"
#include "base/error.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>

enum item_kind { ITEM_FLAG, ITEM_SEGMENT, ITEM_KIND_COUNT };

/* "flags" and "segments", as in stream paths. */
const char *item_kind_stream_name(enum item_kind kind);

/* "features" and "segments", as in databases. */
const char *item_kind_store_name(enum item_kind kind);

struct item {
    _Atomic unsigned refs;
    enum item_kind kind;
    bool deleted;             /* a tombstone: only key and version mean anything */
    bool visible_environment; /* flag: browsers may see it (evaluation.md 2.2) */
    bool visible_mobile;      /* flag: phones may see it */
    bool unbounded;           /* segment: a big segment */
    _Atomic bool complained;  /* evaluation has told that its configuration is invalid */
    int64_t version;
    struct buf *text; /* canonical JSON (evaluation.md 2.4); tombstones too (data-store.md 2.1) */
    struct view key;  /* the item's key in its map, not the JSON "key"; lives as long as the item */
    struct view quoted_key;   /* the same as a JSON string */
    const struct view *needs; /* keys of prerequisites, or of segmentMatch segments of a segment */
    uint32_t need_count;
    uint32_t asked_count;   /* keys behind the needs: of segmentMatch segments of a flag */
    void *_Atomic compiled; /* for evaluation, made on first use: flags/compiled.h */
    alignas(struct view) char memory[]; /* what the views point to */
};

/* Parses the JSON of one item (evaluation.md 2.1-2.3) under the key `key`. `"deleted":true` gives a
 * tombstone. One reference. NULL with *err set ("\"variations\": expected an array at offset 17")
 * when the text is not such an item. */
MUST_CHECK struct item *item_parse(enum item_kind kind, struct view key, struct view json,
                                   struct error *err);

/* A tombstone; its text is the full default item with key "$deleted". One reference. */
struct item *item_tombstone(enum item_kind kind, struct view key, int64_t version);

struct item *item_ref(struct item *it);
void item_unref(struct item *it); /* accepts NULL */

#endif
