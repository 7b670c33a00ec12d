/* store/sqlite_jobs.h - other work on the file of an open SQLite data store: bigsegments/.
 *
 *   sqlite_job_post() --> the queue of sqlite.c, behind the store's own operations
 *                           '--> thread pool: job->work() --> loop: job->done()
 *
 * Flag data come first: a job begins when no operation of a store waits, and an operation waits for
 * the one job that is running at the most.
 */
#ifndef STORE_SQLITE_JOBS_H
#define STORE_SQLITE_JOBS_H

#include "store/sqlite_file.h"

struct sqlite_job {
    struct list link;                   /* the queue's own */
    sqlite_work *work;                  /* on the pool; `arg` is the job */
    void (*done)(struct sqlite_job *j); /* on the loop, from a later turn, exactly once */
    bool ok;
    struct error problem; /* when not ok */
};

/* The database is one of SQLite. The job belongs to the queue until done(). */
void sqlite_job_post(struct store_database *db, struct sqlite_job *j);

/* For sqlite_file_reader(). */
struct sqlite_file *sqlite_file_of(struct store_database *db);

#endif
