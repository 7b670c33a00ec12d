/* run_reload.c - SIGHUP: the configuration is read again (configuration.md 17.3).
 *
 * What can change while the relay runs is applied; for everything else the operator is told that a
 * restart is needed, and nothing is done by halves.
 */
#include "run_private.h"

/* Options that are in force as soon as the configuration is exchanged, or are applied below. Those
 * of environments are compared by their property alone. */
static const char *const live[] = {"logLevel",
                                   "[Main] logEnvNames",
                                   "[Main] disableUsageReporting",
                                   "[Main] shutdownDelay",
                                   "[Main] gracefulShutdownTimeout",
                                   "[Main] exitOnError",
                                   "[Events] capacity",
                                   "[Events] dedupeWindow",
                                   "[Events] eventsUri",
                                   "[Events] flushInterval",
                                   "[Events] maxBatchBytes",
                                   "[Events] maxInFlight",
                                   "[Events] metricsCapacity",
                                   "[Events] retryMaxAge",
                                   "[Main] ignoreConnectionErrors"};

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text);
    size_t end_len = strlen(end);
    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static bool is_live(const char *option)
{
    for (size_t i = 0; i < ARRAY_LEN(live); i++)
        if (ends_with(option, live[i]))
            return true;
    return false;
}

/* Since the start. */
static void option_changed(void *arg, const char *option)
{
    (void)arg;
    if (!is_live(option))
        log_always(log_global(), LOG_WARN, "%s changed, but needs a restart to take effect",
                   option);
}

/* Since the last reload. */
static void option_applied(void *arg, const char *option)
{
    (void)arg;
    if (is_live(option))
        log_always(log_global(), LOG_INFO, "%s changed, and is in effect", option);
}

static bool has_environment(const struct config *c, const char *name)
{
    for (size_t i = 0; i < c->environment_count; i++)
        if (strcmp(c->environments[i]->name, name) == 0)
            return true;
    return false;
}

static void environments_compare(const struct config *a, const struct config *b, const char *what)
{
    for (size_t i = 0; i < a->environment_count; i++)
        if (!has_environment(b, a->environments[i]->name))
            log_always(log_global(), LOG_WARN,
                       "Environment \"%s\" was %s, but this needs a restart to take effect",
                       a->environments[i]->name, what);
}

static void apply(struct run *r, const struct config *next)
{
    log_scope_set_level(log_global(), next->main.log_level);
    log_show_names(next->main.log_env_names);
    for (size_t i = 0; i < next->environment_count; i++) {
        const struct config_environment *e = next->environments[i];
        (void)house_set_log_level(r->house, e->name, e->log_level);
    }
    if (r->events != NULL) {
        struct events_settings events;
        settings_for_events(r, next, &events);
        events_reload(r->events, &events);
    }
    if (r->usage != NULL)
        usage_enable(r->usage, !next->main.disable_usage_reporting);
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
    config_compare(r->config, next, option_changed, NULL);
    environments_compare(r->config, next, "removed");
    environments_compare(next, r->config, "added");
    apply(r, next);
    config_compare(r->latest, next, option_applied, NULL);
    config_unref(r->latest);
    r->latest = next;
    log_always(log_global(), LOG_INFO,
               "Configuration reloaded: 0 environment(s) added, 0 removed, 0 changed");
}
