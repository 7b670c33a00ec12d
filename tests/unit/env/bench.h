/* What the tests of env/ stand on: a house with fake sources, fake stores, a fake clock and one
 * fanout, so that a test says what LaunchDarkly and the database do and sees what an SDK gets.
 *
 *   bench_put(), bench_fail() ... --source_sink--> env --fanout--> bench_member.text
 *                                                   '--store_*_post--> bench_store.log
 *
 * The fakes replace source_*, store_* at link time. Callbacks come from bench_turn(), as promised
 * by the real ones: never from inside the call that asked.
 */
#ifndef ENV_BENCH_H
#define ENV_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/str.h"
#include "env/env.h"

enum { BENCH_ENVIRONMENTS = 4 };

struct bench_source {
    struct source_sink sink;
    bool open;
    bool closing;
    unsigned restarts;
    struct str opened_with; /* "stream KEY FILTER" or "file PATH ..." */
};

struct bench_store {
    struct store_listener listener;
    bool open;
    bool closing;
    bool writes_first;
    uint64_t writes; /* numbers given out */
    struct str log;  /* "read;" "init N;" "upsert KEY VERSION;" "refill N current;" */
    size_t pending;
    enum store_state state;
    char *prefix;
};

struct bench_member {
    struct fanout_member member;
    struct str text; /* all events, as on the wire without chunks */
};

struct bench {
    uv_loop_t loop;
    struct fake_clock clock;
    struct house_settings settings;
    struct house *house;
    struct fanout *fanout;
    bool foreign_fanout; /* bench_use_fanout() */
    struct bench_source sources[BENCH_ENVIRONMENTS];
    struct bench_store stores[BENCH_ENVIRONMENTS];
    size_t source_count;
    size_t store_count;
    struct str log;    /* "LEVEL text\n" of every line at info and above */
    struct str starts; /* "NAME ok;" "NAME failed: REASON;" "NAME refused: REASON;" */
    bool closed;
};

/* The one that the fakes work on. */
extern struct bench *bench;

/* An open house without environments; initTimeout 10 s, disconnectedStatusTime 1 min. Change
 * b->settings before bench_add(). */
void bench_setup(struct bench *b);

/* Instead of the bench's own; stays with the caller. */
void bench_use_fanout(struct bench *b, struct fanout *f);

/* Adds one environment; defaults for what is NULL: name "prod", SDK key "sdk-prod-0001". */
void bench_add(struct bench *b, const struct env_settings *settings);
void bench_start(struct bench *b);

/* Callbacks that are due, then the loop once without waiting. */
void bench_turn(struct bench *b);

/* Waits for initTimeout (the settings' real milliseconds) of the only environment that is starting.
 */
void bench_time_out(struct bench *b);

/* Closes the house, checks that it says so, frees everything. */
void bench_teardown(struct bench *b);

/* ---- what the outside does ------------------------------------------------------------------- */

/* {"flags":{...}} texts are made from words: "a:1 b:2 /s:3" is two flags and a segment; "x" in
 * front of the version: deleted. */
struct dataset *bench_dataset(const char *words);
struct item *bench_item(const char *word);

void bench_put(struct bench *b, size_t i, const char *words);

/* Flags as {key, JSON}, and "gone", which was deleted in version 9. */
void bench_put_flags(struct bench *b, size_t i, const char *const (*flags)[2], size_t count);
void bench_patch(struct bench *b, size_t i, const char *word);
void bench_alive(struct bench *b, size_t i);
void bench_fail(struct bench *b, size_t i, enum source_error_kind kind, int status_code,
                bool recoverable);
void bench_stored(struct bench *b, size_t i, const char *words); /* NULL: not initialized */
void bench_store_failed_to_read(struct bench *b, size_t i);
void bench_store_state(struct bench *b, size_t i, enum store_state state);

/* Steps about environment 0, divided by ';': put WORDS, patch WORD, alive, lost, invalid, 503, 401,
 * timeout, stored WORDS, stored-none, read-fails, write-fails, store-down, store-up, refill,
 * advance MS. */
void bench_script(struct bench *b, const char *steps);

/* ---- what can be seen ------------------------------------------------------------------------ */

struct env_snapshot *bench_snapshot(struct bench *b, size_t slot);
void bench_join(struct bench *b, struct bench_member *m, size_t slot, enum fanout_kind kind);
void bench_leave(struct bench_member *m);

/* The text and clears it. */
void bench_expect(struct str *got, const char *want, const char *row);
bool bench_log_has(const struct bench *b, const char *text);

/* "STARTING", "READY 3" (items), "READY -" (no data), "REFUSED". */
void bench_expect_readiness(struct bench *b, size_t slot, const char *want, const char *row);

/* What a stream got, in short: "put 3;" (items), "patch /flags/a;" "delete /a;". Clears it. */
void bench_expect_events(struct bench_member *m, const char *want, const char *row);

/* "INITIALIZING", or "INTERRUPTED NETWORK_ERROR", or "OFF ERROR_RESPONSE(401)". */
void bench_expect_connection(struct bench *b, size_t slot, const char *want, const char *row);

#endif
