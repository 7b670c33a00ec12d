/* config/load.h - the steps of config_load(); private to the room and its tests. */
#ifndef CONFIG_LOAD_H
#define CONFIG_LOAD_H

#include "config/config.h"

/* All of config_load() but the question whether this version can do what was asked for
 * (supported.h). */
MUST_CHECK bool config_build(const struct config_command *cmd, char *const *envp,
                             const struct config **out, struct str *warnings, struct str *problem);

#endif
