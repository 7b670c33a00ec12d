/* http/call.c - see call.h.
 *
 *   the exchange ends ---+--> the timer is closed --> done
 *   time is over, too much: the exchange is cancelled, and ends
 */
#include "http/call.h"

#include "base/str.h"

struct http_call {
    http_called *done; /* NULL: cancelled */
    void (*on_head)(void *owner, int status, const struct http_head *head);
    void *owner;
    struct http_exchange *exchange; /* NULL: not begun, or ended */
    uv_timer_t timer;
    size_t max_body;
    bool drops_body;
    int status;
    struct str body;
    bool complete;
    struct error problem; /* the first one counts */
    bool failed;
};

static void call_fail(struct http_call *c, const char *problem)
{
    if (!c->failed)
        error_set(&c->problem, "%s", problem);
    c->failed = true;
    if (c->exchange != NULL)
        http_exchange_cancel(c->exchange);
}

static void on_timer_closed(uv_handle_t *timer)
{
    struct http_call *c = timer->data;
    bool ok = c->complete && !c->failed;
    struct http_call_answer answer = {.ok = ok,
                                      .status = ok ? c->status : 0,
                                      .body = str_view(&c->body),
                                      .body_memory = &c->body,
                                      .problem = c->problem.text};
    if (c->done != NULL)
        c->done(c->owner, &answer);
    str_free(&c->body);
    mem_free(c);
}

static void on_head(void *owner, int status, const struct http_head *head)
{
    struct http_call *c = owner;
    c->status = status;
    if (c->on_head != NULL && c->done != NULL)
        c->on_head(c->owner, status, head);
}

static void on_body(void *owner, struct view bytes)
{
    struct http_call *c = owner;
    if (c->drops_body)
        return;
    if (c->body.len + bytes.len <= c->max_body)
        str_append(&c->body, bytes);
    else
        call_fail(c, "the answer is too long");
}

static void on_end(void *owner, const struct http_exchange_result *result)
{
    struct http_call *c = owner;
    c->exchange = NULL;
    c->complete = result->complete;
    if (!result->complete)
        call_fail(c, result->message);
    uv_close((uv_handle_t *)&c->timer, on_timer_closed);
}

/* Time is over, or the request could not even begin. */
static void on_timer(uv_timer_t *timer)
{
    struct http_call *c = timer->data;
    if (c->exchange != NULL)
        call_fail(c, "no answer in time");
    else
        uv_close((uv_handle_t *)&c->timer, on_timer_closed);
}

static const struct http_exchange_listener call_listener = {on_head, on_body, on_end};

static int64_t or_else(int64_t ms, int64_t otherwise)
{
    return ms > 0 ? ms : otherwise;
}

struct http_call *http_call_start(struct http_client *client, const struct http_call_request *req,
                                  uv_loop_t *loop, http_called *done, void *owner)
{
    struct http_call *c = mem_zalloc(sizeof *c);
    struct http_exchange_request exchange = req->exchange;
    exchange.connect_timeout_ms = or_else(exchange.connect_timeout_ms, req->timeout_ms);
    exchange.tls_timeout_ms = or_else(exchange.tls_timeout_ms, req->timeout_ms);
    exchange.head_timeout_ms = or_else(exchange.head_timeout_ms, req->timeout_ms);
    exchange.silence_timeout_ms = or_else(exchange.silence_timeout_ms, req->timeout_ms);
    c->done = done;
    c->owner = owner;
    c->on_head = req->on_head;
    c->max_body = req->max_body;
    c->drops_body = req->drops_body;
    (void)uv_timer_init(loop, &c->timer);
    c->timer.data = c;
    c->failed =
        !http_exchange_start(client, &exchange, &call_listener, c, &c->exchange, &c->problem);
    (void)uv_timer_start(&c->timer, on_timer, c->failed ? 0 : (uint64_t)req->timeout_ms, 0);
    return c;
}

void http_call_give_up(struct http_call *c, const char *problem)
{
    call_fail(c, problem);
}

void http_call_cancel(struct http_call *c)
{
    c->done = NULL;
    call_fail(c, "cancelled");
    if (c->exchange == NULL && !uv_is_closing((uv_handle_t *)&c->timer))
        uv_close((uv_handle_t *)&c->timer, on_timer_closed);
}
