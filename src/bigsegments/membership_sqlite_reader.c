/* bigsegments/membership_sqlite_reader.c - questions about memberships in SQLite.
 *
 *   ask -> questions --one pool job for all that wait--> answers
 *
 * The connection is its own, so that a long patch keeps no evaluation waiting: readers see what was
 * committed last. It follows the data store to another file when that does (data-store.md 9.5).
 */
#include "bigsegments/membership_sqlite.h"

#define READER_BUSY_MS 1000

enum reader_statement { READER_MEMBERS, READER_TIME, READER_STATEMENT_COUNT };

static const char *const reader_texts[READER_STATEMENT_COUNT] = {
    [READER_MEMBERS] = "SELECT r.ref, m.included FROM big_segment_member m "
                       "JOIN big_segment_ref r ON r.id = m.ref WHERE m.hash = ?1 AND r.prefix = ?2",
    [READER_TIME] = "SELECT synchronized_on FROM big_segment_meta WHERE prefix = ?1",
};

/* A read operation that waits for the reader. */
struct sqlite_question {
    struct list link;
    struct membership_store *store;
    struct membership_op *op;
    int code;
};

struct sqlite_database {
    struct membership_database base;
    struct list questions; /* waiting */
    struct list asked;     /* the pool's while `busy` */
    bool busy;
    uv_work_t work;
    /* the reader; only the pool touches it, but for the end */
    sqlite3 *reader;
    sqlite3_stmt *statements[READER_STATEMENT_COUNT];
    struct sqlite_place place;
};

static struct sqlite_database *database_of(struct membership_database *db)
{
    return CONTAINER_OF(db, struct sqlite_database, base);
}

/* ---- on the pool ----------------------------------------------------------------------------- */

static void reader_close(struct sqlite_database *d)
{
    for (size_t i = 0; i < READER_STATEMENT_COUNT; i++) {
        (void)sqlite3_finalize(d->statements[i]);
        d->statements[i] = NULL;
    }
    (void)sqlite3_close(d->reader);
    d->reader = NULL;
}

/* The file may be another one than last time. */
static int reader_ready(struct sqlite_database *d)
{
    struct sqlite_file *f = sqlite_file_of(d->base.database);
    if (d->reader != NULL && sqlite_file_is(f, &d->place))
        return SQLITE_OK;
    reader_close(d);
    d->reader = sqlite_file_reader(f, &d->place);
    if (d->reader == NULL)
        return SQLITE_CANTOPEN;
    (void)sqlite3_busy_timeout(d->reader, READER_BUSY_MS);
    int code =
        sqlite3_exec(d->reader, "PRAGMA query_only = ON; PRAGMA mmap_size = 0", NULL, NULL, NULL);
    for (size_t i = 0; code == SQLITE_OK && i < READER_STATEMENT_COUNT; i++)
        code = sqlite3_prepare_v3(d->reader, reader_texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                                  &d->statements[i], NULL);
    if (code != SQLITE_OK)
        reader_close(d);
    return code;
}

static int read_time(sqlite3_stmt *st, const struct sqlite_question *q)
{
    membership_sqlite_bind(st, 1, view_of(q->store->prefix));
    int code = sqlite3_step(st);
    q->op->time_ms = code == SQLITE_ROW ? sqlite3_column_int64(st, 0) : 0;
    return code;
}

static int read_members(sqlite3_stmt *st, const struct sqlite_question *q)
{
    struct membership_refs found[2] = {0}; /* excluded, included */
    membership_sqlite_bind(st, 1, q->op->hash);
    membership_sqlite_bind(st, 2, view_of(q->store->prefix));
    int code = sqlite3_step(st);
    for (; code == SQLITE_ROW; code = sqlite3_step(st)) {
        struct membership_refs *refs = &found[sqlite3_column_int(st, 1) != 0];
        str_append(&refs->text, membership_sqlite_column(st, 0));
        membership_refs_end(refs);
    }
    if (code == SQLITE_DONE)
        q->op->found = memberships_from_refs(&found[1], &found[0]);
    membership_refs_free(&found[0]);
    membership_refs_free(&found[1]);
    return code;
}

static int answer(struct sqlite_database *d, const struct sqlite_question *q)
{
    int code = reader_ready(d);
    if (code != SQLITE_OK)
        return code;
    bool members = q->op->type == MEMBERSHIP_OP_QUERY;
    sqlite3_stmt *st = d->statements[members ? READER_MEMBERS : READER_TIME];
    code = members ? read_members(st, q) : read_time(st, q);
    int reset = sqlite3_reset(st);
    (void)sqlite3_clear_bindings(st);
    return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : reset;
}

static void work(uv_work_t *w)
{
    struct sqlite_database *d = CONTAINER_OF(w, struct sqlite_database, work);
    LIST_EACH (link, &d->asked) {
        struct sqlite_question *q = CONTAINER_OF(link, struct sqlite_question, link);
        q->code = answer(d, q);
    }
}

static void ask_next(struct sqlite_database *d);

static void worked(uv_work_t *w, int status)
{
    struct sqlite_database *d = CONTAINER_OF(w, struct sqlite_database, work);
    struct list answered;
    (void)status; /* work is never cancelled */
    list_init(&answered);
    list_move_all(&d->asked, &answered);
    d->busy = false;
    ask_next(d);
    while (!list_empty(&answered)) {
        struct sqlite_question *q = CONTAINER_OF(answered.next, struct sqlite_question, link);
        struct membership_store *s = q->store;
        struct membership_op *op = q->op;
        op->ok = q->code == SQLITE_OK;
        if (!op->ok)
            sqlite_problem_set(sqlite_file_of(d->base.database), q->code, &op->problem);
        list_remove(&q->link);
        mem_free(q);
        membership_op_finish(s, op);
    }
}

static void ask_next(struct sqlite_database *d)
{
    if (d->busy || list_empty(&d->questions))
        return;
    d->busy = true;
    list_move_all(&d->questions, &d->asked);
    (void)uv_queue_work(d->base.loop, &d->work, work, worked);
}

void membership_sqlite_ask(struct membership_store *s, struct membership_op *op)
{
    struct sqlite_database *d = database_of(s->db);
    struct sqlite_question *q = mem_zalloc(sizeof *q);
    list_init(&q->link);
    q->store = s;
    q->op = op;
    list_append(&d->questions, &q->link);
    ask_next(d);
}

/* ---- life ------------------------------------------------------------------------------------ */

void membership_sqlite_reader_close(struct membership_database *db)
{
    reader_close(database_of(db));
}

struct membership_database *membership_sqlite_reader_new(void)
{
    struct sqlite_database *d = mem_zalloc(sizeof *d);
    list_init(&d->questions);
    list_init(&d->asked);
    return &d->base;
}
