/* events/spool_private.h - the inside of a spool, for its own files.
 *
 *   spool.c          appends, failures, the end           control thread
 *   spool_job.c      queue -> thread pool -> index         control thread and pool
 *   spool_open.c     folder, lock, what is there           start
 *   spool_read.c     a batch comes back from the disk      control thread and pool
 *   spool_index.h    what is still needed
 *   spool_writer.h   files                                 pool
 *   spool_record.h   bytes
 */
#ifndef EVENTS_SPOOL_PRIVATE_H
#define EVENTS_SPOOL_PRIVATE_H

#include "events/spool_index.h"
#include "events/spool_writer.h"

#define SPOOL_RETRY_MS 10000
#define SPOOL_TOLD_MS 60000
#define SPOOL_SYNC_MS 1000
#define SPOOL_DELETES 16 /* files in one job */

/* What waits for the disk is in memory, too. */
#define SPOOL_QUEUE_MAX (INT64_C(64) << 20)

/* A record on its way. */
struct spool_entry {
    struct list node;
    enum spool_type type;
    bool ours; /* a post or batch nobody asked for; it must get there some day, as an outcome */
    struct str head;
    struct buf *body;              /* NULL: none */
    struct spool_members *members; /* one reference; NULL for an outcome */
    uint64_t seq;                  /* of a post; "up to" of a batch */
    bool more;
    char *payload_id;
    spool_written *written; /* NULL: nobody waits */
    void *owner;
    /* results */
    uint64_t number; /* of the file */
    struct spool_place place;
    bool ok;
};

/* A batch that somebody wants back. */
struct spool_wish {
    char *payload_id; /* NULL: nobody does */
    spool_got *got;
    void *owner;
    struct spool_place place; /* length 0: it is not there */
    uint64_t number;          /* of the file */
    struct buf *text;         /* what was read; NULL: it failed */
};

/* What the thread pool has at the moment. */
struct spool_job {
    uv_work_t work;
    bool running;
    struct list entries;
    bool sync; /* whatever else */
    bool last; /* and close */
    uint64_t deletes[SPOOL_DELETES];
    size_t delete_count;
    struct spool_wish wish;
    bool ok;
    bool dirty; /* afterwards */
    struct error err;
};

struct spool {
    struct spool_settings settings;
    int lock_fd;
    struct spool_writer writer; /* the job's, while it runs */
    struct spool_index index;
    uint64_t newest; /* number of the newest file */
    uint64_t next_seq;
    struct spool_wish wish; /* for the next job */
    struct list queue;
    int64_t queued_bytes; /* here and in the job */
    struct spool_job job;
    uv_timer_t timer;
    bool dirty;
    bool failing;
    int64_t retry_ms;
    int64_t told_ms; /* INT64_MIN: never */
    bool closing;
    void (*closed)(void *arg);
    void *closed_arg;
};

/* Lines about the disk, at most once a minute. */
void spool_tell(struct spool *s, const char *problem);

size_t spool_entry_bytes(const struct spool_entry *e);
void spool_entry_free(struct spool *s, struct spool_entry *e);

/* Starts a job when there is something to do and nothing against it, otherwise arms the timer. */
void spool_job_schedule(struct spool *s);
void spool_job_on_timer(uv_timer_t *timer);

/* Everything is written, or given up; frees the spool from a later turn. */
void spool_end(struct spool *s);

/* The wish becomes the job's, is read, and granted. */
struct spool_wish spool_wish_take(struct spool *s);
void spool_wish_read(const struct spool_writer *w, struct spool_wish *wish); /* on the pool */
void spool_wish_grant(struct spool *s, struct spool_wish wish);

/* An outcome without further thought. */
void spool_done_queue(struct spool *s, struct view payload_id, const char *outcome);

/* Folder, lock and files; false with *err. What was found is in the index. */
MUST_CHECK bool spool_folder_open(struct spool *s, struct error *err);

#endif
