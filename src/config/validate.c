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

static bool same_uri(const char *a, const char *b)
{
    return config_uri_same(view_of(a), view_of(b));
}

/* ---- addresses (7.2) ------------------------------------------------------------------------- */

void config_uris_derive(struct config *c)
{
    bool standard =
        same_uri(c->main.base_uri, standard_base_uri) || same_uri(c->main.base_uri, old_base_uri);
    if (standard)
        config_text_set(&c->main.base_uri, standard_base_uri);
    if (c->main.client_side_base_uri[0] == '\0')
        config_text_set(&c->main.client_side_base_uri,
                        standard ? standard_client_uri : c->main.base_uri);
}

/* ---- modes and environments ------------------------------------------------------------------ */

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

static void environments_check(const struct config *c, struct config_report *r)
{
    struct str name = {0};
    for (size_t i = 0; i < c->environment_count; i++) {
        const struct config_environment *e = c->environments[i];
        str_clear(&name);
        config_quote(view_of(e->name), &name);
        if (e->sdk_key[0] == '\0')
            config_report_error(r, "SDK key is required for environment %s", str_text(&name));
        if (strchr(e->name, '\n') != NULL)
            config_report_error(r, "environment %s has a line break in its name", str_text(&name));
    }
    str_free(&name);
}

static void automatic_check(const struct config *c, struct config_report *r)
{
    const struct config_auto_config *a = &c->auto_config;
    if (a->key[0] == '\0' && has_env_options(a->env_datastore_prefix, a->env_datastore_table_name,
                                             &a->env_allowed_origin, &a->env_allowed_header))
        config_report_error(r, "must specify auto-configuration key if other auto-configuration "
                               "properties are set");
    if (a->key[0] != '\0' && c->environment_count > 0)
        config_report_error(
            r, "cannot configure specific environments if auto-configuration is enabled");
}

static void offline_check(const struct config *c, struct config_report *r)
{
    const struct config_offline_mode *o = &c->offline_mode;
    bool offline = o->file_data_source[0] != '\0';
    if (!offline && (config_is_set(c, &o->file_data_source_monitoring_interval_ns) ||
                     has_env_options(o->env_datastore_prefix, o->env_datastore_table_name,
                                     &o->env_allowed_origin, &o->env_allowed_header)))
        config_report_error(r, "must specify offline mode filename if other offline mode "
                               "properties are set");
    if (offline && c->auto_config.key[0] != '\0')
        config_report_error(r, "cannot specify both auto-configuration key and file data source");
    if (offline && c->environment_count > 0)
        config_report_error(r, "cannot configure specific environments if offline mode is enabled");
}

void config_modes_check(struct config *c, struct config_report *r)
{
    if (c->auto_config.key[0] != '\0')
        c->mode = CONFIG_AUTOMATIC;
    else if (c->offline_mode.file_data_source[0] != '\0')
        c->mode = CONFIG_OFFLINE;
    if (c->main.tls_enabled && (c->main.tls_cert[0] == '\0' || c->main.tls_key[0] == '\0'))
        config_report_error(r, "TLS cert and key are required if TLS is enabled");
    automatic_check(c, r);
    offline_check(c, r);
    if (c->main.data_file.count > 0 && c->mode == CONFIG_MANUAL)
        local_environment_add(c);
    environments_check(c, r);
    if (c->mode == CONFIG_MANUAL && c->environment_count == 0)
        config_report_start_error(
            r, "you must specify at least one environment in your configuration");
}
