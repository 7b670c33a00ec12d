/* store/dynamodb_read.c - everything is read: the rows of both kinds, then the marker.
 *
 * Rows become items on the thread pool.
 */
#include "store/dynamodb_private.h"

#include "base/json_reader.h"
#include "store/row.h"

/* The item's text again, with another version at its top. */
static struct item *with_version(const struct item *it, int64_t version, struct error *err)
{
    struct json_reader r;
    struct view name;
    struct str text = {0};
    json_reader_init(&r, buf_view(it->text));
    for (json_object_begin(&r); json_object_next(&r, &name);) {
        str_append_format(&text, "%s\"%.*s\":", text.len > 0 ? "," : "{", VIEW_ARGS(name));
        struct view raw = json_read_raw(&r);
        if (view_is(name, "version"))
            str_append_int(&text, version);
        else
            str_append(&text, raw);
    }
    str_append_char(&text, '}');
    json_reader_done(&r);
    struct item *changed = item_parse(it->kind, it->key, str_view(&text), err);
    str_free(&text);
    return changed;
}

/* Where the row has a version of its own, that one counts (data-store.md 2.1). */
static struct item *item_of(enum item_kind kind, const struct dynamodb_row *row, struct error *err)
{
    if (!row->has_json) {
        error_set(err, "it has no attribute \"item\" that is a text");
        return NULL;
    }
    struct item *it = item_parse(kind, row->key, row->json, err);
    if (it == NULL || row->version == 0 || row->version == it->version)
        return it;
    struct item *changed = it->deleted ? item_tombstone(kind, row->key, row->version)
                                       : with_version(it, row->version, err);
    item_unref(it);
    return changed;
}

/* On the thread pool. */
static void read_row(struct dynamodb_task *t, enum item_kind kind, const struct dynamodb_row *row)
{
    struct error err;
    struct item *it = item_of(kind, row, &err);
    if (it != NULL)
        dataset_builder_add_take(t->builder, it);
    else
        log_line(t->op->log, LOG_ERROR,
                 "Ignoring the stored item \"%.*s\" in \"%s\", which is unreadable: %s",
                 VIEW_ARGS(row->key), item_kind_store_name(kind), err.text);
}

/* On the thread pool. */
static void build(uv_work_t *work)
{
    struct dynamodb_task *t = work->data;
    t->op->read = dataset_builder_finish_take(t->builder);
    t->builder = NULL;
}

static void built(struct dynamodb_task *t)
{
    if (t->op->ask_marker)
        dynamodb_marker_ask(t);
    else
        dynamodb_succeed(t);
}

static void rows_read(struct dynamodb_task *t)
{
    dynamodb_work(t, build, built);
}

void dynamodb_read(struct dynamodb_task *t)
{
    t->builder = dataset_builder_new();
    t->listing = (struct dynamodb_listing){.columns = DYNAMODB_WHOLE_ROWS,
                                           .kinds_left = t->op->kinds,
                                           .row = read_row,
                                           .done = rows_read,
                                           .failure = ""};
    dynamodb_list(t, ITEM_FLAG);
}
