/* config/environ.h - environment variables over what the file said (sections 5 and 6); private. */
#ifndef CONFIG_ENVIRON_H
#define CONFIG_ENVIRON_H

#include "config/config.h"

/* Reads every variable of the option table. Texts about values of a wrong type are joined in
 * `problems` with ", ", in reading order (6.1). False when there is one. */
MUST_CHECK bool config_environ_read(struct config *c, char *const *envp, struct str *warnings,
                                    struct str *problems);

/* The variables that count without --from-env (5.4). */
void config_environ_read_always(struct config *c, char *const *envp);

/* The last value of this name; NULL when it is not there. Borrowed. */
const char *config_environ_get(char *const *envp, const char *name);

#endif
