/* api/cors.c - which browser pages may read an answer (http-api.md 4, streaming.md 7.3). */
#include "api/api_private.h"

#define ALLOWED_HEADERS                                                                            \
    "Cache-Control,Content-Type,Content-Length,Accept-Encoding,X-LaunchDarkly-User-Agent,"         \
    "X-LaunchDarkly-Payload-ID,X-LaunchDarkly-Wrapper,X-LaunchDarkly-Event-Schema,"                \
    "X-LaunchDarkly-Tags"

/* Routes of OpenFeature are asked with a key in a header, and with a tag. */
static const struct {
    const char *allowed;
    const char *exposed;
} texts[] = {
    [API_ENVIRONMENT_ID] = {ALLOWED_HEADERS, "Date"},
    [API_ANY_CREDENTIAL] = {"Authorization,X-API-Key,Content-Type,If-None-Match",
                            "Date,ETag,Retry-After"},
};

/* Pages have no business with the keys of servers and phones. */
static bool is_for_pages(const struct api_passage *p)
{
    return p->credential != API_SDK_KEY && p->credential != API_MOBILE_KEY;
}

static void add_origin(struct api_passage *p, struct view origin, bool varies)
{
    http_header_add(&p->headers, "Access-Control-Allow-Origin", origin);
    if (varies)
        http_header_add_text(&p->headers, "Vary", "Origin");
}

/* No list of origins: every page may read it. A stream, unlike the question before it, does not say
 * which page it is for. */
static void add_any_origin(struct http_request *req, struct api_passage *p)
{
    struct view origin = http_request_header(req, "Origin");
    bool stream = p->route->stream && http_request_method(req) != HTTP_OPTIONS;
    bool echo = origin.len != 0 && !stream;
    add_origin(p, echo ? origin : view_of("*"), echo);
}

static void add_listed_origin(struct http_request *req, struct api_passage *p, char *const *list)
{
    struct view origin = http_request_header(req, "Origin");
    struct view answer = view_of(list[0]);
    for (size_t i = 0; list[i] != NULL; i++)
        if (view_is(origin, list[i]))
            answer = view_of(list[i]);
    add_origin(p, answer, list[1] != NULL || p->route->stream);
}

void cors_add_methods(struct api_passage *p)
{
    for (int m = 0; m < HTTP_METHOD_OTHER; m++)
        if ((p->route->methods & 1u << m) != 0)
            str_append_format(&p->methods, "%s%s", p->methods.len != 0 ? "," : "",
                              http_method_name((enum http_method)m));
    http_header_add(&p->headers, "Access-Control-Allow-Methods", str_view(&p->methods));
}

void cors_add_headers(struct http_request *req, struct api_passage *p,
                      const struct env_facts *facts)
{
    if (is_for_pages(p) && (facts == NULL || facts->allowed_origins[0] == NULL))
        add_any_origin(req, p);
    else if (is_for_pages(p))
        add_listed_origin(req, p, facts->allowed_origins);
    str_append_text(&p->allowed_headers, texts[p->route->credential].allowed);
    for (size_t i = 0; facts != NULL && facts->allowed_headers[i] != NULL; i++)
        str_append_format(&p->allowed_headers, ",%s", facts->allowed_headers[i]);
    http_header_add_text(&p->headers, "Access-Control-Allow-Credentials", "false");
    http_header_add_text(&p->headers, "Access-Control-Max-Age", "300");
    http_header_add(&p->headers, "Access-Control-Allow-Headers", str_view(&p->allowed_headers));
    http_header_add_text(&p->headers, "Access-Control-Expose-Headers",
                         texts[p->route->credential].exposed);
}

void cors_add_error_origin(struct http_request *req, struct api_passage *p)
{
    struct view origin = http_request_header(req, "Origin");
    add_origin(p, origin.len != 0 ? origin : view_of("*"), origin.len != 0);
}
