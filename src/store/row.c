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
