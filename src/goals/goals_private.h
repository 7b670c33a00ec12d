/* goals/goals_private.h - what the files of goals/ share. */
#ifndef GOALS_GOALS_PRIVATE_H
#define GOALS_GOALS_PRIVATE_H

#include "base/map.h"
#include "goals/goals.h"

/* ---- questions (question.c) ------------------------------------------------------------------ */

#define GOALS_HEADERS_MAX 32

struct goals_question {
    struct letter letter;
    struct goals_door door;
    struct list link; /* the queue, or those who wait for a fetch */
    char *environment;
    char *target;
    struct goals_asker asker;
    size_t header_count;
    struct goals_header {
        char *name;
        char *value;
    } headers[GOALS_HEADERS_MAX];
    bool alone; /* somebody else's answer was not for this client: it is asked for again */
};

/* The first value of a header that is passed on; "" when there is none. */
const char *goals_question_value(const struct goals_question *q, struct view name);

/* ---- answers (answer.c) ---------------------------------------------------------------------- */

/* From the head of upstream's answer as it came at this moment, without body; one reference. */
struct goals_answer *goals_answer_new(int status, const struct http_head *head, int64_t now_ms);

/* An answer of our own, empty. */
struct goals_answer *goals_answer_empty(int status);

/* Before anybody else sees the answer. */
void goals_answer_set_body(struct goals_answer *a, struct view body);

/* `old` as upstream's 304 makes it: the old body, and of the headers those that are new. One
 * reference. */
struct goals_answer *goals_answer_renew(const struct goals_answer *old,
                                        const struct goals_answer *fresh, int64_t now_ms);

/* ---- how long an answer may be used (rules.c) ------------------------------------------------ */

/* What the headers say (RFC 9111 as far as http-api.md 7 has it) that came at this moment. */
void goals_rules_read(const struct goals_answer *a, int64_t now_ms, struct goals_rules *out);

/* ---- what is kept (cache.c) ------------------------------------------------------------------ */

/* Of each environment; its least used goes first. A bigger body is not kept. */
#define GOALS_CACHE_ENTRIES 64
#define GOALS_CACHE_BYTES ((size_t)1 << 20)
#define GOALS_CACHE_BODY_BYTES ((size_t)256 << 10)

struct goals_entry {
    struct list link; /* by use, the oldest first */
    char *target;
    char *environment;
    struct goals_answer *answer;
    struct str depends; /* what was sent of the headers in Vary: "name\nvalue\n" each */
    size_t bytes;
};

struct goals_cache {
    struct map entries; /* by target */
    struct list by_use;
};

void goals_cache_open(struct goals_cache *c);
void goals_cache_close(struct goals_cache *c);

/* The entry of this target, if it is for a client with these headers; NULL: there is none. */
struct goals_entry *goals_cache_find(struct goals_cache *c, const struct goals_question *q);

/* Keeps the answer to this question instead of what was kept, if it may and can be kept. */
void goals_cache_keep(struct goals_cache *c, const struct goals_question *q,
                      struct goals_answer *answer);
void goals_cache_drop(struct goals_cache *c, const struct goals_question *q);

/* Is the answer to `asked` also one to `q`, as far as its Vary says? */
bool goals_answer_fits(const struct goals_answer *a, const struct goals_question *asked,
                       const struct goals_question *q);

#endif
