/* events/summary_read.h - a summary event of any SDK (events.md 10.5), read for good: what comes
 * out says all that the event said. Pure. May call: base.
 */
#ifndef EVENTS_SUMMARY_READ_H
#define EVENTS_SUMMARY_READ_H

#include "events/summary.h"

/* `event` is one JSON value. Reads it into *out, which is empty; appends what else it has to `more`
 * as summary_write() wants it, in the order in which it stands there and without white space.
 * False when it is no summary event, or has anything that summary_write() would not say in the same
 * way: *out and `more` are of no use then, but the caller's to release. */
MUST_CHECK bool summary_read(struct view event, struct summary *out, struct str *more);

#endif
