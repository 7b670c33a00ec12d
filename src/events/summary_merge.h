/* events/summary_merge.h - one summary event out of many: counts are added, nothing is lost
 * (events.md 10.5, 13.5). Pure; any thread.
 *
 *   {"kind":"summary",...}  --.
 *   {"kind":"summary",...}  --+-- summary_merge_add() --> ... --summary_merge_write()--> few of
 * them
 *   {"kind":"summary",...}  --'
 *
 * There is one summary for each set of other members (a context, say); and more than one where
 * flags have several defaults, or variations of one version several values. Time is linear in the
 * length of the events. May call: base.
 */
#ifndef EVENTS_SUMMARY_MERGE_H
#define EVENTS_SUMMARY_MERGE_H

#include "base/str.h"

#include <stdbool.h>

struct summary_merge;

struct summary_merge *summary_merge_new(void);

/* NULL is allowed. */
void summary_merge_free(struct summary_merge *m);

/* `event` is one well-formed JSON value, an element of a body. True: it was a summary event and is
 * counted in; nothing of it is needed any more. False: it is none, or has anything that could not
 * be kept exactly; nothing has changed, and the caller keeps the event as it is. */
MUST_CHECK bool summary_merge_add(struct summary_merge *m, struct view event);

/* Appends the merged summaries in order of appearance, a comma between each two; returns their
 * number (0: nothing was appended). */
size_t summary_merge_write(const struct summary_merge *m, struct str *out);

/* Bytes of memory held, about as 13.2 counts them. */
size_t summary_merge_bytes(const struct summary_merge *m);

#endif
