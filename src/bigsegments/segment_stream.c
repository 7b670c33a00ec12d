/* bigsegments/segment_stream.c - see segment_stream.h. */
#include "bigsegments/segment_stream.h"

#include "source/retry.h"
#include "source/sse_reader.h"

#define CONNECT_TIMEOUT_MS 3000
#define TLS_TIMEOUT_MS 10000
#define HEAD_TIMEOUT_MS 30000
#define SILENCE_TIMEOUT_MS 300000

struct segment_stream {
    const struct segment_stream_listener *listener;
    void *owner;
    struct shared_exchange *exchange;
    struct sse_reader reader;
    struct applier applier;
    struct log_scope *log;
    bool opened;
    bool closing;
    bool ended;      /* the connection */
    bool told;       /* that all is over */
    uv_timer_t turn; /* a failure of the start comes from a later turn; its closing is the last
                        thing */
    struct error problem;
};

static void on_turn_closed(uv_handle_t *handle)
{
    struct segment_stream *s = CONTAINER_OF((uv_timer_t *)handle, struct segment_stream, turn);
    const struct segment_stream_listener *listener = s->listener;
    void *owner = s->owner;
    sse_reader_done(&s->reader);
    applier_free(&s->applier);
    mem_free(s);
    listener->closed(owner);
}

static void close_when_over(struct segment_stream *s)
{
    if (s->closing && s->exchange == NULL && !s->applier.busy &&
        !uv_is_closing((uv_handle_t *)&s->turn))
        uv_close((uv_handle_t *)&s->turn, on_turn_closed);
}

void segment_stream_close(struct segment_stream *s)
{
    s->closing = true;
    applier_stop(&s->applier);
    sse_reader_stop(&s->reader);
    if (s->exchange != NULL)
        shared_exchange_cancel(s->exchange);
    close_when_over(s);
}

static void tell_over(struct segment_stream *s)
{
    if (!s->ended || s->told || s->closing || s->applier.held)
        return;
    s->told = true;
    s->listener->over(s->owner, s->problem.text); /* synchronizer.c */
}

/* ---- the patches ----------------------------------------------------------------------------- */

static void on_array(void *owner, const struct applied *a)
{
    struct segment_stream *s = owner;
    applier_hold(&s->applier);
    s->listener->event(s->owner, a);
}

static void on_failed(void *owner, const char *problem)
{
    struct segment_stream *s = owner;
    s->listener->broken(s->owner, problem);
}

static void on_idle(void *owner)
{
    struct segment_stream *s = owner;
    close_when_over(s);
    tell_over(s);
}

static void on_room(void *owner, bool room)
{
    struct segment_stream *s = owner;
    if (s->exchange != NULL && room)
        shared_exchange_resume(s->exchange);
    else if (s->exchange != NULL)
        shared_exchange_pause(s->exchange);
}

static const struct applier_listener applier_listener = {
    .array = on_array, .failed = on_failed, .idle = on_idle, .room = on_room};

/* ---- events ---------------------------------------------------------------------------------- */

static void on_data(void *owner, struct view name, struct view piece)
{
    struct segment_stream *s = owner;
    (void)name; /* it does not matter */
    applier_feed(&s->applier, piece);
}

static void on_event(void *owner, struct view name, bool has_data)
{
    struct segment_stream *s = owner;
    (void)name;
    if (!has_data)
        return;
    log_line(s->log, LOG_DEBUG, "Received update(s) from stream");
    applier_array_end(&s->applier);
}

static void on_retry(void *owner, int64_t ms)
{
    (void)owner; /* delays are our own */
    (void)ms;
}

static const struct sse_reader_listener reader_listener = {
    .on_data = on_data, .on_event = on_event, .on_retry = on_retry};

/* ---- the connection -------------------------------------------------------------------------- */

static void on_head(void *owner, int status, const struct http_head *head)
{
    struct segment_stream *s = owner;
    if (s->closing)
        return;
    if (status == 200) {
        s->opened = true;
        s->listener->opened(s->owner);
        return;
    }
    int64_t wait_s = retry_after_parse(status, http_head_value(head, "retry-after"));
    error_set(&s->problem, "HTTP error %d", status);
    s->listener->failed(s->owner, status, wait_s, s->problem.text);
}

static void on_body(void *owner, struct view bytes)
{
    struct segment_stream *s = owner;
    if (!s->closing && !sse_reader_feed(&s->reader, bytes) && !s->closing)
        s->listener->broken(s->owner, "an event of the stream is too large");
}

static void on_end(void *owner, const struct http_exchange_result *result)
{
    struct segment_stream *s = owner;
    s->exchange = NULL;
    s->ended = true;
    error_set(&s->problem, "%s", result->message);
    if (s->closing)
        close_when_over(s);
    else if (!s->opened)
        s->listener->failed(s->owner, 0, 0, s->problem.text);
    else if (!s->applier.busy)
        tell_over(s);
}

static const struct http_exchange_listener exchange_listener = {
    .on_head = on_head, .on_body = on_body, .on_end = on_end};

static void on_turn(uv_timer_t *timer)
{
    struct segment_stream *s = CONTAINER_OF(timer, struct segment_stream, turn);
    if (!s->closing)
        s->listener->failed(s->owner, 0, 0, s->problem.text);
}

static void send_request(struct segment_stream *s, const struct upstream *upstream)
{
    struct str url = {0};
    str_append_format(&url, "%s/big-segments", upstream->stream_uri);
    log_line(s->log, LOG_DEBUG, "Making stream request to %s", str_text(&url));
    struct http_client_header headers[] = {
        {"Authorization", view_of(upstream->sdk_key)},
        {"Accept", VIEW_LITERAL("text/event-stream")},
        {"Cache-Control", VIEW_LITERAL("no-cache")},
    };
    struct http_exchange_request request = {.method = "GET",
                                            .url = str_view(&url),
                                            .headers = headers,
                                            .header_count = ARRAY_LEN(headers),
                                            .own_connection = true,
                                            .connect_timeout_ms = CONNECT_TIMEOUT_MS,
                                            .tls_timeout_ms = TLS_TIMEOUT_MS,
                                            .head_timeout_ms = HEAD_TIMEOUT_MS,
                                            .silence_timeout_ms = SILENCE_TIMEOUT_MS};
    if (!shared_exchange_start(upstream->shared, true, &request, &exchange_listener, s,
                               &s->exchange, &s->problem))
        (void)uv_timer_start(&s->turn, on_turn, 0, 0);
    str_free(&url);
}

struct segment_stream *segment_stream_open(const struct upstream *upstream,
                                           struct progress *progress,
                                           const struct segment_stream_listener *listener,
                                           void *owner)
{
    struct segment_stream *s = mem_zalloc(sizeof *s);
    s->listener = listener;
    s->owner = owner;
    s->log = progress->log;
    sse_reader_init(&s->reader, SSE_READER_MAX_EVENT, &reader_listener, s);
    applier_open(&s->applier, progress, upstream->max_patch_bytes, &applier_listener, s);
    applier_hold(&s->applier);
    (void)uv_timer_init(upstream->loop, &s->turn);
    send_request(s, upstream);
    return s;
}

void segment_stream_let_go(struct segment_stream *s)
{
    applier_let_go(&s->applier);
}

bool segment_stream_hold(struct segment_stream *s)
{
    if (s->applier.busy)
        return false;
    applier_hold(&s->applier);
    return true;
}

void segment_stream_admit(struct segment_stream *s)
{
    applier_admit(&s->applier);
}

void segment_stream_warn_of_mismatch(const struct segment_stream *s)
{
    applier_warn_of_mismatch(&s->applier);
}
