/* store/sqlite.c - the embedded kind: operations go to the libuv thread pool, one at a time
 * (data-store.md 9).
 *
 *   run(op) --> ops (a list) --> busy? no: pool thread: sqlite_file_run() --> loop: op->done()
 *
 * When no operation waits and the write-ahead log is long, the same thread copies it into the
 * database: a commit never waits for that, and an operation does only if it comes in the middle.
 */
#include "store/sqlite_file.h"

/* A checkpoint is made QUIET_MS after the last operation, or at once when the log is very long. */
#define CHECKPOINT_PAGES 1000
#define CHECKPOINT_PAGES_MAX 16384
#define CHECKPOINT_QUIET_MS 1000

enum sqlite_task { TASK_OPERATION, TASK_CHECKPOINT, TASK_CLOSE };

struct sqlite {
    struct store_backend base;
    struct sqlite_file file; /* the pool thread's while `busy` */
    uv_loop_t *loop;
    uv_work_t work;
    uv_timer_t timer;
    struct list ops;
    struct store_op *op; /* of TASK_OPERATION */
    enum sqlite_task task;
    bool busy;    /* the pool does `task` */
    bool quiet;   /* nothing was asked for QUIET_MS */
    bool closing; /* all that is left is to close the file */
    void (*closed)(void *arg);
    void *arg;
};

static void work_next(struct sqlite *q);

static struct sqlite *sqlite_of(struct store_backend *b)
{
    return CONTAINER_OF(b, struct sqlite, base);
}

/* ---- on the pool -------------------------------------------------------------------------------
 */

static void work(uv_work_t *w)
{
    struct sqlite *q = CONTAINER_OF(w, struct sqlite, work);
    switch (q->task) {
    case TASK_OPERATION:
        sqlite_file_run(&q->file, q->op);
        break;
    case TASK_CHECKPOINT:
        sqlite_file_checkpoint(&q->file);
        break;
    case TASK_CLOSE:
        sqlite_file_close(&q->file, true);
        break;
    }
}

/* ---- on the loop -------------------------------------------------------------------------------
 */

static void timer_closed(uv_handle_t *handle)
{
    struct sqlite *q = CONTAINER_OF((uv_timer_t *)handle, struct sqlite, timer);
    void (*closed)(void *arg) = q->closed;
    void *arg = q->arg;
    sqlite_file_free(&q->file);
    mem_free(q);
    closed(arg);
}

static void quiet_now(uv_timer_t *timer)
{
    struct sqlite *q = CONTAINER_OF(timer, struct sqlite, timer);
    q->quiet = true;
    work_next(q);
}

static void worked(uv_work_t *w, int status)
{
    struct sqlite *q = CONTAINER_OF(w, struct sqlite, work);
    (void)status; /* work is never cancelled */
    q->busy = false;
    switch (q->task) {
    case TASK_OPERATION:
        q->op->done(q->op);
        break;
    case TASK_CHECKPOINT:
        break;
    case TASK_CLOSE:
        uv_close((uv_handle_t *)&q->timer, timer_closed);
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

static bool checkpoint_due(const struct sqlite *q)
{
    return q->file.wal_pages >= (q->quiet ? CHECKPOINT_PAGES : CHECKPOINT_PAGES_MAX);
}

static void work_next(struct sqlite *q)
{
    if (q->busy)
        return;
    if (!list_empty(&q->ops)) {
        q->op = CONTAINER_OF(q->ops.next, struct store_op, link);
        list_remove(&q->op->link);
        begin(q, TASK_OPERATION);
    } else if (q->closing) {
        begin(q, TASK_CLOSE);
    } else if (checkpoint_due(q)) {
        begin(q, TASK_CHECKPOINT);
    } else if (q->file.wal_pages >= CHECKPOINT_PAGES) {
        (void)uv_timer_start(&q->timer, quiet_now, CHECKPOINT_QUIET_MS, 0);
    }
    q->quiet = false;
}

static void sqlite_run(struct store_backend *b, struct store_op *op)
{
    struct sqlite *q = sqlite_of(b);
    list_append(&q->ops, &op->link);
    work_next(q);
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

struct store_backend *store_sqlite_open(const struct store_settings *settings, uv_loop_t *loop,
                                        struct error *err)
{
    struct sqlite *q = mem_zalloc(sizeof *q);
    bool lost = false; /* nobody has been told of the contents yet */
    q->base.class = &sqlite_class;
    q->loop = loop;
    list_init(&q->ops);
    sqlite_file_init(&q->file, settings);
    if (!sqlite_file_ready(&q->file, &lost, err)) {
        sqlite_file_free(&q->file);
        mem_free(q);
        return NULL;
    }
    (void)uv_timer_init(loop, &q->timer);
    return &q->base;
}
