/* store/consul_bulk.c - an Upsert of many items, such as a whole data set after an outage
 * (data-store.md 7.3): thousands of questions one by one would take longer than an SDK may wait.
 *
 *   GET p/KIND/?recurse=         what is stored, and with which ModifyIndex?      (thread pool)
 *   PUT /v1/txn  cas, cas, ...   200  the next ones
 *                                409  one of them was disturbed: these one by one, consul_upsert.c
 */
#include "store/consul_answer.h"
#include "store/consul_private.h"
#include "store/consul_transaction.h"
#include "store/item_version.h"

#define INDEX_SIZE 24

/* What is stored under the key of one item. */
struct bulk_stored {
    int64_t version;        /* -1: nothing */
    char index[INDEX_SIZE]; /* ModifyIndex; "0": nothing */
};

struct consul_bulk {
    struct consul_upsert upsert; /* the items that are written one by one */
    unsigned kinds_left;
    enum item_kind kind; /* that is asked for */
    struct str lists[ITEM_KIND_COUNT];
    uv_work_t work;
    struct bulk_stored *stored; /* one per item of the operation, as the next */
    bool *pending;
    bool understood;
    struct error problem;
    size_t next; /* item */
    struct consul_transaction transaction;
};

static struct consul_bulk *bulk_of(struct consul_task *t)
{
    return CONTAINER_OF(t, struct consul_bulk, upsert.task);
}

/* ---- writing --------------------------------------------------------------------------------- */

static void bulk_write(struct consul_bulk *b);

static void bulk_singles_written(struct consul_upsert *u)
{
    bulk_write(CONTAINER_OF(u, struct consul_bulk, upsert));
}

/* Those from upsert.next up to here. */
static void bulk_write_singles(struct consul_bulk *b)
{
    b->upsert.end = b->next;
    consul_upsert_run(&b->upsert);
}

static void bulk_written(struct consul_task *t, const struct http_call_answer *a)
{
    struct consul_bulk *b = bulk_of(t);
    if (!consul_answer_counts(t, a, 409))
        return;
    if (a->status == 409)
        bulk_write_singles(b);
    else
        bulk_write(b);
}

static bool bulk_add(struct consul_bulk *b, const struct item *it)
{
    struct str key = {0};
    consul_item_append(&key, b->upsert.task.op->prefix, it);
    bool fits = consul_transaction_set(&b->transaction, str_view(&key), buf_view(it->text),
                                       view_of(b->stored[b->next].index));
    str_free(&key);
    return fits;
}

static void bulk_write(struct consul_bulk *b)
{
    struct consul_task *t = &b->upsert.task;
    const struct store_op *op = t->op;
    b->upsert.next = b->next;
    for (; b->next < op->item_count; b->next++) {
        const struct item *it = op->items[b->next];
        if (b->pending[b->next] && consul_keeps_or_logs(t, it) && !bulk_add(b, it))
            break;
    }
    if (b->transaction.count > 0) {
        struct buf *body = consul_transaction_finish(&b->transaction);
        struct consul_request r = {"PUT", VIEW_LITERAL("/txn"), "", body, CONSUL_MAX_ANSWER};
        consul_ask(t, &r, bulk_written);
        buf_unref(body);
    } else if (b->next < op->item_count) {
        b->next++; /* too big for any transaction */
        bulk_write_singles(b);
    } else {
        consul_succeed(t);
    }
}

/* ---- what is stored -------------------------------------------------------------------------- */

struct bulk_look {
    struct consul_bulk *bulk;
    struct map items; /* key of the kind -> its place in `stored` */
    struct str folder;
};

static void entry_look(void *arg, const struct consul_entry *e)
{
    const struct bulk_look *look = arg;
    if (!view_starts(e->key, str_text(&look->folder)))
        return;
    struct bulk_stored *stored = map_get(&look->items, view_from(e->key, look->folder.len));
    if (stored == NULL || e->index.len >= INDEX_SIZE)
        return;
    stored->version = store_item_version(e->value);
    memcpy(stored->index, e->index.data, e->index.len);
    stored->index[e->index.len] = '\0';
}

static void items_note(struct bulk_look *look, enum item_kind kind)
{
    struct consul_bulk *b = look->bulk;
    const struct store_op *op = b->upsert.task.op;
    for (size_t i = 0; i < op->item_count; i++) {
        const struct item *it = op->items[i];
        if (it->kind == kind)
            (void)map_set(&look->items, it->key, &b->stored[i]);
    }
}

static bool bulk_look_at(struct consul_bulk *b, enum item_kind kind)
{
    struct bulk_look look = {b, {0}, {0}};
    struct str *list = &b->lists[kind];
    items_note(&look, kind);
    consul_folder_append(&look.folder, b->upsert.task.op->prefix, kind);
    bool whole =
        list->len == 0 || consul_entries_read(str_view(list), entry_look, &look, &b->problem);
    str_free(&look.folder);
    str_free(list);
    map_free(&look.items);
    if (!whole)
        error_prefix(&b->problem, "list failed for %s: ", item_kind_store_name(kind));
    return whole;
}

/* On the thread pool. */
static void bulk_compare(uv_work_t *work)
{
    struct consul_bulk *b = CONTAINER_OF(work, struct consul_bulk, work);
    const struct store_op *op = b->upsert.task.op;
    for (size_t i = 0; i < op->item_count; i++)
        b->stored[i] = (struct bulk_stored){-1, "0"};
    b->understood = bulk_look_at(b, ITEM_SEGMENT) && bulk_look_at(b, ITEM_FLAG);
    for (size_t i = 0; i < op->item_count; i++)
        b->pending[i] = op->items[i]->version > b->stored[i].version;
}

static void bulk_compared(uv_work_t *work, int status)
{
    struct consul_bulk *b = CONTAINER_OF(work, struct consul_bulk, work);
    (void)status; /* nobody cancels it */
    b->upsert.task.doing = "";
    if (b->understood)
        bulk_write(b);
    else
        consul_fail(&b->upsert.task, b->problem.text);
}

static void bulk_list(struct consul_task *t);

static void bulk_listed(struct consul_task *t, const struct http_call_answer *a)
{
    struct consul_bulk *b = bulk_of(t);
    if (!consul_answer_counts(t, a, 404))
        return;
    b->lists[b->kind] = *a->body_memory;
    *a->body_memory = (struct str){0};
    bulk_list(t);
}

static void bulk_list(struct consul_task *t)
{
    struct consul_bulk *b = bulk_of(t);
    if (b->kinds_left == 0) {
        (void)uv_queue_work(t->backend->loop, &b->work, bulk_compare, bulk_compared);
        return;
    }
    b->kind = (b->kinds_left & (1u << ITEM_SEGMENT)) != 0 ? ITEM_SEGMENT : ITEM_FLAG;
    b->kinds_left &= ~(1u << b->kind);
    consul_list(t, b->kind, bulk_listed);
}

static void bulk_begin(struct consul_task *t)
{
    struct consul_bulk *b = bulk_of(t);
    for (size_t i = 0; i < t->op->item_count; i++)
        b->kinds_left |= 1u << t->op->items[i]->kind;
    b->stored = mem_zalloc(t->op->item_count * sizeof *b->stored);
    b->pending = mem_zalloc(t->op->item_count * sizeof *b->pending);
    b->upsert.pending = b->pending;
    b->upsert.finished = bulk_singles_written;
    bulk_list(t);
}

static void bulk_release(struct consul_task *t)
{
    struct consul_bulk *b = bulk_of(t);
    for (size_t k = 0; k < ARRAY_LEN(b->lists); k++)
        str_free(&b->lists[k]);
    mem_free(b->stored);
    mem_free(b->pending);
    str_free(&b->transaction.body);
    str_free(&b->upsert.index);
}

const struct consul_script consul_script_bulk = {sizeof(struct consul_bulk), bulk_begin,
                                                 bulk_release};
