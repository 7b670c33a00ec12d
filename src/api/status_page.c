/* api/status_page.c - GET /status.html: the status for people (status.md 16).
 *
 * The same snapshot and the same masking as the JSON. No script, nothing from elsewhere; every text
 * that comes from a configuration goes through write_text().
 */
#include "api/status.h"
#include "base/percent.h"

#include <time.h>

static const char style[] =
    "body{font:16px/1.5 system-ui,sans-serif;margin:1rem auto;max-width:80rem;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;"
    "padding:.4rem .8rem .4rem 0;border-bottom:1px solid #8886}div{overflow-x:auto}"
    "td{white-space:nowrap}code{font-size:.85em;word-break:break-all;white-space:normal}"
    "@media(prefers-color-scheme:dark){body{background:#16181d;color:#e4e6eb}a{color:#8ab4f8}}";

/* ---- text ------------------------------------------------------------------------------------ */

static void write_text(struct str *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&':
            str_append_text(out, "&amp;");
            break;
        case '<':
            str_append_text(out, "&lt;");
            break;
        case '>':
            str_append_text(out, "&gt;");
            break;
        case '"':
            str_append_text(out, "&quot;");
            break;
        case '\'':
            str_append_text(out, "&#39;");
            break;
        default:
            str_append_char(out, *text);
        }
    }
}

/* "25 s", "3 min 20 s", "3 h 12 min", "2 d 5 h" */
static void write_age(struct str *out, int64_t ms)
{
    long long s = ms > 0 ? ms / 1000 : 0;
    if (s < 60)
        str_append_format(out, "%lld s", s);
    else if (s < 3600)
        str_append_format(out, "%lld min %lld s", s / 60, s % 60);
    else if (s < 86400)
        str_append_format(out, "%lld h %lld min", s / 3600, s / 60 % 60);
    else
        str_append_format(out, "%lld d %lld h", s / 86400, s / 3600 % 24);
}

/* The age of a moment, which stands behind it for machines. */
static void write_since(struct str *out, int64_t wall_ms, int64_t now_wall_ms)
{
    char moment[32];
    struct tm parts;
    time_t seconds = (time_t)(wall_ms / 1000);
    if (gmtime_r(&seconds, &parts) == NULL ||
        strftime(moment, sizeof moment, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        moment[0] = '\0';
    str_append_format(out, "<time datetime=\"%s\">", moment);
    write_age(out, now_wall_ms - wall_ms);
    str_append_text(out, "</time>");
}

/* ---- one environment ------------------------------------------------------------------------- */

/* Words for the states of status.md 5. */
static const char *const connection_words[] = {
    [CONNECTION_INITIALIZING] = "&#9675; connecting for ",
    [CONNECTION_VALID] = "&#9679; valid for ",
    [CONNECTION_INTERRUPTED] = "&#9888; interrupted for ",
    [CONNECTION_OFF] = "&#10007; refused for ",
};

static const char *const error_words[] = {
    [SOURCE_ERROR_UNKNOWN] = "unknown error",   [SOURCE_ERROR_NETWORK] = "network error",
    [SOURCE_ERROR_RESPONSE] = "error response", [SOURCE_ERROR_INVALID_DATA] = "invalid data",
    [SOURCE_ERROR_STORE] = "data store error",
};

static void write_connection(struct str *out, const struct env_state *s, int64_t now)
{
    str_append_text(out, connection_words[s->connection]);
    write_since(out, s->connection_since_ms, now);
    if (!s->has_error)
        return;
    str_append_text(out, s->connection == CONNECTION_VALID ? " (last error: " : " (");
    str_append_text(out, error_words[s->error_kind]);
    if (s->error_status_code != 0)
        str_append_format(out, " %d", s->error_status_code);
    str_append_text(out, ")");
}

static void write_store(struct str *out, const struct api *a, const struct env_snapshot *env,
                        int64_t now)
{
    if (!env->state.start_ended) {
        str_append_text(out, "&#9675; not looked at yet");
        return;
    }
    str_append_text(out,
                    env->state.store_failing ? "&#9888; interrupted for " : "&#9679; valid for ");
    write_since(out, env->state.store_since_ms, now);
    if (a->settings.database == NULL) {
        str_append_text(out, "<br>memory");
        return;
    }
    str_append_format(out, "<br>%s <code>", a->settings.database);
    write_text(out, a->settings.database_server);
    str_append_text(out, "</code> ");
    write_text(out, env->facts->store_table);
    str_append_char(out, ' ');
    write_text(out, env->facts->store_prefix);
}

static void write_segments(struct str *out, const struct status_document *d,
                           const struct env_snapshot *env, int64_t now)
{
    const struct env_segments_state *s = &env->state.segments;
    if (!s->in_use)
        return;
    str_append_text(out, "<br>Big Segments: ");
    if (!s->available) {
        str_append_text(out, "&#9888; not available");
    } else if (s->synchronized_on_ms == 0) {
        str_append_text(out, "&#9888; never synchronized");
    } else {
        bool stale = now > status_segments_stale_after(d, env);
        str_append_text(out, stale ? "&#9888; stale, synchronized " : "&#9679; synchronized ");
        write_since(out, s->synchronized_on_ms, now);
        str_append_text(out, " ago");
    }
}

static long long count_of(const _Atomic int64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

/* "Events: <sign> 3 waiting, 100 sent, 0 lost. ..." */
static void write_events(struct str *out, const struct events_door *door)
{
    if (!door->settings.enabled) {
        str_append_text(out, "<p>Events: not forwarded (<code>sendEvents</code> is off)</p>\n");
        return;
    }
    long long lost = 0;
    long long failing = count_of(&door->families_failing);
    long long off = count_of(&door->families_off);
    for (size_t i = 0; i < EVENT_DROP_COUNT; i++)
        lost += count_of(&door->dropped[i]);
    str_append_format(out, "<p>Events: %s %lld waiting, %lld sent, %lld lost",
                      off != 0       ? "&#10007;"
                      : failing != 0 ? "&#9888;"
                                     : "&#9679;",
                      count_of(&door->pending_events), count_of(&door->sent_events), lost);
    if (failing != 0)
        str_append_format(out, "; LaunchDarkly does not take %lld kind%s of them now", failing,
                          failing == 1 ? "" : "s");
    if (off != 0)
        str_append_format(out, "; LaunchDarkly has refused the key for %lld kind%s of them", off,
                          off == 1 ? "" : "s");
    str_append_text(out, "</p>\n");
}

static void write_name(struct str *out, const struct env_facts *f)
{
    str_append_text(out, "<th scope=\"row\"><a href=\"status/");
    percent_encode(view_of(f->env_id[0] != '\0' && f->filter_key[0] == '\0' ? f->env_id : f->name),
                   out);
    str_append_text(out, "\">");
    write_text(out, f->name);
    str_append_text(out, "</a></th>");
}

static void write_environment(struct str *out, const struct status_document *d,
                              const struct env_snapshot *env, int64_t now)
{
    struct env_facts *f = env->facts;
    size_t flags = env->data != NULL ? dataset_count(env->data, ITEM_FLAG) : 0;
    size_t segments = env->data != NULL ? dataset_count(env->data, ITEM_SEGMENT) : 0;
    str_append_text(out, "<tr>");
    write_name(out, f);
    str_append_text(out, status_is_connected(d, env) ? "<td>&#9679; connected</td><td>"
                                                     : "<td>&#10007; disconnected</td><td>");
    write_connection(out, &env->state, now);
    str_append_text(out, "</td><td>");
    write_store(out, d->api, env, now);
    write_segments(out, d, env, now);
    str_append_text(out, "</td><td><code>");
    write_text(out, f->masked_sdk_key);
    str_append_text(out, "<br>");
    write_text(out, f->masked_mobile_key);
    str_append_format(
        out, "</code></td><td>%lld /all<br>%lld /flags<br>%lld mobile<br>%lld browser</td>",
        count_of(&f->streams[FANOUT_ALL]), count_of(&f->streams[FANOUT_FLAGS]),
        count_of(&f->streams[FANOUT_MOBILE_PING]), count_of(&f->streams[FANOUT_BROWSER_PING]));
    str_append_format(out, "<td>%zu flag%s<br>%zu segment%s</td></tr>\n", flags,
                      flags == 1 ? "" : "s", segments, segments == 1 ? "" : "s");
}

/* ---- the page -------------------------------------------------------------------------------- */

static void write_verdict(struct str *out, const struct status_document *d)
{
    size_t count = status_environment_count(d);
    size_t disconnected = 0;
    for (size_t i = 0; i < count; i++) {
        const struct env_snapshot *env = status_environment_at(d, i);
        disconnected += env != NULL && !status_is_connected(d, env);
    }
    if (fanout_directory(d->fanout) == NULL)
        str_append_text(out, "Degraded: the list of environments has not arrived yet");
    else if (status_is_healthy(d))
        str_append_text(out, "Healthy");
    else if (disconnected == 0)
        str_append_text(out, "Degraded: Big Segments are not available or stale");
    else
        str_append_format(out, "Degraded: %zu of %zu environments disconnected", disconnected,
                          count);
}

static void write_page(struct str *out, const struct status_document *d)
{
    const struct api *a = d->api;
    int64_t now = clock_wall_ms(a->settings.clock);
    str_append_format(out,
                      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                      "<meta name=\"viewport\" content=\"width=device-width\">"
                      "<meta http-equiv=\"refresh\" content=\"10\"><title>flagrelay</title>"
                      "<style>%s</style></head><body>\n<h1>flagrelay %s</h1>\n<p>",
                      style, a->settings.version);
    write_verdict(out, d);
    str_append_text(out, ". Up for ");
    write_age(out, d->now_ms - a->started_ms);
    str_append_text(out, ".</p>\n<div><table>\n<thead><tr><th scope=\"col\">Environment</th>"
                         "<th scope=\"col\">Status</th><th scope=\"col\">LaunchDarkly</th>"
                         "<th scope=\"col\">Data store</th><th scope=\"col\">Keys</th>"
                         "<th scope=\"col\">Streams</th><th scope=\"col\">Data</th></tr></thead>\n"
                         "<tbody>\n");
    for (size_t i = 0; i < status_environment_count(d); i++) {
        const struct env_snapshot *env = status_environment_at(d, i);
        if (env != NULL)
            write_environment(out, d, env, now);
    }
    str_append_text(out, "</tbody></table></div>\n");
    write_events(out, a->settings.door);
    str_append_text(out, "<p><a href=\"status\">as JSON</a></p>\n</body></html>\n");
}

static void answer_page(struct http_request *req, const struct str *page)
{
    struct http_headers headers = {0};
    http_header_add_text(&headers, "Content-Type", "text/html; charset=utf-8");
    http_header_add_text(&headers, "Cache-Control", "no-store");
    http_header_add_text(&headers, "X-Content-Type-Options", "nosniff");
    http_header_add_text(&headers, "Content-Security-Policy",
                         "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "
                         "form-action 'none'; frame-ancestors 'none'");
    http_respond_borrowed(req, 200, &headers, str_view(page));
}

/* Switched off, it is a path like any other that does not exist (http-api.md 2.3). */
static void answer_absent(struct http_request *req)
{
    struct http_headers headers = {0};
    http_header_add_text(&headers, "Content-Type", "text/plain; charset=utf-8");
    http_header_add_text(&headers, "X-Content-Type-Options", "nosniff");
    http_respond_borrowed(req, 404, &headers, VIEW_LITERAL("404 page not found\n"));
}

void status_page(struct http_request *req, struct api_passage *p)
{
    if (!p->thread->api->settings.status_page) {
        answer_absent(req);
        return;
    }
    struct status_document d = status_document_now(p);
    struct str text = {0};
    write_page(&text, &d);
    answer_page(req, &text);
    str_free(&text);
}
