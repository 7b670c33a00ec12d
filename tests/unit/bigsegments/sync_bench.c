/* See sync_bench.h. What the synchroniser needs of http/, of the store and of libuv's timers is
 * defined here, in place of the real things. */
#include "sync_bench.h"

#include <string.h>

#define MAX_EXCHANGES 8
#define MAX_TIMERS 16

struct sync_bench *sync_bench;

/* ---- timers ---------------------------------------------------------------------------------- */

static struct fake_timer {
    uv_timer_t *timer; /* NULL: free */
    uv_timer_cb cb;
    uint64_t ms;
} timers[MAX_TIMERS];

static struct fake_timer *timer_of(const uv_timer_t *timer)
{
    for (size_t i = 0; i < MAX_TIMERS; i++) {
        if (timers[i].timer == timer)
            return &timers[i];
    }
    return NULL;
}

int uv_timer_start(uv_timer_t *timer, uv_timer_cb cb, uint64_t ms, uint64_t repeat)
{
    struct fake_timer *t = timer_of(timer);
    assert_int_equal(repeat, 0);
    if (t == NULL)
        t = timer_of(NULL);
    assert_non_null(t);
    *t = (struct fake_timer){timer, cb, ms};
    return 0;
}

int uv_timer_stop(uv_timer_t *timer)
{
    struct fake_timer *t = timer_of(timer);
    if (t != NULL)
        *t = (struct fake_timer){0};
    return 0;
}

static bool fire(uint64_t least_ms, uint64_t most_ms)
{
    for (size_t i = 0; i < MAX_TIMERS; i++) {
        struct fake_timer t = timers[i];
        if (t.timer == NULL || uv_is_closing((uv_handle_t *)t.timer) || t.ms < least_ms ||
            t.ms > most_ms)
            continue;
        timers[i] = (struct fake_timer){0};
        fake_clock_advance(&sync_bench->clock, (int64_t)t.ms);
        t.cb(t.timer);
        return true;
    }
    return false;
}

/* Not that of a request: five minutes, but never while waiting. */
int64_t sync_wait_ms(struct sync_bench *b)
{
    (void)b;
    for (size_t i = 0; i < MAX_TIMERS; i++) {
        if (timers[i].timer != NULL && !uv_is_closing((uv_handle_t *)timers[i].timer))
            return (int64_t)timers[i].ms;
    }
    return -1;
}

void sync_pass(struct sync_bench *b)
{
    assert_true(fire(1, UINT64_MAX));
    sync_run(b);
}

void sync_pass_ms(struct sync_bench *b, int64_t ms)
{
    assert_true(fire((uint64_t)ms, (uint64_t)ms));
    while (fire((uint64_t)ms, (uint64_t)ms)) {
    }
    sync_run(b);
}

/* ---- upstream -------------------------------------------------------------------------------- */

struct http_exchange {
    bool used;
    bool stream;
    bool cancelled;
    bool paused;
    const struct http_exchange_listener *listener;
    void *owner;
};

static struct http_exchange exchanges[MAX_EXCHANGES];
static char authorization[64];
static const char *retry_after = "";

static void say(const char *format, ...) PRINTF_LIKE(1, 2);

static void say(const char *format, ...)
{
    va_list args;
    if (sync_bench->said.len != 0)
        str_append_char(&sync_bench->said, ' ');
    va_start(args, format);
    str_append_vformat(&sync_bench->said, format, args);
    va_end(args);
}

bool http_exchange_start(struct http_client *c, const struct http_exchange_request *req,
                         const struct http_exchange_listener *listener, void *owner,
                         struct http_exchange **out, struct error *err)
{
    static const char poll[] = "http://up/sdk/big-segments/revisions";
    (void)c, (void)err;
    size_t i = 0;
    while (i < MAX_EXCHANGES && exchanges[i].used)
        i++;
    assert_true(i < MAX_EXCHANGES);
    bool stream = view_is(req->url, "http://stream/big-segments");
    struct view query = view_from(req->url, sizeof poll - 1);
    if (stream)
        say("stream");
    else
        say("poll%s%.*s", query.len != 0 ? " " : "", VIEW_ARGS(view_from(query, 7)));
    assert_true(stream || view_starts(req->url, poll));
    assert_int_equal(req->header_count, stream ? 3 : 1);
    assert_int_equal(req->connect_timeout_ms, 3000);
    assert_int_equal(req->silence_timeout_ms, stream ? 300000 : 30000);
    assert_string_equal(req->headers[0].name, "Authorization");
    (void)snprintf(authorization, sizeof authorization, "%.*s", VIEW_ARGS(req->headers[0].value));
    exchanges[i] = (struct http_exchange){true, stream, false, false, listener, owner};
    *out = &exchanges[i];
    return true;
}

const char *sync_authorization(void)
{
    return authorization;
}

/* `on_end` comes from sync_run(). */
void http_exchange_cancel(struct http_exchange *x)
{
    if (!x->cancelled)
        say("cancelled");
    x->cancelled = true;
}

void http_exchange_pause(struct http_exchange *x)
{
    x->paused = true;
}

void http_exchange_resume(struct http_exchange *x)
{
    x->paused = false;
}

struct view http_head_value(const struct http_head *head, const char *name)
{
    (void)head;
    return view_of(strcmp(name, "retry-after") == 0 ? retry_after : "");
}

void sync_retry_after(const char *seconds)
{
    retry_after = seconds;
}

static struct http_exchange *exchange(bool stream)
{
    for (size_t i = 0; i < MAX_EXCHANGES; i++) {
        if (exchanges[i].used && exchanges[i].stream == stream && !exchanges[i].cancelled)
            return &exchanges[i];
    }
    fail_msg("no %s is under way; said: %s", stream ? "stream" : "poll",
             str_text(&sync_bench->said));
    return NULL;
}

static void exchange_end(struct http_exchange *x, bool complete, const char *message)
{
    struct http_exchange_result result = {complete, message};
    struct http_exchange ended = *x;
    *x = (struct http_exchange){0};
    ended.listener->on_end(ended.owner, &result);
}

static bool end_a_cancelled_one(void)
{
    for (size_t i = 0; i < MAX_EXCHANGES; i++) {
        if (exchanges[i].used && exchanges[i].cancelled) {
            exchange_end(&exchanges[i], false, "cancelled");
            return true;
        }
    }
    return false;
}

/* In two pieces. */
static void exchange_send(struct http_exchange *x, struct view bytes)
{
    size_t half = bytes.len / 2;
    x->listener->on_body(x->owner, view_make(bytes.data, half));
    if (x->used && !x->cancelled)
        x->listener->on_body(x->owner, view_from(bytes, half));
}

static void array_text(const char *patches, struct str *out)
{
    struct view rest = view_of(patches);
    bool first = true;
    str_append_char(out, '[');
    while (rest.len > 0) {
        struct view one = view_take_until(&rest, " ");
        rest = view_from(rest, 1);
        struct view previous = view_take_until(&one, ">");
        struct view version = view_from(one, 1);
        str_append_format(out,
                          "%s{\"segmentId\":\"vip.g1\",\"previousVersion\":\"%.*s\",\"version\":"
                          "\"%.*s\",\"changes\":{\"included\":{\"add\":[\"h\"]}}}",
                          first ? "" : ",", VIEW_ARGS(previous), VIEW_ARGS(version));
        first = false;
    }
    str_append_char(out, ']');
}

void sync_answer(struct sync_bench *b, int status, const char *body)
{
    struct http_exchange *x = exchange(false);
    x->listener->on_head(x->owner, status, NULL);
    if (x->used && !x->cancelled)
        exchange_send(x, view_of(body));
    if (x->used && !x->cancelled)
        exchange_end(x, true, "EOF");
    sync_run(b);
}

void sync_page(struct sync_bench *b, const char *patches)
{
    struct str body = {0};
    array_text(patches, &body);
    sync_answer(b, 200, str_text(&body));
    str_free(&body);
}

void sync_broken(struct sync_bench *b, const char *problem)
{
    exchange_end(exchange(false), false, problem);
    sync_run(b);
}

void sync_open(struct sync_bench *b)
{
    struct http_exchange *x = exchange(true);
    x->listener->on_head(x->owner, 200, NULL);
    sync_run(b);
}

void sync_refuse(struct sync_bench *b, int status)
{
    struct http_exchange *x = exchange(true);
    x->listener->on_head(x->owner, status, NULL);
    sync_run(b);
}

void sync_raw(struct sync_bench *b, const char *text)
{
    exchange_send(exchange(true), view_of(text));
    sync_run(b);
}

void sync_event(struct sync_bench *b, const char *patches)
{
    struct str event = {0};
    str_append_text(&event, "event: whatever\ndata: ");
    array_text(patches, &event);
    str_append_text(&event, "\n\n");
    sync_raw(b, str_text(&event));
    str_free(&event);
}

void sync_cut(struct sync_bench *b, const char *problem)
{
    exchange_end(exchange(true), strcmp(problem, "EOF") == 0, problem);
    sync_run(b);
}

bool sync_stream_paused(const struct sync_bench *b)
{
    (void)b;
    return exchange(true)->paused;
}

/* ---- the database ---------------------------------------------------------------------------- */

void membership_run(struct membership_store *store, struct membership_op *op)
{
    struct sync_env *e = (struct sync_env *)store;
    assert_null(e->pending);
    op->ok = false;
    op->mismatch = false;
    op->cursor = (struct str){0};
    e->pending = op;
}

static void carry_out(struct sync_env *e, struct membership_op *op)
{
    switch (op->type) {
    case MEMBERSHIP_OP_READ_CURSOR:
        str_append(&op->cursor, str_view(&e->cursor));
        break;
    case MEMBERSHIP_OP_APPLY:
        say("%sapply %s>%s", e->name, str_text(&op->patch->previous_version),
            str_text(&op->patch->version));
        op->mismatch = strcmp(str_text(&op->patch->previous_version), str_text(&e->cursor)) != 0;
        if (!op->mismatch)
            sync_cursor(e, str_text(&op->patch->version));
        break;
    case MEMBERSHIP_OP_WRITE_TIME:
        say("%stime", e->name);
        e->time_ms = op->time_ms;
        break;
    case MEMBERSHIP_OP_RESET_CURSOR:
        say("%sreset", e->name);
        sync_cursor(e, "");
        break;
    default:
        fail_msg("a synchroniser asks no questions");
    }
}

static bool answer_operation(struct sync_env *e)
{
    struct membership_op *op = e->pending;
    if (op == NULL || e->frozen)
        return false;
    e->pending = NULL;
    op->ok = e->failure == NULL;
    if (op->ok)
        carry_out(e, op);
    else
        error_set(&op->problem, "%s", e->failure);
    op->done(op);
    return true;
}

void sync_cursor(struct sync_env *e, const char *cursor)
{
    struct str next = {0};
    str_append_text(&next, cursor);
    str_free(&e->cursor);
    e->cursor = next;
}

/* ---- what it tells --------------------------------------------------------------------------- */

static void on_changed(void *owner, const struct view *keys, size_t count)
{
    struct sync_env *e = owner;
    struct str text = {0};
    for (size_t i = 0; i < count; i++)
        str_append_format(&text, "%s%.*s", i != 0 ? "," : "", VIEW_ARGS(keys[i]));
    say("%schanged %s", e->name, str_text(&text));
    str_free(&text);
    if (e->close_when_changed)
        synchronizer_close(e->s);
}

static void on_synchronized(void *owner, int64_t wall_ms)
{
    const struct sync_env *e = owner;
    assert_int_equal(wall_ms, e->time_ms);
    assert_int_equal(wall_ms, sync_bench->clock.wall_ms);
    say("%ssynchronized", e->name);
}

static void on_closed(void *owner)
{
    struct sync_env *e = owner;
    e->closed = true;
    say("%sclosed", e->name);
}

static void on_log(enum log_level level, struct view line, void *arg)
{
    static const char *const names[] = {"DEBUG", "INFO", "WARN", "ERROR", "NONE"};
    static const char prefix[] = "[env: ...test] BigSegmentSynchronizer: ";
    struct sync_bench *b = arg;
    const char *at = memmem(line.data, line.len, prefix, sizeof prefix - 1);
    assert_non_null(at);
    size_t start = (size_t)(at - line.data) + sizeof prefix - 1;
    str_append_format(&b->log, "%s: %.*s\n", names[level], VIEW_ARGS(view_from(line, start)));
}

unsigned sync_logged(const struct sync_bench *b, const char *text)
{
    unsigned count = 0;
    for (const char *at = strstr(str_text(&b->log), text); at != NULL; at = strstr(at + 1, text))
        count++;
    return count;
}

/* ---- life ------------------------------------------------------------------------------------ */

static double unit(struct random *r)
{
    (void)r;
    return sync_bench->chance;
}

void sync_run(struct sync_bench *b)
{
    bool more = true;
    while (more) {
        (void)uv_run(&b->loop, UV_RUN_NOWAIT); /* what was closed */
        more = end_a_cancelled_one() || answer_operation(&b->own) || answer_operation(&b->other) ||
               fire(0, 0) || uv_loop_alive(&b->loop) != 0;
    }
}

static void env_open(struct sync_bench *b, struct sync_env *e, const char *name)
{
    struct log_scope *log = log_scope_new("...test", "test", LOG_DEBUG);
    struct synchronizer_listener listener = {e, on_changed, on_synchronized, on_closed};
    struct synchronizer_settings settings = {.base_uri = "http://up/",
                                             .stream_uri = "http://stream/",
                                             .sdk_key = "sdk-1",
                                             .max_patch_bytes = 20000000,
                                             .shared = &b->shared,
                                             .store = (struct membership_store *)e,
                                             .loop = &b->loop,
                                             .clock = &b->clock.base,
                                             .log = log};
    e->name = name;
    e->s = synchronizer_open(&settings, &listener);
    log_scope_unref(log);
}

static void world_open(struct sync_bench *b)
{
    *b = (struct sync_bench){.chance = 0.5};
    memset(timers, 0, sizeof timers);
    memset(exchanges, 0, sizeof exchanges);
    retry_after = "";
    sync_bench = b;
    (void)uv_loop_init(&b->loop);
    fake_clock_init(&b->clock, 1000000, WALL_MS);
    b->random.unit = unit;
    shared_exchanges_init(&b->shared, NULL, &b->loop, &b->random);
    log_capture(on_log, b);
    log_set_clock(&b->clock.base);
}

void sync_begin(struct sync_bench *b)
{
    world_open(b);
    env_open(b, &b->own, "");
    sync_run(b);
}

void sync_begin_both(struct sync_bench *b)
{
    world_open(b);
    env_open(b, &b->own, "");
    env_open(b, &b->other, "other ");
    sync_run(b);
}

static void env_end(struct sync_bench *b, struct sync_env *e)
{
    e->frozen = false;
    if (e->s != NULL && !e->closed)
        synchronizer_close(e->s);
    sync_run(b);
    assert_true(e->s == NULL || e->closed);
    assert_null(e->pending);
    str_free(&e->cursor);
}

void sync_end(struct sync_bench *b)
{
    env_end(b, &b->own);
    env_end(b, &b->other);
    for (size_t i = 0; i < MAX_EXCHANGES; i++)
        assert_false(exchanges[i].used);
    assert_true(list_empty(&b->shared.requests));
    assert_int_equal(uv_loop_close(&b->loop), 0);
    log_capture(NULL, NULL);
    log_set_clock(NULL);
    str_free(&b->said);
    str_free(&b->log);
}

void sync_expect(struct sync_bench *b, const char *said)
{
    if (strcmp(str_text(&b->said), said) != 0)
        fail_msg("said: \"%s\"\nwanted: \"%s\"\n%s", str_text(&b->said), said, str_text(&b->log));
    str_clear(&b->said);
    str_append_text(&b->said, "");
}

void sync_connected(struct sync_bench *b)
{
    sync_begin(b);
    sync_page(b, "");
    sync_open(b);
    sync_page(b, "");
    sync_expect(b, "poll stream poll time synchronized");
    str_clear(&b->log);
}
