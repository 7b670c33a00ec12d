/* events/aside.c - batches that wait on disk alone, because memory is for what is tried next (13.2,
 * 13.7): spoolMaxSize bounds an outage, not maxQueueBytes.
 *
 *   more than half of the budget is in use:    newest first, from READY and in front of the press
 *   a family has some aside, and fails or
 *   memory is more than a quarter full:        its newer ones follow as they are written
 *   a family has nothing in memory,
 *   or it works and there is room:             oldest first, to the press
 *
 * Between out at a half, and in at a quarter, or at three eighths with what is known of those
 * aside, lies what keeps a batch from going to and fro.
 */
#include "events/aside.h"

#define OUT_PART(budget) ((budget) / 2)
#define ENOUGH_PART(budget) ((budget) / 8 * 3)
#define IN_PART(budget) ((budget) / 4)

static int64_t budget_of(const struct events *e)
{
    return e->door->settings.max_queue_bytes;
}

static int64_t held_by(const struct events *e)
{
    return atomic_load(&e->door->held_bytes);
}

/* ---- the list -------------------------------------------------------------------------------- */

static void hold(struct events_family *f, size_t bytes, size_t events)
{
    events_hold(events_of(f), bytes);
    events_count_pending(events_of(f), (int64_t)events);
    events_of(f)->aside_held += bytes;
    f->aside_held += bytes;
    f->aside_events += events;
}

static void release(struct events_family *f, size_t bytes, size_t events)
{
    events_release(events_of(f), bytes);
    events_count_pending(events_of(f), -(int64_t)events);
    events_of(f)->aside_held -= bytes;
    f->aside_held -= bytes;
    f->aside_events -= events;
}

static size_t bytes_of(const struct events_aside *a)
{
    return sizeof *a + strlen(a->payload_id) + 1 + SPOOL_BATCH_BYTES;
}

static struct events_aside *aside_new(struct events_family *f, struct view payload_id, size_t count)
{
    struct events_aside *a = mem_zalloc(sizeof *a + payload_id.len + 1);
    list_init(&a->node);
    memcpy(a->payload_id, payload_id.data, payload_id.len);
    a->family = f;
    a->count = count;
    hold(f, bytes_of(a), count);
    return a;
}

static void aside_remove(struct events_aside *a)
{
    struct events_family *f = a->family;
    list_remove(&a->node);
    if (list_empty(&f->aside))
        list_remove(&f->aside_node);
}

static void aside_free(struct events_aside *a)
{
    aside_remove(a);
    release(a->family, bytes_of(a), a->count);
    mem_free(a);
}

static struct events_aside *oldest_of(const struct events_family *f)
{
    return list_empty(&f->aside) ? NULL : CONTAINER_OF(f->aside.next, struct events_aside, node);
}

/* Oldest first: what comes is older than all others, or newer than nearly all. */
static void aside_insert(struct events_aside *a)
{
    struct events_family *f = a->family;
    const struct events_aside *oldest = oldest_of(f);
    struct list *at = f->aside.prev;
    if (oldest == NULL)
        list_append(&events_of(f)->aside, &f->aside_node);
    else if (a->number <= oldest->number)
        at = &f->aside;
    while (at != &f->aside && CONTAINER_OF(at, struct events_aside, node)->number > a->number)
        at = at->prev;
    list_append(at->next, &a->node); /* in front of the one behind `at` */
}

/* ---- out ------------------------------------------------------------------------------------- */

static void set_aside(struct events_batch *b)
{
    struct events_aside *a = aside_new(b->group->family, view_of(b->payload_id), b->count);
    a->path = b->group->path;
    a->attempts = b->attempts;
    a->number = b->number;
    a->born_ms = b->born_ms;
    a->bytes = b->bytes;
    aside_insert(a);
    events_batch_free(b);
}

static bool may_go(const struct events_batch *b)
{
    return b->spooled && !b->probe && !b->doomed;
}

/* What is tried next stays: of each family the oldest, unless one is under way. */
static bool is_next(const struct events_batch *b)
{
    const struct events_family *f = b->group->family;
    if (f->flying_count != 0)
        return false;
    return b->state == EVENTS_BATCH_READY ? f->ready.next == &b->node : list_empty(&f->ready);
}

/* By age: it is older than all others, or newer than nearly all. */
void events_aside_offer(struct events_batch *b)
{
    struct list *spare = &events_of(b->group->family)->spare;
    list_remove(&b->spare);
    if (!may_go(b))
        return;
    struct list *at = spare->prev;
    if (at != spare && CONTAINER_OF(spare->next, struct events_batch, spare)->number >= b->number)
        at = spare;
    while (at != spare && CONTAINER_OF(at, struct events_batch, spare)->number > b->number)
        at = at->prev;
    list_append(at->next, &b->spare);
}

bool events_aside_join(struct events_batch *b)
{
    const struct events_family *f = b->group->family;
    const struct events *e = events_of(f);
    const struct events_aside *oldest = oldest_of(f);
    if (!may_go(b) || oldest == NULL || oldest->number >= b->number)
        return false;
    if (!f->failing && held_by(e) <= IN_PART(budget_of(e)))
        return false;
    set_aside(b);
    return true;
}

/* What is written may be set aside then, and what is pressed becomes smaller: posts wait for it. */
static void door_tell(struct events *e)
{
    bool moves = e->writing > 0 || e->presses > 0;
    bool comes = e->spool != NULL && moves && spool_works(e->spool);
    atomic_store_explicit(&e->door->room_comes, comes, memory_order_relaxed);
}

static void spares_go(struct events *e)
{
    if (held_by(e) <= OUT_PART(budget_of(e)))
        return;
    while (!list_empty(&e->spare) && held_by(e) > ENOUGH_PART(budget_of(e))) {
        struct events_batch *b = CONTAINER_OF(e->spare.prev, struct events_batch, spare);
        list_remove(&b->spare); /* it is not looked at twice */
        if (!is_next(b))
            set_aside(b);
    }
}

void events_aside_relieve(struct events *e)
{
    spares_go(e);
    door_tell(e);
}

/* ---- and in again ---------------------------------------------------------------------------- */

bool events_aside_has_room(const struct events *e, size_t bytes)
{
    int64_t used = held_by(e) + (int64_t)bytes;
    return e->batch_count == 0 || (used - (int64_t)e->aside_held <= IN_PART(budget_of(e)) &&
                                   used <= ENOUGH_PART(budget_of(e)));
}

/* A family that fails tries one at a time, and one that has nothing must not wait for others. */
static bool may_come(const struct events_family *f)
{
    const struct events *e = events_of(f);
    size_t bytes = oldest_of(f)->bytes;
    if (list_empty(&f->batches))
        return e->batch_count == 0 || held_by(e) + (int64_t)bytes <= budget_of(e);
    return !f->failing && events_aside_has_room(e, bytes);
}

static void come(struct events_aside *a, const struct spool_batch *record, struct view body)
{
    struct events_family *f = a->family;
    char *tags = mem_copy_text(record->group.tags.data, record->group.tags.len);
    struct events_group *g = events_group_find(f, a->path, record->group.schema, tags);
    struct events_batch *b = events_batch_of_record(g, record, body);
    b->number = a->number;
    b->born_ms = a->born_ms;
    b->attempts = a->attempts;
    aside_free(a);
    events_batch_press(b);
    mem_free(tags);
}

static void drop(struct events_aside *a, enum event_drop reason)
{
    struct events_family *f = a->family;
    events_count_drop(f->env, reason, a->count);
    spool_outcome_append(events_of(f)->spool, view_of(a->payload_id), "dropped");
    aside_free(a);
}

static void on_got(void *owner, const struct spool_batch *record, struct view body)
{
    struct events *e = owner;
    struct events_aside *a = e->coming;
    struct events_family *f = a->family;
    e->coming = NULL;
    if (e->phase != EVENTS_OPEN) {
        aside_insert(a);
        return;
    }
    if (f->switches[a->path].off) {
        drop(a, EVENT_DROP_SWITCHED_OFF);
    } else if (record != NULL) {
        come(a, record, body);
    } else {
        release(f, bytes_of(a), 0); /* its events are pending: the next start may have them */
        mem_free(a);
    }
    events_aside_look(e);
}

/* Families take turns. */
static void next_fetch(struct events *e)
{
    LIST_EACH (node, &e->aside) {
        struct events_family *f = CONTAINER_OF(node, struct events_family, aside_node);
        if (!may_come(f))
            continue;
        e->coming = oldest_of(f);
        list_remove(&f->aside_node);
        list_append(&e->aside, &f->aside_node);
        aside_remove(e->coming);
        spool_batch_read(e->spool, view_of(e->coming->payload_id), on_got, e);
        return;
    }
}

void events_aside_look(struct events *e)
{
    events_aside_relieve(e);
    if (e->coming == NULL && e->phase == EVENTS_OPEN)
        next_fetch(e);
}

/* ---- a start, and other ends ----------------------------------------------------------------- */

void events_aside_found(struct events_group *g, const struct spool_batch *record, size_t bytes,
                        int64_t age_ms)
{
    struct events *e = events_of(g->family);
    struct events_aside *a = aside_new(g->family, record->payload_id, record->count);
    a->path = g->path;
    a->number = ++e->next_number;
    a->born_ms = events_now(e) - age_ms;
    a->bytes = bytes;
    aside_insert(a);
}

void events_aside_age(struct events_family *f)
{
    struct events_aside *a;
    while (f->failing && (a = oldest_of(f)) != NULL && events_too_old(events_of(f), a->born_ms))
        drop(a, EVENT_DROP_AGE);
}

void events_aside_drop(struct events_family *f, enum event_path path)
{
    LIST_EACH_SAFE (node, &f->aside) {
        struct events_aside *a = CONTAINER_OF(node, struct events_aside, node);
        if (a->path == path)
            drop(a, EVENT_DROP_SWITCHED_OFF);
    }
}

void events_aside_clear(struct events_family *f)
{
    LIST_EACH_SAFE (node, &f->aside)
        aside_free(CONTAINER_OF(node, struct events_aside, node));
    release(f, 0, f->aside_events);
}
