/* api/slices.c - evaluations that take long: a context of megabytes and many flags that look at it.
 * They are done in slices, one in each turn of the loop, so that nobody else on the thread waits
 * for longer than one of them takes (http-api.md 14).
 *
 *   slice_begin_take() -> thread->slices, in turn --idle--> go_on() ... answer()
 *                                  ... the client goes away -> end()
 *
 * The snapshot is the one that the request began with: the answer is consistent.
 */
#include "api/slices.h"

struct slice_turns {
    uv_idle_t idle;
    struct api_thread *thread;
};

static void turns_released(uv_handle_t *handle)
{
    mem_free(CONTAINER_OF((uv_idle_t *)handle, struct slice_turns, idle));
}

static void slice_free(struct slice *s)
{
    struct api_thread *t = s->passage.thread;
    list_remove(&s->link);
    api_passage_release(&s->passage);
    context_free(s->context);
    str_free(&s->text);
    mem_free(s);
    if (t->slice_turns == NULL || !list_empty(&t->slices))
        return;
    uv_close((uv_handle_t *)&t->slice_turns->idle, turns_released);
    t->slice_turns = NULL;
}

static void slice_abandoned(void *state)
{
    struct slice *s = state;
    s->end(s);
    slice_free(s);
}

/* The one that waited longest has its turn. */
static void turn(uv_idle_t *idle)
{
    struct api_thread *t = CONTAINER_OF(idle, struct slice_turns, idle)->thread;
    struct slice *s = CONTAINER_OF(t->slices.next, struct slice, link);
    if (!s->go_on(s)) {
        list_remove(&s->link);
        list_append(&t->slices, &s->link);
        return;
    }
    http_request_set_state(s->req, NULL, NULL);
    s->answer(s);
    slice_free(s);
}

static void start_turns(struct api_thread *t)
{
    struct slice_turns *turns = mem_zalloc(sizeof *turns);
    turns->thread = t;
    (void)uv_idle_init(http_thread_loop(t->http), &turns->idle);
    (void)uv_idle_start(&turns->idle, turn);
    t->slice_turns = turns;
}

void slice_begin_take(struct slice *s, struct http_request *req, struct api_passage *p,
                      struct context **c, struct str *text)
{
    struct api_thread *t = p->thread;
    s->req = req;
    s->context = *c;
    s->text = *text;
    *c = NULL;
    *text = (struct str){0};
    api_passage_keep(p, &s->passage);
    s->listener = evaluate_listener(&s->passage);
    list_append(&t->slices, &s->link);
    http_request_set_state(req, s, slice_abandoned);
    if (t->slice_turns == NULL)
        start_turns(t);
}
