/* env/snapshot.c - see snapshot.h. */
#include "env/snapshot.h"

#include "base/mem.h"

#include <stdatomic.h>

const char *connection_state_name(enum connection_state state)
{
    static const char *const names[] = {"INITIALIZING", "VALID", "INTERRUPTED", "OFF"};
    return names[state];
}

const char *connection_error_name(enum source_error_kind kind)
{
    static const char *const names[] = {"UNKNOWN", "NETWORK_ERROR", "ERROR_RESPONSE",
                                        "INVALID_DATA", "STORE_ERROR"};
    return names[kind];
}

struct env_snapshot *env_snapshot_new(struct env_facts *facts, uint64_t number,
                                      const struct env_state *state, struct dataset *data)
{
    struct env_snapshot *s = mem_zalloc(sizeof *s);
    atomic_init(&s->refs, 1);
    s->number = number;
    s->facts = env_facts_ref(facts);
    s->state = *state;
    s->data = data != NULL ? dataset_ref(data) : NULL;
    return s;
}

struct env_snapshot *env_snapshot_ref(struct env_snapshot *s)
{
    atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
    return s;
}

void env_snapshot_unref(struct env_snapshot *s)
{
    if (s == NULL || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
        return;
    env_facts_unref(s->facts);
    dataset_unref(s->data);
    mem_free(s);
}

int64_t env_snapshot_connected_until(const struct env_snapshot *s, int64_t limit_ms)
{
    const struct env_state *state = &s->state;
    if (!state->start_ended || !state->initialized)
        return INT64_MIN;
    if (state->connection == CONNECTION_VALID)
        return INT64_MAX;
    return state->connection_since_mono_ms + limit_ms;
}

bool env_snapshot_fresh(const struct env_snapshot *s, unsigned kinds, int64_t now_mono_ms)
{
    if (kinds == 0)
        return true;
    if (s->data == NULL)
        return now_mono_ms <= s->state.empty_until_mono_ms;
    for (int kind = 0; kind < ITEM_KIND_COUNT; kind++) {
        bool wanted = (kinds & (1u << kind)) != 0;
        if (wanted && now_mono_ms > s->state.fresh_until_mono_ms[kind])
            return false;
    }
    return true;
}

int64_t env_snapshot_segments_age_ms(const struct env_snapshot *s, int64_t now_wall_ms)
{
    int64_t then = s->state.segments.synchronized_on_ms;
    if (then <= 0)
        return INT64_MAX;
    return then < now_wall_ms ? now_wall_ms - then : 0;
}
