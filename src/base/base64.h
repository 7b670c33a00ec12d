/* base/base64.h - base64 as SDKs write it (RFC 4648): both alphabets, with or without padding. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/str.h"

#include <stdbool.h>

/* Appends the decoded bytes. `-` and `+`, `_` and `/` are the same, in any mix; CR and LF are
 * skipped; padding is complete, or there is none; unused bits of the last character may be
 * anything (http-api.md 5.2). False, with nothing appended: it is no base64. */
MUST_CHECK bool base64_decode(struct view text, struct str *out);

#endif
