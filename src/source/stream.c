/* source/stream.c - keeps one connection to /all open, for as long as the environment lives.
 *
 *   WAITING --timer--> CONNECTING --200--> OPEN        on failure: stream_failed(), stream_drop()
 *      ^                   |                |
 *      +---- on_end -------+---- DROPPING --+          one exchange, one timer, never both
 *
 * A byte's way: http_exchange -> stream_on_body() -> stream_decoder -> sink, which is env/.
 */
#include "source/stream.h"

#include "base/percent.h"
#include "source/retry.h"
#include "source/source_private.h"
#include "source/stream_decoder.h"

#include <stdio.h>

#define STREAM_CONNECT_TIMEOUT_MS 3000
#define STREAM_TLS_TIMEOUT_MS 10000
#define STREAM_HEAD_TIMEOUT_MS 30000
#define STREAM_SILENCE_TIMEOUT_MS 300000
#define STREAM_NAME_SHOWN 100 /* characters of an unknown event's name in the log */

enum stream_phase {
    STREAM_WAITING,    /* for the timer */
    STREAM_CONNECTING, /* no answer yet */
    STREAM_OPEN,       /* status 200 */
    STREAM_DROPPING,   /* for the end of an exchange that is given up */
    STREAM_OFF         /* the URL is unusable: nothing will ever happen */
};

struct source_stream {
    struct source base;
    struct http_client *client;
    const struct clock *clock;
    struct random *random;
    struct log_scope *log;
    enum stream_phase phase;
    uv_timer_t timer;
    struct http_exchange *exchange; /* NULL in WAITING and OFF */
    struct stream_decoder *decoder;
    struct retry retry;
    double wait_s; /* until the next attempt */
    bool ever_tried;
    bool ever_connected; /* some attempt was answered with 200 */
    int64_t head_timeout_ms;
    int64_t silence_timeout_ms;
    struct str url;
    char *sdk_key;
    char instance_id[37];
};

static struct source_stream *stream_of(struct source *s)
{
    return CONTAINER_OF(s, struct source_stream, base);
}

static void stream_on_timer_closed(uv_handle_t *handle)
{
    struct source_stream *s = handle->data;
    struct source_sink sink = s->base.sink;
    stream_decoder_free(s->decoder);
    log_scope_unref(s->log);
    str_free(&s->url);
    mem_free(s->sdk_key);
    mem_free(s);
    sink.closed(sink.owner); /* env_source_closed() */
}

/* No exchange is left: the timer is the last thing that knows the source. */
static void stream_finish(struct source_stream *s)
{
    if (!uv_is_closing((uv_handle_t *)&s->timer))
        uv_close((uv_handle_t *)&s->timer, stream_on_timer_closed);
}

static void stream_connect(struct source_stream *s);

static void stream_on_timer(uv_timer_t *timer)
{
    stream_connect(timer->data);
}

static void stream_wait(struct source_stream *s)
{
    s->phase = STREAM_WAITING;
    uv_timer_start(&s->timer, stream_on_timer, (uint64_t)(s->wait_s * 1000), 0);
}

/* Gives the connection up; the next attempt is made s->wait_s after its end. */
static void stream_drop(struct source_stream *s)
{
    stream_decoder_stop(s->decoder);
    if (s->phase == STREAM_DROPPING || s->exchange == NULL)
        return;
    s->phase = STREAM_DROPPING;
    http_exchange_cancel(s->exchange);
}

/* How long to wait now, and the log line about it. `problem` is NULL when nobody failed. */
static void stream_plan_retry(struct source_stream *s, enum retry_reason reason,
                              int64_t retry_after_s, const char *problem)
{
    s->wait_s = retry_failed(&s->retry, clock_now_ms(s->clock), reason, retry_after_s, s->random);
    if (s->ever_connected || problem == NULL)
        log_line(s->log, LOG_INFO, "Reconnecting in %.4f secs", s->wait_s);
    else
        log_line(s->log, LOG_INFO, "Connection failed (%s), retrying in %.4f secs", problem,
                 s->wait_s);
}

/* The sink may close the source. */
static void stream_tell_failure(struct source_stream *s, enum source_error_kind kind, int status,
                                bool recoverable, const char *message)
{
    struct source_failure failure = {
        .kind = kind, .status_code = status, .recoverable = recoverable, .message = message};
    s->base.sink.failed(s->base.sink.owner, &failure); /* env_source_failed() */
}

static void stream_failed_network(struct source_stream *s, const char *message)
{
    log_line(s->log, LOG_WARN, "Error in stream connection (will retry): %s", message);
    stream_plan_retry(s, RETRY_TRANSIENT, 0, message);
    stream_tell_failure(s, SOURCE_ERROR_NETWORK, 0, true, message);
}

static void stream_failed_status(struct source_stream *s, int status, int64_t retry_after_s)
{
    bool recoverable = retry_status_recoverable(status);
    bool key = status == 401 || status == 403;
    char text[64];
    (void)snprintf(text, sizeof text, "HTTP error %d%s", status, key ? " (invalid SDK key)" : "");
    if (recoverable)
        log_line(s->log, LOG_WARN, "Error in stream connection (will retry): %s", text);
    else
        log_line(s->log, LOG_ERROR, "Error in stream connection (giving up permanently): %s", text);
    stream_plan_retry(s, recoverable ? RETRY_TRANSIENT : RETRY_FINAL, retry_after_s, text);
    stream_tell_failure(s, SOURCE_ERROR_RESPONSE, status, recoverable, text);
}

static void stream_check_type(struct source_stream *s, struct view content_type)
{
    static const char expected[] = "text/event-stream";
    struct view type = content_type;
    if (type.len > sizeof expected - 1)
        type.len = sizeof expected - 1;
    if (!view_equal_nocase(type, view_of(expected)))
        log_line(s->log, LOG_WARN,
                 "Unexpected content type \"%.*s\" of the stream; expected \"%s\"",
                 VIEW_ARGS(content_type), expected);
}

static void stream_on_head(void *owner, int status, const struct http_head *head)
{
    struct source_stream *s = owner;
    if (s->phase != STREAM_CONNECTING)
        return;
    if (status == 200) {
        s->phase = STREAM_OPEN;
        s->ever_connected = true;
        stream_check_type(s, http_head_value(head, "content-type"));
        return;
    }
    int64_t wait_s = retry_after_parse(status, http_head_value(head, "retry-after"));
    stream_drop(s);
    stream_failed_status(s, status, wait_s);
}

static void stream_on_body(void *owner, struct view bytes)
{
    struct source_stream *s = owner;
    if (s->phase == STREAM_OPEN)
        stream_decoder_feed(s->decoder, bytes);
}

static void stream_on_end(void *owner, const struct http_exchange_result *result)
{
    struct source_stream *s = owner;
    bool dropped = s->phase == STREAM_DROPPING;
    bool in_event = s->phase == STREAM_OPEN && stream_decoder_in_event(s->decoder);
    s->exchange = NULL;
    s->phase = STREAM_WAITING;
    if (!dropped && !s->base.closing)
        stream_failed_network(s, result->complete && in_event ? "unexpected EOF" : result->message);
    if (s->base.closing)
        stream_finish(s);
    else
        stream_wait(s);
}

static const struct http_exchange_listener stream_exchange_listener = {
    .on_head = stream_on_head, .on_body = stream_on_body, .on_end = stream_on_end};

static void stream_connect(struct source_stream *s)
{
    if (!s->ever_tried)
        log_always(s->log, LOG_INFO, "Connecting to LaunchDarkly stream");
    s->ever_tried = true;
    stream_decoder_reset(s->decoder);
    struct view last_id = stream_decoder_last_id(s->decoder);
    struct http_client_header headers[] = {
        {"Accept", VIEW_LITERAL("text/event-stream")},
        {"Authorization", view_of(s->sdk_key)},
        {"Cache-Control", VIEW_LITERAL("no-cache")},
        {"X-LaunchDarkly-Instance-Id", view_of(s->instance_id)},
        {"Last-Event-ID", last_id},
    };
    struct http_exchange_request request = {
        .method = "GET",
        .url = str_view(&s->url),
        .headers = headers,
        .header_count = ARRAY_LEN(headers) - (last_id.len == 0),
        .own_connection = true, /* a kept one may be dead, and its repetition would be too early */
        .connect_timeout_ms = STREAM_CONNECT_TIMEOUT_MS,
        .tls_timeout_ms = STREAM_TLS_TIMEOUT_MS,
        .head_timeout_ms = s->head_timeout_ms,
        .silence_timeout_ms = s->silence_timeout_ms,
    };
    struct error err;
    s->phase = STREAM_CONNECTING;
    if (http_exchange_start(s->client, &request, &stream_exchange_listener, s, &s->exchange, &err))
        return;
    s->phase = STREAM_OFF;
    log_line(s->log, LOG_ERROR, "Error in stream connection (giving up permanently): %s", err.text);
    stream_tell_failure(s, SOURCE_ERROR_UNKNOWN, 0, false, err.text);
}

static void stream_on_put(void *owner, struct dataset *data)
{
    struct source_stream *s = owner;
    retry_good(&s->retry, clock_now_ms(s->clock));
    s->base.sink.put(s->base.sink.owner, data); /* env_put_apply(), env/put.c */
}

static void stream_on_patch(void *owner, struct item *it)
{
    struct source_stream *s = owner;
    retry_good(&s->retry, clock_now_ms(s->clock));
    log_line(s->log, LOG_DEBUG, "Received %s \"%.*s\" version %lld from the stream",
             item_kind_stream_name(it->kind), VIEW_ARGS(it->key), (long long)it->version);
    s->base.sink.patch(s->base.sink.owner, it); /* env_patch_apply(), env/patch.c */
}

static void stream_on_ignored(void *owner)
{
    struct source_stream *s = owner;
    retry_good(&s->retry, clock_now_ms(s->clock));
    s->base.sink.alive(s->base.sink.owner);
}

static void stream_on_unexpected(void *owner, struct view name)
{
    struct source_stream *s = owner;
    int shown = name.len < STREAM_NAME_SHOWN ? (int)name.len : STREAM_NAME_SHOWN;
    log_line(s->log, LOG_INFO, "Unexpected event found in stream: %.*s", shown,
             name.len > 0 ? name.data : "");
    stream_on_ignored(owner);
}

static void stream_on_malformed(void *owner, struct view name, const char *problem)
{
    struct source_stream *s = owner;
    int shown = name.len < STREAM_NAME_SHOWN ? (int)name.len : STREAM_NAME_SHOWN;
    log_line(s->log, LOG_ERROR,
             "Received streaming \"%.*s\" event with malformed JSON data (%s); will restart stream",
             shown, name.len > 0 ? name.data : "", problem);
    stream_drop(s);
    stream_plan_retry(s, RETRY_TRANSIENT, 0, NULL);
    stream_tell_failure(s, SOURCE_ERROR_INVALID_DATA, 0, true, problem);
}

static void stream_on_retry(void *owner, int64_t ms)
{
    struct source_stream *s = owner;
    retry_set_base(&s->retry, ms);
}

static const struct stream_decoder_listener stream_listener = {
    .put = stream_on_put,
    .patch = stream_on_patch,
    .ignored = stream_on_ignored,
    .unexpected = stream_on_unexpected,
    .malformed = stream_on_malformed,
    .retry = stream_on_retry,
};

static void stream_close(struct source *base)
{
    struct source_stream *s = stream_of(base);
    stream_drop(s);
    if (s->exchange == NULL)
        stream_finish(s);
}

/* A connection that is being given up, or not yet tried again, needs no restart. */
static void stream_restart(struct source *base)
{
    struct source_stream *s = stream_of(base);
    if (s->phase != STREAM_CONNECTING && s->phase != STREAM_OPEN)
        return;
    stream_drop(s);
    stream_plan_retry(s, RETRY_TRANSIENT, 0, NULL);
}

static const struct source_kind stream_kind = {.close = stream_close, .restart = stream_restart};

/* <uri without trailing slashes>/all[?filter=<form-encoded key>] */
static void stream_url_print(const struct source_stream_settings *settings, struct str *out)
{
    struct view uri = view_of(settings->stream_uri);
    while (uri.len > 0 && uri.data[uri.len - 1] == '/')
        uri.len--;
    str_append(out, uri);
    str_append_text(out, "/all");
    if (settings->filter_key[0] == 0)
        return;
    str_append_text(out, "?filter=");
    percent_encode_form(view_of(settings->filter_key), out);
}

struct source *source_stream_open(const struct source_stream_settings *settings,
                                  struct http_client *client, uv_loop_t *loop,
                                  const struct clock *clock, struct random *random,
                                  struct log_scope *log, const struct source_sink *sink)
{
    struct source_stream *s = mem_zalloc(sizeof *s);
    s->base.kind = &stream_kind;
    s->base.sink = *sink;
    s->client = client;
    s->clock = clock;
    s->random = random;
    s->log = log_scope_ref(log);
    s->sdk_key = mem_copy_text(settings->sdk_key, strlen(settings->sdk_key));
    s->head_timeout_ms =
        settings->head_timeout_ms > 0 ? settings->head_timeout_ms : STREAM_HEAD_TIMEOUT_MS;
    s->silence_timeout_ms =
        settings->silence_timeout_ms > 0 ? settings->silence_timeout_ms : STREAM_SILENCE_TIMEOUT_MS;
    s->decoder = stream_decoder_new(SSE_READER_MAX_EVENT, &stream_listener, s);
    retry_init(&s->retry);
    random_uuid(s->instance_id);
    stream_url_print(settings, &s->url);
    uv_timer_init(loop, &s->timer);
    s->timer.data = s;
    log_always(s->log, LOG_INFO, "Starting LaunchDarkly streaming connection");
    stream_wait(s);
    return &s->base;
}
