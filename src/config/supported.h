/* config/supported.h - what the option table knows and the program cannot do; private to the room.
 */
#ifndef CONFIG_SUPPORTED_H
#define CONFIG_SUPPORTED_H

#include "config/config.h"

/* False when this version lacks something that was asked for; each is named in `problem`, joined
 * with ", ". */
MUST_CHECK bool config_supported_check(const struct config *c, struct str *problem);

/* What is missing, joined with ", ". */
void config_supported_append(struct str *out);

#endif
