/* flags/semver.h - semantic versions in clauses (evaluation.md 5.5). Pure. */
#ifndef FLAGS_SEMVER_H
#define FLAGS_SEMVER_H

#include "base/view.h"

/* Numbers stay texts, so none is too large. Views of the text that was parsed. */
struct semver {
    struct view numbers[3]; /* major, minor, patch */
    struct view prerelease; /* "" when there is none */
};

/* "2", "2.0", "2.0.0-rc.1+build": false when it is no version. */
bool semver_parse(struct view text, struct semver *out);

/* By precedence: negative, 0, positive. */
int semver_compare(const struct semver *a, const struct semver *b);

#endif
