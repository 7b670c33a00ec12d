/* store/consul_init.c - everything is replaced (data-store.md 2.2, 3.3).
 *
 *   GET p/segments/?keys=, GET p/features/?keys=           which keys are there?   (thread pool)
 *   PUT /v1/txn ...                                        segments, flags, what has to go, marker
 *   PUT /v1/kv/p/KIND/KEY                                  what is too big for a transaction
 *
 * Consul takes no more than one transaction at once, so readers may see it half done; but never a
 * marker before everything else is there. Nothing outside of the two folders is looked at or
 * deleted.
 */
#include "store/consul_answer.h"
#include "store/consul_private.h"
#include "store/consul_transaction.h"

enum init_phase { INIT_SEGMENTS, INIT_FLAGS, INIT_STALE, INIT_MARKER, INIT_DONE };

struct consul_init {
    struct consul_task task;
    enum item_kind listing;            /* that is asked for */
    struct str lists[ITEM_KIND_COUNT]; /* answers */
    uv_work_t work;
    struct buf **stale; /* complete keys that have to go */
    size_t stale_count;
    bool understood;
    struct error problem;
    enum init_phase phase;
    size_t next; /* within the phase */
    size_t stored;
    struct consul_transaction transaction;
};

static struct consul_init *init_of(struct consul_task *t)
{
    return CONTAINER_OF(t, struct consul_init, task);
}

/* ---- writing --------------------------------------------------------------------------------- */

static void init_write(struct consul_task *t);

static void init_refused(struct consul_task *t, struct view body)
{
    struct str text = {0};
    struct error problem;
    consul_refusal_append(body, &text);
    error_set(&problem, "Consul transaction failed: %s", str_text(&text));
    str_free(&text);
    consul_fail(t, problem.text);
}

static void init_written(struct consul_task *t, const struct http_call_answer *a)
{
    if (!consul_answer_counts(t, a, 409))
        return;
    if (a->status == 409)
        init_refused(t, a->body);
    else
        init_write(t);
}

/* The item does not fit into any transaction. */
static void init_put(struct consul_init *i, const struct item *it)
{
    struct str key = {0};
    struct str path = {0};
    consul_item_append(&key, i->task.op->prefix, it);
    str_append_text(&path, "/kv/");
    consul_key_encode(str_view(&key), &path);
    struct consul_request r = {"PUT", str_view(&path), "", it->text, CONSUL_MAX_ANSWER};
    consul_ask(&i->task, &r, init_written);
    str_free(&key);
    str_free(&path);
}

enum added { ADDED, ADDED_NOTHING, ADDED_FULL };

static enum added init_add_item(struct consul_init *i, const struct item *it)
{
    struct str key = {0};
    if (!consul_keeps_or_logs(&i->task, it))
        return ADDED_NOTHING;
    consul_item_append(&key, i->task.op->prefix, it);
    bool fits =
        consul_transaction_set(&i->transaction, str_view(&key), buf_view(it->text), view_of(""));
    str_free(&key);
    i->stored += fits ? 1 : 0;
    return fits ? ADDED : ADDED_FULL;
}

static bool init_add_marker(struct consul_init *i)
{
    struct str key = {0};
    consul_marker_append(&key, i->task.op->prefix);
    bool fits = consul_transaction_set(&i->transaction, str_view(&key), view_of(""), view_of(""));
    str_free(&key);
    return fits;
}

/* Items of one phase until the transaction is full; true when all are in. *alone: the next one has
 * to be written without a transaction. */
static bool init_add_items(struct consul_init *i, enum item_kind kind, const struct item **alone)
{
    size_t count;
    struct item *const *items = dataset_ordered(i->task.op->data, kind, &count);
    for (; i->next < count; i->next++) {
        if (init_add_item(i, items[i->next]) != ADDED_FULL)
            continue;
        if (i->transaction.count == 0) {
            *alone = items[i->next++];
            i->stored++;
        }
        return false;
    }
    return true;
}

/* Keys longer than a transaction do not exist: nobody can write them. */
static bool init_add_stale(struct consul_init *i)
{
    for (; i->next < i->stale_count; i->next++) {
        if (!consul_transaction_delete(&i->transaction, buf_view(i->stale[i->next])) &&
            i->transaction.count > 0)
            return false;
    }
    return true;
}

/* What comes next goes into the transaction; true when the phase is over. */
static bool init_add(struct consul_init *i, const struct item **alone)
{
    switch (i->phase) {
    case INIT_SEGMENTS:
        return init_add_items(i, ITEM_SEGMENT, alone);
    case INIT_FLAGS:
        return init_add_items(i, ITEM_FLAG, alone);
    case INIT_STALE:
        return init_add_stale(i);
    default:
        return init_add_marker(i);
    }
}

static void init_write(struct consul_task *t)
{
    struct consul_init *i = init_of(t);
    const struct item *alone = NULL;
    while (i->phase != INIT_DONE && init_add(i, &alone)) {
        i->phase++;
        i->next = 0;
    }
    if (alone != NULL) {
        init_put(i, alone);
    } else if (i->transaction.count > 0) {
        struct buf *body = consul_transaction_finish(&i->transaction);
        struct consul_request r = {"PUT", VIEW_LITERAL("/txn"), "", body, CONSUL_MAX_ANSWER};
        consul_ask(t, &r, init_written);
        buf_unref(body);
    } else {
        log_always(t->op->log, LOG_INFO, "ConsulDataStore: Initialized with %zu items", i->stored);
        consul_succeed(t);
    }
}

/* ---- what has to go -------------------------------------------------------------------------- */

struct stale_search {
    struct consul_init *init;
    enum item_kind kind;
    struct str folder;
};

static void stale_look(void *arg, struct view key)
{
    const struct stale_search *s = arg;
    struct consul_init *i = s->init;
    if (!view_starts(key, str_text(&s->folder)))
        return;
    if (dataset_find(i->task.op->data, s->kind, view_from(key, s->folder.len)) != NULL)
        return;
    if ((i->stale_count & (i->stale_count - 1)) == 0)
        i->stale = mem_realloc(i->stale, (i->stale_count * 2 + 1) * sizeof(struct buf *));
    i->stale[i->stale_count++] = buf_copy(key);
}

static bool stale_find(struct consul_init *i, enum item_kind kind)
{
    struct stale_search search = {i, kind, {0}};
    if (i->lists[kind].len == 0)
        return true;
    consul_folder_append(&search.folder, i->task.op->prefix, kind);
    bool whole = consul_keys_read(str_view(&i->lists[kind]), stale_look, &search, &i->problem);
    str_free(&search.folder);
    str_free(&i->lists[kind]);
    return whole;
}

/* On the thread pool. */
static void init_compare(uv_work_t *work)
{
    struct consul_init *i = CONTAINER_OF(work, struct consul_init, work);
    i->understood = stale_find(i, ITEM_SEGMENT) && stale_find(i, ITEM_FLAG);
}

static void init_compared(uv_work_t *work, int status)
{
    struct consul_init *i = CONTAINER_OF(work, struct consul_init, work);
    (void)status; /* nobody cancels it */
    if (!i->understood) {
        consul_fail(&i->task, i->problem.text);
        return;
    }
    i->task.doing = "";
    init_write(&i->task);
}

static void init_list(struct consul_task *t);

static void init_listed(struct consul_task *t, const struct http_call_answer *a)
{
    struct consul_init *i = init_of(t);
    if (!consul_answer_counts(t, a, 404))
        return;
    i->lists[i->listing] = *a->body_memory;
    *a->body_memory = (struct str){0};
    if (i->listing == ITEM_SEGMENT) {
        i->listing = ITEM_FLAG;
        init_list(t);
    } else {
        (void)uv_queue_work(t->backend->loop, &i->work, init_compare, init_compared);
    }
}

static void init_list(struct consul_task *t)
{
    struct str key = {0};
    consul_folder_append(&key, t->op->prefix, init_of(t)->listing);
    consul_get(t, &key, "keys=&" CONSUL_CONSISTENT, CONSUL_MAX_LIST, init_listed);
    str_free(&key);
}

static void init_begin(struct consul_task *t)
{
    t->doing = "failed to get existing items prior to Init: ";
    init_of(t)->listing = ITEM_SEGMENT;
    init_list(t);
}

static void init_release(struct consul_task *t)
{
    struct consul_init *i = init_of(t);
    for (size_t k = 0; k < ARRAY_LEN(i->lists); k++)
        str_free(&i->lists[k]);
    for (size_t k = 0; k < i->stale_count; k++)
        buf_unref(i->stale[k]);
    mem_free(i->stale);
    str_free(&i->transaction.body);
}

const struct consul_script consul_script_init = {sizeof(struct consul_init), init_begin,
                                                 init_release};
