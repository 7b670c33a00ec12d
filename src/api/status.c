/* api/status.c - GET /status and its sub-paths (status.md 1, 13, 14).
 *
 * All of it is answered on the serving thread from the snapshots it has, whatever the control
 * thread is busy with. The document is written once per change, not once per probe.
 */
#include "api/status.h"
#include "base/json_writer.h"

static void answer_json(struct http_request *req, int code, struct buf *body)
{
    struct http_headers headers = {0};
    http_header_add_text(&headers, "Content-Type", "application/json");
    http_header_add_text(&headers, "Cache-Control", "no-store");
    http_respond(req, code, &headers, body);
}

static void answer_text_as_json(struct http_request *req, int code, const struct str *text)
{
    struct buf *body = str_to_buf(text);
    answer_json(req, code, body);
    buf_unref(body);
}

/* The answer to `expect`, when the request has one. */
static bool answer_expect(struct http_request *req, const struct status_shape *shape,
                          const struct status_subject *subject)
{
    struct str body = {0};
    int code;
    bool asked = expect_answer(http_request_query_string(req), shape, subject, &code, &body);
    if (asked)
        answer_text_as_json(req, code, &body);
    str_free(&body);
    return asked;
}

static void until_at_most(int64_t *until, int64_t at, int64_t now)
{
    if (at > now && at < *until)
        *until = at;
}

/* When big segments become stale, as monotonic time; INT64_MAX: they do not. */
static int64_t stale_at(const struct status_document *d, const struct env_snapshot *env)
{
    int64_t after = status_segments_stale_after(d, env);
    return after == INT64_MAX || after < d->wall_ms ? INT64_MAX
                                                    : d->now_ms + (after - d->wall_ms) + 1;
}

/* When time alone changes the document: the next environment becomes disconnected, or its big
 * segments stale. */
static int64_t valid_until(const struct status_document *d)
{
    int64_t until = INT64_MAX;
    for (size_t i = 0; i < status_environment_count(d); i++) {
        const struct env_snapshot *env = status_environment_at(d, i);
        if (env == NULL)
            continue;
        until_at_most(&until,
                      env_snapshot_connected_until(env, d->api->settings.disconnected_status_ms),
                      d->now_ms);
        until_at_most(&until, stale_at(d, env), d->now_ms);
    }
    return until;
}

/* Borrowed from the thread. */
static struct buf *whole_document(struct api_thread *t, const struct status_document *d)
{
    uint64_t generation = fanout_generation(t->fanout) + status_events_generation(d);
    if (t->status != NULL && t->status_generation == generation && d->now_ms < t->status_until_ms)
        return t->status;
    struct status_subject top = {.document = d};
    struct str text = {0};
    status_write(&status_top, &top, &text);
    buf_unref(t->status);
    t->status = str_to_buf(&text);
    t->status_generation = generation;
    t->status_until_ms = valid_until(d);
    str_free(&text);
    return t->status;
}

void status_document(struct http_request *req, struct api_passage *p)
{
    struct status_document d = status_document_now(p);
    struct status_subject top = {.document = &d};
    if (!answer_expect(req, &status_top, &top))
        answer_json(req, 200, whole_document(p->thread, &d));
}

/* ---- one environment ------------------------------------------------------------------------- */

static void answer_error(struct http_request *req, int code, const struct str *error)
{
    struct str body = {0};
    str_append_text(&body, "{\"error\":");
    json_write_string_html(&body, str_view(error));
    str_append_char(&body, '}');
    answer_text_as_json(req, code, &body);
    str_free(&body);
}

static void answer_not_found(struct http_request *req, const struct status_document *d,
                             struct view name, struct view filter)
{
    struct str error = {0};
    int code = 404;
    if (fanout_directory(d->fanout) == NULL) {
        code = 503;
        str_append_text(&error, "relay is not yet fully configured");
    } else if (filter.len != 0 && status_find(d, name, view_of("")) != NULL) {
        str_append_format(&error, "environment \"%.*s\" has no filter \"%.*s\"", VIEW_ARGS(name),
                          VIEW_ARGS(filter));
    } else {
        str_append_format(&error, "unknown environment \"%.*s\"", VIEW_ARGS(name));
    }
    answer_error(req, code, &error);
    str_free(&error);
}

static void answer_environment(struct http_request *req, const struct status_document *d,
                               const struct env_snapshot *env, struct view name, struct view filter)
{
    struct status_subject subject = {.document = d, .env = env};
    struct str body = {0};
    if (env == NULL) {
        answer_not_found(req, d, name, filter);
    } else if (!answer_expect(req, &status_of_environment, &subject)) {
        status_write(&status_of_environment, &subject, &body);
        answer_text_as_json(req, 200, &body);
    }
    str_free(&body);
}

void status_environment(struct http_request *req, struct api_passage *p)
{
    struct status_document d = status_document_now(p);
    struct view name = http_request_variable(req, 0);
    struct view no_filter = view_of("");
    answer_environment(req, &d, status_find(&d, name, no_filter), name, no_filter);
}

void status_filtered(struct http_request *req, struct api_passage *p)
{
    struct status_document d = status_document_now(p);
    struct view name = http_request_variable(req, 0);
    struct view filter = http_request_variable(req, 1);
    answer_environment(req, &d, status_find(&d, name, filter), name, filter);
}

/* "a/b", which may be a configured name. */
static void join(const struct http_request *req, struct str *out)
{
    str_append(out, http_request_variable(req, 0));
    str_append_char(out, '/');
    str_append(out, http_request_variable(req, 1));
}

void status_environment_by_keys(struct http_request *req, struct api_passage *p)
{
    struct status_document d = status_document_now(p);
    struct str name = {0};
    join(req, &name);
    answer_environment(req, &d, status_find_listed(&d, str_view(&name)), str_view(&name),
                       view_of(""));
    str_free(&name);
}

void status_filtered_by_keys(struct http_request *req, struct api_passage *p)
{
    struct status_document d = status_document_now(p);
    struct view filter = http_request_variable(req, 2);
    struct str name = {0};
    join(req, &name);
    answer_environment(req, &d, status_find(&d, str_view(&name), filter), str_view(&name), filter);
    str_free(&name);
}
