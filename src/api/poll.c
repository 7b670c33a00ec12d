/* api/poll.c - what PHP reads, and server-side SDKs that poll (http-api.md 6, 8).
 *
 *   no data yet           503
 *   unknown, tombstone    404
 *   the client has it     304, and nothing is rendered
 *   else                  200 with ETag, and Expires when the environment has a ttl
 *
 * The cache in the PHP SDK is a shared one. Recent releases of guzzle-cache-middleware keep no
 * answer to a request with Authorization unless that is allowed in so many words (RFC 9111 3.5).
 *
 * Bodies are made once per data set, or are the item's own text.
 */
#include "api/api_private.h"
#include "http/date.h"

/* What to answer with; version and body are their owners'. */
struct polled {
    struct view version;
    struct buf *body;        /* of a single item; NULL: of the whole */
    enum dataset_poll whole; /* with body NULL */
};

/* With a reference of its own, so that the server sees that the body is kept. */
static void answer_body(struct http_request *req, struct api_passage *p,
                        const struct polled *polled)
{
    struct buf *body = buf_ref(
        polled->body != NULL ? polled->body : dataset_poll_body(p->snapshot->data, polled->whole));
    http_header_add_text(&p->headers, "Content-Type", "application/json");
    http_respond(req, 200, &p->headers, body);
    buf_unref(body);
}

static void answer(struct http_request *req, struct api_passage *p, const struct polled *polled)
{
    char expires[HTTP_DATE_SIZE];
    struct str tag = {0};
    int64_t ttl_ms = p->snapshot->facts->ttl_ms;
    str_append_format(&tag, "W/\"%.*s\"", VIEW_ARGS(polled->version));
    http_header_add(&p->headers, "Etag", str_view(&tag));
    if (ttl_ms > 0) {
        http_date_write((clock_wall_ms(p->thread->api->settings.clock) + ttl_ms) / 1000, expires);
        http_header_add_text(&p->headers, "Expires", expires);
        http_header_add_text(&p->headers, "Cache-Control", "public");
        http_header_add_text(&p->headers, "Vary", "Authorization");
    }
    if (etag_matches(http_request_header(req, "If-None-Match"), polled->version))
        http_respond(req, 304, &p->headers, NULL);
    else
        answer_body(req, p, polled);
    str_free(&tag);
}

/* The data of the environment; NULL when there is none, and this is said. */
static struct dataset *data_of(struct http_request *req, struct api_passage *p)
{
    if (p->snapshot->data == NULL)
        api_answer_message(req, p, 503, "Service not initialized");
    return p->snapshot->data;
}

static void poll_whole(struct http_request *req, struct api_passage *p, enum dataset_poll whole)
{
    struct dataset *data = data_of(req, p);
    if (data == NULL)
        return;
    struct polled polled = {.version = dataset_poll_version(data, whole), .whole = whole};
    answer(req, p, &polled);
}

static void poll_item(struct http_request *req, struct api_passage *p, enum item_kind kind)
{
    struct dataset *data = data_of(req, p);
    if (data == NULL)
        return;
    const struct item *it = dataset_find(data, kind, http_request_variable(req, 0));
    if (it == NULL || it->deleted) {
        http_respond(req, 404, &p->headers, NULL);
        return;
    }
    struct str version = {0};
    str_append_int(&version, it->version);
    struct polled polled = {.version = str_view(&version), .body = it->text};
    answer(req, p, &polled);
    str_free(&version);
}

void poll_flags(struct http_request *req, struct api_passage *p)
{
    poll_whole(req, p, DATASET_POLL_FLAGS);
}

void poll_latest_all(struct http_request *req, struct api_passage *p)
{
    poll_whole(req, p, DATASET_POLL_ALL);
}

void poll_flag(struct http_request *req, struct api_passage *p)
{
    poll_item(req, p, ITEM_FLAG);
}

void poll_segment(struct http_request *req, struct api_passage *p)
{
    poll_item(req, p, ITEM_SEGMENT);
}

void poll_unavailable(struct http_request *req, struct api_passage *p, const char *problem)
{
    log_line(p->snapshot->facts->log, LOG_ERROR, "Error reading feature store: %s", problem);
    http_respond(req, 500, &p->headers, NULL);
}
