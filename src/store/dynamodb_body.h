/* store/dynamodb_body.h - the bodies of requests to DynamoDB (data-store.md 3.2). Pure; everything
 * is appended. An item's text is escaped straight into the body. */
#ifndef STORE_DYNAMODB_BODY_H
#define STORE_DYNAMODB_BODY_H

#include "base/str.h"
#include "flags/item.h"

/* Where the rows of one environment are. */
struct dynamodb_place {
    const char *table;
    const char *prefix; /* "": bare names */
};

#define DYNAMODB_MARKER "$inited"

/* "features" or "prefix:features". */
void dynamodb_namespace(const struct dynamodb_place *p, const char *name, struct str *out);

/* What DynamoDB can store of an item: its key has 1 to 1024 bytes, its row by the formula of
 * data-store.md 12 at most 400,000. */
enum dynamodb_fit { DYNAMODB_FITS, DYNAMODB_TOO_LARGE, DYNAMODB_BAD_KEY };
enum dynamodb_fit dynamodb_fit(const char *prefix, const struct item *it);

/* Query. What a row is asked for: */
enum dynamodb_columns {
    DYNAMODB_WHOLE_ROWS,    /* everything */
    DYNAMODB_COMPARED_ROWS, /* key, version, item */
    DYNAMODB_VERSIONS       /* key, version */
};
void dynamodb_body_query(struct str *out, const struct dynamodb_place *p, enum item_kind kind,
                         enum dynamodb_columns columns, struct view start_key);

/* GetItem of the marker; of an item's version. */
void dynamodb_body_marker(struct str *out, const struct dynamodb_place *p);
void dynamodb_body_version(struct str *out, const struct dynamodb_place *p, const struct item *it);

/* PutItem of a newer version. */
void dynamodb_body_upsert(struct str *out, const struct dynamodb_place *p, const struct item *it);

/* BatchWriteItem: begin, any number of writes, end. `count` is that of the writes so far. */
void dynamodb_batch_begin(struct str *out, const struct dynamodb_place *p);
void dynamodb_batch_put(struct str *out, const struct dynamodb_place *p, const struct item *it,
                        size_t *count);
void dynamodb_batch_delete(struct str *out, const struct dynamodb_place *p, enum item_kind kind,
                           struct view key, size_t *count);
void dynamodb_batch_put_marker(struct str *out, const struct dynamodb_place *p, size_t *count);
void dynamodb_batch_end(struct str *out);

/* BatchWriteItem of what was left over: the raw value of "UnprocessedItems". */
void dynamodb_batch_again(struct str *out, struct view unprocessed);

#endif
