/* store/hold.c - when may an update be broadcast? (store.h, "writing")
 *
 *   posted 1 2 3 4 5 6        the timer stands at the deadline of write 3, the oldest that nobody
 *          ^ released   ^     knows the end of; when it fires all of them are released
 */
#include "store/store_private.h"

bool store_writes_first(const struct store *s)
{
    return s->db->backend->class->embedded && s->monitor.state == STORE_VALID && !s->hold.behind &&
           !s->closing;
}

/* Timers come before answers in a turn of the loop, so after a long turn a write may have ended in
 * time without anybody having looked: it gets one more turn. */
static void expired(uv_timer_t *timer)
{
    struct store *s = CONTAINER_OF(timer, struct store, hold.timer);
    if (!s->hold.last_look) {
        s->hold.last_look = true;
        (void)uv_timer_start(timer, expired, 1, 0);
        return;
    }
    s->hold.behind = true;
    store_hold_release_all(s);
}

/* The oldest write that did not end yet, of those with greater numbers than this one. */
static const struct store_job *oldest_write(const struct store *s, uint64_t number)
{
    const struct list *lists[] = {&s->queue.running, &s->queue.waiting};
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        LIST_EACH (link, lists[i]) {
            const struct store_job *j = CONTAINER_OF(link, struct store_job, link);
            if (j->number > number)
                return j;
        }
    }
    return NULL;
}

static void arm(struct store *s)
{
    const struct store_job *j = store_writes_first(s) ? oldest_write(s, s->hold.released) : NULL;
    s->hold.last_look = false;
    if (j == NULL) {
        (void)uv_timer_stop(&s->hold.timer);
        return;
    }
    uint64_t now = uv_now(s->db->loop);
    uint64_t wait = j->hold_until_ms > now ? j->hold_until_ms - now : 0;
    (void)uv_timer_start(&s->hold.timer, expired, wait, 0);
}

void store_hold_posted(struct store *s, struct store_job *job)
{
    uint64_t limit = job->it != NULL ? STORE_HOLD_UPSERT_MS : STORE_HOLD_INIT_MS;
    job->number = ++s->hold.posted;
    uv_update_time(s->db->loop); /* the turn may have begun long ago */
    job->hold_until_ms = uv_now(s->db->loop) + limit;
    if (!uv_is_active((uv_handle_t *)&s->hold.timer))
        arm(s);
}

void store_hold_release(struct store *s, uint64_t number)
{
    if (number <= s->hold.released || s->closing)
        return;
    s->hold.released = number;
    s->listener.released(s->listener.owner, number);
    arm(s);
}

void store_hold_release_all(struct store *s)
{
    store_hold_release(s, s->hold.posted);
}

void store_hold_caught_up(struct store *s)
{
    const struct store_job *oldest = oldest_write(s, 0);
    if (oldest == NULL || oldest->hold_until_ms > uv_now(s->db->loop))
        s->hold.behind = false;
}
