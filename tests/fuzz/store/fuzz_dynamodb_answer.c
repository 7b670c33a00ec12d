/* An answer of DynamoDB with any contents: rows, what is left over, errors. What is sent back to
 * the service later - the key of the next page, the writes that are left - is JSON itself.
 *
 * Input: what was asked (one byte), the answer.
 */
#include "store/dynamodb_answer.h"

#include "base/json_reader.h"
#include "store/dynamodb_body.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void each(void *arg, const struct dynamodb_row *row)
{
    size_t *rows = arg;
    (*rows)++;
    if ((!row->has_key && row->key.len != 0) || (!row->has_json && row->json.len != 0))
        abort();
}

static void must_be_json(struct view text)
{
    struct json_reader r;
    json_reader_init(&r, text);
    json_skip(&r);
    json_expect_end(&r);
    if (json_failed(&r))
        abort();
    json_reader_done(&r);
}

static void page(struct view body)
{
    struct error err = {""};
    struct str last = {0};
    struct str next = {0};
    struct dynamodb_place place = {"t", "p"};
    size_t rows = 0;
    if (dynamodb_answer_page(body, each, &rows, &last, &err)) {
        dynamodb_body_query(&next, &place, ITEM_FLAG, DYNAMODB_COMPARED_ROWS, str_view(&last));
        must_be_json(str_view(&next));
    } else if (err.text[0] == '\0' || rows > body.len) {
        abort();
    }
    str_free(&last);
    str_free(&next);
}

static void unprocessed(struct view body)
{
    struct error err = {""};
    struct str again = {0};
    struct view raw;
    if (dynamodb_answer_unprocessed(body, &raw, &err) && raw.len > 0) {
        dynamodb_batch_again(&again, raw);
        must_be_json(str_view(&again));
    }
    str_free(&again);
}

static void row(struct view body)
{
    struct error err = {""};
    bool found;
    int64_t version;
    if (dynamodb_answer_row(body, &found, &version, &err) && !found && version != 0)
        abort();
}

static void failure(struct view body)
{
    struct str name = {0};
    struct str message = {0};
    dynamodb_answer_failure(body, &name, &message);
    if (name.len > 0 && memchr(name.data, ':', name.len) != NULL)
        abort();
    str_free(&name);
    str_free(&message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const readers[])(struct view body) = {page, unprocessed, row, failure};
    if (size > 0)
        readers[data[0] % 4](view_make((const char *)data + 1, size - 1));
    return 0;
}
