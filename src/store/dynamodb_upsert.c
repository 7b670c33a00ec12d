/* store/dynamodb_upsert.c - items are written where they are newer than what is stored: one
 * conditional PutItem after the other (data-store.md 3.2).
 *
 * Many at once are a whole data set of which most is stored already, so the versions are looked at
 * first: a write that its condition stops costs as much as one that is done.
 */
#include "store/dynamodb_private.h"

#include <inttypes.h>

#define MANY 250

static void next_item(struct dynamodb_task *t);

static const struct item *current(const struct dynamodb_task *t)
{
    return t->op->items[t->next];
}

static void fail_put(struct dynamodb_task *t, const char *problem)
{
    const struct item *it = current(t);
    struct str before = {0};
    str_append_format(&before, "failed to put %s key %.*s: ", item_kind_store_name(it->kind),
                      VIEW_ARGS(it->key));
    dynamodb_fail(t, str_text(&before), problem);
    str_free(&before);
}

static void go_on(struct dynamodb_task *t)
{
    t->next++;
    next_item(t);
}

/* ---- an item that is too large ------------------------------------------------------------------
 *
 * No older version of it may stay; a newer one, written by somebody else, does.
 */

static void on_delete(struct dynamodb_task *t, const struct dynamodb_result *result)
{
    struct view unprocessed;
    struct error err;
    if (!result->ok)
        fail_put(t, result->problem);
    else if (!dynamodb_answer_unprocessed(result->body, &unprocessed, &err))
        fail_put(t, err.text);
    else if (unprocessed.len > 0)
        fail_put(t, "DynamoDB left the deletion of an older version unprocessed");
    else
        go_on(t);
}

static void on_version(struct dynamodb_task *t, const struct dynamodb_result *result)
{
    const struct item *it = current(t);
    struct str body = {0};
    struct error err;
    bool found;
    int64_t version;
    size_t count = 0;
    if (!result->ok) {
        fail_put(t, result->problem);
    } else if (!dynamodb_answer_row(result->body, &found, &version, &err)) {
        fail_put(t, err.text);
    } else if (!found || version >= it->version) {
        go_on(t);
    } else {
        dynamodb_batch_begin(&body, &t->place);
        dynamodb_batch_delete(&body, &t->place, it->kind, it->key, &count);
        dynamodb_batch_end(&body);
        dynamodb_ask_text(t, "BatchWriteItem", &body, on_delete);
    }
}

/* ---- all others ------------------------------------------------------------------------------ */

static void on_put(struct dynamodb_task *t, const struct dynamodb_result *result)
{
    const struct item *it = current(t);
    if (!result->ok && strcmp(result->name, "ConditionalCheckFailedException") != 0) {
        fail_put(t, result->problem);
        return;
    }
    if (!result->ok)
        log_line(t->op->log, LOG_DEBUG,
                 "DynamoDBDataStore: Not updating item due to condition (namespace=%s key=%.*s "
                 "version=%" PRId64 ")",
                 item_kind_store_name(it->kind), VIEW_ARGS(it->key), it->version);
    go_on(t);
}

/* Stored already, or impossible to store. */
static bool passed_over(struct dynamodb_task *t, const struct item *it)
{
    bool impossible = dynamodb_fit(t->place.prefix, it) == DYNAMODB_BAD_KEY;
    if (impossible)
        dynamodb_drop(t, it);
    return impossible || map_get(&t->same[it->kind], it->key) != NULL;
}

static void next_item(struct dynamodb_task *t)
{
    struct str body = {0};
    while (t->next < t->op->item_count && passed_over(t, current(t)))
        t->next++;
    if (t->next == t->op->item_count) {
        dynamodb_succeed(t);
    } else if (!dynamodb_fits(t, current(t))) {
        dynamodb_drop(t, current(t));
        dynamodb_body_version(&body, &t->place, current(t));
        dynamodb_ask_text(t, "GetItem", &body, on_version);
    } else {
        dynamodb_body_upsert(&body, &t->place, current(t));
        dynamodb_ask_text(t, "PutItem", &body, on_put);
    }
}

/* ---- many ------------------------------------------------------------------------------------ */

/* On the thread pool. Of several versions of an item the last one counts. */
static void want_items(uv_work_t *work)
{
    struct dynamodb_task *t = work->data;
    for (size_t i = 0; i < t->op->item_count; i++)
        (void)map_set(&t->wanted[t->op->items[i]->kind], t->op->items[i]->key, t->op->items[i]);
}

/* On the thread pool. */
static void compare_version(struct dynamodb_task *t, enum item_kind kind,
                            const struct dynamodb_row *row)
{
    struct item *it = map_get(&t->wanted[kind], row->key);
    if (it != NULL && row->version >= it->version)
        (void)map_set(&t->same[kind], row->key, it);
}

static void items_wanted(struct dynamodb_task *t)
{
    dynamodb_list(t, ITEM_SEGMENT);
}

void dynamodb_upsert(struct dynamodb_task *t)
{
    if (t->op->item_count <= MANY) {
        next_item(t);
        return;
    }
    t->listing = (struct dynamodb_listing){.columns = DYNAMODB_VERSIONS,
                                           .kinds_left = STORE_ALL_KINDS,
                                           .row = compare_version,
                                           .done = next_item,
                                           .failure = ""};
    dynamodb_work(t, want_items, items_wanted);
}
