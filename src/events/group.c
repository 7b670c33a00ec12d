/* events/group.c - posts with the same metadata wait together (5, 6).
 *
 *   post -> what fits: capacity, memory -> a piece of the queue -> flush -> batches of at most
 *                                                                maxBatchBytes and 10,000 events
 */
#include "events/events_private.h"

#include <inttypes.h>

/* A buffer is kept for its events when they are at least a quarter of it (17). */
#define SPARSE_FACTOR 4

/* ---- finding --------------------------------------------------------------------------------- */

static struct view group_key(struct events *e, enum event_path path, int64_t schema,
                             const char *tags)
{
    str_clear(&e->scratch);
    str_append_format(&e->scratch, "%d %" PRId64 " ", (int)path, schema);
    str_append_text(&e->scratch, tags);
    return str_view(&e->scratch);
}

/* Tags are as long as a header may be, and kept twice. */
size_t events_group_own_bytes(const struct events_group *g)
{
    return sizeof *g + 2 * strlen(g->tags);
}

static struct events_group *group_new(struct events_family *f, enum event_path path, int64_t schema,
                                      const char *tags)
{
    struct events_group *g = mem_zalloc(sizeof *g);
    g->family = f;
    g->path = path;
    g->schema = schema;
    g->tags = mem_copy_text(tags, strlen(tags));
    g->last = &g->first;
    events_hold(events_of(f), events_group_own_bytes(g));
    list_append(&f->groups, &g->node);
    (void)map_set(&f->by_key, group_key(events_of(f), path, schema, tags), g);
    return g;
}

struct events_group *events_group_find(struct events_family *f, enum event_path path,
                                       int64_t schema, const char *tags)
{
    struct events_group *g = map_get(&f->by_key, group_key(events_of(f), path, schema, tags));
    if (g != NULL)
        return g;
    if (f->by_key.count < EVENTS_MAX_GROUPS || tags[0] == '\0')
        return group_new(f, path, schema, tags);
    if (!f->tags_warned)
        log_always(f->log, LOG_WARN,
                   "Too many distinct values of X-LaunchDarkly-Tags; further events are forwarded "
                   "without tags");
    f->tags_warned = true;
    return events_group_find(f, path, schema, "");
}

void events_group_free(struct events_group *g)
{
    struct events_family *f = g->family;
    (void)events_group_clear(g);
    if (g->path == EVENT_SUMMARIZE)
        events_summary_free(g);
    list_remove(&g->node);
    (void)map_remove(&f->by_key, group_key(events_of(f), g->path, g->schema, g->tags));
    events_release(events_of(f), events_group_own_bytes(g));
    mem_free(g->tags);
    mem_free(g);
}

/* ---- taking in ------------------------------------------------------------------------------- */

/* How many of the first events fit into so much memory, and the batches that they may become. */
static size_t fit_into(const struct event_array *events, int64_t room, size_t max_batch_bytes)
{
    size_t own = sizeof(struct events_piece) + sizeof(struct buf) + sizeof(struct events_batch);
    size_t bytes = 0;
    size_t n = 0;
    for (; n < events->count; n++) {
        bytes += events->each[n].len + 1;
        size_t held = bytes + (n + 1) * sizeof(struct view) + own * (1 + bytes / max_batch_bytes);
        if (room < 0 || held > (size_t)room)
            break;
    }
    return n;
}

/* Of each of its groups. */
static size_t capacity_of(const struct events_family *f)
{
    const struct events_settings *s = &events_of(f)->settings;
    return f->kind == EVENT_USAGE ? s->usage_capacity : s->capacity;
}

static void full_warn(struct events_family *f, bool full)
{
    if (full && !f->full_warned)
        log_always(f->log, LOG_WARN,
                   "Exceeded event queue capacity of %zu. Increase capacity to avoid dropping "
                   "events.",
                   capacity_of(f));
    f->full_warned = full;
}

void events_memory_warn(struct events_family *f, size_t dropped)
{
    events_count_drop(f->env, EVENT_DROP_MEMORY, dropped);
    f->memory_dropped += (int64_t)dropped;
    if (events_now(events_of(f)) >= f->memory_tell_ms)
        events_memory_tell(f);
}

void events_memory_tell(struct events_family *f)
{
    const struct events *e = events_of(f);
    if (f->memory_dropped == 0)
        return;
    log_always(f->log, LOG_WARN,
               "Event memory limit of %" PRId64 " bytes reached; dropped %" PRId64 " events",
               e->door->settings.max_queue_bytes, f->memory_dropped);
    f->memory_tell_ms = events_now(e) + EVENTS_MINUTE_MS;
    f->memory_dropped = 0;
}

/* The number of events of the post that are taken in; the others are counted and told of. */
static size_t admit(struct events_group *g, const struct event_post *post)
{
    struct events *e = events_of(g->family);
    size_t count = post->events.count;
    if (e->settings.capacity_set || g->family->kind == EVENT_USAGE) {
        size_t capacity = capacity_of(g->family);
        size_t room = capacity > g->count ? capacity - g->count : 0;
        full_warn(g->family, count > room);
        events_count_drop(g->family->env, EVENT_DROP_CAPACITY, count > room ? count - room : 0);
        count = count < room ? count : room;
    }
    struct event_array wanted = {post->events.each, count};
    size_t fits = fit_into(&wanted, events_room(e), e->settings.max_batch_bytes);
    if (fits < count)
        events_memory_warn(g->family, count - fits);
    return fits;
}

/* The events in a buffer of their own. */
static void piece_compact(struct events_piece *p)
{
    struct buf *body = buf_new(p->bytes);
    char *at = body->data;
    for (size_t i = 0; i < p->events.count; i++) {
        struct view *event = &p->events.each[i];
        memcpy(at, event->data, event->len);
        event->data = at;
        at += event->len;
        *at++ = ',';
    }
    buf_unref(p->body);
    p->body = body;
}

/* The first `count` events of a post, taken out of it. */
static struct events_piece *piece_take(struct event_post *post, size_t count)
{
    struct events_piece *p = mem_zalloc(sizeof *p);
    p->body = buf_ref(post->body);
    p->events = post->events;
    post->events = (struct event_array){0};
    if (count < p->events.count)
        p->events.each = mem_realloc(p->events.each, count * sizeof *p->events.each);
    p->events.count = count;
    p->bytes = events_bytes(p->events.each, count);
    if (p->bytes < p->body->len / SPARSE_FACTOR)
        piece_compact(p);
    return p;
}

static void group_hold(struct events_group *g, size_t held)
{
    events_hold(events_of(g->family), held);
    g->held += held;
}

static void queue_append(struct events_group *g, struct events_piece *p)
{
    *g->last = p;
    g->last = &p->next;
    g->count += p->events.count;
    g->bytes += p->bytes;
    g->waits = true;
    group_hold(g, events_piece_held(p));
    events_count_pending(events_of(g->family), (int64_t)p->events.count);
}

void events_group_add(struct events_group *g, struct event_post *post)
{
    const struct events *e = events_of(g->family);
    size_t count = g->path == EVENT_VERBATIM ? admit(g, post) : 0;
    g->used = true;
    if (g->path == EVENT_SUMMARIZE)
        events_summary_add(g, post);
    else if (count != 0)
        queue_append(g, piece_take(post, count));
    if (g->count > capacity_of(g->family) / 2 || g->bytes > e->settings.max_batch_bytes / 2)
        events_group_flush(g);
}

/* ---- flushing -------------------------------------------------------------------------------- */

/* The queue as the caller's own chain; the group is empty. */
static struct events_piece *queue_take(struct events_group *g)
{
    struct events_piece *first = g->first;
    events_release(events_of(g->family), g->held);
    events_count_pending(events_of(g->family), -(int64_t)g->count);
    g->first = NULL;
    g->last = &g->first;
    g->count = 0;
    g->bytes = 0;
    g->held = 0;
    g->waits = false;
    return first;
}

/* Cuts the piece in two; the first half has `count` events. */
static void piece_split(struct events_piece *p, size_t count)
{
    struct events_piece *rest = mem_zalloc(sizeof *rest);
    size_t left = p->events.count - count;
    rest->body = buf_ref(p->body);
    rest->events.each = mem_alloc(left * sizeof(struct view));
    rest->events.count = left;
    memcpy(rest->events.each, p->events.each + count, left * sizeof(struct view));
    rest->bytes = events_bytes(rest->events.each, left);
    p->bytes -= rest->bytes;
    p->events.count = count;
    rest->next = p->next;
    p->next = rest;
}

/* How many events of the piece a batch can still take that has `count` events and `bytes`. */
static size_t batch_room(const struct events_piece *p, size_t count, size_t bytes, size_t max_bytes)
{
    size_t n = 0;
    for (; n < p->events.count && count + n < EVENTS_BATCH_MAX_EVENTS; n++) {
        bytes += p->events.each[n].len + 1;
        if (bytes > max_bytes && count + n != 0)
            break;
    }
    return n;
}

/* Cuts the first batch off the chain, which goes on at the result. */
static struct events_piece *batch_cut(struct events_group *g, struct events_piece *first)
{
    size_t max_bytes = events_of(g->family)->settings.max_batch_bytes;
    size_t count = 0;
    size_t bytes = 1; /* brackets take one more than the commas */
    struct events_piece **end = &first;
    for (; *end != NULL; end = &(*end)->next) {
        struct events_piece *p = *end;
        size_t n = batch_room(p, count, bytes, max_bytes);
        if (n == 0)
            break;
        bool whole = n == p->events.count;
        if (!whole)
            piece_split(p, n);
        count += n;
        bytes += p->bytes;
        if (!whole) {
            end = &p->next;
            break;
        }
    }
    struct events_piece *rest = *end;
    *end = NULL;
    struct events_batch *b = events_batch_new(g, count, bytes);
    b->pieces = first;
    events_batch_start(b, rest != NULL);
    return rest;
}

static void queue_flush(struct events_group *g)
{
    for (struct events_piece *rest = queue_take(g); rest != NULL;)
        rest = batch_cut(g, rest);
}

void events_group_flush(struct events_group *g)
{
    if (g->waits && g->path == EVENT_VERBATIM)
        queue_flush(g);
    else if (g->waits)
        events_summary_flush(g);
    events_disk_forget(g);
}

static void send_whole(struct events_group *g, struct buf *body, size_t count)
{
    struct events_batch *b = events_batch_new(g, count, body->len);
    b->text = body;
    events_batch_start(b, false);
}

void events_group_send(struct events_group *g, struct view body, size_t count)
{
    if (count <= EVENTS_BATCH_MAX_EVENTS &&
        body.len <= events_of(g->family)->settings.max_batch_bytes) {
        send_whole(g, buf_copy(body), count);
        return;
    }
    struct events_piece *p = mem_zalloc(sizeof *p);
    struct error ignored;
    p->body = buf_copy(body);
    if (!event_array_split(buf_view(p->body), &p->events, &ignored)) {
        events_count_drop(g->family->env, EVENT_DROP_MALFORMED, count);
        events_pieces_free(p);
        return;
    }
    p->bytes = body.len - 1;
    for (struct events_piece *rest = p; rest != NULL;)
        rest = batch_cut(g, rest);
}

size_t events_group_clear(struct events_group *g)
{
    size_t count = g->count;
    if (g->path == EVENT_VERBATIM)
        events_pieces_free(queue_take(g));
    else if (g->summarizer != NULL)
        (void)events_summary_clear(g);
    return count;
}
