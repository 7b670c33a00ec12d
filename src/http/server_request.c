/* http/server_request.c - see server_request.h. */
#include "http/server_request.h"

#include "base/log.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#define HEAD_SLACK_BYTES 4096 /* above the configured limit, as ld-relay has it */

struct http_request *request_new(struct connection *c)
{
    struct http_request *req = mem_zalloc(sizeof *req);
    req->connection = c;
    head_init(&req->head, c->thread->server->settings.max_header_size + HEAD_SLACK_BYTES);
    return req;
}

void request_free(struct http_request *req)
{
    if (req == NULL)
        return;
    if (req->abandoned != NULL)
        req->abandoned(req->state);
    head_free(&req->head);
    target_free(&req->target);
    body_free(&req->body);
    buf_unref(req->answer.head);
    buf_unref(req->answer.body);
    mem_free(req);
}

/* ---- routing -------------------------------------------------------------------------------- */

static void respond_not_found(struct http_request *req)
{
    struct http_headers headers = {0};
    http_header_add_text(&headers, "Content-Type", "text/plain; charset=utf-8");
    http_header_add_text(&headers, "X-Content-Type-Options", "nosniff");
    struct buf *page = buf_copy(VIEW_LITERAL("404 page not found\n"));
    http_respond(req, 404, &headers, page);
    buf_unref(page);
}

static void respond_method_not_allowed(struct http_request *req)
{
    struct http_headers headers = {0};
    struct str allowed = {0};
    http_request_allowed_methods(req, ", ", &allowed);
    http_header_add(&headers, "Allow", str_view(&allowed));
    http_respond(req, 405, &headers, NULL);
    str_free(&allowed);
}

void request_dispatch(struct http_request *req)
{
    struct connection *c = req->connection;
    const struct http_server *server = c->thread->server;
    body_init(&req->body, &req->head);
    req->is_head = req->head.method == HTTP_HEAD;
    req->keep_alive = head_wants_keep_alive(&req->head);
    req->started_ms = c->thread->now_ms;
    connection_enter(c, CONN_HANDLER);
    if (!target_parse(head_target(&req->head), &req->target)) {
        answer_refuse(c, HEAD_FAULT_MALFORMED);
        return;
    }
    route_match(server->routes, req->head.method, &req->target, &req->match);
    if (req->match.route != NULL)
        req->match.route->handler(req);
    else if (req->match.path_known)
        respond_method_not_allowed(req);
    else if (req->target.asterisk && req->head.method == HTTP_OPTIONS)
        http_respond(req, 200, NULL, NULL);
    else
        respond_not_found(req);
}

/* ---- the request log (telemetry.md 8.6) ----------------------------------------------------- */

void request_log_answer(const struct http_request *req, int status, uint64_t bytes)
{
    const struct http_service *service = &req->connection->thread->server->service;
    if (service->log_request != NULL && req->match.route != NULL)
        service->log_request(service->arg, req, status, bytes, false, true);
}

bool request_log_stream(const struct http_request *req)
{
    const struct http_service *service = &req->connection->thread->server->service;
    if (service->log_request == NULL || !log_enabled(log_global(), LOG_DEBUG))
        return false;
    service->log_request(service->arg, req, 200, 0, true, false);
    return true;
}

void request_log_stream_end(const struct http_request *req, uint64_t bytes)
{
    const struct http_service *service = &req->connection->thread->server->service;
    service->log_request(service->arg, req, 200, bytes, true, true);
}

/* ---- what handlers ask ---------------------------------------------------------------------- */

enum http_method http_request_method(const struct http_request *req)
{
    return req->is_head ? HTTP_GET : req->head.method;
}

const struct http_route *http_request_route(const struct http_request *req)
{
    return req->match.route;
}

struct view http_request_target(const struct http_request *req)
{
    return head_target(&req->head);
}

struct view http_request_variable(const struct http_request *req, size_t index)
{
    return index < ROUTE_VARIABLES_MAX ? req->match.variables[index] : view_make(NULL, 0);
}

struct view http_request_header(const struct http_request *req, const char *name)
{
    struct view value = {NULL, 0};
    (void)head_find(&req->head, name, &value);
    return value;
}

void http_request_peer(const struct http_request *req, struct str *out)
{
    struct sockaddr_storage peer = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof peer;
    char text[INET6_ADDRSTRLEN] = "";
    if (getpeername(req->connection->fd, (struct sockaddr *)&peer, &len) != 0)
        return;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&peer;
    if (peer.ss_family == AF_INET)
        (void)inet_ntop(AF_INET, &((const struct sockaddr_in *)&peer)->sin_addr, text, sizeof text);
    else if (peer.ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
        (void)inet_ntop(AF_INET, v6->sin6_addr.s6_addr + 12, text, sizeof text);
    else if (peer.ss_family == AF_INET6)
        (void)inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
    str_append_text(out, text);
}

bool http_request_has_header(const struct http_request *req, const char *name)
{
    struct view value;
    return head_find(&req->head, name, &value);
}

bool http_request_next_header(const struct http_request *req, size_t *at, struct view *name,
                              struct view *value)
{
    return head_next(&req->head, at, name, value);
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
    route_allowed(req->connection->thread->server->routes, &req->target, separator, out);
}

struct http_thread *http_request_thread(const struct http_request *req)
{
    return req->connection->thread;
}

int64_t http_request_started_ms(const struct http_request *req)
{
    return req->started_ms;
}

void http_request_set_state(struct http_request *req, void *state, void (*abandoned)(void *state))
{
    req->state = state;
    req->abandoned = abandoned;
}

void *http_request_state(const struct http_request *req)
{
    return req->state;
}
