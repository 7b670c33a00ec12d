/* base/mask.h - the only place that decides how a secret is shown (telemetry.md 8.4, status.md 3,
 * 6). */
#ifndef BASE_MASK_H
#define BASE_MASK_H

#include "base/str.h"

/* "..." + last 4 characters of a key for log lines; "****" for 4 characters or fewer. */
void mask_key_tail(struct view key, char out[static 8]);

/* The form of /status: "sdk-********-****-****-****-*******e42d0" (status.md 3, [better] rule). */
void mask_key_status(struct view key, struct str *out);

/* A URL with its password, or a user name without password, replaced by "xxxxx", and the query
 * parameters password, token and auth too (status.md 6). In doubt more is hidden: a password may
 * hold any character, and "user:password@host" needs no scheme. Other text that is no URL is
 * appended as it is. */
void mask_url(struct view url, struct str *out);

/* The Authorization header in request lines: "n/a" when absent, "*" + last 5 characters, or "*". */
void mask_authorization(struct view value, struct str *out);

#endif
