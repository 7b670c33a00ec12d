/* store/sqlite_run.c - one operation, whatever state the file is in (data-store.md 9.5).
 *
 *   open? the same file? sound? --> the work (sqlite_ops.c) --> damaged? set aside, a new file,
 * once more
 */
#include "store/sqlite_file.h"

#include <stdio.h>
#include <string.h>

/* The statements are constant and fit the tables, so a statement that SQLite does not understand
 * says that the tables are not ours any more. */
bool sqlite_code_damaged(int code)
{
    int primary = code & 0xff;
    return primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB || primary == SQLITE_ERROR ||
           primary == SQLITE_SCHEMA;
}

void sqlite_problem_set(const struct sqlite_file *f, int code, struct error *err)
{
    static const struct {
        int code;
        const char *remedy;
    } remedies[] = {
        {SQLITE_BUSY, "; another process holds its lock"},
        {SQLITE_FULL, "; free some disk space"},
        {SQLITE_READONLY, "; check the permissions of the file and its directory"},
        {SQLITE_PERM, "; check the permissions of the file and its directory"},
    };
    const char *remedy = "";
    char number[32] = "";
    for (size_t i = 0; i < ARRAY_LEN(remedies); i++) {
        if (remedies[i].code == (code & 0xff))
            remedy = remedies[i].remedy;
    }
    if ((code & 0xff) == SQLITE_IOERR) /* which of its thirty kinds */
        (void)snprintf(number, sizeof number, " (SQLite code %d)", code);
    error_set(err, "SQLite database \"%s\": %s%s%s", f->path, sqlite3_errstr(code), number, remedy);
}

static bool open_or_start_over(struct sqlite_file *f, struct error *err)
{
    struct error reason;
    enum sqlite_opened result = sqlite_file_open(f, &reason);
    if (result == SQLITE_OPEN_DAMAGED && sqlite_file_set_aside(f, reason.text, err)) {
        f->lost = true;
        result = sqlite_file_open(f, &reason);
        if (result == SQLITE_OPEN_DAMAGED)
            error_set(err, "cannot create SQLite database \"%s\": %s", f->path, reason.text);
    }
    if (result == SQLITE_OPEN_REFUSED)
        *err = reason;
    return result == SQLITE_OPENED;
}

bool sqlite_file_ready(struct sqlite_file *f, struct error *err)
{
    if (f->db != NULL)
        return true;
    uv_mutex_lock(&f->place);
    bool ok = open_or_start_over(f, err);
    uv_mutex_unlock(&f->place);
    return ok;
}

/* Once after opening, on the pool: it reads the whole file. */
static int check_contents(struct sqlite_file *f, struct error *reason)
{
    sqlite3_stmt *st = NULL;
    if (f->checked)
        return SQLITE_OK;
    int code = sqlite3_prepare_v2(f->db, "PRAGMA integrity_check(1)", -1, &st, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(st);
    if (code == SQLITE_ROW) {
        const char *answer = (const char *)sqlite3_column_text(st, 0);
        bool sound = answer != NULL && strcmp(answer, "ok") == 0;
        error_set(reason, "%s", answer != NULL ? answer : "no memory");
        code = sound ? SQLITE_OK : SQLITE_CORRUPT;
        f->checked = sound;
    } else {
        error_set(reason, "%s", sqlite3_errmsg(f->db));
    }
    (void)sqlite3_finalize(st);
    return code;
}

/* A file that was deleted or replaced does not get our writes any more: the path's own file does.
 */
static void follow_path(struct sqlite_file *f)
{
    if (f->db == NULL || !sqlite_file_replaced(f))
        return;
    log_always(log_global(), LOG_WARN,
               "SQLite database \"%s\" was deleted or replaced; opening it again", f->path);
    sqlite_file_close(f, false);
    f->lost = true;
}

/* The result code; when it tells of damage, `reason` says which. */
static int attempt(struct sqlite_file *f, sqlite_work *work, void *arg, struct error *reason)
{
    int code = check_contents(f, reason);
    if (code != SQLITE_OK)
        return code;
    code = work(f, arg);
    if (sqlite_code_damaged(code))
        error_set(reason, "%s", sqlite3_errstr(code));
    return code;
}

/* False when there is no file to go on with. */
static bool start_over(struct sqlite_file *f, const char *reason, struct error *err)
{
    bool ours = !sqlite_file_replaced(f);
    f->lost = true;
    uv_mutex_lock(&f->place);
    sqlite_file_close(f, false);
    bool ok = !ours || sqlite_file_set_aside(f, reason, err);
    uv_mutex_unlock(&f->place);
    return ok && sqlite_file_ready(f, err);
}

void sqlite_file_check(struct sqlite_file *f)
{
    struct error reason = {""};
    struct error err;
    if (sqlite_file_ready(f, &err) && sqlite_code_damaged(check_contents(f, &reason)))
        (void)start_over(f, reason.text, &err);
}

bool sqlite_file_do(struct sqlite_file *f, sqlite_work *work, void *arg, struct error *problem)
{
    struct error reason = {""};
    follow_path(f);
    if (!sqlite_file_ready(f, problem))
        return false;
    int code = attempt(f, work, arg, &reason);
    if (sqlite_code_damaged(code)) {
        if (!start_over(f, reason.text, problem))
            return false;
        code = attempt(f, work, arg, &reason);
    }
    if (code != SQLITE_OK)
        sqlite_problem_set(f, code, problem);
    return code == SQLITE_OK;
}

static int carry_out(struct sqlite_file *f, void *op)
{
    return sqlite_op_carry_out(f, op);
}

void sqlite_file_run(struct sqlite_file *f, struct store_op *op)
{
    op->ok = sqlite_file_do(f, carry_out, op, &op->problem);
    op->lost = f->lost;
    f->lost = false;
}
