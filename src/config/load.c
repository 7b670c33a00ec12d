/* config/load.c - config_load(): read all sources, then validate the result once (6.3). */
#include "config/load.h"

#include "config/environ.h"
#include "config/file.h"
#include "config/record.h"
#include "config/supported.h"
#include "config/validate.h"

#include <errno.h>
#include <unistd.h>

static bool file_is_missing(const char *path)
{
    return access(path, F_OK) != 0 && errno == ENOENT;
}

static bool file_read(struct config *c, const struct config_command *cmd, struct str *warnings,
                      struct str *problem)
{
    if (cmd->file[0] == '\0' || (cmd->allow_missing_file && file_is_missing(cmd->file)))
        return true;
    struct str text = {0};
    bool ok = config_file_load(c, cmd->file, warnings, &text);
    if (!ok)
        str_append_format(problem, "Error loading config file: %s", str_text(&text));
    str_free(&text);
    return ok;
}

static void data_files_add(struct config *c, const struct config_command *cmd)
{
    const struct config_option *o = config_option_at(c, &c->main.data_file);
    struct config_origin origin = {.source = CONFIG_FROM_COMMAND};
    for (size_t i = 0; i < cmd->data_files.count; i++)
        config_record_append(config_record_of(c), o, view_of(cmd->data_files.items[i]), origin);
}

/* File, command line, variables: one over the other (6). */
static bool sources_read(struct config *c, const struct config_command *cmd, char *const *envp,
                         struct str *warnings, struct str *problem)
{
    if (!file_read(c, cmd, warnings, problem))
        return false;
    data_files_add(c, cmd);
    config_environ_read_always(c, envp);
    if (!cmd->from_env)
        return true;
    struct str texts = {0};
    bool ok = config_environ_read(c, envp, warnings, &texts);
    if (!ok)
        str_append_format(problem, "Configuration error: %s", str_text(&texts));
    str_free(&texts);
    return ok;
}

/* Everything of section 7, and what follows from it. */
static void validate(struct config *c, char *const *envp, struct config_report *r)
{
    config_secrets_read(c, r);
    config_uris_derive(c);
    config_modes_check(c, r);
    config_database_check(c, envp, r);
    config_filters_check(c, r);
    config_bounds_check(c, r);
    config_environments_derive(c);
    config_collisions_check(c, r);
    config_files_check(c, r);
    config_proxy_check(c, r);
    config_environments_warn(c, r);
    config_oddities_warn(c, r);
}

/* The reference meets some errors only when it creates the relay, after all others. */
static bool report_take(struct config_report *r, const struct config_command *cmd,
                        struct str *problem)
{
    bool file_only = cmd->file[0] != '\0' && !cmd->from_env;
    if (r->errors.len > 0) {
        str_append_text(problem,
                        file_only ? "Error loading config file: " : "Configuration error: ");
        str_append(problem, str_view(&r->errors));
    } else if (r->start_errors.len > 0) {
        str_append_text(problem, "Unable to create relay: ");
        str_append(problem, str_view(&r->start_errors));
    }
    bool ok = r->errors.len == 0 && r->start_errors.len == 0;
    str_free(&r->errors);
    str_free(&r->start_errors);
    return ok;
}

bool config_build(const struct config_command *cmd, char *const *envp, const struct config **out,
                  struct str *warnings, struct str *problem)
{
    struct config_report report = {.warnings = warnings};
    struct config *c = config_new();
    bool ok = sources_read(c, cmd, envp, warnings, problem);
    if (ok) {
        validate(c, envp, &report);
        ok = report_take(&report, cmd, problem);
    }
    if (ok)
        *out = c;
    else
        config_unref(c);
    return ok;
}

bool config_load(const struct config_command *cmd, char *const *envp, const struct config **out,
                 struct str *warnings, struct str *problem)
{
    const struct config *c = NULL;
    struct str missing = {0};
    bool ok = config_build(cmd, envp, &c, warnings, problem);
    if (ok && !config_supported_check(c, &missing)) {
        str_append_format(problem, "Unable to create relay: %s", str_text(&missing));
        ok = false;
    }
    if (ok)
        *out = c;
    else
        config_unref(c);
    str_free(&missing);
    return ok;
}
