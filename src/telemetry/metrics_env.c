/* telemetry/metrics_env.c - environments: data, streams, database, big segments. */
#include "bigsegments/synchronizer.h"
#include "telemetry/metric.h"

static size_t env_count(const struct telemetry_subject *s)
{
    return s->house != NULL ? house_count(s->house) : 0;
}

static const char *name_of(const struct env_snapshot *env)
{
    return env->facts->name;
}

void gather_environment_up(const struct telemetry_subject *s, struct metric_writer *w)
{
    int64_t now_ms = clock_now_ms(s->clock);
    for (unsigned slot = 0; slot < env_count(s); slot++) {
        const struct env_snapshot *env = house_current(s->house, slot);
        bool up = now_ms < env_snapshot_connected_until(env, s->disconnected_status_ms);
        metric_put(w, (const char *[]){name_of(env)}, up);
    }
}

void gather_dataset_items(const struct telemetry_subject *s, struct metric_writer *w)
{
    static const char *const kinds[] = {[ITEM_FLAG] = "flags", [ITEM_SEGMENT] = "segments"};
    for (unsigned slot = 0; slot < env_count(s); slot++) {
        const struct env_snapshot *env = house_current(s->house, slot);
        for (size_t k = 0; env->data != NULL && k < ARRAY_LEN(kinds); k++)
            metric_put(w, (const char *[]){name_of(env), kinds[k]},
                       (int64_t)dataset_count(env->data, (enum item_kind)k));
    }
}

void gather_store_available(const struct telemetry_subject *s, struct metric_writer *w)
{
    for (unsigned slot = 0; s->database != NULL && slot < env_count(s); slot++) {
        const struct env_snapshot *env = house_current(s->house, slot);
        metric_put(w, (const char *[]){name_of(env), s->database}, !env->state.store_failing);
    }
}

void gather_stream_clients(const struct telemetry_subject *s, struct metric_writer *w)
{
    static const char *const streams[FANOUT_KIND_COUNT] = {[FANOUT_ALL] = "all",
                                                           [FANOUT_FLAGS] = "flags",
                                                           [FANOUT_MOBILE_PING] = "mobile",
                                                           [FANOUT_BROWSER_PING] = "browser"};
    for (unsigned slot = 0; slot < env_count(s); slot++) {
        const struct env_snapshot *env = house_current(s->house, slot);
        for (size_t k = 0; k < FANOUT_KIND_COUNT; k++)
            metric_put(w, (const char *[]){name_of(env), streams[k]},
                       atomic_load_explicit(&env->facts->streams[k], memory_order_relaxed));
    }
}

/* ---- big segments ---------------------------------------------------------------------------- */

void gather_segments_time(const struct telemetry_subject *s, struct metric_writer *w)
{
    for (unsigned slot = 0; slot < env_count(s); slot++) {
        const struct env_snapshot *env = house_current(s->house, slot);
        const struct env_segments_state *state = &env->state.segments;
        if (state->in_use && state->available && state->synchronized_on_ms > 0)
            metric_put_ms(w, (const char *[]){name_of(env)}, state->synchronized_on_ms);
    }
}

void gather_segments_patches(const struct telemetry_subject *s, struct metric_writer *w)
{
    for (unsigned slot = 0; slot < env_count(s); slot++) {
        const char *env = name_of(house_current(s->house, slot));
        const struct synchronizer_counts *c = house_segment_counts(s->house, slot);
        if (c == NULL)
            continue;
        metric_put(w, (const char *[]){env, "already"}, (int64_t)c->patches_already);
        metric_put(w, (const char *[]){env, "applied"}, (int64_t)c->patches_applied);
        metric_put(w, (const char *[]){env, "error"}, (int64_t)c->patches_failed);
        metric_put(w, (const char *[]){env, "mismatch"}, (int64_t)c->patches_mismatched);
    }
}

void gather_segments_members(const struct telemetry_subject *s, struct metric_writer *w)
{
    for (unsigned slot = 0; slot < env_count(s); slot++) {
        const char *env = name_of(house_current(s->house, slot));
        const struct synchronizer_counts *c = house_segment_counts(s->house, slot);
        if (c == NULL)
            continue;
        metric_put(w, (const char *[]){"add", env}, (int64_t)c->members_added);
        metric_put(w, (const char *[]){"remove", env}, (int64_t)c->members_removed);
    }
}
