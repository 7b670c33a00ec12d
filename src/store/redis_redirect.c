/* store/redis_redirect.c - a server of a cluster sends somebody elsewhere (data-store.md 8.2).
 *
 *   MOVED slot host:port   the slot is there now: ask there, and remember it
 *   ASK slot host:port     this key is there already, others may be here still: a read goes there,
 *                          key by key; a transaction waits until the slot has arrived
 *   TRYAGAIN               the keys are not all at one place: wait
 */
#include "store/redis_private.h"

#include <string.h>

/* "MOVED 3999 127.0.0.1:6381": the host is a copy; without one it is this lane's. */
static bool redirect_parse(const struct redis_lane *l, struct view text, unsigned *slot,
                           struct redis_node *to)
{
    struct view rest = text;
    int64_t place;
    int64_t port;
    (void)view_take_until(&rest, " ");
    rest = view_from(rest, 1);
    struct view number = view_take_until(&rest, " ");
    struct view address = view_from(rest, 1);
    const char *colon = address.len > 0 ? memrchr(address.data, ':', address.len) : NULL;
    size_t len = colon != NULL ? (size_t)(colon - address.data) : 0;
    struct view host = len > 0 ? view_make(address.data, len) : view_of(l->host);
    if (colon == NULL || !redis_number_parse(number, REDIS_CLUSTER_SLOTS, &place) ||
        !redis_number_parse(view_from(address, len + 1), UINT16_MAX + 1, &port) || port == 0)
        return false;
    *slot = (unsigned)place;
    *to = (struct redis_node){mem_copy_text(host.data, host.len), (uint16_t)port};
    return true;
}

/* The server named in the failure is asked instead; false when that was tried too often. */
static bool lane_follow(struct redis_lane *l, const struct redis_reply *failure, bool moved)
{
    struct redis_backend *b = l->backend;
    struct redis_task *t = l->task;
    struct redis_node to;
    unsigned slot;
    if (t->redirects++ >= REDIS_MAX_REDIRECTS || !redirect_parse(l, failure->text, &slot, &to))
        return false;
    if (moved)
        b->places->class->moved(b->places, slot, to.host, to.port);
    t->asking = !moved;
    (void)redis_lane_leave(l);
    redis_task_redirect(t, to.host, to.port);
    mem_free(to.host);
    redis_lane_next(l);
    return true;
}

/* What was asked for is a key that may be elsewhere by now: key by key, and there. */
static bool lane_asks_elsewhere(struct redis_lane *l, const struct redis_reply *failure)
{
    struct redis_task *t = l->task;
    if (t->op->type != STORE_OP_READ && t->op->type != STORE_OP_CHECK)
        return false;
    if ((t->parts & (t->parts - 1)) == 0)
        return lane_follow(l, failure, false);
    (void)redis_lane_leave(l);
    redis_task_split(t);
    redis_lane_next(l);
    return true;
}

/* A slot of a cluster is on its way from one server to another, or has arrived there. What must
 * happen in one piece waits until it is over (data-store.md 8.2). */
bool redis_lane_redirected(struct redis_lane *l, const struct redis_reply *failure)
{
    struct redis_task *t = l->task;
    if (l->backend->mode != STORE_REDIS_CLUSTER)
        return false;
    if (redis_reply_fails_with(failure, "MOVED"))
        return lane_follow(l, failure, true);
    bool ask = redis_reply_fails_with(failure, "ASK");
    if (ask && lane_asks_elsewhere(l, failure))
        return true;
    bool moving = ask || redis_reply_fails_with(failure, "TRYAGAIN") ||
                  redis_reply_fails_with(failure, "EXECABORT");
    if (!moving || t->delays++ >= REDIS_MAX_DELAYS)
        return false;
    redis_lane_again(l, REDIS_REDIRECT_DELAY_MS);
    return true;
}
