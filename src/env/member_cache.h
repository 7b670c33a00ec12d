/* env/member_cache.h - what is known of the last contexts that were asked about, for some seconds
 * (big-segments.md 7).
 *
 *   control thread: one per environment       serving threads: one per environment and thread,
 * filled with what the control thread answered
 *
 * The least recently used contexts are dropped when there are too many, or they take too much
 * memory.
 */
#ifndef ENV_MEMBER_CACHE_H
#define ENV_MEMBER_CACHE_H

#include "bigsegments/memberships.h"

#include <stdint.h>

struct member_cache;

/* `limit` contexts at most; 0: nothing is kept. */
struct member_cache *member_cache_new(size_t limit);
void member_cache_free(struct member_cache *c); /* accepts NULL */

/* Borrowed until the next change; *until_ms is as it was put. NULL: nothing is known, or not any
 * more. */
struct memberships *member_cache_find(struct member_cache *c, struct view context_key,
                                      int64_t now_ms, int64_t *until_ms);

/* Good while now_ms < until_ms; takes a reference of its own. */
void member_cache_put(struct member_cache *c, struct view context_key, struct memberships *m,
                      int64_t until_ms);

void member_cache_clear(struct member_cache *c);

size_t member_cache_count(const struct member_cache *c);

#endif
