/* store/sqlite_ops.c - the operations of data-store.md 9.4 as statements.
 *
 * Every write is one BEGIN IMMEDIATE ... COMMIT, a read one transaction as well, so it sees
 * segments, flags and marker of one moment. Nothing stays open behind an operation.
 */
#include "store/sqlite_file.h"

#include "base/str.h"
#include "store/row.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Segments before flags (data-store.md 2.2). */
static const enum item_kind kind_order[] = {ITEM_SEGMENT, ITEM_FLAG};

static int run(sqlite3_stmt *st)
{
    int code = sqlite3_step(st);
    int reset = sqlite3_reset(st);
    return code == SQLITE_DONE || code == SQLITE_ROW ? SQLITE_OK : reset;
}

int sqlite_file_step(const struct sqlite_file *f, enum sqlite_statement id)
{
    return run(f->statements[id]);
}

/* Borrows the text until the statement was reset and bound again. */
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

static sqlite3_stmt *of_kind(const struct sqlite_file *f, enum sqlite_statement id,
                             const char *prefix, enum item_kind kind)
{
    sqlite3_stmt *st = f->statements[id];
    bind_text(st, 1, view_of(prefix));
    bind_text(st, 2, view_of(item_kind_store_name(kind)));
    return st;
}

/* `id` is SQLITE_ST_UPSERT or SQLITE_ST_PUT. */
static int write_item(const struct sqlite_file *f, enum sqlite_statement id, const char *prefix,
                      const struct item *it)
{
    sqlite3_stmt *st = of_kind(f, id, prefix, it->kind);
    bind_text(st, 3, it->key);
    (void)sqlite3_bind_int64(st, 4, it->version);
    (void)sqlite3_bind_int(st, 5, it->deleted);
    bind_text(st, 6, buf_view(it->text));
    int code = run(st);
    (void)sqlite3_clear_bindings(st);
    return code;
}

int sqlite_file_finish(const struct sqlite_file *f, int code)
{
    if (code == SQLITE_OK)
        code = sqlite_file_step(f, SQLITE_ST_COMMIT);
    if (code != SQLITE_OK && !sqlite3_get_autocommit(f->db))
        (void)sqlite3_exec(f->db, "ROLLBACK", NULL, NULL, NULL);
    return code;
}

/* ---- Init ------------------------------------------------------------------------------------ */

static int put_all(const struct sqlite_file *f, const struct store_op *op, enum item_kind kind)
{
    size_t count;
    struct item *const *items = dataset_ordered(op->data, kind, &count);
    int code = SQLITE_OK;
    for (size_t i = 0; i < count && code == SQLITE_OK; i++)
        code = write_item(f, SQLITE_ST_PUT, op->prefix, items[i]);
    return code;
}

static int delete_row(const struct sqlite_file *f, int64_t id)
{
    sqlite3_stmt *st = f->statements[SQLITE_ST_DELETE];
    (void)sqlite3_bind_int64(st, 1, id);
    return run(st);
}

/* A row may be deleted while the query stands on it. */
static int delete_others(const struct sqlite_file *f, const struct store_op *op,
                         enum item_kind kind, bool *deleted)
{
    sqlite3_stmt *st = of_kind(f, SQLITE_ST_KEYS, op->prefix, kind);
    int code = sqlite3_step(st);
    while (code == SQLITE_ROW) {
        int gone = SQLITE_OK;
        if (dataset_find(op->data, kind, column_view(st, 1)) == NULL) {
            *deleted = true;
            gone = delete_row(f, sqlite3_column_int64(st, 0));
        }
        code = gone == SQLITE_OK ? sqlite3_step(st) : gone;
    }
    (void)sqlite3_reset(st);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int mark(const struct sqlite_file *f, const struct store_op *op)
{
    char now[32];
    int len = snprintf(now, sizeof now, "%" PRId64, op->wall_ms);
    sqlite3_stmt *st = f->statements[SQLITE_ST_MARK];
    bind_text(st, 1, view_of(op->prefix));
    bind_text(st, 2, view_make(now, (size_t)len));
    int code = run(st);
    (void)sqlite3_clear_bindings(st);
    return code;
}

static void log_initialized(const struct store_op *op)
{
    size_t total = 0;
    for (size_t i = 0; i < ARRAY_LEN(kind_order); i++) {
        size_t count;
        (void)dataset_ordered(op->data, kind_order[i], &count);
        total += count;
    }
    log_line(op->log, LOG_INFO, "SQLiteDataStore: Initialized with %zu items", total);
}

static int op_init(struct sqlite_file *f, struct store_op *op)
{
    bool deleted = false;
    int code = sqlite_file_step(f, SQLITE_ST_BEGIN_WRITE);
    for (size_t i = 0; i < ARRAY_LEN(kind_order) && code == SQLITE_OK; i++) {
        code = put_all(f, op, kind_order[i]);
        if (code == SQLITE_OK)
            code = delete_others(f, op, kind_order[i], &deleted);
    }
    if (code == SQLITE_OK)
        code = mark(f, op);
    code = sqlite_file_finish(f, code);
    if (code != SQLITE_OK)
        return code;
    if (deleted) /* gives pages back to the file system; the data is safe whatever becomes of it */
        (void)sqlite3_exec(f->db, "PRAGMA incremental_vacuum", NULL, NULL, NULL);
    (void)sqlite3_db_release_memory(f->db);
    log_initialized(op);
    return SQLITE_OK;
}

/* ---- the others ------------------------------------------------------------------------------ */

static int op_upsert(struct sqlite_file *f, struct store_op *op)
{
    int code = sqlite_file_step(f, SQLITE_ST_BEGIN_WRITE);
    for (size_t i = 0; i < op->item_count && code == SQLITE_OK; i++)
        code = write_item(f, SQLITE_ST_UPSERT, op->prefix, op->items[i]);
    return sqlite_file_finish(f, code);
}

static int ask_marked(const struct sqlite_file *f, struct store_op *op)
{
    sqlite3_stmt *st = f->statements[SQLITE_ST_MARKED];
    bind_text(st, 1, view_of(op->prefix));
    int code = sqlite3_step(st);
    op->marked = code == SQLITE_ROW;
    int reset = sqlite3_reset(st);
    return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : reset;
}

static void add_row(const struct store_op *op, sqlite3_stmt *st, enum item_kind kind,
                    struct dataset_builder *builder)
{
    struct error err;
    struct store_row row = {kind, column_view(st, 0), sqlite3_column_int64(st, 1),
                            sqlite3_column_int64(st, 2) != 0, column_view(st, 3)};
    struct item *it = store_row_item(&row, &err);
    if (it != NULL)
        dataset_builder_add_take(builder, it);
    else
        log_line(op->log, LOG_ERROR,
                 "Data store item \"%.*s\" in \"%s\" cannot be read and is left out: %s",
                 VIEW_ARGS(row.key), item_kind_store_name(kind), err.text);
}

static int read_kind(const struct sqlite_file *f, const struct store_op *op, enum item_kind kind,
                     struct dataset_builder *builder)
{
    sqlite3_stmt *st = of_kind(f, SQLITE_ST_ROWS, op->prefix, kind);
    int code = sqlite3_step(st);
    for (; code == SQLITE_ROW; code = sqlite3_step(st))
        add_row(op, st, kind, builder);
    (void)sqlite3_reset(st);
    return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int op_read(struct sqlite_file *f, struct store_op *op)
{
    struct dataset_builder *builder = dataset_builder_new();
    int code = sqlite_file_step(f, SQLITE_ST_BEGIN_READ);
    if (code == SQLITE_OK)
        code = ask_marked(f, op);
    for (size_t i = 0; i < ARRAY_LEN(kind_order) && code == SQLITE_OK; i++)
        code = (op->kinds & (1u << kind_order[i])) != 0 ? read_kind(f, op, kind_order[i], builder)
                                                        : SQLITE_OK;
    code = sqlite_file_finish(f, code);
    (void)sqlite3_db_release_memory(f->db);
    if (code == SQLITE_OK)
        op->read = dataset_builder_finish_take(builder);
    else
        dataset_builder_free(builder);
    return code;
}

/* Writing the schema version writes the first page, even though it stays the same. */
static int op_probe(struct sqlite_file *f, struct store_op *op)
{
    int code = sqlite_file_step(f, SQLITE_ST_BEGIN_WRITE);
    if (code == SQLITE_OK)
        code = sqlite3_exec(f->db, "PRAGMA user_version = 1", NULL, NULL, NULL);
    if (code == SQLITE_OK)
        code = ask_marked(f, op);
    return sqlite_file_finish(f, code);
}

static int op_check(struct sqlite_file *f, struct store_op *op)
{
    return ask_marked(f, op);
}

int sqlite_op_carry_out(struct sqlite_file *f, struct store_op *op)
{
    static int (*const ops[STORE_OP_TYPE_COUNT])(struct sqlite_file * f, struct store_op * op) = {
        [STORE_OP_INIT] = op_init,   [STORE_OP_UPSERT] = op_upsert, [STORE_OP_READ] = op_read,
        [STORE_OP_PROBE] = op_probe, [STORE_OP_CHECK] = op_check,
    };
    return ops[op->type](f, op);
}
