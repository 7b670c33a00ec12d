/* store/consul_read.c - everything is read; and: is the marker there?
 *
 *   READ          GET p/features/?recurse=   GET p/segments/?recurse=   GET p/$inited -> thread
 * pool PROBE, CHECK  GET p/$inited
 *
 * Thousands of texts become items on the thread pool, not on the loop.
 */
#include "store/consul_answer.h"
#include "store/consul_private.h"
#include "store/row.h"

struct consul_read {
    struct consul_task task;
    unsigned kinds_left;
    enum item_kind kind;                 /* that is asked for */
    struct str answers[ITEM_KIND_COUNT]; /* a big text is parsed where it arrived */
    uv_work_t work;
    struct dataset *data; /* NULL: see problem */
    struct error problem;
};

static struct consul_read *read_of(struct consul_task *t)
{
    return CONTAINER_OF(t, struct consul_read, task);
}

/* ---- the marker ------------------------------------------------------------------------------ */

static void look_answered(struct consul_task *t, const struct http_call_answer *a)
{
    if (!consul_answer_counts(t, a, 404))
        return;
    t->op->marked = a->status == 200;
    consul_succeed(t);
}

static void marker_ask(struct consul_task *t, consul_answered *answered)
{
    struct str key = {0};
    t->doing = "";
    consul_marker_append(&key, t->op->prefix);
    consul_get(t, &key, CONSUL_CONSISTENT, CONSUL_MAX_ANSWER, answered);
    str_free(&key);
}

static void look_begin(struct consul_task *t)
{
    marker_ask(t, look_answered);
}

const struct consul_script consul_script_look = {sizeof(struct consul_task), look_begin, NULL};

/* ---- from answers to items ------------------------------------------------------------------- */

struct rows {
    struct dataset_builder *builder;
    enum item_kind kind;
    struct str folder;
    struct log_scope *log;
};

static void row_add(void *arg, const struct consul_entry *e)
{
    const struct rows *rows = arg;
    if (e->key.len > rows->folder.len && view_starts(e->key, str_text(&rows->folder)))
        store_row_add_json(rows->builder, rows->kind, view_from(e->key, rows->folder.len), e->value,
                           rows->log);
}

static bool rows_add(struct consul_read *r, struct dataset_builder *builder, enum item_kind kind)
{
    const struct store_op *op = r->task.op;
    struct str *answer = &r->answers[kind];
    struct rows rows = {builder, kind, {0}, op->log};
    if (answer->len == 0)
        return true;
    consul_folder_append(&rows.folder, op->prefix, kind);
    bool whole = consul_entries_read(str_view(answer), row_add, &rows, &r->problem);
    str_free(&rows.folder);
    str_free(answer);
    if (!whole)
        error_prefix(&r->problem, "list failed for %s: ", item_kind_store_name(kind));
    return whole;
}

/* On the thread pool. */
static void read_parse(uv_work_t *work)
{
    struct consul_read *r = CONTAINER_OF(work, struct consul_read, work);
    struct dataset_builder *builder = dataset_builder_new();
    if (rows_add(r, builder, ITEM_FLAG) && rows_add(r, builder, ITEM_SEGMENT))
        r->data = dataset_builder_finish_take(builder);
    else
        dataset_builder_free(builder);
}

static void read_parsed(uv_work_t *work, int status)
{
    struct consul_read *r = CONTAINER_OF(work, struct consul_read, work);
    (void)status; /* nobody cancels it */
    r->task.op->read = r->data;
    if (r->data != NULL)
        consul_succeed(&r->task);
    else
        consul_fail(&r->task, r->problem.text);
}

static void read_finish(struct consul_task *t)
{
    struct consul_read *r = read_of(t);
    t->doing = "";
    (void)uv_queue_work(t->backend->loop, &r->work, read_parse, read_parsed);
}

/* ---- asking ---------------------------------------------------------------------------------- */

static void read_marked(struct consul_task *t, const struct http_call_answer *a)
{
    if (!consul_answer_counts(t, a, 404))
        return;
    t->op->marked = a->status == 200;
    read_finish(t);
}

static void read_next(struct consul_task *t);

static void read_listed(struct consul_task *t, const struct http_call_answer *a)
{
    struct consul_read *r = read_of(t);
    if (!consul_answer_counts(t, a, 404))
        return;
    r->answers[r->kind] = *a->body_memory;
    *a->body_memory = (struct str){0};
    read_next(t);
}

static void read_next(struct consul_task *t)
{
    struct consul_read *r = read_of(t);
    if (r->kinds_left == 0) {
        if (t->op->ask_marker)
            marker_ask(t, read_marked);
        else
            read_finish(t);
        return;
    }
    r->kind = (r->kinds_left & (1u << ITEM_FLAG)) != 0 ? ITEM_FLAG : ITEM_SEGMENT;
    r->kinds_left &= ~(1u << r->kind);
    consul_list(t, r->kind, read_listed);
}

static void read_begin(struct consul_task *t)
{
    read_of(t)->kinds_left = t->op->kinds & STORE_ALL_KINDS;
    read_next(t);
}

static void read_release(struct consul_task *t)
{
    struct consul_read *r = read_of(t);
    for (size_t i = 0; i < ARRAY_LEN(r->answers); i++)
        str_free(&r->answers[i]);
}

const struct consul_script consul_script_read = {sizeof(struct consul_read), read_begin,
                                                 read_release};
