/* config/validate_database.c - one database at most, and where in it each environment keeps its
 * data (7.3, 8, 17.4). Redis has a file of its own. */
#include "config/database.h"
#include "config/environ.h"
#include "config/record.h"
#include "config/validate.h"
#include "config/value.h"

static const char placeholder[] = "$CID";

bool config_environment_has_place(const struct config *c, const struct config_environment *e)
{
    bool own_table =
        config_environment_slot(e, &e->table_name)->value.source != CONFIG_FROM_DEFAULT;
    return e->prefix[0] != '\0' || c->database == CONFIG_SQLITE ||
           (c->database == CONFIG_DYNAMODB && own_table);
}

/* SQLite needs none: only flagrelay reads the file, so the environment's name will do. */
static void missing_prefixes_check(const struct config *c, struct config_report *r)
{
    const char *what = c->database == CONFIG_DYNAMODB ? "prefix or table name" : "prefix";
    struct str name = {0};
    for (size_t i = 0; i < c->environment_count; i++) {
        const struct config_environment *e = c->environments[i];
        if (config_environment_has_place(c, e))
            continue;
        str_clear(&name);
        config_quote(view_of(e->name), &name);
        if (c->environment_count == 1)
            config_report_warning(r,
                                  "environment %s does not have a %s specified for database "
                                  "storage; this would be an error if multiple environments were "
                                  "configured",
                                  str_text(&name), what);
        else
            config_report_error(r,
                                "environment %s does not have a %s specified for database storage",
                                str_text(&name), what);
    }
    str_free(&name);
}

/* With SQLite an empty prefix stands for $CID. */
static void placeholder_check(const struct config *c, struct config_report *r)
{
    const char *prefix = c->auto_config.env_datastore_prefix;
    bool in_table = c->database == CONFIG_DYNAMODB &&
                    strstr(c->auto_config.env_datastore_table_name, placeholder) != NULL;
    bool in_prefix =
        strstr(prefix, placeholder) != NULL || (c->database == CONFIG_SQLITE && prefix[0] == '\0');
    if (!in_prefix && !in_table)
        config_report_error(r, "when using auto-configuration with database storage, database "
                               "prefix (or, if using DynamoDB, table name) must be specified and "
                               "must contain \"$CID\"");
}

/* Token and token file: the one from a variable counts more than the one from the configuration
 * file. */
static void consul_check(struct config *c, struct config_report *r)
{
    struct config_record record = config_record_of(c);
    const struct config_option *token = config_option_at(c, &c->consul.token);
    const struct config_option *file = config_option_at(c, &c->consul.token_file);
    enum config_source token_source = config_record_slot(record, token)->value.source;
    enum config_source file_source = config_record_slot(record, file)->value.source;
    if (c->consul.host[0] == '\0')
        config_text_set(&c->consul.host, "127.0.0.1:8500");
    if (c->consul.token[0] == '\0' || c->consul.token_file[0] == '\0')
        return;
    if (token_source == file_source)
        config_report_error(r, "Consul token must be specified as either an inline value or a "
                               "file, but not both");
    else
        config_record_reset(record, token_source == CONFIG_FROM_VARIABLE ? file : token);
}

static void dynamodb_check(const struct config *c, struct config_report *r)
{
    const char *own = c->mode == CONFIG_OFFLINE ? c->offline_mode.env_datastore_table_name
                                                : c->auto_config.env_datastore_table_name;
    bool missing = c->dynamodb.table_name[0] == '\0' && c->mode != CONFIG_MANUAL && own[0] == '\0';
    for (size_t i = 0; i < c->environment_count && c->dynamodb.table_name[0] == '\0'; i++)
        missing = missing || c->environments[i]->table_name[0] == '\0';
    if (missing)
        config_report_start_error(r, "TableName property must be specified for DynamoDB, either "
                                     "globally or per environment");
}

/* systemd may name several folders, separated by colons; the first is ours. */
static void sqlite_path_derive(struct config *c, char *const *envp)
{
    const char *folders = config_environ_get(envp, "STATE_DIRECTORY");
    struct str path = {0};
    if (c->sqlite.path[0] != '\0')
        return;
    if (folders != NULL && folders[0] != '\0' && folders[0] != ':') {
        str_append(&path, view_make(folders, strcspn(folders, ":")));
        str_append_char(&path, '/');
    }
    str_append_text(&path, "flagrelay.db");
    config_text_set(&c->sqlite.path, str_text(&path));
    str_free(&path);
}

static void one_database_check(struct config *c, struct config_report *r)
{
    struct str names = {0};
    size_t count = 0;
    for (int d = CONFIG_REDIS; d <= CONFIG_SQLITE; d++) {
        if (!config_database_is_on(c, (enum config_database)d))
            continue;
        c->database = (enum config_database)d;
        str_append_format(&names, "%s%s", count++ > 0 ? ", " : "",
                          config_database_name(c->database));
    }
    if (count > 1) {
        config_report_error(r, "multiple databases are enabled (%s); only one is allowed",
                            str_text(&names));
        c->database = CONFIG_NO_DATABASE;
    }
    str_free(&names);
}

void config_database_check(struct config *c, char *const *envp, struct config_report *r)
{
    config_redis_check(c, r);
    one_database_check(c, r);
    if (c->database == CONFIG_NO_DATABASE)
        return;
    c->store = *config_database_store(c, c->database);
    if (c->database == CONFIG_CONSUL)
        consul_check(c, r);
    else if (c->database == CONFIG_DYNAMODB)
        dynamodb_check(c, r);
    else if (c->database == CONFIG_SQLITE)
        sqlite_path_derive(c, envp);
    if (c->mode == CONFIG_AUTOMATIC)
        placeholder_check(c, r);
    if (c->mode == CONFIG_MANUAL)
        missing_prefixes_check(c, r);
}

/* ---- as it holds (8.4) ----------------------------------------------------------------------- */

static const char *named_prefix(const struct config *c, const struct config_environment *e)
{
    if (e->prefix[0] != '\0')
        return e->prefix;
    if (c->database == CONFIG_SQLITE)
        return e->name;
    return c->database == CONFIG_REDIS || c->database == CONFIG_CONSUL ? "launchdarkly" : "";
}

/* In a Redis Cluster all keys of an environment have to be at one server, which a hash tag brings
 * about (data-store.md 8.2). */
static void effective_prefix(const struct config *c, const struct config_environment *e,
                             struct str *out)
{
    const char *prefix = named_prefix(c, e);
    bool cluster = c->database == CONFIG_REDIS && c->redis.mode == CONFIG_REDIS_CLUSTER;
    if (cluster && strchr(prefix, '{') == NULL)
        str_append_text(out, c->redis.cluster_hash_tag);
    str_append_text(out, prefix);
}

void config_environments_derive(struct config *c)
{
    for (size_t i = 0; i < c->environment_count; i++) {
        struct config_environment *e = c->environments[i];
        if (config_environment_slot(e, &e->log_level)->value.source == CONFIG_FROM_DEFAULT)
            e->log_level = c->main.log_level;
        if (e->table_name[0] == '\0')
            config_text_set(&e->table_name, c->dynamodb.table_name);
        struct str prefix = {0};
        effective_prefix(c, e, &prefix);
        config_text_set(&e->store_prefix, str_text(&prefix));
        str_free(&prefix);
    }
}
