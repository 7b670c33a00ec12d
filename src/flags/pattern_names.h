/* flags/pattern_names.h - Unicode classes that Go knows by name, for `\p{...}`. */
#ifndef FLAGS_PATTERN_NAMES_H
#define FLAGS_PATTERN_NAMES_H

#include "base/view.h"

/* Categories ("Lu"), scripts ("Greek") and "Any", in exactly this spelling. */
bool pattern_name_is_known(struct view name);

/* What a class takes in besides itself when letter case does not matter, as PCRE2 class members;
 * "" for most. */
const char *pattern_name_folded(struct view name);

#endif
