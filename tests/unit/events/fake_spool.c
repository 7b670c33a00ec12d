/* See fake_spool.h. */
#include "fake_spool.h"

#include "base/list.h"
#include "base/str.h"

#include <inttypes.h>
#include <stdlib.h>

struct fake_disk fake_disk;

struct pending {
    struct list node;
    spool_written *written; /* NULL: `got` */
    spool_got *got;
    char *id;
    void *owner;
};

struct spool {
    uv_timer_t timer;
    struct list pending;
    void (*closed)(void *arg);
    void *arg;
};

static char *text_of(struct view v)
{
    return mem_copy_text(v.data, v.len);
}

static struct fake_record *record_add(char type, const struct spool_group *g, struct view id,
                                      struct buf *body)
{
    struct fake_record *r = &fake_disk.records[fake_disk.count++];
    if (fake_disk.count > FAKE_SPOOL_MAX)
        abort();
    *r = (struct fake_record){.type = type, .id = text_of(id)};
    if (body != NULL)
        r->body = buf_ref(body);
    if (g == NULL)
        return r;
    struct str s = {0};
    size_t ends[5];
    const struct view parts[] = {g->env, g->filter, g->family, g->path, g->tags};
    for (size_t i = 0; i < 5; i++) {
        str_append(&s, parts[i]);
        ends[i] = s.len;
        str_append_char(&s, ' ');
    }
    r->group = str_take_text(&s);
    struct view *const into[] = {&r->parts.env, &r->parts.filter, &r->parts.family, &r->parts.path,
                                 &r->parts.tags};
    for (size_t i = 0, from = 0; i < 5; from = ends[i] + 1, i++)
        *into[i] = view_make(r->group + from, ends[i] - from);
    r->parts.schema = g->schema;
    return r;
}

static struct spool_batch batch_of(const struct fake_record *r)
{
    return (struct spool_batch){r->parts, r->wall_ms, view_of(r->id), r->seq, r->count, r->more};
}

static bool is_done(const char *id)
{
    for (size_t i = 0; i < fake_disk.count; i++)
        if (fake_disk.records[i].type == 'D' && view_is(view_of(id), fake_disk.records[i].id))
            return true;
    return false;
}

static void got_tell(const struct pending *p)
{
    for (size_t i = 0; i < fake_disk.count; i++) {
        const struct fake_record *r = &fake_disk.records[i];
        if (r->type != 'B' || strcmp(r->id, p->id) != 0 || is_done(r->id))
            continue;
        struct spool_batch batch = batch_of(r);
        fake_disk.reads++;
        p->got(p->owner, &batch, buf_view(r->body));
        return;
    }
    p->got(p->owner, NULL, view_make("", 0));
}

static void pending_run(struct spool *s)
{
    while (!list_empty(&s->pending)) {
        struct pending *p = CONTAINER_OF(s->pending.next, struct pending, node);
        list_remove(&p->node);
        if (p->written != NULL)
            p->written(p->owner, true);
        else
            got_tell(p);
        mem_free(p->id);
        mem_free(p);
    }
}

static void on_timer(uv_timer_t *timer)
{
    if (!fake_disk.stuck)
        pending_run(timer->data);
}

static struct pending *pending_new(struct spool *s, void *owner)
{
    struct pending *p = mem_zalloc(sizeof *p);
    p->owner = owner;
    list_append(&s->pending, &p->node);
    if (uv_is_closing((uv_handle_t *)&s->timer) == 0)
        (void)uv_timer_start(&s->timer, on_timer, 0, 0);
    return p;
}

static void pending_add(struct spool *s, spool_written *written, void *owner)
{
    pending_new(s, owner)->written = written;
}

void spool_batch_read(struct spool *s, struct view payload_id, spool_got *got, void *owner)
{
    struct pending *p = pending_new(s, owner);
    p->got = got;
    p->id = text_of(payload_id);
}

bool spool_open(const struct spool_settings *settings, struct spool **out, struct error *err)
{
    struct spool *s = mem_zalloc(sizeof *s);
    (void)err;
    (void)uv_timer_init(settings->loop, &s->timer);
    s->timer.data = s;
    list_init(&s->pending);
    *out = s;
    return true;
}

static bool same_group(const struct fake_record *a, const struct fake_record *b)
{
    return view_is(view_of(a->group), b->group) && a->parts.schema == b->parts.schema;
}

static bool is_covered(const struct fake_record *post)
{
    for (size_t i = 0; i < fake_disk.count; i++) {
        const struct fake_record *r = &fake_disk.records[i];
        if (((r->type == 'B' && !r->more) || r->type == 'F') && same_group(r, post) &&
            r->seq >= post->seq)
            return true;
    }
    return false;
}

void spool_replay(struct spool *s, const struct spool_reader *reader)
{
    (void)s;
    size_t count = fake_disk.count;
    for (size_t i = 0; i < count; i++) {
        const struct fake_record *r = &fake_disk.records[i];
        struct spool_batch batch = batch_of(r);
        if (r->type == 'B' && !is_done(r->id))
            reader->batch(reader->owner, &batch, buf_view(r->body));
    }
    for (size_t i = 0; i < count; i++) {
        const struct fake_record *r = &fake_disk.records[i];
        struct spool_post post = {r->parts, r->wall_ms, view_of(r->id), r->seq};
        if (r->type != 'P')
            continue;
        if (!is_covered(r))
            reader->post(reader->owner, &post, buf_ref(r->body));
        reader->payload_id(reader->owner, &r->parts, view_of(r->id), r->wall_ms);
    }
}

uint64_t spool_post_append(struct spool *s, const struct spool_post *post, struct buf *body,
                           spool_written *written, void *owner)
{
    if (fake_disk.refuses)
        return 0;
    struct fake_record *r = record_add('P', &post->group, post->payload_id, body);
    r->wall_ms = post->wall_ms;
    r->seq = fake_disk.count;
    pending_add(s, written, owner);
    return r->seq;
}

bool spool_batch_append(struct spool *s, const struct spool_batch *batch, struct buf *body,
                        spool_written *written, void *owner)
{
    if (fake_disk.refuses)
        return false;
    struct fake_record *r = record_add('B', &batch->group, batch->payload_id, body);
    r->wall_ms = batch->wall_ms;
    r->seq = batch->up_to;
    r->count = batch->count;
    r->more = batch->more;
    pending_add(s, written, owner);
    return true;
}

void spool_batch_unwritten(struct spool *s, const struct spool_batch *batch)
{
    (void)s;
    record_add('U', &batch->group, batch->payload_id, NULL)->seq = batch->up_to;
}

void spool_outcome_append(struct spool *s, struct view payload_id, const char *outcome)
{
    (void)s;
    struct fake_record *r = record_add('D', NULL, payload_id, NULL);
    r->outcome = text_of(view_of(outcome));
}

void spool_posts_forget(struct spool *s, const struct spool_group *group, uint64_t up_to)
{
    (void)s;
    record_add('F', group, VIEW_LITERAL(""), NULL)->seq = up_to;
}

bool spool_works(const struct spool *s)
{
    (void)s;
    return !fake_disk.refuses;
}

int64_t spool_bytes(const struct spool *s)
{
    (void)s;
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    struct spool *s = handle->data;
    pending_run(s);
    void (*closed)(void *arg) = s->closed;
    void *arg = s->arg;
    mem_free(s);
    closed(arg);
}

void spool_close(struct spool *s, void (*closed)(void *arg), void *arg)
{
    s->closed = closed;
    s->arg = arg;
    uv_close((uv_handle_t *)&s->timer, on_closed);
}

void fake_disk_cut(size_t count)
{
    while (fake_disk.count > count) {
        struct fake_record *r = &fake_disk.records[--fake_disk.count];
        mem_free(r->group);
        mem_free(r->id);
        mem_free(r->outcome);
        buf_unref(r->body);
    }
}

void fake_disk_clear(void)
{
    fake_disk_cut(0);
    fake_disk = (struct fake_disk){.count = 0};
}

const char *fake_disk_story(void)
{
    static char story[4096];
    struct str s = {0};
    for (size_t i = 0; i < fake_disk.count; i++) {
        const struct fake_record *r = &fake_disk.records[i];
        if (r->type == 'P')
            str_append_format(&s, "P%" PRIu64 " ", r->seq);
        else if (r->type == 'B')
            str_append_format(&s, "B%zu<=%" PRIu64 "%s ", r->count, r->seq, r->more ? "+" : "");
        else if (r->type == 'F')
            str_append_format(&s, "F<=%" PRIu64 " ", r->seq);
        else if (r->type == 'U')
            str_append_format(&s, "U<=%" PRIu64 " ", r->seq);
        else
            str_append_format(&s, "D:%s ", r->outcome);
    }
    size_t len = s.len < sizeof story ? s.len : sizeof story - 1;
    memcpy(story, str_text(&s), len);
    story[len] = '\0';
    str_free(&s);
    return story;
}
