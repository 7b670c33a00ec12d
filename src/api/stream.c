/* api/stream.c - streams to SDKs (streaming.md 7-10): joined to their channel, fed by its
 * broadcasts.
 *
 *   request --> stream_open(): head, replay of the snapshot, fanout_join()
 *   fanout_deliver() --stream_hooks.push--> sse_subscriber_push_take()          hop 5 of a changed
 * flag client goes away, is dropped, or the server ends it --> stream_closed()
 *
 * Replay and join happen in one turn, so no broadcast can fall between them.
 */
#include "api/api_private.h"
#include "http/sse.h"

struct stream {
    struct fanout_member member;
    struct sse_subscriber *subscriber;
    const struct fanout *fanout;
    struct env_facts *facts;
    unsigned slot;
    enum fanout_kind kind;
};

_Static_assert(sizeof(struct stream) <= 64, "idle streams: DESIGN.md, budget in rule 4");

/* What each kind of stream is called and begins with. */
static const struct stream_kind {
    const char *what;
    struct frame *(*put)(struct dataset *data); /* borrowed */
} stream_kinds[] = {
    [FANOUT_ALL] = {"server-side /all", dataset_put_all},
    [FANOUT_FLAGS] = {"server-side /flags", dataset_put_flags},
};

static void stream_push(struct fanout_member *m, struct frame *f)
{
    struct stream *s = CONTAINER_OF(m, struct stream, member);
    sse_subscriber_push_take(s->subscriber, f);
}

const struct fanout_hooks stream_hooks = {.push = stream_push};

static void stream_closed(void *owner)
{
    struct stream *s = owner;
    fanout_leave(&s->member);
    atomic_fetch_sub_explicit(&s->facts->streams[s->kind], 1, memory_order_relaxed);
    env_facts_unref(s->facts);
    mem_free(s);
}

static struct frame *stream_current_put(void *owner)
{
    const struct stream *s = owner;
    const struct env_snapshot *snapshot = fanout_snapshot(s->fanout, s->slot);
    if (snapshot == NULL || snapshot->data == NULL)
        return NULL;
    return frame_ref(stream_kinds[s->kind].put(snapshot->data));
}

void stream_open(struct http_request *req, struct api_passage *p)
{
    static const struct sse_listener listener = {.on_closed = stream_closed,
                                                 .current_put = stream_current_put};
    const struct stream_kind *kind = &stream_kinds[p->route->kind];
    struct log_scope *log = p->snapshot->facts->log;
    struct stream *s = mem_zalloc(sizeof *s);
    log_line(log, LOG_DEBUG, "Application requested %s stream", kind->what);
    if (p->route->credential != API_ENVIRONMENT_ID)
        http_header_add_text(&p->headers, "Access-Control-Allow-Origin", "*");
    s->fanout = p->thread->fanout;
    s->facts = env_facts_ref(p->snapshot->facts);
    atomic_fetch_add_explicit(&s->facts->streams[p->route->kind], 1, memory_order_relaxed);
    s->slot = p->slot;
    s->kind = p->route->kind;
    s->subscriber = sse_subscriber_open(req, &p->headers, log, &listener, s);
    if (p->snapshot->data != NULL)
        sse_subscriber_push_take(s->subscriber, frame_ref(kind->put(p->snapshot->data)));
    fanout_join(p->thread->fanout, p->slot, p->route->kind, &s->member);
}

void stream_unavailable(struct http_request *req, struct api_passage *p, const char *problem)
{
    log_line(p->snapshot->facts->log, LOG_ERROR, "Error getting all flags: %s", problem);
    if (p->route->credential != API_ENVIRONMENT_ID)
        http_header_add_text(&p->headers, "Access-Control-Allow-Origin", "*");
    http_header_add_text(&p->headers, "X-Accel-Buffering", "no");
    http_header_add_text(&p->headers, "Retry-After", "1");
    api_answer_text(req, p, 503, "data store is unavailable");
}
