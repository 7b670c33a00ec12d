/* config/environ_names.h - variables whose name ends in a name: LD_ENV_prod, LD_FILTER_KEYS_shop,
 * DATADOG_TAG_region (section 5.2); private to the room. */
#ifndef CONFIG_ENVIRON_NAMES_H
#define CONFIG_ENVIRON_NAMES_H

#include "config/config.h"
#include "config/options.h"

struct environ_entry {
    const struct config_option *option;
    bool is_file_form;
    struct view name; /* of the environment, project or tag; borrowed from the variables */
    struct view value;
    struct view variable; /* its whole name */
};

/* Sorted by name, then by row of the table; of equal variables only the last is kept. */
struct environ_entries {
    struct environ_entry *items;
    size_t count;
};

void environ_entries_collect(struct environ_entries *out, char *const *envp);
void environ_entries_free(struct environ_entries *e);

/* The first entry of this name, and how many follow with the same one; NULL when there is none. */
struct environ_entry *environ_entries_of(const struct environ_entries *e, struct view name,
                                         size_t *count);

#endif
