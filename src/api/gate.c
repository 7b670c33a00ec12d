/* api/gate.c - who may pass: the steps before every handler (http-api.md 2.4, 3.3;
 * streaming.md 7.2).
 *
 *   no or malformed key  401, empty
 *   no list yet          503 A
 *   unknown filter       404 F
 *   unknown, refused     401 C, environment routes 404 D
 *   still starting       503 B
 *   OPTIONS              200, also instead of the two 503
 *
 * SDKs give up for ever on 401 and 404, so whatever may pass by itself is 503.
 */
#include "api/members.h"
#include "base/json_writer.h"

static const char text_no_list[] =
    "Relay Proxy is not yet fully initialized, does not have list of environments yet";
static const char text_starting[] = "client was not initialized";
static const char text_unknown[] =
    "Relay Proxy does not recognize the client credential (missing or "
    "invalid Authorization header)";
static const char text_unknown_id[] = "URL did not contain an environment ID";
static const char text_unknown_filter[] =
    "Relay Proxy recognizes the provided credential, but the payload filter was not found";

static bool is_for_browsers(const struct api_passage *p)
{
    return p->route->credential == API_ENVIRONMENT_ID;
}

static bool has_cors(const struct api_passage *p)
{
    return is_for_browsers(p) || p->route->credential == API_ANY_CREDENTIAL;
}

static void answer_as(struct http_request *req, const struct api_passage *p, int status,
                      const char *type, struct view body)
{
    struct http_headers headers = p->headers;
    http_header_add_text(&headers, "Content-Type", type);
    http_respond_borrowed(req, status, &headers, body);
}

void api_answer_text(struct http_request *req, const struct api_passage *p, int status,
                     const char *text)
{
    answer_as(req, p, status, "text/plain; charset=utf-8", view_of(text));
}

void api_answer_json(struct http_request *req, const struct api_passage *p, int status,
                     struct view json)
{
    answer_as(req, p, status, "application/json", json);
}

void api_answer_message(struct http_request *req, const struct api_passage *p, int status,
                        const char *text)
{
    struct str body = {0};
    str_append_text(&body, "{\"message\":");
    json_write_string_html(&body, view_of(text));
    str_append_char(&body, '}');
    api_answer_json(req, p, status, str_view(&body));
    str_free(&body);
}

static bool refuse(struct http_request *req, struct api_passage *p, int status, const char *text)
{
    if (status == 503)
        http_header_add_text(&p->headers, "Retry-After", "1");
    if (p->route->refuse != NULL) {
        p->route->refuse(req, p, status, text);
        return false;
    }
    if (has_cors(p))
        cors_add_error_origin(req, p);
    api_answer_text(req, p, status, text);
    return false;
}

static bool refuse_unknown(struct http_request *req, struct api_passage *p)
{
    if (is_for_browsers(p))
        return refuse(req, p, 404, text_unknown_id);
    return refuse(req, p, 401, text_unknown);
}

/* The question of a browser before its request; it must not fail for what the next second brings.
 */
static bool answer_preflight(struct http_request *req, struct api_passage *p,
                             const struct env_facts *facts)
{
    cors_add_headers(req, p, facts);
    http_respond(req, 200, &p->headers, NULL);
    return false;
}

static bool credential_of(const struct http_request *req, const struct api_route *route,
                          struct view *key)
{
    struct view authorization = http_request_header(req, "Authorization");
    switch (route->credential) {
    case API_ENVIRONMENT_ID:
        *key = http_request_variable(req, 0);
        return true;
    case API_ANY_CREDENTIAL:
        return api_credential_parse_any(authorization, http_request_header(req, "X-API-Key"), key);
    default:
        return api_credential_parse(authorization, key);
    }
}

static const struct {
    enum api_credential credential;
    enum credential_kind kind;
} kinds[] = {{API_SDK_KEY, CREDENTIAL_SDK_KEY},
             {API_MOBILE_KEY, CREDENTIAL_MOBILE_KEY},
             {API_ENVIRONMENT_ID, CREDENTIAL_ENVIRONMENT_ID}};

/* The first kind of which the key is known counts, be it with another filter. */
static enum directory_answer find(struct api_passage *p, struct view key, struct view filter)
{
    enum directory_answer answer = DIRECTORY_UNKNOWN;
    for (size_t i = 0; i < ARRAY_LEN(kinds) && answer == DIRECTORY_UNKNOWN; i++) {
        if (p->route->credential != API_ANY_CREDENTIAL &&
            p->route->credential != kinds[i].credential)
            continue;
        answer = fanout_find(p->thread->fanout, kinds[i].kind, key, filter, &p->slot);
        if (answer == DIRECTORY_FOUND || answer == DIRECTORY_UNKNOWN_FILTER)
            p->credential = kinds[i].credential;
    }
    return answer;
}

static enum directory_answer look_up(const struct http_request *req, struct api_passage *p,
                                     struct view key)
{
    struct str filter = {0};
    (void)http_request_query(req, "filter", &filter);
    enum directory_answer answer = find(p, key, str_view(&filter));
    str_free(&filter);
    return answer;
}

/* A question that comes without a key: it is the same for all. */
static bool is_open_preflight(const struct http_request *req, const struct api_passage *p)
{
    return p->route->credential == API_ANY_CREDENTIAL && http_request_method(req) == HTTP_OPTIONS;
}

static bool refuse_without_key(struct http_request *req, struct api_passage *p)
{
    if (p->route->refuse != NULL)
        return refuse(req, p, 401, text_unknown);
    http_respond(req, 401, &p->headers, NULL);
    return false;
}

/* The environment is known: is it ready for this request? */
static bool check_environment(struct http_request *req, struct api_passage *p)
{
    bool preflight = http_request_method(req) == HTTP_OPTIONS;
    p->snapshot = fanout_snapshot(p->thread->fanout, p->slot);
    if (p->snapshot == NULL || p->snapshot->state.readiness == ENV_REFUSED)
        return refuse_unknown(req, p);
    if (preflight)
        return answer_preflight(req, p, p->snapshot->facts);
    if (p->snapshot->state.readiness == ENV_STARTING && !p->route->while_starting)
        return refuse(req, p, 503, text_starting);
    if (has_cors(p))
        cors_add_headers(req, p, p->snapshot->facts);
    if (p->snapshot->facts->env_id[0] != '\0')
        http_header_add_text(&p->headers, "X-LD-EnvId", p->snapshot->facts->env_id);
    return true;
}

bool api_gate(struct http_request *req, struct api_passage *p)
{
    struct view key;
    *p = (struct api_passage){0};
    p->thread = http_thread_state(http_request_thread(req));
    p->route = &p->thread->api->rows[http_request_route(req)->id];
    p->credential = p->route->credential;
    if (p->route->credential == API_NO_CREDENTIAL)
        return true;
    if (has_cors(p))
        cors_add_methods(p);
    if (is_open_preflight(req, p))
        return answer_preflight(req, p, NULL);
    if (!credential_of(req, p->route, &key))
        return refuse_without_key(req, p);
    switch (look_up(req, p, key)) {
    case DIRECTORY_NO_LIST:
        return http_request_method(req) == HTTP_OPTIONS ? answer_preflight(req, p, NULL)
                                                        : refuse(req, p, 503, text_no_list);
    case DIRECTORY_UNKNOWN_FILTER:
        return refuse(req, p, 404, text_unknown_filter);
    case DIRECTORY_UNKNOWN:
        return refuse_unknown(req, p);
    case DIRECTORY_FOUND:
        break;
    }
    return check_environment(req, p);
}

void api_passage_done(struct api_passage *p)
{
    str_free(&p->methods);
    str_free(&p->allowed_headers);
    members_free(p->members);
}

void api_passage_keep(struct api_passage *from, struct api_passage *to)
{
    *to = *from;
    from->methods = (struct str){0};
    from->allowed_headers = (struct str){0};
    from->members = NULL;
    env_snapshot_ref(to->snapshot);
}

void api_passage_release(struct api_passage *kept)
{
    env_snapshot_unref(kept->snapshot);
    api_passage_done(kept);
}
