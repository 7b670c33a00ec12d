/* store/sqlite.c - the embedded kind: operations go to the libuv thread pool, one at a time
 * (data-store.md 9).
 *
 *   run(op) --> ops (a list) --> busy? no: pool thread: sqlite_file_run() --> loop: op->done()
 *
 * Beside them a second pool thread copies the write-ahead log into the database now and then, over
 * a connection of its own, so that no update waits for it. Only when the log has grown very long
 * all the same - it begins anew only when everything in it was copied - does that take its turn in
 * the queue.
 */
#include "store/sqlite_jobs.h"
#include "store/store_private.h"

#define COPY_PAGES 1000
#define COPY_PAGES_IN_TURN 16384

enum sqlite_task { TASK_CHECK, TASK_OPERATION, TASK_JOB, TASK_COPY, TASK_CLOSE };

struct sqlite {
    struct store_backend base;
    struct sqlite_file file; /* the pool thread's while `busy` */
    uv_loop_t *loop;
    struct list ops;
    struct list jobs;
    uv_work_t work;
    enum sqlite_task task;
    struct store_op *op;    /* of TASK_OPERATION */
    struct sqlite_job *job; /* of TASK_JOB */
    bool busy;              /* the pool does `task` */
    uv_work_t copy;
    bool copying;     /* the log, beside the queue */
    int copied_pages; /* of the present log, at least */
    bool closing;     /* all that is left is to close the file */
    void (*closed)(void *arg);
    void *arg;
};

static void work_next(struct sqlite *q);

static struct sqlite *sqlite_of(struct store_backend *b)
{
    return CONTAINER_OF(b, struct sqlite, base);
}

/* ---- on the pool ----------------------------------------------------------------------------- */

static void work(uv_work_t *w)
{
    struct sqlite *q = CONTAINER_OF(w, struct sqlite, work);
    switch (q->task) {
    case TASK_CHECK:
        sqlite_file_check(&q->file);
        break;
    case TASK_OPERATION:
        sqlite_file_run(&q->file, q->op);
        break;
    case TASK_JOB:
        q->job->ok = sqlite_file_do(&q->file, q->job->work, q->job, &q->job->problem);
        break;
    case TASK_COPY:
        sqlite_file_copy_log(&q->file);
        break;
    case TASK_CLOSE:
        sqlite_file_close(&q->file, true);
        break;
    }
}

static void copy(uv_work_t *w)
{
    struct sqlite *q = CONTAINER_OF(w, struct sqlite, copy);
    sqlite_file_copy_log(&q->file);
}

/* ---- on the loop ----------------------------------------------------------------------------- */

static void finish(struct sqlite *q)
{
    void (*closed)(void *arg) = q->closed;
    void *arg = q->arg;
    sqlite_file_free(&q->file);
    mem_free(q);
    closed(arg);
}

static void copied(uv_work_t *w, int status)
{
    struct sqlite *q = CONTAINER_OF(w, struct sqlite, copy);
    (void)status; /* work is never cancelled */
    q->copying = false;
    work_next(q);
}

/* The log's length is known only while nobody writes to it. */
static void copy_if_long(struct sqlite *q)
{
    int pages = q->file.wal_pages;
    if (pages < q->copied_pages)
        q->copied_pages = 0; /* it has begun anew */
    if (q->copying || pages < q->copied_pages + COPY_PAGES)
        return;
    q->copying = true;
    q->copied_pages = pages;
    (void)uv_queue_work(q->loop, &q->copy, copy, copied);
}

static void worked(uv_work_t *w, int status)
{
    struct sqlite *q = CONTAINER_OF(w, struct sqlite, work);
    (void)status; /* work is never cancelled */
    q->busy = false;
    switch (q->task) {
    case TASK_OPERATION:
        copy_if_long(q);
        q->op->done(q->op);
        break;
    case TASK_JOB:
        copy_if_long(q);
        q->job->done(q->job); /* membership_sqlite.c */
        break;
    case TASK_CHECK:
        q->file.lost = false; /* nobody has been told of the contents yet */
        break;
    case TASK_COPY:
        q->file.wal_pages = 0;
        break;
    case TASK_CLOSE:
        finish(q);
        return;
    }
    work_next(q);
}

static void begin(struct sqlite *q, enum sqlite_task task)
{
    q->task = task;
    q->busy = true;
    (void)uv_queue_work(q->loop, &q->work, work, worked);
}

static void work_next(struct sqlite *q)
{
    if (q->busy)
        return;
    if (!list_empty(&q->ops)) {
        q->op = CONTAINER_OF(q->ops.next, struct store_op, link);
        list_remove(&q->op->link);
        begin(q, TASK_OPERATION);
    } else if (!list_empty(&q->jobs)) {
        q->job = CONTAINER_OF(q->jobs.next, struct sqlite_job, link);
        list_remove(&q->job->link);
        begin(q, TASK_JOB);
    } else if (q->copying) {
        return; /* what follows would only wait for it */
    } else if (q->closing) {
        begin(q, TASK_CLOSE);
    } else if (q->file.wal_pages >= COPY_PAGES_IN_TURN) {
        begin(q, TASK_COPY);
    }
}

static void sqlite_run(struct store_backend *b, struct store_op *op)
{
    struct sqlite *q = sqlite_of(b);
    list_append(&q->ops, &op->link);
    work_next(q);
}

void sqlite_job_post(struct store_database *db, struct sqlite_job *j)
{
    struct sqlite *q = sqlite_of(db->backend);
    list_append(&q->jobs, &j->link);
    work_next(q);
}

struct sqlite_file *sqlite_file_of(struct store_database *db)
{
    return &sqlite_of(db->backend)->file;
}

static void sqlite_hurry(struct store_backend *b)
{
    sqlite_of(b)->file.hurry = true;
}

static void sqlite_close(struct store_backend *b, void (*closed)(void *arg), void *arg)
{
    struct sqlite *q = sqlite_of(b);
    q->closed = closed;
    q->arg = arg;
    q->closing = true;
    work_next(q);
}

static const char *sqlite_server(const struct store_backend *b)
{
    return ((const struct sqlite *)b)->file.path;
}

static const struct store_backend_class sqlite_class = {
    .name = "sqlite",
    .title = "SQLite",
    .embedded = true,
    .monitored = true,
    .run = sqlite_run,
    .hurry = sqlite_hurry,
    .close = sqlite_close,
    .server = sqlite_server,
};

/* The contents are read through on the pool while the process is still starting. */
struct store_backend *store_sqlite_open(const struct store_settings *settings, uv_loop_t *loop,
                                        struct error *err)
{
    struct sqlite *q = mem_zalloc(sizeof *q);
    q->base.class = &sqlite_class;
    q->loop = loop;
    list_init(&q->ops);
    list_init(&q->jobs);
    sqlite_file_init(&q->file, settings);
    if (!sqlite_file_ready(&q->file, err)) {
        sqlite_file_free(&q->file);
        mem_free(q);
        return NULL;
    }
    begin(q, TASK_CHECK);
    return &q->base;
}
