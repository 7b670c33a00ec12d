/* env/patch.c - hop 2 of a changed flag: is it newer than what we have? then a new data set.
 *
 * Before: source_stream_event() decoded one patch or delete. After: env_publish_items(). With an
 * embedded database it is accepted as soon as that has it, some 100 microseconds later (hold.c).
 */
#include "env/env_private.h"

#include <inttypes.h>

static const char *what(const struct item *it)
{
    return it->deleted ? "deletion" : "update";
}

static void put_in(struct dataset **data, struct item *it)
{
    struct dataset *before = *data != NULL ? *data : dataset_empty();
    *data = dataset_with_item_take(before, item_ref(it));
    dataset_unref(before);
}

bool env_patch_accept(struct env *e, struct item *it)
{
    struct dataset *told = env_told(e);
    const struct item *old = told != NULL ? dataset_find(told, it->kind, it->key) : NULL;
    if (old != NULL && old->version >= it->version) {
        log_line(e->facts->log, LOG_DEBUG,
                 "Ignoring %s of %s \"%.*s\": version %" PRId64 " is not newer than %" PRId64,
                 what(it), item_kind_stream_name(it->kind), VIEW_ARGS(it->key), it->version,
                 old->version);
        item_unref(it);
        return false;
    }
    unsigned concerned = env_pings_concerned(told, &it, 1);
    if (e->told != NULL)
        put_in(&e->told, it);
    const struct item *served = e->data != NULL ? dataset_find(e->data, it->kind, it->key) : NULL;
    if (served == NULL || served->version < it->version)
        put_in(&e->data, it);
    env_big_segments_look(e);
    env_publish_items(e, &it, 1, concerned);
    item_unref(it);
    return true;
}

void env_patch_apply(struct env *e, struct item *it)
{
    log_line(e->facts->log, LOG_DEBUG, "Received feature flag %s: %.*s (version %" PRId64 ")",
             what(it), VIEW_ARGS(it->key), it->version);
    if (store_writes_first(e->store)) {
        env_hold(e, store_upsert_post(e->store, it), NULL, it);
        return;
    }
    env_hold_end_all(e);
    if (env_patch_accept(e, item_ref(it)))
        (void)store_upsert_post(e->store, it);
    item_unref(it);
}
