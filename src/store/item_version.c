/* store/item_version.c - see item_version.h. */
#include "store/item_version.h"

#include "base/json_reader.h"

int64_t store_item_version(struct view json)
{
    struct json_reader r;
    struct view name;
    int64_t version = 0;
    json_reader_init(&r, json);
    for (json_object_begin(&r); json_object_next(&r, &name);) {
        if (view_is(name, "version") && json_peek(&r) == JSON_NUMBER)
            version = json_read_int(&r);
        else
            json_skip(&r);
    }
    json_expect_end(&r);
    if (json_failed(&r))
        version = 0;
    json_reader_done(&r);
    return version;
}
