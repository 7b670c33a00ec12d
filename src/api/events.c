/* api/events.c - posts of events: what is read, and what is answered (events.md 3.1 to 3.3).
 *
 *   events_receive() --> gzip: its header --> offline 202, disabled 503 --> the body --> 202
 *
 * Nothing that an SDK sends is answered in a way that makes it give up.
 */
#include "api/events.h"

static const char text_empty[] = "body may not be empty";
static const char text_unreadable[] = "unable to read request body";
static const char text_no_room[] = "too many event posts are being received; try again";

/* What a body that cannot be used is answered (3.2), and what the log says. */
static const struct {
    const char *plain; /* as text; NULL: text_unreadable as a message */
    const char *reason;
} faults[EVENT_BODY_FAULT_COUNT] = {
    [EVENT_BODY_TOO_LARGE] = {NULL, "max bytes exceeded"},
    [EVENT_BODY_NO_GZIP] = {"gzip: invalid header\n", "gzip: invalid header"},
    [EVENT_BODY_HEAD_MISSING] = {"EOF\n", "EOF"},
    [EVENT_BODY_HEAD_CUT] = {"unexpected EOF\n", "unexpected EOF"},
    [EVENT_BODY_CUT] = {NULL, "unexpected EOF"},
    [EVENT_BODY_BAD_CODING] = {NULL, "the compressed data is broken"},
};

static struct events_door *door_of(const struct api_passage *p)
{
    return p->thread->api->settings.door;
}

enum event_mode event_mode_of(const struct api_passage *p)
{
    const struct events_door *door = door_of(p);
    if (door->settings.offline || p->snapshot->facts->local)
        return EVENTS_THROWN_AWAY;
    return door->settings.enabled ? EVENTS_WANTED : EVENTS_DISABLED;
}

enum event_family event_family_of(const struct api_passage *p)
{
    switch (p->credential) {
    case API_MOBILE_KEY:
        return EVENT_MOBILE;
    case API_ENVIRONMENT_ID:
        return EVENT_BROWSER;
    default:
        return EVENT_SERVER;
    }
}

/* ---- answers --------------------------------------------------------------------------------- */

void event_answer_disabled(struct http_request *req, const struct api_passage *p)
{
    if (!atomic_exchange(&p->thread->api->settings.door->told, true))
        log_always(log_global(), LOG_INFO,
                   "SDKs post events, and are told 503: sendEvents of [Events] is off");
    api_answer_message(req, p, 503, "Event proxy is not enabled for this environment");
}

static void answer_unwanted(struct http_request *req, const struct api_passage *p)
{
    if (event_mode_of(p) == EVENTS_THROWN_AWAY)
        http_respond(req, 202, &p->headers, NULL);
    else
        event_answer_disabled(req, p);
}

static void log_unreadable(const struct api_passage *p, const char *reason)
{
    log_line(p->snapshot->facts->events_log, LOG_ERROR, "Error reading event post body: %s",
             reason);
}

/* As Go's own error pages look. */
static void answer_plain(struct http_request *req, struct api_passage *p, const char *text)
{
    http_header_add_text(&p->headers, "X-Content-Type-Options", "nosniff");
    api_answer_text(req, p, 400, text);
}

static void answer_fault(struct http_request *req, struct api_passage *p,
                         enum event_body_fault fault)
{
    log_unreadable(p, faults[fault].reason);
    if (faults[fault].plain != NULL)
        answer_plain(req, p, faults[fault].plain);
    else
        api_answer_message(req, p, 400, text_unreadable);
}

static void answer_unknown_coding(struct http_request *req, struct api_passage *p)
{
    struct view coding = http_request_header(req, "Content-Encoding");
    log_line(p->snapshot->facts->events_log, LOG_ERROR,
             "Error reading event post body: Content-Encoding \"%.*s\" is not supported",
             VIEW_ARGS(coding));
    api_answer_message(req, p, 400, text_unreadable);
}

static void answer_no_room(struct http_request *req, struct api_passage *p)
{
    log_unreadable(p, "no memory became free within 30 s; raise maxQueueBytes");
    http_header_add_text(&p->headers, "Retry-After", "1");
    api_answer_message(req, p, 503, text_no_room);
}

/* ---- a body ---------------------------------------------------------------------------------- */

void event_intake_free(struct event_intake *in)
{
    event_body_free(&in->body);
    api_passage_release(&in->passage);
    mem_free(in);
}

void event_intake_accept(struct event_intake *in)
{
    http_respond(in->req, 202, &in->passage.headers, NULL);
    event_intake_free(in);
}

static void abandoned(void *state)
{
    event_intake_free(state);
}

static bool is_header_fault(enum event_body_fault fault)
{
    return faults[fault].plain != NULL;
}

/* Where nothing is wanted, only a gzip header is looked at (3.1, step 5). */
static bool is_enough(const struct event_intake *in)
{
    return event_mode_of(&in->passage) != EVENTS_WANTED && body_decoder_has_begun(in->body.decoder);
}

static enum http_body_step take(struct http_request *req, struct view *piece)
{
    struct event_intake *in = http_request_state(req);
    enum http_body_step step = event_body_take(&in->body, piece);
    return step == HTTP_BODY_MORE && is_enough(in) ? HTTP_BODY_STOP : step;
}

/* In the order of 3.1. */
static void finish(struct event_intake *in, enum http_body_end how)
{
    struct http_request *req = in->req;
    struct api_passage *p = &in->passage;
    enum event_body_fault fault = in->body.fault;
    if (event_mode_of(p) != EVENTS_WANTED && !is_header_fault(fault)) {
        answer_unwanted(req, p);
    } else if (how == HTTP_BODY_STALLED) {
        answer_no_room(req, p);
    } else if (fault != EVENT_BODY_FINE) {
        answer_fault(req, p, fault);
    } else {
        struct buf *body = event_body_take_bytes(&in->body);
        if (body != NULL) {
            p->route->with_events(in, body);
            return;
        }
        api_answer_message(req, p, 400, text_empty);
    }
    event_intake_free(in);
}

static void ended(struct http_request *req, enum http_body_end how)
{
    struct event_intake *in = http_request_state(req);
    http_request_set_state(req, NULL, NULL);
    event_body_end(&in->body, how);
    finish(in, how);
}

static void read_body(struct http_request *req, struct api_passage *p, enum body_coding coding)
{
    static const struct http_body_reader reader = {take, ended};
    struct event_intake *in = mem_alloc(sizeof *in);
    in->req = req;
    api_passage_keep(p, &in->passage);
    event_body_begin(&in->body, p->thread, req, coding);
    http_request_set_state(req, in, abandoned);
    http_request_read_pieces(req, &reader);
}

void events_receive(struct http_request *req, struct api_passage *p)
{
    const struct events_door *door = door_of(p);
    enum body_coding coding = body_coding_of(http_request_header(req, "Content-Encoding"));
    int64_t claimed = http_request_content_length(req);
    bool too_large = claimed >= 0 && (uint64_t)claimed > door->settings.max_body;
    if (coding != BODY_GZIP && event_mode_of(p) != EVENTS_WANTED)
        answer_unwanted(req, p);
    else if (coding == BODY_UNKNOWN)
        answer_unknown_coding(req, p);
    else if (coding == BODY_PLAIN && too_large)
        answer_fault(req, p, EVENT_BODY_TOO_LARGE);
    else
        read_body(req, p, coding);
}
