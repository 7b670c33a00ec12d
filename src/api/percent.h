/* api/percent.h - "%41" -> "A" in text from a URL; private to the room. */
#ifndef API_PERCENT_H
#define API_PERCENT_H

#include "base/str.h"

#include <stdbool.h>

/* Appends the decoded text; false, with a part of it appended, when an escape is broken. */
bool percent_decode(struct view text, bool plus_is_blank, struct str *out);

#endif
