/* events/spool_index.c - see spool_index.h. */
#include "events/spool_index.h"

struct held_post {
    struct held_post *next;
    uint64_t seq;
    struct spool_segment *segment;
};

struct held_batch {
    struct list node;
    struct spool_members *members; /* one reference */
    struct spool_segment *segment; /* NULL: not on disk */
    struct spool_place place;
    uint64_t flush; /* of the group */
    struct view payload_id;
    char memory[];
};

struct spool_members {
    struct list node;
    size_t refs;
    char *texts; /* the group, one text after the other */
    struct spool_group group;
    struct held_post *posts; /* by seq */
    struct held_post **last;
    uint64_t covered; /* posts up to here need nothing any more */
    uint64_t flush;   /* the one that is being written, or will be next */
    size_t unwritten; /* batches that are not on disk */
    uint64_t unwritten_up_to;
};

void spool_index_init(struct spool_index *x)
{
    *x = (struct spool_index){0};
    list_init(&x->segments);
    list_init(&x->members);
    list_init(&x->written);
    x->reading = true;
}

/* ---- files ----------------------------------------------------------------------------------- */

struct spool_segment *spool_index_segment(struct spool_index *x, uint64_t number)
{
    if (x->newest != NULL && x->newest->number == number)
        return x->newest;
    x->newest = mem_zalloc(sizeof *x->newest);
    x->newest->number = number;
    list_append(&x->segments, &x->newest->node);
    return x->newest;
}

void spool_index_grow(struct spool_index *x, struct spool_segment *segment, int64_t bytes)
{
    segment->bytes += bytes;
    x->bytes += bytes;
}

struct spool_segment *spool_index_unneeded(struct spool_index *x, uint64_t keep)
{
    if (list_empty(&x->segments))
        return NULL;
    struct spool_segment *s = CONTAINER_OF(x->segments.next, struct spool_segment, node);
    return s->needed == 0 && s->number != keep ? s : NULL;
}

void spool_index_remove(struct spool_index *x, struct spool_segment *segment)
{
    x->bytes -= segment->bytes;
    x->newest = x->newest != segment ? x->newest : NULL;
    list_remove(&segment->node);
    mem_free(segment);
}

/* ---- groups ---------------------------------------------------------------------------------- */

static struct view text_put(char **at, struct view text)
{
    struct view copy = view_make(*at, text.len);
    if (text.len != 0)
        memcpy(*at, text.data, text.len);
    *at += text.len;
    *(*at)++ = '\0';
    return copy;
}

static struct spool_members *members_new(const struct spool_group *g)
{
    struct spool_members *m = mem_zalloc(sizeof *m);
    char *at =
        mem_alloc(g->env.len + g->filter.len + g->family.len + g->path.len + g->tags.len + 5);
    m->texts = at;
    m->group.env = text_put(&at, g->env);
    m->group.filter = text_put(&at, g->filter);
    m->group.family = text_put(&at, g->family);
    m->group.path = text_put(&at, g->path);
    m->group.tags = text_put(&at, g->tags);
    m->group.schema = g->schema;
    m->last = &m->posts;
    return m;
}

/* Each text with its length in front, so that no two groups have the same name. */
static struct view group_name(struct spool_index *x, const struct spool_group *g)
{
    const struct view texts[] = {g->env, g->filter, g->family, g->path, g->tags};
    str_clear(&x->scratch);
    str_append_int(&x->scratch, g->schema);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        str_append_format(&x->scratch, " %zu ", texts[i].len);
        str_append(&x->scratch, texts[i]);
    }
    return str_view(&x->scratch);
}

struct spool_members *spool_index_members(struct spool_index *x, const struct spool_group *group)
{
    struct view name = group_name(x, group);
    struct spool_members *m = map_get(&x->groups, name);
    if (m == NULL) {
        m = members_new(group);
        (void)map_set(&x->groups, name, m);
        list_append(&x->members, &m->node);
    }
    m->refs++;
    return m;
}

/* Nothing of the group is on disk or on its way: it may go. */
static void members_settle(struct spool_index *x, struct spool_members *m)
{
    if (x->reading || m->refs > 0 || m->posts != NULL)
        return;
    (void)map_remove(&x->groups, group_name(x, &m->group));
    list_remove(&m->node);
    mem_free(m->texts);
    mem_free(m);
}

void spool_index_members_unref(struct spool_index *x, struct spool_members *m)
{
    m->refs--;
    members_settle(x, m);
}

bool spool_index_has_unwritten(const struct spool_members *m)
{
    return m->unwritten > 0;
}

void spool_index_read(struct spool_index *x)
{
    x->reading = false;
    LIST_EACH_SAFE (node, &x->members)
        members_settle(x, CONTAINER_OF(node, struct spool_members, node));
}

static void cover(struct spool_members *m, uint64_t up_to)
{
    if (m->covered < up_to)
        m->covered = up_to;
    while (m->posts != NULL && m->posts->seq <= m->covered) {
        struct held_post *next = m->posts->next;
        m->posts->segment->needed--;
        mem_free(m->posts);
        m->posts = next;
    }
    if (m->posts == NULL)
        m->last = &m->posts;
}

void spool_index_post(struct spool_members *m, uint64_t seq, struct spool_segment *segment)
{
    if (seq <= m->covered)
        return;
    struct held_post *p = mem_zalloc(sizeof *p);
    p->seq = seq;
    p->segment = segment;
    segment->needed++;
    *m->last = p;
    m->last = &p->next;
}

bool spool_index_wants_post(struct spool_index *x, const struct spool_group *group, uint64_t seq)
{
    const struct spool_members *m = map_get(&x->groups, group_name(x, group));
    return m != NULL && seq > m->covered;
}

/* ---- batches --------------------------------------------------------------------------------- */

static void batch_free(struct spool_index *x, struct held_batch *b)
{
    (void)map_remove(&x->batches, b->payload_id);
    list_remove(&b->node);
    if (b->segment != NULL)
        b->segment->needed--;
    spool_index_members_unref(x, b->members);
    mem_free(b);
}

void spool_index_done(struct spool_index *x, struct view payload_id)
{
    struct held_batch *b = map_get(&x->batches, payload_id);
    if (b != NULL)
        batch_free(x, b);
}

static void batch_new(struct spool_index *x, struct spool_members *m, struct view payload_id,
                      struct spool_segment *segment, struct spool_place place)
{
    struct held_batch *b = mem_zalloc(sizeof *b + payload_id.len);
    spool_index_done(x, payload_id); /* of two with one ID the later one counts */
    char *at = b->memory;
    if (payload_id.len != 0)
        memcpy(at, payload_id.data, payload_id.len);
    b->payload_id = view_make(at, payload_id.len);
    b->members = m;
    b->segment = segment;
    b->place = place;
    b->flush = m->flush;
    m->refs++;
    if (segment != NULL)
        segment->needed++;
    list_append(&x->written, &b->node);
    (void)map_set(&x->batches, b->payload_id, b);
}

void spool_index_batch(struct spool_index *x, struct spool_members *m, struct view payload_id,
                       uint64_t up_to, bool more, struct spool_segment *segment,
                       struct spool_place place)
{
    batch_new(x, m, payload_id, segment, place);
    if (more)
        return;
    m->flush++;
    cover(m, up_to);
}

void spool_index_unwritten_extend(struct spool_members *m, uint64_t up_to)
{
    if (m->unwritten_up_to < up_to)
        m->unwritten_up_to = up_to;
}

void spool_index_unwritten(struct spool_index *x, struct spool_members *m, struct view payload_id,
                           uint64_t up_to)
{
    batch_new(x, m, payload_id, NULL, (struct spool_place){0});
    m->unwritten++;
    spool_index_unwritten_extend(m, up_to);
}

bool spool_index_unwritten_done(struct spool_index *x, struct view payload_id,
                                struct spool_members **members, uint64_t *up_to)
{
    struct held_batch *b = map_get(&x->batches, payload_id);
    if (b == NULL || b->segment != NULL)
        return false;
    struct spool_members *m = b->members;
    m->unwritten--;
    m->refs++;
    batch_free(x, b);
    *members = m;
    *up_to = m->unwritten_up_to;
    if (m->unwritten == 0 && m->posts != NULL && m->posts->seq <= *up_to)
        return true;
    spool_index_members_unref(x, m);
    return false;
}

const struct spool_group *spool_index_group(const struct spool_members *m)
{
    return &m->group;
}

bool spool_index_wants_batch(const struct spool_index *x, struct view payload_id,
                             const struct spool_segment *segment)
{
    const struct held_batch *b = map_get(&x->batches, payload_id);
    return b != NULL && b->segment == segment;
}

bool spool_index_place(const struct spool_index *x, struct view payload_id,
                       struct spool_place *place, uint64_t *number)
{
    const struct held_batch *b = map_get(&x->batches, payload_id);
    if (b == NULL || b->segment == NULL)
        return false;
    *place = b->place;
    *number = b->segment->number;
    return true;
}

void spool_index_forget_unfinished(struct spool_index *x,
                                   void (*forgotten)(void *arg, struct view payload_id), void *arg)
{
    LIST_EACH_SAFE (node, &x->written) {
        struct held_batch *b = CONTAINER_OF(node, struct held_batch, node);
        if (b->flush == b->members->flush) {
            forgotten(arg, b->payload_id);
            batch_free(x, b);
        }
    }
}

void spool_index_free(struct spool_index *x)
{
    LIST_EACH_SAFE (node, &x->written)
        batch_free(x, CONTAINER_OF(node, struct held_batch, node));
    LIST_EACH (node, &x->members)
        cover(CONTAINER_OF(node, struct spool_members, node), UINT64_MAX);
    spool_index_read(x);
    LIST_EACH_SAFE (node, &x->segments)
        spool_index_remove(x, CONTAINER_OF(node, struct spool_segment, node));
    map_free(&x->batches);
    map_free(&x->groups);
    str_free(&x->scratch);
}
