/* bigsegments/membership_sqlite.h - memberships in SQLite from inside; only membership_sqlite*.c
 * include it (big-segments.md 11).
 *
 *   membership_sqlite.c: the kind, and changes, on the data store's own connection
 *   membership_sqlite_reader.c: questions, on a connection for reading
 */
#ifndef BIGSEGMENTS_MEMBERSHIP_SQLITE_H
#define BIGSEGMENTS_MEMBERSHIP_SQLITE_H

#include "bigsegments/membership_kind.h"
#include "store/sqlite_jobs.h"

/* The database of the kind is its reader. */
struct membership_database *membership_sqlite_reader_new(void);
void membership_sqlite_reader_close(struct membership_database *db);

/* QUERY or READ_TIME. */
void membership_sqlite_ask(struct membership_store *s, struct membership_op *op);

static inline void membership_sqlite_bind(sqlite3_stmt *st, int at, struct view text)
{
    (void)sqlite3_bind_text64(st, at, text.len != 0 ? text.data : "", text.len, SQLITE_STATIC,
                              SQLITE_UTF8);
}

static inline struct view membership_sqlite_column(sqlite3_stmt *st, int at)
{
    const char *text = (const char *)sqlite3_column_text(st, at);
    return view_make(text, text != NULL ? (size_t)sqlite3_column_bytes(st, at) : 0);
}

#endif
