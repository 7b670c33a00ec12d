/* What the fuzzers of this room share: the law that no message shows a secret. */
#ifndef TESTS_FUZZ_CONFIG_LAWS_H
#define TESTS_FUZZ_CONFIG_LAWS_H

#include "base/str.h"
#include "config/config.h"

/* A secret that an input may contain; nothing else looks like it. */
#define MARKER "q7Wz9secretK3"

/* Does the text contain the marker? */
bool marker_found(struct view text);

/* Runs the checks of several options, as far as they open no files; texts go to the report's
 * places. */
void validated(struct config *c, char *const *envp, struct str *warnings, struct str *errors);

/* Both forms of printing, one behind the other. */
void printed(const struct config *c, struct str *out);

/* Ends the fuzzer with its input when `holds` is false. */
void law(bool holds, const char *what, const char *text);

#endif
