/* api/events_pause.c - bodies for which there is no room at present (events.md 13.2).
 *
 *   event_body_take() --no room--> paused_bodies, oldest first --tick--> room? --> it goes on
 *                                     '-- the oldest: has its turn, when nobody has --> it goes on
 *
 * Room is made by other threads, too, so a thread looks for it while it has bodies that wait. That
 * a body waits for too long is http/'s to see.
 */
#include "api/events.h"

#define LOOK_MS 10

struct event_pause_timer {
    uv_timer_t timer;
    struct api_thread *thread;
};

static bool go_on(struct event_body *b)
{
    if (!event_body_grow(b))
        return false;
    event_pause_end(b);
    http_request_resume_body(b->req);
    return true;
}

static struct event_body *body_of(struct list *node)
{
    return CONTAINER_OF(node, struct event_body, paused);
}

static void look(uv_timer_t *timer)
{
    struct api_thread *t = CONTAINER_OF(timer, struct event_pause_timer, timer)->thread;
    (void)events_hold_take_turn(t->api->settings.door, &body_of(t->paused_bodies.next)->hold);
    LIST_EACH_SAFE (node, &t->paused_bodies)
        (void)go_on(body_of(node));
}

static void released(uv_handle_t *handle)
{
    mem_free(CONTAINER_OF((uv_timer_t *)handle, struct event_pause_timer, timer));
}

static void start_looking(struct api_thread *t)
{
    struct event_pause_timer *p = mem_zalloc(sizeof *p);
    p->thread = t;
    (void)uv_timer_init(http_thread_loop(t->http), &p->timer);
    (void)uv_timer_start(&p->timer, look, LOOK_MS, LOOK_MS);
    t->pause_timer = p;
}

bool event_pause_unless_turn(struct event_body *b)
{
    struct api_thread *t = b->thread;
    bool oldest = list_empty(&t->paused_bodies);
    if (oldest && events_hold_take_turn(t->api->settings.door, &b->hold) && event_body_grow(b))
        return true;
    if (t->pause_timer == NULL)
        start_looking(t);
    list_append(&t->paused_bodies, &b->paused);
    return false;
}

void event_pause_end(struct event_body *b)
{
    struct api_thread *t = b->thread;
    list_remove(&b->paused);
    if (t->pause_timer == NULL || !list_empty(&t->paused_bodies))
        return;
    uv_close((uv_handle_t *)&t->pause_timer->timer, released);
    t->pause_timer = NULL;
}
