/* store/sqlite_file.h - one SQLite database file: opened, recognised, set aside when it is damaged
 * (data-store.md 9.2, 9.3, 9.5). For the files of store/, their tests and membership_sqlite.c.
 *
 *   sqlite.c (loop) --> thread pool: sqlite_file_run(op) --> sqlite_ops.c: statements
 *                                         '-- damaged? --> sqlite_aside.c: moved away, a new one
 *
 * Used by one thread at a time; everything here may block.
 */
#ifndef STORE_SQLITE_FILE_H
#define STORE_SQLITE_FILE_H

#include "store/store_kind.h"

#include <sqlite3.h>
#include <sys/types.h>

#define SQLITE_FILE_APPLICATION_ID 1718383225 /* 0x666C7279, "flry" */
#define SQLITE_FILE_SCHEMA 1

enum sqlite_statement {
    SQLITE_ST_BEGIN_WRITE,
    SQLITE_ST_BEGIN_READ,
    SQLITE_ST_COMMIT,
    SQLITE_ST_UPSERT,
    SQLITE_ST_PUT,
    SQLITE_ST_KEYS,
    SQLITE_ST_DELETE,
    SQLITE_ST_MARK,
    SQLITE_ST_MARKED,
    SQLITE_ST_ROWS,
    SQLITE_ST_CURSOR, /* from here on: big segments, big-segments.md 11 */
    SQLITE_ST_CURSOR_SET,
    SQLITE_ST_TIME_SET,
    SQLITE_ST_REF_ADD,
    SQLITE_ST_REF,
    SQLITE_ST_MEMBER_ADD,
    SQLITE_ST_MEMBER_REMOVE,
    SQLITE_ST_COUNT
};

struct sqlite_file {
    char *path; /* as configured; what messages name */
    char *real; /* with symbolic links followed; NULL until opened once */
    bool synchronous_full;
    int64_t busy_timeout_ms;
    _Atomic bool hurry; /* wait for no lock any more; set from any thread */
    uv_mutex_t place;   /* held while the file is opened, moved, or its log copied: closing any
                           descriptor of a file gives up the process's locks on it */

    sqlite3 *db; /* NULL: not open */
    sqlite3_stmt *statements[SQLITE_ST_COUNT];
    dev_t device; /* of the open file */
    ino_t inode;
    bool checked; /* its contents were checked since it was opened */
    bool lost;    /* they are others than before, and no operation has said so yet */
    int wal_pages;
    int64_t waited_ms; /* for the present lock */
};

enum sqlite_opened {
    SQLITE_OPENED,
    SQLITE_OPEN_REFUSED, /* *err says why; the file is as it was */
    SQLITE_OPEN_DAMAGED  /* *err is the reason alone: "database disk image is malformed" */
};

void sqlite_file_init(struct sqlite_file *f, const struct store_settings *settings);

/* Closes what is open and frees the texts. */
void sqlite_file_free(struct sqlite_file *f);

/* Opens an existing file or makes a new one. */
MUST_CHECK enum sqlite_opened sqlite_file_open(struct sqlite_file *f, struct error *err);

/* As sqlite_file_open() unless it is open, and a damaged file is set aside. */
MUST_CHECK bool sqlite_file_ready(struct sqlite_file *f, struct error *err);

/* Reads the contents through; damage is set aside. What fails otherwise will fail again when it is
 * needed. */
void sqlite_file_check(struct sqlite_file *f);

/* `checkpoint`: the write-ahead log goes into the database first. Without it nothing is written. */
void sqlite_file_close(struct sqlite_file *f, bool checkpoint);

/* Is the file under this path another one than the open one? */
bool sqlite_file_replaced(const struct sqlite_file *f);

/* Copies the write-ahead log into the database as far as nobody is disturbed, over a connection of
 * its own; the one function that may run beside the others. */
void sqlite_file_copy_log(struct sqlite_file *f);

/* Carries an operation out and fills in its answers; `done` is not called. */
void sqlite_file_run(struct sqlite_file *f, struct store_op *op);

/* Returns a result code of SQLite and leaves no transaction open. */
typedef int sqlite_work(struct sqlite_file *f, void *arg);

/* The same with any work. It may be done twice: when the file turns out to be damaged, it is set
 * aside and a new one is worked on. False with *problem. */
MUST_CHECK bool sqlite_file_do(struct sqlite_file *f, sqlite_work *work, void *arg,
                               struct error *problem);

/* Runs a prepared statement that gives no rows, or none that anybody looks at. */
int sqlite_file_step(const struct sqlite_file *f, enum sqlite_statement id);

/* Commits when `code` is SQLITE_OK, or rolls back what is open; the code of the first failure. */
int sqlite_file_finish(const struct sqlite_file *f, int code);

/* A second connection to the open file, for reading, on any thread. `seen` says which file that is:
 * when sqlite_file_is() says that it is another one by now, the connection is closed and opened
 * anew. NULL: there is no file. */
struct sqlite_place {
    dev_t device;
    ino_t inode;
};
sqlite3 *sqlite_file_reader(struct sqlite_file *f, struct sqlite_place *seen);
bool sqlite_file_is(struct sqlite_file *f, const struct sqlite_place *seen);

/* sqlite_ops.c: each returns a result code of SQLite and leaves no transaction open. */
int sqlite_op_carry_out(struct sqlite_file *f, struct store_op *op);

/* Did this code say that the contents are not what they must be? */
bool sqlite_code_damaged(int code);

/* The meaning of a result code, with what to do about it. */
void sqlite_problem_set(const struct sqlite_file *f, int code, struct error *err);

/* sqlite_aside.c: moves the file (closed before) and what belongs to it to PATH.corrupt-TIME, keeps
 * the newest three such sets, and logs it. False with *err set when it cannot be moved. */
MUST_CHECK bool sqlite_file_set_aside(const struct sqlite_file *f, const char *reason,
                                      struct error *err);

/* sqlite_place.c: makes the file if there is none and looks at it; f->real, device, inode, checked.
 */
MUST_CHECK enum sqlite_opened sqlite_file_look(struct sqlite_file *f, struct error *err);

/* Sets *err for a file of another program or of a later version; SQLITE_OPEN_REFUSED. */
enum sqlite_opened sqlite_file_foreign(const struct sqlite_file *f, uint32_t application,
                                       uint32_t version, struct error *err);

void sqlite_file_cannot_open(const struct sqlite_file *f, const char *reason, struct error *err);

/* "NFS" for a type of statfs(2) that stands for a network file system, else NULL. */
const char *sqlite_network_file_system(int64_t type);

#endif
