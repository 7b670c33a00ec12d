/* api/request_log.c - the debug line of a request (telemetry.md 8.6); nothing personal in it. */
#include "api/api_private.h"
#include "base/mask.h"
#include "base/percent.h"

#include <inttypes.h>

#define HIDDEN "REDACTED"

static void take_separator(struct view *rest, struct str *out)
{
    if (rest->len != 0)
        str_append_char(out, rest->data[0]);
    *rest = view_from(*rest, 1);
}

/* The value of the variable {context}; false when the route has none. */
static bool context_of(const struct http_request *req, struct view *context)
{
    size_t index = 0;
    for (const char *at = strchr(http_request_route(req)->pattern, '{'); at != NULL;
         at = strchr(at + 1, '{')) {
        if (view_starts(view_of(at), "{context}")) {
            *context = http_request_variable(req, index);
            return true;
        }
        index++;
    }
    return false;
}

static bool segment_is(struct view segment, struct view value)
{
    struct str decoded = {0};
    bool same = percent_decode(segment, false, &decoded) && view_equal(str_view(&decoded), value);
    str_free(&decoded);
    return same;
}

/* The path as it was sent, with the context hidden, however the client wrote the rest. */
static void write_path(const struct http_request *req, struct view path, struct str *out)
{
    struct view context;
    bool hide = context_of(req, &context);
    while (path.len != 0) {
        struct view segment = view_take_until(&path, "/");
        if (hide && segment_is(segment, context))
            str_append_text(out, HIDDEN);
        else
            str_append(out, segment);
        take_separator(&path, out);
    }
}

static bool is_personal(struct view name)
{
    return view_is(name, "h") || view_is(name, "d") || view_is(name, "auth");
}

static void write_query(struct view query, struct str *out)
{
    while (query.len != 0) {
        struct view pair = view_take_until(&query, "&");
        struct view name = view_take_until(&pair, "=");
        str_append(out, name);
        if (is_personal(name) && pair.len != 0)
            str_append_text(out, "=" HIDDEN);
        else
            str_append(out, pair);
        take_separator(&query, out);
    }
}

static void write_url(const struct http_request *req, struct str *out)
{
    struct view rest = http_request_target(req);
    struct view path = view_take_until(&rest, "?");
    write_path(req, path, out);
    take_separator(&rest, out);
    write_query(rest, out);
}

static double seconds_of(const struct api *a, const struct http_request *req)
{
    return (double)(clock_now_ms(a->settings.clock) - http_request_started_ms(req)) / 1000;
}

void request_log(void *arg, const struct http_request *req, int status, uint64_t bytes,
                 bool streaming, bool closed)
{
    const struct api *a = arg;
    if (!log_enabled(log_global(), LOG_DEBUG))
        return;
    struct str url = {0};
    struct str auth = {0};
    write_url(req, &url);
    mask_authorization(http_request_header(req, "Authorization"), &auth);
    if (streaming && closed)
        log_line(log_global(), LOG_DEBUG, "Stream closed: url=%s auth=%s bytes=%" PRIu64,
                 str_text(&url), str_text(&auth), bytes);
    else if (streaming)
        log_line(log_global(), LOG_DEBUG, "Request: method=%s url=%s auth=%s status=%d (streaming)",
                 http_method_name(http_request_method(req)), str_text(&url), str_text(&auth),
                 status);
    else
        log_line(log_global(), LOG_DEBUG,
                 "Request: method=%s url=%s auth=%s status=%d bytes=%" PRIu64 " time=%.3f",
                 http_method_name(http_request_method(req)), str_text(&url), str_text(&auth),
                 status, bytes, seconds_of(a, req));
    str_free(&url);
    str_free(&auth);
}
