/* store/redis_upsert.c - items are written where they are newer, by optimistic transactions
 * (data-store.md 3.1), a slice of them at a time.
 *
 *   step 0  WATCH hash..., HGET hash key ...     what is stored?
 *   step 1  MULTI, HSET ..., EXEC                nil: somebody was faster, begin again after 1-20
 * ms or   UNWATCH                              nothing is newer
 */
#include "store/item_version.h"
#include "store/redis_private.h"

#define UPSERT_MAX_PAUSE_MS 20

static bool in_turn(const struct redis_task *t, size_t index)
{
    return (redis_part_of(t->op->items[index]->kind) & t->parts) != 0;
}

/* A whole data set takes many slices: the loop has other things to do in between. */
static void slice_choose(struct redis_task *t)
{
    size_t count = 0;
    size_t bytes = 0;
    size_t i = t->slice_begin;
    for (; i < t->op->item_count && count < REDIS_SLICE_ITEMS && bytes < REDIS_SLICE_BYTES; i++) {
        count += in_turn(t, i);
        bytes += in_turn(t, i) ? t->op->items[i]->text->len : 0;
    }
    t->slice_end = i;
}

void redis_upsert_written(struct redis_lane *l)
{
    struct redis_task *t = l->task;
    size_t next = t->slice_end;
    while (next < t->op->item_count && !in_turn(t, next))
        next++;
    t->slice_begin = next;
    l->progress.attempts = 0;
    if (next < t->op->item_count)
        redis_lane_again(l, 0);
    else
        redis_lane_succeed(l);
}

/* The items of this slice, one HGET each. */
size_t redis_upsert_ask(struct redis_lane *l, struct str *out)
{
    struct redis_task *t = l->task;
    struct redis_progress *p = &l->progress;
    size_t count = 0;
    slice_choose(t);
    p->current = mem_zalloc((t->op->item_count + 1) * sizeof(struct redis_reply *));
    p->pending = mem_zalloc((t->op->item_count + 1) * sizeof(bool));
    for (size_t i = t->slice_begin; i < t->slice_end; i++) {
        if (!in_turn(t, i))
            continue;
        const struct item *it = t->op->items[i];
        struct str key = {0};
        redis_key(&key, t->op->prefix, redis_part_of(it->kind));
        redis_command(out, (struct view[]){VIEW_LITERAL("HGET"), str_view(&key), it->key}, 3);
        str_free(&key);
        p->pending[i] = true;
        count++;
    }
    return count;
}

/* The next answer to redis_upsert_ask(). */
void redis_upsert_note(struct redis_lane *l, struct redis_reply *r)
{
    struct redis_progress *p = &l->progress;
    while (p->next < l->task->op->item_count && !p->pending[p->next])
        p->next++;
    if (p->next < l->task->op->item_count) {
        redis_reply_free(p->current[p->next]);
        p->current[p->next++] = r;
    } else {
        redis_reply_free(r);
    }
}

/* Of the pending items, only those stay that are newer than what is stored. */
size_t redis_upsert_choose(struct redis_lane *l)
{
    struct redis_progress *p = &l->progress;
    const struct store_op *op = l->task->op;
    size_t newer = 0;
    for (size_t i = l->task->slice_begin; i < l->task->slice_end; i++) {
        const struct redis_reply *stored = p->current[i];
        if (!p->pending[i])
            continue;
        int64_t version =
            stored != NULL && stored->type == REDIS_TEXT ? store_item_version(stored->text) : -1;
        p->pending[i] = op->items[i]->version > version;
        newer += p->pending[i];
        if (!p->pending[i])
            log_line(op->log, LOG_DEBUG,
                     "RedisDataStore: Attempted to %s key: %.*s version: %lld in \"%s\" with a "
                     "version that is the same or older: %lld",
                     op->items[i]->deleted ? "delete" : "update", VIEW_ARGS(op->items[i]->key),
                     (long long)version, item_kind_store_name(op->items[i]->kind),
                     (long long)op->items[i]->version);
    }
    return newer;
}

void redis_upsert_exhausted(struct redis_lane *l)
{
    const struct item *it = l->task->op->items[l->task->slice_begin];
    struct error problem;
    error_set(&problem, "failed to update key \"%.*s\" in \"%s\" after %d attempts",
              VIEW_ARGS(it->key), item_kind_store_name(it->kind), REDIS_MAX_ATTEMPTS);
    redis_lane_fail(l, problem.text);
}

/* ---- WATCH ----------------------------------------------------------------------------------- */

static void watch_begin(struct redis_lane *l)
{
    struct str out = {0};
    struct redis_task *t = l->task;
    struct str keys[2] = {{0}, {0}};
    struct view words[3] = {VIEW_LITERAL("WATCH")};
    size_t count = 1;
    slice_choose(t);
    for (size_t i = t->slice_begin; i < t->slice_end; i++) {
        enum item_kind kind = t->op->items[i]->kind;
        if (!in_turn(t, i) || keys[kind].len > 0)
            continue;
        redis_key(&keys[kind], t->op->prefix, redis_part_of(kind));
        words[count++] = str_view(&keys[kind]);
    }
    redis_command(&out, words, count);
    size_t asked = redis_upsert_ask(l, &out);
    str_free(&keys[0]);
    str_free(&keys[1]);
    l->progress.sent_all = true;
    redis_lane_send_take(l, &out, asked + 1);
}

static void watch_answer(struct redis_lane *l, struct redis_reply *r)
{
    struct redis_progress *p = &l->progress;
    if (p->step == 0 && r->type != REDIS_STATUS) {
        redis_upsert_note(l, r);
        return;
    }
    redis_reply_free(p->last);
    p->last = r;
}

static void watch_write(struct redis_lane *l)
{
    struct redis_progress *p = &l->progress;
    const struct store_op *op = l->task->op;
    struct view none = {0};
    struct str out = {0};
    size_t count = redis_upsert_choose(l);
    p->step = 1;
    if (count == 0) {
        redis_command_short(&out, "UNWATCH", none, none, none);
        redis_lane_send_take(l, &out, 1);
        return;
    }
    redis_command_short(&out, "MULTI", none, none, none);
    for (size_t i = l->task->slice_begin; i < l->task->slice_end; i++) {
        if (!p->pending[i])
            continue;
        struct str key = {0};
        redis_key(&key, op->prefix, redis_part_of(op->items[i]->kind));
        redis_command_short(&out, "HSET", str_view(&key), op->items[i]->key,
                            buf_view(op->items[i]->text));
        str_free(&key);
    }
    redis_command_short(&out, "EXEC", none, none, none);
    redis_lane_send_take(l, &out, count + 2);
}

/* EXEC said nil: somebody else changed the hash. */
static void watch_disturbed(struct redis_lane *l)
{
    struct redis_progress *p = &l->progress;
    if (++p->attempts < REDIS_MAX_ATTEMPTS) {
        log_line(l->task->op->log, LOG_DEBUG,
                 "RedisDataStore: Concurrent modification detected, retrying");
        double chance = l->backend->random->unit(l->backend->random);
        redis_lane_again(l, 1 + (int64_t)(chance * (UPSERT_MAX_PAUSE_MS - 1)));
        return;
    }
    redis_upsert_exhausted(l);
}

static void watch_answered(struct redis_lane *l)
{
    struct redis_progress *p = &l->progress;
    if (p->failure != NULL) {
        redis_lane_refused(l, p->failure);
    } else if (p->step == 0) {
        watch_write(l);
    } else if (p->last->type == REDIS_NIL) {
        watch_disturbed(l);
    } else {
        const struct redis_reply *failure = redis_reply_failure(p->last);
        if (failure != NULL)
            redis_lane_refused(l, failure);
        else
            redis_upsert_written(l);
    }
}

const struct redis_script redis_script_watch = {watch_begin, watch_answer, watch_answered, NULL};
