/* config/validate.c - rules about several options: addresses, TLS, modes, bounds, collisions
 * (7.2, 7.3). */
#include "config/validate.h"

#include "config/record.h"
#include "config/uri.h"
#include "config/value.h"

#include <inttypes.h>

static const char standard_base_uri[] = "https://sdk.launchdarkly.com";
static const char old_base_uri[] = "https://app.launchdarkly.com";
static const char standard_client_uri[] = "https://clientsdk.launchdarkly.com";
static const char standard_stream_uri[] = "https://stream.launchdarkly.com";
static const char standard_events_uri[] = "https://events.launchdarkly.com";

static bool same_uri(const char *a, const char *b)
{
    return config_uri_same(view_of(a), view_of(b));
}

/* ---- addresses (7.2) ----------------------------------------------------------------------------
 */

/* Private instances have all their addresses changed; a forgotten one is a typical mistake. */
static void forgotten_uri_warn(const struct config *c, struct config_report *r)
{
    const struct {
        const char *name;
        const char *value;
        const char *standard;
    } uris[] = {{"baseUri", c->main.base_uri, standard_base_uri},
                {"streamUri", c->main.stream_uri, standard_stream_uri},
                {"eventsUri", c->events.events_uri, standard_events_uri}};
    size_t count = c->events.send_events ? 3 : 2;
    for (size_t i = 0; i < count; i++) {
        if (same_uri(uris[i].value, uris[i].standard))
            continue;
        for (size_t k = 0; k < count; k++) {
            if (same_uri(uris[k].value, uris[k].standard))
                config_report_warning(r, "%s is set to %s, but %s still points to %s", uris[i].name,
                                      uris[i].value, uris[k].name, uris[k].standard);
        }
        return;
    }
}

void config_uris_derive(struct config *c, struct config_report *r)
{
    bool standard =
        same_uri(c->main.base_uri, standard_base_uri) || same_uri(c->main.base_uri, old_base_uri);
    if (standard)
        config_text_set(&c->main.base_uri, standard_base_uri);
    if (c->main.client_side_base_uri[0] == '\0')
        config_text_set(&c->main.client_side_base_uri,
                        standard ? standard_client_uri : c->main.base_uri);
    forgotten_uri_warn(c, r);
}

/* ---- modes and environments ---------------------------------------------------------------------
 */

static bool has_env_options(const char *prefix, const char *table, const struct config_list *origin,
                            const struct config_list *header)
{
    return prefix[0] != '\0' || table[0] != '\0' || origin->count > 0 || header->count > 0;
}

static void default_text_set(char **field, const char *text)
{
    if (*field[0] == '\0')
        config_text_set(field, text);
}

/* Data files make an environment of their own, which its section or variables may change. */
static void local_environment_add(struct config *c)
{
    struct config_environment *e = config_environment_add(c, view_of("local"));
    default_text_set(&e->sdk_key, "sdk-local");
    default_text_set(&e->mobile_key, "mob-local");
    default_text_set(&e->env_id, "local");
    for (size_t i = 0; i < c->main.data_file.count; i++)
        config_list_append(&e->data_file, view_of(c->main.data_file.items[i]));
}

static void environments_check(struct config *c, struct config_report *r)
{
    struct str name = {0};
    for (size_t i = 0; i < c->environment_count; i++) {
        struct config_environment *e = c->environments[i];
        size_t level = config_option_slot(
            config_option_find(view_of("Environment"), view_of("logLevel"), &(bool){false}));
        if (e->slots[level].value.source == CONFIG_FROM_DEFAULT)
            e->log_level = c->main.log_level;
        if (e->table_name[0] == '\0')
            config_text_set(&e->table_name, c->dynamodb.table_name);
        str_clear(&name);
        config_quote(view_of(e->name), &name);
        if (e->sdk_key[0] == '\0')
            config_report_error(r, "SDK key is required for environment %s", str_text(&name));
    }
    str_free(&name);
}

void config_modes_check(struct config *c, struct config_report *r)
{
    const struct config_auto_config *a = &c->auto_config;
    const struct config_offline_mode *o = &c->offline_mode;
    bool automatic = a->key[0] != '\0';
    bool offline = o->file_data_source[0] != '\0';
    c->mode = automatic ? CONFIG_AUTOMATIC : offline ? CONFIG_OFFLINE : CONFIG_MANUAL;

    if (c->main.tls_enabled && (c->main.tls_cert[0] == '\0' || c->main.tls_key[0] == '\0'))
        config_report_error(r, "TLS cert and key are required if TLS is enabled");
    if (automatic && c->environment_count > 0)
        config_report_error(
            r, "cannot configure specific environments if auto-configuration is enabled");
    if (!automatic && has_env_options(a->env_datastore_prefix, a->env_datastore_table_name,
                                      &a->env_allowed_origin, &a->env_allowed_header))
        config_report_error(r, "must specify auto-configuration key if other auto-configuration "
                               "properties are set");
    if (!offline && (config_is_set(c, &o->file_data_source_monitoring_interval_ns) ||
                     has_env_options(o->env_datastore_prefix, o->env_datastore_table_name,
                                     &o->env_allowed_origin, &o->env_allowed_header)))
        config_report_error(r, "must specify offline mode filename if other offline mode "
                               "properties are set");
    if (automatic && offline)
        config_report_error(r, "cannot specify both auto-configuration key and file data source");
    if (offline && c->environment_count > 0)
        config_report_error(r, "cannot configure specific environments if offline mode is enabled");
    if (c->main.data_file.count > 0 && c->mode == CONFIG_MANUAL)
        local_environment_add(c);
    environments_check(c, r);
}

/* ---- bounds -------------------------------------------------------------------------------------
 */

static void generic_bounds_check(struct config *c, struct config_report *r)
{
    struct config_record record = config_record_of(c);
    for (size_t i = 0; i < config_option_count; i++) {
        const struct config_option *o = &config_options[i];
        const struct config_slot *slot = &c->slots[i];
        if (o->scope != CONFIG_SCOPE_GLOBAL || slot->value.source == CONFIG_FROM_DEFAULT)
            continue;
        int64_t value = *(const int64_t *)config_record_field(record, o);
        const char *low =
            o->least != NULL && value < config_bound_value(o, o->least) ? o->least : NULL;
        const char *high =
            o->most != NULL && value > config_bound_value(o, o->most) ? o->most : NULL;
        if (low == NULL && high == NULL)
            continue;
        struct str name = {0};
        config_option_spelling(o, slot->value, NULL, &name);
        if (low != NULL && strcmp(low, "1ns") == 0)
            config_report_error(r, "%s: value must be greater than zero", str_text(&name));
        else
            config_report_error(r, "%s: value must be at %s %s", str_text(&name),
                                low != NULL ? "least" : "most", low != NULL ? low : high);
        str_free(&name);
    }
}

/* 0 switches the check off; else it must not be a busy loop. */
static void health_check_interval_check(struct config *c, const struct config_store *s,
                                        struct config_report *r)
{
    const struct config_option *o = config_option_at(c, &s->health_check_interval_ns);
    if (s->health_check_interval_ns == 0 || s->health_check_interval_ns >= INT64_C(1000000000))
        return;
    struct str name = {0};
    config_option_spelling(o, c->slots[config_option_slot(o)].value, NULL, &name);
    config_report_error(r, "%s: value must be 0 or at least 1s", str_text(&name));
    str_free(&name);
}

void config_bounds_check(struct config *c, struct config_report *r)
{
    const int64_t least_interval_ns = INT64_C(100000000);
    if (config_is_set(c, &c->offline_mode.file_data_source_monitoring_interval_ns) &&
        c->offline_mode.file_data_source_monitoring_interval_ns < least_interval_ns)
        config_report_error(r, "file data source monitoring interval must be >= 100ms");
    if (c->main.expired_credential_cleanup_interval_ns < least_interval_ns)
        config_report_error(r, "expired credential cleanup interval must be >= 100ms");
    if (c->events.max_inbound_payload_size_bytes <= 0)
        config_report_error(r, "max inbound payload size must be greater than zero");
    if (c->auto_config.cache_key[0] != '\0' && c->database != CONFIG_REDIS &&
        c->database != CONFIG_DYNAMODB && c->database != CONFIG_SQLITE)
        config_report_error(r, "AUTO_CONFIG_CACHE_KEY requires Redis or DynamoDB to be enabled");
    if (c->main.max_client_request_body_size_bytes <= 0)
        config_report_error(r, "max client request body size must be greater than zero");
    generic_bounds_check(c, r);
    health_check_interval_check(c, &c->redis.store, r);
    health_check_interval_check(c, &c->consul.store, r);
    health_check_interval_check(c, &c->dynamodb.store, r);
    health_check_interval_check(c, &c->sqlite.store, r);
    if (c->prometheus.enabled && c->prometheus.port == c->main.port)
        config_report_error(r, "Prometheus port must differ from the main port");
    if (c->main.data_file.count > 0 && c->mode != CONFIG_MANUAL)
        config_report_error(r, "cannot use local data files together with auto-configuration or "
                               "offline mode");
}

/* ---- collisions ---------------------------------------------------------------------------------
 */

static bool same_key(const char *a, const char *b)
{
    return a[0] != '\0' && strcmp(a, b) == 0;
}

static void pair_check(const struct config *c, const struct config_environment *a,
                       const struct config_environment *b, struct config_report *r)
{
    struct str names = {0};
    str_append_text(&names, "environments ");
    config_quote(view_of(a->name), &names);
    str_append_text(&names, " and ");
    config_quote(view_of(b->name), &names);
    bool same_filter = strcmp(a->filter_key, b->filter_key) == 0;
    if (same_filter && !b->from_filters) {
        if (same_key(a->sdk_key, b->sdk_key))
            config_report_error(r, "%s have the same SDK key", str_text(&names));
        if (same_key(a->mobile_key, b->mobile_key))
            config_report_error(r, "%s have the same mobile key", str_text(&names));
        if (same_key(a->env_id, b->env_id))
            config_report_error(r, "%s have the same client-side ID", str_text(&names));
    }
    bool same_table = c->database != CONFIG_DYNAMODB || strcmp(a->table_name, b->table_name) == 0;
    if (c->database != CONFIG_NO_DATABASE && same_table &&
        same_key(a->store_prefix, b->store_prefix)) {
        struct str prefix = {0};
        config_quote(view_of(a->store_prefix), &prefix);
        if (a->prefix[0] != '\0' || b->prefix[0] != '\0' || c->database == CONFIG_SQLITE)
            config_report_error(r, "%s would share the database prefix %s", str_text(&names),
                                str_text(&prefix));
        str_free(&prefix);
    }
    str_free(&names);
}

void config_collisions_check(const struct config *c, struct config_report *r)
{
    for (size_t i = 0; i < c->environment_count; i++) {
        for (size_t k = i + 1; k < c->environment_count; k++)
            pair_check(c, c->environments[i], c->environments[k], r);
    }
}
