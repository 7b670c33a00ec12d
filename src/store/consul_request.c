/* store/consul_request.c - one request of a task, and whether its answer is one. */
#include "store/consul_private.h"

#include <string.h>

#define SHOWN_ANSWER 4096 /* bytes of an answer, before error_set() cuts the problem */

/* No answer at all. */
static void task_unanswered(struct consul_task *t, const char *problem)
{
    const struct consul_backend *b = t->backend;
    bool refused = strstr(problem, "refused") != NULL;
    struct error text;
    error_set(&text, "Consul at %s: %s%s", b->shown, problem,
              refused && b->address.no_port
                  ? "; without a port the host means port 80 (443 with TLS), but agents listen on "
                    "8500"
                  : "");
    consul_fail(t, text.text);
}

static void on_called(void *owner, const struct http_call_answer *answer)
{
    struct consul_task *t = owner;
    t->call = NULL;
    if (answer->ok)
        t->answered(t, answer);
    else
        task_unanswered(t, answer->problem);
}

static size_t headers_write(const struct consul_backend *b, struct http_client_header *out)
{
    size_t count = 0;
    out[count++] = (struct http_client_header){"Accept-Encoding", VIEW_LITERAL("identity")};
    if (b->access.token[0] != '\0')
        out[count++] = (struct http_client_header){"X-Consul-Token", view_of(b->access.token)};
    if (b->access.authorization[0] != '\0')
        out[count++] =
            (struct http_client_header){"Authorization", view_of(b->access.authorization)};
    return count;
}

static void url_write(const struct consul_backend *b, const struct consul_request *r,
                      struct str *out)
{
    bool both = r->query[0] != '\0' && b->access.query[0] != '\0';
    bool any = r->query[0] != '\0' || b->access.query[0] != '\0';
    str_append_text(out, b->address.base);
    str_append(out, r->path);
    str_append_format(out, "%s%s%s%s", any ? "?" : "", r->query, both ? "&" : "", b->access.query);
}

void consul_ask(struct consul_task *t, const struct consul_request *r, consul_answered *answered)
{
    struct consul_backend *b = t->backend;
    struct http_client_header headers[3];
    struct str url = {0};
    url_write(b, r, &url);
    struct http_call_request request = {
        .exchange = {.method = r->method,
                     .url = str_view(&url),
                     .headers = headers,
                     .header_count = headers_write(b, headers),
                     .body = r->body,
                     .stays = true},
        .max_body = r->max_answer,
        .timeout_ms = b->timeout_ms,
    };
    t->answered = answered;
    t->call = http_call_start(b->client, &request, b->loop, on_called, t);
    str_free(&url);
    if (b->hurried)
        http_call_give_up(t->call, "the relay is stopping");
}

void consul_get(struct consul_task *t, const struct str *key, const char *query, size_t max_answer,
                consul_answered *answered)
{
    struct str path = {0};
    str_append_text(&path, "/kv/");
    consul_key_encode(str_view(key), &path);
    struct consul_request r = {"GET", str_view(&path), query, NULL, max_answer};
    consul_ask(t, &r, answered);
    str_free(&path);
}

void consul_list(struct consul_task *t, enum item_kind kind, consul_answered *answered)
{
    static const char *const doing[] = {
        [ITEM_FLAG] = "list failed for features: ", [ITEM_SEGMENT] = "list failed for segments: "};
    struct str key = {0};
    t->doing = doing[kind];
    consul_folder_append(&key, t->op->prefix, kind);
    consul_get(t, &key, "recurse=&" CONSUL_CONSISTENT, CONSUL_MAX_LIST, answered);
    str_free(&key);
}

bool consul_answer_counts(struct consul_task *t, const struct http_call_answer *a, int other_status)
{
    if (a->status == 200 || (a->status == other_status && (a->status != 404 || a->body.len == 0)))
        return true;
    struct view body = consul_trim(a->body);
    struct str text = {0};
    body.len = body.len < SHOWN_ANSWER ? body.len : SHOWN_ANSWER;
    str_append_format(&text, "Unexpected response code: %d (", a->status);
    str_append(&text, body);
    str_append_char(&text, ')');
    consul_fail(t, str_text(&text));
    str_free(&text);
    return false;
}
