/* events/spool_index.h - which records of the spool are still needed, and so which files (13.6).
 *
 *   a post   until a flush of its group covers it: the last batch of the flush is there
 *   a batch  until its outcome is there
 *   a file   until nothing in it is needed, nor anything in an older one
 *
 * Knows what is on disk, not how it comes there. A batch that could not be written leaves its posts
 * on disk; they are covered when all such batches of the group have an outcome. Pure. May call:
 * base.
 */
#ifndef EVENTS_SPOOL_INDEX_H
#define EVENTS_SPOOL_INDEX_H

#include "base/list.h"
#include "base/map.h"
#include "base/str.h"
#include "events/spool.h"

struct spool_segment {
    struct list node;
    uint64_t number;
    int64_t bytes;
    size_t needed; /* records */
};

struct spool_members; /* of one group */

struct spool_index {
    struct list segments; /* oldest first */
    struct spool_segment *newest;
    int64_t bytes;       /* of all files */
    struct map groups;   /* struct spool_members */
    struct list members; /* the same */
    struct map batches;  /* by payload ID */
    struct list written; /* the same, oldest first */
    bool reading;        /* groups stay, for spool_index_wants_post() */
    struct str scratch;
};

/* It is for reading first: what is found is put in, asked for, and then spool_index_read() ends
 * that. */
void spool_index_init(struct spool_index *x);
void spool_index_read(struct spool_index *x);
void spool_index_free(struct spool_index *x);

/* The segment of this number, the newest one; made where needed. */
struct spool_segment *spool_index_segment(struct spool_index *x, uint64_t number);
void spool_index_grow(struct spool_index *x, struct spool_segment *segment, int64_t bytes);

/* The oldest segment when nothing in it is needed and it is not the one of number `keep`. */
struct spool_segment *spool_index_unneeded(struct spool_index *x, uint64_t keep);
void spool_index_remove(struct spool_index *x, struct spool_segment *segment);

/* The group's members, one more reference; made where needed. */
struct spool_members *spool_index_members(struct spool_index *x, const struct spool_group *group);
void spool_index_members_unref(struct spool_index *x, struct spool_members *m);

/* Is a batch of the group not on disk? The following ones must not be, either: they would cover its
 * posts. */
bool spool_index_has_unwritten(const struct spool_members *m);

/* Posts up to this seq need nothing once those batches have their outcomes. */
void spool_index_unwritten_extend(struct spool_members *m, uint64_t up_to);

/* A post is on disk; seqs of a group ascend. Nothing when it is covered already. */
void spool_index_post(struct spool_members *m, uint64_t seq, struct spool_segment *segment);

/* Where a record is in its file; files are smaller than 4 GiB. */
struct spool_place {
    uint32_t offset;
    uint32_t length; /* 0: it is not on disk */
};

/* A batch is on disk. */
void spool_index_batch(struct spool_index *x, struct spool_members *m, struct view payload_id,
                       uint64_t up_to, bool more, struct spool_segment *segment,
                       struct spool_place place);

/* A batch is formed, but not on disk. */
void spool_index_unwritten(struct spool_index *x, struct spool_members *m, struct view payload_id,
                           uint64_t up_to);

/* The outcome is on disk, or there is nothing on disk for it. */
void spool_index_done(struct spool_index *x, struct view payload_id);

/* The batch that is not on disk has an outcome. True, with one reference in *members, when the
 * group's posts up to *up_to are still on disk and have to be covered by a record now. */
bool spool_index_unwritten_done(struct spool_index *x, struct view payload_id,
                                struct spool_members **members, uint64_t *up_to);

const struct spool_group *spool_index_group(const struct spool_members *m);

/* After all records were read: batches of a flush whose last batch is missing count for nothing;
 * `forgotten` is told each. */
void spool_index_forget_unfinished(struct spool_index *x,
                                   void (*forgotten)(void *arg, struct view payload_id), void *arg);

/* Where a batch is, and the number of the file; false when it is not on disk. */
bool spool_index_place(const struct spool_index *x, struct view payload_id,
                       struct spool_place *place, uint64_t *number);

/* What a replay must hand over. */
bool spool_index_wants_post(struct spool_index *x, const struct spool_group *group, uint64_t seq);
bool spool_index_wants_batch(const struct spool_index *x, struct view payload_id,
                             const struct spool_segment *segment);

#endif
