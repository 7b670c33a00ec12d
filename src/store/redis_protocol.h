/* store/redis_protocol.h - commands to Redis as bytes, and its answers as small trees (RESP 2).
 *
 * hiredis finds the borders of the answers; what it finds is built here, so that an answer cannot
 * take more memory than REDIS_ANSWER_* allow, whatever the peer claims to send.
 */
#ifndef STORE_REDIS_PROTOCOL_H
#define STORE_REDIS_PROTOCOL_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

#define REDIS_ANSWER_MAX_BYTES ((size_t)1 << 30)
#define REDIS_ANSWER_MAX_ELEMENTS (1 << 22)

/* ---- commands -------------------------------------------------------------------------------- */

/* Appends one command: its name and arguments, which may hold any bytes. */
void redis_command(struct str *out, const struct view *words, size_t count);

/* Name and up to three arguments; empty views at the end are left out. */
void redis_command_short(struct str *out, const char *name, struct view a, struct view b,
                         struct view c);

/* ---- answers --------------------------------------------------------------------------------- */

enum redis_reply_type {
    REDIS_TEXT,    /* a bulk string */
    REDIS_STATUS,  /* "OK", "QUEUED" */
    REDIS_FAILURE, /* "READONLY You can't write against a read only replica." */
    REDIS_NUMBER,
    REDIS_NIL,
    REDIS_LIST
};

struct redis_reply {
    enum redis_reply_type type;
    int64_t number;
    size_t count; /* REDIS_LIST */
    struct redis_reply **elements;
    struct view text; /* REDIS_TEXT, _STATUS, _FAILURE; lives in `memory` */
    char memory[];
};

void redis_reply_free(struct redis_reply *r); /* accepts NULL */

/* A status of that text? */
bool redis_reply_is(const struct redis_reply *r, const char *status);

/* A failure that begins with that word? */
bool redis_reply_fails_with(const struct redis_reply *r, const char *word);

/* The first failure in it, itself included; NULL when there is none. */
const struct redis_reply *redis_reply_failure(const struct redis_reply *r);

/* ---- the reader ------------------------------------------------------------------------------ */

struct redis_reader;

struct redis_reader *redis_reader_new(void);
void redis_reader_free(struct redis_reader *r); /* accepts NULL */

/* Hands over bytes. False with *err when they are no answer of Redis, or one beyond the limits. */
MUST_CHECK bool redis_reader_feed(struct redis_reader *r, struct view bytes, struct error *err);

/* The next whole answer, handed over, or NULL when more bytes are needed. False as above. */
MUST_CHECK bool redis_reader_next(struct redis_reader *r, struct redis_reply **out,
                                  struct error *err);

#endif
