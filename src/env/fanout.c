/* env/fanout.c - see fanout.h. Hop 4 of a changed flag: who listens on this channel? */
#include "env/fanout_private.h"

#include "base/mem.h"

#include <stdatomic.h>

struct fanout *fanout_new(const struct fanout_hooks *hooks)
{
    struct fanout *f = mem_zalloc(sizeof *f);
    f->hooks = hooks;
    return f;
}

void fanout_free(struct fanout *f)
{
    for (size_t i = 0; i < f->slot_count; i++) {
        env_snapshot_unref(f->slots[i]->snapshot);
        fanout_members_free(f->slots[i]);
        mem_free(f->slots[i]);
    }
    mem_free(f->slots);
    directory_unref(f->directory);
    mem_free(f);
}

enum directory_answer fanout_find(const struct fanout *f, enum credential_kind kind,
                                  struct view credential, struct view filter, unsigned *slot)
{
    return directory_find(f->directory, kind, credential, filter, slot);
}

struct env_snapshot *fanout_snapshot(const struct fanout *f, unsigned slot)
{
    return slot < f->slot_count ? f->slots[slot]->snapshot : NULL;
}

const struct directory *fanout_directory(const struct fanout *f)
{
    return f->directory;
}

uint64_t fanout_generation(const struct fanout *f)
{
    return f->generation;
}

void fanout_join(struct fanout *f, unsigned slot, enum fanout_kind kind, struct fanout_member *m)
{
    list_append(&f->slots[slot]->members[kind], &m->link);
}

void fanout_leave(struct fanout_member *m)
{
    list_remove(&m->link);
}

/* ---- one broadcast, shared by the letters to all threads ------------------------------------- */

struct broadcast {
    _Atomic unsigned refs;
    unsigned slot;
    struct env_snapshot *snapshot;
    bool put;
    size_t counts[FANOUT_KIND_COUNT];
    struct frame **frames[FANOUT_KIND_COUNT];
};

static struct broadcast *broadcast_new(unsigned slot, struct env_snapshot *snapshot,
                                       const struct fanout_news *news)
{
    struct broadcast *b = mem_zalloc(sizeof *b);
    atomic_init(&b->refs, 1);
    b->slot = slot;
    b->snapshot = env_snapshot_ref(snapshot);
    if (news == NULL)
        return b;
    b->put = news->put;
    for (int kind = 0; kind < FANOUT_KIND_COUNT; kind++) {
        size_t count = news->frame_count[kind];
        b->counts[kind] = count;
        b->frames[kind] = mem_alloc(count * sizeof(struct frame *));
        for (size_t i = 0; i < count; i++)
            b->frames[kind][i] = frame_ref(news->frames[kind][i]);
    }
    return b;
}

static void broadcast_unref(struct broadcast *b)
{
    if (atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (int kind = 0; kind < FANOUT_KIND_COUNT; kind++) {
        for (size_t i = 0; i < b->counts[kind]; i++)
            frame_unref(b->frames[kind][i]);
        mem_free(b->frames[kind]);
    }
    env_snapshot_unref(b->snapshot);
    mem_free(b);
}

struct fanout_slot *fanout_slot_at(struct fanout *f, unsigned index)
{
    while (f->slot_count <= index) {
        struct fanout_slot *slot = mem_zalloc(sizeof *slot);
        for (int kind = 0; kind < FANOUT_KIND_COUNT; kind++)
            list_init(&slot->members[kind]);
        list_init(&slot->waiters);
        list_init(&slot->memberships.questions);
        f->slots = mem_realloc(f->slots, (f->slot_count + 1) * sizeof(struct fanout_slot *));
        f->slots[f->slot_count++] = slot;
    }
    return f->slots[index];
}

static void push_to_all(struct fanout *f, struct list *members, struct frame *frame)
{
    LIST_EACH_SAFE (node, members)
        f->hooks->push(CONTAINER_OF(node, struct fanout_member, link), frame_ref(frame));
}

/* The put is rendered here, by the first thread that has a listener; the other threads share it. */
static struct frame *put_frame(struct broadcast *b, enum fanout_kind kind)
{
    struct dataset *data = b->snapshot->data;
    return kind == FANOUT_ALL ? dataset_put_all(data) : dataset_put_flags(data);
}

static bool have_memberships_changed(const struct env_snapshot *old, const struct env_snapshot *new)
{
    return old != NULL && old->state.segments.generation != new->state.segments.generation;
}

/* Hop 4. Before: env_publish_items() or env_publish_put(). After: the hook, usually
 * sse_subscriber_push_take(). */
static void fanout_deliver(struct fanout *f, struct broadcast *b)
{
    struct fanout_slot *slot = fanout_slot_at(f, b->slot);
    if (have_memberships_changed(slot->snapshot, b->snapshot))
        fanout_members_outdate(slot);
    env_snapshot_unref(slot->snapshot);
    slot->snapshot = env_snapshot_ref(b->snapshot);
    f->generation++;
    for (int kind = 0; kind < FANOUT_KIND_COUNT; kind++) {
        struct list *members = &slot->members[kind];
        if (list_empty(members))
            continue;
        if (b->put && fanout_has_put((enum fanout_kind)kind))
            push_to_all(f, members, put_frame(b, (enum fanout_kind)kind));
        for (size_t i = 0; i < b->counts[kind]; i++)
            push_to_all(f, members, b->frames[kind][i]);
    }
}

void fanout_letter_post(struct fanout_group *g, size_t thread, struct letter *letter)
{
    if (g->route.post != NULL)
        g->route.post(g->route.owner, thread, letter);
    else
        letter->deliver(letter);
}

struct broadcast_letter {
    struct letter base;
    struct fanout *to;
    struct broadcast *broadcast;
};

static void broadcast_arrived(struct letter *l)
{
    struct broadcast_letter *letter = CONTAINER_OF(l, struct broadcast_letter, base);
    fanout_deliver(letter->to, letter->broadcast);
    broadcast_unref(letter->broadcast);
    mem_free(letter);
}

void fanout_broadcast_post(struct fanout_group *g, unsigned slot, struct env_snapshot *snapshot,
                           const struct fanout_news *news)
{
    struct broadcast *b = broadcast_new(slot, snapshot, news);
    for (size_t i = 0; i < g->count; i++) {
        struct broadcast_letter *letter = mem_zalloc(sizeof *letter);
        letter->base.deliver = broadcast_arrived;
        letter->to = g->each[i];
        letter->broadcast = b;
        atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
        fanout_letter_post(g, i, &letter->base);
    }
    broadcast_unref(b);
}

/* ---- the directory --------------------------------------------------------------------------- */

struct directory_letter {
    struct letter base;
    struct fanout *to;
    struct directory *directory;
};

static void directory_arrived(struct letter *l)
{
    struct directory_letter *letter = CONTAINER_OF(l, struct directory_letter, base);
    directory_unref(letter->to->directory);
    letter->to->directory = letter->directory;
    letter->to->generation++;
    mem_free(letter);
}

void fanout_directory_post(struct fanout_group *g, struct directory *d)
{
    for (size_t i = 0; i < g->count; i++) {
        struct directory_letter *letter = mem_zalloc(sizeof *letter);
        letter->base.deliver = directory_arrived;
        letter->to = g->each[i];
        letter->directory = directory_ref(d);
        fanout_letter_post(g, i, &letter->base);
    }
}
