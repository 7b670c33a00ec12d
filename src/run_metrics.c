/* run_metrics.c - the metrics listener of the relay, and what it gathers from (telemetry.md 2). */
#include "run_private.h"

static void subject(void *owner, struct telemetry_subject *out)
{
    struct run *r = owner;
    out->house = r->house;
    out->server = r->server;
    out->tls = r->config->main.tls_enabled;
    out->events = r->events;
    out->door = &r->door;
    out->database = store_database_name(r->database);
    out->disconnected_status_ms = config_ms(r->config->main.disconnected_status_time_ns);
}

static bool metrics_fail(const struct error *err)
{
    static const char failed[] = "failed to start Prometheus listener";
    log_always(log_global(), LOG_ERROR, "Error registering Prometheus metrics exporter: %s: %s",
               failed, err->text);
    log_always(log_global(), LOG_ERROR,
               "Unable to create relay: unable to create metrics manager: %s: %s", failed,
               err->text);
    return false;
}

bool run_metrics_open(struct run *r)
{
    const struct config_prometheus *p = &r->config->prometheus;
    struct telemetry_settings settings = {
        .listen_address = p->listen_address[0] != '\0' ? p->listen_address : NULL,
        .port = (int)p->port,
        .clock = clock_system(),
        .loop = &r->loop,
        .mailbox = &r->mailbox,
        .owner = r,
        .subject = subject,
    };
    struct error err;
    if (!p->enabled)
        return true;
    if (!telemetry_open(&settings, &r->telemetry, &err))
        return metrics_fail(&err);
    log_always(log_global(), LOG_INFO, "Successfully registered Prometheus metrics exporter");
    if (config_is_set(r->config, &p->prefix))
        log_always(
            log_global(), LOG_WARN,
            "[Prometheus] prefix has no effect: this version does not serve the metrics that "
            "it names");
    return true;
}
