/* store/dynamodb_init.c - the table becomes the data set (data-store.md 3.2).
 *
 *   list the rows -> put what differs: segments, then flags, each after those it needs
 *                 -> delete the rows of no item -> the marker
 *
 * Not atomic, so the order is that in which a reader may see it. Batches are sent one after the
 * other; what the service leaves over is sent again before the next one. They are made on the
 * thread pool, one at a time: a big data set is never copied as a whole.
 */
#include "store/dynamodb_private.h"

#define FAILED_LISTING "failed to get existing items prior to Init: "

enum init_phase { INIT_SEGMENTS, INIT_FLAGS, INIT_DELETES, INIT_MARKER, INIT_DONE };

/* ---- what is there already ------------------------------------------------------------------- */

/* On the thread pool. */
static void compare_row(struct dynamodb_task *t, enum item_kind kind,
                        const struct dynamodb_row *row)
{
    struct item *it = dataset_find(t->op->data, kind, row->key);
    if (it == NULL || !dynamodb_fits(t, it)) {
        t->stale = mem_realloc(t->stale, (t->stale_count + 1) * sizeof *t->stale);
        t->stale[t->stale_count++] =
            (struct dynamodb_stale){kind, mem_copy_text(row->key.data, row->key.len)};
    } else if (row->has_json && row->version == it->version &&
               view_equal(row->json, buf_view(it->text))) {
        (void)map_set(&t->same[kind], row->key, it);
    }
}

/* ---- batches --------------------------------------------------------------------------------- */

static bool batch_full(const struct dynamodb_task *t, const struct str *body)
{
    return t->batch_count == DYNAMODB_BATCH_ITEMS || body->len >= DYNAMODB_BATCH_BYTES;
}

static void drop_later(struct dynamodb_task *t, const struct item *it)
{
    t->dropped = mem_realloc(t->dropped, (t->dropped_count + 1) * sizeof(struct item *));
    t->dropped[t->dropped_count++] = it;
}

/* How many items stand, one needing the other, in front of each item of the list. */
static size_t *steps_of(struct item *const *items, size_t count)
{
    size_t *steps = mem_alloc((count + 1) * sizeof *steps);
    struct map at = {0}; /* key -> its place in `steps` */
    for (size_t i = 0; i < count; i++) {
        steps[i] = 0;
        for (size_t n = 0; n < items[i]->need_count; n++) {
            const size_t *before = map_get(&at, items[i]->needs[n]);
            if (before != NULL && *before >= steps[i])
                steps[i] = *before + 1;
        }
        (void)map_set(&at, items[i]->key, &steps[i]);
    }
    map_free(&at);
    return steps;
}

static void add_item(struct dynamodb_task *t, struct item *it, struct str *body)
{
    if (!dynamodb_fits(t, it))
        drop_later(t, it);
    else if (map_get(&t->same[it->kind], it->key) == NULL)
        dynamodb_batch_put(body, &t->place, it, &t->batch_count);
}

/* Items of one kind, until the batch is full or none is left of those that need as many steps: what
 * an item needs is in an earlier batch. */
static void add_items(struct dynamodb_task *t, enum item_kind kind, struct str *body)
{
    size_t count;
    struct item *const *items = dataset_ordered(t->op->data, kind, &count);
    if (t->steps == NULL)
        t->steps = steps_of(items, count);
    for (; t->next < count && !batch_full(t, body); t->next++) {
        if (t->steps[t->next] == t->step)
            add_item(t, items[t->next], body);
        else if (t->steps[t->next] > t->step)
            t->more_steps = true;
    }
    if (t->next < count)
        return;
    t->next = 0;
    t->step++;
    if (!t->more_steps) {
        mem_free(t->steps);
        t->steps = NULL;
        t->step = 0;
        t->phase++;
    }
    t->more_steps = false;
}

static void add_deletes(struct dynamodb_task *t, struct str *body)
{
    for (; t->next < t->stale_count && !batch_full(t, body); t->next++) {
        const struct dynamodb_stale *s = &t->stale[t->next];
        dynamodb_batch_delete(body, &t->place, s->kind, view_of(s->key), &t->batch_count);
    }
    if (t->next == t->stale_count)
        t->phase++;
}

/* On the thread pool. The service writes the items of a batch in any order, so what has to come
 * later is in a later one: flags, deletions, the marker. */
static void make_batch(uv_work_t *work)
{
    struct dynamodb_task *t = work->data;
    struct str body = {0};
    t->batch_count = 0;
    dynamodb_batch_begin(&body, &t->place);
    while (t->phase < INIT_MARKER && t->batch_count == 0) {
        if (t->phase == INIT_DELETES)
            add_deletes(t, &body);
        else
            add_items(t, t->phase == INIT_FLAGS ? ITEM_FLAG : ITEM_SEGMENT, &body);
    }
    if (t->phase == INIT_MARKER && t->batch_count == 0) {
        dynamodb_batch_put_marker(&body, &t->place, &t->batch_count);
        t->phase = INIT_DONE;
    }
    dynamodb_batch_end(&body);
    t->batch = str_to_buf(&body);
    aws_hash(buf_view(t->batch), t->batch_hash);
    str_free(&body);
}

static void init_failed(struct dynamodb_task *t, const char *problem)
{
    char before[80];
    const struct dataset *d = t->op->data;
    (void)snprintf(before, sizeof before, "failed to write %zu items(s) in batches: ",
                   dataset_count(d, ITEM_FLAG) + dataset_count(d, ITEM_SEGMENT) - t->same[0].count -
                       t->same[1].count + t->stale_count + 1);
    dynamodb_fail(t, before, problem);
}

static void next_batch(struct dynamodb_task *t);
static void on_batch(struct dynamodb_task *t, const struct dynamodb_result *result);

static void init_succeeded(struct dynamodb_task *t)
{
    const struct dataset *d = t->op->data;
    log_always(t->op->log, LOG_INFO, "DynamoDBDataStore: Initialized table \"%s\" with %zu item(s)",
               t->place.table,
               dataset_count(d, ITEM_FLAG) + dataset_count(d, ITEM_SEGMENT) - t->dropped_total);
    dynamodb_succeed(t);
}

static void send_batch(struct dynamodb_task *t)
{
    struct buf *batch = t->batch;
    t->batch = NULL;
    dynamodb_ask_take(t, "BatchWriteItem", batch, t->batch_hash, on_batch);
}

static void batch_made(struct dynamodb_task *t)
{
    for (size_t i = 0; i < t->dropped_count; i++)
        dynamodb_drop(t, t->dropped[i]);
    t->dropped_total += t->dropped_count;
    t->dropped_count = 0;
    t->batch_tries = 0;
    send_batch(t);
}

/* What is left over is sent again; the next batch waits. */
static void batch_again(struct dynamodb_task *t, struct view unprocessed)
{
    struct str body = {0};
    if (++t->batch_tries == DYNAMODB_MAX_TRIES) {
        init_failed(t,
                    "DynamoDB left items unprocessed again and again; raise the table's capacity");
        return;
    }
    dynamodb_batch_again(&body, unprocessed);
    t->batch = str_to_buf(&body);
    aws_hash(buf_view(t->batch), t->batch_hash);
    str_free(&body);
    dynamodb_later(t, dynamodb_pause_ms(t->backend->random, t->batch_tries - 1), send_batch);
}

static void on_batch(struct dynamodb_task *t, const struct dynamodb_result *result)
{
    struct view unprocessed;
    struct error err;
    if (!result->ok)
        init_failed(t, result->problem);
    else if (!dynamodb_answer_unprocessed(result->body, &unprocessed, &err))
        init_failed(t, err.text);
    else if (unprocessed.len > 0)
        batch_again(t, unprocessed);
    else
        next_batch(t);
}

static void next_batch(struct dynamodb_task *t)
{
    if (t->phase == INIT_DONE)
        init_succeeded(t);
    else
        dynamodb_work(t, make_batch, batch_made);
}

void dynamodb_init(struct dynamodb_task *t)
{
    t->phase = INIT_SEGMENTS;
    t->listing = (struct dynamodb_listing){.columns = DYNAMODB_COMPARED_ROWS,
                                           .kinds_left = STORE_ALL_KINDS,
                                           .row = compare_row,
                                           .done = next_batch,
                                           .failure = FAILED_LISTING};
    dynamodb_list(t, ITEM_SEGMENT);
}
