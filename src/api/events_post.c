/* api/events_post.c - a whole body becomes a post of events (events.md 4, 5). */
#include "api/events.h"

#include <inttypes.h>

static struct event_metadata read_metadata(const struct http_request *req)
{
    struct event_metadata m = {
        .schema = event_schema_parse(http_request_header(req, "X-LaunchDarkly-Event-Schema")),
        .tags = http_request_header(req, "X-LaunchDarkly-Tags"),
        .payload_id = http_request_header(req, "X-LaunchDarkly-Payload-ID"),
    };
    bool raw = http_request_has_header(req, "X-LaunchDarkly-Unsummarized");
    m.path = m.schema < 3 || raw ? EVENT_SUMMARIZE : EVENT_VERBATIM;
    if (m.payload_id.len > EVENT_PAYLOAD_ID_MAX)
        m.payload_id.len = 0;
    return m;
}

/* The path behind eventsUri, for the log. */
static void log_received(const struct env_facts *facts, const struct event_post *post)
{
    static const char *const paths[] = {
        [EVENT_SERVER] = "/bulk", [EVENT_MOBILE] = "/mobile", [EVENT_BROWSER] = "/events/bulk/"};
    log_line(facts->events_log, LOG_DEBUG,
             "Received %zu events (v%" PRId64 ") to be proxied to %s%s", post->events.count,
             post->schema, paths[post->family], post->family == EVENT_BROWSER ? facts->env_id : "");
}

static bool split(const struct api_passage *p, const struct buf *body, struct event_array *out)
{
    struct events_door *door = p->thread->api->settings.door;
    struct error err;
    if (event_array_split(buf_view(body), out, &err))
        return true;
    (void)atomic_fetch_add_explicit(&door->dropped[EVENT_DROP_MALFORMED], 1, memory_order_relaxed);
    log_line(p->snapshot->facts->events_log, LOG_ERROR, "Error unmarshaling event post body: %s",
             err.text);
    return false;
}

struct event_post *event_post_make(const struct api_passage *p, const struct event_metadata *m,
                                   struct buf *body)
{
    struct event_array events;
    if (!split(p, body, &events))
        return NULL;
    struct event_post *post = mem_zalloc(sizeof *post);
    post->slot = p->slot;
    post->snapshot = env_snapshot_ref(p->snapshot);
    post->family = event_family_of(p);
    post->path = m->path;
    post->schema = m->schema;
    post->tags = mem_copy_text(m->tags.data, m->tags.len);
    if (m->payload_id.len != 0)
        memcpy(post->payload_id, m->payload_id.data, m->payload_id.len);
    post->body = buf_ref(body);
    post->events = events;
    log_received(p->snapshot->facts, post);
    if (events.count != 0)
        return post;
    event_post_free(post);
    return NULL;
}

void event_post_arrived(struct event_intake *in, struct buf *body)
{
    struct events_door *door = in->passage.thread->api->settings.door;
    struct event_metadata metadata = read_metadata(in->req);
    struct event_post *post = event_post_make(&in->passage, &metadata, body);
    buf_unref(body);
    if (post != NULL)
        events_hold_anyway(door, &in->body.hold, post->events.count * sizeof *post->events.each);
    if (post != NULL && door->settings.spooled) {
        event_wait(in->req, &in->passage, post);
        events_door_post(door, post, &in->body.hold);
        event_intake_free(in);
        return;
    }
    if (post != NULL)
        events_door_post(door, post, &in->body.hold);
    event_intake_accept(in);
}
