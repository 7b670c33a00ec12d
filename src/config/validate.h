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
void config_uris_derive(struct config *c);

/* TLS, automatic configuration, offline mode, environments; adds the environment "local" (17.5). */
void config_modes_check(struct config *c, struct config_report *r);

/* Which database, and what belongs to it (8, 17.4, 17.6); missing prefixes. */
void config_database_check(struct config *c, char *const *envp, struct config_report *r);

/* Its part about Redis: one address from url, host, port or nodes. */
void config_redis_check(struct config *c, struct config_report *r);

/* Filters; when they are in order, their environments are added (10). */
void config_filters_check(struct config *c, struct config_report *r);

/* Bounds of single options, those with texts of their own first. Values out of range of the 9.x
 * options are moved, with a warning. */
void config_bounds_check(struct config *c, struct config_report *r);

/* Table, prefix and log level of each environment as they hold, once all are known (8.4). */
void config_environments_derive(struct config *c);

/* Environments that get in each other's way: keys, places in the database. */
void config_collisions_check(const struct config *c, struct config_report *r);

/* Files that options name. */
void config_files_check(const struct config *c, struct config_report *r);

/* Proxy (11). */
void config_proxy_check(const struct config *c, struct config_report *r);

/* 7.4: nothing is wrong, but something is odd. */
void config_oddities_warn(const struct config *c, struct config_report *r);
void config_environments_warn(const struct config *c, struct config_report *r);

/* Has it a prefix, a table or a file part of its own in the database (7.3)? */
bool config_environment_has_place(const struct config *c, const struct config_environment *e);

/* `environments "a" and "b"` */
void config_environment_pair_append(const struct config_environment *a,
                                    const struct config_environment *b, struct str *out);

#endif
