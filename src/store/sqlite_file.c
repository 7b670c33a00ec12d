/* store/sqlite_file.c - see sqlite_file.h. The order of statements is that of data-store.md 9.3. */
#include "store/sqlite_file.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char creation[] =
    "CREATE TABLE IF NOT EXISTS item ("
    "  id      INTEGER PRIMARY KEY,"
    "  prefix  TEXT    NOT NULL,"
    "  kind    TEXT    NOT NULL,"
    "  key     TEXT    NOT NULL,"
    "  version INTEGER NOT NULL,"
    "  deleted INTEGER NOT NULL,"
    "  data    TEXT    NOT NULL,"
    "  UNIQUE (prefix, kind, key)"
    ") STRICT;"
    "CREATE TABLE IF NOT EXISTS marker ("
    "  prefix  TEXT    NOT NULL,"
    "  name    TEXT    NOT NULL,"
    "  value   TEXT    NOT NULL,"
    "  PRIMARY KEY (prefix, name)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS autoconfig ("
    "  namespace TEXT NOT NULL,"
    "  item_key  TEXT NOT NULL,"
    "  item      BLOB NOT NULL,"
    "  PRIMARY KEY (namespace, item_key)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS big_segment_meta ("
    "  prefix TEXT PRIMARY KEY, cursor TEXT, synchronized_on INTEGER) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS big_segment_ref ("
    "  id INTEGER PRIMARY KEY, prefix TEXT NOT NULL, ref TEXT NOT NULL, UNIQUE (prefix, ref));"
    "CREATE TABLE IF NOT EXISTS big_segment_member ("
    "  ref INTEGER NOT NULL, hash TEXT NOT NULL, included INTEGER NOT NULL,"
    "  PRIMARY KEY (hash, ref, included)) WITHOUT ROWID;"
    "COMMIT";

static const char upsert_text[] =
    "INSERT INTO item (prefix, kind, key, version, deleted, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6) "
    "ON CONFLICT (prefix, kind, key) DO UPDATE SET version = excluded.version, "
    "deleted = excluded.deleted, data = excluded.data WHERE excluded.version > item.version";

/* Whatever the version; what is the same already is not written. */
static const char put_text[] =
    "INSERT INTO item (prefix, kind, key, version, deleted, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6) "
    "ON CONFLICT (prefix, kind, key) DO UPDATE SET version = excluded.version, "
    "deleted = excluded.deleted, data = excluded.data WHERE excluded.version <> item.version "
    "OR excluded.deleted <> item.deleted OR excluded.data <> item.data";

static const char mark_text[] =
    "INSERT INTO marker (prefix, name, value) VALUES (?1, '$inited', ?2) "
    "ON CONFLICT (prefix, name) DO UPDATE SET value = excluded.value";

/* Each sets one column and leaves the other alone. */
static const char cursor_set_text[] =
    "INSERT INTO big_segment_meta (prefix, cursor) VALUES (?1, ?2) "
    "ON CONFLICT (prefix) DO UPDATE SET cursor = excluded.cursor";
static const char time_set_text[] =
    "INSERT INTO big_segment_meta (prefix, synchronized_on) VALUES (?1, ?2) "
    "ON CONFLICT (prefix) DO UPDATE SET synchronized_on = excluded.synchronized_on";

static const char *const statement_texts[SQLITE_ST_COUNT] = {
    [SQLITE_ST_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [SQLITE_ST_BEGIN_READ] = "BEGIN",
    [SQLITE_ST_COMMIT] = "COMMIT",
    [SQLITE_ST_UPSERT] = upsert_text,
    [SQLITE_ST_PUT] = put_text,
    [SQLITE_ST_KEYS] = "SELECT id, key FROM item WHERE prefix = ?1 AND kind = ?2",
    [SQLITE_ST_DELETE] = "DELETE FROM item WHERE id = ?1",
    [SQLITE_ST_MARK] = mark_text,
    [SQLITE_ST_MARKED] = "SELECT 1 FROM marker WHERE prefix = ?1 AND name = '$inited'",
    [SQLITE_ST_ROWS] =
        "SELECT key, version, deleted, data FROM item WHERE prefix = ?1 AND kind = ?2",
    [SQLITE_ST_CURSOR] = "SELECT cursor FROM big_segment_meta WHERE prefix = ?1",
    [SQLITE_ST_CURSOR_SET] = cursor_set_text,
    [SQLITE_ST_TIME_SET] = time_set_text,
    [SQLITE_ST_REF_ADD] = "INSERT OR IGNORE INTO big_segment_ref (prefix, ref) VALUES (?1, ?2)",
    [SQLITE_ST_REF] = "SELECT id FROM big_segment_ref WHERE prefix = ?1 AND ref = ?2",
    [SQLITE_ST_MEMBER_ADD] =
        "INSERT OR IGNORE INTO big_segment_member (ref, hash, included) VALUES (?1, ?2, ?3)",
    [SQLITE_ST_MEMBER_REMOVE] =
        "DELETE FROM big_segment_member WHERE ref = ?1 AND hash = ?2 AND included = ?3",
};

void sqlite_file_init(struct sqlite_file *f, const struct store_settings *settings)
{
    *f = (struct sqlite_file){.synchronous_full = settings->synchronous_full,
                              .busy_timeout_ms = settings->busy_timeout_ms};
    f->path = mem_copy_text(settings->path, strlen(settings->path));
    (void)uv_mutex_init(&f->place);
}

void sqlite_file_free(struct sqlite_file *f)
{
    sqlite_file_close(f, false);
    uv_mutex_destroy(&f->place);
    mem_free(f->path);
    mem_free(f->real);
}

/* ---- the connection -------------------------------------------------------------------------- */

static int busy(void *arg, int count)
{
    struct sqlite_file *f = arg;
    int wait = count < 12 ? 1 + 2 * count : 25;
    if (count == 0)
        f->waited_ms = 0;
    if (f->hurry || f->waited_ms >= f->busy_timeout_ms)
        return 0;
    f->waited_ms += sqlite3_sleep(wait);
    return 1;
}

/* Checkpoints are made by the kind when nothing waits (sqlite.c), so a commit never pays for one.
 */
static int wal_grew(void *arg, sqlite3 *db, const char *schema, int pages)
{
    struct sqlite_file *f = arg;
    (void)db;
    (void)schema;
    f->wal_pages = pages;
    return SQLITE_OK;
}

static int run_text(const struct sqlite_file *f, const char *text)
{
    return sqlite3_exec(f->db, text, NULL, NULL, NULL);
}

/* The first column of the first row; false and the code when there is none. */
static bool ask_int(const struct sqlite_file *f, const char *text, int64_t *out, int *code)
{
    sqlite3_stmt *st = NULL;
    *code = sqlite3_prepare_v2(f->db, text, -1, &st, NULL);
    if (*code == SQLITE_OK)
        *code = sqlite3_step(st);
    bool found = *code == SQLITE_ROW;
    if (found)
        *out = sqlite3_column_int64(st, 0);
    (void)sqlite3_finalize(st);
    return found;
}

static int connect_file(struct sqlite_file *f)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int code = sqlite3_open_v2(f->real, &f->db, flags, NULL);
    if (code != SQLITE_OK)
        return code;
    (void)sqlite3_busy_handler(f->db, busy, f);
    (void)sqlite3_db_config(f->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    (void)sqlite3_db_config(f->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    (void)sqlite3_db_config(f->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    (void)sqlite3_db_config(f->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    return run_text(f,
                    "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
                    "PRAGMA mmap_size = 0; PRAGMA cache_size = -2000; PRAGMA temp_store = MEMORY");
}

/* What was on disk may be older than what the write-ahead log says, so it is asked once more. */
static enum sqlite_opened identity_check(const struct sqlite_file *f, bool *empty, int *code,
                                         struct error *err)
{
    int64_t application = 0;
    int64_t version = 0;
    int64_t tables = 0;
    if (!ask_int(f, "PRAGMA application_id", &application, code) ||
        !ask_int(f, "PRAGMA user_version", &version, code) ||
        !ask_int(f, "SELECT count(*) FROM sqlite_schema", &tables, code))
        return SQLITE_OPEN_DAMAGED;
    *code = SQLITE_OK;
    *empty = application == 0 && tables == 0;
    if (!*empty && (application != SQLITE_FILE_APPLICATION_ID || version > SQLITE_FILE_SCHEMA))
        return sqlite_file_foreign(f, (uint32_t)application, (uint32_t)version, err);
    return SQLITE_OPENED;
}

/* A power failure during the creation may leave a damaged file: nothing is lost with it. */
static int create(const struct sqlite_file *f)
{
    char identity[128];
    (void)snprintf(identity, sizeof identity,
                   "BEGIN IMMEDIATE; PRAGMA application_id = %d; PRAGMA user_version = %d",
                   SQLITE_FILE_APPLICATION_ID, SQLITE_FILE_SCHEMA);
    int code = run_text(f, "PRAGMA synchronous = OFF; PRAGMA auto_vacuum = INCREMENTAL;"
                           "PRAGMA journal_mode = WAL");
    if (code == SQLITE_OK)
        code = run_text(f, identity);
    if (code == SQLITE_OK)
        code = run_text(f, creation);
    if (code != SQLITE_OK && !sqlite3_get_autocommit(f->db))
        (void)run_text(f, "ROLLBACK");
    return code;
}

static int journal_set(struct sqlite_file *f)
{
    sqlite3_stmt *st = NULL;
    int code = sqlite3_prepare_v2(f->db, "PRAGMA journal_mode = WAL", -1, &st, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(st);
    if (code == SQLITE_ROW) {
        const char *mode = (const char *)sqlite3_column_text(st, 0);
        code = mode != NULL && strcmp(mode, "wal") == 0 ? SQLITE_OK : SQLITE_PROTOCOL;
    }
    (void)sqlite3_finalize(st);
    if (code != SQLITE_OK)
        return code;
    code = run_text(f, f->synchronous_full ? "PRAGMA synchronous = FULL"
                                           : "PRAGMA synchronous = NORMAL");
    if (code == SQLITE_OK)
        code = run_text(f, "PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 16777216");
    (void)sqlite3_wal_hook(f->db, wal_grew, f);
    return code;
}

static int statements_prepare(struct sqlite_file *f)
{
    int code = SQLITE_OK;
    for (size_t i = 0; i < SQLITE_ST_COUNT && code == SQLITE_OK; i++)
        code = sqlite3_prepare_v3(f->db, statement_texts[i], -1, SQLITE_PREPARE_PERSISTENT,
                                  &f->statements[i], NULL);
    return code;
}

static enum sqlite_opened connection_prepare(struct sqlite_file *f, struct error *err)
{
    bool empty = false;
    int code = connect_file(f);
    if (code == SQLITE_OK) {
        enum sqlite_opened identity = identity_check(f, &empty, &code, err);
        if (code == SQLITE_OK && identity != SQLITE_OPENED)
            return identity;
    }
    if (code == SQLITE_OK && empty)
        code = create(f);
    if (code == SQLITE_OK)
        code = journal_set(f);
    if (code == SQLITE_OK)
        code = statements_prepare(f);
    if (code == SQLITE_OK && sqlite3_db_readonly(f->db, "main") != 0)
        code = SQLITE_READONLY;
    if (code == SQLITE_OK)
        return SQLITE_OPENED;
    if (sqlite_code_damaged(code)) {
        error_set(err, "%s", f->db != NULL ? sqlite3_errmsg(f->db) : sqlite3_errstr(code));
        return SQLITE_OPEN_DAMAGED;
    }
    sqlite_file_cannot_open(f,
                            code == SQLITE_PROTOCOL
                                ? "its file system does not support write-ahead logging"
                                : sqlite3_errstr(code),
                            err);
    return SQLITE_OPEN_REFUSED;
}

enum sqlite_opened sqlite_file_open(struct sqlite_file *f, struct error *err)
{
    enum sqlite_opened result = sqlite_file_look(f, err);
    if (result == SQLITE_OPENED)
        result = connection_prepare(f, err);
    if (result != SQLITE_OPENED)
        sqlite_file_close(f, false);
    return result;
}

void sqlite_file_close(struct sqlite_file *f, bool checkpoint)
{
    if (f->db == NULL)
        return;
    for (size_t i = 0; i < SQLITE_ST_COUNT; i++) {
        (void)sqlite3_finalize(f->statements[i]);
        f->statements[i] = NULL;
    }
    f->hurry = f->hurry || checkpoint; /* whoever uses the file now will make the checkpoint */
    if (checkpoint)
        (void)run_text(f, "PRAGMA wal_checkpoint(TRUNCATE)");
    (void)sqlite3_db_config(f->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, !checkpoint, NULL);
    (void)sqlite3_close(f->db);
    f->db = NULL;
    f->wal_pages = 0;
}

bool sqlite_file_replaced(const struct sqlite_file *f)
{
    struct stat now;
    return stat(f->real, &now) != 0 || now.st_dev != f->device || now.st_ino != f->inode;
}

void sqlite_file_copy_log(struct sqlite_file *f)
{
    sqlite3 *db = NULL;
    uv_mutex_lock(&f->place);
    if (f->real != NULL &&
        sqlite3_open_v2(f->real, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) ==
            SQLITE_OK)
        (void)sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    (void)sqlite3_close(db);
    uv_mutex_unlock(&f->place);
}

sqlite3 *sqlite_file_reader(struct sqlite_file *f, struct sqlite_place *seen)
{
    sqlite3 *db = NULL;
    uv_mutex_lock(&f->place);
    *seen = (struct sqlite_place){f->device, f->inode};
    bool ok = f->real != NULL &&
              sqlite3_open_v2(f->real, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) ==
                  SQLITE_OK;
    uv_mutex_unlock(&f->place);
    if (ok)
        return db;
    (void)sqlite3_close(db);
    return NULL;
}

bool sqlite_file_is(struct sqlite_file *f, const struct sqlite_place *seen)
{
    uv_mutex_lock(&f->place);
    bool same = f->device == seen->device && f->inode == seen->inode;
    uv_mutex_unlock(&f->place);
    return same;
}
