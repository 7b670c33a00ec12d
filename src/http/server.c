/* http/server.c - see server.h: the server as a whole, seen from the control thread. */
#include "http/server_private.h"

#include "base/duration.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>

/* "16MiB"; a size that is no whole number of a unit is printed in the next smaller one. */
static void print_size(size_t bytes, char *out, size_t room)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB"};
    size_t unit = 0;
    while (unit + 1 < ARRAY_LEN(units) && bytes != 0 && bytes % 1024 == 0) {
        bytes /= 1024;
        unit++;
    }
    (void)snprintf(out, room, "%zu%s", bytes, units[unit]);
}

static void print_texts(struct http_server *s)
{
    struct str duration = {0};
    duration_print(s->settings.max_write_time_ms * 1000000, &duration);
    (void)snprintf(s->max_write_time_text, sizeof s->max_write_time_text, "%s",
                   str_text(&duration));
    str_free(&duration);
    print_size(s->settings.max_backlog, s->max_backlog_text, sizeof s->max_backlog_text);
}

static bool open_tls(struct http_server *s, struct error *err)
{
    if (!s->settings.tls)
        return true;
    struct server_tls_settings settings = {.cert = s->settings.tls_cert,
                                           .key = s->settings.tls_key,
                                           .min_version = s->settings.tls_min_version};
    s->tls = server_tls_new(&settings, err);
    return s->tls != NULL;
}

static bool start_threads(struct http_server *s, size_t count, struct error *err)
{
    s->threads = mem_zalloc(count * sizeof s->threads[0]);
    for (; s->thread_count < count; s->thread_count++) {
        struct http_thread *t = &s->threads[s->thread_count];
        if (!http_thread_start(t, s, listeners_take(&s->listeners, s->thread_count), err))
            return false;
    }
    return true;
}

bool http_server_open(const struct http_server_settings *settings,
                      const struct http_service *service, const struct clock *clock,
                      struct http_server **out, struct error *err)
{
    size_t threads = settings->threads > 1 ? (size_t)settings->threads : 1;
    struct http_server *s = mem_zalloc(sizeof *s);
    s->settings = *settings;
    s->service = *service;
    s->clock = clock;
    print_texts(s);
    s->routes = route_table_new(service->routes, service->route_count);
    limits_init(&s->limits, settings->max_connections, settings->max_connections_per_address);
    if (settings->max_connections_name != NULL)
        s->limits.name = settings->max_connections_name;
    (void)uv_mutex_init(&s->accepting);
    if (!open_tls(s, err) ||
        !listeners_open(settings->listen_address, settings->port, threads, &s->listeners, err) ||
        !start_threads(s, threads, err))
        goto fail;
    *out = s;
    return true;
fail:
    for (size_t i = 0; i < s->thread_count; i++)
        http_thread_stop(&s->threads[i]);
    http_server_free(s);
    return false;
}

void http_server_free(struct http_server *s)
{
    listeners_free(&s->listeners);
    server_tls_free(s->tls);
    route_table_free(s->routes);
    limits_free(&s->limits);
    uv_mutex_destroy(&s->accepting);
    mem_free(s->threads);
    mem_free(s);
}

size_t http_server_thread_count(const struct http_server *s)
{
    return s->thread_count;
}

struct http_thread *http_server_thread(struct http_server *s, size_t index)
{
    return &s->threads[index];
}

int http_server_port(const struct http_server *s)
{
    return s->listeners.port;
}

void http_server_counts(const struct http_server *s, struct http_counts *out)
{
    *out = (struct http_counts){
        .connections = atomic_load(&s->limits.connections),
        .streams = atomic_load(&s->streams),
        .refused_over_limit = atomic_load(&s->limits.refused),
        .refused_tls = atomic_load(&s->refused_tls),
        .dropped_stall = atomic_load(&s->dropped_stall),
        .dropped_backlog = atomic_load(&s->dropped_backlog),
    };
}
