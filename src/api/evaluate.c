/* api/evaluate.c - all flags for one context (http-api.md 5.4, 5.6).
 *
 *   context_read() --> evaluate_all(): 503, 400 --> data still good? --> evalx_go_on() --> 200
 *                                                    no: parked, and here again; the same when
 *                                                    memberships of big segments are not known
 *                                         not done within a slice: slices.c --> 200
 *
 * Evaluated on the serving thread over the snapshot's data set, which never changes.
 */
#include "api/members.h"
#include "api/slices.h"

/* Whom a kind of credential stands for. */
static const struct audience {
    enum evalx_filter filter;
    const char *name; /* in the log */
} audiences[] = {
    [API_SDK_KEY] = {EVALX_ALL, "server"},
    [API_MOBILE_KEY] = {EVALX_MOBILE, "mobile"},
    [API_ENVIRONMENT_ID] = {EVALX_ENVIRONMENT, "js"},
};

static void flag_problem(void *owner, struct view flag_key, const char *problem)
{
    log_line(owner, LOG_WARN, "Invalid flag configuration detected in flag \"%.*s\": %s",
             VIEW_ARGS(flag_key), problem);
}

enum evalx_filter evaluate_filter(const struct api_passage *p)
{
    return audiences[p->credential].filter;
}

struct evaluation_listener evaluate_listener(const struct api_passage *p)
{
    return (struct evaluation_listener){p->snapshot->facts->log, flag_problem};
}

void evaluate_tell_given_up(const struct api_passage *p, size_t count)
{
    if (count != 0)
        log_line(p->snapshot->facts->log, LOG_WARN,
                 "Regular expressions of flags took too many steps and count as not matching; "
                 "simplify them");
}

static bool wants_reasons(const struct http_request *req)
{
    struct str value = {0};
    bool wanted =
        http_request_query(req, "withReasons", &value) && view_is(str_view(&value), "true");
    str_free(&value);
    return wanted;
}

/* Once the body is whole: it is the answer, unless memberships are wanted first. */
static void finish(struct http_request *req, struct api_passage *p, struct evalx *x,
                   struct context **c, const struct str *text)
{
    struct evalx_facts facts = {0};
    evalx_end(x, &facts);
    evaluate_tell_given_up(p, facts.patterns_given_up);
    if (facts.wants_memberships) {
        members_wait(req, p, c);
        return;
    }
    api_answer_json(req, p, 200, str_view(text));
}

struct evalx_slice {
    struct slice base;
    struct evalx x;
};

static struct evalx_slice *slice_of(struct slice *s)
{
    return CONTAINER_OF(s, struct evalx_slice, base);
}

static bool slice_go_on(struct slice *s)
{
    return evalx_go_on(&slice_of(s)->x, SLICE_WORK, &s->text);
}

static void slice_answer(struct slice *s)
{
    finish(s->req, &s->passage, &slice_of(s)->x, &s->context, &s->text);
}

static void slice_end(struct slice *s)
{
    struct evalx_facts facts;
    evalx_end(&slice_of(s)->x, &facts);
}

static void go_on_in_slices(struct http_request *req, struct api_passage *p, const struct evalx *x,
                            struct context **c, struct str *text)
{
    struct evalx_slice *s = mem_zalloc(sizeof *s);
    s->base.go_on = slice_go_on;
    s->base.answer = slice_answer;
    s->base.end = slice_end;
    s->x = *x;
    slice_begin_take(&s->base, req, p, c, text);
    evaluator_listen(s->x.evaluator, &s->base.listener);
}

static void answer(struct http_request *req, struct api_passage *p, struct context **c)
{
    struct evaluation_listener listener = evaluate_listener(p);
    struct evalx_request request = {.data = p->snapshot->data,
                                    .context = *c,
                                    .membership = members_begin(p),
                                    .listener = &listener,
                                    .filter = evaluate_filter(p),
                                    .with_reasons = wants_reasons(req)};
    struct str *scratch = api_scratch(p->thread);
    struct evalx x;
    evalx_begin(&x, &request);
    if (evalx_go_on(&x, SLICE_WORK, scratch))
        finish(req, p, &x, c, scratch);
    else
        go_on_in_slices(req, p, &x, c, scratch);
    api_scratch_done(p->thread);
}

/* An expired "there is none" asks the database first. */
enum evaluate_data evaluate_look(struct http_request *req, struct api_passage *p,
                                 struct context **c)
{
    struct log_scope *log = p->snapshot->facts->log;
    if (p->snapshot->data == NULL) {
        if (!api_may_answer(req, p, c))
            return EVALUATE_PARKED;
        log_line(log, LOG_WARN, "Called before client initialization. Feature store not available");
        return EVALUATE_NONE;
    }
    if (!p->snapshot->state.initialized)
        log_line(log, LOG_WARN,
                 "Called before client initialization; using last known values from feature store");
    return EVALUATE_DATA;
}

void evaluate_all(struct http_request *req, struct api_passage *p, struct context **c)
{
    enum evaluate_data found = evaluate_look(req, p, c);
    if (found == EVALUATE_NONE)
        api_answer_message(req, p, 503, "Service not initialized");
    if (found != EVALUATE_DATA)
        return;
    struct view key = context_key(*c);
    if (!context_is_multi(*c) && key.len == 0) {
        api_answer_message(req, p, 400, "User must have a 'key' attribute");
        return;
    }
    log_line(p->snapshot->facts->log, LOG_DEBUG,
             "Application requested client-side flags (%s) for context: %.*s",
             audiences[p->credential].name, VIEW_ARGS(key));
    if (api_may_answer(req, p, c))
        answer(req, p, c);
}

void evaluate_tell_unavailable(const struct api_passage *p, const char *problem, struct str *text)
{
    log_line(p->snapshot->facts->log, LOG_WARN,
             "Unable to fetch flags from feature store. Returning nil map. Error: %s", problem);
    str_append_format(text, "Error fetching flags from feature store: %s", problem);
}

void evaluate_unavailable(struct http_request *req, struct api_passage *p, const char *problem)
{
    struct str text = {0};
    evaluate_tell_unavailable(p, problem, &text);
    api_answer_message(req, p, 500, str_text(&text));
    str_free(&text);
}
