/* env/put.c - a full data set: what changed, who must hear of it, what is written
 * (streaming.md 13.6). */
#include "env/env_private.h"

#include <malloc.h>

/* A full data set of so many items leaves enough free memory behind to be worth giving back. */
#define TRIM_AFTER_ITEMS 500

/* The first data set of an environment, or one that shares nothing with the old one, goes out
 * whole. */
static void replace(struct env *e, struct dataset *data)
{
    dataset_unref(e->data);
    e->data = data;
    env_publish_put(e);
}

static void apply_difference(struct env *e, struct dataset *data)
{
    struct dataset_diff diff;
    dataset_diff(e->data, data, &diff);
    switch (diff.change) {
    case DATASET_EQUAL:
        dataset_unref(data); /* the old one keeps its renderings */
        env_publish_state(e);
        break;
    case DATASET_PATCHES:
        dataset_unref(e->data);
        e->data = data;
        env_publish_items(e, diff.changed, diff.changed_count);
        break;
    case DATASET_REPLACED:
        replace(e, data);
        break;
    }
    dataset_diff_free(&diff);
}

/* Reading a big data set frees about as much as it keeps, in pieces that only this returns. */
static void give_memory_back(const struct env *e)
{
    if (dataset_count(e->data, ITEM_FLAG) + dataset_count(e->data, ITEM_SEGMENT) > TRIM_AFTER_ITEMS)
        (void)malloc_trim(0);
}

void env_put_accept(struct env *e, struct dataset *data)
{
    dataset_unref(e->stored);
    e->stored = NULL;
    if (e->data == NULL)
        replace(e, data);
    else
        apply_difference(e, data);
    give_memory_back(e);
}

void env_put_apply(struct env *e, struct dataset *data)
{
    log_line(e->facts->log, LOG_DEBUG, "Received all feature flags");
    if (store_writes_first(e->store)) {
        env_hold(e, store_init_post(e->store, data), data, NULL);
        return;
    }
    env_hold_end_all(e);
    env_put_accept(e, data);
    (void)store_init_post(e->store, e->data);
}

void env_stored_apply(struct env *e)
{
    if (e->stored == NULL || e->data != NULL)
        return;
    struct dataset *data = e->stored;
    e->stored = NULL;
    log_always(e->facts->log, LOG_INFO,
               "Serving %zu flag(s) and %zu segment(s) from the data store",
               dataset_count(data, ITEM_FLAG), dataset_count(data, ITEM_SEGMENT));
    replace(e, data);
}
