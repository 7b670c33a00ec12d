/* The core of the events room between a test that posts and an upstream that says what the test
 * wants, with a clock of the test's own. */
#ifndef TEST_EVENTS_WORLD_H
#define TEST_EVENTS_WORLD_H

#include "../store/fake_http.h"
#include "events/events_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define WORLD_SDK_KEY "sdk-11111111-1111-4111-8111-111111111111"
#define WORLD_MOBILE_KEY "mob-22222222-2222-4222-8222-222222222222"
#define WORLD_ENV_ID "0123456789abcdef01234567"

struct world {
    uv_loop_t loop;
    uv_timer_t deadline;
    bool late;
    struct fake_clock clock;
    struct random random; /* always a half */
    struct http_client *client;
    struct fake_http upstream;
    struct mailbox mailbox;
    struct events_door door;
    struct events *events;
    struct env_snapshot *snapshot; /* the environment as it is now; NULL: removed */
    struct events_settings settings;
    struct str log;
    bool closed;
};

/* Rules of the upstream; all answer 202 when there is only END. */
#define END                                                                                        \
    {                                                                                              \
        .status = 0                                                                                \
    }

/* What a test may change between world_init() and world_open(): settings, door. */
void world_init(struct world *w, const struct fake_rule *rules);
void world_open(struct world *w);

/* Both, with nothing changed. */
void world_start(struct world *w, const struct fake_rule *rules);

/* Closes what is open and frees everything. `limit_ms` is the time for what is undelivered. */
void world_close(struct world *w);
void world_end(struct world *w, int64_t limit_ms);

/* Other keys from now on. */
void world_keys(struct world *w, const char *sdk_key, const char *mobile_key);

struct world_post {
    enum event_family family;
    enum event_path path;
    int64_t schema; /* 0: 4 */
    const char *tags;
    const char *payload_id;
    unsigned slot;
    void (*safe)(void *owner);
    void *owner;
};

/* A post with this body arrives. */
void world_post(struct world *w, const struct world_post *how, const char *body);

/* The same with the server family, schema 4, no tags, no ID. */
void world_bulk(struct world *w, const char *body);

/* "[1,2,3...]" of `count` numbers from `from` on; the caller frees it. */
char *world_numbers(int from, int count);

void world_diagnostic(struct world *w, enum event_family family, const char *const *headers,
                      const char *body);

/* Time passes, and what is due then happens. */
void world_advance(struct world *w, int64_t ms);

/* One turn of the loop; the test fails when the whole of it takes too long. */
void world_turn(struct world *w);

/* Runs until the pool is idle and no request is under way. */
void world_settle(struct world *w);

/* Time passes, and all that begins then has ended. */
void world_pass(struct world *w, int64_t ms);

/* Runs until the upstream has had so many requests. */
void world_requests(struct world *w, size_t count);

/* A flush, and all of it is answered. */
void world_flush(struct world *w);

/* A family of the environment in slot 0, which had a post. */
struct events_family *world_family(const struct world *w, enum event_family kind);

/* The body of request `i`, decompressed; valid until the next call with the same `out`. */
const char *world_body(const struct world *w, size_t i, struct str *out);

/* The value of a header of request `i`; "" when it is not there; static memory. */
const char *world_header(const struct world *w, size_t i, const char *name);

/* Events that were dropped, for whatever reason. */
int64_t world_dropped(const struct world *w);

/* The number of log lines that contain the text. */
size_t world_logged(const struct world *w, const char *text);

#endif
