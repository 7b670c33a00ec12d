/* A stored row with any contents: an item that says what its row says, or an error.
 *
 * Input: kind, deleted (one byte each), version (8 bytes), length of the key (one byte), key, JSON.
 */
#include "store/row.h"

#include <stdlib.h>

#define HEAD 11

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error err = {""};
    struct store_row row = {.version = 0};
    if (size < HEAD || size - HEAD < data[10])
        return 0;
    row.kind = data[0] % 2 == 0 ? ITEM_FLAG : ITEM_SEGMENT;
    row.deleted = data[1] % 2 != 0;
    memcpy(&row.version, data + 2, sizeof row.version);
    row.key = view_make((const char *)data + HEAD, data[10]);
    row.data = view_make((const char *)data + HEAD + data[10], size - HEAD - data[10]);
    struct item *it = store_row_item(&row, &err);
    if (it == NULL) {
        if (err.text[0] == '\0')
            abort();
        return 0;
    }
    if (it->version != row.version || it->kind != row.kind || !view_equal(it->key, row.key) ||
        (row.deleted && !it->deleted) || it->text->len == 0)
        abort();
    item_unref(it);
    return 0;
}
