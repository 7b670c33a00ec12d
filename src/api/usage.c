/* api/usage.c - who asks, counted for the usage reports (events.md 11, http-api.md 11.2).
 *
 *   dispatch: api_count_request()     stream_open(): api_count_stream() ... stream_closed()
 *
 * LaunchDarkly knows nothing of environments from files, and hears nothing of them.
 */
#include "api/api_private.h"

static enum usage_platform platform_of(const struct api_passage *p)
{
    switch (p->credential) {
    case API_MOBILE_KEY:
        return USAGE_MOBILE;
    case API_ENVIRONMENT_ID:
        return USAGE_BROWSER;
    default:
        return USAGE_SERVER;
    }
}

static void client_of(const struct http_request *req, const struct api_passage *p,
                      struct usage_client *out)
{
    struct view own = http_request_header(req, "X-LaunchDarkly-User-Agent");
    *out = (struct usage_client){
        .platform = platform_of(p),
        .user_agent = own.len != 0 ? own : http_request_header(req, "User-Agent"),
        .wrapper = http_request_header(req, "X-LaunchDarkly-Wrapper"),
        .instance_id = http_request_header(req, "X-LaunchDarkly-Instance-Id"),
        .tags = http_request_header(req, "X-LaunchDarkly-Tags"),
    };
}

void api_count_request(const struct http_request *req, const struct api_passage *p)
{
    struct usage_client client;
    if (p->snapshot == NULL || p->snapshot->facts->local)
        return;
    client_of(req, p, &client);
    usage_count_request(p->thread->usage, p->slot, p->snapshot->facts, &client,
                        p->route->data != 0 && !p->route->stream);
}

struct usage_counter *api_count_stream(const struct http_request *req, const struct api_passage *p)
{
    struct usage_client client;
    if (p->snapshot->facts->local)
        return NULL;
    client_of(req, p, &client);
    return usage_count_stream(p->thread->usage, p->slot, p->snapshot->facts, &client);
}
