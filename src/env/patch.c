/* env/patch.c - hop 2 of a changed flag: is it newer than what we have? then a new data set.
 *
 * Before: source_stream_event() decoded one patch or delete. After: env_publish_items().
 */
#include "env/env_private.h"

#include <inttypes.h>

void env_patch_apply(struct env *e, struct item *it)
{
    const char *what = it->deleted ? "deletion" : "update";
    log_line(e->facts->log, LOG_DEBUG, "Received feature flag %s: %.*s (version %" PRId64 ")", what,
             VIEW_ARGS(it->key), it->version);
    const struct item *old = e->data != NULL ? dataset_find(e->data, it->kind, it->key) : NULL;
    if (old != NULL && old->version >= it->version) {
        log_line(e->facts->log, LOG_DEBUG,
                 "Ignoring %s of %s \"%.*s\": version %" PRId64 " is not newer than %" PRId64, what,
                 item_kind_stream_name(it->kind), VIEW_ARGS(it->key), it->version, old->version);
        item_unref(it);
        return;
    }
    struct dataset *before = e->data != NULL ? e->data : dataset_empty();
    e->data = dataset_with_item_take(before, item_ref(it));
    dataset_unref(before);
    env_publish_items(e, &it, 1);
    store_upsert_post(e->store, it);
    item_unref(it);
}
