/* goals/ - the one request that is passed through to LaunchDarkly: GET /sdk/goals/{envId}
 * (http-api.md 7).
 *
 *   api/goals.c --goals_ask_post()--> goals_take() --> kept and fresh? --------------> the answer
 *        ^                                '--> asked by somebody already? ----> waits for it
 *        |                                      '--> asked now (http/call.h), or in the queue
 *        '---- answer letter -------------------------- ... answered, kept <-'
 *
 * Lives on: the control thread; only goals_ask_post() is for the serving threads. What crosses is
 * handed over whole (the question) or constant (the answer). May call: http, base.
 *
 * Life: goals_open -> any number of questions -> goals_close. The serving threads have ended before
 * the close, the client is closed after it.
 */
#ifndef GOALS_GOALS_H
#define GOALS_GOALS_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/list.h"
#include "base/mailbox.h"
#include "base/str.h"
#include "http/client.h"

/* ---- answers --------------------------------------------------------------------------------- */

/* How long an answer may be used; Unix milliseconds, the moment itself is too late. */
struct goals_rules {
    bool may_keep;           /* at all */
    int64_t fresh_until_ms;  /* without asking again */
    int64_t usable_until_ms; /* instead of an error of upstream's */
};

/* What the client is told, but for the headers of CORS. Constant, reference counted, any thread. */
struct goals_answer {
    _Atomic unsigned refs;
    int status;
    bool dated;               /* there is a Date in `lines` */
    char *type;               /* Content-Type; "": none */
    struct str lines;         /* the other headers, "Name: value\r\n" each */
    struct buf *body;         /* never NULL */
    struct goals_rules rules; /* for goals/ alone */
};

/* The first header of this name among `lines`; empty when there is none. */
struct view goals_answer_value(const struct goals_answer *a, const char *name);

/* For a client that is to come again: 503. One reference. */
struct goals_answer *goals_answer_busy(void);

struct goals_answer *goals_answer_ref(struct goals_answer *a);
void goals_answer_unref(struct goals_answer *a);

/* ---- questions ------------------------------------------------------------------------------- */

/* Who is to be told; the answer comes as a letter to this thread. */
struct goals_asker {
    void *owner;
    size_t thread;
    uint64_t id; /* of the request; it may be gone when the answer comes */
    /* On that thread. `answer` is borrowed for the call. */
    void (*answered)(void *owner, uint64_t id, struct goals_answer *answer);
};

struct goals_question; /* one owner, who frees it or hands it over */

/* `environment` bounds who can use up what; `target` is the path and query. Texts are copied. */
struct goals_question *goals_question_new(struct view environment, struct view target,
                                          const struct goals_asker *asker);

/* Adds a header of the client, if it is one that is passed on. */
void goals_question_header(struct goals_question *q, struct view name, struct view value);

/* Adds X-Forwarded-For: what the client said, if anything, and the client's own address. */
void goals_question_forwarded(struct goals_question *q, struct view said, struct view address);

void goals_question_free(struct goals_question *q); /* accepts NULL */

/* How a serving thread asks the control thread. */
struct goals_door {
    void *owner;
    struct mailbox *mailbox;
    /* On the control thread, takes the question; the usual target is goals_take(). */
    void (*asked)(void *owner, struct goals_question *q);
};

/* From a serving thread. Takes the question. */
void goals_ask_post(const struct goals_door *door, struct goals_question *q);

/* ---- the control thread's side --------------------------------------------------------------- */

/* How answers reach the serving threads; the usual target is http_thread_post(). */
struct goals_route {
    void *owner;
    void (*post)(void *owner, size_t thread, struct letter *l);
};

/* Objects behind pointers must outlive the goals; texts are copied. */
struct goals_settings {
    uv_loop_t *loop;
    const struct clock *clock;
    struct http_client *client;
    const char *base_uri; /* clientSideBaseUri; a path in it is ignored */
    struct goals_route route;
};

struct goals;

struct goals *goals_open(const struct goals_settings *settings);

/* Takes the question; it is answered exactly once, unless goals_close() comes first. */
void goals_take(struct goals *g, struct goals_question *q);

/* What is under way is given up, and nobody is told. */
void goals_close(struct goals *g); /* accepts NULL */

#endif
