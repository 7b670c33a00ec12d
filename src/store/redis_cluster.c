/* store/redis_cluster.c - which server has the slot of a key? (data-store.md 8.2)
 *
 *   locate(key) -> slot -> the map says: host, port
 *                     '--> no map, or it is stale: CLUSTER SLOTS of the seeds and masters in turn
 *   moved(slot)  -> the map has it; what else has moved will be heard in the same way
 */
#include "store/redis_private.h"

#include <string.h>

struct cluster_range {
    unsigned first;
    unsigned last;
    struct redis_node master;
};

struct redis_cluster {
    struct redis_places base;
    struct redis_backend *backend;
    struct redis_nodes seeds;
    struct cluster_range *ranges;
    size_t range_count;
    bool stale; /* the map is to be asked for before it is used again */
    struct list waiters;
    struct redis_link *asking; /* NULL: nobody is being asked */
    size_t tried;
    size_t first;         /* the seed that is asked first: the one that answered last time */
    char *asked;          /* host of the server that is being asked: the meaning of an empty host */
    bool fresh;           /* it gave a map */
    struct error refusal; /* or it gave a failure */
    bool closing;
    uv_timer_t end; /* its closing is the cluster's */
};

/* ---- slots ----------------------------------------------------------------------------------- */

/* CRC-16, polynomial 0x1021, start 0 (XMODEM). */
static unsigned crc16(struct view text)
{
    unsigned crc = 0;
    for (size_t i = 0; i < text.len; i++) {
        crc ^= (unsigned)(unsigned char)text.data[i] << 8;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc & 0x8000u) != 0 ? ((crc << 1) ^ 0x1021u) & 0xffffu : (crc << 1) & 0xffffu;
    }
    return crc;
}

unsigned redis_cluster_slot(struct view key)
{
    const char *open = memchr(key.data, '{', key.len);
    if (open != NULL) {
        size_t rest = key.len - (size_t)(open + 1 - key.data);
        const char *close = memchr(open + 1, '}', rest);
        if (close != NULL && close != open + 1)
            return crc16(view_make(open + 1, (size_t)(close - open - 1))) % REDIS_CLUSTER_SLOTS;
    }
    return crc16(key) % REDIS_CLUSTER_SLOTS;
}

/* ---- the map --------------------------------------------------------------------------------- */

static void map_free(struct redis_cluster *c)
{
    for (size_t i = 0; i < c->range_count; i++)
        mem_free(c->ranges[i].master.host);
    mem_free(c->ranges);
    c->ranges = NULL;
    c->range_count = 0;
}

/* [first, last, [host, port, ...], replicas...] */
static void range_add(struct redis_cluster *c, const struct redis_reply *r)
{
    if (r->type != REDIS_LIST || r->count < 3 || r->elements[2]->count < 2)
        return;
    const struct redis_reply *master = r->elements[2];
    struct view host = master->elements[0]->text;
    int64_t port = master->elements[1]->number;
    if (host.len == 0)
        host = view_of(c->asked);
    if (port < 1 || port > UINT16_MAX)
        return;
    struct cluster_range range = {.first = (unsigned)r->elements[0]->number,
                                  .last = (unsigned)r->elements[1]->number,
                                  .master = {mem_copy_text(host.data, host.len), (uint16_t)port}};
    c->ranges = mem_realloc(c->ranges, (c->range_count + 1) * sizeof range);
    c->ranges[c->range_count++] = range;
}

static const struct redis_node *map_find(const struct redis_cluster *c, unsigned slot)
{
    for (size_t i = 0; i < c->range_count; i++) {
        if (slot >= c->ranges[i].first && slot <= c->ranges[i].last)
            return &c->ranges[i].master;
    }
    return NULL;
}

static void cluster_moved(struct redis_places *p, unsigned slot, const char *host, uint16_t port)
{
    struct redis_cluster *c = CONTAINER_OF(p, struct redis_cluster, base);
    size_t i = 0;
    while (i < c->range_count && (c->ranges[i].first != slot || c->ranges[i].last != slot))
        i++;
    if (i == c->range_count) {
        c->ranges = mem_realloc(c->ranges, (c->range_count + 1) * sizeof *c->ranges);
        memmove(c->ranges + 1, c->ranges, c->range_count++ * sizeof *c->ranges);
        c->ranges[i = 0] = (struct cluster_range){.first = slot, .last = slot};
    }
    mem_free(c->ranges[i].master.host);
    c->ranges[i].master = (struct redis_node){mem_copy_text(host, strlen(host)), port};
}

static void answer_waiters(struct redis_cluster *c, const char *problem)
{
    struct list waiting;
    list_init(&waiting);
    list_move_all(&c->waiters, &waiting);
    LIST_EACH_SAFE (node, &waiting) {
        struct redis_waiter *w = CONTAINER_OF(node, struct redis_waiter, link);
        const struct redis_node *place = problem == NULL ? map_find(c, w->slot) : NULL;
        list_remove(node);
        if (place != NULL)
            w->done(w->owner, place->host, place->port, NULL);
        else
            w->done(w->owner, NULL, 0,
                    problem != NULL ? problem : "no server of the Redis Cluster has the slot");
        mem_free(w);
    }
}

/* ---- asking ---------------------------------------------------------------------------------- */

static void ask_on_ready(void *owner)
{
    struct redis_cluster *c = owner;
    struct str out = {0};
    redis_command_short(&out, "CLUSTER", VIEW_LITERAL("SLOTS"), view_of(""), view_of(""));
    redis_link_send_take(c->asking, &out, 1);
}

static void ask_on_reply(void *owner, struct redis_reply *r)
{
    struct redis_cluster *c = owner;
    if (r->type == REDIS_LIST && r->count > 0 && !c->fresh) {
        map_free(c);
        for (size_t i = 0; i < r->count; i++)
            range_add(c, r->elements[i]);
        c->fresh = true;
    } else if (r->type == REDIS_FAILURE) {
        error_set(&c->refusal, "%.*s", VIEW_ARGS(r->text));
    }
    redis_reply_free(r);
    redis_link_close(c->asking, "asked");
}

static void ask_on_room(void *owner)
{
    (void)owner; /* one small command */
}

static void ask_next(struct redis_cluster *c);

static void end_on_closed(uv_handle_t *end)
{
    struct redis_cluster *c = end->data;
    struct redis_backend *b = c->backend;
    map_free(c);
    mem_free(c->asked);
    redis_nodes_free(&c->seeds);
    mem_free(c);
    redis_handle_closed(b);
}

static void cluster_free_when_closed(struct redis_cluster *c)
{
    if (c->closing && c->asking == NULL && !uv_is_closing((uv_handle_t *)&c->end))
        uv_close((uv_handle_t *)&c->end, end_on_closed);
}

/* Whom one may ask: seeds, then masters of the map. */
static size_t node_count(const struct redis_cluster *c)
{
    return c->seeds.count + c->range_count;
}

static const struct redis_node *node_at(const struct redis_cluster *c, size_t index)
{
    index %= node_count(c);
    return index < c->seeds.count ? &c->seeds.each[index]
                                  : &c->ranges[index - c->seeds.count].master;
}

static void ask_on_end(void *owner, const char *problem)
{
    struct redis_cluster *c = owner;
    struct error text;
    bool refused = c->refusal.text[0] != '\0';
    error_set(&text, "no server of the Redis Cluster answers: %s",
              refused ? c->refusal.text : problem);
    c->asking = NULL;
    if (c->fresh) {
        c->stale = false;
        c->first = (c->first + c->tried) % c->seeds.count;
        answer_waiters(c, NULL);
    } else if (++c->tried < node_count(c) && !c->closing) {
        ask_next(c);
    } else {
        answer_waiters(c, text.text);
    }
    cluster_free_when_closed(c);
}

static const struct redis_link_listener ask_listener = {ask_on_ready, ask_on_reply, ask_on_room,
                                                        ask_on_end};

static void ask_next(struct redis_cluster *c)
{
    const struct redis_node *node = node_at(c, c->first + c->tried);
    struct redis_link_settings settings = redis_link_settings_of(c->backend);
    mem_free(c->asked);
    c->asked = mem_copy_text(node->host, strlen(node->host));
    settings.host = c->asked;
    settings.port = node->port;
    c->fresh = false;
    c->refusal.text[0] = '\0';
    c->asking = redis_link_open(&settings, c->backend->loop, &ask_listener, c);
}

static struct redis_cluster *cluster_of(struct redis_places *p)
{
    return CONTAINER_OF(p, struct redis_cluster, base);
}

static void cluster_locate(struct redis_places *p, struct view key, redis_placed *done, void *owner)
{
    struct redis_cluster *c = cluster_of(p);
    unsigned slot = redis_cluster_slot(key);
    const struct redis_node *place = c->stale ? NULL : map_find(c, slot);
    if (place != NULL) {
        done(owner, place->host, place->port, NULL);
        return;
    }
    redis_waiter_add(&c->waiters, done, owner, slot);
    if (c->asking != NULL)
        return;
    c->tried = 0;
    ask_next(c);
}

static void cluster_forget(struct redis_places *p)
{
    cluster_of(p)->stale = true;
}

static void cluster_close(struct redis_places *p)
{
    struct redis_cluster *c = cluster_of(p);
    c->closing = true;
    if (c->asking != NULL)
        redis_link_close(c->asking, "closed");
    cluster_free_when_closed(c);
}

static const struct redis_places_class cluster_class = {cluster_locate, cluster_forget,
                                                        cluster_moved, cluster_close};

struct redis_places *redis_cluster_open(struct redis_backend *b,
                                        const struct store_redis_settings *settings,
                                        struct error *err)
{
    struct redis_nodes seeds;
    if (!redis_nodes_parse(settings->nodes, REDIS_DEFAULT_PORT, &seeds, err))
        return NULL;
    struct redis_cluster *c = mem_zalloc(sizeof *c);
    c->base.class = &cluster_class;
    c->backend = b;
    c->seeds = seeds;
    c->stale = true;
    list_init(&c->waiters);
    (void)uv_timer_init(b->loop, &c->end);
    c->end.data = c;
    b->open_handles++;
    return &c->base;
}
