/* bigsegments/applier.h - applies patches to the database as they arrive, one after the other
 * (big-segments.md 5.2, 5.3). For the files of bigsegments/ only.
 *
 *   bytes --applier_feed--> patch_reader --patch--> membership_run(APPLY) --done--> next patch
 *                                                      '-- applied: struct progress
 *
 * When a patch does not follow the cursor, another relay may have been faster, with this patch or a
 * later one of the same array (5.3): the cursor tells.
 *
 * Two of them feed one database: that of the poll and that of the stream. They never work at the
 * same time; the one whose turn it is not is held.
 */
#ifndef BIGSEGMENTS_APPLIER_H
#define BIGSEGMENTS_APPLIER_H

#include "base/map.h"
#include "bigsegments/patch_reader.h"
#include "bigsegments/synchronizer.h"

/* What one environment's synchroniser knows of the database. */
struct progress {
    struct membership_store *store;
    struct log_scope *log;
    bool trace;
    struct str cursor;  /* the last one known */
    struct map changed; /* keys of segments that nobody was told of yet */
    struct synchronizer_counts counts;
};

void progress_free(struct progress *p);

/* What became of one array. */
struct applied {
    bool any;        /* it had patches */
    size_t applied;  /* here */
    bool mismatched; /* the rest was skipped: some are missing, or somebody else applied them */
    size_t skipped;  /* how many, when mismatched */
    bool foreign;    /* another relay has moved the cursor meanwhile */
};

struct applier_listener {
    /* An array is over. The listener may hold or stop the applier, but not free it. */
    void (*array)(void *owner, const struct applied *a);
    /* Malformed data or a database error; nothing more is applied. Usually followed by a stop. */
    void (*failed)(void *owner, const char *problem);
    /* Everything that was fed is done with, but an array that is not whole. */
    void (*idle)(void *owner);
    /* Shall more be fed, or not for now? Told when it changes. */
    void (*room)(void *owner, bool room);
};

struct applier {
    struct progress *progress;
    const struct applier_listener *listener;
    void *owner;
    struct patch_reader *reader;
    struct patch *patch; /* being applied, or looked at */
    struct membership_op op;
    bool busy; /* `op` is with the store */
    bool going;
    bool held;
    bool stopped;
    bool room;
    bool skipping;
    struct applied present; /* array */
    struct str stray;       /* previous version of the first patch that did not follow */
    struct map skipped;     /* keys of the segments of that one and those behind it */
};

void applier_open(struct applier *a, struct progress *progress, size_t max_patch,
                  const struct applier_listener *listener, void *owner);

/* Not while busy. */
void applier_free(struct applier *a);

/* Bytes of an array, and its end. What they lead to may be told from inside. */
void applier_feed(struct applier *a, struct view bytes);
void applier_array_end(struct applier *a);

/* While held it starts nothing new; letting go may tell from inside. */
void applier_hold(struct applier *a);
void applier_let_go(struct applier *a);

/* Everything that waits is forgotten; when it is busy, `idle` comes at the end. */
void applier_stop(struct applier *a);

/* What the last array lacked is in the database: its segments have changed. */
void applier_admit(struct applier *a);

/* The warning about a patch that did not follow (10). */
void applier_warn_of_mismatch(const struct applier *a);

#endif
