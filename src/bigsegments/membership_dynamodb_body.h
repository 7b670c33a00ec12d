/* bigsegments/membership_dynamodb_body.h - what is said to DynamoDB about memberships, and what it
 * answers (big-segments.md 6.2). Pure; bodies are appended, nothing in an answer is taken for
 * granted. For membership_dynamodb.c and its tests.
 */
#ifndef BIGSEGMENTS_MEMBERSHIP_DYNAMODB_BODY_H
#define BIGSEGMENTS_MEMBERSHIP_DYNAMODB_BODY_H

#include "bigsegments/memberships.h"
#include "bigsegments/patch.h"
#include "store/dynamodb_body.h"

#define MEMBERSHIP_GROUP_MAX 99 /* hashes in a transaction: the service's limit less the check */

/* ---- changes --------------------------------------------------------------------------------- */

/* What happens to one hash. */
struct membership_change {
    size_t offset; /* of the hash, in the group's text */
    size_t len;
    unsigned lists; /* 1u << PATCH_INCLUDED_ADD ... */
};

/* What goes into one transaction: each hash once. */
struct membership_group {
    struct str text;
    struct membership_change changes[MEMBERSHIP_GROUP_MAX];
    size_t count;
};

/* False: the hash is not in the group yet, which has `limit` others already. What is added and
 * removed in one list is removed. */
bool membership_group_add(struct membership_group *g, struct view hash, enum patch_list list,
                          size_t limit);
struct view membership_group_hash(const struct membership_group *g, size_t at);
void membership_group_drop(struct membership_group *g, size_t at);
void membership_group_clear(struct membership_group *g);
void membership_group_free(struct membership_group *g);

/* TransactWriteItems of a group, under the condition that the cursor is `previous`. */
void membership_body_group(struct str *out, const struct dynamodb_place *p,
                           const struct membership_group *g, const struct patch *patch,
                           const char *token);

/* UpdateItem of the cursor, under the same condition; without one; and of the time. */
void membership_body_cursor(struct str *out, const struct dynamodb_place *p,
                            const struct patch *patch);
void membership_body_reset(struct str *out, const struct dynamodb_place *p);
void membership_body_time(struct str *out, const struct dynamodb_place *p, int64_t time_ms);

/* ---- questions ------------------------------------------------------------------------------- */

/* GetItem of cursor or time; of a context. */
void membership_body_metadata(struct str *out, const struct dynamodb_place *p, bool time);
void membership_body_context(struct str *out, const struct dynamodb_place *p, struct view hash);

/* Their answers. False with *err. What is not there is "" and 0; and a membership of nothing. */
MUST_CHECK bool membership_answer_cursor(struct view body, struct str *cursor, struct error *err);
MUST_CHECK bool membership_answer_time(struct view body, int64_t *time_ms, struct error *err);
MUST_CHECK bool membership_answer_context(struct view body, struct memberships **found,
                                          struct error *err);

/* ---- refusals -------------------------------------------------------------------------------- */

/* Why a transaction was cancelled. */
struct membership_cancelled {
    bool condition;  /* the cursor is another one */
    bool too_large;  /* an item would be */
    size_t position; /* which of the group, when too_large */
};

/* A body that does not say so: nothing of it. */
void membership_answer_cancelled(struct view body, struct membership_cancelled *out);

#endif
