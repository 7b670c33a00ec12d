/* run.c - builds the relay out of its rooms, runs the loop, takes everything down again. */
#include "run_private.h"

#include <malloc.h>
#include <stdlib.h>

#define BEAT_MS 1000
#define ONE_SHOT_LOOK_MS 20

/* Memory that one thread frees is reused by the others instead of being kept apart per thread. */
#define MALLOC_ARENAS 2

/* What is bigger grows by moving pages instead of copying them, and goes back to the system at
 * once. Said only because malloc() otherwise raises this limit with the first big block that is
 * freed: an answer of a database that grows to 64 MB would then hold the loop for 40 ms. */
#define MALLOC_MAPPED_BYTES (1 << 20)

/* ---- how environments start (configuration.md 14.3) ------------------------------------------ */

static void one_shot_fail(struct run *r)
{
    log_always(log_global(), LOG_ERROR,
               "Unable to create relay: one or more environments failed to initialize");
    run_stop_now(r, EXIT_FAILURE);
}

/* exitAlways: all environments have their data; the databases must have it as well. */
static void one_shot_look(uv_timer_t *timer)
{
    struct run *r = timer->data;
    bool failing = false;
    for (size_t i = 0; i < house_count(r->house); i++)
        failing = failing || house_snapshot(r->house, i)->state.store_failing;
    if (!failing && house_pending_writes(r->house) != 0)
        return;
    (void)uv_timer_stop(timer);
    if (failing)
        one_shot_fail(r);
    else
        run_stop_now(r, EXIT_SUCCESS);
}

static void one_shot_go_on(struct run *r, bool failed)
{
    bool last = r->starts_left == 0;
    if (failed && r->config->main.exit_on_error)
        run_stop_now(r, EXIT_FAILURE);
    else if (last && r->start_failed)
        one_shot_fail(r);
    else if (last)
        (void)uv_timer_start(&r->beat, one_shot_look, 0, ONE_SHOT_LOOK_MS);
}

static void start_ended(void *owner, const char *name, const char *reason, bool refused)
{
    struct run *r = owner;
    const struct config_main *m = &r->config->main;
    bool failed = reason != NULL;
    r->starts_left--;
    r->start_failed = r->start_failed || failed;
    if (m->exit_always) {
        one_shot_go_on(r, failed);
    } else if (failed && m->exit_on_error && (refused || !m->ignore_connection_errors)) {
        log_always(
            log_global(), LOG_ERROR,
            "Exiting because exitOnError is set: environment \"%s\" failed to initialize: %s", name,
            reason);
        run_stop_now(r, EXIT_FAILURE);
    }
}

/* ---- opening --------------------------------------------------------------------------------- */

static const char *tls_version_name(int64_t version)
{
    static const char *const names[] = {"1.0", "1.1", "1.2", "1.3"};
    return names[version - 0x0301];
}

/* These lines are shown whatever the level (configuration.md 13.2). */
static void announce_server(const struct config *c)
{
    log_scope_set_level(log_global(), LOG_INFO < c->main.log_level ? LOG_INFO : c->main.log_level);
    log_always(log_global(), LOG_INFO, "Starting server listening on port %d", (int)c->main.port);
    if (c->main.tls_enabled && c->main.tls_min_version != 0)
        log_always(log_global(), LOG_INFO, "TLS enabled for server (minimum TLS version: %s)",
                   tls_version_name(c->main.tls_min_version));
    else if (c->main.tls_enabled)
        log_always(log_global(), LOG_INFO, "TLS enabled for server");
    log_scope_set_level(log_global(), c->main.log_level);
}

static void beat(uv_timer_t *timer)
{
    const struct run *r = timer->data;
    api_beat(r->api);
}

static bool open_outside(struct run *r)
{
    struct http_client_settings client;
    struct store_settings store;
    struct error err;
    settings_for_client(r->config, &client);
    settings_for_store(r->config, &store);
    if (!http_client_open(&client, &r->loop, clock_system(), &r->client, &err) ||
        !store_database_open(&store, &r->loop, clock_system(), &r->database, &err)) {
        log_always(log_global(), LOG_ERROR, "Unable to create relay: %s", err.text);
        return false;
    }
    r->memberships = membership_database_open(&store, r->database, &r->loop);
    if (http_client_proxy(r->client) != NULL)
        log_always(log_global(), LOG_INFO, "Using proxy server at %s",
                   http_client_proxy(r->client));
    return true;
}

/* A letter may arrive after the house is gone. */
static void data_wanted(void *owner, unsigned slot, size_t thread, unsigned kinds)
{
    const struct run *r = owner;
    if (r->house != NULL)
        house_data_wanted(r->house, slot, thread, kinds);
}

static void members_wanted(void *owner, const struct member_asker *asker, struct view context_key)
{
    const struct run *r = owner;
    if (r->house != NULL)
        house_members_wanted(r->house, asker, context_key);
}

/* A letter may arrive when nobody is left to hear the answer. */
static void goals_asked(void *owner, struct goals_question *q)
{
    const struct run *r = owner;
    if (r->goals != NULL)
        goals_take(r->goals, q);
    else
        goals_question_free(q);
}

static void connect_threads(struct run *r, size_t threads)
{
    struct goals_door door = {.owner = r, .mailbox = &r->mailbox, .asked = goals_asked};
    struct fanout_control control = {.owner = r,
                                     .mailbox = &r->mailbox,
                                     .wanted = data_wanted,
                                     .members_wanted = members_wanted};
    for (size_t i = 0; i < threads; i++)
        fanout_connect(api_fanouts(r->api)[i], &control, i);
    api_connect_goals(r->api, &door);
}

static void open_house(struct run *r, size_t threads)
{
    struct house_listener listener = {r, start_ended, run_house_closed};
    struct house_settings settings;
    settings_for_house(r, &settings);
    r->house =
        house_open(&settings, &listener, r->api != NULL ? api_fanouts(r->api) : NULL, threads);
    r->starts_left = r->config->environment_count;
    for (size_t i = 0; i < r->config->environment_count; i++) {
        struct env_settings env;
        settings_for_environment(r->config, r->config->environments[i], &env);
        house_add(r->house, &env);
    }
    house_start(r->house);
}

/* The serving threads know all environments before the first of them runs. */
static bool open_server(struct run *r, size_t threads)
{
    struct http_server_settings settings;
    struct error err;
    settings_for_server(r->config, threads, &settings);
    announce_server(r->config);
    if (!http_server_open(&settings, api_service(r->api), clock_system(), &r->server, &err)) {
        log_always(log_global(), LOG_ERROR, "Error starting http listener on port: %d  %s",
                   settings.port, err.text);
        return false;
    }
    api_wait_for_threads(r->api);
    struct fanout_route route = api_fanout_route(r->api);
    house_attach(r->house, &route);
    struct goals_settings goals;
    settings_for_goals(r, &goals);
    r->goals = goals_open(&goals);
    struct usage_settings usage;
    settings_for_usage(r, &usage);
    r->usage = usage_open(&usage);
    (void)uv_timer_start(&r->beat, beat, BEAT_MS, BEAT_MS);
    return true;
}

static const struct env_snapshot *events_environment(void *owner, unsigned slot)
{
    const struct run *r = owner;
    bool there = r->house != NULL && r->stage != RUN_ENDING && slot < house_count(r->house);
    return there ? house_current(r->house, slot) : NULL;
}

static size_t events_environment_count(void *owner)
{
    const struct run *r = owner;
    return r->house != NULL ? house_count(r->house) : 0;
}

static bool open_events(struct run *r)
{
    struct events_listener listener = {r, events_environment, events_environment_count};
    struct events_settings settings;
    struct error err;
    settings_for_events(r, r->config, &settings);
    if (events_open(&settings, &listener, &r->door, &r->events, &err))
        return true;
    log_always(log_global(), LOG_ERROR, "Unable to create relay: %s", err.text);
    return false;
}

static bool open_all(struct run *r)
{
    size_t threads = settings_threads(r->config);
    struct events_door_settings door;
    struct api_settings api;
    if (!open_outside(r))
        return false;
    settings_for_door(r->config, &door);
    events_door_init(&r->door, &door, &r->mailbox);
    if (threads != 0) {
        settings_for_api(r, threads, &api);
        r->api = api_new(&api);
        connect_threads(r, threads);
        if (!run_metrics_open(r))
            return false;
    } else {
        log_always(log_global(), LOG_INFO,
                   "Running in one-shot mode - will exit immediately after initializing "
                   "environments");
    }
    open_house(r, threads);
    return threads == 0 || (open_events(r) && open_server(r, threads));
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void prepare_process(const struct config *c)
{
    (void)mallopt(M_ARENA_MAX, MALLOC_ARENAS);
    (void)mallopt(M_MMAP_THRESHOLD, MALLOC_MAPPED_BYTES);
    log_set_format(c->main.log_format);
    log_show_names(c->main.log_env_names);
    log_scope_set_level(log_global(), c->main.log_level);
    limits_raise(c);
}

static void log_origins(const struct config *c)
{
    struct str text = {0};
    if (!log_enabled(log_global(), LOG_DEBUG))
        return;
    config_print_origins(c, &text);
    struct view rest = str_view(&text);
    while (rest.len != 0) {
        struct view line = view_take_until(&rest, "\n");
        log_line(log_global(), LOG_DEBUG, "%.*s", VIEW_ARGS(line));
        rest = view_from(rest, 1);
    }
    str_free(&text);
}

static void open_handles(struct run *r)
{
    run_signals_open(r);
    mailbox_open(&r->mailbox, &r->loop);
    (void)uv_timer_init(&r->loop, &r->beat);
    (void)uv_timer_init(&r->loop, &r->delay);
    r->beat.data = r;
    r->delay.data = r;
    r->handles_open = true;
}

int run_relay(const struct config *c, const struct config_command *cmd, char *const *envp)
{
    struct run r = {.config = c, .latest = config_ref(c), .command = cmd, .envp = envp};
    prepare_process(c);
    log_origins(c);
    if (uv_loop_init(&r.loop) != 0) {
        log_always(log_global(), LOG_ERROR,
                   "Unable to create relay: the event loop cannot be set up");
        config_unref(r.latest);
        return EXIT_FAILURE;
    }
    open_handles(&r);
    if (open_all(&r))
        r.stage = RUN_SERVING;
    else
        run_stop_now(&r, EXIT_FAILURE);
    (void)uv_run(&r.loop, UV_RUN_DEFAULT);
    if (r.api != NULL)
        api_free(r.api);
    (void)uv_run(&r.loop, UV_RUN_DEFAULT); /* connections that were kept for later close */
    (void)uv_loop_close(&r.loop);
    config_unref(r.latest);
    return r.exit_code;
}
