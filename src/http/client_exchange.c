/* http/client_exchange.c - one request and its answer, from http_exchange_start() to on_end.
 *
 *   WAITING -> CONNECTING -> HEAD -> BODY -> ENDED
 *      ^         (a link      |
 *      |      that is kept:   |
 *      |       left out)      |
 *      +----------------------+  a redirect, or a kept link that turns out to be dead
 *
 * The link has the deadlines of all phases; the timer here makes starts and ends come later.
 */
#include "http/client_body.h"
#include "http/client_head.h"
#include "http/client_link.h"
#include "http/client_private.h"
#include "http/client_request.h"

#define EXCHANGE_MAX_REDIRECTS 10
#define EXCHANGE_WRITE_BYTES ((size_t)64 << 10)

enum exchange_state {
    EXCHANGE_WAITING, /* for the next turn of the loop, in which it (re)starts */
    EXCHANGE_CONNECTING,
    EXCHANGE_HEAD,
    EXCHANGE_BODY,
    EXCHANGE_ENDED /* only on_end is still to come */
};

struct http_exchange {
    struct http_client *client;
    const struct http_exchange_listener *listener;
    void *owner;
    enum exchange_state state;
    struct client_request request;
    struct client_url url;
    char *first_host; /* Authorization stays within it */
    bool first_tls;
    bool own_connection;
    bool stays;
    unsigned redirects;

    struct client_link *link; /* from CONNECTING to BODY */
    bool reused;              /* an idle one: it may be dead */
    bool repeated;            /* the one before was dead */
    bool answered;            /* a byte of the answer has come */
    struct str text;          /* head of the request */
    size_t sent;              /* bytes of text and body that are on their way */

    struct http_head head;
    struct client_body body;
    struct error problem;
    bool complete;
    bool paused;

    uv_timer_t timer;
    int64_t connect_timeout_ms;
    int64_t tls_timeout_ms;
    int64_t head_timeout_ms;
    int64_t silence_timeout_ms;
};

static void exchange_on_close(uv_handle_t *handle)
{
    struct http_exchange *x = handle->data;
    struct http_exchange_result result = {.complete = x->complete, .message = x->problem.text};
    client_head_free(&x->head);
    client_body_free(&x->body);
    str_free(&x->text);
    client_request_free(&x->request);
    client_url_free(&x->url);
    mem_free(x->first_host);
    x->listener->on_end(x->owner, &result); /* source_stream_on_end() and others */
    mem_free(x);
}

static void exchange_link_drop(struct http_exchange *x)
{
    if (x->link != NULL)
        client_link_close(x->link);
    x->link = NULL;
}

/* The message is in x->problem. */
static void exchange_end(struct http_exchange *x, bool complete)
{
    if (x->state == EXCHANGE_ENDED)
        return;
    x->state = EXCHANGE_ENDED;
    x->complete = complete;
    client_body_stop(&x->body);
    exchange_link_drop(x);
    uv_close((uv_handle_t *)&x->timer, exchange_on_close);
}

static void exchange_fail(struct http_exchange *x, const char *problem)
{
    if (x->state != EXCHANGE_ENDED)
        error_set(&x->problem, "%s", problem);
    exchange_end(x, false);
}

static size_t exchange_body_len(const struct http_exchange *x)
{
    return x->request.body != NULL ? x->request.body->len : 0;
}

static bool exchange_all_sent(const struct http_exchange *x)
{
    return x->sent == x->text.len + exchange_body_len(x);
}

/* The answer is whole. */
static void exchange_complete(struct http_exchange *x)
{
    if (x->state == EXCHANGE_ENDED)
        return;
    bool keep = !x->own_connection && x->head.keeps && x->body.framing != CLIENT_BODY_UNTIL_CLOSE &&
                !x->body.extra && exchange_all_sent(x);
    if (keep && x->link != NULL) {
        client_link_pause_set(x->link, false);
        client_link_put(x->link);
        x->link = NULL;
    }
    error_set(&x->problem, "EOF");
    exchange_end(x, true);
}

/* ---- the request ---- */

static void exchange_on_timer(uv_timer_t *timer);

/* From the beginning, in a later turn. */
static void exchange_restart(struct http_exchange *x)
{
    exchange_link_drop(x);
    x->state = EXCHANGE_WAITING;
    (void)uv_timer_start(&x->timer, exchange_on_timer, 0, 0);
}

/* The next part of the request, one at a time: a slow link does not double a big body in memory. */
static void exchange_write_next(struct http_exchange *x)
{
    if (exchange_all_sent(x))
        return;
    struct str part = {0};
    struct view text = view_from(str_view(&x->text), x->sent);
    str_append(&part, text);
    if (x->request.body != NULL) {
        struct view body = view_from(buf_view(x->request.body), x->sent + text.len - x->text.len);
        if (body.len > EXCHANGE_WRITE_BYTES)
            body.len = EXCHANGE_WRITE_BYTES;
        str_append(&part, body);
    }
    x->sent += part.len;
    client_link_deadline_set(x->link, x->head_timeout_ms, "timeout while waiting for the answer");
    client_link_write_take(x->link, &part);
}

static void exchange_on_ready(void *owner)
{
    struct http_exchange *x = owner;
    const struct client_proxy *proxy = client_proxies_find(&x->client->proxies, &x->url);
    x->state = EXCHANGE_HEAD;
    x->answered = false;
    x->sent = 0;
    str_clear(&x->text);
    client_request_print(&x->request, &x->url, x->client->user_agent, x->url.tls ? NULL : proxy,
                         &x->text);
    exchange_write_next(x);
}

static void exchange_on_drained(void *owner)
{
    struct http_exchange *x = owner;
    if (x->state == EXCHANGE_HEAD)
        exchange_write_next(x);
}

/* ---- the answer ---- */

/* Prepares the next request; false when the answer is final. */
static bool exchange_redirect(struct http_exchange *x)
{
    int status = x->head.status;
    bool redirect =
        status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
    struct view location = http_head_value(&x->head, "location");
    struct client_url next;
    struct error ignored; /* an unusable location: the status itself is the answer */
    if (!redirect || x->stays || location.len == 0 || x->redirects == EXCHANGE_MAX_REDIRECTS ||
        !client_url_resolve(&x->url, location, &next, &ignored))
        return false;
    x->redirects++;
    x->repeated = false;
    client_url_free(&x->url);
    x->url = next;
    if (!client_url_host_within(next.host, x->first_host) || (x->first_tls && !next.tls)) {
        mem_free(x->request.authorization);
        x->request.authorization = NULL;
    }
    client_request_redirect(&x->request, status);
    exchange_restart(x);
    return true;
}

static void exchange_on_body(void *owner, struct view bytes)
{
    struct http_exchange *x = owner;
    x->listener->on_body(x->owner, bytes); /* source_stream_on_body() and others */
}

static void exchange_head_received(struct http_exchange *x)
{
    const struct http_head *h = &x->head;
    if (h->status < 200 && h->status != 101) {
        client_head_free(&x->head);
        return;
    }
    if (exchange_redirect(x))
        return;
    bool no_body = h->status == 204 || h->status == 304 || strcmp(x->request.method, "HEAD") == 0;
    enum client_body_framing framing = no_body                  ? CLIENT_BODY_LENGTH
                                       : h->chunked             ? CLIENT_BODY_CHUNKED
                                       : h->content_length >= 0 ? CLIENT_BODY_LENGTH
                                                                : CLIENT_BODY_UNTIL_CLOSE;
    int64_t length = no_body ? 0 : h->content_length;
    client_body_init(&x->body, framing, length, h->gzip && !no_body, exchange_on_body, x);
    x->state = EXCHANGE_BODY;
    x->listener->on_head(x->owner, h->status, h);
    if (x->state == EXCHANGE_BODY && framing == CLIENT_BODY_LENGTH && length == 0)
        exchange_complete(x);
}

/* The next byte of the body must come in time, unless nobody wants it now. */
static void exchange_silence_begin(struct http_exchange *x)
{
    client_link_deadline_set(x->link, x->paused ? 0 : x->silence_timeout_ms,
                             "Read timeout on stream");
}

static void exchange_body_received(struct http_exchange *x, struct view bytes)
{
    exchange_silence_begin(x);
    enum client_body_state state = client_body_feed(&x->body, bytes, &x->problem);
    if (state == CLIENT_BODY_WHOLE)
        exchange_complete(x);
    else if (state == CLIENT_BODY_BROKEN)
        exchange_end(x, false);
}

static void exchange_on_data(void *owner, struct view bytes)
{
    struct http_exchange *x = owner;
    x->answered = true;
    while (bytes.len > 0 && x->state == EXCHANGE_HEAD) {
        size_t used;
        enum client_head_state state = client_head_feed(&x->head, bytes, &used, &x->problem);
        bytes = view_from(bytes, used);
        if (state == CLIENT_HEAD_BROKEN)
            exchange_end(x, false);
        else if (state == CLIENT_HEAD_WHOLE)
            exchange_head_received(x);
    }
    if (bytes.len > 0 && x->state == EXCHANGE_BODY)
        exchange_body_received(x, bytes);
    else if (x->state == EXCHANGE_BODY)
        exchange_silence_begin(x);
}

static void exchange_on_link_end(void *owner, enum transport_cause cause, const char *problem)
{
    struct http_exchange *x = owner;
    bool in_body = x->state == EXCHANGE_BODY;
    bool dead = x->reused && !x->answered && !x->repeated &&
                (cause == TRANSPORT_EOF || cause == TRANSPORT_BROKEN);
    x->link = NULL;
    if (dead) {
        x->repeated = true;
        exchange_restart(x);
    } else if (in_body && cause == TRANSPORT_EOF) {
        if (client_body_eof(&x->body, &x->problem) == CLIENT_BODY_WHOLE)
            exchange_complete(x);
        else
            exchange_end(x, false);
    } else {
        exchange_fail(x, cause == TRANSPORT_EOF && x->answered ? "unexpected EOF" : problem);
    }
}

static const struct client_link_listener exchange_link_listener = {
    .on_ready = exchange_on_ready,
    .on_data = exchange_on_data,
    .on_drained = exchange_on_drained,
    .on_end = exchange_on_link_end,
};

/* ---- life ---- */

static void exchange_on_timer(uv_timer_t *timer)
{
    struct http_exchange *x = timer->data;
    struct client_link_request request = {
        .url = &x->url,
        .proxy = client_proxies_find(&x->client->proxies, &x->url),
        .connect_timeout_ms = x->connect_timeout_ms,
        .tls_timeout_ms = x->tls_timeout_ms,
        .fresh = x->own_connection || x->repeated,
    };
    client_head_free(&x->head);
    x->state = EXCHANGE_CONNECTING;
    x->link = client_link_get(x->client, &request, &exchange_link_listener, x, &x->reused);
    if (x->reused)
        exchange_on_ready(x);
}

bool http_exchange_start(struct http_client *c, const struct http_exchange_request *req,
                         const struct http_exchange_listener *listener, void *owner,
                         struct http_exchange **out, struct error *err)
{
    struct http_exchange *x = mem_zalloc(sizeof *x);
    if (!client_url_parse(req->url, &x->url, err) || !client_request_copy(req, &x->request, err)) {
        client_url_free(&x->url);
        mem_free(x);
        return false;
    }
    x->client = c;
    x->listener = listener;
    x->owner = owner;
    x->first_host = mem_copy_text(x->url.host, strlen(x->url.host));
    x->first_tls = x->url.tls;
    x->own_connection = req->own_connection;
    x->stays = req->stays;
    x->connect_timeout_ms = req->connect_timeout_ms;
    x->tls_timeout_ms = req->tls_timeout_ms;
    x->head_timeout_ms = req->head_timeout_ms;
    x->silence_timeout_ms = req->silence_timeout_ms;
    client_head_init(&x->head);
    (void)uv_timer_init(c->loop, &x->timer);
    x->timer.data = x;
    (void)uv_timer_start(&x->timer, exchange_on_timer, 0, 0);
    *out = x;
    return true;
}

void http_exchange_cancel(struct http_exchange *x)
{
    exchange_fail(x, "cancelled");
}

static void exchange_pause_set(struct http_exchange *x, bool pause)
{
    if (x->state != EXCHANGE_BODY || x->paused == pause)
        return;
    x->paused = pause;
    client_link_pause_set(x->link, pause);
    exchange_silence_begin(x);
}

void http_exchange_pause(struct http_exchange *x)
{
    exchange_pause_set(x, true);
}

void http_exchange_resume(struct http_exchange *x)
{
    exchange_pause_set(x, false);
}
