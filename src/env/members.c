/* env/members.c - of which big segments are these contexts members (big-segments.md 7)?
 *
 *   fanout_wish() --letter--> env_members_want(): known? --> under way? --> membership_run()
 *   ready() <--letter-- answer_all() <-- the first synchronised-on has been read, too? <-- done() '
 *
 * One query per context key, whoever waits for it. A batch of patches makes all that is known
 * outdated: it is forgotten, and what a query says that was started before reaches only those who
 * waited for it already.
 */
#include "env/env_private.h"

#include <string.h>

struct member_query {
    struct membership_op op;
    struct env *env;
    struct list link; /* of the environment's */
    struct list askers;
    bool outdated;
    bool done;
    char hash[MEMBERSHIPS_HASH_LEN + 1];
    size_t key_len;
    char key[];
};

struct query_asker {
    struct list link;
    struct member_asker who;
};

static int64_t now_ms(const struct env *e)
{
    return clock_now_ms(e->house->settings.clock);
}

static struct view query_key(const struct member_query *q)
{
    return view_make(q->key, q->key_len);
}

/* ---- the answer ------------------------------------------------------------------------------ */

static void answer(struct env *e, const struct member_asker *who, struct memberships *found,
                   int64_t until_ms)
{
    struct member_answer a = {found, until_ms, e->house->settings.members_cache_size};
    fanout_members_post(&e->house->fanouts, who, &a);
}

static void query_free(struct member_query *q)
{
    LIST_EACH_SAFE (node, &q->askers)
        mem_free(CONTAINER_OF(node, struct query_asker, link));
    if (!q->outdated)
        (void)map_remove(&q->env->members.asked, query_key(q));
    list_remove(&q->link);
    memberships_unref(q->op.found);
    mem_free(q);
}

static void answer_all(struct member_query *q)
{
    struct env *e = q->env;
    int64_t until_ms = 0;
    if (q->op.ok && !q->outdated) {
        until_ms = now_ms(e) + e->house->settings.members_cache_ms;
        member_cache_put(e->members.cache, query_key(q), q->op.found, until_ms);
    }
    LIST_EACH (node, &q->askers)
        answer(e, &CONTAINER_OF(node, struct query_asker, link)->who, q->op.found, until_ms);
    query_free(q);
}

static void query_done(struct membership_op *op)
{
    struct member_query *q = CONTAINER_OF(op, struct member_query, op);
    struct env *e = q->env;
    q->done = true;
    if (!op->ok)
        op->found = NULL;
    if (e->closing) { /* the server closes the connections of those who wait */
        query_free(q);
        return;
    }
    if (!op->ok)
        log_line(e->facts->log, LOG_ERROR, "Big Segment store returned error: %s",
                 op->problem.text);
    if (!env_segment_time_is_awaited(e))
        answer_all(q);
}

void env_members_settle(struct env *e)
{
    LIST_EACH_SAFE (node, &e->members.queries) {
        struct member_query *q = CONTAINER_OF(node, struct member_query, link);
        if (q->done)
            answer_all(q);
    }
}

/* ---- the question ---------------------------------------------------------------------------- */

static struct member_query *query_begin(struct env *e, struct view context_key)
{
    struct member_query *q = mem_zalloc(sizeof *q + context_key.len);
    q->env = e;
    q->key_len = context_key.len;
    if (context_key.len != 0)
        memcpy(q->key, context_key.data, context_key.len);
    memberships_hash(context_key, q->hash);
    list_init(&q->askers);
    list_append(&e->members.queries, &q->link);
    (void)map_set(&e->members.asked, context_key, q);
    log_line(e->facts->log, LOG_DEBUG, "querying Big Segment state for context hash \"%s\"",
             q->hash);
    q->op.type = MEMBERSHIP_OP_QUERY;
    q->op.hash = view_make(q->hash, MEMBERSHIPS_HASH_LEN);
    q->op.done = query_done;
    membership_run(e->segments.store, &q->op);
    return q;
}

static void wait_for(struct member_query *q, const struct member_asker *who)
{
    struct query_asker *asker = mem_zalloc(sizeof *asker);
    asker->who = *who;
    list_append(&q->askers, &asker->link);
}

void env_members_want(struct env *e, const struct member_asker *who, struct view context_key)
{
    int64_t until_ms = 0;
    if (e->closing)
        return; /* the server closes the connection */
    if (e->segments.store == NULL) {
        answer(e, who, NULL, 0);
        return;
    }
    struct memberships *known =
        member_cache_find(e->members.cache, context_key, now_ms(e), &until_ms);
    if (known != NULL) {
        answer(e, who, known, until_ms);
        return;
    }
    struct member_query *q = map_get(&e->members.asked, context_key);
    wait_for(q != NULL ? q : query_begin(e, context_key), who);
}

/* ---- what is known --------------------------------------------------------------------------- */

void env_members_outdate(struct env *e)
{
    log_line(e->facts->log, LOG_DEBUG, "invalidated cache");
    e->members.generation++;
    member_cache_clear(e->members.cache);
    LIST_EACH (node, &e->members.queries)
        CONTAINER_OF(node, struct member_query, link)->outdated = true;
    map_free(&e->members.asked);
}

void env_members_init(struct env *e)
{
    e->members.cache = member_cache_new(e->house->settings.members_cache_size);
    list_init(&e->members.queries);
}

void env_members_free(struct env *e)
{
    member_cache_free(e->members.cache);
    map_free(&e->members.asked);
}
