/* flags/dataset.h - all flags and segments of one environment at one moment, immutable.
 *
 *   dataset v7 --dataset_with_item()--> dataset v8        v7 and v8 share every other item and most
 * of |                                  |             the tree between them: a patch in a data set
 *   put (rendered once, on first use)   put (not yet)     of 10,000 flags copies a path, not the
 * flags.
 *
 * Reference counted; any thread may read. Renderings are made on first use, once per dataset,
 * whoever asks first; the others get the same buffer. May call: base.
 */
#ifndef FLAGS_DATASET_H
#define FLAGS_DATASET_H

#include "base/frame.h"
#include "flags/item.h"

#include <stddef.h>

struct dataset;

/* Collects the items of one `put`. Later items with the same kind and key replace earlier ones. */
struct dataset_builder;
struct dataset_builder *dataset_builder_new(void);
void dataset_builder_add_take(struct dataset_builder *b, struct item *it);
void dataset_builder_free(struct dataset_builder *b); /* accepts NULL; drops what was added */

/* The finished data set, one reference; the builder is freed. */
struct dataset *dataset_builder_finish_take(struct dataset_builder *b);

/* One without items. */
struct dataset *dataset_empty(void);

/* A new data set with this item (or tombstone) put in or replaced, whatever the versions; takes the
 * item's reference, leaves `d` untouched. */
struct dataset *dataset_with_item_take(struct dataset *d, struct item *it);

struct dataset *dataset_ref(struct dataset *d);
void dataset_unref(struct dataset *d); /* accepts NULL */

/* The item or tombstone, borrowed from the data set; NULL when unknown. */
struct item *dataset_find(const struct dataset *d, enum item_kind kind, struct view key);

/* Is this flag a prerequisite of another one? */
bool dataset_flag_is_needed(const struct dataset *d, struct view key);

/* Does it hold a segment whose members are in a database? */
bool dataset_has_big_segments(const struct dataset *d);

/* Who may get another value when the members of this segment change: those who may see a flag that
 * asks for it, by itself or through prerequisites and other segments. A set; 0: nobody. */
enum { DATASET_BROWSERS = 1, DATASET_PHONES = 2 };
unsigned dataset_segment_audience(struct dataset *d, struct view key);

/* Items of a kind; tombstones are not counted by dataset_count(). */
size_t dataset_count(const struct dataset *d, enum item_kind kind);

/* All items of a kind, tombstones included, in the order of data-store.md 2.2: each item after
 * those it needs, received order as the tie break. Computed once per data set. The array is
 * borrowed. */
struct item *const *dataset_ordered(struct dataset *d, enum item_kind kind, size_t *count);

/* The `put` of /all (streaming.md 8): {"path":"/","data":{"flags":{...},"segments":{...}}},
 * tombstones left out. Borrowed; made on first use, on whichever thread asks first. */
struct frame *dataset_put_all(struct dataset *d);

/* The `put` of /flags: {KEY:FLAG,...}; its data is also the body of /sdk/flags. Borrowed; as above.
 */
struct frame *dataset_put_flags(struct dataset *d);

/* What polls get (http-api.md 6, 8): {KEY:FLAG,...}, or
 * {"flags":{KEY:FLAG,...},"segments":{KEY:SEGMENT,...}}; the same order as in the puts. */
enum dataset_poll { DATASET_POLL_FLAGS, DATASET_POLL_ALL, DATASET_POLL_COUNT };

/* The body; borrowed, made on first use. */
struct buf *dataset_poll_body(struct dataset *d, enum dataset_poll poll);

/* What its ETag says: 15 hexadecimal digits, known without making the body. Lives as long as the
 * data set. */
struct view dataset_poll_version(struct dataset *d, enum dataset_poll poll);

/* What a new full data set means for connected SDKs (streaming.md 13.6). */
enum dataset_change {
    DATASET_EQUAL,   /* nothing to send */
    DATASET_PATCHES, /* only the items in `changed`, in dependency order */
    DATASET_REPLACED /* send a full put */
};

struct dataset_diff {
    enum dataset_change change;
    struct item **changed; /* DATASET_PATCHES: borrowed items of the new data set; array owned */
    size_t changed_count;
};

/* Compares by version, then canonical text. Release with dataset_diff_free(). */
void dataset_diff(struct dataset *old, struct dataset *new, struct dataset_diff *out);
void dataset_diff_free(struct dataset_diff *diff);

#endif
