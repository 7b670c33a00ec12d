/* config/validate_oddities.c - what works but was hardly meant (7.2, 7.4, 8.1, 11, 12, 16). */
#include "base/duration.h"
#include "base/mask.h"
#include "config/database.h"
#include "config/record.h"
#include "config/uri.h"
#include "config/validate.h"
#include "config/value.h"

/* ---- addresses (7.2) ------------------------------------------------------------------------- */

static bool same_uri(const char *a, const char *b)
{
    return config_uri_same(view_of(a), view_of(b));
}

static void forgotten_uri_warn(const char *name, const char *value, const char *forgotten,
                               const char *standard, struct config_report *r)
{
    struct str shown = {0};
    mask_url(view_of(value), &shown);
    config_report_warning(r, "%s is set to %s, but %s still points to %s", name, str_text(&shown),
                          forgotten, standard);
    str_free(&shown);
}

/* Private instances have all their addresses changed; a forgotten one is a typical mistake. */
static void forgotten_uris_warn(const struct config *c, struct config_report *r)
{
    const struct {
        const char *name;
        const char *value;
        const char *standard;
    } uris[] = {{"baseUri", c->main.base_uri, "https://sdk.launchdarkly.com"},
                {"streamUri", c->main.stream_uri, "https://stream.launchdarkly.com"},
                {"eventsUri", c->events.events_uri, "https://events.launchdarkly.com"}};
    size_t count = c->events.send_events ? 3 : 2;
    for (size_t i = 0; i < count; i++) {
        if (same_uri(uris[i].value, uris[i].standard))
            continue;
        for (size_t k = 0; k < count; k++) {
            if (same_uri(uris[k].value, uris[k].standard))
                forgotten_uri_warn(uris[i].name, uris[i].value, uris[k].name, uris[k].standard, r);
        }
        return;
    }
}

/* ---- options that need another one ----------------------------------------------------------- */

static void useless_warn(const struct config *c, const struct config_option *o,
                         const struct config_option *needed, struct config_report *r)
{
    struct str name = {0};
    struct str other = {0};
    struct config_origin origin = c->slots[config_option_slot(o)].value;
    config_option_spelling(o, origin, NULL, &name);
    config_option_spelling(needed, origin, NULL, &other);
    config_report_warning(r, "%s has no effect because %s is not set", str_text(&name),
                          str_text(&other));
    str_free(&name);
    str_free(&other);
}

static void if_useless_warn(const struct config *c, const void *field, const void *needed,
                            struct config_report *r)
{
    if (config_is_set(c, field))
        useless_warn(c, config_option_at(c, field), config_option_at(c, needed), r);
}

/* Options of events that count without sendEvents, because of usage events. */
static bool counts_without_events(const struct config *c, const struct config_option *o)
{
    return o == config_option_at(c, &c->events.events_uri) ||
           o == config_option_at(c, &c->events.metrics_capacity) ||
           o == config_option_at(c, &c->events.inline_users);
}

/* Set options of a section whose switch is off. The variables of OpenTelemetry are common to many
 * programs, so they say nothing about this one. */
static void dead_section_warn(const struct config *c, const char *section, const void *enabled,
                              struct config_report *r)
{
    const struct config_option *needed = config_option_at(c, enabled);
    for (size_t i = 0; i < config_option_count && !*(const bool *)enabled; i++) {
        const struct config_option *o = &config_options[i];
        enum config_source source = c->slots[i].value.source;
        if (o == needed || strcmp(o->section, section) != 0 || source == CONFIG_FROM_DEFAULT ||
            counts_without_events(c, o))
            continue;
        if (strcmp(section, "OpenTelemetry") == 0 && source == CONFIG_FROM_VARIABLE)
            continue;
        useless_warn(c, o, needed, r);
    }
}

static void dead_sections_warn(const struct config *c, struct config_report *r)
{
    dead_section_warn(c, "Events", &c->events.send_events, r);
    dead_section_warn(c, "Datadog", &c->datadog.enabled, r);
    dead_section_warn(c, "Stackdriver", &c->stackdriver.enabled, r);
    dead_section_warn(c, "Prometheus", &c->prometheus.enabled, r);
    dead_section_warn(c, "OpenTelemetry", &c->open_telemetry.enabled, r);
}

/* Options of a database that is off. Variables were looked at when they were read (5.3). */
static void dead_databases_warn(const struct config *c, struct config_report *r)
{
    static const char *const needs[] = {[CONFIG_REDIS] = "host, port or url",
                                        [CONFIG_CONSUL] = "host",
                                        [CONFIG_DYNAMODB] = "tableName or enabled",
                                        [CONFIG_SQLITE] = "path or enabled"};
    enum config_database told = CONFIG_NO_DATABASE;
    for (size_t i = 0; i < config_option_count; i++) {
        enum config_database d = config_database_of_section(config_options[i].section);
        const struct config_slot *slot = &c->slots[i];
        if (d == CONFIG_NO_DATABASE || d == told || slot->value.source != CONFIG_FROM_FILE ||
            config_database_is_on(c, d) || (config_options[i].flags & CONFIG_SWITCH))
            continue;
        config_report_warning(r, "[%s] has no effect without %s", config_database_name(d),
                              needs[d]);
        told = d;
    }
}

static void needs_warn(const struct config *c, struct config_report *r)
{
    if (!c->main.tls_enabled) {
        if_useless_warn(c, &c->main.tls_cert, &c->main.tls_enabled, r);
        if_useless_warn(c, &c->main.tls_key, &c->main.tls_enabled, r);
        if_useless_warn(c, &c->main.tls_min_version, &c->main.tls_enabled, r);
    }
    if (c->proxy.url[0] == '\0' && !c->proxy.ntlm_auth) {
        if_useless_warn(c, &c->proxy.user, &c->proxy.url, r);
        if_useless_warn(c, &c->proxy.password, &c->proxy.url, r);
        if_useless_warn(c, &c->proxy.domain, &c->proxy.url, r);
    } else if (!c->proxy.ntlm_auth) {
        if_useless_warn(c, &c->proxy.domain, &c->proxy.ntlm_auth, r);
    }
    if (c->auto_config.cache_key[0] == '\0')
        if_useless_warn(c, &c->auto_config.cache_encryption_key, &c->auto_config.cache_key, r);
    if (c->database == CONFIG_REDIS && !c->redis.aws_iam_auth) {
        if_useless_warn(c, &c->redis.aws_iam_cache_name, &c->redis.aws_iam_auth, r);
        if_useless_warn(c, &c->redis.aws_iam_serverless, &c->redis.aws_iam_auth, r);
    }
    dead_sections_warn(c, r);
    dead_databases_warn(c, r);
}

/* ---- single values --------------------------------------------------------------------------- */

static void tls_version_warn(const struct config *c, struct config_report *r)
{
    struct str version = {0};
    int64_t value = c->main.tls_min_version;
    if (value == 0x0301 || value == 0x0302) {
        config_value_print(config_option_at(c, &c->main.tls_min_version), &value, &version);
        config_report_warning(r, "tlsMinVersion %s is obsolete; the TLS library may refuse it",
                              str_text(&version));
    }
    str_free(&version);
}

static void exporter_warn(const struct config *c, char *const *field, struct config_report *r)
{
    struct view value = view_trim(view_of(*field));
    struct str name = {0};
    struct str quoted = {0};
    if (!c->open_telemetry.enabled || value.len == 0 || config_word_find("otlp none", value) >= 0)
        return;
    config_option_spelling(config_option_at(c, field), config_slot_at(c, field)->value, NULL,
                           &name);
    config_quote(value, &quoted);
    config_report_warning(r, "%s value %s is not supported; exporting over OTLP", str_text(&name),
                          str_text(&quoted));
    str_free(&name);
    str_free(&quoted);
}

/* streaming.md 10.1 */
static void heartbeat_warn(const struct config *c, struct config_report *r)
{
    const int64_t minute_ns = INT64_C(60) * 1000000000;
    int64_t interval_ns = c->main.heartbeat_interval_ns;
    struct str value = {0};
    if (interval_ns <= 4 * minute_ns)
        return;
    duration_print(interval_ns, &value);
    config_report_warning(r,
                          interval_ns >= 5 * minute_ns
                              ? "heartbeatInterval of %s is longer than the 5 minute read timeout "
                                "of the SDKs; streams will reconnect constantly"
                              : "heartbeatInterval of %s is close to the 5 minute read timeout of "
                                "the SDKs; streams may reconnect",
                          str_text(&value));
    str_free(&value);
}

static void values_warn(const struct config *c, struct config_report *r)
{
    heartbeat_warn(c, r);
    tls_version_warn(c, r);
    if (c->events.inline_users)
        config_report_warning(r, "inlineUsers has no effect and is ignored");
    if (c->datadog.enabled && config_is_set(c, &c->datadog.trace_addr))
        config_report_warning(r, "Datadog traces are sent by OTLP only: set USE_OTLP=true and "
                                 "enable OTLP in the Datadog Agent");
    if (c->stackdriver.enabled)
        config_report_warning(r, "[Stackdriver] is not supported; use OTLP with the OpenTelemetry "
                                 "Collector (USE_OTLP=true)");
    exporter_warn(c, &c->open_telemetry.logs_exporter, r);
    exporter_warn(c, &c->open_telemetry.traces_exporter, r);
    exporter_warn(c, &c->open_telemetry.metrics_exporter, r);
}

void config_oddities_warn(const struct config *c, struct config_report *r)
{
    forgotten_uris_warn(c, r);
    needs_warn(c, r);
    values_warn(c, r);
}
