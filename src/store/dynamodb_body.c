/* store/dynamodb_body.c - see dynamodb_body.h. */
#include "store/dynamodb_body.h"

#include "base/json_writer.h"

#include <inttypes.h>
#include <stdio.h>

/* 100, and the lengths of "namespace", "key", "version", "item". */
#define ROW_OVERHEAD 123
#define MAX_ROW 400000
#define MAX_KEY 1024

void dynamodb_namespace(const struct dynamodb_place *p, const char *name, struct str *out)
{
    str_append_text(out, p->prefix);
    str_append_text(out, p->prefix[0] != '\0' ? ":" : "");
    str_append_text(out, name);
}

static size_t row_size(const char *prefix, const struct item *it)
{
    size_t prefix_len = strlen(prefix);
    int digits = snprintf(NULL, 0, "%" PRId64, it->version);
    return ROW_OVERHEAD + prefix_len + (prefix_len > 0) + strlen(item_kind_store_name(it->kind)) +
           it->key.len + (size_t)digits + it->text->len;
}

enum dynamodb_fit dynamodb_fit(const char *prefix, const struct item *it)
{
    if (it->key.len == 0 || it->key.len > MAX_KEY)
        return DYNAMODB_BAD_KEY;
    return row_size(prefix, it) <= MAX_ROW ? DYNAMODB_FITS : DYNAMODB_TOO_LARGE;
}

/* {"S":"prefix:name"} */
static void append_namespace(struct str *out, const struct dynamodb_place *p, const char *name)
{
    struct str text = {0};
    dynamodb_namespace(p, name, &text);
    str_append_text(out, "{\"S\":");
    json_write_string(out, str_view(&text));
    str_append_char(out, '}');
    str_free(&text);
}

/* "namespace":{"S":"features"},"key":{"S":"f"} */
static void append_key(struct str *out, const struct dynamodb_place *p, const char *name,
                       struct view key)
{
    str_append_text(out, "\"namespace\":");
    append_namespace(out, p, name);
    str_append_text(out, ",\"key\":{\"S\":");
    json_write_string(out, key);
    str_append_char(out, '}');
}

static void append_row(struct str *out, const struct dynamodb_place *p, const struct item *it)
{
    append_key(out, p, item_kind_store_name(it->kind), it->key);
    str_append_format(out, ",\"version\":{\"N\":\"%" PRId64 "\"},\"item\":{\"S\":", it->version);
    json_write_string(out, buf_view(it->text));
    str_append_char(out, '}');
}

/* The marker's key is its namespace once more. */
static void append_marker(struct str *out, const struct dynamodb_place *p)
{
    struct str key = {0};
    dynamodb_namespace(p, DYNAMODB_MARKER, &key);
    append_key(out, p, DYNAMODB_MARKER, str_view(&key));
    str_free(&key);
}

static void append_table(struct str *out, const struct dynamodb_place *p)
{
    str_append_text(out, "{\"TableName\":");
    json_write_string(out, view_of(p->table));
}

/* ---- reading --------------------------------------------------------------------------------- */

void dynamodb_body_query(struct str *out, const struct dynamodb_place *p, enum item_kind kind,
                         enum dynamodb_columns columns, struct view start_key)
{
    static const struct {
        const char *projection;
        const char *names;
    } chosen[] = {
        [DYNAMODB_COMPARED_ROWS] = {"#namespace, #key, #version, #item",
                                    "\"#version\":\"version\",\"#item\":\"item\""},
        [DYNAMODB_VERSIONS] = {"#namespace, #key, #version", "\"#version\":\"version\""},
    };
    append_table(out, p);
    str_append_text(out, ",\"ConsistentRead\":true");
    if (columns == DYNAMODB_WHOLE_ROWS) {
        str_append_text(out, ",\"KeyConditions\":{\"namespace\":{\"ComparisonOperator\":\"EQ\","
                             "\"AttributeValueList\":[");
        append_namespace(out, p, item_kind_store_name(kind));
        str_append_text(out, "]}}");
    } else {
        str_append_format(out,
                          ",\"KeyConditionExpression\":\"#namespace = :namespace\","
                          "\"ProjectionExpression\":\"%s\",\"ExpressionAttributeNames\":"
                          "{\"#namespace\":\"namespace\",\"#key\":\"key\",%s},"
                          "\"ExpressionAttributeValues\":{\":namespace\":",
                          chosen[columns].projection, chosen[columns].names);
        append_namespace(out, p, item_kind_store_name(kind));
        str_append_char(out, '}');
    }
    if (start_key.len > 0) {
        str_append_text(out, ",\"ExclusiveStartKey\":");
        str_append(out, start_key);
    }
    str_append_char(out, '}');
}

void dynamodb_body_marker(struct str *out, const struct dynamodb_place *p)
{
    append_table(out, p);
    str_append_text(out, ",\"ConsistentRead\":true,\"Key\":{");
    append_marker(out, p);
    str_append_text(out, "}}");
}

void dynamodb_body_version(struct str *out, const struct dynamodb_place *p, const struct item *it)
{
    append_table(out, p);
    str_append_text(out, ",\"ConsistentRead\":true,\"ProjectionExpression\":\"#version\","
                         "\"ExpressionAttributeNames\":{\"#version\":\"version\"},\"Key\":{");
    append_key(out, p, item_kind_store_name(it->kind), it->key);
    str_append_text(out, "}}");
}

/* ---- writing --------------------------------------------------------------------------------- */

void dynamodb_body_upsert(struct str *out, const struct dynamodb_place *p, const struct item *it)
{
    append_table(out, p);
    str_append_text(out, ",\"Item\":{");
    append_row(out, p, it);
    str_append_format(out,
                      "},\"ConditionExpression\":\"attribute_not_exists(#namespace) or "
                      "attribute_not_exists(#key) or :version > #version\","
                      "\"ExpressionAttributeNames\":{\"#namespace\":\"namespace\",\"#key\":\"key\","
                      "\"#version\":\"version\"},\"ExpressionAttributeValues\":{\":version\":"
                      "{\"N\":\"%" PRId64 "\"}}}",
                      it->version);
}

void dynamodb_batch_begin(struct str *out, const struct dynamodb_place *p)
{
    str_append_text(out, "{\"RequestItems\":{");
    json_write_string(out, view_of(p->table));
    str_append_text(out, ":[");
}

static void batch_next(struct str *out, const char *what, size_t *count)
{
    str_append_text(out, (*count)++ > 0 ? ",{\"" : "{\"");
    str_append_text(out, what);
    str_append_text(out, "\":{");
}

void dynamodb_batch_put(struct str *out, const struct dynamodb_place *p, const struct item *it,
                        size_t *count)
{
    batch_next(out, "PutRequest\":{\"Item", count);
    append_row(out, p, it);
    str_append_text(out, "}}}");
}

void dynamodb_batch_delete(struct str *out, const struct dynamodb_place *p, enum item_kind kind,
                           struct view key, size_t *count)
{
    batch_next(out, "DeleteRequest\":{\"Key", count);
    append_key(out, p, item_kind_store_name(kind), key);
    str_append_text(out, "}}}");
}

void dynamodb_batch_put_marker(struct str *out, const struct dynamodb_place *p, size_t *count)
{
    batch_next(out, "PutRequest\":{\"Item", count);
    append_marker(out, p);
    str_append_text(out, "}}}");
}

void dynamodb_batch_end(struct str *out)
{
    str_append_text(out, "]}}");
}

void dynamodb_batch_again(struct str *out, struct view unprocessed)
{
    str_append_text(out, "{\"RequestItems\":");
    str_append(out, unprocessed);
    str_append_char(out, '}');
}
