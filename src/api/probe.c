/* api/probe.c - /livez, /readyz and /startupz for orchestrators (status.md 15.2). */
#include "api/status.h"

#define BEAT_LIMIT_MS 5000

static void answer(struct http_request *req, int code, const struct str *text)
{
    struct http_headers headers = {0};
    http_header_add_text(&headers, "Content-Type", "text/plain; charset=utf-8");
    http_header_add_text(&headers, "Cache-Control", "no-store");
    http_respond_borrowed(req, code, &headers, str_view(text));
}

static bool is_verbose(const struct http_request *req)
{
    struct str ignored = {0};
    bool asked = http_request_query(req, "verbose", &ignored);
    str_free(&ignored);
    return asked;
}

/* ---- what an environment is to a probe ------------------------------------------------------- */

enum readiness { PROBE_READY, PROBE_WAITING, PROBE_REFUSED };

static enum readiness readiness_of(const struct env_snapshot *env)
{
    if (env->state.readiness == ENV_REFUSED)
        return PROBE_REFUSED;
    if (env->state.readiness == ENV_READY && env->data != NULL)
        return PROBE_READY;
    return PROBE_WAITING;
}

static void describe(const struct status_document *d, struct str *out)
{
    for (size_t i = 0; i < status_environment_count(d); i++) {
        const struct env_snapshot *env = status_environment_at(d, i);
        if (env == NULL)
            continue;
        switch (readiness_of(env)) {
        case PROBE_READY:
            str_append_format(out, "\n[+]%s ready", env->facts->name);
            break;
        case PROBE_WAITING:
            str_append_format(out, "\n[-]%s waiting for data", env->facts->name);
            break;
        case PROBE_REFUSED:
            str_append_format(out, "\n[!]%s refused by LaunchDarkly", env->facts->name);
            break;
        }
    }
}

/* ---- the probes ------------------------------------------------------------------------------ */

void probe_live(struct http_request *req, struct api_passage *p)
{
    struct api *a = p->thread->api;
    int64_t beat = atomic_load_explicit(&a->beat_ms, memory_order_relaxed);
    int64_t age = clock_now_ms(a->settings.clock) - beat;
    struct str text = {0};
    bool alive = age <= BEAT_LIMIT_MS;
    if (alive)
        str_append_text(&text, "ok");
    else
        str_append_format(&text, "not live: control thread has not answered for %lld s",
                          (long long)(age / 1000));
    answer(req, alive ? 200 : 500, &text);
    str_free(&text);
}

/* The first thing that speaks against being ready; nothing is appended when all is well. */
static void why_not_ready(const struct status_document *d, struct str *out)
{
    size_t ready = 0;
    if (atomic_load(&d->api->stopping)) {
        str_append_text(out, "shutting down");
        return;
    }
    if (fanout_directory(d->fanout) == NULL) {
        str_append_text(out, "the list of environments has not arrived yet");
        return;
    }
    for (size_t i = 0; i < status_environment_count(d); i++) {
        const struct env_snapshot *env = status_environment_at(d, i);
        enum readiness r = env != NULL ? readiness_of(env) : PROBE_READY;
        if (r == PROBE_WAITING) {
            str_append_format(out, "environment \"%s\" is waiting for data", env->facts->name);
            return;
        }
        ready += r == PROBE_READY;
    }
    if (ready == 0)
        str_append_text(out, "no environment can serve");
}

void probe_ready(struct http_request *req, struct api_passage *p)
{
    struct status_document d = status_document_now(p);
    struct str reason = {0};
    struct str text = {0};
    why_not_ready(&d, &reason);
    bool ready = reason.len == 0;
    str_append_text(&text, ready ? "ok" : "not ready: ");
    str_append(&text, str_view(&reason));
    if (is_verbose(req))
        describe(&d, &text);
    answer(req, ready ? 200 : 503, &text);
    str_free(&reason);
    str_free(&text);
}

void probe_startup(struct http_request *req, struct api_passage *p)
{
    struct status_document d = status_document_now(p);
    struct str text = {0};
    size_t count = status_environment_count(&d);
    size_t ended = 0;
    for (size_t i = 0; i < count; i++) {
        const struct env_snapshot *env = status_environment_at(&d, i);
        ended += env == NULL || env->state.start_ended;
    }
    bool started = fanout_directory(d.fanout) != NULL && ended == count;
    if (started)
        str_append_text(&text, "ok");
    else
        str_append_format(&text, "starting: %zu of %zu environments initialized", ended, count);
    if (is_verbose(req))
        describe(&d, &text);
    answer(req, started ? 200 : 503, &text);
    str_free(&text);
}
