/* env/put.c - a full data set: what changed, who must hear of it, what is written
 * (streaming.md 13.6). */
#include "env/env_private.h"

#include <malloc.h>

/* A full data set of so many items leaves enough free memory behind to be worth giving back. */
#define TRIM_AFTER_ITEMS 500

/* From now on everybody knows this one. Takes the reference. */
static void data_set(struct env *e, struct dataset *data)
{
    dataset_unref(e->told);
    dataset_unref(e->data);
    e->told = NULL;
    e->data = data;
    env_big_segments_look(e);
}

/* The first data set of an environment, or one that shares nothing with the old one, goes out
 * whole. */
void env_data_replace(struct env *e, struct dataset *data)
{
    data_set(e, data);
    env_publish_put(e);
}

void env_data_become(struct env *e, struct dataset *data)
{
    struct dataset_diff diff;
    dataset_diff(env_told(e), data, &diff);
    switch (diff.change) {
    case DATASET_EQUAL: /* the old one keeps its renderings */
        data_set(e, dataset_ref(env_told(e)));
        dataset_unref(data);
        env_publish_state(e);
        break;
    case DATASET_PATCHES: {
        unsigned concerned = env_pings_concerned(env_told(e), diff.changed, diff.changed_count);
        data_set(e, data);
        env_publish_items(e, diff.changed, diff.changed_count, concerned);
        break;
    }
    case DATASET_REPLACED:
        env_data_replace(e, data);
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
    env_cache_put(e);
    if (e->data == NULL)
        env_data_replace(e, data);
    else
        env_data_become(e, data);
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
