/* store/consul.c - the kind "consul": operations become tasks, tasks ask one thing after the other.
 * See consul.h.
 *
 *   consul_run() -> begin() -> consul_ask() -> answered() -> consul_ask() ... -> consul_succeed()
 *                                                 '--------> consul_fail()          -> op->done()
 */
#include "store/consul_private.h"

#include "base/mask.h"
#include "http/client_trust.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#define USER_AGENT "flagrelay/" FLAGRELAY_VERSION " LDRelay/8.10.1"
#define MAX_DROPPED 1000 /* items whose size was reported */

/* ---- keys ------------------------------------------------------------------------------------ */

void consul_folder_append(struct str *out, const char *prefix, enum item_kind kind)
{
    str_append_text(out, prefix);
    str_append_char(out, '/');
    str_append_text(out, item_kind_store_name(kind));
    str_append_char(out, '/');
}

void consul_marker_append(struct str *out, const char *prefix)
{
    str_append_text(out, prefix);
    str_append_text(out, "/$inited");
}

void consul_item_append(struct str *out, const char *prefix, const struct item *it)
{
    consul_folder_append(out, prefix, it->kind);
    str_append(out, it->key);
}

/* ---- items that cannot be stored ------------------------------------------------------------- */

bool consul_keeps(const struct store_backend *base, const char *prefix, const struct item *it)
{
    (void)base;
    (void)prefix;
    return it->text->len <= CONSUL_MAX_VALUE && consul_key_allowed(it->key);
}

static void dropped_free(struct view path, void *version, void *arg)
{
    (void)path;
    (void)arg;
    mem_free(version);
}

static void dropped_forget(struct consul_backend *b)
{
    map_each(&b->dropped, dropped_free, NULL);
    map_free(&b->dropped);
}

/* Was this version reported before? It is now. */
static bool dropped_note(struct consul_task *t, const struct item *it)
{
    struct consul_backend *b = t->backend;
    struct str path = {0};
    consul_item_append(&path, t->op->prefix, it);
    int64_t *last = map_get(&b->dropped, str_view(&path));
    bool known = last != NULL && *last == it->version;
    if (last == NULL) {
        if (b->dropped.count >= MAX_DROPPED)
            dropped_forget(b);
        last = mem_zalloc(sizeof *last);
        (void)map_set(&b->dropped, str_view(&path), last);
    }
    *last = it->version;
    str_free(&path);
    return known;
}

bool consul_keeps_or_logs(struct consul_task *t, const struct item *it)
{
    if (consul_keeps(&t->backend->base, t->op->prefix, it))
        return true;
    bool large = it->text->len > CONSUL_MAX_VALUE;
    if (!dropped_note(t, it))
        log_always(t->op->log, LOG_ERROR,
                   large
                       ? "ConsulDataStore: The item \"%.*s\" in \"%s\" was too large to store in "
                         "Consul and was dropped"
                       : "ConsulDataStore: The item \"%.*s\" in \"%s\" has a key that Consul does "
                         "not take and was dropped",
                   VIEW_ARGS(it->key), item_kind_store_name(it->kind));
    return false;
}

/* ---- tasks ----------------------------------------------------------------------------------- */

static const struct consul_script *const scripts[STORE_OP_TYPE_COUNT] = {
    [STORE_OP_INIT] = &consul_script_init,  [STORE_OP_UPSERT] = &consul_script_upsert,
    [STORE_OP_READ] = &consul_script_read,  [STORE_OP_PROBE] = &consul_script_look,
    [STORE_OP_CHECK] = &consul_script_look,
};

static struct consul_backend *consul_of(struct store_backend *base)
{
    return CONTAINER_OF(base, struct consul_backend, base);
}

static void consul_run(struct store_backend *base, struct store_op *op)
{
    struct consul_backend *b = consul_of(base);
    bool bulk = op->type == STORE_OP_UPSERT && op->item_count > CONSUL_BULK_ITEMS;
    const struct consul_script *script = bulk ? &consul_script_bulk : scripts[op->type];
    struct consul_task *t = mem_zalloc(script->size);
    t->backend = b;
    t->script = script;
    t->op = op;
    t->doing = "";
    (void)uv_timer_init(b->loop, &t->timer);
    t->timer.data = t;
    list_append(&b->tasks, &t->link);
    script->begin(t);
}

static void task_on_closed(uv_handle_t *timer)
{
    struct consul_task *t = timer->data;
    struct store_op *op = t->op;
    if (t->script->release != NULL)
        t->script->release(t);
    list_remove(&t->link);
    mem_free(t);
    op->done(op); /* store_op_finished() */
}

static void task_end(struct consul_task *t, bool ok)
{
    t->op->ok = ok;
    uv_close((uv_handle_t *)&t->timer, task_on_closed);
}

void consul_succeed(struct consul_task *t)
{
    task_end(t, true);
}

/* The text without our token, should a server have put it there. */
static void without_token(const struct consul_backend *b, const char *text, struct str *out)
{
    const char *token = b->access.token;
    size_t len = strlen(token);
    for (const char *at; len > 0 && (at = strstr(text, token)) != NULL; text = at + len) {
        str_append(out, view_make(text, (size_t)(at - text)));
        str_append_text(out, "xxxxx");
    }
    str_append_text(out, text);
}

void consul_fail(struct consul_task *t, const char *problem)
{
    struct str text = {0};
    without_token(t->backend, problem, &text);
    error_set(&t->op->problem, "%s%s", t->doing, str_text(&text));
    str_free(&text);
    task_end(t, false);
}

static void task_on_timer(uv_timer_t *timer)
{
    struct consul_task *t = timer->data;
    t->paused(t);
}

void consul_pause(struct consul_task *t, int64_t ms, void (*paused)(struct consul_task *t))
{
    t->paused = paused;
    (void)uv_timer_start(&t->timer, task_on_timer, (uint64_t)ms, 0);
}

/* ---- opening and closing --------------------------------------------------------------------- */

static void consul_hurry(struct store_backend *base)
{
    struct consul_backend *b = consul_of(base);
    b->hurried = true;
    LIST_EACH (link, &b->tasks) {
        struct consul_task *t = CONTAINER_OF(link, struct consul_task, link);
        if (t->call != NULL)
            http_call_give_up(t->call, "the relay is stopping");
    }
}

static void backend_free(struct consul_backend *b)
{
    dropped_forget(b);
    consul_address_free(&b->address);
    consul_access_free(&b->access);
    mem_free(b->shown);
    mem_free(b);
}

static void on_closed(uv_handle_t *end)
{
    struct consul_backend *b = end->data;
    void (*closed)(void *arg) = b->closed;
    void *arg = b->closed_arg;
    backend_free(b);
    closed(arg);
}

static void consul_close(struct store_backend *base, void (*closed)(void *arg), void *arg)
{
    struct consul_backend *b = consul_of(base);
    assert(list_empty(&b->tasks) && "a database is closed after its stores");
    b->closed = closed;
    b->closed_arg = arg;
    http_client_close(b->client);
    uv_close((uv_handle_t *)&b->end, on_closed);
}

static const char *consul_server(const struct store_backend *base)
{
    return CONTAINER_OF(base, const struct consul_backend, base)->shown;
}

static const struct store_backend_class consul_class = {.name = "consul",
                                                        .title = "Consul",
                                                        .embedded = false,
                                                        .monitored = true,
                                                        .run = consul_run,
                                                        .keeps = consul_keeps,
                                                        .hurry = consul_hurry,
                                                        .close = consul_close,
                                                        .server = consul_server};

static bool client_open(struct consul_backend *b, const struct store_consul_settings *settings,
                        const struct clock *clock, struct error *err)
{
    struct client_trust_settings trust;
    struct http_client_settings client = {.user_agent = USER_AGENT};
    if (b->address.tls && !consul_access_trust(settings, &trust, err))
        return false;
    client.trust = b->address.tls ? &trust : NULL;
    client.unix_path = b->address.unix_path;
    client.direct = b->address.unix_path != NULL;
    return http_client_open(&client, b->loop, clock, &b->client, err);
}

struct store_backend *store_consul_open(const struct store_consul_settings *settings,
                                        uv_loop_t *loop, const struct clock *clock,
                                        struct error *err)
{
    struct consul_backend *b = mem_zalloc(sizeof *b);
    struct str shown = {0};
    b->base.class = &consul_class;
    b->loop = loop;
    b->random = settings->random;
    b->timeout_ms = settings->timeout_ms;
    list_init(&b->tasks);
    mask_url(view_of(settings->host), &shown);
    str_append_text(&shown, "");
    b->shown = str_take_text(&shown);
    bool tls = consul_access_wants_tls(settings);
    if (!consul_address_parse(view_of(settings->host), tls, &b->address, err) ||
        !consul_access_open(settings, &b->access, err) || !client_open(b, settings, clock, err)) {
        backend_free(b);
        return NULL;
    }
    (void)uv_timer_init(loop, &b->end);
    b->end.data = b;
    log_always(log_global(), LOG_INFO, "ConsulDataStore: Using Consul server at %s", b->shown);
    return &b->base;
}
