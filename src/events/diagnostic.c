/* events/diagnostic.c - diagnostic events: each is forwarded alone, at once (9).
 *
 *   events_take_diagnostic() -> waiting -> thread pool: gzip -> request -> done
 *                                 64 at a time                 ^   |
 *                                                   a second later '
 *
 * With the headers of the SDK's own request; whatever comes of it has no further effect.
 */
#include "events/events_private.h"

#define MAX_FLYING 64
#define MAX_WAITING_BYTES ((size_t)1 << 20)

struct diagnostic {
    struct list node; /* waiting, then flying */
    struct events_env *env;
    struct event_diagnostic *post;
    size_t held; /* of the budget */
    struct buf *gzip;
    unsigned attempts;
    bool working; /* the thread pool has it */
    bool ended;
    struct http_call *call;
    int64_t retry_after_s;
    uv_work_t work;
    uv_timer_t timer;
};

void events_diagnostics_init(struct events_diagnostics *d)
{
    *d = (struct events_diagnostics){.warned_ms = 0};
    list_init(&d->waiting);
    list_init(&d->flying);
}

static void diagnostics_start(struct events *e);

static void diagnostic_free(struct diagnostic *d)
{
    list_remove(&d->node);
    events_release(d->env->events, d->held);
    buf_unref(d->gzip);
    event_diagnostic_free(d->post);
    mem_free(d);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct diagnostic *d = handle->data;
    struct events *e = d->env->events;
    diagnostic_free(d);
    e->diagnostics.flying_count--;
    diagnostics_start(e);
    events_look_whether_done(e);
}

static void diagnostic_end(struct diagnostic *d)
{
    d->ended = true;
    if (d->call != NULL)
        http_call_cancel(d->call);
    d->call = NULL;
    if (!d->working && !uv_is_closing((uv_handle_t *)&d->timer))
        uv_close((uv_handle_t *)&d->timer, on_timer_closed);
}

/* ---- the request ----------------------------------------------------------------------------- */

static void on_head(void *owner, int status, const struct http_head *head)
{
    struct diagnostic *d = owner;
    d->retry_after_s = retry_after_parse(status, http_head_value(head, "retry-after"));
}

static void attempt(struct diagnostic *d);

static void on_pause_over(uv_timer_t *timer)
{
    attempt(timer->data);
}

static void tell(const struct diagnostic *d, int status, const char *problem, const char *what_now)
{
    struct log_scope *log = d->env->log;
    if (status == 0)
        log_line(log, LOG_WARN, "Unexpected error while sending events: %s", problem);
    else
        log_line(log, LOG_WARN, "Received HTTP error %d%s for sending events - %s", status,
                 events_answer_note(d->post->family, status), what_now);
}

static void on_answer(void *owner, const struct http_call_answer *answer)
{
    struct diagnostic *d = owner;
    int status = answer->ok ? answer->status : 0;
    enum events_answer class = events_answer_class(status);
    d->call = NULL;
    if (class == EVENTS_RECOVERABLE && d->attempts == 1) {
        int64_t wait_ms = events_pause_ms(d->retry_after_s);
        tell(d, status, answer->problem, "will retry");
        log_line(d->env->log, LOG_WARN, "Will retry posting events after %f second",
                 (double)wait_ms / 1000);
        (void)uv_timer_start(&d->timer, on_pause_over, (uint64_t)wait_ms, 0);
        return;
    }
    if (class == EVENTS_RECOVERABLE)
        tell(d, status, answer->problem, "some events were dropped");
    else if (class != EVENTS_SUCCESS)
        tell(d, status, answer->problem, "giving up permanently");
    diagnostic_end(d);
}

/* Ours stand in their place (8.1). */
static bool header_is_ours(const char *name)
{
    static const char *const ours[] = {"content-type", "content-encoding",  "content-length",
                                       "host",         "transfer-encoding", "accept-encoding"};
    return view_is_among(view_of(name), ours, ARRAY_LEN(ours));
}

/* The SDK's User-Agent or none, never the relay's. */
static size_t headers_of(const struct event_diagnostic *post, struct http_client_header *out)
{
    size_t n = 0;
    for (size_t i = 0; i < post->header_count; i++) {
        const struct event_header *h = &post->headers[i];
        if (header_is_ours(h->name))
            continue;
        out[n++] = (struct http_client_header){h->name, view_of(h->value)};
    }
    out[n++] = (struct http_client_header){"Content-Type", VIEW_LITERAL("application/json")};
    out[n++] = (struct http_client_header){"Content-Encoding", VIEW_LITERAL("gzip")};
    out[n++] = (struct http_client_header){"User-Agent", VIEW_LITERAL("")};
    return n;
}

static void attempt(struct diagnostic *d)
{
    const struct events *e = d->env->events;
    size_t room = (d->post->header_count + 3) * sizeof(struct http_client_header);
    struct http_client_header *headers = mem_alloc(room);
    size_t count = headers_of(d->post, headers);
    struct str url = {0};
    events_url_print(d->env, d->post->family, true, &url);
    struct http_call_request request = events_request(e, str_view(&url), d->gzip);
    request.exchange.headers = headers;
    request.exchange.header_count = count;
    request.on_head = on_head;
    d->attempts++;
    d->call = http_call_start(e->settings.client, &request, e->settings.loop, on_answer, d);
    str_free(&url);
    mem_free(headers);
}

/* ---- one after the other --------------------------------------------------------------------- */

static void press_work(uv_work_t *work)
{
    struct diagnostic *d = CONTAINER_OF(work, struct diagnostic, work);
    d->gzip = events_gzip_text(buf_view(d->post->body));
}

static void press_done(uv_work_t *work, int status)
{
    struct diagnostic *d = CONTAINER_OF(work, struct diagnostic, work);
    (void)status; /* it is never cancelled */
    d->working = false;
    if (d->ended)
        diagnostic_end(d);
    else
        attempt(d);
}

static void diagnostics_start(struct events *e)
{
    struct events_diagnostics *all = &e->diagnostics;
    while (all->flying_count < MAX_FLYING && !list_empty(&all->waiting)) {
        struct diagnostic *d = CONTAINER_OF(all->waiting.next, struct diagnostic, node);
        list_remove(&d->node);
        list_append(&all->flying, &d->node);
        all->waiting_bytes -= d->held;
        all->flying_count++;
        (void)uv_timer_init(e->settings.loop, &d->timer);
        d->timer.data = d;
        d->working = true;
        (void)uv_queue_work(e->settings.loop, &d->work, press_work, press_done);
    }
}

static size_t held_by(const struct event_diagnostic *post)
{
    size_t held = sizeof(struct diagnostic) + sizeof *post + post->body->len;
    for (size_t i = 0; i < post->header_count; i++)
        held +=
            sizeof *post->headers + strlen(post->headers[i].name) + strlen(post->headers[i].value);
    return held;
}

static bool fits(const struct events *e, size_t held)
{
    const struct events_diagnostics *all = &e->diagnostics;
    bool waits = all->flying_count == MAX_FLYING;
    return events_room(e) >= (int64_t)held &&
           (!waits || all->waiting_bytes + held <= MAX_WAITING_BYTES);
}

static void drop(struct events *e, struct event_diagnostic *post)
{
    int64_t *warned = &e->diagnostics.warned_ms;
    int64_t now = events_now(e);
    if (*warned == 0 || now - *warned >= EVENTS_MINUTE_MS) {
        log_always(post->snapshot->facts->log, LOG_WARN,
                   "Too many diagnostic events are waiting to be forwarded; some were dropped");
        *warned = now;
    }
    event_diagnostic_free(post);
}

void events_take_diagnostic(struct events *e, struct event_diagnostic *post)
{
    size_t held = held_by(post);
    struct events_env *env = events_env_at(e, post->slot, post->snapshot->facts);
    env->counts.received[EVENTS_DIAGNOSTIC]++;
    env->counts.received_bytes[EVENTS_DIAGNOSTIC] += (int64_t)post->body->len;
    if (e->phase == EVENTS_ENDING || !fits(e, held)) {
        drop(e, post);
        return;
    }
    struct diagnostic *d = mem_zalloc(sizeof *d);
    d->env = env;
    d->post = post;
    d->held = held;
    events_hold(e, held);
    env_snapshot_unref(post->snapshot); /* it would keep its data set alive */
    post->snapshot = NULL;
    if (log_enabled(d->env->log, LOG_DEBUG)) {
        struct str url = {0};
        events_url_show(d->env, post->family, true, &url);
        log_line(d->env->log, LOG_DEBUG, "Received diagnostic event to be proxied to %s",
                 str_text(&url));
        str_free(&url);
    }
    list_append(&e->diagnostics.waiting, &d->node);
    e->diagnostics.waiting_bytes += held;
    diagnostics_start(e);
}

void events_diagnostics_abandon(struct events *e)
{
    LIST_EACH_SAFE (node, &e->diagnostics.waiting)
        diagnostic_free(CONTAINER_OF(node, struct diagnostic, node));
    e->diagnostics.waiting_bytes = 0;
    LIST_EACH (node, &e->diagnostics.flying)
        diagnostic_end(CONTAINER_OF(node, struct diagnostic, node));
}
