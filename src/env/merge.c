/* env/merge.c - what the database's answer to a read does to the data set in memory
 * (data-store.md 5.1, 10).
 *
 *   nothing in memory                    the answer is served, and sent to open streams
 *   never heard of LaunchDarkly (S3)     the answer replaces what was read before
 *   otherwise                            per item the higher version wins; what the answer lacks
 *                                          stays and is written again, when LaunchDarkly's stream
 * is up goes, when it is not: somebody else removed it
 *
 * While LaunchDarkly's stream is up nothing of this is broadcast: it comes by the stream, too.
 */
#include "env/env_private.h"

static bool in_memory_alone(const struct env *e)
{
    return store_pending(e->store) != 0;
}

/* Items of the kinds that were not asked for, as they are. */
static void add_kind(struct dataset_builder *b, struct dataset *from, enum item_kind kind)
{
    size_t count;
    struct item *const *items = dataset_ordered(from, kind, &count);
    for (size_t i = 0; i < count; i++)
        dataset_builder_add_take(b, item_ref(items[i]));
}

/* The answer's kinds from the answer, the others from memory. One reference. */
static struct dataset *replaced(struct dataset *memory, struct dataset *answer, unsigned kinds)
{
    if (kinds == STORE_ALL_KINDS)
        return dataset_ref(answer);
    struct dataset_builder *b = dataset_builder_new();
    for (int kind = 0; kind < ITEM_KIND_COUNT; kind++)
        add_kind(b, (kinds & (1u << kind)) != 0 ? answer : memory, (enum item_kind)kind);
    return dataset_builder_finish_take(b);
}

/* The newer items of the answer, put into memory's data set. One reference. */
static struct dataset *with_newer(struct dataset *memory, struct dataset *answer)
{
    struct dataset *merged = dataset_ref(memory);
    for (int kind = 0; kind < ITEM_KIND_COUNT; kind++) {
        size_t count;
        struct item *const *items = dataset_ordered(answer, (enum item_kind)kind, &count);
        for (size_t i = 0; i < count; i++) {
            const struct item *mine = dataset_find(merged, items[i]->kind, items[i]->key);
            if (mine != NULL && mine->version >= items[i]->version)
                continue;
            struct dataset *next = dataset_with_item_take(merged, item_ref(items[i]));
            dataset_unref(merged);
            merged = next;
        }
    }
    return merged;
}

/* What the answer lacks is left out. Takes and returns one reference. */
static struct dataset *without_missing_take(struct dataset *merged, const struct dataset *answer,
                                            unsigned kinds)
{
    struct dataset_builder *b = dataset_builder_new();
    bool missing = false;
    for (int kind = 0; kind < ITEM_KIND_COUNT; kind++) {
        size_t count;
        struct item *const *items = dataset_ordered(merged, (enum item_kind)kind, &count);
        for (size_t i = 0; i < count; i++) {
            bool gone = (kinds & (1u << kind)) != 0 &&
                        dataset_find(answer, items[i]->kind, items[i]->key) == NULL;
            missing = missing || gone;
            if (!gone)
                dataset_builder_add_take(b, item_ref(items[i]));
        }
    }
    if (!missing) {
        dataset_builder_free(b);
        return merged;
    }
    dataset_unref(merged);
    return dataset_builder_finish_take(b);
}

/* The database has lost them. */
static void write_missing(struct env *e, const struct dataset *answer, unsigned kinds)
{
    size_t lost = 0;
    for (int kind = 0; kind < ITEM_KIND_COUNT; kind++) {
        size_t count;
        struct item *const *items = dataset_ordered(e->data, (enum item_kind)kind, &count);
        for (size_t i = 0; i < count && (kinds & (1u << kind)) != 0; i++) {
            if (items[i]->deleted || !store_keeps(e->store, items[i]) ||
                dataset_find(answer, items[i]->kind, items[i]->key) != NULL)
                continue;
            lost++;
            (void)store_upsert_post(e->store, items[i]);
        }
    }
    if (lost != 0)
        log_always(e->facts->log, LOG_WARN, "Data store has lost %zu item(s); writing them again",
                   lost);
}

/* LaunchDarkly's stream is up: it tells the SDKs, and knows what belongs into the database. */
static void merge_quietly(struct env *e, struct dataset *answer, unsigned kinds)
{
    bool writing = in_memory_alone(e);
    struct dataset *merged = with_newer(e->data, answer);
    if (merged == e->data) {
        dataset_unref(merged);
    } else {
        if (e->told == NULL)
            e->told = dataset_ref(e->data);
        dataset_unref(e->data);
        e->data = merged;
        env_big_segments_look(e);
    }
    env_publish_state(e);
    if (!writing)
        write_missing(e, answer, kinds);
}

void env_read_apply(struct env *e, const struct store_contents *contents)
{
    struct dataset *answer = contents->data;
    bool lost = !contents->initialized; /* store/monitor.c has it filled again */
    if (e->data == NULL && contents->initialized) {
        log_always(e->facts->log, LOG_INFO,
                   "Serving %zu flag(s) and %zu segment(s) from the data store",
                   dataset_count(answer, ITEM_FLAG), dataset_count(answer, ITEM_SEGMENT));
        env_data_replace(e, dataset_ref(answer));
    } else if (e->data == NULL || lost) {
        env_publish_state(e);
    } else if (!e->initialized) {
        env_data_become(e, replaced(e->data, answer, contents->kinds));
    } else if (e->connection.state == CONNECTION_VALID) {
        merge_quietly(e, answer, contents->kinds);
    } else {
        struct dataset *merged = with_newer(e->data, answer);
        if (!in_memory_alone(e))
            merged = without_missing_take(merged, answer, contents->kinds);
        env_data_become(e, merged);
    }
    dataset_unref(answer);
}
