/* events/counts.c - what became of one environment's events, for metrics (telemetry.md 7). */
#include "events/aside.h"

static void group_count(const struct events_group *g, struct events_counts *out)
{
    out->queue += (int64_t)g->count;
    out->queue_bytes += (int64_t)(g->held + events_group_own_bytes(g));
}

/* A doomed one still takes memory, but is counted as dropped already. */
static void batch_count(const struct events_batch *b, int64_t now_ms, struct events_counts *out)
{
    int64_t age_ms = now_ms - b->born_ms;
    out->queue_bytes += (int64_t)b->held;
    if (b->doomed)
        return;
    out->queue += (int64_t)b->count;
    out->oldest_age_ms = age_ms > out->oldest_age_ms ? age_ms : out->oldest_age_ms;
}

/* Those that wait on disk alone, oldest first. */
static void aside_count(const struct events_family *f, int64_t now_ms, struct events_counts *out)
{
    out->queue += (int64_t)f->aside_events;
    out->queue_bytes += (int64_t)f->aside_held;
    if (list_empty(&f->aside))
        return;
    int64_t age_ms = now_ms - CONTAINER_OF(f->aside.next, struct events_aside, node)->born_ms;
    out->oldest_age_ms = age_ms > out->oldest_age_ms ? age_ms : out->oldest_age_ms;
}

static void family_count(const struct events_family *f, struct events_counts *out)
{
    int64_t now_ms = events_now(f->env->events);
    for (size_t path = 0; path < EVENTS_PATH_COUNT; path++)
        out->off[f->kind] = out->off[f->kind] || f->switches[path].off;
    LIST_EACH (node, &f->groups)
        group_count(CONTAINER_OF(node, struct events_group, node), out);
    LIST_EACH (node, &f->batches)
        batch_count(CONTAINER_OF(node, struct events_batch, each), now_ms, out);
    aside_count(f, now_ms, out);
}

void events_counts(const struct events *e, unsigned slot, struct events_counts *out)
{
    const struct events_env *env = slot < e->env_count ? e->envs[slot] : NULL;
    *out = env != NULL ? env->counts : (struct events_counts){.sent = 0};
    out->oldest_age_ms = -1;
    for (size_t k = 0; env != NULL && k < EVENT_FAMILY_COUNT; k++)
        if (env->families[k] != NULL)
            family_count(env->families[k], out);
}

int64_t events_spool_bytes(const struct events *e)
{
    return e->spool != NULL ? spool_bytes(e->spool) : -1;
}
