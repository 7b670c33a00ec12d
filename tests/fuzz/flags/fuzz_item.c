/* The JSON of one flag or segment: the first byte chooses which.
 *
 * Laws: the canonical text is an item itself, with the same canonical text and the same facts. */
#include "flags/item.h"

#include <stdlib.h>

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void compare(const struct item *a, const struct item *b)
{
    must(view_equal(buf_view(a->text), buf_view(b->text)));
    must(a->version == b->version && a->deleted == b->deleted && a->unbounded == b->unbounded);
    must(a->visible_environment == b->visible_environment);
    must(a->visible_mobile == b->visible_mobile);
    must(a->need_count == b->need_count && a->asked_count == b->asked_count);
    for (size_t i = 0; i < a->need_count + a->asked_count; i++)
        must(view_equal(a->needs[i], b->needs[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    enum item_kind kind = data[0] == 's' ? ITEM_SEGMENT : ITEM_FLAG;
    struct view json = view_make((const char *)data + 1, size - 1);
    struct error err;
    struct item *it = item_parse(kind, view_of("key"), json, &err);
    if (it == NULL)
        return 0;
    struct item *again = item_parse(kind, it->key, buf_view(it->text), &err);
    must(again != NULL);
    compare(it, again);
    item_unref(it);
    item_unref(again);
    return 0;
}
