/* A loop, a clock, a folder, a listener that remembers, and the log's lines; for the tests of
 * store/. */
#ifndef TEST_STORE_HARNESS_H
#define TEST_STORE_HARNESS_H

#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* What one store said. */
struct heard {
    struct world *world;
    struct store *store;
    unsigned reads;
    bool read_ok;
    bool initialized;
    struct dataset *data; /* of the last read; owned */
    uint64_t released;
    unsigned released_calls;
    unsigned written_calls;
    unsigned failed_writes;
    unsigned state_changes;
    enum store_state state;
    unsigned refills;
    bool closed;
    /* answers to refill_wanted */
    struct dataset *snapshot; /* NULL: none; owned */
    bool current;
};

struct world {
    uv_loop_t loop;
    uv_timer_t guard; /* keeps uv_run() from waiting for ever */
    struct fake_clock clock;
    struct store_settings settings;
    const char *table;    /* of the stores that are opened; "" */
    uint64_t patience_ms; /* of run_until() and its like; 20 s */
    struct store_database *db;
    bool db_closed;
    char folder[64];
    char path[96]; /* folder/flags.db */
};

/* A new folder, a loop; the database is not open yet. Settings are those of a SQLite file. */
void world_begin(struct world *w);
void world_open(struct world *w);  /* fails the test when the database cannot be opened */
void world_close(struct world *w); /* the database, after its stores */
void world_end(struct world *w);   /* closes what is open, removes the folder */

void heard_open(struct heard *h, struct world *w, const char *prefix);
void heard_close(struct heard *h);
void heard_forget(struct heard *h); /* frees what it owns */

/* Runs the loop until `condition` holds; fails the test with `what` when patience is over. */
void run_until(struct world *w, bool (*condition)(void *arg), void *arg, const char *what);
void run_until_idle(struct heard *h); /* nothing is pending any more */
void run_until_state(struct heard *h, enum store_state state);
void run_until_line(struct world *w, const char *text);
void run_turns(struct world *w, unsigned count);

/* Reads everything and waits for it. */
const struct dataset *read_back(struct heard *h);

/* Posts and waits until nothing is pending. */
void write_item(struct heard *h, struct item *it);     /* takes it */
void write_all(struct heard *h, struct dataset *data); /* takes it */

struct item *flag(const char *key, int64_t version);
struct item *flag_sized(const char *key, int64_t version, size_t bytes);
struct item *segment(const char *key, int64_t version);

/* "f3 g-5 s:2": flags and segments (with a colon) by key and version, "-" for tombstones. */
struct dataset *dataset_text(const char *text);
void assert_dataset(const struct dataset *d, const char *text);

/* The log: lines as "WARN: text". */
void log_forget(void);
unsigned log_count(const char *text); /* lines that contain it */
#define assert_logged(text) assert_int_equal(log_count(text), 1)

/* Statements and one-column answers on the file, by a connection of its own. */
void sql(const char *path, const char *text);
int64_t sql_int(const char *path, const char *text);

/* How many files in the folder have names that start and end like this. */
unsigned folder_count(const struct world *w, const char *start, const char *end);

#endif
