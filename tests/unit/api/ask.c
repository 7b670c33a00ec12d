#include "ask.h"

#include "events/events.h"

#include <string.h>
#include <strings.h>

struct http_request {
    struct asking *asking;
    enum http_method method;
    char *text; /* the target */
    struct target target;
    struct route_match match;
    char *headers;
    void *state;
    void (*abandoned)(void *state);
    struct str body;  /* for http_request_read_body() */
    struct str later; /* what came while the body was paused */
    bool paused;
    bool stopped;
    int64_t length;
    const struct http_body_reader *reader;
    size_t body_limit;
    void (*body_done)(struct http_request *req, struct view body, bool too_large);
};

/* ---- requests -------------------------------------------------------------------------------- */

static const char *const method_names[] = {"GET", "HEAD",   "POST",  "REPORT", "OPTIONS",
                                           "PUT", "DELETE", "PATCH", "OTHER"};

const char *http_method_name(enum http_method m)
{
    return method_names[m];
}

enum http_method http_request_method(const struct http_request *req)
{
    return req->method == HTTP_HEAD ? HTTP_GET : req->method;
}

const struct http_route *http_request_route(const struct http_request *req)
{
    return req->match.route;
}

struct view http_request_target(const struct http_request *req)
{
    return view_of(req->text);
}

struct view http_request_variable(const struct http_request *req, size_t index)
{
    return req->match.variables[index];
}

bool http_request_next_header(const struct http_request *req, size_t *at, struct view *name,
                              struct view *value)
{
    struct view rest = view_from(view_of(req->headers), *at);
    struct view line = view_take_until(&rest, "\n");
    *at += line.len + 1;
    *name = view_take_until(&line, ":");
    *value = view_trim(view_from(line, 1));
    return name->len != 0;
}

bool http_request_has_header(const struct http_request *req, const char *name)
{
    size_t at = 0;
    struct view each;
    struct view value;
    while (http_request_next_header(req, &at, &each, &value))
        if (view_equal_nocase(each, view_of(name)))
            return true;
    return false;
}

struct view http_request_header(const struct http_request *req, const char *name)
{
    size_t at = 0;
    struct view each;
    struct view value;
    while (http_request_next_header(req, &at, &each, &value))
        if (view_equal_nocase(each, view_of(name)))
            return value;
    return view_of("");
}

void http_request_peer(const struct http_request *req, struct str *out)
{
    (void)req;
    str_append_text(out, "192.0.2.7");
}

bool http_request_query(const struct http_request *req, const char *name, struct str *out)
{
    return query_find(req->target.query, name, out);
}

struct view http_request_query_string(const struct http_request *req)
{
    return req->target.query;
}

void http_request_allowed_methods(const struct http_request *req, const char *separator,
                                  struct str *out)
{
    route_allowed(req->asking->routes, &req->target, separator, out);
}

struct http_thread *http_request_thread(const struct http_request *req)
{
    return (struct http_thread *)req->asking;
}

int64_t http_request_started_ms(const struct http_request *req)
{
    return req->asking->bench.clock.now_ms - 1234;
}

void http_request_set_state(struct http_request *req, void *state, void (*abandoned)(void *state))
{
    req->state = state;
    req->abandoned = abandoned;
}

void http_request_read_body(struct http_request *req, size_t limit,
                            void (*done)(struct http_request *req, struct view body,
                                         bool too_large))
{
    req->body_limit = limit;
    req->body_done = done;
}

void http_request_read_pieces(struct http_request *req, const struct http_body_reader *reader)
{
    req->reader = reader;
}

void *http_request_state(const struct http_request *req)
{
    return req->state;
}

int64_t http_request_content_length(const struct http_request *req)
{
    return req->length;
}

void *http_thread_state(struct http_thread *t)
{
    return ((struct asking *)t)->thread;
}

uv_loop_t *http_thread_loop(struct http_thread *t)
{
    return &((struct asking *)t)->bench.loop;
}

void http_thread_post(struct http_thread *t, struct letter *l)
{
    (void)t;
    l->deliver(l);
}

/* ---- answers --------------------------------------------------------------------------------- */

void http_header_add(struct http_headers *h, const char *name, struct view value)
{
    assert_true(h->count < HTTP_HEADERS_MAX);
    h->rows[h->count].name = name;
    h->rows[h->count].value = value;
    h->count++;
}

void http_header_add_text(struct http_headers *h, const char *name, const char *value)
{
    http_header_add(h, name, view_of(value));
}

/* As they would go out, but with the line ends of the others. */
static void record_lines(struct asking *a, struct view lines)
{
    while (lines.len != 0) {
        str_append(&a->answer.headers, view_take_until(&lines, "\r"));
        str_append_char(&a->answer.headers, '\n');
        lines = view_from(lines, 2);
    }
}

static void record_head(struct asking *a, int status, const struct http_headers *headers)
{
    assert_int_equal(a->answer.status, 0); /* answered once only */
    a->answer.status = status;
    for (size_t i = 0; headers != NULL && i < headers->count; i++)
        str_append_format(&a->answer.headers, "%s: %.*s\n", headers->rows[i].name,
                          VIEW_ARGS(headers->rows[i].value));
    if (headers != NULL)
        record_lines(a, headers->lines);
}

void http_respond(struct http_request *req, int status, const struct http_headers *headers,
                  struct buf *body)
{
    record_head(req->asking, status, headers);
    req->asking->answer.body_is_kept = body != NULL && atomic_load(&body->refs) > 1;
    if (body != NULL && req->method != HTTP_HEAD)
        str_append(&req->asking->answer.body, buf_view(body));
}

void http_respond_borrowed(struct http_request *req, int status, const struct http_headers *headers,
                           struct view body)
{
    struct buf *copy = buf_copy(body);
    http_respond(req, status, headers, copy);
    buf_unref(copy);
}

struct sse_subscriber *sse_subscriber_open(struct http_request *req,
                                           const struct http_headers *headers,
                                           struct log_scope *log,
                                           const struct sse_listener *listener, void *owner)
{
    struct answer *answer = &req->asking->answer;
    assert_non_null(log);
    record_head(req->asking, 200, headers);
    answer->stream = true;
    answer->listener = listener;
    answer->owner = owner;
    return (struct sse_subscriber *)answer;
}

void sse_subscriber_push_take(struct sse_subscriber *s, struct frame *f)
{
    struct answer *answer = (struct answer *)s;
    assert_true(answer->stream);
    answer->puts += f->kind == FRAME_PUT;
    str_append(&answer->events, f->event);
    frame_unref(f);
}

/* ---- the bench ------------------------------------------------------------------------------- */

static void answer_clear(struct asking *a)
{
    ask_close_stream(a);
    str_free(&a->answer.headers);
    str_free(&a->answer.body);
    str_free(&a->answer.events);
    a->answer = (struct answer){0};
}

void ask_close_stream(struct asking *a)
{
    if (a->answer.stream)
        a->answer.listener->on_closed(a->answer.owner);
    a->answer.stream = false;
}

static enum http_method method_of(const char *name)
{
    int m = HTTP_GET;
    while (m < HTTP_METHOD_OTHER && strcmp(method_names[m], name) != 0)
        m++;
    return (enum http_method)m;
}

/* ---- one request ----------------------------------------------------------------------------- */

static void request_free(struct asking *a)
{
    struct http_request *req = a->req;
    if (req == NULL)
        return;
    a->req = NULL;
    if (req->abandoned != NULL)
        req->abandoned(req->state);
    target_free(&req->target);
    mem_free(req->text);
    mem_free(req->headers);
    str_free(&req->body);
    str_free(&req->later);
    mem_free(req);
}

void ask_begin(struct asking *a, const char *method, const char *target, const char *headers)
{
    answer_clear(a);
    request_free(a);
    struct http_request *req = mem_zalloc(sizeof *req);
    a->req = req;
    req->asking = a;
    req->method = method_of(method);
    req->text = mem_copy_text(target, strlen(target));
    req->headers = mem_copy_text(headers, strlen(headers));
    struct view length = http_request_header(req, "Content-Length");
    req->length = length.len != 0 ? strtoll(length.data, NULL, 10) : -1;
    assert_true(target_parse(view_of(req->text), &req->target));
    route_match(a->routes, req->method, &req->target, &req->match);
    if (req->match.route != NULL)
        req->match.route->handler(req);
    else
        a->answer.status = req->match.path_known ? 405 : 404;
    a->answer.read_body = req->body_done != NULL || req->reader != NULL;
}

static void push(struct http_request *req, struct view piece)
{
    if (req->reader != NULL && piece.len != 0 && !req->stopped && !req->paused) {
        enum http_body_step step = req->reader->take(req, &piece);
        assert_true(step != HTTP_BODY_MORE || piece.len == 0);
        req->paused = step == HTTP_BODY_PAUSE;
        req->stopped = step == HTTP_BODY_STOP;
    }
    if (req->reader == NULL)
        str_append(&req->body, piece);
    else if (req->paused)
        str_append(&req->later, piece);
}

void ask_push(struct asking *a, struct view piece)
{
    push(a->req, piece);
}

void http_request_resume_body(struct http_request *req)
{
    struct str later = req->later;
    if (!req->paused)
        return;
    req->paused = false;
    req->later = (struct str){0};
    push(req, str_view(&later));
    str_free(&later);
}

void ask_end(struct asking *a, enum http_body_end how)
{
    struct http_request *req = a->req;
    bool too_large = req->body.len > req->body_limit;
    if (req->reader != NULL)
        req->reader->ended(req, req->stopped ? HTTP_BODY_STOPPED : how);
    else if (req->body_done != NULL)
        req->body_done(req, too_large ? view_of("") : str_view(&req->body), too_large);
}

void ask_abandon(struct asking *a)
{
    request_free(a);
}

void ask_turn(struct asking *a)
{
    bench_turn(&a->bench);
}

void ask(struct asking *a, const char *method, const char *target, const char *headers)
{
    ask_with(a, method, target, headers, "");
}

void ask_with(struct asking *a, const char *method, const char *target, const char *headers,
              const char *body)
{
    ask_with_bytes(a, method, target, headers, view_of(body));
}

void ask_with_bytes(struct asking *a, const char *method, const char *target, const char *headers,
                    struct view body)
{
    ask_begin(a, method, target, headers);
    if (a->answer.status == 0) {
        ask_push(a, body);
        ask_end(a, HTTP_BODY_WHOLE);
    }
    for (int turns = 0; turns < 10 && a->answer.status == 0 && a->req != NULL; turns++)
        bench_turn(&a->bench); /* somebody on the control thread is asked */
    assert_true(a->answer.status != 0 || a->req == NULL);
}

/* ---- what comes through the door ------------------------------------------------------------- */

void events_take(struct events *e, struct event_post *post)
{
    struct asking *a = (struct asking *)e;
    assert_true(a->post_count < ARRAY_LEN(a->posts));
    a->posts[a->post_count++] = post;
}

void events_take_diagnostic(struct events *e, struct event_diagnostic *d)
{
    struct asking *a = (struct asking *)e;
    assert_true(a->diagnostic_count < ARRAY_LEN(a->diagnostics));
    a->diagnostics[a->diagnostic_count++] = d;
}

void ask_forget_events(struct asking *a)
{
    while (a->post_count != 0)
        event_post_free(a->posts[--a->post_count]);
    while (a->diagnostic_count != 0)
        event_diagnostic_free(a->diagnostics[--a->diagnostic_count]);
}

/* ---- life ------------------------------------------------------------------------------------ */

void ask_setup(struct asking *a)
{
    *a = (struct asking){0};
    bench_setup(&a->bench);
    mailbox_open(&a->mailbox, &a->bench.loop);
    events_door_init(&a->door,
                     &(struct events_door_settings){.max_body = 1024, .max_queue_bytes = 1 << 20},
                     &a->mailbox);
    a->door.events = (struct events *)a;
    a->settings = (struct api_settings){.clock = &a->bench.clock.base,
                                        .threads = 1,
                                        .version = "1.2.3",
                                        .max_body = 5242880,
                                        .door = &a->door,
                                        .ofrep = true,
                                        .disconnected_status_ms = 60000};
}

void ask_start(struct asking *a, const struct api_route *rows, size_t count)
{
    a->api = rows != NULL ? api_new_with_routes(&a->settings, rows, count) : api_new(&a->settings);
    const struct http_service *service = api_service(a->api);
    a->routes = route_table_new(service->routes, service->route_count);
    a->thread = service->thread_open(service->arg, (struct http_thread *)a);
    bench_use_fanout(&a->bench, api_fanouts(a->api)[0]);
    if (a->bench.house != NULL)
        bench_start(&a->bench);
}

void ask_teardown(struct asking *a)
{
    answer_clear(a);
    request_free(a);
    mailbox_close(&a->mailbox);
    (void)uv_run(&a->bench.loop, UV_RUN_NOWAIT); /* its handle is gone then */
    ask_forget_events(a);
    const struct http_service *service = api_service(a->api);
    service->thread_close(service->arg, a->thread);
    bench_teardown(&a->bench);
    route_table_free(a->routes);
    api_free(a->api);
}

const char *answer_header(const struct asking *a, const char *name)
{
    static char value[512];
    size_t len = strlen(name);
    value[0] = '\0';
    for (const char *line = str_text(&a->answer.headers); *line != '\0';
         line += strcspn(line, "\n") + 1)
        if (strncasecmp(line, name, len) == 0 && line[len] == ':')
            (void)snprintf(value, sizeof value, "%.*s", (int)strcspn(line, "\n") - (int)len - 2,
                           line + len + 2);
    return value;
}
