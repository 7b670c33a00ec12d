/* store/aws_ini.h - the files that AWS's programs share: ~/.aws/config and ~/.aws/credentials.
 *
 *   [profile prod]              in config; [prod] in credentials; [default] in both
 *   region = eu-west-1          names count in any letter case; "#" or ";" begins a comment
 *   s3 =
 *     retries = 3               deeper than the line above: belongs to it, and is left out
 */
#ifndef STORE_AWS_INI_H
#define STORE_AWS_INI_H

#include "base/error.h"
#include "base/map.h"

#include <stdbool.h>

struct aws_ini {
    struct map properties; /* "profile\nname" -> its value; "profile" -> "" */
};

/* `path` is for error texts, which name a line and never show it. False with *err; *out is empty
 * then. */
MUST_CHECK bool aws_ini_parse(struct view text, bool is_config, const char *path,
                              struct aws_ini *out, struct error *err);

/* Also for an empty one; it is empty afterwards. */
void aws_ini_free(struct aws_ini *f);

bool aws_ini_has_profile(const struct aws_ini *f, const char *profile);

/* The value, borrowed; "" when it is not there. `name` is in lower case. */
const char *aws_ini_get(const struct aws_ini *f, const char *profile, const char *name);

#endif
