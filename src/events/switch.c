/* events/switch.c - a path of a family that was refused for good, and how it comes back (8.4).
 *
 *   on --401--> off --new credential--> on
 *                |
 *                '--5 to 60 min--> the next post is taken in: a probe --2xx--> on
 *                ^                                                |
 *                '------------------------------------------------' 401
 */
#include "events/aside.h"

static uint64_t credential_hash(struct events_family *f)
{
    return map_hash(events_credential(f));
}

void events_switch_on(struct events_family *f, enum event_path path)
{
    struct events_switch *s = &f->switches[path];
    if (!s->off)
        return;
    s->off = false;
    s->probing = false;
    atomic_fetch_sub(&events_of(f)->door->families_off, 1);
    log_always(f->log, LOG_INFO, "Events are sent again");
}

bool events_switch_passes(struct events_family *f, enum event_path path)
{
    struct events_switch *s = &f->switches[path];
    if (!s->off)
        return true;
    if (credential_hash(f) != s->credential) {
        events_switch_on(f, path);
        return true;
    }
    if (s->probing || events_now(events_of(f)) < s->probe_ms)
        return false;
    s->probing = true;
    return true;
}

/* What waits of the path, in memory and on disk; a request that is under way is left to end. */
static void path_drop(struct events_family *f, enum event_path path)
{
    LIST_EACH (node, &f->groups) {
        struct events_group *g = CONTAINER_OF(node, struct events_group, node);
        if (g->path != path)
            continue;
        events_count_drop(f->env, EVENT_DROP_SWITCHED_OFF, events_group_clear(g));
        events_disk_forget(g);
    }
    LIST_EACH_SAFE (node, &f->batches) {
        struct events_batch *b = CONTAINER_OF(node, struct events_batch, each);
        b->probe = false;
        if (b->group->path == path && b->state != EVENTS_BATCH_FLYING && !b->doomed)
            events_batch_drop(b, EVENT_DROP_SWITCHED_OFF);
    }
    events_aside_drop(f, path);
}

static void probe_later(struct events_family *f, struct events_switch *s)
{
    struct events *e = events_of(f);
    double wait_s = retry_failed(&s->retry, events_now(e), RETRY_FINAL, 0, e->settings.random);
    s->probing = false;
    s->probe_ms = events_now(e) + (int64_t)(wait_s * 1000);
}

void events_switch_off(struct events_family *f, enum event_path path, uint64_t credential)
{
    struct events_switch *s = &f->switches[path];
    if (!s->off) {
        log_always(f->log, LOG_WARN,
                   "Discarding in-memory and all future events due to unrecoverable failure when "
                   "sending events. They are tried again in 5 to 60 minutes, and with another key");
        atomic_fetch_add(&events_of(f)->door->families_off, 1);
        retry_init(&s->retry);
    }
    if (!s->off || s->probing)
        probe_later(f, s);
    s->off = true;
    s->credential = credential;
    path_drop(f, path);
}

void events_switch_probe_lost(struct events_family *f, enum event_path path)
{
    struct events_switch *s = &f->switches[path];
    if (s->off && s->probing)
        probe_later(f, s);
}
