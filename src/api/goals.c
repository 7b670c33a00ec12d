/* api/goals.c - GET /sdk/goals/{envId}, which LaunchDarkly answers (http-api.md 7).
 *
 *   goals_pass_on() --question--> goals/, on the control thread --answer--> the gate again, client
 *        '-- waits in thread->goals_waits --... the client goes away: wait_abandoned()
 *
 * What the data is made of here, and not there: an environment from files has no goals.
 */
#include "api/api_private.h"
#include "base/percent.h"

/* As many requests may wait per thread. */
#define WAITS_MAX 1000

struct goals_wait {
    struct list link;
    struct api_thread *thread;
    struct http_request *req;
    uint64_t id;
};

static void wait_end(struct goals_wait *w)
{
    list_remove(&w->link);
    w->thread->goals_wait_count--;
    mem_free(w);
}

static void wait_abandoned(void *state)
{
    wait_end(state);
}

/* ---- the answer ------------------------------------------------------------------------------ */

/* The client has the answer already. */
static bool is_known(const struct http_request *req, const struct goals_answer *answer)
{
    bool quoted;
    struct view tag = etag_bare(goals_answer_value(answer, "etag"), &quoted);
    return answer->status == 200 && tag.len != 0 &&
           etag_matches_bare(http_request_header(req, "If-None-Match"), tag);
}

static void respond(struct http_request *req, struct api_passage *p,
                    const struct goals_answer *answer)
{
    p->headers.lines = str_view(&answer->lines);
    p->headers.dated = answer->dated;
    if (is_known(req, answer)) {
        http_respond(req, 304, &p->headers, NULL);
        return;
    }
    if (answer->type[0] != '\0')
        http_header_add_text(&p->headers, "Content-Type", answer->type);
    http_respond(req, answer->status, &p->headers, answer->body);
}

static struct goals_wait *wait_find(const struct api_thread *thread, uint64_t id)
{
    LIST_EACH (node, &thread->goals_waits) {
        struct goals_wait *w = CONTAINER_OF(node, struct goals_wait, link);
        if (w->id == id)
            return w;
    }
    return NULL;
}

/* The gate is asked again: the environment may be gone by now. */
static void answered(void *owner, uint64_t id, struct goals_answer *answer)
{
    struct goals_wait *w = wait_find(owner, id);
    struct api_passage p;
    if (w == NULL)
        return; /* the client went away */
    struct http_request *req = w->req;
    http_request_set_state(req, NULL, NULL);
    wait_end(w);
    if (api_gate(req, &p))
        respond(req, &p, answer);
    api_passage_done(&p);
}

/* ---- the question ---------------------------------------------------------------------------- */

/* The path as every browser writes it, so that the same environment is the same question. */
static void target_write(const struct http_request *req, struct str *out)
{
    struct view query = http_request_query_string(req);
    str_append_text(out, "/sdk/goals/");
    percent_encode(http_request_variable(req, 0), out);
    if (query.len != 0)
        str_append_char(out, '?');
    str_append(out, query);
}

static struct goals_question *question_make(const struct http_request *req, struct goals_asker who)
{
    struct str target = {0};
    struct str address = {0};
    struct view name;
    struct view value;
    target_write(req, &target);
    struct goals_question *q =
        goals_question_new(http_request_variable(req, 0), str_view(&target), &who);
    for (size_t at = 0; http_request_next_header(req, &at, &name, &value);)
        goals_question_header(q, name, value);
    http_request_peer(req, &address);
    goals_question_forwarded(q, http_request_header(req, "X-Forwarded-For"), str_view(&address));
    str_free(&target);
    str_free(&address);
    return q;
}

static void ask(struct http_request *req, struct api_passage *p)
{
    struct api_thread *thread = p->thread;
    struct goals_wait *w = mem_zalloc(sizeof *w);
    w->thread = thread;
    w->req = req;
    w->id = ++thread->goals_last_id;
    list_append(&thread->goals_waits, &w->link);
    thread->goals_wait_count++;
    http_request_set_state(req, w, wait_abandoned);
    struct goals_asker who = {.owner = thread,
                              .thread = (size_t)(thread - thread->api->threads),
                              .id = w->id,
                              .answered = answered};
    goals_ask_post(&thread->api->goals_door, question_make(req, who));
}

void goals_pass_on(struct http_request *req, struct api_passage *p)
{
    if (p->snapshot->facts->local) {
        api_answer_json(req, p, 200, VIEW_LITERAL("[]"));
    } else if (p->thread->goals_wait_count < WAITS_MAX) {
        ask(req, p);
    } else {
        struct goals_answer *busy = goals_answer_busy();
        respond(req, p, busy);
        goals_answer_unref(busy);
    }
}
