/* store/dynamodb_answer.h - what DynamoDB answers (data-store.md 3.2). Pure; nothing in an answer
 * is taken for granted. */
#ifndef STORE_DYNAMODB_ANSWER_H
#define STORE_DYNAMODB_ANSWER_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* What became of one request, with all its repetitions. */
struct dynamodb_result {
    bool ok;
    struct view body;    /* also that of a refusal; borrowed */
    const char *name;    /* when not ok: "ConditionalCheckFailedException"; "": no answer came */
    const char *problem; /* when not ok, for the log */
};

/* One row of a Query. Borrowed for the call. */
struct dynamodb_row {
    bool has_key; /* a text; other rows are not ours */
    struct view key;
    int64_t version; /* 0: none */
    bool has_json;
    struct view json;
};

/* Calls `each` for every row, in their order. `last_key` becomes the raw value of
 * "LastEvaluatedKey", empty on the last page. False with *err; rows may have been told by then. */
MUST_CHECK bool dynamodb_answer_page(struct view body,
                                     void (*each)(void *arg, const struct dynamodb_row *row),
                                     void *arg, struct str *last_key, struct error *err);

/* GetItem: is there a row, and its version (0: none). */
MUST_CHECK bool dynamodb_answer_row(struct view body, bool *found, int64_t *version,
                                    struct error *err);

/* BatchWriteItem: the raw value of "UnprocessedItems", empty when nothing was left over; borrowed
 * from `body`. */
MUST_CHECK bool dynamodb_answer_unprocessed(struct view body, struct view *raw, struct error *err);

/* An error's name, "ResourceNotFoundException", and its text; appended, nothing when the body is no
 * such thing. */
void dynamodb_answer_failure(struct view body, struct str *name, struct str *message);

#endif
