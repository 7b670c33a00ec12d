/* store/redis.c - the kind "redis": operations become tasks, tasks find their lane. See redis.h. */
#include "store/redis_private.h"

#include "base/mask.h"
#include "http/client_trust.h"

#include <string.h>

/* ---- tasks ----------------------------------------------------------------------------------- */

void redis_key(struct str *out, const char *prefix, enum redis_part part)
{
    const char *name = part == REDIS_PART_FLAGS      ? item_kind_store_name(ITEM_FLAG)
                       : part == REDIS_PART_SEGMENTS ? item_kind_store_name(ITEM_SEGMENT)
                                                     : "$inited";
    str_append_text(out, prefix);
    str_append_char(out, ':');
    str_append_text(out, name);
}

/* What the operation touches at all. */
static unsigned parts_of(const struct store_op *op)
{
    unsigned parts = 0;
    switch (op->type) {
    case STORE_OP_INIT:
        return REDIS_PART_ALL;
    case STORE_OP_READ:
        for (int kind = 0; kind < ITEM_KIND_COUNT; kind++)
            parts |= (op->kinds & (1u << kind)) != 0 ? redis_part_of((enum item_kind)kind) : 0u;
        return parts | (op->ask_marker ? REDIS_PART_MARKER : 0u);
    case STORE_OP_UPSERT:
        for (size_t i = 0; i < op->item_count; i++)
            parts |= redis_part_of(op->items[i]->kind);
        return parts;
    default:
        return REDIS_PART_MARKER;
    }
}

/* In a cluster whose prefix has no hash tag, each key lives where it likes. */
static bool one_place(const struct redis_backend *b, const char *prefix)
{
    struct str key = {0};
    unsigned slots[3];
    static const enum redis_part parts[] = {REDIS_PART_SEGMENTS, REDIS_PART_FLAGS,
                                            REDIS_PART_MARKER};
    if (b->mode != STORE_REDIS_CLUSTER)
        return true;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        str_clear(&key);
        redis_key(&key, prefix, parts[i]);
        slots[i] = redis_cluster_slot(str_view(&key));
    }
    str_free(&key);
    return slots[0] == slots[1] && slots[1] == slots[2];
}

static void task_finish(struct redis_task *t, bool ok)
{
    struct store_op *op = t->op;
    for (int kind = 0; kind < ITEM_KIND_COUNT; kind++)
        redis_reply_free(t->hashes[kind]);
    op->ok = ok;
    if (ok && t->backend->master_changed) {
        t->backend->master_changed = false;
        op->lost = true; /* replication is asynchronous: the new master may lack some writes */
    }
    mem_free(t);
    op->done(op);
}

void redis_task_failed(struct redis_task *t, const char *problem)
{
    error_set(&t->op->problem, "%s", problem);
    task_finish(t, false);
}

/* The lowest part that is left, or all of them at once. */
static void next_turn(struct redis_task *t)
{
    bool whole = !t->split && one_place(t->backend, t->op->prefix);
    unsigned turn = whole ? t->parts_left : t->parts_left & -t->parts_left;
    t->parts = turn;
    t->parts_left &= ~turn;
    t->asking = false;
    t->slice_begin = 0;
    t->redirects = 0;
    t->delays = 0;
    redis_task_dispatch(t);
}

void redis_task_split(struct redis_task *t)
{
    t->split = true;
    t->parts_left |= t->parts;
    next_turn(t);
}

void redis_task_turn_done(struct redis_task *t)
{
    if (t->parts_left != 0)
        next_turn(t);
    else if (t->op->type == STORE_OP_READ && t->op->read == NULL)
        redis_read_finish(t);
    else
        task_finish(t, true);
}

void redis_waiter_add(struct list *waiters, redis_placed *done, void *owner, unsigned slot)
{
    struct redis_waiter *w = mem_zalloc(sizeof *w);
    w->done = done;
    w->owner = owner;
    w->slot = slot;
    list_append(waiters, &w->link);
}

/* ---- lanes ----------------------------------------------------------------------------------- */

struct redis_link_settings redis_link_settings_of(const struct redis_backend *b)
{
    return (struct redis_link_settings){.host = b->address.host,
                                        .port = b->address.port,
                                        .unix_path = b->address.unix_path,
                                        .trust = b->trust,
                                        .username = b->address.username,
                                        .password = b->iam != NULL ? redis_iam_password(b->iam)
                                                                   : b->address.password,
                                        .database = b->address.database,
                                        .must_be_master = b->must_be_master,
                                        .connect_timeout_ms = b->connect_timeout_ms,
                                        .reply_timeout_ms = b->read_timeout_ms};
}

/* The pair of a server that nobody has anything to do with now; lane_count when there is none. */
static size_t lanes_unused(const struct redis_backend *b)
{
    size_t at = 0;
    while (at < b->lane_count &&
           !(redis_lane_is_idle(b->lanes[at]) && redis_lane_is_idle(b->lanes[at + 1])))
        at += 2;
    return at;
}

/* A pair of lanes to that server; host NULL: to the only one. Returns the first one's index. The
 * servers of a cluster come and go: with many lanes, one that leads nowhere is used again. */
static size_t lanes_add(struct redis_backend *b, const char *host, uint16_t port)
{
    size_t unused = b->lane_count >= 2 * REDIS_LANES ? lanes_unused(b) : b->lane_count;
    if (unused < b->lane_count) {
        redis_lane_lead_to(b->lanes[unused], host, port);
        redis_lane_lead_to(b->lanes[unused + 1], host, port);
        return unused;
    }
    size_t at = b->lane_count;
    b->lanes = mem_realloc(b->lanes, (at + 2) * sizeof(struct redis_lane *));
    b->lanes[at] = redis_lane_new(b, host, port, true);
    b->lanes[at + 1] = redis_lane_new(b, host, port, false);
    b->lane_count += 2;
    return at;
}

static bool lane_leads_to(const struct redis_lane *l, const char *host, uint16_t port)
{
    return host == NULL || (l->port == port && strcmp(l->host, host) == 0);
}

static struct redis_lane *lane_of(struct redis_backend *b, const char *host, uint16_t port,
                                  const struct store_op *op)
{
    bool writes = op->type == STORE_OP_INIT || op->type == STORE_OP_UPSERT;
    size_t at = 0;
    while (at < b->lane_count && !lane_leads_to(b->lanes[at], host, port))
        at += 2;
    if (at == b->lane_count)
        at = lanes_add(b, host, port);
    return b->lanes[at + (writes ? 0 : 1)];
}

void redis_task_redirect(struct redis_task *t, const char *host, uint16_t port)
{
    redis_lane_add(lane_of(t->backend, host, port, t->op), t);
}

static void task_on_located(void *owner, const char *host, uint16_t port, const char *problem)
{
    struct redis_task *t = owner;
    if (host == NULL)
        redis_task_failed(t, problem);
    else
        redis_task_redirect(t, host, port);
}

void redis_task_dispatch(struct redis_task *t)
{
    struct redis_backend *b = t->backend;
    if (b->mode != STORE_REDIS_CLUSTER) {
        redis_lane_add(lane_of(b, NULL, 0, t->op), t);
        return;
    }
    struct str key = {0};
    redis_key(&key, t->op->prefix, (enum redis_part)(t->parts & -t->parts));
    b->places->class->locate(b->places, str_view(&key), task_on_located, t);
    str_free(&key);
}

static struct redis_backend *redis_of(struct store_backend *base)
{
    return CONTAINER_OF(base, struct redis_backend, base);
}

static void task_on_credentials(struct aws_waiter *w, const char *problem)
{
    struct redis_task *t = CONTAINER_OF(w, struct redis_task, waiter);
    if (problem != NULL)
        redis_task_failed(t, problem);
    else
        next_turn(t);
}

static void redis_run(struct store_backend *base, struct store_op *op)
{
    struct redis_task *t = mem_zalloc(sizeof *t);
    list_init(&t->link);
    t->backend = redis_of(base);
    t->op = op;
    t->parts_left = parts_of(op);
    t->waiter.done = task_on_credentials;
    if (t->backend->iam == NULL || !redis_iam_wait(t->backend->iam, &t->waiter))
        next_turn(t);
}

static void redis_hurry(struct store_backend *base)
{
    struct redis_backend *b = redis_of(base);
    b->hurried = true;
    if (b->iam != NULL)
        redis_iam_hurry(b->iam);
    for (size_t i = 0; i < b->lane_count; i++)
        redis_lane_hurry(b->lanes[i]);
}

/* ---- opening and closing --------------------------------------------------------------------- */

static void backend_free(struct redis_backend *b)
{
    redis_address_free(&b->address);
    client_tls_trust_free(b->trust);
    mem_free(b->shown);
    mem_free(b->master);
    mem_free(b->lanes);
    mem_free(b);
}

/* The places go last: lanes ask them up to their end. Every handle ends in a later turn. */
static void backend_close_rest(struct redis_backend *b)
{
    if (b->open_handles == 1 && b->places != NULL) {
        struct redis_places *places = b->places;
        b->places = NULL;
        places->class->close(places);
        return;
    }
    if (b->open_handles != 0)
        return;
    void (*closed)(void *arg) = b->closed;
    void *arg = b->closed_arg;
    struct redis_iam *iam = b->iam;
    backend_free(b);
    redis_iam_close(iam, closed, arg);
}

void redis_handle_closed(struct redis_backend *b)
{
    b->open_handles--;
    if (b->closed != NULL)
        backend_close_rest(b);
}

static void redis_close(struct store_backend *base, void (*closed)(void *arg), void *arg)
{
    struct redis_backend *b = redis_of(base);
    b->closed = closed;
    b->closed_arg = arg;
    for (size_t i = 0; i < b->lane_count; i++)
        redis_lane_close(b->lanes[i]);
    backend_close_rest(b);
}

static const char *redis_server(const struct store_backend *base)
{
    return CONTAINER_OF(base, const struct redis_backend, base)->shown;
}

static void redis_opened(struct store_backend *base, const char *prefix)
{
    struct redis_backend *b = redis_of(base);
    if (b->mode != STORE_REDIS_CLUSTER)
        return;
    log_always(log_global(), LOG_INFO, "Using Redis Cluster; keys start with \"%s\"", prefix);
    if (!one_place(b, prefix) && !b->scattered) {
        b->scattered = true;
        log_always(
            log_global(), LOG_WARN,
            "Redis prefix \"%s\" has no hash tag: segments, flags and marker are written one "
            "after the other, so that readers may see new segments with old flags for some "
            "milliseconds; put a part of it in braces, or set clusterHashTag",
            prefix);
    }
}

static const struct store_backend_class redis_class = {.name = "redis",
                                                       .title = "Redis",
                                                       .embedded = false,
                                                       .monitored = true,
                                                       .run = redis_run,
                                                       .hurry = redis_hurry,
                                                       .close = redis_close,
                                                       .server = redis_server,
                                                       .opened = redis_opened};

static void replace_text(char **text, const char *by)
{
    if (by[0] == '\0')
        return;
    mem_free(*text);
    *text = mem_copy_text(by, strlen(by));
}

/* Options come before what the address says (data-store.md 3.1). */
static bool address_prepare(struct redis_backend *b, const struct store_redis_settings *s,
                            struct error *err)
{
    struct view address =
        s->mode == STORE_REDIS_SINGLE ? view_of(s->address) : view_of("redis://localhost");
    if (!redis_address_parse(address, &b->address, err))
        return false;
    replace_text(&b->address.username, s->username);
    replace_text(&b->address.password, s->password);
    if (s->database >= 0)
        b->address.database = s->database;
    b->address.tls = b->address.tls || s->tls;
    if (b->address.tls && b->address.unix_path != NULL) {
        error_set(err, "Redis over a Unix socket cannot use TLS");
        return false;
    }
    struct str shown = {0};
    mask_url(view_of(s->address), &shown);
    str_append_text(&shown, "");
    b->shown = str_take_text(&shown);
    return true;
}

static bool trust_prepare(struct redis_backend *b, const struct store_redis_settings *s,
                          struct error *err)
{
    if (!b->address.tls)
        return true;
    struct client_trust_settings tls = {.only_ca_file = s->ca_file[0] != '\0' ? s->ca_file : NULL,
                                        .certificate_file = s->certificate_file,
                                        .key_file = s->key_file,
                                        .subject = "Redis"};
    b->trust = client_tls_trust_open(&tls, err);
    return b->trust != NULL;
}

struct store_backend *store_redis_open(const struct store_redis_settings *settings, uv_loop_t *loop,
                                       const struct clock *clock, struct error *err)
{
    struct redis_backend *b = mem_zalloc(sizeof *b);
    b->base.class = &redis_class;
    b->loop = loop;
    b->random = settings->random;
    b->mode = settings->mode;
    b->must_be_master = settings->mode == STORE_REDIS_SENTINEL;
    b->atomic = settings->atomic_upsert;
    b->connect_timeout_ms = settings->connect_timeout_ms;
    b->read_timeout_ms = settings->read_timeout_ms;
    if (!address_prepare(b, settings, err) || !trust_prepare(b, settings, err))
        goto fail;
    if (settings->iam_cache != NULL &&
        (b->iam = redis_iam_open(settings, loop, clock, err)) == NULL)
        goto fail;
    if (b->mode == STORE_REDIS_SENTINEL)
        b->places = redis_sentinel_open(b, settings, err);
    else if (b->mode == STORE_REDIS_CLUSTER)
        b->places = redis_cluster_open(b, settings, err);
    if (b->mode != STORE_REDIS_SINGLE && b->places == NULL)
        goto fail;
    if (b->mode != STORE_REDIS_CLUSTER)
        lanes_add(b, NULL, 0);
    return &b->base;
fail:
    redis_iam_close(b->iam, NULL, NULL);
    backend_free(b);
    return NULL;
}
