/* store/redis_sentinel.c - which server is the master now? (data-store.md 8.1)
 *
 *   locate() -> the sentinels in turn, the one that knew last time first -> host, port
 *
 * Asked each time a lane connects. One link also listens to +switch-master, so that a fail-over
 * that breaks no connection is noticed: then every lane connects anew.
 */
#include "store/redis_private.h"

#include <string.h>

#define SENTINEL_PORT 26379
#define SENTINEL_LISTEN_AGAIN_MS 5000

struct redis_sentinel {
    struct redis_places base;
    struct redis_backend *backend;
    char *master;
    char *username;
    char *password;
    struct redis_nodes nodes;
    size_t first; /* the node that knew last time */
    struct list waiters;

    struct redis_link *asking; /* NULL: nobody is being asked */
    size_t tried;
    bool answered; /* by the node that is being asked */
    char *host;    /* its answer; NULL: it knows none */
    uint16_t port;

    struct redis_link *listening;
    size_t listen_at;
    uv_timer_t listen_timer;
    bool closing;
};

static struct redis_sentinel *sentinel_of(struct redis_places *p)
{
    return CONTAINER_OF(p, struct redis_sentinel, base);
}

static struct redis_link_settings node_settings(const struct redis_sentinel *s, size_t index)
{
    const struct redis_node *node = &s->nodes.each[index % s->nodes.count];
    struct redis_link_settings settings = redis_link_settings_of(s->backend);
    settings.host = node->host;
    settings.port = node->port;
    settings.username = s->username;
    settings.password = s->password;
    settings.database = 0;
    settings.must_be_master = false;
    return settings;
}

/* ---- asking ---------------------------------------------------------------------------------- */

static void answer_waiters(struct redis_sentinel *s, const char *host, uint16_t port)
{
    struct error problem;
    error_set(&problem, s->closing ? "closed" : "no Redis Sentinel knows master \"%s\"", s->master);
    struct list waiting;
    list_init(&waiting);
    list_move_all(&s->waiters, &waiting);
    LIST_EACH_SAFE (node, &waiting) {
        struct redis_waiter *w = CONTAINER_OF(node, struct redis_waiter, link);
        list_remove(node);
        w->done(w->owner, host, port, host == NULL ? problem.text : NULL);
        mem_free(w);
    }
}

static void ask_on_ready(void *owner)
{
    struct redis_sentinel *s = owner;
    struct str out = {0};
    redis_command_short(&out, "SENTINEL", VIEW_LITERAL("get-master-addr-by-name"),
                        view_of(s->master), view_of(""));
    redis_link_send_take(s->asking, &out, 1);
}

static void ask_on_reply(void *owner, struct redis_reply *r)
{
    struct redis_sentinel *s = owner;
    int64_t port = 0;
    if (!s->answered && r->type == REDIS_LIST && r->count == 2) {
        if (redis_number_parse(r->elements[1]->text, UINT16_MAX + 1, &port) && port > 0)
            s->host = mem_copy_text(r->elements[0]->text.data, r->elements[0]->text.len);
        s->port = (uint16_t)port;
    }
    s->answered = true;
    redis_reply_free(r);
    redis_link_close(s->asking, "asked");
}

static void sentinel_on_room(void *owner)
{
    (void)owner; /* one small command */
}

static void ask_next(struct redis_sentinel *s);
static void sentinel_free_when_closed(struct redis_sentinel *s);

static void ask_on_end(void *owner, const char *problem)
{
    struct redis_sentinel *s = owner;
    char *host = s->host;
    (void)problem; /* the next one is asked */
    s->asking = NULL;
    s->host = NULL;
    if (host != NULL) {
        s->first = (s->first + s->tried) % s->nodes.count;
        answer_waiters(s, host, s->port);
    } else if (++s->tried < s->nodes.count && !s->closing) {
        ask_next(s);
    } else {
        answer_waiters(s, NULL, 0);
    }
    mem_free(host);
    sentinel_free_when_closed(s);
}

static const struct redis_link_listener ask_listener = {ask_on_ready, ask_on_reply,
                                                        sentinel_on_room, ask_on_end};

static void ask_next(struct redis_sentinel *s)
{
    struct redis_link_settings settings = node_settings(s, s->first + s->tried);
    s->answered = false;
    s->asking = redis_link_open(&settings, s->backend->loop, &ask_listener, s);
}

static void listen_begin(struct redis_sentinel *s);

static void sentinel_locate(struct redis_places *p, struct view key, redis_placed *done,
                            void *owner)
{
    struct redis_sentinel *s = sentinel_of(p);
    (void)key; /* one master for all */
    redis_waiter_add(&s->waiters, done, owner, 0);
    if (s->listening == NULL && !uv_is_active((uv_handle_t *)&s->listen_timer))
        listen_begin(s);
    if (s->asking != NULL)
        return;
    s->tried = 0;
    ask_next(s);
}

static void sentinel_forget(struct redis_places *p)
{
    (void)p; /* it is asked each time */
}

/* ---- listening ------------------------------------------------------------------------------- */

static void listen_on_ready(void *owner)
{
    struct redis_sentinel *s = owner;
    struct str out = {0};
    redis_command_short(&out, "SUBSCRIBE", VIEW_LITERAL("+switch-master"), view_of(""),
                        view_of(""));
    redis_link_send_take(s->listening, &out, 1);
}

/* "message", "+switch-master", "NAME old-host old-port new-host new-port" */
static void listen_on_reply(void *owner, struct redis_reply *r)
{
    struct redis_sentinel *s = owner;
    size_t len = strlen(s->master);
    if (r->type == REDIS_LIST && r->count == 3 && view_is(r->elements[0]->text, "message") &&
        view_starts(r->elements[2]->text, s->master) && r->elements[2]->text.len > len &&
        r->elements[2]->text.data[len] == ' ') {
        log_always(log_global(), LOG_WARN,
                   "Redis Sentinel has a new master for \"%s\"; connecting to it", s->master);
        for (size_t i = 0; i < s->backend->lane_count; i++)
            redis_lane_disconnect(s->backend->lanes[i], "Redis Sentinel has named a new master");
    }
    redis_reply_free(r);
}

static void listen_on_timer(uv_timer_t *timer)
{
    struct redis_sentinel *s = timer->data;
    if (!s->closing && s->listening == NULL)
        listen_begin(s);
}

static void listen_on_end(void *owner, const char *problem)
{
    struct redis_sentinel *s = owner;
    (void)problem; /* another sentinel is listened to */
    s->listening = NULL;
    s->listen_at++;
    if (!s->closing)
        (void)uv_timer_start(&s->listen_timer, listen_on_timer, SENTINEL_LISTEN_AGAIN_MS, 0);
    sentinel_free_when_closed(s);
}

static const struct redis_link_listener listen_listener = {listen_on_ready, listen_on_reply,
                                                           sentinel_on_room, listen_on_end};

static void listen_begin(struct redis_sentinel *s)
{
    struct redis_link_settings settings = node_settings(s, s->listen_at);
    s->listening = redis_link_open(&settings, s->backend->loop, &listen_listener, s);
}

/* ---- life ------------------------------------------------------------------------------------ */

static void timer_on_close(uv_handle_t *timer)
{
    struct redis_sentinel *s = timer->data;
    struct redis_backend *b = s->backend;
    redis_nodes_free(&s->nodes);
    mem_free(s->master);
    mem_free(s->username);
    mem_free(s->password);
    mem_free(s);
    redis_handle_closed(b);
}

static void sentinel_free_when_closed(struct redis_sentinel *s)
{
    if (s->closing && s->asking == NULL && s->listening == NULL &&
        !uv_is_closing((uv_handle_t *)&s->listen_timer))
        uv_close((uv_handle_t *)&s->listen_timer, timer_on_close);
}

static void sentinel_close(struct redis_places *p)
{
    struct redis_sentinel *s = sentinel_of(p);
    s->closing = true;
    if (s->asking != NULL)
        redis_link_close(s->asking, "closed");
    if (s->listening != NULL)
        redis_link_close(s->listening, "closed");
    sentinel_free_when_closed(s);
}

static const struct redis_places_class sentinel_class = {
    .locate = sentinel_locate, .forget = sentinel_forget, .close = sentinel_close};

struct redis_places *redis_sentinel_open(struct redis_backend *b,
                                         const struct store_redis_settings *settings,
                                         struct error *err)
{
    struct redis_nodes nodes;
    if (!redis_nodes_parse(settings->nodes, SENTINEL_PORT, &nodes, err))
        return NULL;
    struct redis_sentinel *s = mem_zalloc(sizeof *s);
    s->base.class = &sentinel_class;
    s->backend = b;
    s->nodes = nodes;
    s->master = mem_copy_text(settings->sentinel_master, strlen(settings->sentinel_master));
    s->username = mem_copy_text(settings->sentinel_username, strlen(settings->sentinel_username));
    s->password = mem_copy_text(settings->sentinel_password, strlen(settings->sentinel_password));
    list_init(&s->waiters);
    (void)uv_timer_init(b->loop, &s->listen_timer);
    s->listen_timer.data = s;
    b->open_handles++;
    return &s->base;
}
