/* config/validate_bounds.c - least and greatest values: those of the table, and those that have a
 * text of their own (7.3, 7.4). */
#include "config/record.h"
#include "config/validate.h"
#include "config/value.h"

#include <inttypes.h>

/* The name of an option of the configuration itself, in the spelling of its source. */
static const char *spelling(const struct config *c, const void *field, struct str *name)
{
    str_clear(name);
    config_option_spelling(config_option_at(c, field), config_slot_at(c, field)->value, NULL, name);
    return str_text(name);
}

/* The same, and where it stands. */
static const char *place(const struct config *c, const void *field, struct str *name)
{
    const struct config_option *o = config_option_at(c, field);
    str_clear(name);
    config_option_place(o, config_slot_at(c, field)->value, NULL, name);
    return str_text(name);
}

static void table_bound_check(struct config *c, const struct config_option *o, struct str *name,
                              struct config_report *r)
{
    const int64_t *field = config_record_field(config_record_of(c), o);
    if (c->slots[config_option_slot(o)].value.source == CONFIG_FROM_DEFAULT)
        return;
    if (o->least != NULL && *field < config_bound_value(o, o->least)) {
        if (strcmp(o->least, "1ns") == 0)
            config_report_error(r, "%s: value must be greater than zero", place(c, field, name));
        else
            config_report_error(r, "%s: value must be at least %s", place(c, field, name),
                                o->least);
    }
    if (o->most != NULL && *field > config_bound_value(o, o->most))
        config_report_error(r, "%s: value must be at most %s", place(c, field, name), o->most);
}

static void table_bounds_check(struct config *c, struct config_report *r)
{
    struct str name = {0};
    for (size_t i = 0; i < config_option_count; i++) {
        const struct config_option *o = &config_options[i];
        if (o->scope == CONFIG_SCOPE_GLOBAL && (o->least != NULL || o->most != NULL))
            table_bound_check(c, o, &name, r);
    }
    str_free(&name);
}

/* 0 switches the check off; else it must not be a busy loop. */
static void health_check_interval_check(const struct config *c, const struct config_store *s,
                                        struct config_report *r)
{
    struct str name = {0};
    if (s->health_check_interval_ns != 0 && s->health_check_interval_ns < INT64_C(1000000000))
        config_report_error(r, "%s: value must be 0 or at least 1s",
                            place(c, &s->health_check_interval_ns, &name));
    str_free(&name);
}

/* ---- texts of their own ---------------------------------------------------------------------- */

static void old_bounds_check(const struct config *c, struct config_report *r)
{
    const int64_t interval_ns = INT64_C(100000000);
    const struct {
        const int64_t *field;
        int64_t least;
        const char *problem;
    } rows[] = {
        {&c->offline_mode.file_data_source_monitoring_interval_ns, interval_ns,
         "file data source monitoring interval must be >= 100ms"},
        {&c->main.expired_credential_cleanup_interval_ns, interval_ns,
         "expired credential cleanup interval must be >= 100ms"},
        {&c->events.max_inbound_payload_size_bytes, 1,
         "max inbound payload size must be greater than zero"},
        {&c->main.max_client_request_body_size_bytes, 1,
         "max client request body size must be greater than zero"},
    };
    struct str name = {0};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (*rows[i].field < rows[i].least)
            config_report_error(r, "%s: %s", rows[i].problem, place(c, rows[i].field, &name));
    str_free(&name);
}

static bool ends_with(const char *text, const char *end)
{
    size_t text_len = strlen(text);
    size_t end_len = strlen(end);
    return text_len >= end_len && strcmp(text + text_len - end_len, end) == 0;
}

/* autoconfig-offline.md 7.1 */
static void cache_key_check(struct config *c, struct config_report *r)
{
    struct str key = {0};
    str_append(&key, view_trim(view_of(c->auto_config.cache_key)));
    config_text_set(&c->auto_config.cache_key, str_text(&key));
    if (key.len > 0 && c->database != CONFIG_REDIS && c->database != CONFIG_DYNAMODB &&
        c->database != CONFIG_SQLITE)
        config_report_error(r, "AUTO_CONFIG_CACHE_KEY requires Redis or DynamoDB to be enabled");
    if (ends_with(str_text(&key), ":features") || ends_with(str_text(&key), ":segments") ||
        ends_with(str_text(&key), ":$inited")) {
        struct str quoted = {0};
        config_quote(str_view(&key), &quoted);
        config_report_error(r, "cacheKey %s would collide with flag data", str_text(&quoted));
        str_free(&quoted);
    }
    str_free(&key);
}

static void protocol_check(struct config *c, struct config_report *r)
{
    int index = config_word_find("grpc http http/protobuf", view_of(c->open_telemetry.protocol));
    c->otlp_protocol = index >= 1 ? CONFIG_OTLP_HTTP : CONFIG_OTLP_GRPC;
    if (index >= 0 || !c->open_telemetry.enabled)
        return;
    struct str quoted = {0};
    config_quote(view_of(c->open_telemetry.protocol), &quoted);
    config_report_error(r, "unsupported OTLP protocol: %s (must be \"grpc\" or \"http\")",
                        str_text(&quoted));
    str_free(&quoted);
}

/* ---- moved into bounds ----------------------------------------------------------------------- */

static void lower(const struct config *c, int64_t *field, int64_t most, struct config_report *r)
{
    struct str name = {0};
    if (*field > most) {
        config_report_warning(
            r, "%s of %" PRId64 " is above the maximum of %" PRId64 "; using %" PRId64 " instead",
            spelling(c, field, &name), *field, most, most);
        *field = most;
    }
    str_free(&name);
}

static void ranges_settle(struct config *c, struct config_report *r)
{
    const int64_t least_send_ns = INT64_C(5000000000);
    struct str name = {0};
    struct str value = {0};
    lower(c, &c->concurrency.max_concurrent, 65536, r);
    lower(c, &c->concurrency.max_queued, 1000000, r);
    if (c->concurrency.send_timeout_ns < least_send_ns) {
        config_value_print(config_option_at(c, &c->concurrency.send_timeout_ns),
                           &c->concurrency.send_timeout_ns, &value);
        config_report_warning(r, "%s of %s is below the minimum of 5s; using 5s instead",
                              spelling(c, &c->concurrency.send_timeout_ns, &name),
                              str_text(&value));
        c->concurrency.send_timeout_ns = least_send_ns;
    }
    if (c->events.metrics_capacity < 1000) {
        config_report_warning(r,
                              "configured usage metrics event capacity of %" PRId64
                              " is below the minimum of 1000; using 1000 instead",
                              c->events.metrics_capacity);
        c->events.metrics_capacity = 1000;
    }
    if (!config_is_set(c, &c->events.retry_max_age_ns) && c->events.spool_dir[0] != '\0')
        c->events.retry_max_age_ns = INT64_C(86400) * 1000000000;
    str_free(&name);
    str_free(&value);
}

void config_bounds_check(struct config *c, struct config_report *r)
{
    old_bounds_check(c, r);
    cache_key_check(c, r);
    protocol_check(c, r);
    table_bounds_check(c, r);
    health_check_interval_check(c, &c->redis.store, r);
    health_check_interval_check(c, &c->consul.store, r);
    health_check_interval_check(c, &c->dynamodb.store, r);
    health_check_interval_check(c, &c->sqlite.store, r);
    if (c->prometheus.enabled && c->prometheus.port == c->main.port)
        config_report_error(r, "Prometheus port must differ from the main port");
    if (c->main.data_file.count > 0 && c->mode != CONFIG_MANUAL)
        config_report_error(r, "cannot use local data files together with auto-configuration or "
                               "offline mode");
    ranges_settle(c, r);
}
