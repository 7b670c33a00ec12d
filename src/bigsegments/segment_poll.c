/* bigsegments/segment_poll.c - see segment_poll.h. */
#include "bigsegments/segment_poll.h"

#include "base/percent.h"
#include "source/retry.h"

#include <string.h>

#define CONNECT_TIMEOUT_MS 3000
#define TLS_TIMEOUT_MS 10000
#define SILENCE_TIMEOUT_MS 30000
#define TOTAL_TIMEOUT_MS UINT64_C(300000)

struct segment_poll {
    const struct upstream *upstream;
    struct progress *progress;
    struct segment_poll_result result;
    void (*done)(void *owner, const struct segment_poll_result *r);
    void *owner;
    struct membership_op op; /* READ_CURSOR */
    struct str after;        /* the cursor at the start */
    struct shared_exchange *exchange;
    struct applier applier;
    bool reading_cursor;
    bool received; /* the whole answer */
    bool over;     /* the array, or the poll because it failed */
    uv_timer_t limit;
    uint64_t since_ms; /* when it was asked */
};

static void on_limit_closed(uv_handle_t *handle)
{
    struct segment_poll *p = CONTAINER_OF((uv_timer_t *)handle, struct segment_poll, limit);
    struct segment_poll_result result = p->result;
    void (*done)(void *owner, const struct segment_poll_result *r) = p->done;
    void *owner = p->owner;
    applier_free(&p->applier);
    str_free(&p->after);
    mem_free(p);
    done(owner, &result); /* synchronizer.c */
}

static void finish_when_over(struct segment_poll *p)
{
    if (!p->over || p->exchange != NULL || p->reading_cursor || p->applier.busy ||
        uv_is_closing((uv_handle_t *)&p->limit))
        return;
    uv_close((uv_handle_t *)&p->limit, on_limit_closed);
}

static void fail(struct segment_poll *p, const char *problem)
{
    if (!p->over) {
        p->result.ok = false;
        error_set(&p->result.problem, "%s", problem);
    }
    p->over = true;
    applier_stop(&p->applier);
    if (p->exchange != NULL)
        shared_exchange_cancel(p->exchange);
    finish_when_over(p);
}

void segment_poll_cancel(struct segment_poll *p)
{
    fail(p, "cancelled");
}

/* ---- the limit ------------------------------------------------------------------------------- */

/* What a database takes does not count, whichever of those who share the answer it is. */
static void on_limit(uv_timer_t *timer)
{
    struct segment_poll *p = CONTAINER_OF(timer, struct segment_poll, limit);
    uint64_t limit_ms = TOTAL_TIMEOUT_MS + shared_exchange_paused_ms(p->exchange);
    uint64_t passed_ms = uv_now(p->upstream->loop) - p->since_ms;
    if (passed_ms < limit_ms)
        (void)uv_timer_start(&p->limit, on_limit, limit_ms - passed_ms, 0);
    else
        fail(p, "the answer took more than 5 minutes");
}

/* ---- the patches ----------------------------------------------------------------------------- */

static void on_array(void *owner, const struct applied *a)
{
    struct segment_poll *p = owner;
    p->result.ok = true;
    p->result.applied = *a;
    p->result.moved = strcmp(str_text(&p->after), str_text(&p->progress->cursor)) != 0;
    p->over = true;
    if (a->any && a->applied == 0 && !a->foreign)
        p->result.useless = true;
    if (a->mismatched && !a->foreign)
        applier_warn_of_mismatch(&p->applier);
}

static void on_failed(void *owner, const char *problem)
{
    struct segment_poll *p = owner;
    fail(p, problem);
}

static void on_idle(void *owner)
{
    struct segment_poll *p = owner;
    if (p->received && !p->over)
        fail(p, "unexpected end of data");
    finish_when_over(p);
}

static void on_room(void *owner, bool room)
{
    struct segment_poll *p = owner;
    if (p->exchange == NULL)
        return;
    if (room)
        shared_exchange_resume(p->exchange);
    else
        shared_exchange_pause(p->exchange);
}

static const struct applier_listener applier_listener = {
    .array = on_array, .failed = on_failed, .idle = on_idle, .room = on_room};

/* ---- the request ----------------------------------------------------------------------------- */

static void on_head(void *owner, int status, const struct http_head *head)
{
    struct segment_poll *p = owner;
    struct error problem;
    if (status == 200 || p->over)
        return;
    p->result.status = status;
    p->result.retry_after_s = retry_after_parse(status, http_head_value(head, "retry-after"));
    error_set(&problem, "HTTP error %d", status);
    fail(p, problem.text);
}

static void on_body(void *owner, struct view bytes)
{
    struct segment_poll *p = owner;
    if (!p->over)
        applier_feed(&p->applier, bytes);
}

static void on_end(void *owner, const struct http_exchange_result *result)
{
    struct segment_poll *p = owner;
    p->exchange = NULL;
    (void)uv_timer_stop(&p->limit);
    p->received = result->complete;
    if (p->over)
        finish_when_over(p);
    else if (result->complete)
        applier_array_end(&p->applier);
    else
        fail(p, result->message);
}

static const struct http_exchange_listener exchange_listener = {
    .on_head = on_head, .on_body = on_body, .on_end = on_end};

static void print_url(const struct segment_poll *p, struct str *out)
{
    str_append_text(out, p->upstream->base_uri);
    str_append_text(out, "/sdk/big-segments/revisions");
    if (!p->result.with_cursor)
        return;
    str_append_text(out, "?after=");
    percent_encode_form(str_view(&p->progress->cursor), out);
}

static void request(struct segment_poll *p)
{
    struct str url = {0};
    struct error err;
    p->result.with_cursor = p->progress->cursor.len != 0;
    p->since_ms = uv_now(p->upstream->loop);
    print_url(p, &url);
    log_line(p->progress->log, LOG_DEBUG, "Polling %s", str_text(&url));
    struct http_client_header headers[] = {{"Authorization", view_of(p->upstream->sdk_key)}};
    struct http_exchange_request request = {.method = "GET",
                                            .url = str_view(&url),
                                            .headers = headers,
                                            .header_count = ARRAY_LEN(headers),
                                            .connect_timeout_ms = CONNECT_TIMEOUT_MS,
                                            .tls_timeout_ms = TLS_TIMEOUT_MS,
                                            .head_timeout_ms = SILENCE_TIMEOUT_MS,
                                            .silence_timeout_ms = SILENCE_TIMEOUT_MS};
    if (shared_exchange_start(p->upstream->shared, false, &request, &exchange_listener, p,
                              &p->exchange, &err))
        (void)uv_timer_start(&p->limit, on_limit, TOTAL_TIMEOUT_MS, 0);
    else
        fail(p, err.text);
    str_free(&url);
}

static void on_cursor(struct membership_op *op)
{
    struct segment_poll *p = CONTAINER_OF(op, struct segment_poll, op);
    p->reading_cursor = false;
    if (p->over) {
        finish_when_over(p);
    } else if (!op->ok) {
        fail(p, op->problem.text);
    } else {
        str_clear(&p->progress->cursor);
        str_append(&p->progress->cursor, str_view(&op->cursor));
        str_append(&p->after, str_view(&op->cursor));
        request(p);
    }
    str_free(&op->cursor);
}

struct segment_poll *segment_poll_start(const struct upstream *upstream, struct progress *progress,
                                        void (*done)(void *owner,
                                                     const struct segment_poll_result *r),
                                        void *owner)
{
    struct segment_poll *p = mem_zalloc(sizeof *p);
    p->upstream = upstream;
    p->progress = progress;
    p->done = done;
    p->owner = owner;
    applier_open(&p->applier, progress, upstream->max_patch_bytes, &applier_listener, p);
    (void)uv_timer_init(upstream->loop, &p->limit);
    log_line(progress->log, LOG_DEBUG, "Polling for big segment updates");
    p->reading_cursor = true;
    p->op = (struct membership_op){.type = MEMBERSHIP_OP_READ_CURSOR, .done = on_cursor};
    membership_run(progress->store, &p->op);
    return p;
}
