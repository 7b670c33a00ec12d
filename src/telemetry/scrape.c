/* telemetry/scrape.c - the listener, and how a scrape gets its text (telemetry.md 2).
 *
 *   the metrics thread                                          the control thread
 *   scrape_take() --> waits; nobody has asked yet: the letter --> question_arrived()
 *                       ^                                               | telemetry_write()
 *                       '--- all that wait are answered <-- the letter -'
 *
 * There is one letter: it is either at home, on its way there or on its way back, which is what
 * `asked` says on the metrics thread.
 */
#include "base/list.h"
#include "telemetry/telemetry.h"

/* A scraper or two have one each. */
#define MAX_CONNECTIONS 100
#define MAX_HEADER_BYTES 16384
#define HEADER_TIMEOUT_MS 10000
#define IDLE_TIMEOUT_MS 180000 /* longer than what lies between two scrapes */

/* That the server knows. */
#define ANY_METHOD ((1u << HTTP_METHOD_OTHER) - 1)

struct telemetry {
    struct telemetry_settings settings;
    struct http_service service;
    struct http_server *server; /* the control thread's; NULL: it has ended */
    struct letter letter;
    struct buf *text; /* goes with the letter; NULL: the relay ends */

    /* the metrics thread's; the control thread's once that has ended */
    struct list waits;
    bool asked;

    /* the control thread's */
    bool closing;
    void (*closed)(void *arg);
    void *closed_arg;
};

/* A request that waits for the text. */
struct scrape {
    struct list link; /* of waits */
    struct http_request *req;
};

/* ---- the metrics thread ---------------------------------------------------------------------- */

static void question_arrived(struct letter *l);

static void scrape_end(void *state)
{
    struct scrape *scrape = state;
    list_remove(&scrape->link);
    mem_free(scrape);
}

static void scrape_respond(struct http_request *req, struct buf *text)
{
    struct http_headers headers = {.count = 0};
    http_header_add_text(&headers, "Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    if (text != NULL)
        http_respond(req, 200, &headers, text);
    else
        http_respond_text(req, 503, "the relay is ending\n");
}

static void answer_arrived(struct letter *l)
{
    struct telemetry *t = CONTAINER_OF(l, struct telemetry, letter);
    struct buf *text = t->text;
    struct list waits;
    t->text = NULL;
    t->asked = false;
    list_init(&waits);
    list_move_all(&t->waits, &waits);
    while (!list_empty(&waits)) {
        struct scrape *scrape = CONTAINER_OF(waits.next, struct scrape, link);
        struct http_request *req = scrape->req;
        http_request_set_state(req, NULL, NULL);
        scrape_end(scrape);
        scrape_respond(req, text);
    }
    buf_unref(text);
}

static void scrape_take(struct http_request *req)
{
    struct telemetry *t = http_thread_state(http_request_thread(req));
    struct scrape *scrape = mem_zalloc(sizeof *scrape);
    scrape->req = req;
    list_append(&t->waits, &scrape->link);
    http_request_set_state(req, scrape, scrape_end);
    if (t->asked)
        return;
    t->asked = true;
    t->letter.deliver = question_arrived;
    mailbox_post(t->settings.mailbox, &t->letter);
}

static void *thread_open(void *arg, struct http_thread *thread)
{
    (void)thread;
    return arg;
}

/* ---- the control thread ---------------------------------------------------------------------- */

/* Nothing is under way: the metrics thread has ended and the letter is at home. */
static void end(struct telemetry *t)
{
    void (*closed)(void *arg) = t->closed;
    void *arg = t->closed_arg;
    buf_unref(t->text);
    mem_free(t);
    closed(arg);
}

static struct buf *text_make(const struct telemetry *t)
{
    struct telemetry_subject subject = {.clock = t->settings.clock};
    struct str text = {0};
    t->settings.subject(t->settings.owner, &subject);
    telemetry_write(&subject, &text);
    struct buf *made = str_to_buf(&text);
    str_free(&text);
    return made;
}

static void answer_post(struct telemetry *t)
{
    t->text = t->closing ? NULL : text_make(t);
    t->letter.deliver = answer_arrived;
    http_thread_post(http_server_thread(t->server, 0), &t->letter);
}

static void question_arrived(struct letter *l)
{
    struct telemetry *t = CONTAINER_OF(l, struct telemetry, letter);
    if (t->server != NULL)
        answer_post(t);
    else
        end(t);
}

/* A question may still be on its way: its asker did not wait for the answer. */
static void server_closed(void *arg)
{
    struct telemetry *t = arg;
    t->server = NULL;
    if (!t->asked)
        end(t);
}

static const struct http_route routes[] = {
    {.methods = ANY_METHOD, .head = true, .pattern = "/metrics", .handler = scrape_take},
};

bool telemetry_open(const struct telemetry_settings *settings, struct telemetry **out,
                    struct error *err)
{
    struct telemetry *t = mem_zalloc(sizeof *t);
    struct http_server_settings server = {
        .listen_address = settings->listen_address,
        .port = settings->port,
        .threads = 1,
        .max_connections = MAX_CONNECTIONS,
        .max_connections_name = "the metrics listener's connections",
        .max_header_size = MAX_HEADER_BYTES,
        .header_timeout_ms = HEADER_TIMEOUT_MS,
        .idle_timeout_ms = IDLE_TIMEOUT_MS,
        .compress = true,
    };
    t->settings = *settings;
    t->service = (struct http_service){
        .arg = t, .routes = routes, .route_count = ARRAY_LEN(routes), .thread_open = thread_open};
    list_init(&t->waits);
    if (!http_server_open(&server, &t->service, settings->clock, &t->server, err)) {
        mem_free(t);
        return false;
    }
    *out = t;
    return true;
}

int telemetry_port(const struct telemetry *t)
{
    return http_server_port(t->server);
}

void telemetry_close(struct telemetry *t, int64_t limit_ms, void (*closed)(void *arg), void *arg)
{
    t->closing = true;
    t->closed = closed;
    t->closed_arg = arg;
    http_server_close(t->server, 0, limit_ms, t->settings.loop, server_closed, t);
}
