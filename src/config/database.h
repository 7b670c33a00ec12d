/* config/database.h - which databases are switched on (section 8.1); private to the room. */
#ifndef CONFIG_DATABASE_H
#define CONFIG_DATABASE_H

#include "config/config.h"

/* By options read so far, whichever source they came from. */
bool config_database_is_on(const struct config *c, enum config_database database);

/* The section's name to its database; CONFIG_NO_DATABASE for other sections. */
enum config_database config_database_of_section(const char *section);

/* What the database has in common with the others; `database` is one. */
const struct config_store *config_database_store(const struct config *c,
                                                 enum config_database database);

#endif
