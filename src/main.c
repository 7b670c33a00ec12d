/* main.c - command line -> configuration -> run -> exit code. */
#include "run.h"

#include <stdio.h>
#include <stdlib.h>

extern char **environ;

/* Warnings stand one per line. What --print-config writes is a configuration file: there they are
 * comments. */
static void warnings_show(enum config_action action, const struct str *warnings)
{
    struct view rest = str_view(warnings);
    while (rest.len != 0) {
        struct view line = view_take_until(&rest, "\n");
        if (action == CONFIG_PRINT)
            (void)printf("; %.*s\n", VIEW_ARGS(line));
        else
            log_always(log_global(), LOG_WARN, "%.*s", VIEW_ARGS(line));
        rest = view_from(rest, 1);
    }
}

static bool load(enum config_action action, const struct config_command *cmd,
                 const struct config **out)
{
    struct str warnings = {0};
    struct str problem = {0};
    bool loaded = config_load(cmd, environ, out, &warnings, &problem);
    warnings_show(action, &warnings);
    if (!loaded)
        log_always(log_global(), LOG_ERROR, "%s", str_text(&problem));
    str_free(&warnings);
    str_free(&problem);
    return loaded;
}

static void log_start(const struct config_command *cmd)
{
    struct str source = {0};
    config_source_text(cmd, &source);
    log_always(log_global(), LOG_INFO, "Starting flagrelay version %s with %s", FLAGRELAY_VERSION,
               str_text(&source));
    str_free(&source);
}

static int print(void (*show)(const struct config *c, struct str *out), const struct config *c)
{
    struct str text = {0};
    show(c, &text);
    if (text.len != 0 && text.data[text.len - 1] != '\n')
        str_append_char(&text, '\n');
    int code =
        fputs(str_text(&text), stdout) < 0 || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
    str_free(&text);
    return code;
}

/* Everything that needs a configuration. */
static int act(enum config_action action, const struct config_command *cmd)
{
    const struct config *c = NULL;
    int code = EXIT_FAILURE;
    if (action == CONFIG_CHECK_HEALTH && cmd->health_url[0] != '\0')
        return health_check(cmd->health_url, NULL);
    if (action == CONFIG_RUN)
        log_start(cmd);
    if (!load(action, cmd, &c))
        return EXIT_FAILURE;
    if (action == CONFIG_CHECK)
        code = check_data_files(c) ? print(config_check_text, c) : EXIT_FAILURE;
    else if (action == CONFIG_PRINT)
        code = print(config_print, c);
    else if (action == CONFIG_CHECK_HEALTH)
        code = health_check("", c);
    else
        code = run_relay(c, cmd, environ);
    config_unref(c);
    return code;
}

static int answer(enum config_action action, const struct str *text, const struct error *err)
{
    switch (action) {
    case CONFIG_SHOW_VERSION:
        log_always(log_global(), LOG_INFO, "%s", str_text(text));
        return EXIT_SUCCESS;
    case CONFIG_SHOW_HELP:
        return fputs(str_text(text), stdout) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
    default:
        (void)fputs(str_text(text), stderr);
        log_always(log_global(), LOG_ERROR, "%s", err->text);
        return EXIT_FAILURE;
    }
}

int main(int argc, char **argv)
{
    struct config_command cmd;
    struct str text = {0};
    struct error err = {{0}};
    log_set_format(config_early_log_format(environ));
    enum config_action action = config_command_line_parse(argc, argv, &cmd, &text, &err);
    bool needs_config = action == CONFIG_RUN || action == CONFIG_CHECK || action == CONFIG_PRINT ||
                        action == CONFIG_CHECK_HEALTH;
    int code = needs_config ? act(action, &cmd) : answer(action, &text, &err);
    config_command_free(&cmd);
    str_free(&text);
    return code;
}
