/* api/context.c - for whom flags are evaluated: the context in the path or the body
 * (evaluation.md 9.2, http-api.md 5.2-5.5).
 *
 *   GET     base64 in {context} ---------------------------\
 *   REPORT  content type --> http_request_read_body() ------+--> secure mode --> with_context
 *
 * While a body is read nothing is held: the gate is asked again when it is there.
 */
#include "api/api_private.h"
#include "base/base64.h"

#include <openssl/crypto.h>

const char context_text_type[] = "Content-Type must be application/json.";
const char context_text_too_large[] = "Request body exceeds maximum allowed size.";
const char context_text_hash[] = "Environment is in secure mode, and context hash does not match.";

static const char text_no_base64[] = "context part of URL path did not decode as valid base64";
static const char text_no_context[] =
    "context part of URL path did not decode to valid evaluation context as JSON";

static void refuse(struct http_request *req, struct api_passage *p, int status, const char *text)
{
    if (p->route->stream)
        http_header_add_text(&p->headers, "X-Accel-Buffering", "no");
    if (status == 415)
        api_answer_text(req, p, status, text);
    else
        api_answer_message(req, p, status, text);
}

bool context_is_vouched_for(const struct http_request *req, const struct api_passage *p,
                            const struct context *c)
{
    const struct env_facts *facts = p->snapshot->facts;
    char want[65];
    struct str hash = {0};
    if (!facts->secure_mode || p->credential != API_ENVIRONMENT_ID)
        return true;
    (void)http_request_query(req, "h", &hash);
    context_secure_hash(c, view_of(facts->sdk_key), want);
    bool same = hash.len == sizeof want - 1 && CRYPTO_memcmp(hash.data, want, sizeof want - 1) == 0;
    str_free(&hash);
    return same;
}

static void go_on(struct http_request *req, struct api_passage *p, struct context *c)
{
    if (context_is_vouched_for(req, p, c))
        p->route->with_context(req, p, &c);
    else
        refuse(req, p, 400, context_text_hash);
    context_free(c);
}

/* ---- in the path ----------------------------------------------------------------------------- */

static struct view path_variable(const struct http_request *req, const struct api_passage *p)
{
    return http_request_variable(req, p->route->credential == API_ENVIRONMENT_ID ? 1 : 0);
}

static void from_path(struct http_request *req, struct api_passage *p)
{
    struct str json = {0};
    struct error err;
    if (!base64_decode(path_variable(req, p), &json)) {
        refuse(req, p, 400, text_no_base64);
        goto out;
    }
    struct context *c = context_parse(str_view(&json), &err);
    if (c != NULL)
        go_on(req, p, c);
    else
        refuse(req, p, 400, text_no_context);
out:
    str_free(&json);
}

/* ---- in the body ----------------------------------------------------------------------------- */

bool context_type_is_json(struct view content_type)
{
    struct view rest = content_type;
    return view_equal_nocase(view_trim(view_take_until(&rest, ";")),
                             VIEW_LITERAL("application/json"));
}

static void from_body(struct http_request *req, struct api_passage *p, struct view body)
{
    struct error err;
    struct context *c = context_parse(body, &err);
    if (c != NULL)
        go_on(req, p, c);
    else
        refuse(req, p, 400, err.text);
}

static void body_arrived(struct http_request *req, struct view body, bool too_large)
{
    struct api_passage p;
    if (!api_gate(req, &p))
        ; /* it is answered: the key was revoked meanwhile */
    else if (too_large)
        refuse(req, &p, 413, context_text_too_large);
    else
        from_body(req, &p, body);
    api_passage_done(&p);
}

void context_read(struct http_request *req, struct api_passage *p)
{
    if (http_request_method(req) != HTTP_REPORT)
        from_path(req, p);
    else if (context_type_is_json(http_request_header(req, "Content-Type")))
        http_request_read_body(req, p->thread->api->settings.max_body, body_arrived);
    else
        refuse(req, p, 415, context_text_type);
}
