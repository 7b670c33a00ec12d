/* bigsegments/membership_sqlite.c - memberships in the file of an SQLite data store
 * (big-segments.md 11).
 *
 *   changes --sqlite_job--> the data store's queue and connection: one writer per process
 *   queries --list--> one pool job for all that wait, on a connection for reading: a long patch
 *                     keeps no evaluation waiting
 */
#include "bigsegments/membership_sqlite.h"

#include <string.h>

#define PROGRESS_HASHES 1024 /* between two looks whether the relay is stopping */

struct sqlite_store {
    struct membership_store base;
    _Atomic bool hurry;
};

/* A change on its way through the data store's queue. */
struct sqlite_change {
    struct sqlite_job job;
    struct sqlite_store *store;
    struct membership_op *op;
};

/* ---- changes, on the pool -------------------------------------------------------------------- */

/* Steps a statement whose texts were bound, and lets go of them. */
static int step(const struct sqlite_file *f, enum sqlite_statement id)
{
    int code = sqlite_file_step(f, id);
    (void)sqlite3_clear_bindings(f->statements[id]);
    return code;
}

static int read_cursor(const struct sqlite_file *f, const char *prefix, struct str *out)
{
    sqlite3_stmt *st = f->statements[SQLITE_ST_CURSOR];
    str_clear(out);
    membership_sqlite_bind(st, 1, view_of(prefix));
    int code = sqlite3_step(st);
    if (code == SQLITE_ROW)
        str_append(out, membership_sqlite_column(st, 0));
    int reset = sqlite3_reset(st);
    return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : reset;
}

static int set_cursor(const struct sqlite_file *f, const char *prefix, struct view cursor)
{
    membership_sqlite_bind(f->statements[SQLITE_ST_CURSOR_SET], 1, view_of(prefix));
    membership_sqlite_bind(f->statements[SQLITE_ST_CURSOR_SET], 2, cursor);
    return step(f, SQLITE_ST_CURSOR_SET);
}

/* The number of a segment reference; it gets one if it has none. */
static int find_ref(const struct sqlite_file *f, const char *prefix, struct view ref, int64_t *id)
{
    sqlite3_stmt *st = f->statements[SQLITE_ST_REF];
    membership_sqlite_bind(f->statements[SQLITE_ST_REF_ADD], 1, view_of(prefix));
    membership_sqlite_bind(f->statements[SQLITE_ST_REF_ADD], 2, ref);
    int code = step(f, SQLITE_ST_REF_ADD);
    if (code != SQLITE_OK)
        return code;
    membership_sqlite_bind(st, 1, view_of(prefix));
    membership_sqlite_bind(st, 2, ref);
    code = sqlite3_step(st);
    *id = code == SQLITE_ROW ? sqlite3_column_int64(st, 0) : 0;
    int reset = sqlite3_reset(st);
    (void)sqlite3_clear_bindings(st);
    return code == SQLITE_ROW ? SQLITE_OK : reset != SQLITE_OK ? reset : SQLITE_CORRUPT;
}

static int change_list(const struct sqlite_change *c, const struct sqlite_file *f,
                       enum patch_list list, int64_t ref)
{
    bool add = list == PATCH_INCLUDED_ADD || list == PATCH_EXCLUDED_ADD;
    bool included = list == PATCH_INCLUDED_ADD || list == PATCH_INCLUDED_REMOVE;
    enum sqlite_statement id = add ? SQLITE_ST_MEMBER_ADD : SQLITE_ST_MEMBER_REMOVE;
    sqlite3_stmt *st = f->statements[id];
    struct patch_hashes hashes;
    struct view hash;
    int code = SQLITE_OK;
    patch_hashes_begin(&hashes, c->op->patch, list);
    (void)sqlite3_bind_int64(st, 1, ref);
    (void)sqlite3_bind_int(st, 3, included);
    for (size_t i = 1; code == SQLITE_OK && patch_hashes_next(&hashes, &hash); i++) {
        membership_sqlite_bind(st, 2, hash);
        code = sqlite_file_step(f, id);
        if (i % PROGRESS_HASHES == 0 && c->store->hurry)
            code = SQLITE_INTERRUPT;
    }
    (void)sqlite3_clear_bindings(st);
    patch_hashes_end(&hashes);
    return code;
}

static int apply_lists(const struct sqlite_change *c, const struct sqlite_file *f)
{
    const struct patch *p = c->op->patch;
    int64_t ref = 0;
    int code = SQLITE_OK;
    if (patch_size(p) != 0)
        code = find_ref(f, c->store->base.prefix, str_view(&p->segment_id), &ref);
    for (int list = 0; code == SQLITE_OK && list < PATCH_LIST_COUNT; list++)
        code = change_list(c, f, (enum patch_list)list, ref);
    return code;
}

static int apply(const struct sqlite_change *c, const struct sqlite_file *f)
{
    const char *prefix = c->store->base.prefix;
    struct membership_op *op = c->op;
    struct str cursor = {0};
    int code = sqlite_file_step(f, SQLITE_ST_BEGIN_WRITE);
    if (code == SQLITE_OK)
        code = read_cursor(f, prefix, &cursor);
    op->mismatch =
        code == SQLITE_OK && !view_equal(str_view(&cursor), str_view(&op->patch->previous_version));
    str_free(&cursor);
    if (code == SQLITE_OK && !op->mismatch)
        code = apply_lists(c, f);
    if (code == SQLITE_OK && !op->mismatch)
        code = set_cursor(f, prefix, str_view(&op->patch->version));
    return sqlite_file_finish(f, code);
}

static int write_time(const struct sqlite_change *c, const struct sqlite_file *f)
{
    sqlite3_stmt *st = f->statements[SQLITE_ST_TIME_SET];
    membership_sqlite_bind(st, 1, view_of(c->store->base.prefix));
    (void)sqlite3_bind_int64(st, 2, c->op->time_ms);
    return step(f, SQLITE_ST_TIME_SET);
}

static int change(struct sqlite_file *f, void *arg)
{
    const struct sqlite_change *c =
        CONTAINER_OF((struct sqlite_job *)arg, struct sqlite_change, job);
    const char *prefix = c->store->base.prefix;
    switch (c->op->type) {
    case MEMBERSHIP_OP_APPLY:
        return apply(c, f);
    case MEMBERSHIP_OP_WRITE_TIME:
        return write_time(c, f);
    case MEMBERSHIP_OP_RESET_CURSOR:
        return set_cursor(f, prefix, view_of(""));
    default:
        return read_cursor(f, prefix, &c->op->cursor);
    }
}

static void changed(struct sqlite_job *j)
{
    struct sqlite_change *c = CONTAINER_OF(j, struct sqlite_change, job);
    struct membership_store *s = &c->store->base;
    struct membership_op *op = c->op;
    op->ok = j->ok;
    if (!op->ok) {
        op->problem = j->problem;
        str_free(&op->cursor);
    }
    mem_free(c);
    membership_op_finish(s, op);
}

static void post_change(struct membership_store *s, struct membership_op *op)
{
    struct sqlite_change *c = mem_zalloc(sizeof *c);
    list_init(&c->job.link);
    c->job.work = change;
    c->job.done = changed;
    c->store = CONTAINER_OF(s, struct sqlite_store, base);
    c->op = op;
    sqlite_job_post(s->db->database, &c->job);
}

/* ---- the kind -------------------------------------------------------------------------------- */

static void sqlite_run(struct membership_store *s, struct membership_op *op)
{
    if (membership_op_is_question(op))
        membership_sqlite_ask(s, op);
    else
        post_change(s, op);
}

static struct membership_store *sqlite_open(void)
{
    struct sqlite_store *s = mem_zalloc(sizeof *s);
    return &s->base;
}

static void sqlite_hurry(struct membership_store *s)
{
    CONTAINER_OF(s, struct sqlite_store, base)->hurry = true;
}

static const struct membership_kind sqlite_kind = {.title = "SQLiteBigSegmentStore:",
                                                   .open = sqlite_open,
                                                   .run = sqlite_run,
                                                   .hurry = sqlite_hurry,
                                                   .release = membership_store_released,
                                                   .close = membership_sqlite_reader_close};

struct membership_database *membership_sqlite_open(void)
{
    struct membership_database *db = membership_sqlite_reader_new();
    db->kind = &sqlite_kind;
    return db;
}
