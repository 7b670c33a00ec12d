/* config/help.h - what --help and a wrong command line print; private to the room. */
#ifndef CONFIG_HELP_H
#define CONFIG_HELP_H

#include "base/str.h"

/* The options of the command line, a line or two each. */
void config_usage_append(struct str *out);

/* Usage, then every option of the table with its variable, default and meaning. */
void config_help_append(struct str *out);

#endif
