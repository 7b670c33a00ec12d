/* bigsegments/membership_sqlite.c - memberships in the file of an SQLite data store
 * (big-segments.md 11).
 *
 *   changes --sqlite_job--> the data store's queue and connection: one writer per process
 *   queries --list--> one pool job for all that wait, on a connection for reading: a long patch
 *                     keeps no evaluation waiting
 */
#include "bigsegments/membership_kind.h"
#include "store/sqlite_jobs.h"

#include <string.h>

#define READER_BUSY_MS 1000
#define PROGRESS_HASHES 1024 /* between two looks whether the relay is stopping */

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

static struct sqlite_database *database_of(struct membership_database *db)
{
    return CONTAINER_OF(db, struct sqlite_database, base);
}

static void bind_text(sqlite3_stmt *st, int at, struct view text)
{
    (void)sqlite3_bind_text64(st, at, text.len != 0 ? text.data : "", text.len, SQLITE_STATIC,
                              SQLITE_UTF8);
}

static struct view column_view(sqlite3_stmt *st, int at)
{
    const char *text = (const char *)sqlite3_column_text(st, at);
    return view_make(text, text != NULL ? (size_t)sqlite3_column_bytes(st, at) : 0);
}

/* ---- changes, on the pool ----------------------------------------------------------------------
 */

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
    bind_text(st, 1, view_of(prefix));
    int code = sqlite3_step(st);
    if (code == SQLITE_ROW)
        str_append(out, column_view(st, 0));
    int reset = sqlite3_reset(st);
    return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : reset;
}

static int set_cursor(const struct sqlite_file *f, const char *prefix, struct view cursor)
{
    bind_text(f->statements[SQLITE_ST_CURSOR_SET], 1, view_of(prefix));
    bind_text(f->statements[SQLITE_ST_CURSOR_SET], 2, cursor);
    return step(f, SQLITE_ST_CURSOR_SET);
}

/* The number of a segment reference; it gets one if it has none. */
static int find_ref(const struct sqlite_file *f, const char *prefix, struct view ref, int64_t *id)
{
    sqlite3_stmt *st = f->statements[SQLITE_ST_REF];
    bind_text(f->statements[SQLITE_ST_REF_ADD], 1, view_of(prefix));
    bind_text(f->statements[SQLITE_ST_REF_ADD], 2, ref);
    int code = step(f, SQLITE_ST_REF_ADD);
    if (code != SQLITE_OK)
        return code;
    bind_text(st, 1, view_of(prefix));
    bind_text(st, 2, ref);
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
        bind_text(st, 2, hash);
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
    bind_text(st, 1, view_of(c->store->base.prefix));
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

/* ---- questions, on the pool --------------------------------------------------------------------
 */

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
    bind_text(st, 1, view_of(q->store->prefix));
    int code = sqlite3_step(st);
    q->op->time_ms = code == SQLITE_ROW ? sqlite3_column_int64(st, 0) : 0;
    return code;
}

/* Texts of both kinds, one behind the other, and how long each is. */
struct found_refs {
    struct str text;
    struct str lengths;
    size_t count;
};

static void refs_add(struct found_refs *r, struct view ref)
{
    str_append(&r->text, ref);
    str_append(&r->lengths, view_make((const char *)&ref.len, sizeof ref.len));
    r->count++;
}

/* Views of all texts; their number is r->count. */
static struct view *refs_views(const struct found_refs *r)
{
    struct view *views = mem_alloc((r->count + 1) * sizeof *views);
    size_t at = 0;
    for (size_t i = 0; i < r->count; i++) {
        size_t len;
        memcpy(&len, r->lengths.data + i * sizeof len, sizeof len);
        views[i] = view_make(r->text.data + at, len);
        at += len;
    }
    return views;
}

static int read_members(sqlite3_stmt *st, const struct sqlite_question *q)
{
    struct found_refs found[2] = {0}; /* excluded, included */
    bind_text(st, 1, q->op->hash);
    bind_text(st, 2, view_of(q->store->prefix));
    int code = sqlite3_step(st);
    for (; code == SQLITE_ROW; code = sqlite3_step(st))
        refs_add(&found[sqlite3_column_int(st, 1) != 0], column_view(st, 0));
    struct view *excluded = refs_views(&found[0]);
    struct view *included = refs_views(&found[1]);
    if (code == SQLITE_DONE)
        q->op->found = memberships_new(included, found[1].count, excluded, found[0].count);
    mem_free(excluded);
    mem_free(included);
    for (size_t i = 0; i < ARRAY_LEN(found); i++) {
        str_free(&found[i].text);
        str_free(&found[i].lengths);
    }
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

static void post_question(struct membership_store *s, struct membership_op *op)
{
    struct sqlite_database *d = database_of(s->db);
    struct sqlite_question *q = mem_zalloc(sizeof *q);
    list_init(&q->link);
    q->store = s;
    q->op = op;
    list_append(&d->questions, &q->link);
    ask_next(d);
}

/* ---- the kind ---------------------------------------------------------------------------------
 */

static void sqlite_run(struct membership_store *s, struct membership_op *op)
{
    if (op->type == MEMBERSHIP_OP_QUERY || op->type == MEMBERSHIP_OP_READ_TIME)
        post_question(s, op);
    else
        post_change(s, op);
}

static struct membership_store *sqlite_open(struct membership_database *db)
{
    struct sqlite_store *s = mem_zalloc(sizeof *s);
    (void)db;
    return &s->base;
}

static void sqlite_hurry(struct membership_store *s)
{
    CONTAINER_OF(s, struct sqlite_store, base)->hurry = true;
}

static void sqlite_release(struct membership_store *s)
{
    membership_store_released(s);
}

static void sqlite_close(struct membership_database *db)
{
    reader_close(database_of(db));
}

static const struct membership_kind sqlite_kind = {.title = "SQLiteBigSegmentStore:",
                                                   .open = sqlite_open,
                                                   .run = sqlite_run,
                                                   .hurry = sqlite_hurry,
                                                   .release = sqlite_release,
                                                   .close = sqlite_close};

struct membership_database *membership_sqlite_open(void)
{
    struct sqlite_database *d = mem_zalloc(sizeof *d);
    d->base.kind = &sqlite_kind;
    list_init(&d->questions);
    list_init(&d->asked);
    return &d->base;
}
