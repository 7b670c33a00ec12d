/* api/park.c - requests that wait until their environment's database has been asked (data-store.md
 * 4, env/fanout.h "requests that wait").
 *
 *   api_park() -> fanout_wait() ... parked_ready() -> the gate again -> handler | unavailable
 *                               ... the client goes away -> parked_abandoned()
 */
#include "api/api_private.h"

struct parked {
    struct fanout_waiter waiter;
    struct http_request *req;
    struct context *context; /* for route->with_context; NULL: for the handler */
};

static void parked_abandoned(void *state)
{
    struct parked *k = state;
    fanout_unwait(&k->waiter);
    context_free(k->context);
    mem_free(k);
}

static void handle(struct http_request *req, struct api_passage *p, struct context **c)
{
    p->settled = true;
    if (*c != NULL)
        p->route->with_context(req, p, c);
    else
        p->route->handler(req, p);
}

/* The gate is asked again: the key may have been revoked meanwhile. */
static void go_on(struct http_request *req, struct env_snapshot *snapshot, const char *problem,
                  struct context **c)
{
    struct api_passage p;
    if (api_gate(req, &p)) {
        if (snapshot != NULL)
            p.snapshot = snapshot;
        if (problem == NULL)
            handle(req, &p, c);
        else
            p.route->unavailable(req, &p, problem);
    }
    api_passage_done(&p);
}

static void parked_ready(struct fanout_waiter *w, struct env_snapshot *snapshot,
                         const char *problem)
{
    struct parked *k = CONTAINER_OF(w, struct parked, waiter);
    struct http_request *req = k->req;
    struct context *context = k->context;
    http_request_set_state(req, NULL, NULL);
    mem_free(k);
    go_on(req, snapshot, problem, &context);
    context_free(context);
}

static void park(struct http_request *req, struct api_passage *p, struct context **c)
{
    struct parked *k = mem_zalloc(sizeof *k);
    k->req = req;
    k->context = *c;
    k->waiter.kinds = p->route->data;
    k->waiter.ready = parked_ready;
    list_init(&k->waiter.link);
    if (fanout_wait(p->thread->fanout, p->slot, &k->waiter)) {
        http_request_set_state(req, k, parked_abandoned);
        *c = NULL;
        return;
    }
    mem_free(k);
    p->route->unavailable(req, p, "too many requests wait for the data store");
}

bool api_is_fresh(const struct api_passage *p)
{
    return env_snapshot_fresh(p->snapshot, p->route->data,
                              clock_now_ms(p->thread->api->settings.clock));
}

void api_park(struct http_request *req, struct api_passage *p)
{
    struct context *none = NULL;
    park(req, p, &none);
}

bool api_may_answer(struct http_request *req, struct api_passage *p, struct context **c)
{
    if (p->settled || api_is_fresh(p))
        return true;
    park(req, p, c);
    return false;
}
