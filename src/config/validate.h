/* config/validate.h - what needs to see several options at once (section 7); private to the room.
 *
 * The steps run in the order of this list, which is the order of the errors (7.1).
 */
#ifndef CONFIG_VALIDATE_H
#define CONFIG_VALIDATE_H

#include "config/config.h"
#include "config/report.h"

/* Fetches the secrets that are kept in files (17.2). */
void config_secrets_read(struct config *c, struct config_report *r);

/* Sets baseUri and clientSideBaseUri as they hold (7.2). */
void config_uris_derive(struct config *c, struct config_report *r);

/* TLS, automatic configuration, offline mode, environments; adds the environment "local" (17.5). */
void config_modes_check(struct config *c, struct config_report *r);

/* Which database, its address and what belongs to it (8, 17.4, 17.6); prefixes of the environments.
 */
void config_database_check(struct config *c, char *const *envp, struct config_report *r);

/* Filters; when they are in order, their environments are added (10). */
void config_filters_check(struct config *c, struct config_report *r);

/* The prefixes as they hold, after all environments are known (8.4). */
void config_prefixes_derive(struct config *c, struct config_report *r);

/* Bounds of single options, those with texts of their own first. */
void config_bounds_check(struct config *c, struct config_report *r);

/* Environments that get in each other's way: keys, prefixes. */
void config_collisions_check(const struct config *c, struct config_report *r);

/* Files that options name; proxy (11). */
void config_files_check(const struct config *c, struct config_report *r);

/* 7.4: nothing is wrong, but something is odd. Values out of range of the 9.x options are moved. */
void config_oddities_warn(struct config *c, struct config_report *r);

/* The database's own shares of the above. */
void config_redis_check(struct config *c, struct config_report *r);

/* Modes that this version does not have (available.c). */
void config_available_check(const struct config *c, struct config_report *r);

#endif
