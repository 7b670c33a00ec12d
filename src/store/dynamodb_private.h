/* store/dynamodb_private.h - DynamoDB from inside; only the files dynamodb*.c include this. */
#ifndef STORE_DYNAMODB_PRIVATE_H
#define STORE_DYNAMODB_PRIVATE_H

#include "base/map.h"
#include "base/random.h"
#include "http/call.h"
#include "store/aws_credentials.h"
#include "store/aws_sign.h"
#include "store/dynamodb.h"
#include "store/dynamodb_answer.h"
#include "store/dynamodb_body.h"

#define DYNAMODB_LIMIT_MS 10000 /* of one request with all its repetitions */
#define DYNAMODB_ATTEMPT_LIMIT_MS                                                                  \
    5000 /* of one attempt: a dead connection must not take it all                                 \
          */
#define DYNAMODB_PROBE_LIMIT_MS 3000
#define DYNAMODB_MAX_TRIES 10   /* while the table has no capacity left */
#define DYNAMODB_MAX_FAILURES 3 /* of connections and of the service itself */
#define DYNAMODB_PAUSE_MS 50    /* doubled from try to try */
#define DYNAMODB_MAX_PAUSE_MS 2000
#define DYNAMODB_BATCH_ITEMS 25
#define DYNAMODB_BATCH_BYTES ((size_t)512 << 10) /* of a batch, unless one item alone has more */
#define DYNAMODB_MAX_ANSWER ((size_t)16 << 20)
#define DYNAMODB_MAX_BYTES ((size_t)1 << 30) /* of all answers to one listing */
#define DYNAMODB_MAX_PAGES 4096              /* of one namespace; a page has up to 1 MB */

struct dynamodb_task;

/* ---- one request: dynamodb_request.c --------------------------------------------------------- */

typedef void dynamodb_answered(struct dynamodb_task *t, const struct dynamodb_result *result);

struct dynamodb_request {
    const char *operation; /* "Query"; NULL: nothing is being asked */
    struct buf *body;
    char payload_hash[AWS_HASH_SIZE];
    dynamodb_answered *answered;
    int64_t end_ms; /* loop time when it is over */
    unsigned failures;
    unsigned throttled;
    bool renewed; /* the credentials were refused once */
    char *key_id; /* with which the attempt was signed */
    struct aws_waiter waiter;
    struct http_call *call;
};

/* Takes the body. `payload_hash` NULL: made here. The answer comes from a later turn. */
void dynamodb_ask_take(struct dynamodb_task *t, const char *operation, struct buf *body,
                       const char *payload_hash, dynamodb_answered *answered);

/* The same with a body that is being built; `body` is empty afterwards. */
void dynamodb_ask_text(struct dynamodb_task *t, const char *operation, struct str *body,
                       dynamodb_answered *answered);

/* Ends the request without an answer. */
void dynamodb_request_drop(struct dynamodb_task *t);

/* 50 ms, 100 ms, ... 2 s, each minus up to half by chance. */
int64_t dynamodb_pause_ms(struct random *random, unsigned tries);

/* ---- the rows of a namespace: dynamodb_listing.c --------------------------------------------- */

/* A row whose item is not among those to be written. */
struct dynamodb_stale {
    enum item_kind kind;
    char *key;
};

struct dynamodb_listing {
    enum dynamodb_columns columns;
    enum item_kind kind;
    unsigned kinds_left;
    struct str start_key;
    size_t pages;     /* of this kind */
    size_t bytes;     /* of all kinds */
    struct buf *page; /* being read on the thread pool */
    struct error problem;
    void (*row)(struct dynamodb_task *t, enum item_kind kind, const struct dynamodb_row *row);
    void (*done)(struct dynamodb_task *t);
    const char *failure; /* in front of an error's text */
};

/* Goes through the rows of these kinds, segments or flags first. `row` is called on the thread
 * pool, `done` on the loop; an error ends the task. */
void dynamodb_list(struct dynamodb_task *t, enum item_kind first);

/* ---- tasks: dynamodb.c ----------------------------------------------------------------------- */

/* One operation of a store. Its work on the thread pool and on the loop never overlap. */
struct dynamodb_task {
    struct list link; /* in backend->tasks */
    struct dynamodb_backend *backend;
    struct store_op *op;
    struct dynamodb_place place;
    uv_timer_t timer;
    void (*due)(struct dynamodb_task *t);
    uv_work_t work;
    void (*worked)(struct dynamodb_task *t);
    bool working;
    bool ended;
    struct dynamodb_request request;
    struct dynamodb_listing listing;

    /* READ */
    struct dataset_builder *builder;

    /* INIT, UPSERT */
    struct map wanted[ITEM_KIND_COUNT]; /* UPSERT: key -> item */
    struct map same[ITEM_KIND_COUNT];   /* key -> item: it needs not be written */
    struct dynamodb_stale *stale;
    size_t stale_count;
    size_t next;   /* item, then stale row, to be written */
    size_t *steps; /* INIT: of each item of the present kind */
    size_t step;   /* the one whose items are being written */
    bool more_steps;
    unsigned phase;
    struct buf *batch; /* made, not sent */
    char batch_hash[AWS_HASH_SIZE];
    size_t batch_count;
    unsigned batch_tries;
    const struct item **dropped; /* they do not fit; found since the last look */
    size_t dropped_count;
    size_t dropped_total;
};

struct dynamodb_backend {
    struct store_backend base;
    uv_loop_t *loop;
    const struct clock *clock;
    struct random *random;
    struct aws_credentials *credentials;
    char *url;
    const char *region; /* "": none is known */
    char *shown;        /* /status: the configured URL, masked */
    char *address;      /* log lines: the URL, masked */
    struct list tasks;
    struct map spots; /* "table\nprefix" -> struct dynamodb_spot */
    bool hurried;
};

/* What is remembered about an environment. */
struct dynamodb_spot {
    struct map dropped; /* "kind\nkey" -> version of the last one that was too large, as text */
};

/* A task for the operation, which has done nothing yet. */
struct dynamodb_task *dynamodb_task_new(struct dynamodb_backend *b, struct store_op *op);

/* The task is over; what follows comes from a later turn. */
void dynamodb_succeed(struct dynamodb_task *t);
void dynamodb_fail(struct dynamodb_task *t, const char *before, const char *problem);

/* `due` after that time, unless the task ends before. */
void dynamodb_later(struct dynamodb_task *t, int64_t ms, void (*due)(struct dynamodb_task *t));

/* `work` on the thread pool, then `worked`. */
void dynamodb_work(struct dynamodb_task *t, uv_work_cb work,
                   void (*worked)(struct dynamodb_task *t));

/* Logs an item that does not fit, once per version. */
void dynamodb_drop(struct dynamodb_task *t, const struct item *it);

static inline bool dynamodb_fits(const struct dynamodb_task *t, const struct item *it)
{
    return dynamodb_fit(t->place.prefix, it) == DYNAMODB_FITS;
}

/* ---- what each operation does ---------------------------------------------------------------- */

void dynamodb_init(struct dynamodb_task *t);
void dynamodb_upsert(struct dynamodb_task *t);
void dynamodb_read(struct dynamodb_task *t);
void dynamodb_look(struct dynamodb_task *t); /* PROBE, CHECK */

/* Asks for the marker; then op->marked is set and the task succeeds. */
void dynamodb_marker_ask(struct dynamodb_task *t);

#endif
