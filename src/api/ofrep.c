/* api/ofrep.c - flags for OpenFeature's providers (http-api.md 9, evaluation.md 12).
 *
 *   ofrep_read() --> ofrep_flag():  503 --> data still good? --> 404, 400, 200
 *                '-> ofrep_flags(): 503 --> data still good? --> tag known and theirs? 304
 *                                                           '--> evaluated: 304, 200 with ETag
 *   both wait, and come here again, when memberships of big segments are not known
 *
 * Servers ask for one flag at each evaluation; browsers ask for all of them and keep them.
 */
#include "flags/ofrep.h"
#include "api/members.h"
#include "api/slices.h"

static bool may_answer(struct http_request *req, struct api_passage *p, struct context **c)
{
    enum evaluate_data found = evaluate_look(req, p, c);
    if (found == EVALUATE_NONE)
        ofrep_fail(req, p, 503, "PROVIDER_NOT_READY", VIEW_LITERAL("Service not initialized"));
    return found == EVALUATE_DATA && api_may_answer(req, p, c);
}

/* ---- one flag -------------------------------------------------------------------------------- */

/* A flag that the client may not see is no different from one that does not exist. */
static void refuse_flag(struct http_request *req, struct api_passage *p)
{
    struct str text = {0};
    str_append_format(&text, "Flag '%.*s' was not found", VIEW_ARGS(http_request_variable(req, 0)));
    ofrep_fail(req, p, 404, "FLAG_NOT_FOUND", str_view(&text));
    str_free(&text);
}

static void answer_flag(struct http_request *req, struct api_passage *p, struct context **c)
{
    struct evaluation_listener listener = evaluate_listener(p);
    struct evaluation result;
    struct view key = http_request_variable(req, 0);
    struct evaluator *e = evaluator_new(p->snapshot->data, *c, members_begin(p));
    evaluator_listen(e, &listener);
    bool found = evaluator_flag_for(e, evaluate_filter(p), key, &result);
    bool wants = found && evaluator_wants_memberships(e);
    if (found && !wants) {
        struct str *text = api_scratch(p->thread);
        int status = ofrep_result_write(&result, key, text) ? 200 : 400;
        api_answer_json(req, p, status, str_view(text));
        api_scratch_done(p->thread);
    } else if (!found) {
        refuse_flag(req, p);
    }
    evaluate_tell_given_up(p, evaluator_patterns_given_up(e));
    evaluator_free(e);
    if (wants)
        members_wait(req, p, c);
}

void ofrep_flag(struct http_request *req, struct api_passage *p, struct context **c)
{
    if (may_answer(req, p, c))
        answer_flag(req, p, c);
}

/* ---- all flags ------------------------------------------------------------------------------- */

/* An answer about all flags while it is made. */
struct bulk {
    struct ofrep_question question;
    struct evaluator *evaluator;
    size_t at; /* the next flag */
    struct str *text;
    char before; /* what stands before the next one */
    bool big_segments;
};

static void flag_visit(const struct evaluation *result, void *arg)
{
    struct bulk *bulk = arg;
    str_append_char(bulk->text, bulk->before);
    (void)ofrep_result_write(result, result->key, bulk->text);
    bulk->before = ',';
    bulk->big_segments = bulk->big_segments || result->big_segments != BIG_SEGMENTS_NONE;
}

static bool bulk_go_on(struct bulk *bulk, const struct api_passage *p, size_t work)
{
    return evaluator_each_go_on(bulk->evaluator, evaluate_filter(p), &bulk->at, work, flag_visit,
                                bulk);
}

/* What stands behind the flags. The version is that of /sdk/latest-all: the same from every relay
 * that has the same data. */
static void bulk_write_end(const struct bulk *bulk, const struct api_passage *p)
{
    str_append_text(bulk->text, bulk->before == '[' ? "[]" : "]");
    str_append_format(bulk->text, ",\"metadata\":{\"version\":\"%.*s\"}}",
                      VIEW_ARGS(dataset_poll_version(p->snapshot->data, DATASET_POLL_ALL)));
}

/* With the headers of an answer that has this tag: 304 when the client has it, else 200. `text` is
 * NULL when there is no need to know: false then, and nothing is answered, unless it has it. */
static bool answer_tagged(struct http_request *req, struct api_passage *p, struct view tag,
                          const struct str *text)
{
    char quoted[OFREP_TAG_LENGTH + 3];
    bool same = etag_matches_bare(http_request_header(req, "If-None-Match"), tag);
    if (!same && text == NULL)
        return false;
    (void)snprintf(quoted, sizeof quoted, "\"%.*s\"", VIEW_ARGS(tag));
    http_header_add_text(&p->headers, "ETag", quoted);
    http_header_add_text(&p->headers, "Cache-Control", "private, no-cache");
    http_header_add_text(&p->headers, "Vary", "Authorization, X-API-Key");
    if (same)
        http_respond(req, 304, &p->headers, NULL);
    else
        api_answer_json(req, p, 200, str_view(text));
    return true;
}

/* Once all flags are there: the answer, unless memberships are wanted first. An answer that depends
 * on nothing but the question has a tag that is kept. */
static void bulk_finish(struct http_request *req, struct api_passage *p, struct bulk *bulk,
                        struct context **c)
{
    char made[OFREP_TAG_LENGTH];
    bool wants = evaluator_wants_memberships(bulk->evaluator);
    evaluate_tell_given_up(p, evaluator_patterns_given_up(bulk->evaluator));
    evaluator_free(bulk->evaluator);
    if (wants) {
        members_wait(req, p, c);
        return;
    }
    bulk_write_end(bulk, p);
    ofrep_tag_make(str_view(bulk->text), made);
    if (!bulk->big_segments)
        ofrep_tag_keep(p->thread, &bulk->question, view_make(made, sizeof made));
    (void)answer_tagged(req, p, view_make(made, sizeof made), bulk->text);
}

struct bulk_slice {
    struct slice base;
    struct bulk bulk;
};

static struct bulk_slice *slice_of(struct slice *s)
{
    return CONTAINER_OF(s, struct bulk_slice, base);
}

static bool slice_go_on(struct slice *s)
{
    return bulk_go_on(&slice_of(s)->bulk, &s->passage, SLICE_WORK);
}

static void slice_answer(struct slice *s)
{
    bulk_finish(s->req, &s->passage, &slice_of(s)->bulk, &s->context);
}

static void slice_end(struct slice *s)
{
    evaluator_free(slice_of(s)->bulk.evaluator);
}

static void go_on_in_slices(struct http_request *req, struct api_passage *p,
                            const struct bulk *bulk, struct context **c)
{
    struct bulk_slice *s = mem_zalloc(sizeof *s);
    s->base.go_on = slice_go_on;
    s->base.answer = slice_answer;
    s->base.end = slice_end;
    s->bulk = *bulk;
    s->bulk.text = &s->base.text;
    slice_begin_take(&s->base, req, p, c, bulk->text);
    evaluator_listen(s->bulk.evaluator, &s->base.listener);
}

static void evaluate_flags(struct http_request *req, struct api_passage *p, struct context **c,
                           const struct ofrep_question *question)
{
    struct evaluation_listener listener = evaluate_listener(p);
    struct str *text = api_scratch(p->thread);
    struct bulk bulk = {.question = *question,
                        .evaluator = evaluator_new(p->snapshot->data, *c, members_begin(p)),
                        .text = text,
                        .before = '['};
    evaluator_listen(bulk.evaluator, &listener);
    str_append_text(text, "{\"flags\":");
    if (bulk_go_on(&bulk, p, SLICE_WORK))
        bulk_finish(req, p, &bulk, c);
    else
        go_on_in_slices(req, p, &bulk, c);
    api_scratch_done(p->thread);
}

static void answer_flags(struct http_request *req, struct api_passage *p, struct context **c)
{
    struct ofrep_question question;
    ofrep_question_make(p, *c, &question);
    struct view tag = ofrep_tag_find(p->thread, &question);
    if (tag.len == 0 || !answer_tagged(req, p, tag, NULL))
        evaluate_flags(req, p, c, &question);
}

void ofrep_flags(struct http_request *req, struct api_passage *p, struct context **c)
{
    if (may_answer(req, p, c))
        answer_flags(req, p, c);
}
