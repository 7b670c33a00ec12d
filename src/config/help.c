/* config/help.c - --help, printed from the table of options. */
#include "config/help.h"

#include "config/options.h"
#include "config/supported.h"

static const char usage[] =
    "Usage: flagrelay [options]\n"
    "\n"
    "  --config FILE          configuration file; default: /etc/ld-relay.conf\n"
    "  --from-env             read environment variables; without --config nothing else is read\n"
    "  --allow-missing-file   go on without the configuration file if it does not exist\n"
    "  --data-file FILE       serve the flags of a JSON or YAML file as environment \"local\";\n"
    "                         may be repeated, needs no configuration file\n"
    "  --check-config         check the configuration, report, exit\n"
    "  --print-config         print the configuration in force, secrets masked, exit\n"
    "  --check-health[=URL]   ask a running relay for its health, exit 0 or 1\n"
    "  --version              print the version, exit\n"
    "  --help                 print this, exit\n"
    "\n"
    "FILE follows as the next word or after \"=\". Switches take \"=true\" and \"=false\".\n";

void config_usage_append(struct str *out)
{
    str_append_text(out, usage);
}

static void option_append(const struct config_option *o, struct str *out)
{
    const char *value = o->shown != NULL ? o->shown : o->fallback;
    str_append_format(out, "  %s", o->property != NULL ? o->property : "-");
    if (o->variable != NULL)
        str_append_format(out, "  %s%s", o->variable,
                          o->variable[strlen(o->variable) - 1] == '_' ? "NAME" : "");
    str_append_format(out, "\n      %s", o->help);
    if (value != NULL && value[0] != '\0')
        str_append_format(out, " [%s]", value);
    str_append_char(out, '\n');
}

void config_help_append(struct str *out)
{
    config_usage_append(out);
    str_append_text(out,
                    "\nOptions of the configuration file, with their environment variables and "
                    "[defaults]:\n");
    for (size_t i = 0; i < config_option_count; i++) {
        const struct config_option *o = &config_options[i];
        if (i == 0 || strcmp(o->section, o[-1].section) != 0)
            str_append_format(out, "\n[%s%s]\n", o->section,
                              config_section_has_names(o->section) ? " \"NAME\"" : "");
        option_append(o, out);
    }
    str_append_text(out, "\nSecrets can be kept in files: keyFile, AUTO_CONFIG_KEY_FILE and so on. "
                         "See docs/configuration.md.\n\nRefused by this version: ");
    config_supported_append(out);
    str_append_text(out, ".\n");
}
