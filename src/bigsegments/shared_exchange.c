/* bigsegments/shared_exchange.c - see shared_exchange.h.
 *
 *   start -> alike? -> joins ---------.-> on_head, on_body ... -> end: the last turn of each taker
 *              '-----> http_exchange -'            cancel --------'
 *
 * The exchange itself is cancelled with its last taker, who waits for its end. A taker stays in the
 * list until its last turn, so that whatever a callback leads to, the list can be gone through.
 */
#include "bigsegments/shared_exchange.h"

#include "base/mem.h"

struct shared_request {
    struct list link; /* of all; alone when nobody may join any more */
    struct list takers;
    struct str key;             /* URL and headers */
    struct http_exchange *http; /* NULL: over */
    bool stream;
    bool has_head;
    bool paused;
    uint64_t paused_since_ms;
    uint64_t paused_ms; /* before that */
    struct place {      /* in a stream */
        bool in_event;  /* there were lines, not only comments, since the last empty one */
        bool in_line;
        bool after_return; /* a line feed belongs to the carriage return before it */
    } place;
};

enum taker_state {
    TAKER_STARTING,  /* has joined a stream that is open; not told yet */
    TAKER_WAITING,   /* for the end of an event */
    TAKER_TAKING,    /* everything that comes */
    TAKER_CANCELLED, /* the last one: waits for the end of the exchange */
    TAKER_ENDING     /* on_end comes */
};

struct shared_exchange {
    struct list link;
    struct shared_request *request;
    const struct http_exchange_listener *listener;
    void *owner;
    enum taker_state state;
    bool paused;
    uv_timer_t turn; /* who joins a stream is told in a later turn; its closing is the last thing */
    bool complete;   /* the end */
    struct error message;
};

static struct shared_exchange *taker(const struct list *node)
{
    return CONTAINER_OF(node, struct shared_exchange, link);
}

static double unit(struct random *r)
{
    struct shared_exchanges *all = CONTAINER_OF(r, struct shared_exchanges, random);
    uint64_t now_ms = uv_now(all->loop);
    if (all->drawn < 0 || now_ms != all->drawn_ms)
        all->drawn = all->source->unit(all->source);
    all->drawn_ms = now_ms;
    return all->drawn;
}

void shared_exchanges_init(struct shared_exchanges *all, struct http_client *client,
                           uv_loop_t *loop, struct random *random)
{
    list_init(&all->requests);
    all->client = client;
    all->loop = loop;
    all->source = random;
    all->random.unit = unit;
    all->drawn = -1;
}

/* ---- the end --------------------------------------------------------------------------------- */

static void request_free(struct shared_request *r)
{
    list_remove(&r->link);
    str_free(&r->key);
    mem_free(r);
}

static void on_turn_closed(uv_handle_t *handle)
{
    struct shared_exchange *x = CONTAINER_OF((uv_timer_t *)handle, struct shared_exchange, turn);
    struct shared_request *r = x->request;
    struct http_exchange_result result = {x->complete, x->message.text};
    list_remove(&x->link);
    if (list_empty(&r->takers))
        request_free(r);
    x->listener->on_end(x->owner, &result); /* segment_poll.c, segment_stream.c */
    mem_free(x);
}

static void taker_end(struct shared_exchange *x, bool complete, const char *message)
{
    x->state = TAKER_ENDING;
    x->complete = complete;
    error_set(&x->message, "%s", message);
    uv_close((uv_handle_t *)&x->turn, on_turn_closed);
}

static void on_end(void *owner, const struct http_exchange_result *result)
{
    struct shared_request *r = owner;
    r->http = NULL;
    list_remove(&r->link);
    LIST_EACH (node, &r->takers) {
        if (taker(node)->state != TAKER_ENDING)
            taker_end(taker(node), result->complete, result->message);
    }
}

/* ---- pauses ---------------------------------------------------------------------------------- */

static void pause_or_resume(const struct shared_exchange *changed)
{
    struct shared_request *r = changed->request;
    bool paused = false;
    LIST_EACH (node, &r->takers)
        paused = paused || (taker(node)->paused && taker(node)->state == TAKER_TAKING);
    if (r->http == NULL || paused == r->paused)
        return;
    r->paused_ms = shared_exchange_paused_ms(changed);
    r->paused_since_ms = uv_now(changed->turn.loop);
    r->paused = paused;
    if (paused)
        http_exchange_pause(r->http);
    else
        http_exchange_resume(r->http);
}

uint64_t shared_exchange_paused_ms(const struct shared_exchange *x)
{
    const struct shared_request *r = x->request;
    return r->paused_ms + (r->paused ? uv_now(x->turn.loop) - r->paused_since_ms : 0);
}

void shared_exchange_pause(struct shared_exchange *x)
{
    x->paused = true;
    pause_or_resume(x);
}

void shared_exchange_resume(struct shared_exchange *x)
{
    x->paused = false;
    pause_or_resume(x);
}

static bool is_wanted(const struct shared_request *r)
{
    LIST_EACH (node, &r->takers) {
        if (taker(node)->state <= TAKER_TAKING)
            return true;
    }
    return false;
}

void shared_exchange_cancel(struct shared_exchange *x)
{
    struct shared_request *r = x->request;
    if (x->state > TAKER_TAKING)
        return;
    x->state = TAKER_CANCELLED;
    if (is_wanted(r)) {
        pause_or_resume(x);
        taker_end(x, false, "cancelled");
        return;
    }
    list_remove(&r->link);
    http_exchange_cancel(r->http);
}

/* ---- what comes ------------------------------------------------------------------------------ */

static void on_head(void *owner, int status, const struct http_head *head)
{
    struct shared_request *r = owner;
    r->has_head = true;
    if (!r->stream || status != 200)
        list_remove(&r->link);
    LIST_EACH (node, &r->takers) {
        struct shared_exchange *x = taker(node);
        if (x->state == TAKER_TAKING)
            x->listener->on_head(x->owner, status, head);
    }
}

static bool is_between_events(const struct place *p)
{
    return !p->in_event && !p->in_line;
}

/* Lines end with CR, LF or both, events with an empty line. */
static void pass(struct place *p, char c)
{
    bool is_second = c == '\n' && p->after_return;
    bool is_line_end = c == '\n' || c == '\r';
    p->after_return = c == '\r';
    if (is_second)
        return;
    if (!p->in_line && is_line_end)
        p->in_event = false;
    else if (!p->in_line && c != ':')
        p->in_event = true;
    p->in_line = !is_line_end;
}

/* What follows the first place between two events. False: there is none. */
static bool pass_all(struct place *p, struct view bytes, struct view *rest)
{
    bool found = false;
    for (size_t i = 0; i < bytes.len; i++) {
        pass(p, bytes.data[i]);
        if (!found && is_between_events(p)) {
            found = true;
            *rest = view_from(bytes, i + 1);
        }
    }
    return found;
}

static void begin(struct shared_exchange *x)
{
    x->state = TAKER_TAKING;
    x->listener->on_head(x->owner, 200, NULL);
}

static void on_body(void *owner, struct view bytes)
{
    struct shared_request *r = owner;
    struct view rest = {0};
    bool may_begin = r->stream && pass_all(&r->place, bytes, &rest);
    LIST_EACH (node, &r->takers) {
        struct shared_exchange *x = taker(node);
        struct view his = bytes;
        if (x->state == TAKER_WAITING && may_begin) {
            his = rest;
            begin(x);
        }
        if (x->state == TAKER_TAKING && his.len != 0)
            x->listener->on_body(x->owner, his);
    }
}

static const struct http_exchange_listener http_listener = {
    .on_head = on_head, .on_body = on_body, .on_end = on_end};

static void on_turn(uv_timer_t *timer)
{
    struct shared_exchange *x = CONTAINER_OF(timer, struct shared_exchange, turn);
    x->state = TAKER_WAITING;
    if (is_between_events(&x->request->place))
        begin(x);
}

/* ---- the start ------------------------------------------------------------------------------- */

static void print_key(const struct http_exchange_request *req, struct str *out)
{
    str_append(out, req->url);
    for (size_t i = 0; i < req->header_count; i++) {
        str_append_char(out, '\n');
        str_append_text(out, req->headers[i].name);
        str_append_char(out, ' ');
        str_append(out, req->headers[i].value);
    }
}

static struct shared_request *find(const struct shared_exchanges *all, struct view key)
{
    LIST_EACH (node, &all->requests) {
        struct shared_request *r = CONTAINER_OF(node, struct shared_request, link);
        if (view_equal(str_view(&r->key), key))
            return r;
    }
    return NULL;
}

static struct shared_request *request_start(struct shared_exchanges *all, bool stream,
                                            const struct http_exchange_request *req,
                                            struct error *err)
{
    struct shared_request *r = mem_zalloc(sizeof *r);
    list_init(&r->link);
    list_init(&r->takers);
    r->stream = stream;
    if (!http_exchange_start(all->client, req, &http_listener, r, &r->http, err)) {
        request_free(r);
        return NULL;
    }
    print_key(req, &r->key);
    list_append(&all->requests, &r->link);
    return r;
}

bool shared_exchange_start(struct shared_exchanges *all, bool stream,
                           const struct http_exchange_request *req,
                           const struct http_exchange_listener *listener, void *owner,
                           struct shared_exchange **out, struct error *err)
{
    struct str key = {0};
    print_key(req, &key);
    struct shared_request *r = find(all, str_view(&key));
    str_free(&key);
    if (r == NULL)
        r = request_start(all, stream, req, err);
    if (r == NULL)
        return false;
    struct shared_exchange *x = mem_zalloc(sizeof *x);
    x->request = r;
    x->listener = listener;
    x->owner = owner;
    x->state = r->has_head ? TAKER_STARTING : TAKER_TAKING;
    (void)uv_timer_init(all->loop, &x->turn);
    if (r->has_head)
        (void)uv_timer_start(&x->turn, on_turn, 0, 0);
    list_append(&r->takers, &x->link);
    *out = x;
    return true;
}
