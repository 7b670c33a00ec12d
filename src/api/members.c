/* api/members.c - of which big segments is the context of a request a member
 * (big-segments.md 7, evaluation.md 6.2, 6.3)?
 *
 *   members_begin() -> evaluation: given before, or known on this thread?
 *                          '- no -> members_wait() -> fanout_wish() ... ready: the gate again, and
 *                                                                       the evaluation
 *                                                                   ... the client goes away
 *
 * An evaluation that lacks something goes on as if the context were no member, so that it finds all
 * it needs at once; its answer is thrown away.
 */
#include "api/members.h"

static enum big_segments_status status_of(const struct members *m)
{
    return m->is_stale ? BIG_SEGMENTS_STALE : BIG_SEGMENTS_HEALTHY;
}

static enum big_segments_status members_query(void *owner, struct view context_key)
{
    struct members *m = owner;
    const struct member_wish *wish = member_wishes_find(m->wishes, context_key);
    if (wish == NULL) {
        struct memberships *known = fanout_memberships(m->fanout, m->slot, context_key, m->now_ms);
        wish = member_wishes_add(m->wishes, context_key, known);
    }
    if (!wish->answered)
        return BIG_SEGMENTS_WANTED;
    return wish->found != NULL ? status_of(m) : BIG_SEGMENTS_STORE_ERROR;
}

static enum membership members_find(void *owner, struct view context_key, struct view segment)
{
    const struct members *m = owner;
    const struct member_wish *wish = member_wishes_find(m->wishes, context_key);
    return wish->found != NULL ? memberships_find(wish->found, segment) : MEMBERSHIP_UNKNOWN;
}

const struct membership_source *members_begin(struct api_passage *p)
{
    const struct env_snapshot *s = p->snapshot;
    const struct clock *clock = p->thread->api->settings.clock;
    if (!s->state.segments.in_use || !dataset_has_big_segments(s->data))
        return NULL;
    if (p->members == NULL) {
        p->members = mem_zalloc(sizeof *p->members);
        p->members->wishes = member_wishes_new();
    }
    struct members *m = p->members;
    m->source = (struct membership_source){m, members_query, members_find};
    m->fanout = p->thread->fanout;
    m->slot = p->slot;
    m->now_ms = clock_now_ms(clock);
    m->is_stale = s->state.segments.available &&
                  env_snapshot_segments_age_ms(s, clock_wall_ms(clock)) >= SEGMENTS_STALE_MS;
    return &m->source;
}

void members_free(struct members *m)
{
    if (m == NULL)
        return;
    member_wishes_free(m->wishes);
    mem_free(m);
}

/* ---- waiting --------------------------------------------------------------------------------- */

struct members_parked {
    struct members *members;
    struct context *context;
};

static void parked_abandoned(void *state)
{
    struct members_parked *k = state;
    members_free(k->members);
    context_free(k->context);
    mem_free(k);
}

/* The gate is asked again: the key may have been revoked meanwhile. */
static void go_on(struct http_request *req, struct members *m, struct context *c)
{
    struct api_passage p;
    bool passes = api_gate(req, &p);
    p.members = m;
    p.settled = true;
    if (passes)
        p.route->with_context(req, &p, &c);
    api_passage_done(&p);
    context_free(c);
}

static void parked_ready(struct member_wishes *w)
{
    struct http_request *req = w->owner;
    struct members_parked *k = http_request_state(req);
    struct members *m = k->members;
    struct context *context = k->context;
    http_request_set_state(req, NULL, NULL);
    mem_free(k);
    go_on(req, m, context);
}

void members_wait(struct http_request *req, struct api_passage *p, struct context **c)
{
    struct member_wishes *w = p->members->wishes;
    w->owner = req;
    w->ready = parked_ready;
    if (!fanout_wish(p->thread->fanout, p->slot, w)) {
        p->route->unavailable(req, p, "too many requests wait for the Big Segment store");
        return;
    }
    struct members_parked *k = mem_zalloc(sizeof *k);
    k->members = p->members;
    k->context = *c;
    http_request_set_state(req, k, parked_abandoned);
    p->members = NULL;
    *c = NULL;
}
