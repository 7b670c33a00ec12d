/* flags/pattern.h - the `matches` operator: regular expressions as Go's regexp package takes them
 * (evaluation.md 13.6), searched for with bounded work.
 *
 *   RE2 text --pattern_translate()--> PCRE2 text --> struct pattern --pattern_search()--> yes or no
 *
 * The translation refuses what Go refuses, and writes what both understand the same way. A pattern
 * is immutable and may be used by any thread; a matcher is the working memory of one thread, and
 * has a limit for all that is done with it.
 */
#ifndef FLAGS_PATTERN_H
#define FLAGS_PATTERN_H

#include "base/mem.h"
#include "base/str.h"

struct pattern;
struct pattern_matcher;

/* NULL when Go would refuse the pattern, or it is too large; it then matches nothing. */
MUST_CHECK struct pattern *pattern_compile(struct view re2);
void pattern_free(struct pattern *p); /* accepts NULL */

struct pattern_matcher *pattern_matcher_new(void);
void pattern_matcher_free(struct pattern_matcher *m); /* accepts NULL */

/* Is it found anywhere in the text? Also false when the search was given up because it took too
 * many steps; then the matcher counts it. As long as a matcher is used, patterns must live. */
bool pattern_search(const struct pattern *p, struct pattern_matcher *m, struct view text);

/* How many searches were given up since the matcher was made. */
size_t pattern_matcher_given_up(const struct pattern_matcher *m);

/* What was done since then, in units of some 10 ns. */
size_t pattern_matcher_work(const struct pattern_matcher *m);

/* The same expression for PCRE2. False when Go would refuse it; `out` is then undefined. */
MUST_CHECK bool pattern_translate(struct view re2, struct str *out);

#endif
