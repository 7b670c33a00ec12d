/* events/batch.c - one request's worth of events, from its forming to its end.
 *
 *   group --flush--> PRESSING -> READY <-> FLYING -> delivered, dropped or split
 *                                  ^        |  ^
 *                                  |        v  |
 *                                  '------ PAUSED
 */
#include "events/aside.h"

#include "base/random.h"

static struct events *batch_events(const struct events_batch *b)
{
    return events_of(b->group->family);
}

/* ---- pieces ---------------------------------------------------------------------------------- */

size_t events_bytes(const struct view *each, size_t count)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++)
        bytes += each[i].len + 1;
    return bytes;
}

size_t events_piece_held(const struct events_piece *p)
{
    return sizeof *p + sizeof *p->body + p->events.count * sizeof *p->events.each + p->bytes;
}

void events_pieces_free(struct events_piece *first)
{
    for (struct events_piece *p = first, *next; p != NULL; p = next) {
        next = p->next;
        event_array_free(&p->events);
        buf_unref(p->body);
        mem_free(p);
    }
}

/* ---- life ------------------------------------------------------------------------------------ */

struct events_batch *events_batch_new(struct events_group *g, size_t count, size_t bytes)
{
    struct events_batch *b = mem_zalloc(sizeof *b);
    struct events *e = events_of(g->family);
    list_init(&b->node);
    list_init(&b->spare);
    list_append(&g->family->batches, &b->each);
    e->batch_count++;
    b->group = g;
    b->probe = g->family->switches[g->path].probing;
    b->up_to = g->seq;
    b->number = ++e->next_number;
    b->born_ms = events_now(e);
    b->count = count;
    b->bytes = bytes;
    random_uuid(b->payload_id);
    g->batches++;
    events_count_pending(e, (int64_t)count);
    return b;
}

/* What the body holds of the budget changes. */
static void batch_hold(struct events_batch *b, size_t held)
{
    events_release(batch_events(b), b->held);
    b->held = held;
    events_hold(batch_events(b), held);
}

void events_batch_account(struct events_batch *b)
{
    size_t held = sizeof *b;
    for (const struct events_piece *p = b->pieces; p != NULL; p = p->next)
        held += events_piece_held(p);
    if (b->text != NULL)
        held += sizeof *b->text + b->text->len;
    if (b->gzip != NULL)
        held += b->gzip->len;
    batch_hold(b, held);
}

void events_batch_start(struct events_batch *b, bool more)
{
    events_batch_account(b);
    b->more = more;
    if (b->up_to > b->group->covered)
        b->group->covered = b->up_to;
    if (!events_disk_batch(b))
        events_batch_press(b);
}

void events_batch_press(struct events_batch *b)
{
    b->state = EVENTS_BATCH_PRESSING;
    events_aside_offer(b);
    events_press_start(b);
}

static void batch_body_free(struct events_batch *b)
{
    events_pieces_free(b->pieces);
    buf_unref(b->text);
    b->pieces = NULL;
    b->text = NULL;
}

static void unpacked_set(struct events_batch *b, bool unpacked)
{
    struct events_family *f = b->group->family;
    f->unpacked_count += (size_t)unpacked - (size_t)b->unpacked;
    b->unpacked = unpacked;
}

void events_batch_pressed(struct events_batch *b)
{
    struct events_family *f = b->group->family;
    unpacked_set(b, false);
    batch_body_free(b);
    events_batch_account(b);
    if (b->doomed)
        events_batch_free(b);
    else if (!events_aside_join(b))
        events_keep(b);
    events_pump(f);
    events_family_schedule(f);
}

void events_batch_free(struct events_batch *b)
{
    list_remove(&b->node);
    list_remove(&b->each);
    list_remove(&b->spare);
    batch_events(b)->batch_count--;
    unpacked_set(b, false);
    batch_hold(b, 0);
    if (!b->doomed)
        events_count_pending(batch_events(b), -(int64_t)b->count);
    b->group->batches--;
    batch_body_free(b);
    buf_unref(b->gzip);
    mem_free(b);
}

bool events_batch_is_safe(const struct events_batch *b)
{
    return b->spooled || (b->state == EVENTS_BATCH_WRITING && !b->written);
}

void events_batch_drop(struct events_batch *b, enum event_drop reason)
{
    struct events_family *f = b->group->family;
    bool is_left = reason == EVENT_DROP_SHUTDOWN && events_batch_is_safe(b);
    bool in_pool = (b->state == EVENTS_BATCH_PRESSING && list_empty(&b->node)) ||
                   b->state == EVENTS_BATCH_MERGING;
    if (!is_left)
        events_count_drop(f->env, reason, b->count);
    if (reason != EVENT_DROP_SHUTDOWN)
        events_disk_outcome(b, "dropped");
    if (b->probe)
        events_switch_probe_lost(f, b->group->path);
    if (in_pool || (b->state == EVENTS_BATCH_WRITING && !b->written)) {
        events_count_pending(events_of(f), -(int64_t)b->count);
        b->doomed = true;
        return;
    }
    if (b->state == EVENTS_BATCH_FLYING || b->state == EVENTS_BATCH_PAUSED)
        events_flying_end(b);
    if (b->call != NULL)
        http_call_cancel(b->call);
    events_batch_free(b);
}

/* ---- one text -------------------------------------------------------------------------------- */

/* Writes each event with one byte in front: a comma, or the bracket that begins the text. Returns
 * the end. */
static char *events_join(struct buf *text, char *at, const struct view *each, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        *at = at == text->data ? '[' : ',';
        memcpy(at + 1, each[i].data, each[i].len);
        at += each[i].len + 1;
    }
    return at;
}

static struct buf *body_of(const struct view *each, size_t count)
{
    struct buf *text = buf_new(events_bytes(each, count) + 1);
    *events_join(text, text->data, each, count) = ']';
    return text;
}

void events_batch_flatten(struct events_batch *b)
{
    if (b->text != NULL)
        return;
    struct buf *text = buf_new(b->bytes);
    char *at = text->data;
    for (const struct events_piece *p = b->pieces; p != NULL; p = p->next)
        at = events_join(text, at, p->events.each, p->events.count);
    *at = ']';
    batch_body_free(b);
    b->text = text;
    events_batch_account(b);
}

/* ---- too large ------------------------------------------------------------------------------- */

static void half_make(const struct events_batch *whole, const struct event_array *events,
                      size_t from, size_t count)
{
    struct buf *body = body_of(events->each + from, count);
    struct events_batch *half = events_batch_new(whole->group, count, body->len);
    half->born_ms = whole->born_ms;
    half->number = whole->number; /* in its place: or all that wait would be split before any end */
    half->up_to = whole->up_to;
    half->text = body;
    unpacked_set(half, true);
    events_batch_start(half, from == 0);
}

struct buf *events_batch_unpack(const struct events_batch *b, struct event_array *events)
{
    struct error ignored;
    struct buf *text = events_gunzip(b->gzip, b->bytes);
    *events = (struct event_array){0};
    if (text != NULL && event_array_split(buf_view(text), events, &ignored) &&
        events->count == b->count)
        return text;
    event_array_free(events);
    buf_unref(text);
    return NULL;
}

bool events_batch_split(struct events_batch *b)
{
    struct event_array events = {0};
    if (b->count < 2)
        return false;
    struct buf *text = events_batch_unpack(b, &events);
    if (text != NULL) {
        half_make(b, &events, 0, b->count / 2);
        half_make(b, &events, b->count / 2, b->count - b->count / 2);
    }
    bool split = text != NULL;
    event_array_free(&events);
    buf_unref(text);
    return split;
}
