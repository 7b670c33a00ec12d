/* api/events_diagnostic.c - a diagnostic event goes on with the headers of the SDK's own request
 * (events.md 9). */
#include "api/events.h"

/* What belongs to this connection, what is not the upstream's business, and what the relay says
 * itself. */
static const char *const left_out[] = {
    "Connection",
    "Keep-Alive",
    "Proxy-Authorization",
    "Proxy-Authenticate",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    "Expect",
    "Cookie",
    "Accept-Encoding",
    "Proxy-Connection",
    "Host",
    "Content-Encoding",
    "Content-Length",
    "Content-Type",
    "HTTP2-Settings",
};

/* Connection names headers that are for this connection only; it may come several times. */
static bool is_named_by_connection(const struct http_request *req, struct view wanted)
{
    size_t at = 0;
    struct view name;
    struct view value;
    while (http_request_next_header(req, &at, &name, &value))
        if (view_equal_nocase(name, VIEW_LITERAL("Connection")) && view_list_has(value, wanted))
            return true;
    return false;
}

static bool goes_on(const struct http_request *req, struct view name)
{
    return !view_is_among(name, left_out, ARRAY_LEN(left_out)) &&
           !is_named_by_connection(req, name);
}

static size_t count_headers(const struct http_request *req)
{
    size_t at = 0;
    size_t count = 0;
    struct view name;
    struct view value;
    while (http_request_next_header(req, &at, &name, &value))
        count++;
    return count;
}

static void copy_headers(const struct http_request *req, struct event_diagnostic *d)
{
    size_t at = 0;
    struct view name;
    struct view value;
    d->headers = mem_alloc((count_headers(req) + 1) * sizeof *d->headers);
    while (http_request_next_header(req, &at, &name, &value)) {
        if (!goes_on(req, name))
            continue;
        d->headers[d->header_count].name = mem_copy_text(name.data, name.len);
        d->headers[d->header_count].value = mem_copy_text(value.data, value.len);
        d->header_count++;
    }
}

void event_diagnostic_arrived(struct event_intake *in, struct buf *body)
{
    const struct api_passage *p = &in->passage;
    struct event_diagnostic *d = mem_zalloc(sizeof *d);
    d->slot = p->slot;
    d->snapshot = env_snapshot_ref(p->snapshot);
    d->family = event_family_of(p);
    d->body = body;
    copy_headers(in->req, d);
    events_door_diagnostic_post(p->thread->api->settings.door, d, &in->body.hold);
    event_intake_accept(in);
}
