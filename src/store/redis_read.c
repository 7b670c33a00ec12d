/* store/redis_read.c - everything is read: HGETALL features, HGETALL segments, EXISTS $inited.
 *
 * Thousands of texts become items on the thread pool, not on the loop.
 */
#include "store/redis_private.h"
#include "store/row.h"

static void ask_hash(struct redis_lane *l, enum item_kind kind, struct str *out, size_t *count)
{
    struct view none = {0};
    struct str key = {0};
    if ((l->task->parts & redis_part_of(kind)) == 0)
        return;
    redis_key(&key, l->task->op->prefix, redis_part_of(kind));
    redis_command_short(out, "HGETALL", str_view(&key), none, none);
    str_free(&key);
    (*count)++;
}

static void read_begin(struct redis_lane *l)
{
    struct view none = {0};
    struct str out = {0};
    size_t count = 0;
    ask_hash(l, ITEM_FLAG, &out, &count);
    ask_hash(l, ITEM_SEGMENT, &out, &count);
    if ((l->task->parts & REDIS_PART_MARKER) != 0) {
        struct str key = {0};
        redis_key(&key, l->task->op->prefix, REDIS_PART_MARKER);
        redis_command_short(&out, "EXISTS", str_view(&key), none, none);
        str_free(&key);
        count++;
    }
    l->progress.sent_all = true;
    redis_lane_send_take(l, &out, count);
}

/* Lists come in the order that they were asked for. */
static void read_answer(struct redis_lane *l, struct redis_reply *r)
{
    struct redis_task *t = l->task;
    if (r->type != REDIS_LIST) {
        t->op->marked = r->type == REDIS_NUMBER && r->number == 1;
        redis_reply_free(r);
        return;
    }
    bool flags_first = (t->parts & REDIS_PART_FLAGS) != 0 && l->progress.next++ == 0;
    enum item_kind kind = flags_first ? ITEM_FLAG : ITEM_SEGMENT;
    redis_reply_free(t->hashes[kind]);
    t->hashes[kind] = r;
}

static void read_answered(struct redis_lane *l)
{
    if (l->progress.failure != NULL)
        redis_lane_refused(l, l->progress.failure);
    else
        redis_lane_succeed(l);
}

const struct redis_script redis_script_read = {read_begin, read_answer, read_answered, NULL};

/* ---- from answers to items ------------------------------------------------------------------- */

struct read_work {
    uv_work_t work;
    struct redis_task *task;
    struct dataset *data;
};

static void rows_add(struct dataset_builder *b, enum item_kind kind, const struct redis_reply *hash,
                     struct log_scope *log)
{
    for (size_t i = 0; hash != NULL && i + 1 < hash->count; i += 2)
        store_row_add_json(b, kind, hash->elements[i]->text, hash->elements[i + 1]->text, log);
}

/* On the thread pool. */
static void read_parse(uv_work_t *work)
{
    struct read_work *w = CONTAINER_OF(work, struct read_work, work);
    struct redis_task *t = w->task;
    struct dataset_builder *b = dataset_builder_new();
    for (int kind = 0; kind < ITEM_KIND_COUNT; kind++) {
        rows_add(b, (enum item_kind)kind, t->hashes[kind], t->op->log);
        redis_reply_free(t->hashes[kind]);
        t->hashes[kind] = NULL;
    }
    w->data = dataset_builder_finish_take(b);
}

static void read_parsed(uv_work_t *work, int status)
{
    struct read_work *w = CONTAINER_OF(work, struct read_work, work);
    struct redis_task *t = w->task;
    (void)status; /* nobody cancels it */
    t->op->read = w->data;
    mem_free(w);
    redis_task_turn_done(t);
}

void redis_read_finish(struct redis_task *t)
{
    struct read_work *w = mem_zalloc(sizeof *w);
    w->task = t;
    (void)uv_queue_work(t->backend->loop, &w->work, read_parse, read_parsed);
}
