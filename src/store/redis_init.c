/* store/redis_init.c - everything is replaced in one transaction (data-store.md 3.1).
 *
 *   MULTI, DEL segments, HSET ..., DEL features, HSET ..., SET $inited, EXEC
 *
 * Made ready in pieces as the socket drains: a big data set is never copied as a whole.
 */
#include "store/redis_private.h"

/* What is sent in this order; progress.step counts through it. */
enum init_step {
    INIT_MULTI,
    INIT_DELETE_SEGMENTS,
    INIT_SEGMENTS,
    INIT_DELETE_FLAGS,
    INIT_FLAGS,
    INIT_MARKER,
    INIT_EXEC,
    INIT_STEP_COUNT
};

/* The part that a step belongs to; 0: to all. */
static const unsigned init_parts[INIT_STEP_COUNT] = {
    [INIT_DELETE_SEGMENTS] = REDIS_PART_SEGMENTS,
    [INIT_SEGMENTS] = REDIS_PART_SEGMENTS,
    [INIT_DELETE_FLAGS] = REDIS_PART_FLAGS,
    [INIT_FLAGS] = REDIS_PART_FLAGS,
    [INIT_MARKER] = REDIS_PART_MARKER,
};

/* The next items of one kind, until the piece is full; true when all are there. */
static bool write_items(struct redis_lane *l, enum item_kind kind, struct str *out, size_t *count)
{
    size_t total;
    struct item *const *items = dataset_ordered(l->task->op->data, kind, &total);
    struct str key = {0};
    redis_key(&key, l->task->op->prefix, redis_part_of(kind));
    while (l->progress.next < total && out->len < REDIS_CHUNK_BYTES) {
        const struct item *it = items[l->progress.next++];
        redis_command_short(out, "HSET", str_view(&key), it->key, buf_view(it->text));
        (*count)++;
    }
    str_free(&key);
    return l->progress.next == total;
}

/* One step, or as much of it as fits; true when it is complete. */
static bool write_step(struct redis_lane *l, struct str *out, size_t *count)
{
    struct view none = {0};
    struct str key = {0};
    switch (l->progress.step) {
    case INIT_MULTI:
        redis_command_short(out, "MULTI", none, none, none);
        break;
    case INIT_DELETE_SEGMENTS:
    case INIT_DELETE_FLAGS:
        redis_key(&key, l->task->op->prefix, init_parts[l->progress.step]);
        redis_command_short(out, "DEL", str_view(&key), none, none);
        break;
    case INIT_SEGMENTS:
        return write_items(l, ITEM_SEGMENT, out, count);
    case INIT_FLAGS:
        return write_items(l, ITEM_FLAG, out, count);
    case INIT_MARKER:
        redis_key(&key, l->task->op->prefix, REDIS_PART_MARKER);
        redis_command(out, (struct view[]){VIEW_LITERAL("SET"), str_view(&key), none}, 3);
        break;
    default:
        redis_command_short(out, "EXEC", none, none, none);
        break;
    }
    str_free(&key);
    (*count)++;
    return true;
}

static void init_send(struct redis_lane *l)
{
    struct redis_progress *p = &l->progress;
    struct str out = {0};
    size_t count = 0;
    while (p->step < INIT_STEP_COUNT && out.len < REDIS_CHUNK_BYTES) {
        unsigned part = init_parts[p->step];
        bool wanted = part == 0 || (part & l->task->parts) != 0;
        if (!wanted || write_step(l, &out, &count)) {
            p->step++;
            p->next = 0;
        }
    }
    p->sent_all = p->step == INIT_STEP_COUNT;
    redis_lane_send_take(l, &out, count);
}

/* "QUEUED" and the like, at once; the last one is that of EXEC, and may take its time. */
static void init_answer(struct redis_lane *l, struct redis_reply *r)
{
    redis_reply_free(l->progress.last);
    l->progress.last = r;
    if (l->progress.sent_all && l->progress.owed == 1)
        redis_link_set_patience(l->link, REDIS_INIT_PATIENCE_MS);
}

static void init_answered(struct redis_lane *l)
{
    const struct redis_progress *p = &l->progress;
    const struct store_op *op = l->task->op;
    const struct redis_reply *failure = p->failure;
    if (failure == NULL)
        failure = redis_reply_failure(p->last);
    if (failure != NULL) {
        redis_lane_refused(l, failure);
        return;
    }
    if (p->last->type != REDIS_LIST) {
        redis_lane_fail(l, "Redis did not carry out the transaction");
        return;
    }
    if (l->task->parts_left == 0)
        log_always(op->log, LOG_INFO, "RedisDataStore: Initialized with %zu items",
                   dataset_count(op->data, ITEM_FLAG) + dataset_count(op->data, ITEM_SEGMENT));
    redis_lane_succeed(l);
}

const struct redis_script redis_script_init = {init_send, init_answer, init_answered, init_send};
