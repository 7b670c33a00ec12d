/* A synchroniser between a LaunchDarkly and a database that do what the test says; time stands
 * still until the test moves it. No socket, no file, no waiting.
 *
 * Everything that happens is written to `said`, one word or phrase after the other:
 *   poll [AFTER]   stream   cancelled   apply P>V   time   look (the cursor)   reset
 *   changed KEY,KEY   synchronized   closed
 * What the second of two environments does with its database and tells is "other WORD ...".
 */
#ifndef TEST_BIGSEGMENTS_SYNC_BENCH_H
#define TEST_BIGSEGMENTS_SYNC_BENCH_H

#include "base/random.h"
#include "bigsegments/synchronizer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define WALL_MS INT64_C(1760000000000)

/* An environment, and its prefix of the database. */
struct sync_env {
    const char *name; /* in front of what it says: "", "other " */
    struct synchronizer *s;
    bool closed;
    struct str cursor;
    int64_t time_ms;
    const char *failure; /* of every operation from now on; NULL: none */
    bool frozen;         /* no operation is answered */
    struct membership_op *pending;
    bool close_when_changed;
};

struct sync_bench {
    uv_loop_t loop;
    struct fake_clock clock;
    struct random random;
    double chance;
    struct shared_exchanges shared;
    struct str said;
    struct str log; /* "WARN: text" lines without the prefix */
    struct sync_env own;
    struct sync_env other;
};

extern struct sync_bench *sync_bench;

/* Opened, and the first cycle has asked for the first page. */
void sync_begin(struct sync_bench *b);

/* The same for two that have one SDK key; the first speaks first. */
void sync_begin_both(struct sync_bench *b);
void sync_end(struct sync_bench *b);

/* Everything that can go on goes on. */
void sync_run(struct sync_bench *b);

/* What was said since the last call must be this. */
void sync_expect(struct sync_bench *b, const char *said);

/* The latest poll is answered: with these patches, "PREVIOUS>VERSION PREVIOUS>VERSION", of the
 * segment "vip.g1" with one member each; or with this status and body. */
void sync_page(struct sync_bench *b, const char *patches);
void sync_answer(struct sync_bench *b, int status, const char *body);
void sync_broken(struct sync_bench *b, const char *problem); /* the connection of the poll */

/* The stream: opened, refused, an event with these patches, raw text, its end. */
void sync_open(struct sync_bench *b);
void sync_refuse(struct sync_bench *b, int status);
void sync_event(struct sync_bench *b, const char *patches);
void sync_raw(struct sync_bench *b, const char *text);
void sync_cut(struct sync_bench *b, const char *problem);
bool sync_stream_paused(const struct sync_bench *b);

/* Up to a complete, empty database: said is empty then. */
void sync_connected(struct sync_bench *b);

/* How long until the next cycle, or the next look at the cursor; and lets it pass. */
int64_t sync_wait_ms(struct sync_bench *b);
void sync_pass(struct sync_bench *b);

/* Lets everybody's waits of this length pass. */
void sync_pass_ms(struct sync_bench *b, int64_t ms);

/* Another relay moves the cursor. */
void sync_cursor(struct sync_env *e, const char *cursor);

unsigned sync_logged(const struct sync_bench *b, const char *text);

/* Retry-After of the answers that follow; "" none. */
void sync_retry_after(const char *seconds);

/* Authorization of the last request. */
const char *sync_authorization(void);

#endif
