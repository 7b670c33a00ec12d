/* See world.h. */
#include "world.h"

#include "lines.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#define GIVE_UP_MS 20000

static double half(struct random *r)
{
    (void)r;
    return 0.5;
}

static void on_deadline(uv_timer_t *timer)
{
    ((struct world *)timer->data)->late = true;
}

static const struct env_snapshot *environment(void *owner, unsigned slot)
{
    const struct world *w = owner;
    (void)slot;
    return w->snapshot;
}

static size_t environment_count(void *owner)
{
    (void)owner;
    return 4;
}

void world_keys(struct world *w, const char *sdk_key, const char *mobile_key)
{
    struct env_settings settings = {.name = "prod",
                                    .sdk_key = sdk_key,
                                    .mobile_key = mobile_key,
                                    .env_id = WORLD_ENV_ID,
                                    .filter_key = "",
                                    .prefix = "",
                                    .table = "",
                                    .log_level = LOG_DEBUG};
    struct env_state state = {.readiness = ENV_READY};
    struct env_facts *facts = env_facts_new(&settings, 0);
    env_snapshot_unref(w->snapshot);
    w->snapshot = env_snapshot_new(facts, 1, &state, NULL);
    env_facts_unref(facts);
}

void world_init(struct world *w, const struct fake_rule *rules)
{
    static const struct fake_rule good[] = {{.status = 202}, END};
    *w = (struct world){.random.unit = half};
    (void)signal(SIGPIPE, SIG_IGN);
    assert_int_equal(uv_loop_init(&w->loop), 0);
    (void)uv_timer_init(&w->loop, &w->deadline);
    w->deadline.data = w;
    (void)uv_timer_start(&w->deadline, on_deadline, GIVE_UP_MS, 0);
    uv_unref((uv_handle_t *)&w->deadline);
    fake_clock_init(&w->clock, 1000000, 1700000000000);
    fake_http_open(&w->upstream, &w->loop, rules != NULL && rules->status != 0 ? rules : good);
    mailbox_open(&w->mailbox, &w->loop);
    struct http_client_settings client = {.direct = true, .user_agent = "flagrelay/test"};
    struct error err;
    assert_true(http_client_open(&client, &w->loop, &w->clock.base, &w->client, &err));
    world_keys(w, WORLD_SDK_KEY, WORLD_MOBILE_KEY);
    static char uri[64];
    (void)snprintf(uri, sizeof uri, "http://127.0.0.1:%d//", (int)w->upstream.port);
    struct events_door_settings door = {.enabled = true, .max_queue_bytes = 64 << 20};
    events_door_init(&w->door, &door, &w->mailbox);
    w->settings = (struct events_settings){
        .clock = &w->clock.base,
        .random = &w->random,
        .loop = &w->loop,
        .client = w->client,
        .uri = uri,
        .flush_interval_ms = 5000,
        .capacity = 1000,
        .max_batch_bytes = 4 << 20,
        .max_in_flight = 4,
        .retry_max_age_ms = 300000,
        .dedupe_window_ms = 600000,
        .usage_capacity = 10000,
        .spool_dir = "",
    };
    log_capture(lines_append, &w->log);
    log_scope_set_level(log_global(), LOG_DEBUG);
}

void world_open(struct world *w)
{
    struct events_listener listener = {w, environment, environment_count};
    struct error err;
    if (!events_open(&w->settings, &listener, &w->door, &w->events, &err))
        fail_msg("%s", err.text);
}

static void on_closed(void *arg)
{
    struct world *w = arg;
    w->closed = true;
    w->events = NULL;
}

void world_start(struct world *w, const struct fake_rule *rules)
{
    world_init(w, rules);
    world_open(w);
}

void world_turn(struct world *w)
{
    (void)uv_run(&w->loop, UV_RUN_ONCE);
    if (w->late)
        fail_msg("it takes too long; the log:\n%s", str_text(&w->log));
}

void world_end(struct world *w, int64_t limit_ms)
{
    events_close(w->events, limit_ms, on_closed, w);
    while (!w->closed)
        world_turn(w);
    assert_int_equal(w->door.held_bytes, 0);
    assert_int_equal(w->door.pending_events, 0);
}

void world_close(struct world *w)
{
    if (w->events != NULL)
        world_end(w, 1);
    http_client_close(w->client);
    fake_http_close(&w->upstream);
    mailbox_close(&w->mailbox);
    uv_close((uv_handle_t *)&w->deadline, NULL);
    (void)uv_run(&w->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&w->loop), 0);
    env_snapshot_unref(w->snapshot);
    str_free(&w->log);
    log_capture(NULL, NULL);
}

/* ---- posts ----------------------------------------------------------------------------------- */

void world_post(struct world *w, const struct world_post *how, const char *body)
{
    struct event_post *post = mem_zalloc(sizeof *post);
    const char *tags = how->tags != NULL ? how->tags : "";
    struct error err;
    post->door = &w->door;
    post->slot = how->slot;
    post->snapshot = env_snapshot_ref(w->snapshot);
    post->family = how->family;
    post->path = how->path;
    post->schema = how->schema != 0 ? how->schema : 4;
    post->tags = mem_copy_text(tags, strlen(tags));
    if (how->payload_id != NULL)
        (void)snprintf(post->payload_id, sizeof post->payload_id, "%s", how->payload_id);
    post->safe = how->safe;
    post->owner = how->owner;
    post->body = buf_copy(view_of(body));
    if (!event_array_split(buf_view(post->body), &post->events, &err))
        fail_msg("%s: %s", body, err.text);
    events_take(w->events, post);
}

void world_bulk(struct world *w, const char *body)
{
    world_post(w, &(struct world_post){.family = EVENT_SERVER}, body);
}

char *world_numbers(int from, int count)
{
    struct str text = {0};
    for (int i = 0; i < count; i++)
        str_append_format(&text, "%c%d", i == 0 ? '[' : ',', from + i);
    str_append_char(&text, ']');
    return str_take_text(&text);
}

void world_diagnostic(struct world *w, enum event_family family, const char *const *headers,
                      const char *body)
{
    struct event_diagnostic *d = mem_zalloc(sizeof *d);
    d->door = &w->door;
    d->snapshot = env_snapshot_ref(w->snapshot);
    d->family = family;
    d->body = buf_copy(view_of(body));
    while (headers[2 * d->header_count] != NULL)
        d->header_count++;
    d->headers = mem_zalloc((d->header_count + 1) * sizeof *d->headers);
    for (size_t i = 0; i < d->header_count; i++) {
        d->headers[i].name = mem_copy_text(headers[2 * i], strlen(headers[2 * i]));
        d->headers[i].value = mem_copy_text(headers[2 * i + 1], strlen(headers[2 * i + 1]));
    }
    events_take_diagnostic(w->events, d);
}

/* ---- time ------------------------------------------------------------------------------------ */

void world_advance(struct world *w, int64_t ms)
{
    fake_clock_advance(&w->clock, ms);
    events_wake(w->events);
}

static bool is_busy(const struct world *w)
{
    const struct events *e = w->events;
    if (e->presses != 0)
        return true;
    for (size_t i = 0; i < e->env_count; i++) {
        for (size_t k = 0; e->envs[i] != NULL && k < EVENT_FAMILY_COUNT; k++) {
            const struct events_family *f = e->envs[i]->families[k];
            for (const struct list *n = f != NULL ? f->flying.next : NULL;
                 n != NULL && n != &f->flying; n = n->next)
                if (CONTAINER_OF(n, struct events_batch, node)->state == EVENTS_BATCH_FLYING)
                    return true;
        }
    }
    return false;
}

void world_settle(struct world *w)
{
    while (is_busy(w))
        world_turn(w);
}

void world_pass(struct world *w, int64_t ms)
{
    world_advance(w, ms);
    world_settle(w);
}

void world_requests(struct world *w, size_t count)
{
    while (w->upstream.request_count < count)
        world_turn(w);
}

void world_flush(struct world *w)
{
    events_flush(w->events);
    world_settle(w);
}

struct events_family *world_family(const struct world *w, enum event_family kind)
{
    return w->events->envs[0]->families[kind];
}

/* ---- what the upstream got ------------------------------------------------------------------- */

const char *world_body(const struct world *w, size_t i, struct str *out)
{
    assert_true(i < w->upstream.request_count);
    const struct str *body = &w->upstream.requests[i].body;
    z_stream z = {.next_in = (unsigned char *)body->data, .avail_in = (unsigned)body->len};
    int state = Z_OK;
    str_clear(out);
    str_append_text(out, "");
    assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
    while (state == Z_OK) {
        char part[4096];
        z.next_out = (unsigned char *)part;
        z.avail_out = sizeof part;
        state = inflate(&z, Z_NO_FLUSH);
        str_append(out, view_make(part, sizeof part - z.avail_out));
    }
    assert_int_equal(state, Z_STREAM_END);
    (void)inflateEnd(&z);
    return str_text(out);
}

const char *world_header(const struct world *w, size_t i, const char *name)
{
    static char value[4][256];
    static unsigned turn_of;
    assert_true(i < w->upstream.request_count);
    char *out = value[turn_of++ % 4];
    struct view rest = view_of(w->upstream.requests[i].head);
    out[0] = '\0';
    while (rest.len > 0) {
        struct view line = view_take_until(&rest, "\n");
        struct view field = view_take_until(&line, ":");
        rest = view_from(rest, 1);
        if (line.len == 0 || !view_equal_nocase(field, view_of(name)))
            continue;
        line = view_trim(view_from(line, 1));
        (void)snprintf(out, sizeof value[0], "%.*s", VIEW_ARGS(line));
    }
    return out;
}

int64_t world_dropped(const struct world *w)
{
    int64_t sum = 0;
    for (int i = 0; i < EVENT_DROP_COUNT; i++)
        sum += w->door.dropped[i];
    return sum;
}

size_t world_logged(const struct world *w, const char *text)
{
    return text_count(str_text(&w->log), text);
}
