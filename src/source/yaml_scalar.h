/* source/yaml_scalar.h - what a YAML scalar means: the core schema of YAML 1.2, as JSON
 * (autoconfig-offline.md 8.2). Pure.
 */
#ifndef SOURCE_YAML_SCALAR_H
#define SOURCE_YAML_SCALAR_H

#include "base/str.h"

/* Appends null, a boolean, a number or a string. `tag` is the explicit tag or NULL; `plain` is
 * false for everything in quotes and for blocks. NULL, or a static text that says what is wrong. */
MUST_CHECK const char *yaml_scalar_write(struct view text, const char *tag, bool plain,
                                         struct str *out);

#endif
