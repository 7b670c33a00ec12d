/* events/disk.c - what is written to the spool and when, and what a start finds there (13.6).
 *
 *   post  -> P, then `safe`: 202 may be answered
 *   flush -> B of each batch; the last one of the flush is written: all go to the press
 *   outcome -> D
 *   start: batches without D go out again, posts that no batch covers are handled again
 *
 * When the spool takes nothing, everything goes on in memory.
 */
#include "events/aside.h"

#include <inttypes.h>

static const char *const family_names[EVENT_FAMILY_COUNT] = {[EVENT_SERVER] = "server",
                                                             [EVENT_MOBILE] = "mobile",
                                                             [EVENT_BROWSER] = "browser",
                                                             [EVENT_USAGE] = "usage"};
static const char *const path_names[EVENTS_PATH_COUNT] = {
    [EVENT_VERBATIM] = "verbatim", [EVENT_SUMMARIZE] = "summarize"};

/* No key is ever written. */
static struct view environment_name(const struct env_facts *facts)
{
    return view_of(facts->env_id[0] != '\0' ? facts->env_id : facts->name);
}

static struct spool_group group_of(const struct events_group *g)
{
    const struct events_family *f = g->family;
    return (struct spool_group){.env = environment_name(f->env->facts),
                                .filter = view_of(f->env->facts->filter_key),
                                .family = view_of(family_names[f->kind]),
                                .path = view_of(path_names[g->path]),
                                .schema = g->schema,
                                .tags = view_of(g->tags)};
}

static bool is_kept(const struct events_group *g)
{
    return events_of(g->family)->spool != NULL && g->family->kind != EVENT_USAGE;
}

/* ---- posts ----------------------------------------------------------------------------------- */

/* Who waits for a post to be in a file. */
struct waiting {
    void (*safe)(void *owner);
    void *owner;
};

static void post_written(void *owner, bool ok)
{
    struct waiting *w = owner;
    (void)ok; /* it is in memory in any case; the spool has logged it */
    if (w->safe != NULL)
        w->safe(w->owner); /* api/events_wait.c */
    mem_free(w);
}

void events_disk_post(struct events_group *g, struct event_post *post)
{
    const struct events *e = events_of(g->family);
    if (!is_kept(g) || events_room(e) <= 0)
        return; /* nothing of it will be taken in */
    struct waiting *w = mem_alloc(sizeof *w);
    *w = (struct waiting){post->safe, post->owner};
    struct spool_post record = {.group = group_of(g),
                                .wall_ms = clock_wall_ms(e->settings.clock),
                                .payload_id = view_of(post->payload_id)};
    uint64_t seq = spool_post_append(e->spool, &record, post->body, post_written, w);
    if (seq == 0) {
        mem_free(w);
        return;
    }
    post->safe = NULL;
    g->seq = seq;
}

/* ---- batches --------------------------------------------------------------------------------- */

/* A flush is whole on the disk, or will not be there at all. */
static void written_press(struct events_group *g)
{
    LIST_EACH_SAFE (node, &g->family->batches) {
        struct events_batch *b = CONTAINER_OF(node, struct events_batch, each);
        bool whole = b->group == g && b->state == EVENTS_BATCH_WRITING && b->written;
        if (whole && !events_aside_join(b))
            events_batch_press(b);
    }
}

static void batch_written(void *owner, bool ok)
{
    struct events_batch *b = owner;
    struct events_group *g = b->group;
    struct events *e = events_of(g->family);
    bool last = !b->more;
    b->written = true;
    e->writing--;
    b->spooled = ok;
    if (b->doomed)
        events_batch_free(b);
    if (last)
        written_press(g);
    if (list_empty(&g->family->batches))
        events_aside_look(e); /* another one's turn */
    else
        events_aside_relieve(e);
    events_look_whether_done(e);
}

static struct spool_batch record_of(const struct events_batch *b)
{
    const struct events *e = events_of(b->group->family);
    return (struct spool_batch){.group = group_of(b->group),
                                .wall_ms = clock_wall_ms(e->settings.clock),
                                .payload_id = view_of(b->payload_id),
                                .up_to = b->up_to,
                                .count = b->count,
                                .more = b->more};
}

bool events_disk_batch(struct events_batch *b)
{
    struct events_group *g = b->group;
    struct events *e = events_of(g->family);
    if (!is_kept(g))
        return false;
    events_batch_flatten(b);
    struct spool_batch record = record_of(b);
    b->state = EVENTS_BATCH_WRITING;
    if (spool_batch_append(e->spool, &record, b->text, batch_written, b)) {
        e->writing++;
        return true;
    }
    written_press(g); /* nothing follows that could end their flush */
    return false;
}

void events_disk_outcome(const struct events_batch *b, const char *outcome)
{
    const struct events *e = events_of(b->group->family);
    if (is_kept(b->group))
        spool_outcome_append(e->spool, view_of(b->payload_id), outcome);
}

void events_disk_replaced(const struct events_batch *one, const struct list *batches)
{
    const struct events *e = events_of(one->group->family);
    if (!is_kept(one->group))
        return;
    struct spool_batch record = record_of(one);
    spool_batch_unwritten(e->spool, &record);
    LIST_EACH (node, batches)
        events_disk_outcome(CONTAINER_OF(node, struct events_batch, node), "replaced");
}

void events_disk_forget(struct events_group *g)
{
    const struct events *e = events_of(g->family);
    struct spool_group group = group_of(g);
    if (e->spool == NULL || g->seq <= g->covered)
        return;
    spool_posts_forget(e->spool, &group, g->seq);
    g->covered = g->seq;
}

/* ---- a start --------------------------------------------------------------------------------- */

static size_t name_find(const char *const *names, size_t count, struct view name)
{
    size_t i = 0;
    while (i < count && !view_is(name, names[i]))
        i++;
    return i;
}

/* The environment of a record; NULL: there is none now. */
static const struct env_snapshot *environment_find(const struct events *e,
                                                   const struct spool_group *group, unsigned *slot)
{
    const struct events_listener *l = &e->listener;
    for (unsigned i = 0; i < l->environment_count(l->owner); i++) {
        const struct env_snapshot *s = l->environment(l->owner, i);
        if (s != NULL && view_equal(environment_name(s->facts), group->env) &&
            view_is(group->filter, s->facts->filter_key)) {
            *slot = i;
            return s;
        }
    }
    return NULL;
}

/* The group that a record belongs to; NULL: nobody would take it. */
static struct events_group *group_find(struct events *e, const struct spool_group *group)
{
    unsigned slot;
    size_t family = name_find(family_names, EVENT_USAGE, group->family);
    size_t path = name_find(path_names, EVENTS_PATH_COUNT, group->path);
    const struct env_snapshot *s = environment_find(e, group, &slot);
    if (s == NULL || family == EVENT_USAGE || path == EVENTS_PATH_COUNT)
        return NULL;
    char *tags = mem_copy_text(group->tags.data, group->tags.len);
    struct events_family *f = events_family_at(e, slot, s->facts, (enum event_family)family);
    struct events_group *g = events_group_find(f, (enum event_path)path, group->schema, tags);
    mem_free(tags);
    return g;
}

static int64_t age_of(const struct events *e, int64_t wall_ms)
{
    int64_t age = clock_wall_ms(e->settings.clock) - wall_ms;
    return age > 0 ? age : 0;
}

/* Records of environments that do not exist wait for them, but not for ever. */
static bool waited_long_enough(const struct events *e, int64_t wall_ms)
{
    return age_of(e, wall_ms) > e->settings.retry_max_age_ms;
}

static void lost_batch(struct events *e, const struct spool_batch *record)
{
    if (waited_long_enough(e, record->wall_ms))
        spool_outcome_append(e->spool, record->payload_id, "dropped");
}

struct events_batch *events_batch_of_record(struct events_group *g,
                                            const struct spool_batch *record, struct view body)
{
    struct events_batch *b = events_batch_new(g, record->count, body.len);
    memcpy(b->payload_id, record->payload_id.data, record->payload_id.len);
    b->payload_id[record->payload_id.len] = '\0';
    b->text = buf_copy(body);
    b->spooled = true;
    b->up_to = record->up_to;
    g->covered = record->up_to > g->covered ? record->up_to : g->covered;
    events_batch_account(b);
    return b;
}

/* Behind one that stays on disk its family's others stay there, too. */
static void found_batch(void *owner, const struct spool_batch *record, struct view body)
{
    struct events *e = owner;
    struct events_group *g = group_find(e, &record->group);
    int64_t age_ms = age_of(e, record->wall_ms);
    if (g == NULL || record->payload_id.len > EVENT_PAYLOAD_ID_MAX) {
        lost_batch(e, record);
    } else if (list_empty(&g->family->aside) && events_aside_has_room(e, body.len)) {
        struct events_batch *b = events_batch_of_record(g, record, body);
        b->born_ms -= age_ms;
        events_batch_press(b);
    } else {
        events_aside_found(g, record, body.len, age_ms);
    }
}

static void found_post(void *owner, const struct spool_post *record, struct buf *body)
{
    struct events *e = owner;
    struct events_group *g = group_find(e, &record->group);
    struct event_post post = {.path = EVENT_VERBATIM};
    struct error ignored;
    if (g != NULL && event_array_split(buf_view(body), &post.events, &ignored)) {
        post.slot = g->family->env->slot;
        post.family = g->family->kind;
        post.path = g->path;
        post.schema = g->schema;
        post.body = body;
        g->seq = record->seq;
        events_family_add(g, &post);
    } else if (waited_long_enough(e, record->wall_ms)) {
        spool_posts_forget(e->spool, &record->group, record->seq);
    }
    event_array_free(&post.events);
    buf_unref(body);
}

static void found_payload_id(void *owner, const struct spool_group *group, struct view id,
                             int64_t wall_ms)
{
    struct events *e = owner;
    unsigned slot;
    size_t family = name_find(family_names, EVENT_USAGE, group->family);
    int64_t age = age_of(e, wall_ms);
    if (environment_find(e, group, &slot) != NULL && family != EVENT_USAGE &&
        age < e->settings.dedupe_window_ms)
        (void)events_dedupe_seen(&e->dedupe, slot, (enum event_family)family, id,
                                 events_now(e) - age);
}

bool events_disk_open(struct events *e, struct error *err)
{
    struct spool_settings settings = {.dir = e->settings.spool_dir,
                                      .max_bytes = e->settings.spool_max_bytes,
                                      .sync = e->settings.spool_sync,
                                      .clock = e->settings.clock,
                                      .loop = e->settings.loop};
    return settings.dir[0] == '\0' || spool_open(&settings, &e->spool, err);
}

void events_disk_replay(struct events *e)
{
    struct spool_reader reader = {e, found_batch, found_post, found_payload_id};
    if (e->spool != NULL)
        spool_replay(e->spool, &reader);
    int64_t found = atomic_load(&e->door->pending_events);
    if (found > 0)
        log_always(log_global(), LOG_INFO,
                   "Sending %" PRId64 " events that an earlier run has left in spoolDir \"%s\"",
                   found, e->settings.spool_dir);
    events_aside_look(e);
}
