/* api/api.c - the room as a whole: its threads, and the way from the server to the handlers. */
#include "api/api_private.h"
#include "http/body_decoder.h"

/* Memory that a thread keeps for its answers from one to the next. */
#define SCRATCH_KEPT ((size_t)1 << 20)

static void dispatch(struct http_request *req)
{
    struct api_passage p;
    if (!api_gate(req, &p)) {
        api_passage_done(&p);
        return; /* it is answered */
    }
    api_count_request(req, &p);
    if (p.snapshot == NULL || p.route->with_context != NULL || api_is_fresh(&p))
        p.route->handler(req, &p);
    else
        api_park(req, &p);
    api_passage_done(&p);
}

struct str *api_scratch(struct api_thread *t)
{
    str_clear(&t->scratch);
    return &t->scratch;
}

void api_scratch_done(struct api_thread *t)
{
    if (t->scratch.room > SCRATCH_KEPT)
        str_free(&t->scratch);
}

/* Threads come in any order; each takes the next place. */
static void *thread_open(void *arg, struct http_thread *t)
{
    struct api *a = arg;
    struct api_thread *thread = &a->threads[atomic_fetch_add(&a->opened, 1)];
    thread->http = t;
    uv_sem_post(&a->ready);
    return thread;
}

static void thread_close(void *arg, void *state)
{
    struct api_thread *thread = state;
    (void)arg;
    str_free(&thread->scratch);
    ofrep_tags_free(thread->ofrep_tags);
    thread->ofrep_tags = NULL;
    buf_unref(thread->status);
    thread->status = NULL;
    body_decoder_free(thread->spare_decoder);
    thread->spare_decoder = NULL;
}

/* Those that are switched on; `id` is the row's index in the table. */
static struct http_route *make_routes(const struct api_settings *settings,
                                      const struct api_route *rows, size_t count, size_t *made)
{
    struct http_route *routes = mem_zalloc(count * sizeof *routes);
    *made = 0;
    for (size_t i = 0; i < count; i++) {
        const struct api_route *row = &rows[i];
        if (row->ofrep && !settings->ofrep)
            continue;
        routes[(*made)++] =
            (struct http_route){row->methods, row->head, row->pattern, dispatch, (int)i};
    }
    return routes;
}

struct api *api_new(const struct api_settings *settings)
{
    return api_new_with_routes(settings, api_routes, api_route_count);
}

struct api *api_new_with_routes(const struct api_settings *settings, const struct api_route *rows,
                                size_t count)
{
    struct api *a = mem_zalloc(sizeof *a);
    a->settings = *settings;
    a->threads = mem_zalloc(settings->threads * sizeof *a->threads);
    a->fanouts = mem_zalloc(settings->threads * sizeof(struct fanout *));
    a->usage = mem_zalloc(settings->threads * sizeof(struct usage_counts *));
    for (size_t i = 0; i < settings->threads; i++) {
        a->fanouts[i] = fanout_new(&stream_hooks);
        a->usage[i] = a->threads[i].usage = usage_counts_new(settings->clock);
        a->threads[i].api = a;
        list_init(&a->threads[i].slices);
        list_init(&a->threads[i].paused_bodies);
        a->threads[i].fanout = a->fanouts[i];
        list_init(&a->threads[i].goals_waits);
    }
    a->rows = rows;
    size_t made;
    a->routes = make_routes(settings, rows, count, &made);
    a->service = (struct http_service){.arg = a,
                                       .routes = a->routes,
                                       .route_count = made,
                                       .thread_open = thread_open,
                                       .thread_close = thread_close,
                                       .log_request = request_log};
    (void)uv_sem_init(&a->ready, 0);
    atomic_init(&a->opened, 0);
    atomic_init(&a->stopping, false);
    a->started_ms = clock_now_ms(settings->clock);
    atomic_init(&a->beat_ms, a->started_ms);
    return a;
}

void api_free(struct api *a)
{
    for (size_t i = 0; i < a->settings.threads; i++) {
        fanout_free(a->fanouts[i]);
        usage_counts_free(a->usage[i]);
    }
    uv_sem_destroy(&a->ready);
    mem_free(a->usage);
    mem_free(a->fanouts);
    mem_free(a->threads);
    mem_free(a->routes);
    mem_free(a);
}

const struct http_service *api_service(struct api *a)
{
    return &a->service;
}

struct fanout **api_fanouts(struct api *a)
{
    return a->fanouts;
}

struct usage_counts *const *api_usage(const struct api *a)
{
    return a->usage;
}

void api_wait_for_threads(struct api *a)
{
    for (size_t i = 0; i < a->settings.threads; i++)
        uv_sem_wait(&a->ready);
}

static void post(void *owner, size_t thread, struct letter *l)
{
    struct api *a = owner;
    http_thread_post(a->threads[thread].http, l);
}

struct fanout_route api_fanout_route(struct api *a)
{
    return (struct fanout_route){.owner = a, .post = post};
}

void api_connect_goals(struct api *a, const struct goals_door *door)
{
    a->goals_door = *door;
}

struct goals_route api_goals_route(struct api *a)
{
    return (struct goals_route){.owner = a, .post = post};
}

void api_beat(struct api *a)
{
    atomic_store_explicit(&a->beat_ms, clock_now_ms(a->settings.clock), memory_order_relaxed);
}

void api_threads_ended(struct api *a)
{
    a->threads_ended = true;
}

void api_set_stopping(struct api *a)
{
    atomic_store(&a->stopping, true);
}
