/* config/environ.c - environment variables into the option fields, section by section in the order
 * of the table. Which variables count depends on what is switched on (5.3). */
#include "config/environ.h"

#include "config/database.h"
#include "config/environ_names.h"
#include "config/environ_redis.h"
#include "config/record.h"
#include "config/value.h"

struct reader {
    struct config *c;
    char *const *envp;
    struct environ_entries entries;
    struct str *warnings;
    struct str *problems;
};

static const struct config_origin from_variable = {.source = CONFIG_FROM_VARIABLE};

const char *config_environ_get(char *const *envp, const char *name)
{
    const char *value = NULL;
    size_t len = strlen(name);
    for (size_t i = 0; envp[i] != NULL; i++) {
        if (strncmp(envp[i], name, len) == 0 && envp[i][len] == '=')
            value = envp[i] + len + 1;
    }
    return value;
}

static void problem_add(struct reader *r, struct view variable, const char *text)
{
    if (r->problems->len > 0)
        str_append_text(r->problems, ", ");
    str_append(r->problems, variable);
    str_append_format(r->problems, ": %s", text);
}

static void variable_assign(struct reader *r, struct config_record record,
                            const struct config_option *o, struct view variable, struct view value)
{
    struct error err;
    struct config_origin origin = from_variable;
    origin.by_alias = o->alias != NULL && view_is(variable, o->alias);
    if (!config_record_assign(record, o, value, origin, &err))
        problem_add(r, variable, err.text);
}

/* "not available any more" (section 16). */
static void removed_check(struct reader *r, const char *variable, const char *instead)
{
    const char *value = config_environ_get(r->envp, variable);
    if (value != NULL && value[0] != '\0')
        problem_add(r, view_of(variable), instead);
}

/* ---- what is switched on --------------------------------------------------------------------- */

static bool is_on(const struct config *c, const char *section)
{
    enum config_database database = config_database_of_section(section);
    return database == CONFIG_NO_DATABASE || config_database_is_on(c, database);
}

/* Variables that several databases share have no owner to complain about. */
static bool is_shared(const char *variable)
{
    return strcmp(variable, "CACHE_TTL") == 0 || strncmp(variable, "STORE_", 6) == 0;
}

static void unused_warn(struct reader *r, const struct config_option *o, const char *variable)
{
    const char *value = config_environ_get(r->envp, variable);
    if (value == NULL || value[0] == '\0' || is_shared(variable))
        return;
    if (strcmp(variable, "REDIS_PORT") == 0 && strncmp(value, "tcp://", 6) == 0)
        return;
    static const char *const switches[] = {[CONFIG_NO_DATABASE] = "",
                                           [CONFIG_REDIS] = "USE_REDIS",
                                           [CONFIG_CONSUL] = "USE_CONSUL",
                                           [CONFIG_DYNAMODB] = "USE_DYNAMODB",
                                           [CONFIG_SQLITE] = "USE_SQLITE"};
    str_append_format(r->warnings, "%s has no effect because %s is not set\n", variable,
                      switches[config_database_of_section(o->section)]);
}

static void redis_port_read(struct reader *r, struct view value)
{
    struct view variable = view_of("REDIS_PORT");
    if (!view_starts(value, "tcp://")) {
        variable_assign(r, config_record_of(r->c), config_option_at(r->c, &r->c->redis.port),
                        variable, value);
    } else if (environ_redis_has_url(r->c, r->envp)) {
        str_append_text(r->warnings, "REDIS_PORT is ignored because it was set for a container "
                                     "link and there is a Redis URL\n");
    } else if (!environ_redis_link_assign(r->c, value)) {
        problem_add(r, variable, "not a valid integer");
    }
}

/* ---- options of the configuration itself ----------------------------------------------------- */

static void variable_read(struct reader *r, const struct config_option *o, const char *variable)
{
    const char *value = variable != NULL ? config_environ_get(r->envp, variable) : NULL;
    if (value == NULL)
        return;
    if (!(o->flags & CONFIG_SWITCH) && !is_on(r->c, o->section)) {
        unused_warn(r, o, variable);
        return;
    }
    if (strcmp(variable, "REDIS_PORT") == 0)
        redis_port_read(r, view_of(value));
    else if (strcmp(variable, "LOG_FORMAT") != 0)
        variable_assign(r, config_record_of(r->c), o, view_of(variable), view_of(value));
}

static void tags_read(struct reader *r, const struct config_option *o)
{
    if (!r->c->datadog.enabled)
        return;
    struct config_record record = config_record_of(r->c);
    for (size_t i = 0; i < r->entries.count; i++) {
        const struct environ_entry *entry = &r->entries.items[i];
        if (entry->option != o)
            continue;
        struct str tag = {0};
        str_append_format(&tag, "%.*s:%.*s", VIEW_ARGS(entry->name), VIEW_ARGS(entry->value));
        variable_assign(r, record, o, entry->variable, str_view(&tag));
        str_free(&tag);
    }
}

static void option_read(struct reader *r, const struct config_option *o)
{
    if (o->kind == CONFIG_TAGS) {
        tags_read(r, o);
        return;
    }
    variable_read(r, o, o->variable);
    variable_read(r, o, o->alias);
    const char *path = o->from_file != NULL ? config_environ_get(r->envp, o->from_file) : NULL;
    if (path == NULL)
        return;
    if (is_on(r->c, o->section))
        config_record_assign_path(config_record_of(r->c), o, view_of(path), from_variable);
    else
        unused_warn(r, o, o->from_file);
}

/* ---- environments and filters ---------------------------------------------------------------- */

/* LD_MOBILE_KEY_FILE_x is the mobile key of "FILE_x" if there is such an environment. */
static void mobile_key_file_settle(struct reader *r, struct environ_entry *entry)
{
    struct view name = view_from(entry->variable, strlen("LD_MOBILE_KEY_"));
    if (!entry->is_file_form || !view_starts(name, "FILE_") ||
        config_environment_find(r->c, name) == NULL)
        return;
    struct config_environment *e = config_environment_find(r->c, name);
    variable_assign(r, config_environment_record(e), entry->option, entry->variable, entry->value);
    entry->option = NULL;
}

static bool creates_environment(const struct environ_entry *entry)
{
    return entry->option != NULL && entry->option->scope == CONFIG_SCOPE_ENVIRONMENT &&
           strcmp(entry->option->property, "sdkKey") == 0;
}

static void environments_create(struct reader *r)
{
    for (size_t i = 0; i < r->entries.count; i++) {
        const struct environ_entry *entry = &r->entries.items[i];
        if (!creates_environment(entry))
            continue;
        if (entry->name.len == 0 && config_environment_find(r->c, entry->name) == NULL)
            str_append_text(r->warnings, "[Environment] without a name; please give it one\n");
        config_environment_add(r->c, entry->name);
    }
    for (size_t i = 0; i < r->entries.count; i++)
        mobile_key_file_settle(r, &r->entries.items[i]);
}

static void environment_read(struct reader *r, struct config_environment *e)
{
    size_t count;
    struct environ_entry *entries = environ_entries_of(&r->entries, view_of(e->name), &count);
    struct config_record record = config_environment_record(e);
    for (size_t i = 0; i < count; i++) {
        struct environ_entry *entry = &entries[i];
        if (entry->option == NULL || entry->option->scope != CONFIG_SCOPE_ENVIRONMENT)
            continue;
        if (entry->is_file_form)
            config_record_assign_path(record, entry->option, entry->value, from_variable);
        else
            variable_assign(r, record, entry->option, entry->variable, entry->value);
    }
    struct str old = {0};
    struct str hint = {0};
    str_append_format(&old, "LD_TTL_MINUTES_%s", e->name);
    str_append_format(&hint, "this variable is no longer supported; use LD_TTL_%s", e->name);
    struct str other = {0};
    str_append_format(&other, "MINUTES_%s", e->name);
    if (config_environment_find(r->c, str_view(&other)) == NULL)
        removed_check(r, str_text(&old), str_text(&hint));
    str_free(&old);
    str_free(&hint);
    str_free(&other);
}

/* Is this the variable that section 16 calls removed, for an environment that exists? */
static bool is_old_ttl(const struct reader *r, const struct environ_entry *entry)
{
    return view_starts(entry->variable, "LD_TTL_MINUTES_") &&
           config_environment_find(r->c, view_from(entry->variable, strlen("LD_TTL_MINUTES_"))) !=
               NULL;
}

static void orphans_warn(struct reader *r)
{
    bool local = r->c->main.data_file.count > 0;
    for (size_t i = 0; i < r->entries.count; i++) {
        const struct environ_entry *entry = &r->entries.items[i];
        if (entry->option == NULL || entry->option->scope != CONFIG_SCOPE_ENVIRONMENT ||
            entry->value.len == 0 || config_environment_find(r->c, entry->name) != NULL ||
            is_old_ttl(r, entry))
            continue;
        if (local && view_is(entry->name, "local")) {
            environment_read(r, config_environment_add(r->c, entry->name));
            continue;
        }
        str_append_format(r->warnings, "%.*s is set, but there is no environment ",
                          VIEW_ARGS(entry->variable));
        config_quote(entry->name, r->warnings);
        str_append_text(r->warnings, "; ignoring it\n");
    }
}

static void environments_read(struct reader *r)
{
    environments_create(r);
    for (size_t i = 0; i < r->c->environment_count; i++)
        environment_read(r, r->c->environments[i]);
    orphans_warn(r);
}

static void filters_read(struct reader *r)
{
    for (size_t i = 0; i < r->entries.count; i++) {
        const struct environ_entry *entry = &r->entries.items[i];
        if (entry->option == NULL || entry->option->scope != CONFIG_SCOPE_FILTER)
            continue;
        struct config_filter *f = config_filter_add(r->c, entry->name);
        variable_assign(r, config_filter_record(f), entry->option, entry->variable, entry->value);
    }
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* ENV_* fill both sections; what does not belong to the mode in use is taken back (5.3). */
static void modes_settle(struct config *c)
{
    bool automatic = c->auto_config.key[0] != '\0' ||
                     config_slot_at(c, &c->auto_config.key)->secret_path != NULL;
    bool offline = c->offline_mode.file_data_source[0] != '\0';
    const void *surplus[2][4] = {
        {&c->offline_mode.env_datastore_prefix, &c->offline_mode.env_datastore_table_name,
         &c->offline_mode.env_allowed_origin, &c->offline_mode.env_allowed_header},
        {&c->auto_config.env_datastore_prefix, &c->auto_config.env_datastore_table_name,
         &c->auto_config.env_allowed_origin, &c->auto_config.env_allowed_header}};
    for (size_t i = 0; i < 4 && (automatic || offline); i++)
        config_record_reset(config_record_of(c),
                            config_option_at(c, surplus[automatic ? 0 : 1][i]));
}

/* What is read between the options of one section and those of the next. */
static void section_begin(struct reader *r, const char *section)
{
    if (strcmp(section, "Environment") == 0) {
        removed_check(r, "EVENTS_SAMPLING_INTERVAL", "this variable is no longer supported");
        environments_read(r);
    } else if (strcmp(section, "Filters") == 0) {
        filters_read(r);
    }
}

static void section_end(struct reader *r, const char *section)
{
    if (strcmp(section, "Redis") == 0 && is_on(r->c, section)) {
        removed_check(r, "REDIS_TTL", "this variable is no longer supported; use CACHE_TTL");
        environ_redis_settle(r->c);
    } else if (strcmp(section, "Datadog") == 0) {
        config_record_sort(config_record_of(r->c), config_option_at(r->c, &r->c->datadog.tag));
    }
}

bool config_environ_read(struct config *c, char *const *envp, struct str *warnings,
                         struct str *problems)
{
    struct reader r = {.c = c, .envp = envp, .warnings = warnings, .problems = problems};
    environ_entries_collect(&r.entries, envp);
    for (size_t i = 0; i < config_option_count; i++) {
        const struct config_option *o = &config_options[i];
        bool first = i == 0 || strcmp(o->section, o[-1].section) != 0;
        bool last = i + 1 == config_option_count || strcmp(o->section, o[1].section) != 0;
        if (first)
            section_begin(&r, o->section);
        if (o->scope == CONFIG_SCOPE_GLOBAL)
            option_read(&r, o);
        if (last)
            section_end(&r, o->section);
    }
    modes_settle(c);
    environ_entries_free(&r.entries);
    return problems->len == 0;
}

static bool is_switched_on(char *const *envp, const char *variable)
{
    const char *value = config_environ_get(envp, variable);
    return value != NULL && config_word_find("true yes on 1", view_of(value)) >= 0;
}

void config_environ_read_always(struct config *c, char *const *envp)
{
    const char *format = config_environ_get(envp, "LOG_FORMAT");
    c->trace_log_big_segments = is_switched_on(envp, "LD_TRACE_LOG_BIG_SEGMENTS");
    if (is_switched_on(envp, "DISABLE_USAGE_REPORTING")) {
        const struct config_option *o = config_option_at(c, &c->main.disable_usage_reporting);
        c->main.disable_usage_reporting = true;
        config_record_slot(config_record_of(c), o)->value = from_variable;
    }
    if (format != NULL && format[0] != '\0') {
        const struct config_option *o = config_option_at(c, &c->main.log_format);
        c->main.log_format = config_early_log_format(envp);
        config_record_slot(config_record_of(c), o)->value = from_variable;
    }
}

enum log_format config_early_log_format(char *const *envp)
{
    const char *format = config_environ_get(envp, "LOG_FORMAT");
    bool json = format != NULL && view_equal_nocase(view_of(format), view_of("json"));
    return json ? LOG_FORMAT_JSON : LOG_FORMAT_TEXT;
}
