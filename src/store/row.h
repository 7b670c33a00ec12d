/* store/row.h - one stored item, whoever wrote it (data-store.md 2.1). For the files of store/
 * only. */
#ifndef STORE_ROW_H
#define STORE_ROW_H

#include "base/log.h"
#include "flags/dataset.h"

/* What a database with columns of their own for version and tombstone keeps about an item. */
struct store_row {
    enum item_kind kind;
    struct view key; /* the database's key; the JSON "key" means nothing */
    int64_t version;
    bool deleted;
    struct view data;
};

/* One reference; NULL with *err set when the row is no item or its parts contradict one another. */
MUST_CHECK struct item *store_row_item(const struct store_row *row, struct error *err);

/* For databases that keep nothing but the JSON: adds the item, or logs which one is unreadable and
 * leaves it out (data-store.md 2.1). */
void store_row_add_json(struct dataset_builder *b, enum item_kind kind, struct view key,
                        struct view json, struct log_scope *log);

#endif
