/* api/ofrep_read.c - requests of OpenFeature's providers, and how they are refused
 * (http-api.md 9.2, 9.3, evaluation.md 12.1).
 *
 *   gate --> ofrep_read(): content type --> body --> its "context" --> secure mode --> with_context
 *
 * While a body is read nothing is held: the gate is asked again when it is there.
 */
#include "api/api_private.h"
#include "base/json_reader.h"
#include "base/json_writer.h"

static const char text_no_object[] = "The body must be a JSON object";
static const char text_no_context[] = "The body must have a \"context\" that is an object";

/* ---- errors ---------------------------------------------------------------------------------- */

static bool is_for_one_flag(const struct api_passage *p)
{
    return p->route->with_context == ofrep_flag;
}

void ofrep_fail(struct http_request *req, struct api_passage *p, int status, const char *code,
                struct view details)
{
    struct str body = {0};
    bool first = true;
    str_append_char(&body, '{');
    if (code != NULL && is_for_one_flag(p))
        json_write_member_text(&body, &first, "key", http_request_variable(req, 0));
    if (code != NULL)
        json_write_member_text(&body, &first, "errorCode", view_of(code));
    json_write_member_text(&body, &first, "errorDetails", details);
    str_append_char(&body, '}');
    api_answer_json(req, p, status, str_view(&body));
    str_free(&body);
}

/* What the gate says, in OpenFeature's words. Before a key is known for what it is, any page may
 * read the answer; it could not tell an unknown key from a network failure otherwise. */
void ofrep_refuse(struct http_request *req, struct api_passage *p, int status, const char *text)
{
    const char *code = status == 503 ? "PROVIDER_NOT_READY" : NULL;
    if (status == 404 && is_for_one_flag(p))
        code = "FLAG_NOT_FOUND";
    if (status != 404)
        p->credential = API_ANY_CREDENTIAL;
    cors_add_headers(req, p, NULL);
    ofrep_fail(req, p, status, code,
               view_of(status == 401 ? "missing or unknown credential" : text));
}

void ofrep_unavailable(struct http_request *req, struct api_passage *p, const char *problem)
{
    struct str text = {0};
    evaluate_tell_unavailable(p, problem, &text);
    ofrep_fail(req, p, 500, NULL, str_view(&text));
    str_free(&text);
}

/* ---- the body -------------------------------------------------------------------------------- */

/* What stands in the body, or why it cannot be used; views into the body. */
struct ofrep_body {
    struct view context; /* the last "context"; empty: there is none that is an object */
    struct error problem;
    bool broken; /* `problem` says why */
};

static void body_parse(struct view text, struct ofrep_body *out)
{
    struct json_reader r;
    struct view name;
    *out = (struct ofrep_body){0};
    json_reader_init(&r, text);
    if (json_peek(&r) != JSON_OBJECT) {
        json_skip(&r);
        json_expect_end(&r);
        if (!json_failed(&r))
            json_fail(&r, text_no_object);
    } else {
        for (json_object_begin(&r); json_object_next(&r, &name);) {
            bool context = view_is(name, "context");
            bool object = json_peek(&r) == JSON_OBJECT;
            struct view value = json_read_raw(&r);
            if (context)
                out->context = object ? value : view_make("", 0);
        }
        json_expect_end(&r);
    }
    out->broken = json_failed(&r);
    if (out->broken)
        error_set(&out->problem, "invalid JSON at position %zu: %s", json_offset(&r), r.problem);
    json_reader_done(&r);
}

static void with_context(struct http_request *req, struct api_passage *p, struct context *c)
{
    if (context_is_vouched_for(req, p, c))
        p->route->with_context(req, p, &c);
    else
        ofrep_fail(req, p, 403, NULL, view_of(context_text_hash));
    context_free(c);
}

static void use_body(struct http_request *req, struct api_passage *p, struct view text)
{
    struct ofrep_body body;
    enum context_ofrep_problem problem;
    struct error err;
    body_parse(text, &body);
    if (body.broken) {
        ofrep_fail(req, p, 400, "PARSE_ERROR", view_of(body.problem.text));
        return;
    }
    if (body.context.len == 0) {
        ofrep_fail(req, p, 400, "INVALID_CONTEXT", view_of(text_no_context));
        return;
    }
    struct context *c = context_parse_ofrep(body.context, &problem, &err);
    if (c != NULL)
        with_context(req, p, c);
    else if (problem == CONTEXT_OFREP_KEY_MISSING)
        ofrep_fail(req, p, 400, "TARGETING_KEY_MISSING", view_of(err.text));
    else
        ofrep_fail(req, p, 400, "INVALID_CONTEXT", view_of(err.text));
}

static void body_arrived(struct http_request *req, struct view body, bool too_large)
{
    struct api_passage p;
    if (!api_gate(req, &p))
        ; /* it is answered: the key was revoked meanwhile */
    else if (too_large)
        ofrep_fail(req, &p, 413, NULL, view_of(context_text_too_large));
    else
        use_body(req, &p, body);
    api_passage_done(&p);
}

void ofrep_read(struct http_request *req, struct api_passage *p)
{
    if (context_type_is_json(http_request_header(req, "Content-Type")))
        http_request_read_body(req, p->thread->api->settings.max_body, body_arrived);
    else
        ofrep_fail(req, p, 415, NULL, view_of(context_text_type));
}
