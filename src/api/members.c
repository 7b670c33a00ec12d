/* api/members.c - of which big segments is the context of a request a member
 * (big-segments.md 7, evaluation.md 6.2, 6.3)?
 *
 *   members_begin() -> evaluation: known on this thread, or given before?
 *                          '- no -> members_wait() -> fanout_wish() ... the gate again ->
 * evaluation
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

/* What was given to this request counts before what the thread knows: it is newer. */
static enum big_segments_status members_query(void *owner, struct view context_key)
{
    struct members *m = owner;
    struct api_passage *p = m->passage;
    const struct member_wish *wish = member_wishes_find(p->wishes, context_key);
    if (wish != NULL && wish->answered)
        return wish->found != NULL ? status_of(m) : BIG_SEGMENTS_STORE_ERROR;
    if (fanout_memberships(p->thread->fanout, p->slot, context_key, m->now_ms) != NULL)
        return status_of(m);
    if (p->wishes == NULL)
        p->wishes = member_wishes_new();
    if (wish == NULL)
        member_wishes_add(p->wishes, context_key);
    return BIG_SEGMENTS_WANTED;
}

static enum membership members_find(void *owner, struct view context_key, struct view segment)
{
    struct members *m = owner;
    const struct api_passage *p = m->passage;
    const struct member_wish *wish = member_wishes_find(p->wishes, context_key);
    const struct memberships *found =
        wish != NULL && wish->answered
            ? wish->found
            : fanout_memberships(p->thread->fanout, p->slot, context_key, m->now_ms);
    return found != NULL ? memberships_find(found, segment) : MEMBERSHIP_UNKNOWN;
}

const struct membership_source *members_begin(struct members *m, struct api_passage *p)
{
    const struct env_snapshot *s = p->snapshot;
    const struct clock *clock = p->thread->api->settings.clock;
    if (!s->state.segments.in_use || !dataset_has_big_segments(s->data))
        return NULL;
    *m = (struct members){
        .source = {.owner = m, .query = members_query, .find = members_find},
        .passage = p,
        .now_ms = clock_now_ms(clock),
        .is_stale = s->state.segments.available &&
                    env_snapshot_segments_age_ms(s, clock_wall_ms(clock)) >= SEGMENTS_STALE_MS,
    };
    return &m->source;
}

/* ---- waiting --------------------------------------------------------------------------------- */

struct members_parked {
    struct member_wishes *wishes;
    struct http_request *req;
    struct context *context;
};

static void parked_abandoned(void *state)
{
    struct members_parked *k = state;
    member_wishes_free(k->wishes);
    context_free(k->context);
    mem_free(k);
}

/* The gate is asked again: the key may have been revoked meanwhile. */
static void go_on(struct http_request *req, struct member_wishes *wishes, struct context *c)
{
    struct api_passage p;
    bool passes = api_gate(req, &p);
    p.wishes = wishes;
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
    struct context *context = k->context;
    http_request_set_state(req, NULL, NULL);
    mem_free(k);
    go_on(req, w, context);
}

void members_wait(struct http_request *req, struct api_passage *p, struct context **c)
{
    struct member_wishes *w = p->wishes;
    w->owner = req;
    w->ready = parked_ready;
    if (!fanout_wish(p->thread->fanout, p->slot, w)) {
        p->route->unavailable(req, p, "too many requests wait for the Big Segment store");
        return;
    }
    struct members_parked *k = mem_zalloc(sizeof *k);
    k->wishes = w;
    k->req = req;
    k->context = *c;
    http_request_set_state(req, k, parked_abandoned);
    p->wishes = NULL;
    *c = NULL;
}
