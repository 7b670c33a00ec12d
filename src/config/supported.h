/* config/supported.h - what the option table knows and the program cannot do; private to the room.
 */
#ifndef CONFIG_SUPPORTED_H
#define CONFIG_SUPPORTED_H

#include "config/config.h"
#include "config/report.h"

/* Reports each thing asked for that this version does not have. */
void config_supported_check(const struct config *c, struct config_report *r);

#endif
