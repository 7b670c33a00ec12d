/* store/row.c - see row.h. */
#include "store/row.h"

#include <inttypes.h>

struct item *store_row_item(const struct store_row *row, struct error *err)
{
    if (row->deleted)
        return item_tombstone(row->kind, row->key, row->version);
    struct item *it = item_parse(row->kind, row->key, row->data, err);
    if (it != NULL && it->version != row->version) {
        error_set(err, "it is stored as version %" PRId64 " but says %" PRId64, row->version,
                  it->version);
        item_unref(it);
        return NULL;
    }
    return it;
}

void store_row_add_json(struct dataset_builder *b, enum item_kind kind, struct view key,
                        struct view json, struct log_scope *log)
{
    struct error err;
    struct item *it = item_parse(kind, key, json, &err);
    if (it != NULL)
        dataset_builder_add_take(b, it);
    else
        log_line(log, LOG_ERROR,
                 "Ignoring the stored item \"%.*s\" in \"%s\", which is unreadable: %s",
                 VIEW_ARGS(key), item_kind_store_name(kind), err.text);
}
