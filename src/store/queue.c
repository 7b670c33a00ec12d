/* store/queue.c - one queue per environment: what is asked for happens in order, one operation at a
 * time, beginning at once when nothing else is being done.
 *
 *   waiting:  [upsert a] [upsert b] [read] [upsert c] [init]
 *              '-- one operation --'        '-- left out: the init replaces everything
 *
 * The queue is bounded: beyond STORE_QUEUE_BYTES the owner is asked for its whole data set, which
 * takes the place of all single items (store.c).
 */
#include "base/map.h"
#include "store/store_private.h"

#include <assert.h>
#include <string.h>

/* What a waiting item costs besides its text. */
#define JOB_OVERHEAD 256

void store_queue_init(struct store *s)
{
    list_init(&s->queue.waiting);
    list_init(&s->queue.running);
}

static struct store_job *job_of(struct list *link)
{
    return CONTAINER_OF(link, struct store_job, link);
}

static size_t job_bytes(const struct store_job *j)
{
    return j->it != NULL ? j->it->text->len + JOB_OVERHEAD : 0;
}

struct store_job *store_queue_add(struct store *s, enum store_op_type type,
                                  enum store_purpose purpose, struct dataset *data, struct item *it)
{
    struct store_job *j = mem_zalloc(sizeof *j);
    list_init(&j->link);
    j->type = type;
    j->purpose = purpose;
    j->data = data;
    j->it = it;
    list_append(&s->queue.waiting, &j->link);
    s->queue.waiting_bytes += job_bytes(j);
    return j;
}

static void job_free(struct store_job *j)
{
    list_remove(&j->link);
    dataset_unref(j->data);
    item_unref(j->it);
    mem_free(j);
}

static void jobs_free(struct list *jobs)
{
    LIST_EACH_SAFE (link, jobs) {
        job_free(job_of(link));
    }
}

static void move(struct store *s, struct store_job *j, struct list *to)
{
    s->queue.waiting_bytes -= job_bytes(j);
    list_remove(&j->link);
    list_append(to, &j->link);
}

bool store_queue_supersede(struct store *s, enum store_purpose *purpose)
{
    struct list gone;
    bool full = false;
    list_init(&gone);
    while (!list_empty(&s->queue.waiting)) {
        struct store_job *last = job_of(s->queue.waiting.prev);
        if (!store_job_writes(last))
            break;
        full = full || last->type == STORE_OP_INIT;
        if (last->purpose != STORE_FOR_SOURCE)
            *purpose = last->purpose;
        move(s, last, &gone);
    }
    jobs_free(&gone);
    return full;
}

void store_queue_fail_writes(struct store *s, const char *problem)
{
    struct list failed;
    list_init(&failed);
    LIST_EACH_SAFE (link, &s->queue.waiting) {
        if (store_job_writes(job_of(link)))
            move(s, job_of(link), &failed);
    }
    if (!list_empty(&failed))
        store_writes_failed(s, &failed, problem);
    jobs_free(&failed);
}

void store_queue_drop(struct store *s, bool writes_too)
{
    struct list gone;
    list_init(&gone);
    LIST_EACH_SAFE (link, &s->queue.waiting) {
        if (writes_too || !store_job_writes(job_of(link)))
            move(s, job_of(link), &gone);
    }
    jobs_free(&gone);
}

bool store_queue_idle(const struct store *s)
{
    return !s->queue.busy && list_empty(&s->queue.waiting);
}

size_t store_pending(const struct store *s)
{
    size_t count = 0;
    const struct list *lists[] = {&s->queue.waiting, &s->queue.running};
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        LIST_EACH (link, lists[i]) {
            count += store_job_writes(job_of(link));
        }
    }
    return count;
}

/* ---- from jobs to one operation -------------------------------------------------------------- */

/* Segments before flags, each item after those it needs (data-store.md 2.2). */
static void items_of_dataset(struct store_queue *q, struct dataset *data)
{
    static const enum item_kind order[] = {ITEM_SEGMENT, ITEM_FLAG};
    for (size_t i = 0; i < ARRAY_LEN(order); i++) {
        size_t count;
        struct item *const *items = dataset_ordered(data, order[i], &count);
        if (count == 0)
            continue;
        q->items = mem_realloc(q->items, (q->op.item_count + count) * sizeof(struct item *));
        memcpy(q->items + q->op.item_count, items, count * sizeof(struct item *));
        q->op.item_count += count;
    }
}

static void newest_note(struct map *newest, struct item *it)
{
    const struct item *other = map_get(newest, it->key);
    if (other == NULL || other->version < it->version)
        (void)map_set(newest, it->key, it);
}

/* Of several versions of one item only the newest is written. */
static void items_drop_older(struct store_queue *q)
{
    struct map newest[ITEM_KIND_COUNT] = {{0}};
    size_t kept = 0;
    for (size_t i = 0; i < q->op.item_count; i++)
        newest_note(&newest[q->items[i]->kind], q->items[i]);
    for (size_t i = 0; i < q->op.item_count; i++) {
        struct item *it = q->items[i];
        if (map_get(&newest[it->kind], it->key) == it)
            q->items[kept++] = it;
    }
    q->op.item_count = kept;
    for (size_t kind = 0; kind < ARRAY_LEN(newest); kind++)
        map_free(&newest[kind]);
}

/* All single items that wait one behind the other: one operation, and with SQLite one transaction.
 */
static void items_of_waiting(struct store *s)
{
    struct store_queue *q = &s->queue;
    size_t room = 0;
    while (!list_empty(&q->waiting)) {
        struct store_job *j = job_of(q->waiting.next);
        if (j->it == NULL)
            break;
        if (q->op.item_count == room) {
            room = room != 0 ? room * 2 : 1;
            q->items = mem_realloc(q->items, room * sizeof(struct item *));
        }
        q->items[q->op.item_count++] = j->it;
        move(s, j, &q->running);
    }
    if (q->op.item_count > 1)
        items_drop_older(q);
}

static void op_prepare(struct store *s, enum store_op_type type)
{
    struct store_op *op = &s->queue.op;
    *op = (struct store_op){.type = type, .prefix = s->prefix, .table = s->table, .log = s->log};
    op->wall_ms = clock_wall_ms(s->db->clock);
    op->done = store_op_finished;
    list_init(&op->link);
}

static void begin(struct store *s, struct store_job *first)
{
    struct store_queue *q = &s->queue;
    op_prepare(s, first->type);
    if (first->it != NULL) {
        items_of_waiting(s);
    } else {
        move(s, first, &q->running);
        q->op.data = first->type == STORE_OP_INIT ? first->data : NULL;
        q->op.kinds = first->kinds;
        q->op.ask_marker = first->ask_marker || !s->monitor.marked;
        q->op.marked = !q->op.ask_marker;
        if (first->type == STORE_OP_UPSERT)
            items_of_dataset(q, first->data);
    }
    q->op.items = q->items;
    q->busy = true;
    s->db->backend->class->run(s->db->backend, &q->op);
}

void store_queue_next(struct store *s)
{
    struct store_queue *q = &s->queue;
    if (q->busy || list_empty(&q->waiting))
        return;
    struct store_job *first = job_of(q->waiting.next);
    if (store_job_writes(first) && store_monitor_hopeless(s))
        store_turn_start(s);
    else
        begin(s, first);
}

void store_queue_done(struct store *s)
{
    struct store_queue *q = &s->queue;
    assert(q->busy);
    jobs_free(&q->running);
    mem_free(q->items);
    q->items = NULL;
    q->busy = false;
}
