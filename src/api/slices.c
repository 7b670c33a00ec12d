/* api/evaluate_slices.c - evaluations that take long: a context of megabytes and many flags that
 * look at it. They are done in slices, one in each turn of the loop, so that nobody else on the
 * thread waits for longer than one of them takes (http-api.md 14).
 *
 *   evaluate_in_slices_take() -> thread->slices, in turn --idle--> evalx_go_on() ->
 * evaluate_answer()
 *                                     ... the client goes away -> slice_abandoned()
 *
 * The snapshot is the one that the request began with: the answer is consistent.
 */
#include "api/api_private.h"

struct slice_turns {
    uv_idle_t idle;
    struct api_thread *thread;
};

/* A request whose evaluation is under way. */
struct slice {
    struct list link;
    struct http_request *req;
    struct api_passage passage;
    struct context *context;
    struct evaluation_listener listener;
    struct evalx x;
    struct str text;
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
    struct evalx_facts facts;
    evalx_end(&s->x, &facts);
    slice_free(s);
}

/* The one that waited longest has its turn. */
static void turn(uv_idle_t *idle)
{
    struct api_thread *t = CONTAINER_OF(idle, struct slice_turns, idle)->thread;
    struct slice *s = CONTAINER_OF(t->slices.next, struct slice, link);
    if (!evalx_go_on(&s->x, EVALUATE_SLICE, &s->text)) {
        list_remove(&s->link);
        list_append(&t->slices, &s->link);
        return;
    }
    http_request_set_state(s->req, NULL, NULL);
    evaluate_answer(s->req, &s->passage, &s->x, &s->context, &s->text);
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

void evaluate_in_slices_take(struct http_request *req, struct api_passage *p, struct evalx *x,
                             struct context **c, struct str *text)
{
    struct slice *s = mem_zalloc(sizeof *s);
    struct api_thread *t = p->thread;
    s->req = req;
    s->context = *c;
    s->x = *x;
    s->text = *text;
    *c = NULL;
    *text = (struct str){0};
    api_passage_keep(p, &s->passage);
    s->listener = evaluate_listener(&s->passage);
    s->x.request.listener = &s->listener;
    evaluator_listen(s->x.evaluator, &s->listener);
    list_append(&t->slices, &s->link);
    http_request_set_state(req, s, slice_abandoned);
    if (t->slice_turns == NULL)
        start_turns(t);
}
