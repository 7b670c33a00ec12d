/* http/client_lookup.c - see client_lookup.h. */
#include "http/client_lookup.h"

#include "base/mem.h"

#include <string.h>

struct lookup {
    struct list node;    /* in client_lookups.running */
    struct list waiters; /* of struct client_lookup_waiter */
    uv_getaddrinfo_t request;
    char *host;
};

void client_lookups_init(struct client_lookups *l)
{
    list_init(&l->running);
}

void client_lookups_done(struct client_lookups *l)
{
    while (!list_empty(&l->running))
        list_remove(l->running.next);
}

static void lookup_free(struct lookup *k)
{
    list_remove(&k->node);
    mem_free(k->host);
    mem_free(k);
}

static void lookup_on_result(uv_getaddrinfo_t *request, int status, struct addrinfo *all)
{
    struct lookup *k = CONTAINER_OF(request, struct lookup, request);
    list_remove(&k->node); /* whoever joins from now on wants a fresh answer */
    while (!list_empty(&k->waiters)) {
        struct client_lookup_waiter *w =
            CONTAINER_OF(k->waiters.next, struct client_lookup_waiter, node);
        list_remove(&w->node);
        w->done(w, status, status == 0 ? all : NULL);
    }
    if (all != NULL)
        uv_freeaddrinfo(all);
    lookup_free(k);
}

static struct lookup *lookup_find(const struct client_lookups *l, const char *host)
{
    LIST_EACH (node, &l->running) {
        struct lookup *k = CONTAINER_OF(node, struct lookup, node);
        if (strcmp(k->host, host) == 0)
            return k;
    }
    return NULL;
}

int client_lookup_join(struct client_lookups *l, uv_loop_t *loop, const char *host,
                       struct client_lookup_waiter *w)
{
    struct lookup *k = lookup_find(l, host);
    if (k == NULL) {
        struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
        k = mem_zalloc(sizeof *k);
        list_init(&k->node);
        list_init(&k->waiters);
        k->host = mem_copy_text(host, strlen(host));
        int status = uv_getaddrinfo(loop, &k->request, lookup_on_result, host, NULL, &hints);
        if (status != 0) {
            lookup_free(k);
            return status;
        }
        list_append(&l->running, &k->node);
    }
    list_append(&k->waiters, &w->node);
    return 0;
}

void client_lookup_leave(struct client_lookup_waiter *w)
{
    list_remove(&w->node);
}
