/* api/events_image.c - GET /a/{envId}.gif: events of browsers that can only fetch images
 * (events.md 3.6). The image is served whatever becomes of the events. */
#include "api/events.h"
#include "base/base64.h"

/* One transparent pixel. */
static const unsigned char image[] = {
    0x47, 0x49, 0x46, 0x38, 0x39, 0x61, 0x01, 0x00, 0x01, 0x00, 0x80, 0x00, 0x00, 0x00,
    0x00, 0x00, 0xff, 0xff, 0xff, 0x21, 0xf9, 0x04, 0x01, 0x00, 0x00, 0x00, 0x00, 0x2c,
    0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x01, 0x00, 0x00, 0x02, 0x01, 0x44, 0x00, 0x3b};

_Static_assert(sizeof image == 42, "events.md 3.6");

static void answer_image(struct http_request *req, const struct api_passage *p)
{
    struct http_headers headers = p->headers;
    http_header_add_text(&headers, "Content-Type", "image/gif");
    http_respond_borrowed(req, 200, &headers, view_make((const char *)image, sizeof image));
}

/* '+' has become a blank on its way through the query. */
static void restore_plus(struct str *text)
{
    for (size_t i = 0; i < text->len; i++)
        if (text->data[i] == ' ')
            text->data[i] = '+';
}

static void log_unusable(const struct api_passage *p, const char *reason)
{
    log_line(p->snapshot->facts->events_log, LOG_ERROR,
             "Error reading event post body: parameter \"d\" of an image request: %s", reason);
}

/* The decoded parameter; NULL: there is nothing to handle. */
static struct buf *read_events(const struct http_request *req, const struct api_passage *p)
{
    size_t limit = p->thread->api->settings.door->settings.max_body;
    struct str data = {0};
    struct str json = {0};
    struct buf *body = NULL;
    (void)http_request_query(req, "d", &data);
    if (data.len == 0)
        goto out;
    restore_plus(&data);
    if (!base64_decode(str_view(&data), &json))
        log_unusable(p, "not base64");
    else if (json.len > limit)
        log_unusable(p, "max bytes exceeded");
    else
        body = str_to_buf(&json);
out:
    str_free(&data);
    str_free(&json);
    return body;
}

static void forward(const struct api_passage *p, struct buf *body)
{
    struct events_door *door = p->thread->api->settings.door;
    struct event_metadata metadata = {.path = EVENT_VERBATIM, .schema = 3};
    struct events_hold hold = {0};
    struct event_post *post = event_post_make(p, &metadata, body);
    if (post != NULL)
        events_door_post(door, post, &hold);
}

void events_image(struct http_request *req, struct api_passage *p)
{
    enum event_mode mode = event_mode_of(p);
    struct buf *body = NULL;
    if (mode == EVENTS_DISABLED) {
        event_answer_disabled(req, p);
        return;
    }
    if (mode == EVENTS_WANTED)
        body = read_events(req, p);
    answer_image(req, p);
    if (body != NULL)
        forward(p, body);
    buf_unref(body);
}
