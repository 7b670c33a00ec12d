/* bigsegments/patch.h - what LaunchDarkly says about the members of big segments (big-segments.md
 * 5.1).
 *
 *   [{"segmentId":"vip.g2","version":"b","previousVersion":"a","changes":{"included":{"add":[...
 *    '------------------------- one patch -----------------------'
 *
 * A patch may have hundreds of thousands of hashes. They stay where they are, in the text of the
 * patch, which is checked once; who applies it walks through them. Pure functions, no I/O. May
 * call: base.
 */
#ifndef BIGSEGMENTS_PATCH_H
#define BIGSEGMENTS_PATCH_H

#include "base/error.h"
#include "base/json_reader.h"

/* In the order in which Redis and SQLite apply them (6.1). */
enum patch_list {
    PATCH_INCLUDED_ADD,
    PATCH_INCLUDED_REMOVE,
    PATCH_EXCLUDED_ADD,
    PATCH_EXCLUDED_REMOVE,
    PATCH_LIST_COUNT
};

struct patch {
    struct view text;                    /* the whole JSON object */
    struct str segment_id;               /* "vip.g2" */
    struct str version;                  /* the cursor after this patch; may be "" */
    struct str previous_version;         /* must be the cursor before it; may be "" */
    struct view lists[PATCH_LIST_COUNT]; /* JSON arrays of strings, within the text */
    size_t counts[PATCH_LIST_COUNT];
};

/* Missing properties and nulls are empty, unknown ones are ignored. False with *err when the text
 * is no patch; nothing is to be freed then. `text` must live as long as the patch. */
MUST_CHECK bool patch_parse(struct view text, struct patch *out, struct error *err);
void patch_free(struct patch *p);

/* How many hashes are in all four lists. */
size_t patch_size(const struct patch *p);

/* Walks through one list. */
struct patch_hashes {
    bool empty;
    struct json_reader reader;
    struct str scratch;
};

void patch_hashes_begin(struct patch_hashes *h, const struct patch *p, enum patch_list list);

/* False at the end. `hash` is valid until the next call. */
bool patch_hashes_next(struct patch_hashes *h, struct view *hash);
void patch_hashes_end(struct patch_hashes *h);

/* "vip.g2" -> "vip", "a.b.g7" -> "a.b", "plain" -> "plain": up to the last dot, unless that is the
 * first character (8). */
struct view patch_segment_key(struct view segment_id);

#endif
