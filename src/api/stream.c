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
    struct api_thread *thread;
    struct env_facts *facts;
    struct usage_counter *counter; /* of its client, for usage reports; NULL: not counted */
    struct ping_delay *delay;      /* a ping that waits for its time; NULL: none */
    unsigned slot;
    enum fanout_kind kind;
};

_Static_assert(sizeof(struct stream) <= 64, "idle streams: DESIGN.md, budget in rule 4");

/* What each kind of stream is called and begins with. */
static const struct stream_kind {
    const char *what;
    struct frame *(*put)(struct dataset *data); /* borrowed; NULL: a ping */
} stream_kinds[] = {
    [FANOUT_ALL] = {"server-side /all", dataset_put_all},
    [FANOUT_FLAGS] = {"server-side /flags", dataset_put_flags},
    [FANOUT_MOBILE_PING] = {"client-side ping", NULL},
    [FANOUT_BROWSER_PING] = {"client-side ping", NULL},
};

/* A new reference. */
static struct frame *first_frame(enum fanout_kind kind, struct dataset *data)
{
    const struct stream_kind *row = &stream_kinds[kind];
    return row->put != NULL ? frame_ref(row->put(data)) : frame_ping();
}

static void delay_is_over(void *owner)
{
    struct stream *s = owner;
    s->delay = NULL;
    sse_subscriber_push_take(s->subscriber, frame_ping());
}

/* Clients that are told at the same moment ask at the same moment; pingStreamJitterTime spreads
 * them (streaming.md 12.1). Pings that come while one waits are that one. */
static void push_later(struct stream *s, int64_t limit_ms)
{
    if (s->delay == NULL)
        s->delay = ping_delay_start(s->thread, limit_ms, delay_is_over, s);
}

static void stream_push(struct fanout_member *m, struct frame *f)
{
    struct stream *s = CONTAINER_OF(m, struct stream, member);
    int64_t jitter_ms = s->thread->api->settings.ping_jitter_ms;
    if (f->kind != FRAME_PING || jitter_ms <= 0) {
        sse_subscriber_push_take(s->subscriber, f);
        return;
    }
    push_later(s, jitter_ms);
    frame_unref(f);
}

const struct fanout_hooks stream_hooks = {.push = stream_push};

static void stream_closed(void *owner)
{
    struct stream *s = owner;
    fanout_leave(&s->member);
    ping_delay_cancel(s->delay);
    if (s->counter != NULL)
        usage_count_stream_end(s->thread->usage, s->counter);
    atomic_fetch_sub_explicit(&s->facts->streams[s->kind], 1, memory_order_relaxed);
    env_facts_unref(s->facts);
    mem_free(s);
}

static struct frame *stream_current_put(void *owner)
{
    const struct stream *s = owner;
    const struct env_snapshot *snapshot = fanout_snapshot(s->thread->fanout, s->slot);
    if (snapshot == NULL || snapshot->data == NULL)
        return NULL;
    return first_frame(s->kind, snapshot->data);
}

void stream_open(struct http_request *req, struct api_passage *p)
{
    static const struct sse_listener listener = {.on_closed = stream_closed,
                                                 .current_put = stream_current_put};
    enum fanout_kind kind = p->route->kind;
    struct log_scope *log = p->snapshot->facts->log;
    struct stream *s = mem_zalloc(sizeof *s);
    log_line(log, LOG_DEBUG, "Application requested %s stream", stream_kinds[kind].what);
    if (p->route->credential != API_ENVIRONMENT_ID)
        http_header_add_text(&p->headers, "Access-Control-Allow-Origin", "*");
    s->thread = p->thread;
    s->facts = env_facts_ref(p->snapshot->facts);
    s->counter = api_count_stream(req, p);
    atomic_fetch_add_explicit(&s->facts->streams[kind], 1, memory_order_relaxed);
    s->slot = p->slot;
    s->kind = kind;
    s->subscriber = sse_subscriber_open(req, &p->headers, log, &listener, s);
    if (p->snapshot->data != NULL)
        sse_subscriber_push_take(s->subscriber, first_frame(kind, p->snapshot->data));
    fanout_join(p->thread->fanout, p->slot, kind, &s->member);
}

/* What it is evaluated for is asked again with each poll; here it was only checked. */
void stream_open_with_context(struct http_request *req, struct api_passage *p, struct context **c)
{
    (void)c;
    stream_open(req, p);
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
