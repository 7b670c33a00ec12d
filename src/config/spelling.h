/* config/spelling.h - hints for names that are unknown (section 17.1, 16); private to the room. */
#ifndef CONFIG_SPELLING_H
#define CONFIG_SPELLING_H

#include "base/str.h"

/* Appends ` (did you mean "port"?)`, ` (it belongs to [Events])`, ` (removed; use "ttl")` or
 * nothing. */
void config_spelling_property(const char *section, struct view property, struct str *out);

/* Appends ` (did you mean "Redis"?)` or nothing. */
void config_spelling_section(struct view section, struct str *out);

/* Damerau-Levenshtein distance without letter case (adjacent letters may be exchanged); more than
 * `limit` is reported as limit + 1. */
unsigned config_spelling_distance(struct view a, struct view b, unsigned limit);

#endif
