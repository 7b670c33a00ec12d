/* api/events_wait.c - answers that wait until the post is on disk (events.md 13.6).
 *
 *   event_wait() ... post->safe() on the control thread --letter--> 202 on the serving thread
 *                ... the client goes away: the letter finds nobody
 */
#include "api/events.h"

struct event_waiter {
    struct letter letter;
    struct api_thread *thread;
    struct http_request *req; /* the serving thread's; NULL: it is gone */
    struct api_passage passage;
};

static void waiter_free(struct event_waiter *w)
{
    api_passage_release(&w->passage);
    mem_free(w);
}

static void abandoned(void *state)
{
    struct event_waiter *w = state;
    w->req = NULL;
}

static void safe_arrived(struct letter *l)
{
    struct event_waiter *w = CONTAINER_OF(l, struct event_waiter, letter);
    if (w->req != NULL) {
        http_request_set_state(w->req, NULL, NULL);
        http_respond(w->req, 202, &w->passage.headers, NULL);
    }
    waiter_free(w);
}

/* On the control thread. */
static void safe(void *owner)
{
    struct event_waiter *w = owner;
    if (w->thread->api->threads_ended)
        waiter_free(w);
    else
        http_thread_post(w->thread->http, &w->letter);
}

void event_wait(struct http_request *req, struct api_passage *p, struct event_post *post)
{
    struct event_waiter *w = mem_zalloc(sizeof *w);
    w->letter.deliver = safe_arrived;
    w->thread = p->thread;
    w->req = req;
    api_passage_keep(p, &w->passage);
    http_request_set_state(req, w, abandoned);
    post->safe = safe;
    post->owner = w;
}
