/* config/load.h - the steps of config_load(); private to the room and its tests. */
#ifndef CONFIG_LOAD_H
#define CONFIG_LOAD_H

#include "config/config.h"
#include "config/report.h"

/* File, command line, variables - in this order, one over the other (6). False: `problem` is the
 * complete text. */
MUST_CHECK bool config_sources_read(struct config *c, const struct config_command *cmd,
                                    char *const *envp, struct str *warnings, struct str *problem);

/* Everything of section 7, and what follows from it. Errors are in the report. */
void config_validate(struct config *c, char *const *envp, struct config_report *r);

#endif
