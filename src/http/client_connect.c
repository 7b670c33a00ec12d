/* http/client_connect.c - a simple form of happy eyeballs (RFC 8305). */
#include "http/client_connect.h"

#include "base/error.h"
#include "base/view.h"

#include <stdbool.h>
#include <stdio.h>

#define CONNECT_MAX_ADDRESSES 8
#define CONNECT_HEAD_START_MS 250
#define CONNECT_KEEPALIVE_S 60

struct client_connector {
    client_connected *done;
    void *owner;
    char *host;
    uint16_t port;
    uv_loop_t *loop;
    struct client_lookups own; /* when nobody shares */
    struct client_lookup_waiter lookup;
    uv_timer_t timer;
    bool finished;    /* done() was called, or cancelled */
    unsigned pending; /* requests and handles that still know this struct */
    struct sockaddr_storage addresses[CONNECT_MAX_ADDRESSES];
    unsigned address_count;
    unsigned next; /* address to try */
    unsigned in_flight;
    uv_tcp_t *sockets[CONNECT_MAX_ADDRESSES]; /* of attempts in flight; NULL: none */
    struct error problem;
};

struct connect_attempt {
    uv_connect_t request;
    struct client_connector *connector;
    unsigned index;
};

static void connector_release(struct client_connector *c)
{
    if (--c->pending > 0)
        return;
    client_lookups_done(&c->own);
    mem_free(c->host);
    mem_free(c);
}

static void tcp_on_close(uv_handle_t *handle)
{
    mem_free(handle);
}

void client_tcp_close(uv_tcp_t *tcp)
{
    tcp->data = NULL;
    uv_close((uv_handle_t *)tcp, tcp_on_close);
}

static void connector_timer_on_close(uv_handle_t *handle)
{
    connector_release(handle->data);
}

/* Ends all that is under way. */
static void connector_finish(struct client_connector *c)
{
    c->finished = true;
    for (unsigned i = 0; i < c->address_count; i++) {
        if (c->sockets[i] != NULL)
            client_tcp_close(c->sockets[i]);
        c->sockets[i] = NULL;
    }
    client_lookup_leave(&c->lookup);
    uv_close((uv_handle_t *)&c->timer, connector_timer_on_close);
}

void client_connector_cancel(struct client_connector *c)
{
    if (!c->finished)
        connector_finish(c);
}

static void connector_fail(struct client_connector *c)
{
    connector_finish(c);
    c->done(c->owner, NULL, c->problem.text);
}

static void connector_on_connect(uv_connect_t *request, int status)
{
    struct connect_attempt *a = (struct connect_attempt *)request;
    struct client_connector *c = a->connector;
    unsigned index = a->index;
    mem_free(a);
    c->in_flight--;
    if (!c->finished) {
        uv_tcp_t *tcp = c->sockets[index];
        c->sockets[index] = NULL;
        if (status == 0) {
            uv_tcp_nodelay(tcp, 1);
            uv_tcp_keepalive(tcp, 1, CONNECT_KEEPALIVE_S);
            connector_finish(c);
            c->done(c->owner, tcp, NULL);
        } else {
            client_tcp_close(tcp);
            error_set(&c->problem, "connect to %s port %u: %s", c->host, c->port,
                      uv_strerror(status));
            if (c->next == c->address_count && c->in_flight == 0)
                connector_fail(c);
            else if (c->next < c->address_count)
                uv_timer_start(&c->timer, c->timer.timer_cb, 0, 0);
        }
    }
    connector_release(c);
}

static bool connector_try(struct client_connector *c, unsigned index)
{
    struct connect_attempt *a = mem_zalloc(sizeof *a);
    uv_tcp_t *tcp = mem_zalloc(sizeof *tcp);
    a->connector = c;
    a->index = index;
    uv_tcp_init(c->loop, tcp);
    int status = uv_tcp_connect(&a->request, tcp, (struct sockaddr *)&c->addresses[index],
                                connector_on_connect);
    if (status != 0) {
        error_set(&c->problem, "connect to %s port %u: %s", c->host, c->port, uv_strerror(status));
        client_tcp_close(tcp);
        mem_free(a);
        return false;
    }
    c->sockets[index] = tcp;
    c->in_flight++;
    c->pending++;
    return true;
}

/* Its turn has come: the next address. */
static void connector_on_timer(uv_timer_t *timer)
{
    struct client_connector *c = timer->data;
    while (c->next < c->address_count && !connector_try(c, c->next++))
        ;
    if (c->next < c->address_count)
        uv_timer_start(timer, connector_on_timer, CONNECT_HEAD_START_MS, 0);
    else if (c->in_flight == 0)
        connector_fail(c);
}

static void connector_address_add(struct client_connector *c, const struct sockaddr *address)
{
    size_t size =
        address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    struct sockaddr_storage *out = &c->addresses[c->address_count++];
    memcpy(out, address, size);
    if (address->sa_family == AF_INET6)
        ((struct sockaddr_in6 *)out)->sin6_port = htons(c->port);
    else
        ((struct sockaddr_in *)out)->sin_port = htons(c->port);
}

/* The next address of that family in the list, which moves on; NULL when there is none. */
static const struct sockaddr *addresses_take(const struct addrinfo **list, bool v6)
{
    for (; *list != NULL; *list = (*list)->ai_next) {
        int family = (*list)->ai_family;
        if (family == (v6 ? AF_INET6 : AF_INET)) {
            const struct sockaddr *found = (*list)->ai_addr;
            *list = (*list)->ai_next;
            return found;
        }
    }
    return NULL;
}

/* The families in turn, beginning with that of the first address. */
static void connector_addresses_pick(struct client_connector *c, const struct addrinfo *all)
{
    const struct addrinfo *lists[2] = {all, all};
    bool v6 = all->ai_family == AF_INET6;
    while (c->address_count < CONNECT_MAX_ADDRESSES) {
        const struct sockaddr *found = addresses_take(&lists[v6], v6);
        if (found == NULL && lists[!v6] == NULL)
            break;
        if (found != NULL)
            connector_address_add(c, found);
        v6 = !v6;
    }
}

static void connector_on_lookup(struct client_lookup_waiter *w, int status,
                                const struct addrinfo *all)
{
    struct client_connector *c = CONTAINER_OF(w, struct client_connector, lookup);
    if (all != NULL)
        connector_addresses_pick(c, all);
    if (c->address_count > 0) {
        connector_on_timer(&c->timer);
        return;
    }
    error_set(&c->problem, "look up host %s: %s", c->host,
              uv_strerror(status != 0 ? status : UV_EAI_NONAME));
    connector_fail(c);
}

/* True when the host is an address and needs no look-up. */
static bool connector_host_is_address(struct client_connector *c)
{
    struct sockaddr_storage address = {0};
    if (uv_ip4_addr(c->host, c->port, (struct sockaddr_in *)&address) != 0 &&
        uv_ip6_addr(c->host, c->port, (struct sockaddr_in6 *)&address) != 0)
        return false;
    connector_address_add(c, (struct sockaddr *)&address);
    return true;
}

struct client_connector *client_connector_start(uv_loop_t *loop, struct client_lookups *lookups,
                                                const char *host, uint16_t port,
                                                client_connected *done, void *owner)
{
    struct client_connector *c = mem_zalloc(sizeof *c);
    c->done = done;
    c->owner = owner;
    c->host = mem_copy_text(host, strlen(host));
    c->port = port;
    c->loop = loop;
    c->pending = 1;
    client_lookups_init(&c->own);
    list_init(&c->lookup.node);
    c->lookup.done = connector_on_lookup;
    uv_timer_init(loop, &c->timer);
    c->timer.data = c;
    error_set(&c->problem, "look up host %s: no address", host);
    if (connector_host_is_address(c)) {
        uv_timer_start(&c->timer, connector_on_timer, 0, 0);
        return c;
    }
    int status = client_lookup_join(lookups != NULL ? lookups : &c->own, loop, host, &c->lookup);
    if (status != 0) {
        error_set(&c->problem, "look up host %s: %s", host, uv_strerror(status));
        uv_timer_start(&c->timer, connector_on_timer, 0, 0);
    }
    return c;
}
