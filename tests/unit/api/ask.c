#include "ask.h"

#include <string.h>
#include <strings.h>

struct http_request {
    struct asking *asking;
    enum http_method method;
    const char *text; /* the target */
    struct target target;
    struct route_match match;
    const char *headers;
    void *state;
    void (*abandoned)(void *state);
    const char *body;
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

struct view http_request_header(const struct http_request *req, const char *name)
{
    size_t len = strlen(name);
    for (const char *line = req->headers; *line != '\0';) {
        size_t end = strcspn(line, "\n");
        if (strncasecmp(line, name, len) == 0 && line[len] == ':')
            return view_trim(view_make(line + len + 1, end - len - 1));
        line += end + (line[end] == '\n');
    }
    return view_of("");
}

bool http_request_next_header(const struct http_request *req, size_t *at, struct view *name,
                              struct view *value)
{
    struct view rest = view_from(view_of(req->headers), *at);
    struct view line = view_take_until(&rest, "\n");
    if (line.len == 0)
        return false;
    *at += line.len + 1;
    *name = view_take_until(&line, ":");
    *value = view_trim(view_from(line, 1));
    return true;
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

void ask_abandon(struct asking *a)
{
    a->asked->abandoned(a->asked->state);
    a->asked = NULL;
}

static enum http_method method_of(const char *name)
{
    int m = HTTP_GET;
    while (m < HTTP_METHOD_OTHER && strcmp(method_names[m], name) != 0)
        m++;
    return (enum http_method)m;
}

/* The body arrives in a later phase than the head. */
static void deliver_body(struct http_request *req)
{
    bool too_large = strlen(req->body) > req->body_limit;
    req->body_done(req, view_of(too_large ? "" : req->body), too_large);
}

void ask(struct asking *a, const char *method, const char *target, const char *headers)
{
    ask_with(a, method, target, headers, "");
}

void ask_with(struct asking *a, const char *method, const char *target, const char *headers,
              const char *body)
{
    struct http_request req = {a, method_of(method), target, .headers = headers, .body = body};
    answer_clear(a);
    assert_true(target_parse(view_of(target), &req.target));
    route_match(a->routes, req.method, &req.target, &req.match);
    if (req.match.route != NULL)
        req.match.route->handler(&req);
    else
        a->answer.status = req.match.path_known ? 405 : 404;
    a->answer.read_body = req.body_done != NULL;
    if (req.body_done != NULL)
        deliver_body(&req);
    a->asked = &req;
    for (int turns = 0; turns < 10 && a->answer.status == 0 && a->asked != NULL; turns++)
        bench_turn(&a->bench); /* somebody on the control thread is asked */
    assert_true(a->answer.status != 0 || a->asked == NULL);
    target_free(&req.target);
}

void ask_setup(struct asking *a)
{
    *a = (struct asking){0};
    bench_setup(&a->bench);
    a->settings = (struct api_settings){.clock = &a->bench.clock.base,
                                        .threads = 1,
                                        .version = "1.2.3",
                                        .max_body = 5242880,
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
