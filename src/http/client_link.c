/* http/client_link.c - connections in use and connections at rest.
 *
 *   CONNECTING -> [PROXY_HEAD] -> [TLS] -> READY <--> IDLE -> ENDED
 *
 * The client's list holds the idle ones, the longest at rest first. Every link counts among the
 * client's `links` until its transport is gone.
 */
#include "http/client_link.h"

#include "http/client_head.h"
#include "http/client_request.h"

#define LINK_IDLE_MS 90000
#define LINK_IDLE_MAX 64
#define LINK_IDLE_MAX_PER_SERVER 4

enum link_state {
    LINK_CONNECTING, /* up to the handshake with the proxy or server that is spoken to first */
    LINK_PROXY_HEAD,
    LINK_TLS, /* with the server, through the proxy */
    LINK_READY,
    LINK_IDLE,
    LINK_ENDED
};

struct client_link {
    struct list node; /* in http_client.idle */
    struct http_client *client;
    struct transport *transport;
    const struct client_link_listener *listener; /* with `owner`; NULL: nobody listens */
    void *owner;
    enum link_state state;
    char *host;
    uint16_t port;
    bool tls;
    const struct client_proxy *proxy;
    int64_t tls_timeout_ms;
    struct http_head proxy_head;
    int64_t idle_until_ms;
};

static void link_detach(struct client_link *l)
{
    list_remove(&l->node);
    l->listener = NULL;
    l->state = LINK_ENDED;
}

static void link_fail(struct client_link *l, const char *problem)
{
    const struct client_link_listener *listener = l->listener;
    if (listener == NULL)
        return;
    link_detach(l);
    transport_close(l->transport);
    listener->on_end(l->owner, TRANSPORT_BROKEN, problem);
}

void client_link_close(struct client_link *l)
{
    link_detach(l);
    transport_close(l->transport);
}

/* ---- idle ones ---- */

static void idle_timer_set(struct http_client *c);

static void idle_on_timer(uv_timer_t *timer)
{
    struct http_client *c = timer->data;
    int64_t now_ms = clock_now_ms(c->clock);
    LIST_EACH_SAFE (node, &c->idle) {
        struct client_link *l = CONTAINER_OF(node, struct client_link, node);
        if (l->idle_until_ms <= now_ms)
            client_link_close(l);
    }
    idle_timer_set(c);
}

/* The one at the head of the list has been there longest. */
static void idle_timer_set(struct http_client *c)
{
    if (list_empty(&c->idle)) {
        (void)uv_timer_stop(&c->idle_timer);
        return;
    }
    const struct client_link *l = CONTAINER_OF(c->idle.next, struct client_link, node);
    int64_t left_ms = l->idle_until_ms - clock_now_ms(c->clock);
    (void)uv_timer_start(&c->idle_timer, idle_on_timer, left_ms > 0 ? (uint64_t)left_ms : 1, 0);
}

static bool link_serves(const struct client_link *l, const struct client_link_request *r)
{
    return l->proxy == r->proxy && l->tls == r->url->tls && l->port == r->url->port &&
           strcmp(l->host, r->url->host) == 0;
}

static bool link_same_server(const struct client_link *a, const struct client_link *b)
{
    return a->proxy == b->proxy && a->tls == b->tls && a->port == b->port &&
           strcmp(a->host, b->host) == 0;
}

/* Makes room for one more like `l`. */
static void idle_make_room(struct http_client *c, const struct client_link *l)
{
    struct client_link *oldest = NULL;
    size_t all = 0;
    size_t same = 0;
    LIST_EACH (node, &c->idle) {
        struct client_link *other = CONTAINER_OF(node, struct client_link, node);
        all++;
        if (!link_same_server(l, other))
            continue;
        same++;
        if (oldest == NULL)
            oldest = other;
    }
    if (same >= LINK_IDLE_MAX_PER_SERVER)
        client_link_close(oldest);
    else if (all >= LINK_IDLE_MAX)
        client_link_close(CONTAINER_OF(c->idle.next, struct client_link, node));
}

void client_link_put(struct client_link *l)
{
    struct http_client *c = l->client;
    transport_deadline_set(l->transport, 0, NULL);
    transport_hold_loop(l->transport, false);
    idle_make_room(c, l);
    l->listener = NULL;
    l->state = LINK_IDLE;
    l->idle_until_ms = clock_now_ms(c->clock) + LINK_IDLE_MS;
    list_append(&c->idle, &l->node);
    idle_timer_set(c);
}

/* The one that was used last, or NULL. */
static struct client_link *idle_take(struct http_client *c, const struct client_link_request *r)
{
    for (struct list *node = c->idle.prev; node != &c->idle; node = node->prev) {
        struct client_link *l = CONTAINER_OF(node, struct client_link, node);
        if (!link_serves(l, r))
            continue;
        list_remove(&l->node);
        transport_hold_loop(l->transport, true);
        l->state = LINK_READY;
        idle_timer_set(c);
        return l;
    }
    return NULL;
}

void client_links_close(struct http_client *c)
{
    LIST_EACH_SAFE (node, &c->idle)
        client_link_close(CONTAINER_OF(node, struct client_link, node));
    (void)uv_timer_stop(&c->idle_timer);
}

/* ---- from a socket to a server that is ready ---- */

static void link_ready(struct client_link *l)
{
    l->state = LINK_READY;
    l->listener->on_ready(l->owner);
}

static void link_connect_send(struct client_link *l)
{
    struct str text = {0};
    const struct client_url url = {.tls = l->tls, .port = l->port, .host = l->host};
    l->state = LINK_PROXY_HEAD;
    client_request_print_connect(&url, l->client->user_agent, l->proxy, &text);
    transport_deadline_set(l->transport, l->tls_timeout_ms,
                           "timeout while waiting for the proxy's answer");
    transport_write_take(l->transport, &text);
}

static void link_on_open(void *owner)
{
    struct client_link *l = owner;
    if (l->state == LINK_CONNECTING && l->proxy != NULL && l->tls)
        link_connect_send(l);
    else if (l->state == LINK_CONNECTING || l->state == LINK_TLS)
        link_ready(l);
}

/* The proxy has answered CONNECT. */
static void link_proxy_answered(struct client_link *l, bool more)
{
    int status = l->proxy_head.status;
    struct error problem;
    if (status >= 300 || (status >= 200 && more)) {
        error_set(&problem, "the proxy refused the connection: HTTP status %d %.*s", status,
                  VIEW_ARGS(l->proxy_head.reason));
        link_fail(l, status >= 300 ? problem.text : "the proxy spoke before the server was asked");
        return;
    }
    client_head_free(&l->proxy_head);
    if (status < 200)
        return;
    l->state = LINK_TLS;
    transport_tls_start(l->transport, l->client->trust, l->host, l->tls_timeout_ms);
}

static void link_proxy_data(struct client_link *l, struct view bytes)
{
    while (bytes.len > 0 && l->state == LINK_PROXY_HEAD) {
        struct error problem;
        size_t used;
        enum client_head_state state = client_head_feed(&l->proxy_head, bytes, &used, &problem);
        bytes = view_from(bytes, used);
        if (state == CLIENT_HEAD_BROKEN)
            link_fail(l, problem.text);
        else if (state == CLIENT_HEAD_WHOLE)
            link_proxy_answered(l, bytes.len > 0);
    }
}

static void link_on_data(void *owner, struct view bytes)
{
    struct client_link *l = owner;
    if (l->state == LINK_PROXY_HEAD)
        link_proxy_data(l, bytes);
    else if (l->state == LINK_READY)
        l->listener->on_data(l->owner, bytes);
    else if (l->state == LINK_IDLE)
        client_link_close(l); /* nobody has asked for anything */
}

static void link_on_drained(void *owner)
{
    struct client_link *l = owner;
    if (l->state == LINK_READY)
        l->listener->on_drained(l->owner);
}

static void link_on_transport_end(void *owner, const char *problem)
{
    struct client_link *l = owner;
    struct http_client *c = l->client;
    const struct client_link_listener *listener = l->listener;
    enum transport_cause cause = transport_cause(l->transport);
    link_detach(l);
    if (listener != NULL)
        listener->on_end(l->owner, cause, problem);
    client_head_free(&l->proxy_head);
    mem_free(l->host);
    mem_free(l);
    c->links--;
    client_free_when_closed(c);
}

static const struct transport_listener link_transport_listener = {
    .on_open = link_on_open,
    .on_data = link_on_data,
    .on_drained = link_on_drained,
    .on_end = link_on_transport_end,
};

static struct client_link *link_open(struct http_client *c, const struct client_link_request *r)
{
    struct client_link *l = mem_zalloc(sizeof *l);
    const struct client_url *to = r->proxy != NULL ? &r->proxy->url : r->url;
    struct transport_settings settings = {
        .host = to->host,
        .port = to->port,
        .unix_path = c->unix_path,
        .trust = to->tls ? c->trust : NULL,
        .lookups = &c->lookups,
        .connect_timeout_ms = r->connect_timeout_ms,
        .tls_timeout_ms = r->tls_timeout_ms,
    };
    list_init(&l->node);
    l->client = c;
    l->host = mem_copy_text(r->url->host, strlen(r->url->host));
    l->port = r->url->port;
    l->tls = r->url->tls;
    l->proxy = r->proxy;
    l->tls_timeout_ms = r->tls_timeout_ms;
    client_head_init(&l->proxy_head);
    l->transport = transport_open(&settings, c->loop, &link_transport_listener, l);
    c->links++;
    return l;
}

struct client_link *client_link_get(struct http_client *c,
                                    const struct client_link_request *request,
                                    const struct client_link_listener *listener, void *owner,
                                    bool *reused)
{
    struct client_link *l = request->fresh ? NULL : idle_take(c, request);
    *reused = l != NULL;
    if (l == NULL)
        l = link_open(c, request);
    l->listener = listener;
    l->owner = owner;
    return l;
}

void client_link_write_take(struct client_link *l, struct str *bytes)
{
    transport_write_take(l->transport, bytes);
}

void client_link_deadline_set(struct client_link *l, int64_t ms, const char *problem)
{
    transport_deadline_set(l->transport, ms, problem);
}

void client_link_pause_set(struct client_link *l, bool pause)
{
    transport_pause_set(l->transport, pause);
}
